/*
 * The part of quickjs.h that is needed here, as it is for 64-bit machines. A test compiles
 * this together with the original.
 */
#ifndef QUICKVM_ENGINE_H
#define QUICKVM_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef QUICKJS_H

typedef struct JSRuntime JSRuntime;
typedef struct JSContext JSContext;
typedef struct JSEvalOptions JSEvalOptions;
typedef struct JSPropertyEnum JSPropertyEnum;
typedef struct JSPropertyDescriptor JSPropertyDescriptor;
typedef struct JSModuleDef JSModuleDef;
typedef struct JSCFunctionListEntry JSCFunctionListEntry;
typedef struct JSGCObjectHeader JSGCObjectHeader;
typedef void JS_MarkFunc(JSRuntime *rt, JSGCObjectHeader *object);
typedef uint32_t JSAtom;

typedef union JSValueUnion {
  int32_t int32;
  double float64;
  void *ptr;
  int64_t short_big_int;
} JSValueUnion;

typedef struct JSValue {
  JSValueUnion u;
  int64_t tag;
} JSValue;

typedef JSValue JSCFunction(JSContext *ctx, JSValue receiver, int argc, JSValue *argv);
typedef JSValue JSCFunctionData(JSContext *ctx, JSValue receiver, int argc, JSValue *argv,
                                int magic, JSValue *data);

typedef struct JSMallocFunctions {
  void *(*js_calloc)(void *opaque, size_t count, size_t size);
  void *(*js_malloc)(void *opaque, size_t size);
  void (*js_free)(void *opaque, void *pointer);
  void *(*js_realloc)(void *opaque, void *pointer, size_t size);
  size_t (*js_malloc_usable_size)(const void *pointer);
} JSMallocFunctions;

#define JS_EVAL_TYPE_MASK 3
#define JS_EVAL_TYPE_DIRECT 2
#define JS_EVAL_TYPE_INDIRECT 3
#define JS_TAG_INT 0
#define JS_TAG_UNDEFINED 3
#define JS_TAG_EXCEPTION 6
#define JS_MKVAL(tag_, value) ((JSValue){(JSValueUnion){.int32 = (value)}, (tag_)})
#define JS_UNDEFINED JS_MKVAL(JS_TAG_UNDEFINED, 0)
#define JS_EXCEPTION JS_MKVAL(JS_TAG_EXCEPTION, 0)

/* C enumerations are ints to those who call. */
typedef int JSCFunctionEnum;
typedef int JSTypedArrayEnum;

#endif

JSRuntime *JS_GetRuntime(JSContext *ctx);
void *JS_GetRuntimeOpaque(JSRuntime *rt);
JSValue JS_ThrowTypeError(JSContext *ctx, const char *format, ...);
JSValue JS_ThrowRangeError(JSContext *ctx, const char *format, ...);
int JS_AddIntrinsicEval(JSContext *ctx);

#endif
