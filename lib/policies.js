'use strict';

// What the policies let a guest do to a host object: the operations of its proxies, by the names of
// their traps.

const { isActivation, isHidden } = require('./hidden.js');
const { isHook } = require('./hooks.js');
const { isPrivate } = require('./platform.js');
const { TRAPS } = require('./wire.js');

/** What is said of a property that is nobody's business. */
const WITHOUT = {
  get: undefined,
  set: false,
  has: false,
  deleteProperty: false,
  getOwnPropertyDescriptor: undefined,
  defineProperty: false,
};

function accessorOf(object, key) {
  for (let o = object; o !== null; o = Object.getPrototypeOf(o)) {
    const descriptor = own(o, key);
    if (descriptor !== undefined) return 'value' in descriptor ? undefined : descriptor;
  }
  return undefined;
}

/** Everything, as `vm` does. */
const everything = Object.fromEntries(
  TRAPS.map((name) => [name, (object, args) => Reflect[name](object, ...args)]),
);

everything.get = (object, [key, receiver = object]) => {
  if (isActivation(object, key)) return null;
  return isHidden(object, key) ? undefined : Reflect.get(object, key, receiver);
};
everything.getOwnPropertyDescriptor = (object, [key]) => {
  if (isHidden(object, key)) return undefined;
  const descriptor = own(object, key);
  if (descriptor !== undefined && isActivation(object, key)) descriptor.value = null;
  return descriptor;
};
everything.has = (object, [key]) => !isHidden(object, key) && Reflect.has(object, key);
everything.ownKeys = (object) => Reflect.ownKeys(object).filter((key) => !isHidden(object, key));
everything.set = (object, [key, value, receiver = object]) =>
  !isPrivate(object, key) && Reflect.set(object, key, value, receiver);
everything.defineProperty = (object, [key, descriptor]) =>
  !isPrivate(object, key) && Reflect.defineProperty(object, key, descriptor);
everything.deleteProperty = (object, [key]) =>
  !isPrivate(object, key) && Reflect.deleteProperty(object, key);

const operationsOf = ({ policy, only }) =>
  policy === 'transparent' && only === undefined ? everything : safe;

/** Properties that a policy shows, on an object or its prototypes: the descriptor, or undefined. */
function visible(object, key, { only }) {
  if (only !== undefined) return only.has(key) ? find(object, key) : undefined;
  if (typeof object === 'function') {
    return key === 'name' || key === 'length' ? own(object, key) : undefined;
  }
  if (isRecord(object)) {
    const descriptor = own(object, key);
    const shown = descriptor?.enumerable || (key === 'length' && Array.isArray(object));
    return shown ? descriptor : undefined;
  }
  if (key === 'constructor' || (typeof key === 'string' && /^[_#]/.test(key))) return undefined;
  // Methods and accessors; the object's own fields are its private matter.
  const found = find(Object.getPrototypeOf(object), key);
  const shown = typeof found?.value === 'function' || found?.get || found?.set;
  return shown ? found : undefined;
}

const own = Reflect.getOwnPropertyDescriptor;

/** The nearest descriptor below the intrinsics that all objects have. */
function find(object, key) {
  for (
    let o = object;
    o !== null && Object.getPrototypeOf(o) !== null;
    o = Object.getPrototypeOf(o)
  ) {
    const descriptor = own(o, key);
    if (descriptor !== undefined) return descriptor;
  }
  return undefined;
}

/** Arrays, and objects made by a literal of any realm or without a prototype. */
function isRecord(object) {
  if (Array.isArray(object)) return true;
  const prototype = Object.getPrototypeOf(object);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What stands for the prototype under this policy: an intrinsic. */
function base(object) {
  if (typeof object === 'function') return Function.prototype;
  if (Array.isArray(object)) return Array.prototype;
  return isRecord(object) && Object.getPrototypeOf(object) === null ? null : Object.prototype;
}

/** What all objects inherit. Accessors there would be asked about the object as it is. */
function inherited(prototype, key) {
  for (let o = prototype; o !== null; o = Object.getPrototypeOf(o)) {
    const descriptor = own(o, key);
    if (descriptor !== undefined && 'value' in descriptor) return descriptor.value;
    if (descriptor !== undefined) return key === '__proto__' ? prototype : undefined;
  }
  return undefined;
}

/** Only what an object is made to offer. */
const safe = {
  get(object, [key, receiver = object], exposure) {
    const descriptor = visible(object, key, exposure);
    if (descriptor === undefined) return inherited(base(object), key);
    if ('value' in descriptor) return descriptor.value;
    return descriptor.get === undefined ? undefined : Reflect.apply(descriptor.get, receiver, []);
  },

  set(object, [key, value, receiver = object], exposure) {
    const descriptor = visible(object, key, exposure);
    if (descriptor !== undefined && !('value' in descriptor)) {
      if (descriptor.set === undefined) return false;
      Reflect.apply(descriptor.set, receiver, [value]);
      return true;
    }
    if (descriptor === undefined && key === '__proto__') return value === base(object);
    if (isHook(key, value, base(object) ?? undefined)) return false;
    if (descriptor === undefined && !isOpen(object, key, exposure)) return false;
    if (descriptor !== undefined && !descriptor.writable) return false;
    const change = own(receiver, key) === undefined ? { ...DATA, value } : { value };
    return isRecord(object) && Reflect.defineProperty(receiver, key, change);
  },

  has: (object, [key], exposure) =>
    visible(object, key, exposure) !== undefined ||
    (base(object) !== null && Reflect.has(base(object), key)),

  deleteProperty(object, [key], exposure) {
    if (visible(object, key, exposure) === undefined) return own(object, key) === undefined;
    return isRecord(object) && Reflect.deleteProperty(object, key);
  },

  getOwnPropertyDescriptor(object, [key], exposure) {
    const shown = visible(object, key, exposure) !== undefined;
    return shown ? own(object, key) : undefined;
  },

  defineProperty(object, [key, descriptor], exposure) {
    // An accessor would have the host's own reads run guest code.
    if ('get' in descriptor || 'set' in descriptor) return false;
    if (isHook(key, descriptor.value, base(object) ?? undefined)) return false;
    const known = visible(object, key, exposure) !== undefined;
    if (!known && !isOpen(object, key, exposure)) return false;
    return isRecord(object) && Reflect.defineProperty(object, key, descriptor);
  },

  ownKeys: (object, _args, exposure) =>
    Reflect.ownKeys(object).filter(
      (key) => own(object, key) !== undefined && visible(object, key, exposure) !== undefined,
    ),

  getPrototypeOf: (object) => base(object),
  setPrototypeOf: (object, [prototype]) => prototype === base(object),
  isExtensible: (object) => !isRecord(object) || Reflect.isExtensible(object),
  preventExtensions: () => false,
};

const DATA = { writable: true, enumerable: true, configurable: true };

/** Whether a property that is not there may be added. */
const isOpen = (object, key, { only }) =>
  only === undefined && isRecord(object) && own(object, key) === undefined;

module.exports = { operationsOf, accessorOf, everything, WITHOUT };
