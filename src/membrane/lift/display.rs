//! Values that are only shown: everything has some form, in bounds.

use super::{Lift, Purpose};
use crate::engine::{Kind, Thrown, Value};
use crate::membrane::helpers::{help, Helper};

/// Deeper levels and longer lists than a person reads are cut.
const DISPLAY_DEPTH: usize = 6;
const DISPLAY_ENTRIES: usize = 200;

impl<'a> Lift<'_, 'a> {
    pub(super) fn limited(&self, count: u32) -> u32 {
        match self.purpose {
            Purpose::Use | Purpose::Copy => count,
            Purpose::Display => count.min(DISPLAY_ENTRIES as u32),
        }
    }

    /// What to show instead of a value that is shown only by name.
    pub(super) fn placeholder(
        &self,
        value: &Value<'a>,
        kind: Kind,
    ) -> Result<Option<String>, Thrown<'a>> {
        Ok(match kind {
            Kind::Function | Kind::NativeFunction => {
                let name = self.scope.string_utf8(b"name")?;
                let name = help(self.scope, Helper::OwnText, &[value.clone(), name])?.to_text()?;
                Some(if name.is_empty() {
                    "[Function (anonymous)]".into()
                } else {
                    format!("[Function: {name}]")
                })
            }
            Kind::Proxy => Some("[Proxy]".into()),
            Kind::Global(_) => Some("[Context]".into()),
            Kind::Weak => Some("[Weak]".into()),
            Kind::Promise => Some(format!("[Promise: {:?}]", value.promise_state().0)),
            _ if self.depth > DISPLAY_DEPTH => Some("[…]".into()),
            _ => None,
        })
    }
}
