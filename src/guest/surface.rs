//! What a guest is not to have of the language.

use crate::engine::{Scope, Thrown, Value};

/// Intrinsics that a realm can do without, by the names of their globals.
pub const REMOVABLE: [&str; 5] =
    ["Atomics", "FinalizationRegistry", "Proxy", "SharedArrayBuffer", "WeakRef"];

/// What of the language the realms of a sandbox have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surface {
    /// Whether they make code from strings: `eval`, `Function` and its kin.
    pub code_generation: bool,
    /// For each of [`REMOVABLE`], whether it is there.
    pub intrinsics: [bool; REMOVABLE.len()],
}

impl Surface {
    /// All of it.
    pub const FULL: Self = Self { code_generation: true, intrinsics: [true; REMOVABLE.len()] };

    /// Takes from the realm that is entered what it is not to have. `global` has its
    /// intrinsics, which no guest code has seen yet, and so does the list `known`, whose
    /// elements keep their places.
    pub fn apply<'a>(
        self,
        scope: Scope<'a>,
        global: &Value<'a>,
        known: Option<&Value<'a>>,
    ) -> Result<(), Thrown<'a>> {
        if !self.code_generation {
            scope.forbid_code_generation(global)?;
        }
        for (name, _) in REMOVABLE.iter().zip(self.intrinsics).filter(|(_, stays)| !stays) {
            let intrinsic = global.get_str(name)?;
            // An engine may be built without `Atomics`.
            if intrinsic.is_undefined() {
                continue;
            }
            // The prototype stays: stand-ins for the host's instances inherit from it.
            let prototype = intrinsic.get_str("prototype")?;
            if prototype.is_object() {
                prototype.delete(&scope.key_utf8(b"constructor")?)?;
            }
            global.delete(&scope.key_utf8(name.as_bytes())?)?;
            if let Some(known) = known {
                for index in 0..known.length()? {
                    if known.get_index(index)?.is_same(&intrinsic) {
                        known.define_index(index, scope.undefined())?;
                    }
                }
            }
        }
        Ok(())
    }
}
