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
CALLBACK(ctx, JSValue, builtin, (JSContext *ctx, JSValue receiver, int argc, JSValue *argv, int id), (ctx, receiver, argc, argv, id))
CALLBACK(ctx, JSValue, trap, (JSContext *ctx, JSValue handler, int argc, JSValue *argv, int number, JSValue *data), (ctx, handler, argc, argv, number, data))
CALLBACK(ctx, int, admit_source, (JSContext *ctx, size_t length), (ctx, length))
CALLBACK(ctx, JSModuleDef *, load_module, (JSContext *ctx, const char *name, void *opaque), (ctx, name, opaque))

CALLBACK(ctx, int, global_get_own, (JSContext *ctx, JSPropertyDescriptor *descriptor, JSValue object, JSAtom key), (ctx, descriptor, object, key))
CALLBACK(ctx, int, global_define_own, (JSContext *ctx, JSValue object, JSAtom key, JSValue value, JSValue getter, JSValue setter, int flags), (ctx, object, key, value, getter, setter, flags))
CALLBACK(ctx, int, global_delete, (JSContext *ctx, JSValue object, JSAtom key), (ctx, object, key))
CALLBACK(ctx, int, global_names, (JSContext *ctx, JSPropertyEnum **table, uint32_t *length, JSValue object), (ctx, table, length, object))
VOID_CALLBACK(rt, global_mark, (JSRuntime *rt, JSValue object, JS_MarkFunc *mark), (rt, object, mark))
VOID_CALLBACK(rt, global_finalize, (JSRuntime *rt, JSValue object), (rt, object))
