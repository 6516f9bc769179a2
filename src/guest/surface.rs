//! What a guest is not to have of the language, and what it has in another form.

use std::sync::OnceLock;

use crate::engine::{Scope, Script, Thrown, Value};

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
    /// Where the clock stands, in milliseconds since 1970; none when it runs.
    pub now: Option<i64>,
}

impl Surface {
    /// All of it.
    pub const FULL: Self =
        Self { code_generation: true, intrinsics: [true; REMOVABLE.len()], now: None };

    /// Makes the realm that is entered so. `global` has its
    /// intrinsics, which no guest code has seen yet, and so does the list `known`, whose
    /// elements keep their places.
    pub fn apply<'a>(
        self,
        scope: Scope<'a>,
        global: &Value<'a>,
        known: Option<&Value<'a>>,
    ) -> Result<(), Thrown<'a>> {
        let replace = |old: &Value<'a>, new: Value<'a>| -> Result<(), Thrown<'a>> {
            let Some(known) = known else { return Ok(()) };
            for index in 0..known.length()? {
                if known.get_index(index)?.is_same(old) {
                    known.define_index(index, new.clone())?;
                }
            }
            Ok(())
        };
        if let Some(now) = self.now {
            static COMPILED: OnceLock<Script> = OnceLock::new();
            let running = global.get_str("Date")?;
            let stop = scope.run_builtin(&COMPILED, include_str!("clock.js"), "quickvm:clock")?;
            stop.call(&scope.undefined(), &[global.clone(), scope.number(now as f64)])?;
            replace(&running, global.get_str("Date")?)?;
        }
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
            replace(&intrinsic, scope.undefined())?;
        }
        Ok(())
    }
}
