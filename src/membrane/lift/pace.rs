//! The guest's deadline while its values are lifted: nothing of it runs, so nobody asks.

use super::{Lift, LiftError, Lifted};
use crate::engine::{Scope, Text, Value};
use crate::membrane::wire::{tag, Writer};

/// Values, and bytes, from one look at the clock to the next.
const VALUES: u32 = 256;
const BYTES: usize = 1 << 20;

fn check<'a>(scope: Scope<'a>) -> Lifted<'a> {
    match scope.must_stop() {
        true => Err(LiftError::Thrown(scope.uncatchable())),
        false => Ok(()),
    }
}

/// Writes a length and that many bytes, in pieces.
fn block<'a>(scope: Scope<'a>, writer: &mut Writer, bytes: &[u8]) -> Lifted<'a> {
    writer.block_of(bytes.len());
    for piece in bytes.chunks(BYTES) {
        writer.piece(piece);
        if piece.len() == BYTES {
            check(scope)?;
        }
    }
    Ok(())
}

impl<'a> Lift<'_, 'a> {
    /// Called for each value.
    pub(super) fn keep_pace(&mut self) -> Lifted<'a> {
        self.values = self.values.wrapping_add(1);
        match self.values % VALUES {
            0 => check(self.scope),
            _ => Ok(()),
        }
    }

    pub(super) fn string(&mut self, value: &Value<'a>) -> Lifted<'a> {
        let (scope, writer) = (self.scope, &mut *self.writer);
        value.with_text(|text| match text {
            Text::Ascii(bytes) => {
                writer.byte(tag::LATIN1);
                block(scope, writer, bytes)
            }
            Text::Utf16(units) => {
                writer.byte(tag::UTF16);
                writer.units_of(units.len());
                for piece in units.chunks(BYTES / 2) {
                    writer.units(piece);
                    if piece.len() == BYTES / 2 {
                        check(scope)?;
                    }
                }
                Ok(())
            }
        })?
    }

    pub(super) fn buffer(&mut self, value: &Value<'a>) -> Lifted<'a> {
        let (scope, writer) = (self.scope, &mut *self.writer);
        writer.byte(tag::ARRAY_BUFFER);
        value.with_bytes(|bytes| block(scope, writer, bytes))?
    }
}
