/*
 * What the files of the guard share. See ARCHITECTURE.md, "Leaving by a jump".
 */
#ifndef QUICKVM_GUARD_H
#define QUICKVM_GUARD_H

#include <setjmp.h>
#include <stdatomic.h>

#include "engine.h"

/* Without the signal mask, which would cost system calls. */
#if defined(_WIN32)
#define SET_JUMP(buffer) setjmp(buffer)
#define JUMP(buffer) longjmp(buffer, 1)
#else
#define SET_JUMP(buffer) _setjmp(buffer)
#define JUMP(buffer) _longjmp(buffer, 1)
#endif

/* A call from Rust into the engine that is under way. */
struct frame {
  jmp_buf jump;
};

/* Why a runtime was left by a jump. */
enum condemnation { NOT_CONDEMNED, OUT_OF_MEMORY, OUT_OF_TIME, FAULT };

/* One for each runtime, outside its heap. `guard::Guard` in Rust begins with the same
   fields. What is volatile, the signal's handler reads or writes, too. */
struct quickvm_guard {
  /* The innermost call; null where no jump may start: outside of the engine, in the host's
     code, and in Rust. */
  struct frame *volatile frame;
  volatile int condemned;
  /* Whether the engine is at work where a refused allocation would break it. */
  int fragile;
  /* Whether a signal came while there was no frame. */
  volatile int missed;
  /* The signal by which the engine failed. */
  int fault;
  /* Whether another thread has put an end to it, and what it then has to stop, in
     nanoseconds. */
  const _Atomic(bool) *is_over;
  int64_t grace;
  JSMallocFunctions memory;
  void *heap;
};

static inline struct quickvm_guard *guard_of_rt(JSRuntime *rt) {
  return JS_GetRuntimeOpaque(rt);
}

static inline struct quickvm_guard *guard_of_ctx(JSContext *ctx) {
  return guard_of_rt(JS_GetRuntime(ctx));
}

/* Does what a signal would do now, if the guest is late: for one that came in vain. Its guard
   must have a frame. */
void quickvm_catch_up(struct quickvm_guard *guard);

static inline void take_frame(struct quickvm_guard *guard, struct frame *frame) {
  guard->frame = frame;
  if (guard->missed && frame != NULL) quickvm_catch_up(guard);
}

/* Leaves a runtime for good. Its guard must have a frame. */
static inline void quickvm_jump(struct quickvm_guard *guard, enum condemnation reason) {
  struct frame *frame = guard->frame;
  guard->condemned = reason;
  guard->frame = NULL;
  JUMP(frame->jump);
}

#endif
