//! How a request ends: the value, what was thrown, or why neither can cross.

use super::Failure;
use crate::engine::{Scope, Slot, Stop, Thrown, Value};
use crate::membrane::lift::{Lift, LiftError, Purpose};
use crate::membrane::wire::{status, tag, Writer};

/// What a request answers.
pub(super) struct Outcome<'a> {
    value: Value<'a>,
    form: Form,
}

/// How the answer crosses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Objects stay where they are.
    Live,
    /// The same, of what other guests have their own of at that place.
    LiveLike(u32),
    /// With all that is in it.
    Copy,
    /// An object made for this answer: its properties cross one by one.
    Record,
    /// The host's own intrinsic in its place.
    Intrinsic(u32),
}

impl<'a> From<Value<'a>> for Outcome<'a> {
    fn from(value: Value<'a>) -> Self {
        Self { value, form: Form::Live }
    }
}

impl<'a> Outcome<'a> {
    pub(super) fn new(value: Value<'a>, form: Form) -> Self {
        Self { value, form }
    }
}

/// Writes why the guest had to be stopped.
pub(super) fn write_stop(reply: &mut Writer, stop: Stop) {
    reply.byte(status::STOP);
    match stop {
        Stop::Timeout => reply.byte(0),
        Stop::MemoryLimit => reply.byte(1),
        Stop::Terminated => reply.byte(2),
        Stop::Fault { signal } => {
            reply.byte(3);
            reply.byte(signal as u8);
        }
    }
}

/// Writes how a request ended; answers the slots that the reply is the first to name.
pub(super) fn write_reply<'a>(
    scope: Scope<'a>,
    reply: &mut Writer,
    outcome: Result<Outcome<'a>, Failure<'a>>,
) -> Vec<Slot> {
    let (status, Outcome { value, form }) = match outcome {
        Ok(outcome) => (status::RETURN, outcome),
        Err(Failure::Thrown(Thrown(value))) => (status::THROW, value.into()),
        Err(Failure::Malformed) => {
            reply.byte(status::UNCROSSABLE);
            write_uncrossable(reply, &[], "a request that breaks the format");
            return Vec::new();
        }
    };
    let purpose = if form == Form::Copy { Purpose::Copy } else { Purpose::Use };
    let mut lift = Lift::new(scope, reply, purpose);
    let start = lift.mark();
    lift.writer().byte(status);
    let lifted = match form {
        Form::Record => lift.record(&value),
        Form::Intrinsic(index) => {
            lift.intrinsic(index);
            Ok(())
        }
        Form::LiveLike(index) => {
            lift.stand_in_for(&value, Some(index));
            Ok(())
        }
        Form::Live | Form::Copy => lift.named(&value, || "result".into()),
    };
    let error = match lifted {
        Ok(()) => return lift.into_slots(),
        Err(error) => error,
    };
    lift.roll_back(start);
    match error {
        // A getter that throws while its object crosses makes that the outcome; should
        // even that not cross, it is shown.
        LiftError::Thrown(Thrown(reason)) => {
            lift.writer().byte(status::THROW);
            if lift.tolerated(&reason).is_err() {
                // Nothing can be asked of the guest: it has no stack left.
                lift.roll_back(start);
                lift.writer().byte(status::THROW);
                write_stack_overflow(lift.writer());
            }
            lift.into_slots()
        }
        LiftError::Uncrossable { path, what } => {
            reply.byte(status::UNCROSSABLE);
            write_uncrossable(reply, &path, &what);
            Vec::new()
        }
    }
}

/// The error of a guest without the stack to make one, or to have it read.
fn write_stack_overflow(message: &mut Writer) {
    const RANGE_ERROR: u8 = 2;
    const TEXT: &str = "Maximum call stack size exceeded";
    message.byte(tag::ERROR);
    message.byte(RANGE_ERROR);
    message.u32(Slot::MAX); // without identity
    message.text("RangeError");
    message.text(TEXT);
    message.text(&format!("RangeError: {TEXT}"));
    message.byte(0); // no cause
    message.u32(0); // no fields
    message.byte(tag::UNDEFINED); // no prototype of its own
}

/// `path` is kept from the inside out.
pub(super) fn write_uncrossable(message: &mut Writer, path: &[String], what: &str) {
    const SHOWN: usize = 16;
    let mut steps: Vec<&str> = path.iter().rev().map(String::as_str).collect();
    if steps.len() > SHOWN {
        steps.splice(SHOWN / 2..steps.len() - SHOWN / 2, ["…"]);
    }
    message.text(&steps.concat());
    message.text(what);
}
