//! The functions of ours that the engine calls, as it is to call them: see `callbacks.h`.
//! Each leads to a `quickvm_on_…` that is defined where it belongs.

use std::ffi::{c_int, c_void};

use rquickjs::qjs::*;

use crate::engine::{callback, limits, random};

/// Declares the trampolines, and checks that what they lead to has the same type.
macro_rules! callbacks {
    ($(fn $name:ident($($parameter:ident: $type:ty),*) $(-> $result:ty)? => $target:path;)*) => {
        extern "C" {
            $(#[link_name = concat!("quickvm_", stringify!($name))]
            pub(in crate::engine) fn $name($($parameter: $type),*) $(-> $result)?;)*
        }
        $(const _: unsafe extern "C" fn($($type),*) $(-> $result)? = $target;)*
    };
}

callbacks! {
    fn call(ctx: *mut JSContext, function: JSValue, receiver: JSValue, argc: c_int, argv: *mut JSValue, flags: c_int) -> JSValue => callback::quickvm_on_call;
    fn random(ctx: *mut JSContext, receiver: JSValue, argc: c_int, argv: *mut JSValue) -> JSValue => random::quickvm_on_random;
    fn interrupt(rt: *mut JSRuntime, opaque: *mut c_void) -> c_int => limits::quickvm_on_interrupt;
    fn rejection(ctx: *mut JSContext, promise: JSValue, reason: JSValue, is_handled: bool, opaque: *mut c_void) => callback::quickvm_on_rejection;
    fn finalize(rt: *mut JSRuntime, object: JSValue) => callback::quickvm_on_finalize;
}
