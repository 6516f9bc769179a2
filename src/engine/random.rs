//! `Math.random`, with a seed that a checkpoint does not repeat.
//!
//! The engine keeps its generator's state inside the heap: every guest restored from
//! one image would draw the same numbers. This one keeps it with the runtime.
#![allow(unsafe_code)]

use std::hash::{BuildHasher, RandomState};
use std::io;

use rquickjs::qjs;

use super::{guard, Runtime};

/// A seed from the system's entropy, never zero.
pub(super) fn seed() -> u64 {
    // The standard library seeds its hash maps from the system; nothing else is needed
    // for numbers that promise no secrecy.
    RandomState::new().hash_one(0u64) | 1
}

/// A seed that says all, never zero: numbers next to each other lead to unlike sequences.
fn spread(seed: u64) -> u64 {
    // The step of splitmix64.
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)).max(1)
}

impl Runtime {
    /// Has `Math.random` begin the sequence that belongs to `seed`, for all realms together.
    pub fn set_random_seed(&self, seed: u64) {
        self.random.set(spread(seed));
    }
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
