//! The composition root: a heap, its realm with builtins, and the two directions of
//! messages between host and guest.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::engine::{
    Args, Host, Kind, Limits, Origin, Realm, Runtime, Scope, Script, Slot, Terminator, Thrown,
    Value,
};
use crate::guest::{self, service, Builtins, Surface};
use crate::membrane::helpers::{self, HELPERS};
use crate::membrane::lift::REACTION;
use crate::membrane::lower::{Lower, LowerError, Twins};
use crate::membrane::wire::{op, status, Malformed, Reader, Writer};

mod context;
mod limits;
mod pool;
mod reflect;
mod reply;
mod session;

use pool::Guest;
use reply::{write_reply, write_stop, write_uncrossable, Form, Outcome};
use session::Session;

/// The way to the host: sends a request, waits for the reply.
pub trait Channel {
    /// Sends `message`; answers the reply, or nothing when the host cannot run code
    /// any more.
    fn send(&self, message: &[u8]) -> Option<Vec<u8>>;
}

/// What a sandbox is made of. Checked by the host's half already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SandboxOptions {
    /// Cap on the heap in bytes.
    pub memory: usize,
    /// Cap on the native stack in bytes.
    pub stack: usize,
    /// Which builtins the realm gets.
    pub builtins: Builtins,
    /// Whether the first context is to find its realm made.
    pub contexts: bool,
    /// What of the language its realms have.
    pub surface: Surface,
}

/// An isolated guest: one heap, one main realm.
pub struct Sandbox {
    runtime: Rc<Runtime>,
    /// There until the sandbox is dropped.
    guest: Option<Guest>,
    twins: Twins,
    scripts: RefCell<HashMap<u32, Script>>,
    compiled: Cell<Option<Script>>,
    /// Whether the guest has been stopped and not been entered since.
    was_stopped: Cell<bool>,
    contexts: context::Contexts,
    /// The context of the entry under way, when it may leave nothing in its realm.
    traceless: Cell<Option<u32>>,
    /// The last message that takes the host long to read.
    large: RefCell<Large>,
    /// Host slots that it still has to be told of.
    unheard: RefCell<Vec<u32>>,
}

/// What is to be done if the host does not read a message to its end.
#[derive(Default)]
struct Large {
    /// When it is to have been read: the deadline of the entry that it is part of.
    due: Option<Instant>,
    /// Guest values that it is the first to name.
    slots: Vec<Slot>,
    /// Host slots that it says are no longer needed.
    released: Vec<u32>,
}

/// So many bytes of a message make it large.
const LARGE: usize = 64 << 10;

/// Marks a host slot whose value lives as long as the host says, and whose stand-in in the
/// guest lives as long as the value.
pub const IDLE: u32 = 0x8000_0000;

/// Why a request has no value to answer with.
enum Failure<'a> {
    Thrown(Thrown<'a>),
    Malformed,
}

impl<'a> From<Thrown<'a>> for Failure<'a> {
    fn from(thrown: Thrown<'a>) -> Self {
        Self::Thrown(thrown)
    }
}

impl From<Malformed> for Failure<'_> {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl<'a> From<LowerError<'a>> for Failure<'a> {
    fn from(error: LowerError<'a>) -> Self {
        match error {
            LowerError::Thrown(thrown) => Self::Thrown(thrown),
            LowerError::Malformed => Self::Malformed,
        }
    }
}

impl Sandbox {
    /// Makes a sandbox. Fails when the memory limit leaves no room for a realm.
    pub fn new(options: SandboxOptions) -> io::Result<Self> {
        let mut guest = match Guest::reuse(&options) {
            Some(guest) => guest,
            None => set_up(options)?,
        };
        let contexts = context::Contexts::new(options.surface, guest.spare.take());
        Ok(Self {
            runtime: guest.realm.runtime().clone(),
            guest: Some(guest),
            twins: Twins::default(),
            scripts: RefCell::default(),
            compiled: Cell::new(None),
            was_stopped: Cell::new(false),
            contexts,
            traceless: Cell::new(None),
            large: RefCell::default(),
            unheard: RefCell::default(),
        })
    }

