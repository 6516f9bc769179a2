//! Built-in functions of the engine's that every realm gets in another form; `builtins.c`
//! says why.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::io;

use rquickjs::qjs;

use super::guard;

/// Replaces them in a fresh realm.
pub(super) fn install(context: *mut qjs::JSContext) -> io::Result<()> {
    // SAFETY: called with a fresh context; each value is given up once.
    unsafe {
        let global = guard::JS_GetGlobalObject(context);
        let atomics = guard::JS_GetPropertyStr(context, global, c"Atomics".as_ptr());
        guard::JS_FreeValue(context, global);
        // The realms of contexts have none.
        if qjs::JS_IsObject(atomics) {
            replace(context, atomics, c"notify", 3, Some(guard::quickvm_notify))?;
        }
        let functions = guard::JS_GetFunctionProto(context);
        replace(context, functions, c"bind", 1, Some(guard::quickvm_bind))
    }
}

/// Replaces the method `name` of `object`.
///
/// # Safety
/// The context is live, and `object` is ours to give up.
unsafe fn replace(
    context: *mut qjs::JSContext,
    object: qjs::JSValue,
    name: &CStr,
    length: i32,
    by: qjs::JSCFunctionData,
) -> io::Result<()> {
    let name = name.as_ptr();
    let flags = (qjs::JS_PROP_WRITABLE | qjs::JS_PROP_CONFIGURABLE) as i32;
    // SAFETY: by the contract. A failed step yields an exception marker, on which the
    // following ones fail, too.
    let status = unsafe {
        let mut original = guard::JS_GetPropertyStr(context, object, name);
        let data = &mut original;
        let function = guard::JS_NewCFunctionData2(context, by, name, length, 0, 1, data);
        let status = guard::JS_DefinePropertyValueStr(context, object, name, function, flags);
        guard::JS_FreeValue(context, original);
        guard::JS_FreeValue(context, object);
        status
    };
    match status {
        0.. => Ok(()),
        _ => Err(io::ErrorKind::OutOfMemory.into()),
    }
}
