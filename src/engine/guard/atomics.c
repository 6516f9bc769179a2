/*
 * `Atomics.notify` without the engine's lock. All runtimes of the process share that lock,
 * and whoever was left by a jump while holding it would hold it for ever. Nobody waits:
 * runtimes may not block. So it is called to wake none, for which it takes no lock.
 */
#include "engine.h"

JSValue JS_Call(JSContext *ctx, JSValue function, JSValue receiver, int argc, JSValue *argv);
int JS_ToFloat64(JSContext *ctx, double *number, JSValue value);

/* A function of the engine's kind; its data is the original. */
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
