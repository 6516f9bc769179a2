/*
 * Two built-in functions that cannot stay as the engine has them. Each is called with the
 * original as its data, and is part of the engine's code as far as the guard goes.
 */
#include "engine.h"

JSValue JS_Call(JSContext *ctx, JSValue function, JSValue receiver, int argc, JSValue *argv);
int JS_ToFloat64(JSContext *ctx, double *number, JSValue value);
void *js_malloc(JSContext *ctx, size_t size);
void js_free(JSContext *ctx, void *pointer);

/* `Atomics.notify` takes a lock that all runtimes of the process share: whoever was left by a
   jump while holding it would hold it for ever. Nobody waits, since runtimes may not block.
   So it is called to wake none, for which it takes no lock. */
JSValue quickvm_notify(JSContext *ctx, JSValue receiver, int argc, JSValue *argv, int magic,
                       JSValue *data) {
  (void)magic;
  JSValue none[3] = {argv[0], argv[1], JS_MKVAL(JS_TAG_INT, 0)};
  JSValue woken = JS_Call(ctx, data[0], receiver, 3, none);
  double count;
  if (woken.tag != JS_TAG_EXCEPTION && argc > 2 && argv[2].tag != JS_TAG_UNDEFINED &&
      JS_ToFloat64(ctx, &count, argv[2]) != 0) {
    return JS_EXCEPTION;
  }
  return woken;
}

/* `bind` does not survive a refused allocation. That of few arguments is a small one, which is
   never refused; for many, it is tried first whether there is room. */
JSValue quickvm_bind(JSContext *ctx, JSValue receiver, int argc, JSValue *argv, int magic,
                     JSValue *data) {
  (void)magic;
  if (argc > 100) {
    void *room = js_malloc(ctx, (size_t)argc * sizeof *argv + (32 << 10));
    if (room == NULL) return JS_EXCEPTION;
    js_free(ctx, room);
  }
  return JS_Call(ctx, data[0], receiver, argc, argv);
}
