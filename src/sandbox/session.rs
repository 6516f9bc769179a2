//! The way out: what the guest asks of the host while a request is under way.

use super::reply::write_uncrossable;
use super::{builtins, Channel, Sandbox};
use crate::engine::{
    Args, GlobalId, Host, Key, Kind, Names, Property, Scope, Slot, Thrown, Trap, Value,
};
use crate::guest::{self, service};
use crate::membrane::lift::{Lift, LiftError, Purpose, REACTION};
use crate::membrane::lower::{Lower, LowerError};
use crate::membrane::wire::{op, status, tag, Reader, Writer};

/// Answers the guest while a request of the host is under way.
pub(super) struct Session<'s> {
    pub(super) sandbox: &'s Sandbox,
    pub(super) channel: &'s dyn Channel,
}

impl Host for Session<'_> {
    fn call<'a>(
        &self,
        scope: Scope<'a>,
        slot: u32,
        args: Args<'a>,
    ) -> Result<Value<'a>, Thrown<'a>> {
        if slot == service::COMPILE_MODULE {
            return guest::compile_module(scope, args);
        }
        if slot & REACTION != 0 {
            self.settled(scope, (slot & !REACTION) >> 1, slot & 1 == 0, args);
            return Ok(scope.undefined());
        }
        let purpose = match slot {
            service::CONSOLE => Purpose::Display,
            _ => Purpose::Use,
        };
        let derived = args.constructing && args.this().kind() != Kind::Host(slot);
        let answer = self.request(scope, NO_PROMISE, purpose, |lift| {
            lift.writer().byte(op::CALL);
            lift.writer().u32(slot);
            lift.writer().byte(u8::from(args.constructing));
            match args.this().kind() {
                // A plain `new`, nothing derived: `new.target` is the function itself.
                Kind::Host(target) if args.constructing && target == slot => {
                    lift.writer().byte(tag::UNDEFINED);
                }
                _ => lift.named(&args.this(), || "this".into())?,
            }
            lift.writer().u32(args.iter().len() as u32);
            for (index, value) in args.iter().enumerate() {
                lift.named(&value, || format!("args[{index}]"))?;
            }
            Ok(())
        })?;
        if let (true, Kind::Host(made)) = (derived, answer.kind()) {
            scope.pin(made, &answer);
        }
        Ok(answer)
    }

    fn reflect<'a>(
        &self,
        scope: Scope<'a>,
        slot: u32,
        trap: Trap,
        args: Args<'a>,
    ) -> Result<Value<'a>, Thrown<'a>> {
        self.reflect(scope, slot, trap, args)
    }

    fn builtin<'a>(
        &self,
        scope: Scope<'a>,
        id: u8,
        args: Args<'a>,
    ) -> Result<Value<'a>, Thrown<'a>> {
        guest::call(&builtins(scope)?, id, args)
    }

    fn global_property<'a>(
        &self,
        scope: Scope<'a>,
        global: GlobalId,
        key: &Key<'a>,
    ) -> Result<(Names<'a>, Property<'a>), Thrown<'a>> {
        self.context_property(scope, global, key)
    }

    fn global_properties<'a>(
        &self,
        scope: Scope<'a>,
        global: GlobalId,
    ) -> Result<Vec<(Key<'a>, Property<'a>)>, Thrown<'a>> {
        self.context_properties(scope, global)
    }
}

/// In a failure report: it is about no promise in particular.
const NO_PROMISE: Slot = Slot::MAX;

impl Session<'_> {
    /// Writes a request, sends it, and reads the reply. A request that cannot be
    /// written becomes a report of why, which the host answers with an error.
    pub(super) fn request<'a>(
        &self,
        scope: Scope<'a>,
        promise: Slot,
        purpose: Purpose,
        write: impl FnOnce(&mut Lift<'_, 'a>) -> Result<(), LiftError<'a>>,
    ) -> Result<Value<'a>, Thrown<'a>> {
        let mut message = Writer::new(scope.runtime().heap().limit());
        let mut lift = Lift::new(scope, &mut message, purpose);
        let start = lift.mark();
        if let Err(error) = write(&mut lift) {
            lift.roll_back(start);
            match error {
                LiftError::Thrown(thrown) => return Err(thrown),
                LiftError::Uncrossable { path, what } => {
                    let message = lift.writer();
                    message.byte(op::FAILED);
                    message.u32(promise);
                    write_uncrossable(message, &path, &what);
                }
            }
        }
        let fresh = lift.into_slots();
        self.flush_contexts(scope);
        self.sandbox.finish(&mut message, fresh, scope.runtime().deadline());
        let reply = scope.runtime().outside(|| self.channel.send(message.bytes()));
        let mut reader = Reader::new(reply.as_deref().unwrap_or_default());
        let status = reader.byte();
        let value = Lower::new(scope, &mut reader, &self.sandbox.twins).value();
        match (status, value) {
            (Ok(status::RETURN), Ok(value)) => Ok(value),
            (Ok(status::THROW), Ok(value)) => Err(Thrown(value)),
            (_, Err(LowerError::Thrown(thrown))) => Err(thrown),
            _ => Err(scope.type_error("the host failed to answer")),
        }
    }

    /// Tells the host what has become of a guest promise.
    fn settled<'a>(&self, scope: Scope<'a>, promise: Slot, fulfilled: bool, args: Args<'a>) {
        // The message that handed it out may have been taken back.
        if scope.kept(promise).is_none() {
            return;
        }
        let tell = |fulfilled: bool, value: &Value<'a>| {
            self.request(scope, promise, Purpose::Use, |lift| {
                lift.writer().byte(op::SETTLE);
                lift.writer().u32(promise);
                lift.writer().byte(u8::from(fulfilled));
                lift.named(value, || "result".into())
            })
        };
        let value = args.iter().next().unwrap_or_else(|| scope.undefined());
        // A getter that throws while its object crosses makes that the outcome.
        if let Err(Thrown(reason)) = tell(fulfilled, &value) {
            if !scope.must_stop() {
                let _ = tell(false, &reason);
            }
        }
    }

    /// Tells the host of promises that were rejected with nobody listening.
    pub(super) fn report_rejections(&self, scope: Scope<'_>) {
        let rejected = scope.take_rejections();
        if scope.must_stop() {
            // Of a stopped guest's promises more are rejected than went wrong.
            return;
        }
        for promise in rejected {
            let (_, reason) = promise.promise_state();
            let _ = self.request(scope, NO_PROMISE, Purpose::Use, |lift| {
                lift.writer().byte(op::UNHANDLED);
                lift.tolerated(&reason)
            });
        }
    }
}
