//! The functions of ours that the engine calls, as it is to call them: see `callbacks.h`.
//! Each leads to a `quickvm_on_…` that is defined where it belongs.

use std::ffi::{c_char, c_int, c_void};

use rquickjs::qjs::*;

use crate::engine::global::hooks;
use crate::engine::{builtin, callback, import, limits, proxy, random, source};

/// Declares the trampolines, and checks that what they lead to has the same type.
macro_rules! callbacks {
    ($(fn $name:ident($($parameter:ident: $type:ty),*) $(-> $result:ty)? => $target:path;)*) => {
        extern "C" {
            // Some are called by the shim only.
            $(#[allow(dead_code)]
            #[link_name = concat!("quickvm_", stringify!($name))]
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
    fn builtin(ctx: *mut JSContext, receiver: JSValue, argc: c_int, argv: *mut JSValue, id: c_int) -> JSValue => builtin::quickvm_on_builtin;
    fn trap(ctx: *mut JSContext, handler: JSValue, argc: c_int, argv: *mut JSValue, number: c_int, data: *mut JSValue) -> JSValue => proxy::quickvm_on_trap;
    fn admit_source(ctx: *mut JSContext, length: usize) -> c_int => source::quickvm_on_admit_source;
    fn load_module(ctx: *mut JSContext, name: *const c_char, opaque: *mut c_void) -> *mut JSModuleDef => import::quickvm_on_load_module;
    fn global_get_own(ctx: *mut JSContext, descriptor: *mut JSPropertyDescriptor, object: JSValue, key: JSAtom) -> c_int => hooks::quickvm_on_global_get_own;
    fn global_define_own(ctx: *mut JSContext, object: JSValue, key: JSAtom, value: JSValue, getter: JSValue, setter: JSValue, flags: c_int) -> c_int => hooks::quickvm_on_global_define_own;
    fn global_delete(ctx: *mut JSContext, object: JSValue, key: JSAtom) -> c_int => hooks::quickvm_on_global_delete;
    fn global_names(ctx: *mut JSContext, table: *mut *mut JSPropertyEnum, length: *mut u32, object: JSValue) -> c_int => hooks::quickvm_on_global_names;
    fn global_mark(rt: *mut JSRuntime, object: JSValue, mark: JS_MarkFunc) => hooks::quickvm_on_global_mark;
    fn global_finalize(rt: *mut JSRuntime, object: JSValue) => hooks::quickvm_on_global_finalize;
}
