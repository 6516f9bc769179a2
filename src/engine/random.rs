//! `Math.random`, with a seed that a checkpoint does not repeat.
//!
//! The engine keeps its generator's state inside the heap: every guest restored from
//! one image would draw the same numbers. This one keeps it with the runtime.
#![allow(unsafe_code)]

use std::hash::{BuildHasher, RandomState};
use std::io;

use rquickjs::qjs;

use super::guard;

/// A seed from the system's entropy, never zero.
pub(super) fn seed() -> u64 {
    // The standard library seeds its hash maps from the system; nothing else is needed
    // for numbers that promise no secrecy.
    RandomState::new().hash_one(0u64) | 1
}

/// Replaces a realm's `Math.random`.
pub(super) fn install(context: *mut qjs::JSContext) -> io::Result<()> {
    // SAFETY: called with a fresh context; each value is given up once. A failed step
    // yields an exception marker, on which the following ones fail, too.
    let status = unsafe {
        let global = guard::JS_GetGlobalObject(context);
        let math = guard::JS_GetPropertyStr(context, global, c"Math".as_ptr());
        let generic = qjs::JSCFunctionEnum_JS_CFUNC_generic;
        let function = guard::JS_NewCFunction2(
            context,
            Some(guard::random),
            c"random".as_ptr(),
            0,
            generic,
            0,
        );
        let flags = (qjs::JS_PROP_WRITABLE | qjs::JS_PROP_CONFIGURABLE) as i32;
        let name = c"random".as_ptr();
        let status = guard::JS_DefinePropertyValueStr(context, math, name, function, flags);
        guard::JS_FreeValue(context, math);
        guard::JS_FreeValue(context, global);
        status
    };
    match status {
        0.. => Ok(()),
        _ => Err(io::ErrorKind::OutOfMemory.into()),
    }
}

#[no_mangle]
pub(super) unsafe extern "C" fn quickvm_on_random(
    context: *mut qjs::JSContext,
    _: qjs::JSValue,
    _: i32,
    _: *mut qjs::JSValue,
) -> qjs::JSValue {
    // SAFETY: the engine calls with a live context of a live runtime.
    let runtime = unsafe { guard::runtime_of(qjs::JS_GetRuntime(context)) };
    // xorshift64*: what the engine uses, and as good as a guest may expect.
    let mut x = runtime.random.get();
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    runtime.random.set(x);
    let bits = x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11;
    qjs::JS_NewFloat64(bits as f64 / (1u64 << 53) as f64)
}
