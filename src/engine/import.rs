//! `import()`: there are no modules, and the guest hears so as in Node's `vm`.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_void};
use std::ptr;

use rquickjs::qjs;

use super::guard::{self, runtime_of};
use super::Scope;

/// Has every `import()` of a runtime rejected.
///
/// # Safety
/// The runtime is live, and one of ours by the time that it runs code.
pub(super) unsafe fn refuse(runtime: *mut qjs::JSRuntime) {
    // SAFETY: the caller vouches for the runtime.
    unsafe {
        qjs::JS_SetModuleLoaderFunc(runtime, None, Some(guard::load_module), ptr::null_mut())
    };
}

#[no_mangle]
pub(super) unsafe extern "C" fn quickvm_on_load_module(
    context: *mut qjs::JSContext,
    _name: *const c_char,
    _opaque: *mut c_void,
) -> *mut qjs::JSModuleDef {
    // SAFETY: the engine calls with a live context of one of our runtimes.
    let runtime = unsafe { runtime_of(qjs::JS_GetRuntime(context)) };
    let scope = Scope { runtime, context };
    let thrown = scope.type_error("A dynamic import callback was not specified.");
    let code = scope.string_utf8(b"ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING");
    let named = code.and_then(|code| thrown.0.define(&scope.key_utf8(b"code")?, code));
    scope.throw(named.err().unwrap_or(thrown));
    ptr::null_mut()
}
