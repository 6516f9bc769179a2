//! The engine's functions that may run guest code, allocate or free, behind the guard.
//!
//! When a call is left by a jump, or the runtime was left so before, it answers as if it
//! had failed: with the exception marker, null or −1, and nothing of what it was given is
//! freed. See `calls.h`.

use std::ffi::{c_char, c_int, c_void};

use rquickjs::qjs::*;

/// Declares the shim's functions, and checks that the engine's have the same types.
macro_rules! calls {
    ($(fn $name:ident($($parameter:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        extern "C" {
            $(#[link_name = concat!("quickvm_", stringify!($name))]
            pub(in crate::engine) fn $name($($parameter: $type),*) $(-> $result)?;)*
        }
        $(const _: unsafe extern "C" fn($($type),*) $(-> $result)? = rquickjs::qjs::$name;)*
    };
}

calls! {
    fn JS_NewContext(rt: *mut JSRuntime) -> *mut JSContext;
    fn JS_ReadObject(ctx: *mut JSContext, code: *const u8, length: size_t, flags: c_int) -> JSValue;
    fn JS_WriteObject(ctx: *mut JSContext, length: *mut size_t, value: JSValue, flags: c_int) -> *mut u8;

    fn JS_Call(ctx: *mut JSContext, function: JSValue, receiver: JSValue, argc: c_int, argv: *mut JSValue) -> JSValue;
    fn JS_Eval(ctx: *mut JSContext, source: *const c_char, length: size_t, filename: *const c_char, flags: c_int) -> JSValue;
    fn JS_Eval2(ctx: *mut JSContext, source: *const c_char, length: size_t, options: *mut JSEvalOptions) -> JSValue;
    fn JS_EvalFunction(ctx: *mut JSContext, function: JSValue) -> JSValue;
    fn JS_ExecutePendingJob(rt: *mut JSRuntime, ctx: *mut *mut JSContext) -> c_int;

    fn JS_NewObject(ctx: *mut JSContext) -> JSValue;
    fn JS_NewArray(ctx: *mut JSContext) -> JSValue;
    fn JS_NewObjectProtoClass(ctx: *mut JSContext, prototype: JSValue, class_id: u32) -> JSValue;
    fn JS_NewCFunction2(ctx: *mut JSContext, function: JSCFunction, name: *const c_char, length: c_int, kind: JSCFunctionEnum, magic: c_int) -> JSValue;
    fn JS_NewCFunctionData2(ctx: *mut JSContext, function: JSCFunctionData, name: *const c_char, length: c_int, magic: c_int, data_count: c_int, data: *mut JSValue) -> JSValue;
    fn JS_NewStringLen(ctx: *mut JSContext, bytes: *const c_char, length: size_t) -> JSValue;
    fn JS_NewStringUTF16(ctx: *mut JSContext, units: *const u16, length: size_t) -> JSValue;
    fn JS_NewSymbol(ctx: *mut JSContext, description: *const c_char, is_global: bool) -> JSValue;
    fn JS_NewBigInt64(ctx: *mut JSContext, number: i64) -> JSValue;
    fn JS_NewArrayBufferCopy(ctx: *mut JSContext, bytes: *const u8, length: size_t) -> JSValue;
    fn JS_NewTypedArray(ctx: *mut JSContext, argc: c_int, argv: *mut JSValue, kind: JSTypedArrayEnum) -> JSValue;
    fn JS_NewPromiseCapability(ctx: *mut JSContext, functions: *mut JSValue) -> JSValue;
    fn JS_PromiseThen(ctx: *mut JSContext, promise: JSValue, fulfilled: JSValue, rejected: JSValue) -> JSValue;
    fn JS_PromiseResult(ctx: *mut JSContext, promise: JSValue) -> JSValue;
    fn JS_GetGlobalObject(ctx: *mut JSContext) -> JSValue;
    fn JS_GetFunctionProto(ctx: *mut JSContext) -> JSValue;

    fn JS_GetProperty(ctx: *mut JSContext, object: JSValue, key: JSAtom) -> JSValue;
    fn JS_GetPropertyStr(ctx: *mut JSContext, object: JSValue, name: *const c_char) -> JSValue;
    fn JS_GetPropertyUint32(ctx: *mut JSContext, object: JSValue, index: u32) -> JSValue;
    fn JS_GetPrototype(ctx: *mut JSContext, object: JSValue) -> JSValue;
    fn JS_GetOwnPropertyNames(ctx: *mut JSContext, table: *mut *mut JSPropertyEnum, length: *mut u32, object: JSValue, flags: c_int) -> c_int;
    fn JS_GetLength(ctx: *mut JSContext, object: JSValue, length: *mut i64) -> c_int;
    fn JS_SetLength(ctx: *mut JSContext, object: JSValue, length: i64) -> c_int;
    fn JS_SetProperty(ctx: *mut JSContext, object: JSValue, key: JSAtom, value: JSValue) -> c_int;
    fn JS_HasProperty(ctx: *mut JSContext, object: JSValue, key: JSAtom) -> c_int;
    fn JS_DeleteProperty(ctx: *mut JSContext, object: JSValue, key: JSAtom, flags: c_int) -> c_int;
    fn JS_DefinePropertyValue(ctx: *mut JSContext, object: JSValue, key: JSAtom, value: JSValue, flags: c_int) -> c_int;
    fn JS_DefinePropertyValueStr(ctx: *mut JSContext, object: JSValue, name: *const c_char, value: JSValue, flags: c_int) -> c_int;
    fn JS_DefinePropertyValueUint32(ctx: *mut JSContext, object: JSValue, index: u32, value: JSValue, flags: c_int) -> c_int;

    fn JS_NewAtomLen(ctx: *mut JSContext, name: *const c_char, length: size_t) -> JSAtom;
    fn JS_ValueToAtom(ctx: *mut JSContext, value: JSValue) -> JSAtom;
    fn JS_AtomToValue(ctx: *mut JSContext, atom: JSAtom) -> JSValue;
    fn JS_AtomToString(ctx: *mut JSContext, atom: JSAtom) -> JSValue;
    fn JS_ToObject(ctx: *mut JSContext, value: JSValue) -> JSValue;
    fn JS_ToFloat64(ctx: *mut JSContext, number: *mut f64, value: JSValue) -> c_int;
    fn JS_IsSameValue(ctx: *mut JSContext, one: JSValue, other: JSValue) -> bool;
    fn JS_ToCStringLen2(ctx: *mut JSContext, length: *mut size_t, value: JSValue, cesu8: bool) -> *const c_char;
    fn JS_ToCStringLenUTF16(ctx: *mut JSContext, length: *mut size_t, value: JSValue) -> *const u16;
    fn JS_GetArrayBuffer(ctx: *mut JSContext, length: *mut size_t, buffer: JSValue) -> *mut u8;
    fn JS_GetTypedArrayBuffer(ctx: *mut JSContext, array: JSValue, offset: *mut size_t, length: *mut size_t, element: *mut size_t) -> JSValue;

    fn JS_Throw(ctx: *mut JSContext, error: JSValue) -> JSValue;
    fn JS_GetException(ctx: *mut JSContext) -> JSValue;
    fn JS_SetUncatchableError(ctx: *mut JSContext, error: JSValue);

    fn JS_FreeValue(ctx: *mut JSContext, value: JSValue);
    fn JS_FreeValueRT(rt: *mut JSRuntime, value: JSValue);
    fn JS_FreeAtom(ctx: *mut JSContext, atom: JSAtom);
    fn JS_FreeCString(ctx: *mut JSContext, string: *const c_char);
    fn JS_FreePropertyEnum(ctx: *mut JSContext, table: *mut JSPropertyEnum, length: u32);
    fn JS_FreeContext(ctx: *mut JSContext);
    fn JS_RunGC(rt: *mut JSRuntime);
    fn js_free(ctx: *mut JSContext, pointer: *mut c_void);

    fn JS_NewContextRaw(rt: *mut JSRuntime) -> *mut JSContext;
    fn JS_AddIntrinsicBaseObjects(ctx: *mut JSContext) -> c_int;
    fn JS_AddIntrinsicDate(ctx: *mut JSContext) -> c_int;
    fn JS_AddIntrinsicEval(ctx: *mut JSContext) -> c_int;
    fn JS_AddIntrinsicRegExp(ctx: *mut JSContext) -> c_int;
    fn JS_AddIntrinsicJSON(ctx: *mut JSContext) -> c_int;
    fn JS_AddIntrinsicProxy(ctx: *mut JSContext) -> c_int;
    fn JS_AddIntrinsicMapSet(ctx: *mut JSContext) -> c_int;
    fn JS_AddIntrinsicTypedArrays(ctx: *mut JSContext) -> c_int;
    fn JS_AddIntrinsicPromise(ctx: *mut JSContext) -> c_int;
    fn JS_AddIntrinsicWeakRef(ctx: *mut JSContext) -> c_int;

    fn JS_CallConstructor2(ctx: *mut JSContext, function: JSValue, target: JSValue, argc: c_int, argv: *mut JSValue) -> JSValue;
    fn JS_NewObjectProto(ctx: *mut JSContext, prototype: JSValue) -> JSValue;
    fn JS_NewProxy(ctx: *mut JSContext, target: JSValue, handler: JSValue) -> JSValue;
    fn JS_GetProxyTarget(ctx: *mut JSContext, proxy: JSValue) -> JSValue;
    fn JS_GetProxyHandler(ctx: *mut JSContext, proxy: JSValue) -> JSValue;
    fn JS_GetOwnProperty(ctx: *mut JSContext, descriptor: *mut JSPropertyDescriptor, object: JSValue, key: JSAtom) -> c_int;
    fn JS_SetPropertyStr(ctx: *mut JSContext, object: JSValue, name: *const c_char, value: JSValue) -> c_int;
    fn JS_SetPrototype(ctx: *mut JSContext, object: JSValue, prototype: JSValue) -> c_int;
    fn JS_DefineProperty(ctx: *mut JSContext, object: JSValue, key: JSAtom, value: JSValue, getter: JSValue, setter: JSValue, flags: c_int) -> c_int;
    fn JS_SetPropertyFunctionList(ctx: *mut JSContext, object: JSValue, list: *const JSCFunctionListEntry, length: c_int) -> c_int;
    fn js_malloc(ctx: *mut JSContext, size: size_t) -> *mut c_void;
    fn JS_FreeAtomRT(rt: *mut JSRuntime, atom: JSAtom);
}

extern "C" {
    /// `Atomics.notify`, for the engine to call.
    pub(in crate::engine) fn quickvm_notify(
        ctx: *mut JSContext,
        receiver: JSValue,
        argc: c_int,
        argv: *mut JSValue,
        magic: c_int,
        data: *mut JSValue,
    ) -> JSValue;
    /// `Function.prototype.bind`, for the engine to call.
    pub(in crate::engine) fn quickvm_bind(
        ctx: *mut JSContext,
        receiver: JSValue,
        argc: c_int,
        argv: *mut JSValue,
        magic: c_int,
        data: *mut JSValue,
    ) -> JSValue;
    /// A TypeError with `message`, raised. The engine's own function takes a format.
    #[link_name = "quickvm_throw_type_error"]
    pub(in crate::engine) fn throw_type_error(
        ctx: *mut JSContext,
        message: *const c_char,
    ) -> JSValue;
    /// A RangeError with `message`, raised.
    #[link_name = "quickvm_throw_range_error"]
    pub(in crate::engine) fn throw_range_error(
        ctx: *mut JSContext,
        message: *const c_char,
    ) -> JSValue;
}
