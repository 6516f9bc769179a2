//! `Atomics.notify` without a lock that a guest left by a jump could take with it.
#![allow(unsafe_code)]

use std::io;

use rquickjs::qjs;

use super::guard;

/// Replaces a realm's `Atomics.notify`; see `atomics.c`.
pub(super) fn install(context: *mut qjs::JSContext) -> io::Result<()> {
    let name = c"notify".as_ptr();
    // SAFETY: called with a fresh context; each value is given up once. A failed step
    // yields an exception marker, on which the following ones fail, too.
    let status = unsafe {
        let global = guard::JS_GetGlobalObject(context);
        let atomics = guard::JS_GetPropertyStr(context, global, c"Atomics".as_ptr());
        let mut original = guard::JS_GetPropertyStr(context, atomics, name);
        let function = guard::JS_NewCFunctionData2(
            context,
            Some(guard::quickvm_notify),
            name,
            3,
            0,
            1,
            &mut original,
        );
        let flags = (qjs::JS_PROP_WRITABLE | qjs::JS_PROP_CONFIGURABLE) as i32;
        let status = guard::JS_DefinePropertyValueStr(context, atomics, name, function, flags);
        guard::JS_FreeValue(context, original);
        guard::JS_FreeValue(context, atomics);
        guard::JS_FreeValue(context, global);
        status
    };
    match status {
        0.. => Ok(()),
        _ => Err(io::ErrorKind::OutOfMemory.into()),
    }
}