    /// Carries out one request of the host and answers the reply. `channel` is the
    /// way back for what the guest asks meanwhile.
    pub fn handle(&self, request: &[u8], channel: &dyn Channel) -> Vec<u8> {
        let mut reader = Reader::new(request);
        let mut reply = Writer::new(self.runtime.heap().limit());
        let session = Session { sandbox: self, channel };
        let header = reader.byte().and_then(|op| Ok((op, timeout(reader.f64()?))));
        let Ok((op, timeout)) = header else {
            return malformed();
        };
        let Some(guest) = &self.guest else {
            return malformed();
        };
        let ((fresh, due), stop) = self.runtime.enter(&guest.realm, timeout, &session, |scope| {
            if scope.is_outermost() && self.was_stopped.take() {
                // Of no effect but on what the stop has left half done.
                let _ = builtins(scope).and_then(|builtins| guest::forget_unfinished(&builtins));
            }
            let outcome = match op {
                op::REFLECT => self.reflect(scope, &mut reader),
                op::COPY => reader
                    .u32()
                    .ok()
                    .and_then(|slot| scope.kept(slot))
                    .map(|value| Outcome::new(value, Form::Copy))
                    .ok_or(Failure::Malformed),
                _ => self.perform(scope, op, &mut reader).map(Outcome::from),
            };
            scope.drain();
            let fresh = write_reply(scope, &mut reply, outcome);
            scope.drain();
            if scope.is_outermost() && !scope.holds_jobs() {
                session.report_rejections(scope);
            }
            session.flush_contexts(scope);
            (fresh, scope.runtime().deadline())
        });
        if stop.is_some() {
            self.traceless.set(None);
        } else if !self.runtime.is_entered() {
            self.leave_context();
        }
        if let Some(stop) = stop {
            self.was_stopped.set(true);
            fresh.iter().for_each(|&slot| self.runtime.release(slot));
            reply.truncate(0);
            write_stop(&mut reply, stop);
        }
        self.finish(&mut reply, fresh, due);
        reply.into_bytes()
    }

    /// How long the host may take to read the last large message; none: as long as it likes.
    /// Less than nothing when its time is over.
    pub fn time_to_read(&self) -> Option<f64> {
        let due = self.large.borrow().due?;
        let now = Instant::now();
        let (left, over) = (due.saturating_duration_since(now), now.saturating_duration_since(due));
        Some((left.as_secs_f64() - over.as_secs_f64()) * 1e3)
    }

    /// The host has not read the last large message to its end, and kept nothing of it.
    pub fn take_back(&self) {
        let large = self.large.take();
        large.slots.into_iter().for_each(|slot| self.runtime.release(slot));
        self.unheard.borrow_mut().extend(large.released);
    }

    /// The script that the last `op::COMPILE` made.
    pub fn take_compiled(&self) -> Option<Script> {
        self.compiled.take()
    }

    /// Makes a script known for `op::RUN_SCRIPT`; answers its number.
    pub fn add_script(&self, script: Script) -> u32 {
        let mut scripts = self.scripts.borrow_mut();
        let free = (0..).find(|number| !scripts.contains_key(number));
        let number = free.unwrap_or_default();
        scripts.insert(number, script);
        number
    }

    /// Gives up a script.
    pub fn drop_script(&self, number: u32) {
        self.scripts.borrow_mut().remove(&number);
    }

    /// Gives up a guest value that the host no longer refers to; with [`IDLE`], what stands
    /// for a host value that is gone.
    pub fn release(&self, slot: u32) {
        match slot & IDLE {
            0 => self.runtime.release(slot),
            _ => self.runtime.unpin(slot & !IDLE),
        }
    }

    /// Whether a run has left jobs for later.
    pub fn has_left_jobs(&self) -> bool {
        self.runtime.has_left_jobs()
    }

    /// Stops the guest that is running, and every later one.
    pub fn terminate(&self) {
        self.runtime.terminate();
    }

    /// What ends it from any thread.
    pub fn terminator(&self) -> Terminator {
        self.runtime.terminator()
    }

    /// Whether the guest could only be stopped for good: nothing can run in it again.
    pub fn is_condemned(&self) -> bool {
        self.runtime.is_condemned()
    }

    /// The heap, to look at.
    #[cfg(feature = "inject")]
    pub fn heap(&self) -> &crate::engine::heap::Heap {
        self.runtime.heap()
    }

