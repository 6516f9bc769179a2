//! Contexts: realms whose global object mirrors an object of the host.

mod realm;

use std::cell::RefCell;
use std::collections::HashMap;

pub(super) use realm::ContextRealm;

use super::session::Session;
use super::{Failure, Sandbox};
use crate::engine::{Attributes, Change, GlobalId, Key, Kind, Names, Property};
use crate::engine::{Scope, Thrown, Value};
use crate::guest::Surface;
use crate::membrane::lift::{Lift, LiftError, Purpose};
use crate::membrane::lower::{Lower, LowerError};
use crate::membrane::wire::{change, names, op, property, status, Reader, Writer};

/// The realms of contexts.
pub(super) struct Contexts {
    /// What of the language they have.
    surface: Surface,
    /// Of those whose objects the host still has. One that has not run anything, or whose
    /// runs have left nothing behind, has none.
    realms: RefCell<HashMap<GlobalId, ContextRealm>>,
    /// Free for the next context.
    spare: RefCell<Vec<ContextRealm>>,
}

/// To make a realm takes much longer than to run what most runs consist of.
const MOST_SPARE: usize = 4;

/// What the host says of a run.
const LATER: u8 = 1;
const TRACELESS: u8 = 2;

impl Contexts {
    /// With a realm that is there already.
    pub(super) fn new(surface: Surface, spare: Option<ContextRealm>) -> Self {
        let spare = RefCell::new(spare.into_iter().collect());
        Self { surface, realms: RefCell::default(), spare }
    }

    pub(super) fn clear(&self) {
        self.realms.borrow_mut().clear();
        self.spare.borrow_mut().clear();
    }
}

impl Sandbox {
    /// `op::CREATE_CONTEXT`.
    pub(super) fn create_context<'a>(
        &self,
        scope: Scope<'a>,
        reader: &mut Reader<'_>,
    ) -> Result<Value<'a>, Failure<'a>> {
        let (id, generates_code) = (reader.u32()?, reader.flag()?);
        self.expect_traces(id);
        if !self.has_realm(scope, id)? || generates_code {
            return Ok(scope.undefined());
        }
        let original = scope.global_of(id).ok_or(Failure::Malformed)?.prototype()?;
        let scope = scope.within(id).ok_or(Failure::Malformed)?;
        scope.forbid_code_generation(&original)?;
        Ok(scope.undefined())
    }

    /// Gives a context a realm, if it has none. There is none for want of memory.
    fn has_realm<'a>(&self, scope: Scope<'a>, id: GlobalId) -> Result<bool, Failure<'a>> {
        if self.contexts.realms.borrow().contains_key(&id) {
            return Ok(true);
        }
        let spare = self.contexts.spare.borrow_mut().pop();
        if let Some(mut spare) = spare {
            spare.rename(id);
            self.contexts.realms.borrow_mut().insert(id, spare);
            return Ok(true);
        }
        let Some(made) = ContextRealm::new(&self.runtime, scope, self.contexts.surface, id)? else {
            self.runtime.run_out_of_memory();
            return Ok(false);
        };
        self.contexts.realms.borrow_mut().insert(id, made);
        Ok(true)
    }

    /// The start of `op::RUN_IN_CONTEXT`: which realm it is, and what it has to know; none
    /// when there is no memory for a realm.
    pub(super) fn enter_context<'a>(
        &self,
        scope: Scope<'a>,
        reader: &mut Reader<'_>,
    ) -> Result<Option<Scope<'a>>, Failure<'a>> {
        let (id, flags) = (reader.u32()?, reader.byte()?);
        if flags & LATER != 0 && scope.is_outermost() {
            scope.hold_jobs();
        }
        if !self.has_realm(scope, id)? {
            return Ok(None);
        }
        if flags & TRACELESS != 0 && scope.is_outermost() {
            self.traceless.set(Some(id));
        } else {
            self.expect_traces(id);
        }
        let scope = scope.within(id).ok_or(Failure::Malformed)?;
        let mut lower = Lower::new(scope, reader, &self.twins);
        let names = read_names(&mut lower)?;
        let properties = read_properties(&mut lower)?;
        scope.preload_global(id, names, properties);
        Ok(Some(scope))
    }

    /// Something happens in that context that may stay.
    fn expect_traces(&self, id: GlobalId) {
        if self.traceless.get() == Some(id) {
            self.traceless.set(None);
        }
    }

    /// Whether a context has a realm.
    pub fn has_context(&self, id: GlobalId) -> bool {
        self.contexts.realms.borrow().contains_key(&id)
    }

    /// The end of an outermost entry. A realm of which it has left nothing is free again.
    pub(super) fn leave_context(&self) {
        let Some(id) = self.traceless.take() else { return };
        let mut realms = self.contexts.realms.borrow_mut();
        let Some(context) = realms.get(&id) else { return };
        let is_free = context.is_free() && self.contexts.spare.borrow().len() < MOST_SPARE;
        if is_free {
            self.contexts.spare.borrow_mut().extend(realms.remove(&id));
        }
    }

    /// `op::DROP_CONTEXT`: the host's object is gone, but some of its values are not.
    pub(super) fn end_context<'a>(
        &self,
        scope: Scope<'a>,
        reader: &mut Reader<'_>,
    ) -> Result<Value<'a>, Failure<'a>> {
        let id = reader.u32()?;
        let properties = read_properties(&mut Lower::new(scope, reader, &self.twins))?;
        scope.preload_global(id, Names::Unknown, properties);
        self.drop_context(id);
        Ok(scope.undefined())
    }

    /// The host's object is gone.
    pub fn drop_context(&self, id: GlobalId) {
        let realm = self.contexts.realms.borrow_mut().remove(&id);
        drop(realm);
    }
}

