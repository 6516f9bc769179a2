//! Errors: they must arrive, whatever hangs on them.

use super::{Lift, LiftError, Lifted, Purpose};
use crate::engine::{Kind, Thrown, Value};
use crate::membrane::helpers::{help, Helper};
use crate::membrane::wire::tag;

impl<'a> Lift<'_, 'a> {
    pub(super) fn error(&mut self, value: &Value<'a>) -> Lifted<'a> {
        let token = self.help(Helper::TwinGet, value)?;
        if let Some(slot) = self.scope.token_slot(&token) {
            return self.home_error(value, slot);
        }
        let class = self.help(Helper::ErrorClass, value)?.to_number()?;
        self.writer.byte(tag::ERROR);
        self.writer.byte(class as u8);
        let slot = match self.purpose {
            Purpose::Use | Purpose::Copy => self.keep(value),
            Purpose::Display => u32::MAX,
        };
        self.writer.u32(slot);
        for name in ["name", "message", "stack"] {
            self.text(value, name)?;
        }
        let name = self.scope.string_utf8(b"cause")?;
        let own = help(self.scope, Helper::OwnProperty, &[value.clone(), name])?;
        self.writer.byte(u8::from(own.is_object()));
        // Errors are read when their sandbox is gone: what hangs on them is copied.
        let purpose = self.purpose;
        if purpose == Purpose::Use {
            self.purpose = Purpose::Copy;
        }
        let parts = self.parts(value, own.is_object());
        self.purpose = purpose;
        parts?;
        let prototype = value.prototype()?;
        if purpose == Purpose::Display || self.scope.intrinsic_index(&prototype).is_some() {
            self.writer.byte(tag::UNDEFINED);
            return Ok(());
        }
        self.value(&prototype)
    }

    /// An error of the host's comes home, with what the guest has changed about it.
    fn home_error(&mut self, value: &Value<'a>, slot: u32) -> Lifted<'a> {
        if self.purpose == Purpose::Display {
            self.slot(tag::HOME, slot);
            return Ok(());
        }
        self.slot(tag::HOME_ERROR, slot);
        self.text(value, "message")?;
        self.fields_of(value)
    }

    /// An error's text, as far as it is on this side: a prototype of the host's would have
    /// the error lifted again.
    fn text(&mut self, value: &Value<'a>, name: &str) -> Lifted<'a> {
        let name = self.scope.string_utf8(name.as_bytes())?;
        let mut holder = value.clone();
        while holder.is_object() && !matches!(holder.kind(), Kind::Host(_) | Kind::Proxy) {
            let own = [holder.clone(), name.clone()];
            if help(self.scope, Helper::OwnProperty, &own)?.is_object() {
                let text = help(self.scope, Helper::ErrorText, &[value.clone(), name])?;
                return self.string(&text);
            }
            holder = holder.prototype()?;
        }
        self.writer.text("");
        Ok(())
    }

    /// The cause, if there is one, and the fields.
    fn parts(&mut self, value: &Value<'a>, has_cause: bool) -> Lifted<'a> {
        if has_cause {
            self.tolerated(&value.get_str("cause")?)?;
        }
        self.fields_of(value)
    }

    fn fields_of(&mut self, value: &Value<'a>) -> Lifted<'a> {
        // `errors` of an AggregateError is hidden from enumeration, as `cause` is.
        let mut fields = Vec::new();
        for key in value.own_keys()? {
            if !matches!(&*key.to_value()?.to_text()?, "message" | "stack" | "cause") {
                fields.push(key);
            }
        }
        let name = self.scope.string_utf8(b"errors")?;
        let errors = help(self.scope, Helper::OwnProperty, &[value.clone(), name.clone()])?;
        if errors.is_object() && !own_enumerable(&errors)? {
            fields.push(name.to_key()?);
        }
        self.writer.u32(fields.len() as u32);
        for key in fields {
            self.string(&key.to_value()?)?;
            let field = value.get(&key).unwrap_or_else(|_| self.scope.undefined());
            self.tolerated(&field)?;
        }
        Ok(())
    }

    /// A part of an error. An error must arrive, whatever hangs on it, so a part that
    /// cannot be copied is left where it is, or shown.
    pub fn tolerated(&mut self, value: &Value<'a>) -> Lifted<'a> {
        let purpose = self.purpose;
        let mark = self.mark();
        let mut outcome = self.value(value);
        for fallback in [Purpose::Use, Purpose::Display] {
            if !matches!(outcome, Err(LiftError::Uncrossable { .. })) || purpose == fallback {
                continue;
            }
            self.roll_back(mark);
            self.purpose = fallback;
            outcome = self.value(value);
            self.purpose = purpose;
        }
        outcome
    }
}

/// Whether a property descriptor says that enumeration shows the property.
fn own_enumerable<'a>(descriptor: &Value<'a>) -> Result<bool, Thrown<'a>> {
    Ok(descriptor.get_str("enumerable")?.kind() == Kind::Boolean(true))
}
