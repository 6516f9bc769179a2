'use strict';

// The host's intrinsics, of every realm that objects come from. They never cross: the guest gets
// its own in their place.

const list = require('./realm.js');
const { homeOf, isStandIn } = require('./handles.js');

const GLOBAL_FUNCTIONS = [
  'eval',
  'parseInt',
  'parseFloat',
  'isNaN',
  'isFinite',
  'decodeURI',
  'decodeURIComponent',
  'encodeURI',
  'encodeURIComponent',
  'escape',
  'unescape',
];

/** This realm's, by the numbers of the format. */
const own = list();
/** Where an intrinsic is found: `{ index, key }`; without a key it is the list's element. */
const places = new WeakMap();
/** Parts of intrinsics that have no place: guests may see them, not change them. */
const fixed = new WeakSet();
/** Each known realm's `Object.prototype`. */
const roots = new WeakSet();
/** Each known realm's global object. */
const globals = new WeakSet();

const isObject = (value) =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

function add(intrinsics, global) {
  globals.add(global);
  const [, branded] = intrinsics;
  const place = (value, index, key) => {
    if (isObject(value) && !places.has(value)) places.set(value, { index, key });
  };
  intrinsics.forEach((holder, index) => {
    place(holder, index, undefined);
  });
  for (const name of GLOBAL_FUNCTIONS) place(global[name], intrinsics.length, name);
  intrinsics.forEach((holder, index) => {
    if (!isObject(holder)) return;
    for (const key of Reflect.ownKeys(holder)) {
      const { value, get, set } = Reflect.getOwnPropertyDescriptor(holder, key);
      if (typeof value === 'function' && index < branded) place(value, index, key);
      for (const part of [value, get, set]) {
        if (isObject(part) && !places.has(part)) fixed.add(part);
      }
    }
  });
  roots.add(
    intrinsics.find((holder) => isObject(holder) && Object.getPrototypeOf(holder) === null),
  );
}

add(own, globalThis);

const textOf = Function.prototype.call.bind(Function.prototype.toString);

/** Code of another realm of this process is at the end of every chain of prototypes there. */
function discover(object) {
  let root = object;
  for (let next = root; next !== null; next = Object.getPrototypeOf(next)) {
    if (isStandIn(next)) return;
    root = next;
  }
  if (roots.has(root)) return;
  const RealmObject = Reflect.getOwnPropertyDescriptor(root, 'constructor')?.value;
  if (typeof RealmObject !== 'function' || isStandIn(RealmObject)) return;
  if (RealmObject.prototype !== root) return;
  if (!textOf(RealmObject).startsWith('function Object()')) return;
  roots.add(root);
  const RealmFunction = Object.getPrototypeOf(RealmObject).constructor;
  try {
    add(...RealmFunction(`return [(${textOf(list)})(), globalThis]`)());
  } catch {
    // A realm that may not make code from strings: its own constructors at least.
    const known = [Object, Object.prototype, Function, Function.prototype];
    const here = [RealmObject, root, RealmFunction, RealmFunction.prototype];
    here.forEach((value, i) => {
      places.set(value, { index: own.indexOf(known[i]), key: undefined });
    });
  }
}

/** The place of an intrinsic of any realm, or undefined if the object is none. */
function placeOf(object) {
  const index = homeOf(object)?.place;
  // Another guest's: this one gets its own, too.
  if (index !== undefined) return index < own.length ? { index, key: undefined } : undefined;
  const place = places.get(object);
  if (place !== undefined) return place;
  discover(object);
  return places.get(object);
}

module.exports = {
  placeOf,
  /** The intrinsic of this realm at a place that the guest named. */
  intrinsicAt: (index) => own[index],
  isFixed: (object) => fixed.has(object) || homeOf(object)?.place >= own.length,
  isGlobal: (object) => globals.has(object),
};