impl Session<'_> {
    /// What the host's object has by a name.
    pub(super) fn context_property<'a>(
        &self,
        scope: Scope<'a>,
        id: GlobalId,
        key: &Key<'a>,
    ) -> Result<(Names<'a>, Property<'a>), Thrown<'a>> {
        let key = key.to_value()?;
        self.ask_about(
            scope,
            |lift| {
                lift.writer().byte(op::CONTEXT_GET);
                lift.writer().u32(id);
                lift.named(&key, || "key".into())
            },
            |lower| Ok((read_names(lower)?, read_property(lower)?)),
        )
    }

    /// All that it has.
    pub(super) fn context_properties<'a>(
        &self,
        scope: Scope<'a>,
        id: GlobalId,
    ) -> Result<Vec<(Key<'a>, Property<'a>)>, Thrown<'a>> {
        self.ask_about(
            scope,
            |lift| {
                lift.writer().byte(op::CONTEXT_LIST);
                lift.writer().u32(id);
                Ok(())
            },
            read_properties,
        )
    }

    /// Control is about to leave the guest: the host hears what has become of its objects.
    pub(super) fn flush_contexts(&self, scope: Scope<'_>) {
        // Setters of the host may come back to the guest, and leave it again.
        while scope.runtime().has_touched_globals() {
            for (id, changes) in scope.take_global_changes() {
                let _ = self.ask_about(
                    scope,
                    |lift| {
                        lift.writer().byte(op::CONTEXT_CHANGE);
                        lift.writer().u32(id);
                        for (key, change) in &changes {
                            if change.is_kept() {
                                self.sandbox.expect_traces(id);
                            }
                            write_change(lift, key, change)?;
                        }
                        lift.writer().byte(change::END);
                        Ok(())
                    },
                    |_| Ok(()),
                );
            }
        }
    }

    /// A question whose answer is not one value.
    fn ask_about<'a, R>(
        &self,
        scope: Scope<'a>,
        write: impl FnOnce(&mut Lift<'_, 'a>) -> Result<(), LiftError<'a>>,
        read: impl FnOnce(&mut Lower<'_, '_, 'a>) -> Result<R, LowerError<'a>>,
    ) -> Result<R, Thrown<'a>> {
        let failed = || scope.type_error("the host failed to answer");
        let mut message = Writer::new(scope.runtime().heap().limit());
        let mut lift = Lift::new(scope, &mut message, Purpose::Use);
        match write(&mut lift) {
            Ok(()) => {}
            Err(LiftError::Thrown(thrown)) => return Err(thrown),
            Err(LiftError::Uncrossable { .. }) => return Err(failed()),
        }
        let fresh = lift.into_slots();
        self.sandbox.finish(&mut message, fresh, scope.runtime().deadline());
        let reply = scope.runtime().outside(|| self.channel.send(message.bytes()));
        let mut reader = Reader::new(reply.as_deref().unwrap_or_default());
        let status = reader.byte();
        let mut lower = Lower::new(scope, &mut reader, &self.sandbox.twins);
        let answer = match status {
            Ok(status::RETURN) => read(&mut lower),
            Ok(status::THROW) => match lower.value() {
                Ok(reason) => Err(LowerError::Thrown(Thrown(reason))),
                Err(error) => Err(error),
            },
            _ => Err(LowerError::Malformed),
        };
        answer.map_err(|error| match error {
            LowerError::Thrown(thrown) => thrown,
            LowerError::Malformed => failed(),
        })
    }
}

