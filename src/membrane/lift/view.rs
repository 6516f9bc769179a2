//! Views: typed arrays and DataViews, with the buffers under them.

use super::{Lift, LiftError, Lifted, Purpose};
use crate::engine::{Kind, Value, TYPED_ARRAY_KINDS};
use crate::membrane::helpers::Helper;
use crate::membrane::wire::tag;

impl<'a> Lift<'_, 'a> {
    pub(super) fn typed_array(&mut self, value: &Value<'a>) -> Lifted<'a> {
        let kind = value.typed_array_kind().unwrap_or_default();
        let (buffer, offset, bytes) = value.typed_array_view()?;
        refuse_shared(&buffer)?;
        self.writer.byte(tag::TYPED_ARRAY);
        self.writer.byte(kind as u8);
        self.value(&buffer)?;
        self.writer.f64(offset as f64);
        self.writer.f64((bytes / TYPED_ARRAY_KINDS[kind].element) as f64);
        match value.prototype()?.kind() {
            Kind::Host(slot) if self.purpose != Purpose::Display => self.slot(tag::HOME, slot),
            _ => self.writer.byte(tag::UNDEFINED),
        }
        Ok(())
    }

    pub(super) fn data_view(&mut self, value: &Value<'a>) -> Lifted<'a> {
        let buffer = self.help(Helper::ViewBuffer, value)?;
        refuse_shared(&buffer)?;
        self.writer.byte(tag::DATA_VIEW);
        self.value(&buffer)?;
        let offset = self.help(Helper::ViewOffset, value)?.to_number()?;
        let length = self.help(Helper::ViewLength, value)?.to_number()?;
        self.writer.f64(offset);
        self.writer.f64(length);
        Ok(())
    }
}

/// Memory that two guests, or guest and host, would share does not cross.
fn refuse_shared<'a>(buffer: &Value<'a>) -> Result<(), LiftError<'a>> {
    match buffer.kind() {
        Kind::ArrayBuffer => Ok(()),
        _ => LiftError::refuse("a view on a SharedArrayBuffer"),
    }
}
