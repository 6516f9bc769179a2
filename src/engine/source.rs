//! Source text that the guest makes itself: whether its realm may run it, and how long it
//! may be.
//!
//! `eval` and the constructors of all kinds of functions reach the parser by one pointer of
//! the realm's (`guard/parser.c`), which asks here first. So there is nothing to be hidden
//! from a guest, nor a way around.
#![allow(unsafe_code)]

use rquickjs::qjs;

use super::guard::runtime_of;
use super::{Runtime, Scope, Thrown, Value};

impl Runtime {
    /// Limits source text that the guest makes, in bytes of UTF-8.
    pub fn set_source_limit(&self, bytes: usize) {
        self.source_limit.set(bytes);
    }
}

impl<'a> Scope<'a> {
    /// Has this realm make no code from strings from now on. `global` has its intrinsics,
    /// which no guest code has seen yet.
    pub fn forbid_code_generation(self, global: &Value<'a>) -> Result<(), Thrown<'a>> {
        let prototype = global.get_str("EvalError")?.get_str("prototype")?;
        // SAFETY: sets a pointer in a live realm, which nothing else uses. What it leads to
        // lives as long as the realm, which has the prototypes of its native errors itself.
        // Both lie in the heap: an image has the pointer with what it leads to.
        unsafe { qjs::JS_SetContextOpaque(self.context, prototype.address() as *mut _) };
        Ok(())
    }

    /// What errors of a realm that makes no code from strings inherit from.
    fn refuses_code_generation(self) -> Option<Value<'a>> {
        // SAFETY: reads the pointer that is set above, to an object that lives as long as
        // the realm.
        unsafe {
            let prototype = qjs::JS_GetContextOpaque(self.context);
            let raw = || qjs::JS_MKPTR(qjs::JS_TAG_OBJECT, prototype);
            (!prototype.is_null()).then(|| self.dup(raw()))
        }
    }

    fn admit(self, length: usize) -> Result<(), Thrown<'a>> {
        if let Some(prototype) = self.refuses_code_generation() {
            let refusal =
                self.type_error("Code generation from strings disallowed for this context");
            // There is no memory for an error where it is none.
            if refusal.0.is_object() {
                refusal.0.set_prototype(&prototype)?;
            }
            return Err(refusal);
        }
        let limit = self.runtime.source_limit.get();
        if length > limit {
            let message =
                format!("source text of {length} bytes exceeds the limit of {limit} bytes");
            let refusal = self.range_error(&message);
            if refusal.0.is_object() {
                let code = self.string_utf8(b"ERR_SANDBOX_SOURCE_LIMIT")?;
                refusal.0.define(&self.key_utf8(b"code")?, code)?;
            }
            return Err(refusal);
        }
        Ok(())
    }
}

/// The guest is about to have `length` bytes parsed. Other than 0 means that it must not,
/// for which an exception is pending.
#[no_mangle]
pub(super) unsafe extern "C" fn quickvm_on_admit_source(
    context: *mut qjs::JSContext,
    length: usize,
) -> i32 {
    // SAFETY: the engine calls with a live context of one of our runtimes.
    let runtime = unsafe { runtime_of(qjs::JS_GetRuntime(context)) };
    let scope = Scope { runtime, context };
    match scope.admit(length) {
        Ok(()) => 0,
        Err(thrown) => {
            scope.throw(thrown);
            -1
        }
    }
}
