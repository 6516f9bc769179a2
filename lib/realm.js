'use strict';

// The intrinsics of a realm: constructors, prototypes and namespaces that every ECMAScript engine
// has. The function's text runs in the guest's realms, too, and in other realms of the host, so it
// must not use anything of this module. Only what every supported Node has may be listed: the
// places in the list are numbers of the format. The first element is the place from which on the
// objects' methods stay on their side: they need an object made there, not a stand-in for one.

module.exports = () => {
  const proto = Object.getPrototypeOf;
  const functions = [function* () {}, async () => {}, async function* () {}];
  const classes = [
    [Object, Function, Array, String, Number, Boolean, Symbol, BigInt, Date, RegExp, Promise],
    [Map, Set, ArrayBuffer, DataView, proto(Uint8Array)],
    [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError],
    [AggregateError, Float32Array, Float64Array, BigInt64Array, BigUint64Array],
    [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
    functions.map((sample) => proto(sample).constructor),
  ].flat();
  const arrayIterator = proto([][Symbol.iterator]());
  const asyncGenerator = proto(functions[2].prototype);
  const list = [0, Math, JSON, Reflect, Atomics, Proxy];
  list.push(proto(arrayIterator), proto(asyncGenerator));
  for (const constructor of classes) list.push(constructor, constructor.prototype);
  const weak = [WeakMap, WeakSet, WeakRef, FinalizationRegistry, SharedArrayBuffer];
  list.push(...weak);
  list[0] = list.length;
  for (const constructor of weak) list.push(constructor.prototype);
  list.push(arrayIterator, proto(new Map().entries()), proto(new Set().values()));
  list.push(proto(''[Symbol.iterator]()), proto(''.matchAll(/x/g)));
  list.push(proto(functions[0].prototype), asyncGenerator);
  return list;
};
