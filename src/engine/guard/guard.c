/*
 * Leaving the engine by a jump.
 *
 * Every call from Rust into the engine sets a jump (calls.h), and every call from the
 * engine into Rust takes it away for as long as it lasts (callbacks.h, and the memory
 * functions below). So what a jump skips are frames of the engine's C code and of these
 * files, never Rust, a host's function or a lock. A runtime that was left so is condemned:
 * calls of it answer at once, and a callback that comes back to it jumps on.
 */
#include "guard.h"

#include <assert.h>

/* Into the engine. */

static JSValue throw_type_error(JSContext *ctx, const char *message) {
  return JS_ThrowTypeError(ctx, "%s", message);
}

static JSValue throw_range_error(JSContext *ctx, const char *message) {
  return JS_ThrowRangeError(ctx, "%s", message);
}

/* The assertion fails where a callback has no trampoline: its frame could be skipped. */
#define GUARDED(is_fragile, work, answer)             \
  if (guard->condemned == NOT_CONDEMNED) {            \
    struct frame frame;                               \
    assert(guard->frame == NULL);                     \
    if (SET_JUMP(frame.jump) == 0) {                  \
      const int was_fragile = guard->fragile;         \
      guard->fragile = is_fragile;                    \
      guard->frame = &frame;                          \
      work;                                           \
      guard->frame = NULL;                            \
      guard->fragile = was_fragile;                   \
      answer;                                         \
    }                                                 \
  }

#define CALL_AS(is_fragile, owner, type, name, failed, parameters, arguments) \
  type name parameters;                                                       \
  type quickvm_##name parameters {                                            \
    struct quickvm_guard *guard = guard_of_##owner(owner);                    \
    GUARDED(is_fragile, type result = name arguments, return result)          \
    return failed;                                                            \
  }

#define CALL(...) CALL_AS(0, __VA_ARGS__)
#define FRAGILE_CALL(...) CALL_AS(1, __VA_ARGS__)
#define VOID_CALL(owner, name, parameters, arguments)      \
  void name parameters;                                    \
  void quickvm_##name parameters {                         \
    struct quickvm_guard *guard = guard_of_##owner(owner); \
    GUARDED(0, name arguments, return)                     \
  }

#include "calls.h"

/* Out of the engine. */

static inline struct frame *leave(struct quickvm_guard *guard) {
  struct frame *frame = guard->frame;
  guard->frame = NULL;
  return frame;
}

static inline void come_back(struct quickvm_guard *guard, struct frame *frame) {
  if (guard->condemned != NOT_CONDEMNED && frame != NULL) {
    guard->frame = frame;
    quickvm_jump(guard, guard->condemned);
  }
  take_frame(guard, frame);
}

#define CALLBACK(owner, type, name, parameters, arguments) \
  type quickvm_on_##name parameters;                       \
  type quickvm_##name parameters {                         \
    struct quickvm_guard *guard = guard_of_##owner(owner); \
    struct frame *frame = leave(guard);                    \
    type result = quickvm_on_##name arguments;             \
    come_back(guard, frame);                               \
    return result;                                         \
  }

#define VOID_CALLBACK(owner, name, parameters, arguments)  \
  void quickvm_on_##name parameters;                       \
  void quickvm_##name parameters {                         \
    struct quickvm_guard *guard = guard_of_##owner(owner); \
    struct frame *frame = leave(guard);                    \
    quickvm_on_##name arguments;                           \
    come_back(guard, frame);                               \
  }

#include "callbacks.h"

/* The memory functions, which are Rust's, too. */

/* Up to this size, which is that of the engine's arenas of small blocks, a refusal could hit
   any of a thousand places in the engine. The few that ask for more are prepared for it. */
#define SMALL 4200

/* What the engine gets for a request: never a refusal that would break it. */
static void *granted(struct quickvm_guard *guard, struct frame *frame, void *pointer,
                     size_t size) {
  take_frame(guard, frame);
  if (pointer == NULL && frame != NULL && (guard->fragile || size <= SMALL)) {
    quickvm_jump(guard, OUT_OF_MEMORY);
  }
  return pointer;
}

static void *guarded_malloc(void *opaque, size_t size) {
  struct quickvm_guard *guard = opaque;
  struct frame *frame = leave(guard);
  void *pointer = guard->memory.js_malloc(guard->heap, size);
  return granted(guard, frame, pointer, size);
}

static void *guarded_calloc(void *opaque, size_t count, size_t size) {
  struct quickvm_guard *guard = opaque;
  struct frame *frame = leave(guard);
  void *pointer = guard->memory.js_calloc(guard->heap, count, size);
  return granted(guard, frame, pointer, count * size);
}

static void *guarded_realloc(void *opaque, void *pointer, size_t size) {
  struct quickvm_guard *guard = opaque;
  struct frame *frame = leave(guard);
  void *moved = guard->memory.js_realloc(guard->heap, pointer, size);
  return granted(guard, frame, moved, size);
}

static void guarded_free(void *opaque, void *pointer) {
  struct quickvm_guard *guard = opaque;
  struct frame *frame = leave(guard);
  guard->memory.js_free(guard->heap, pointer);
  take_frame(guard, frame);
}

/* Makes `guard` the one through which a runtime asks for its memory. */
void quickvm_guard_memory(struct quickvm_guard *guard, JSMallocFunctions *functions) {
  guard->memory = *functions;
  functions->js_malloc = guarded_malloc;
  functions->js_calloc = guarded_calloc;
  functions->js_realloc = guarded_realloc;
  functions->js_free = guarded_free;
}
