'use strict';

// What of a host object a guest may see and do: policies, and the marks that the host puts on
// values. Answers the operations of the guest's proxies.

const { inspect } = require('node:util');
const { TRAPS } = require('./wire.js');
const { SandboxError, optionsError } = require('./errors.js');
const { isFixed } = require('./intrinsics.js');

/**
 * How an object is exposed.
 * @typedef {{ policy?: 'safe' | 'transparent', copy?: boolean, readonly?: boolean,
 *   only?: Set<PropertyKey> }} Exposure
 */

/** @type {WeakMap<object, Exposure>} what the host said of a value, for every sandbox */
const marks = new WeakMap();

const isObject = (value) =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

function mark(value, exposure) {
  if (isObject(value)) marks.set(value, { ...marks.get(value), ...exposure });
  return value;
}

const FIXED = { policy: 'transparent', readonly: true };

/** What one sandbox exposes. */
class Exposures {
  #policy;
  #byDefault;
  /** What the policy function said of an object. */
  #answers = new WeakMap();
  /** What came out of readonly objects. */
  #inherited = new WeakMap();
  #revoked = new WeakSet();

  /** @param {'safe' | 'transparent' | ((object: object) => unknown)} policy */
  constructor(policy) {
    this.#policy = typeof policy === 'function' ? policy : undefined;
    this.#byDefault = { policy: typeof policy === 'function' ? 'safe' : policy };
  }

  /** @returns {Exposure} */
  of(object) {
    if (isFixed(object)) return FIXED;
    const base = this.#policy === undefined ? this.#byDefault : this.#asked(object);
    const inherited = this.#inherited.get(object);
    const marked = marks.get(object);
    if (inherited === undefined && marked === undefined) return base;
    return { ...base, ...inherited, ...marked };
  }

  #asked(object) {
    let exposure = this.#answers.get(object);
    if (exposure === undefined) {
      exposure = fromPolicy(this.#policy(object));
      this.#answers.set(object, exposure);
    }
    return exposure;
  }

  revoke(object) {
    if (!isObject(object)) {
      throw new TypeError(`only objects and functions can be revoked; got ${typeof object}`);
    }
    this.#revoked.add(object);
  }

  assertNotRevoked(object, sandbox) {
    if (!this.#revoked.has(object)) return;
    const message = `the host has revoked this ${typeof object}`;
    throw new SandboxError('ERR_SANDBOX_REVOKED', message, { sandbox });
  }

  /** Carries out what the guest did to its proxy of `object`. */
  reflect(object, number, args) {
    const exposure = this.of(object);
    const name = TRAPS[number];
    if (exposure.readonly && CHANGES.has(name)) return false;
    const operations = exposure.policy === 'transparent' ? transparent(exposure) : safe;
    const result = operations[name](object, args, exposure);
    if (!exposure.readonly) return result;
    // What is reached through a readonly object is readonly, too.
    if (name === 'get' || name === 'getPrototypeOf') this.#inherit(result);
    if (name === 'getOwnPropertyDescriptor' && result !== undefined) this.#inherit(result.value);
    return result;
  }

  #inherit(value) {
    if (isObject(value)) this.#inherited.set(value, { readonly: true });
  }
}

const POLICIES = ['safe', 'transparent'];

function fromPolicy(answer) {
  if (POLICIES.includes(answer)) return { policy: answer };
  if (answer === 'copy') return { policy: 'safe', copy: true };
  if (answer === 'readonly') return { policy: 'safe', readonly: true };
  const { policy = 'safe', copy = false, readonly = false, only, ...unknown } = Object(answer);
  const valid =
    isObject(answer) &&
    Object.getPrototypeOf(Object(answer)) === Object.prototype &&
    POLICIES.includes(policy) &&
    typeof copy === 'boolean' &&
    typeof readonly === 'boolean' &&
    (only === undefined || isNames(only)) &&
    Object.keys(unknown).length === 0;
  if (valid) return { policy, copy, readonly, only: only && new Set(only) };
  const accepted =
    "'safe', 'transparent', 'copy', 'readonly' or { policy, copy, readonly, only: [names] }";
  throw optionsError(`option 'policy' must answer ${accepted}; got ${inspect(answer)}`);
}

/** Whether a value is a list of property names. */
const isNames = (value) =>
  Array.isArray(value) && value.every((name) => ['string', 'symbol'].includes(typeof name));

const CHANGES = new Set([
  'set',
  'deleteProperty',
  'defineProperty',
  'setPrototypeOf',
  'preventExtensions',
]);

/** Everything, as `vm` does. */
const everything = Object.fromEntries(
  TRAPS.map((name) => [name, (object, args) => Reflect[name](object, ...args)]),
);
everything.get = (object, [key, receiver = object]) => {
  // Sloppy functions of the host would show who called them, and with what.
  if (typeof object === 'function' && (key === 'caller' || key === 'arguments')) return null;
  return Reflect.get(object, key, receiver);
};

const transparent = ({ only }) => (only === undefined ? everything : safe);

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

/**
 * Has a value cross as a copy, with all that is in it; of a stand-in, makes that copy now.
 * @template T @param {T} value @returns {T}
 */
const markCopy = (value) => mark(value, { copy: true });

module.exports = {
  Exposures,
  markCopy,
  isNames,
  markReadonly: (value) => mark(value, { readonly: true }),
  markOnly: (value, names) => mark(value, { only: new Set(names) }),
};
