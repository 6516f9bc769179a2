'use strict';

// The intrinsics of a realm: constructors, prototypes and namespaces that every ECMAScript engine
// has. The function's text runs in the guest's realms, too, and in other realms of the host, so it
// must not use anything of this module. Only what every supported Node has may be listed: the
// places in the list are numbers of the format.
//
// The first two elements are places: up to where the host uses its own when it meets the guest's as
// an inherited property, and from where on methods need an object made on their own side.

module.exports = () => {
  const proto = Object.getPrototypeOf;
  const classes = [
    [Object, Array, String, Number, Boolean, Symbol, BigInt, Date, RegExp, Promise, Map, Set],
    [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError],
    [AggregateError, ArrayBuffer, DataView, proto(Uint8Array), Float32Array, Float64Array],
    [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
    [BigInt64Array, BigUint64Array],
  ].flat();
  const { keys, values, entries } = Array.prototype;
  const list = [0, 0, ...classes, keys, values, entries];
  list[0] = list.length;
  // Never in a guest's hand what makes code of text on the other side.
  const functions = [function* () {}, async () => {}, async function* () {}];
  classes.push(Function, ...functions.map((sample) => proto(sample).constructor));
  list.push(...classes.slice(-4));
  for (const Class of classes) list.push(Class.prototype);
  const arrayIterator = proto([][Symbol.iterator]());
  const asyncGenerator = proto(functions[2].prototype);
  list.push(Math, JSON, Reflect, Atomics, Proxy, proto(arrayIterator), proto(asyncGenerator));
  const weak = [WeakMap, WeakSet, WeakRef, FinalizationRegistry, SharedArrayBuffer];
  list.push(...weak);
  list[1] = list.length;
  for (const Class of weak) list.push(Class.prototype);
  list.push(arrayIterator, proto(new Map().entries()), proto(new Set().values()));
  list.push(proto(''[Symbol.iterator]()), proto(''.matchAll(/x/g)));
  list.push(proto(functions[0].prototype), asyncGenerator);
  return list;
};
