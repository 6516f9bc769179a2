'use strict';

// The format of everything that crosses; src/membrane/wire.rs describes it. The numbers are the
// same there, which a test checks.

const tag = {
  UNDEFINED: 0,
  NULL: 1,
  TRUE: 2,
  FALSE: 3,
  INTEGER: 4,
  NUMBER: 5,
  BIGINT: 6,
  LATIN1: 7,
  UTF16: 8,
  WELL_KNOWN_SYMBOL: 9,
  REGISTERED_SYMBOL: 10,
  HOLE: 11,
  REFERENCE: 12,
  HOME: 13,
  SYMBOL: 14,
  FUNCTION: 15,
  PROMISE: 16,
  OBJECT: 17,
  ARRAY: 18,
  SPARSE_ARRAY: 19,
  MAP: 20,
  SET: 21,
  DATE: 22,
  REGEXP: 23,
  ERROR: 24,
  ARRAY_BUFFER: 25,
  TYPED_ARRAY: 26,
  DATA_VIEW: 27,
  BOXED: 28,
  INSTANCE: 29,
  PLACEHOLDER: 30,
  STAND_IN: 31,
  INTRINSIC: 32,
  HOME_ERROR: 33,
  CONTEXT: 40,
};

const op = {
  RUN: 0,
  COMPILE: 1,
  RUN_SCRIPT: 2,
  CALL: 3,
  SETTLE: 4,
  FIRE_TIMER: 5,
  REQUIRE: 6,
  GLOBAL: 7,
  GLOBAL_SET: 8,
  REFLECT: 9,
  COPY: 10,
  UNHANDLED: 12,
  FAILED: 13,
  CREATE_CONTEXT: 40,
  RUN_IN_CONTEXT: 41,
  DRAIN: 42,
  CONTEXT_GET: 43,
  CONTEXT_LIST: 44,
  CONTEXT_CHANGE: 45,
  DROP_CONTEXT: 46,
};

const names = { UNKNOWN: 0, SAME: 1, THESE: 2 };

const property = { ABSENT: 0, DATA: 1, ACCESSOR: 2, KEPT: 3 };

const change = { END: 0, DELETE: 1, DECLARE: 2, SET: 3, DEFINE: 4, ACCESSOR: 5 };

const status = { RETURN: 0, THROW: 1, STOP: 2, UNCROSSABLE: 3 };

/** Marks a host slot of which the guest only keeps what stands for it. */
const IDLE = 0x80000000;

/** The host slots of what the guest's builtins need; the host's own values have higher ones. */
const service = {
  CONSOLE: 0,
  START_TIMER: 1,
  STOP_TIMER: 2,
  REFERENCE_TIMER: 3,
  RESOLVE_MODULE: 4,
  LOAD_MODULE: 5,
  COMPILE_MODULE: 6,
  REPORT_ERROR: 7,
  END: 16,
};

/** What is done to an object; `Trap` in src/engine/proxy.rs has the same numbers. */
const TRAPS = [
  'get',
  'set',
  'has',
  'deleteProperty',
  'getOwnPropertyDescriptor',
  'defineProperty',
  'ownKeys',
  'getPrototypeOf',
  'setPrototypeOf',
  'isExtensible',
  'preventExtensions',
];

/** The numbers of `TRAPS`, by name. */
const trap = Object.fromEntries(TRAPS.map((name, number) => [name, number]));

/** What an object is to tests that no trap answers; `Shape` in src/engine/proxy.rs. */
const shape = { OBJECT: 0, ARRAY: 1, FUNCTION: 2, CONSTRUCTOR: 3 };
/** Added to the shape of a guest's intrinsic: its place follows. */
const INTRINSIC_SHAPE = 0x80;

const WELL_KNOWN_SYMBOLS = [
  Symbol.iterator,
  Symbol.asyncIterator,
  Symbol.hasInstance,
  Symbol.isConcatSpreadable,
  Symbol.match,
  Symbol.matchAll,
  Symbol.replace,
  Symbol.search,
  Symbol.species,
  Symbol.split,
  Symbol.toPrimitive,
  Symbol.toStringTag,
  Symbol.unscopables,
  // Older versions of Node have no such symbols of their own.
  Symbol.dispose ?? Symbol.for('nodejs.dispose'),
  Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose'),
];

const ERROR_CLASSES = [
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  AggregateError,
];

const TYPED_ARRAYS = [
  'Uint8ClampedArray',
  'Int8Array',
  'Uint8Array',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
];

module.exports = {
  tag,
  op,
  names,
  property,
  change,
  status,
  service,
  trap,
  shape,
  INTRINSIC_SHAPE,
  IDLE,
  TRAPS,
  WELL_KNOWN_SYMBOLS,
  ERROR_CLASSES,
  TYPED_ARRAYS,
};
