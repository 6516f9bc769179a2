/*
 * Knowing when the parser is at work. It and the compiler behind it do not survive a refused
 * allocation, and guest code gets there by itself, by `eval` and `Function`: where it may.
 *
 * Every way there goes through a function pointer in the realm's record, which the engine
 * offers no way to set. The function behind it parses and then runs what it has parsed; that
 * the guest runs again is seen by its first interrupt check, made to come at once.
 */
#include <string.h>

#include "guard.h"

typedef JSValue EvalFunction(JSContext *ctx, JSValue receiver, const char *source, size_t length,
                             const char *filename, int line, int flags, int scope);

int quickvm_admit_source(JSContext *ctx, size_t length);

static EvalFunction *engine_eval;

/* Where in a realm's record the interrupt count is; 0 when not known. */
static size_t count_offset;

static JSValue guarded_eval(JSContext *ctx, JSValue receiver, const char *source, size_t length,
                            const char *filename, int line, int flags, int scope) {
  struct quickvm_guard *guard = guard_of_ctx(ctx);
  const int was_fragile = guard->fragile;
  const int type = flags & JS_EVAL_TYPE_MASK;
  /* Rust evaluates scripts; of these two types is only what guests do. */
  const bool by_guest = type == JS_EVAL_TYPE_DIRECT || type == JS_EVAL_TYPE_INDIRECT;
  if (by_guest && quickvm_admit_source(ctx, length) != 0) return JS_EXCEPTION;
  guard->fragile = 1;
  if (count_offset != 0) {
    const int32_t at_once = 1;
    memcpy((char *)ctx + count_offset, &at_once, sizeof at_once);
  }
  JSValue result = engine_eval(ctx, receiver, source, length, filename, line, flags, scope);
  guard->fragile = was_fragile;
  return result;
}

/* Finds the pointer in the first `size` bytes of a realm's record: it is the one that the
   engine writes when it is told to support `eval`. Answers its offset, or 0. */
size_t quickvm_find_eval(JSContext *ctx, size_t size, size_t interrupt_count) {
  for (size_t offset = 0; offset + sizeof(void *) <= size; offset += sizeof(void *)) {
    char *place = (char *)ctx + offset;
    void *before, *after, *none = NULL;
    memcpy(&before, place, sizeof before);
    memcpy(place, &none, sizeof none);
    JS_AddIntrinsicEval(ctx);
    memcpy(&after, place, sizeof after);
    memcpy(place, &before, sizeof before);
    if (before != NULL && after == before) {
      memcpy(&engine_eval, &before, sizeof before);
      count_offset = interrupt_count;
      return offset;
    }
  }
  return 0;
}

/* Has the parser watched in a realm. */
void quickvm_watch_parser(JSContext *ctx, size_t offset) {
  EvalFunction *eval = guarded_eval;
  memcpy((char *)ctx + offset, &eval, sizeof eval);
}