    fn perform<'a>(
        &self,
        scope: Scope<'a>,
        op: u8,
        reader: &mut Reader<'_>,
    ) -> Result<Value<'a>, Failure<'a>> {
        let undefined = scope.undefined();
        match op {
            op::RUN | op::COMPILE => {
                let origin = Origin {
                    filename: reader.text()?,
                    line_offset: reader.i32()?,
                    column_offset: reader.u32()?,
                };
                let source = reader.source()?;
                if op == op::RUN {
                    return Ok(scope.eval(&source, &origin)?);
                }
                self.compiled.set(Some(scope.compile(&source, &origin)?));
                Ok(undefined)
            }
            op::RUN_SCRIPT => {
                let script = self.scripts.borrow().get(&reader.u32()?).cloned();
                Ok(scope.run(&script.ok_or(Failure::Malformed)?)?)
            }
            op::CALL => {
                let function = scope.kept(reader.u32()?).ok_or(Failure::Malformed)?;
                let constructing = reader.flag()?;
                let mut lower = Lower::new(scope, reader, &self.twins);
                let this = lower.value()?;
                let args = lower.values()?;
                Ok(match constructing {
                    true if this.is_undefined() => function.construct(&args, &function)?,
                    true => function.construct(&args, &this)?,
                    false => function.call(&this, &args)?,
                })
            }
            op::CREATE_CONTEXT => self.create_context(scope, reader),
            op::RUN_IN_CONTEXT => {
                let Some(scope) = self.enter_context(scope, reader)? else { return Ok(undefined) };
                let op = if reader.flag()? { op::RUN_SCRIPT } else { op::RUN };
                self.perform(scope, op, reader)
            }
            op::DROP_CONTEXT => self.end_context(scope, reader),
            op::DRAIN => Ok(undefined),
            op::SETTLE => {
                let (slot, fulfilled) = (reader.u32()?, reader.flag()?);
                let value = Lower::new(scope, reader, &self.twins).value()?;
                self.twins.settle(scope, slot, fulfilled, value)?;
                Ok(undefined)
            }
            op::FIRE_TIMER => {
                let id = scope.number(f64::from(reader.u32()?));
                Ok(guest::fire_timer(&builtins(scope)?, id)?)
            }
            op::REQUIRE => {
                let id = Lower::new(scope, reader, &self.twins).value()?;
                Ok(guest::require(&builtins(scope)?, id)?)
            }
            op::GLOBAL => Ok(scope.global()),
            op::GLOBAL_SET => {
                let mut lower = Lower::new(scope, reader, &self.twins);
                let key = lower.value()?;
                // Anything else would be converted, which could run code.
                if !matches!(key.kind(), Kind::String | Kind::Symbol) {
                    return Err(Failure::Malformed);
                }
                scope.global().set(&key.to_key()?, lower.value()?)?;
                Ok(undefined)
            }
            _ => Err(Failure::Malformed),
        }
    }

    /// Ends each message with the host slots that the guest has let go of, and (marked) those
    /// of which it only keeps what stands for them. `fresh` are the slots that it is the first
    /// to name.
    fn finish(&self, message: &mut Writer, fresh: Vec<Slot>, due: Option<Instant>) {
        let mut released = self.runtime.take_released();
        released.retain(|slot| (service::END..REACTION).contains(slot));
        released.append(&mut self.unheard.borrow_mut());
        released.extend(self.runtime.take_idle().into_iter().map(|slot| slot | IDLE));
        message.u32(released.len() as u32);
        released.iter().for_each(|&slot| message.u32(slot));
        if message.bytes().len() > LARGE {
            *self.large.borrow_mut() = Large { due, slots: fresh, released };
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.runtime.abandon();
        self.contexts.clear();
        if let Some(guest) = self.guest.take() {
            guest.retire();
        }
    }
}

/// Makes a guest: a heap, a realm, its builtins.
fn set_up(options: SandboxOptions) -> io::Result<Guest> {
    let runtime = Runtime::new(Limits { memory: options.memory, stack: options.stack })?;
    let realm = Realm::new(&runtime)?;
    let (set_up, stop) = runtime.enter(&realm, None, &NoHost, |scope| {
        let mut functions = helpers::capture(scope, |known| {
            options.surface.apply(scope, &scope.global(), Some(known))
        })
        .ok()?;
        functions.push(guest::install(scope, options.builtins).ok()?);
        scope.set_helpers(functions);
        if !options.contexts {
            return Some(None);
        }
        context::ContextRealm::spare(&runtime, scope, options.surface).ok().flatten().map(Some)
    });
    let (Some(spare), None) = (set_up, stop) else {
        runtime.abandon();
        return Err(io::Error::new(io::ErrorKind::OutOfMemory, "memory limit too small"));
    };
    runtime.collect();
    Ok(Guest::new(realm, spare, options))
}

/// What [`guest`] keeps in the realm that is entered.
fn builtins(scope: Scope<'_>) -> Result<Value<'_>, Thrown<'_>> {
    scope.helper(HELPERS)
}

fn timeout(milliseconds: f64) -> Option<Duration> {
    // Infinite, or so long that it makes no difference.
    Duration::try_from_secs_f64(milliseconds / 1000.0).ok()
}

fn malformed() -> Vec<u8> {
    let mut reply = Writer::new(usize::MAX);
    reply.byte(status::UNCROSSABLE);
    write_uncrossable(&mut reply, &[], "a request that breaks the format");
    reply.u32(0);
    reply.into_bytes()
}

/// For entries that run no guest code.
struct NoHost;

impl Host for NoHost {
    fn call<'a>(&self, scope: Scope<'a>, _: u32, _: Args<'a>) -> Result<Value<'a>, Thrown<'a>> {
        Err(scope.type_error("no host"))
    }
}
