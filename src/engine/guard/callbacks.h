/*
 * The functions of ours that the engine calls, one line each:
 *
 *   CALLBACK(ctx or rt, result, name, (parameters), (arguments))
 *
 * The engine is given `quickvm_name`, declared in callbacks.rs as `guard::name`, and that
 * calls `quickvm_on_name`, which Rust defines.
 */
CALLBACK(ctx, JSValue, call, (JSContext *ctx, JSValue function, JSValue receiver, int argc, JSValue *argv, int flags), (ctx, function, receiver, argc, argv, flags))
CALLBACK(ctx, JSValue, random, (JSContext *ctx, JSValue receiver, int argc, JSValue *argv), (ctx, receiver, argc, argv))
CALLBACK(rt, int, interrupt, (JSRuntime *rt, void *opaque), (rt, opaque))
VOID_CALLBACK(ctx, rejection, (JSContext *ctx, JSValue promise, JSValue reason, bool is_handled, void *opaque), (ctx, promise, reason, is_handled, opaque))
VOID_CALLBACK(rt, finalize, (JSRuntime *rt, JSValue object), (rt, object))