/// Writes one change. A value that has no form on the other side is `undefined` there and
/// stays what it is here; one that cannot even be looked at, for the guest has been
/// stopped, is lost.
fn write_change<'a>(
    lift: &mut Lift<'_, 'a>,
    key: &Key<'a>,
    change: &Change<'a>,
) -> Result<(), LiftError<'a>> {
    let start = lift.mark();
    let outcome = key.to_value().map_err(LiftError::from).and_then(|key| {
        let begin = |lift: &mut Lift<'_, 'a>, kind| {
            lift.writer().byte(kind);
            lift.named(&key, || "key".into())
        };
        match change {
            Change::Delete => begin(lift, change::DELETE),
            Change::Declare => begin(lift, change::DECLARE),
            Change::Set(value) => {
                begin(lift, change::SET)?;
                write_kept(lift, change, value)
            }
            Change::Define(value, attributes) => {
                begin(lift, change::DEFINE)?;
                lift.writer().byte(attributes.0);
                write_kept(lift, change, value)
            }
            Change::Accessor(getter, setter, attributes) => {
                begin(lift, change::ACCESSOR)?;
                lift.writer().byte(attributes.0);
                write_value(lift, getter)?;
                write_value(lift, setter)
            }
        }
    });
    if outcome.is_err() {
        lift.roll_back(start);
    }
    Ok(())
}

fn write_kept<'a>(
    lift: &mut Lift<'_, 'a>,
    change: &Change<'a>,
    value: &Value<'a>,
) -> Result<(), LiftError<'a>> {
    lift.writer().byte(u8::from(change.is_kept()));
    write_value(lift, value)
}

fn write_value<'a>(lift: &mut Lift<'_, 'a>, value: &Value<'a>) -> Result<(), LiftError<'a>> {
    let start = lift.mark();
    match lift.named(value, || "value".into()) {
        Err(LiftError::Uncrossable { .. }) => {
            lift.roll_back(start);
            lift.named(&value.scope().undefined(), || "value".into())
        }
        outcome => outcome,
    }
}

fn read_key<'a>(lower: &mut Lower<'_, '_, 'a>) -> Result<Key<'a>, LowerError<'a>> {
    let key = lower.value()?;
    // Anything else would be converted, which could run code.
    if !matches!(key.kind(), Kind::String | Kind::Symbol) {
        return Err(LowerError::Malformed);
    }
    Ok(key.to_key()?)
}

fn read_names<'a>(lower: &mut Lower<'_, '_, 'a>) -> Result<Names<'a>, LowerError<'a>> {
    Ok(match lower.reader().byte()? {
        names::SAME => Names::Same,
        names::THESE => {
            let count = lower.reader().u32()?;
            Names::These((0..count).map(|_| read_key(lower)).collect::<Result<_, _>>()?)
        }
        _ => Names::Unknown,
    })
}

fn read_property<'a>(lower: &mut Lower<'_, '_, 'a>) -> Result<Property<'a>, LowerError<'a>> {
    let kind = lower.reader().byte()?;
    if kind == property::ABSENT {
        return Ok(Property::Absent);
    }
    let attributes = Attributes(lower.reader().byte()?);
    Ok(match kind {
        property::DATA => Property::Data(lower.value()?, attributes),
        property::ACCESSOR => Property::Accessor(lower.value()?, lower.value()?, attributes),
        property::KEPT => Property::Kept(attributes),
        _ => return Err(LowerError::Malformed),
    })
}

type Properties<'a> = Vec<(Key<'a>, Property<'a>)>;

fn read_properties<'a>(lower: &mut Lower<'_, '_, 'a>) -> Result<Properties<'a>, LowerError<'a>> {
    let count = lower.reader().u32()?;
    (0..count).map(|_| Ok((read_key(lower)?, read_property(lower)?))).collect()
}
