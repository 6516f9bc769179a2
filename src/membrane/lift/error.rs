//! Errors: they must arrive, whatever hangs on them.

use super::{Lift, LiftError, Lifted, Purpose};
use crate::engine::{Kind, Thrown, Value};
use crate::membrane::helpers::{help, Helper};
use crate::membrane::wire::tag;

impl<'a> Lift<'_, 'a> {
    pub(super) fn error(&mut self, value: &Value<'a>) -> Lifted<'a> {
        if self.home(value)? {
            return Ok(());
        }
        let class = self.help(Helper::ErrorClass, value)?.to_number()?;
        self.writer.byte(tag::ERROR);
        self.writer.byte(class as u8);
        let slot = match self.purpose {
            Purpose::Use => self.keep(value),
            Purpose::Display => u32::MAX,
        };
        self.writer.u32(slot);
        for name in ["name", "message", "stack"] {
            let name = self.scope.string_utf8(name.as_bytes())?;
            self.string(&help(self.scope, Helper::ErrorText, &[value.clone(), name])?)?;
        }
        let name = self.scope.string_utf8(b"cause")?;
        let own = help(self.scope, Helper::OwnProperty, &[value.clone(), name])?;
        self.writer.byte(u8::from(own.is_object()));
        if own.is_object() {
            self.tolerated(&value.get_str("cause")?)?;
        }
        // `errors` of an AggregateError is hidden from enumeration, as `cause` is.
        let mut fields = Vec::new();
        for key in value.own_keys()? {
            if !matches!(&*key.to_value()?.to_text()?, "name" | "message" | "stack" | "cause") {
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
    /// cannot cross is shown instead of refused.
    pub fn tolerated(&mut self, value: &Value<'a>) -> Lifted<'a> {
        let purpose = self.purpose;
        let mark = self.mark();
        match self.value(value) {
            Err(LiftError::Uncrossable { .. }) => {
                self.roll_back(mark);
                self.purpose = Purpose::Display;
                let outcome = self.value(value);
                self.purpose = purpose;
                outcome
            }
            outcome => outcome,
        }
    }
}

/// Whether a property descriptor says that enumeration shows the property.
fn own_enumerable<'a>(descriptor: &Value<'a>) -> Result<bool, Thrown<'a>> {
    Ok(descriptor.get_str("enumerable")?.kind() == Kind::Boolean(true))
}
