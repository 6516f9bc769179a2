'use strict';

// What of a host object a guest may see and do: which policy is for it, and the marks that the host
// puts on values. Answers the operations of the guest's proxies.

const { inspect, types } = require('node:util');
const { TRAPS } = require('./wire.js');
const { SandboxError, optionsError } = require('./errors.js');
const { isFixed } = require('./intrinsics.js');
const { isStandIn } = require('./handles.js');
const { isNodeHook } = require('./hooks.js');
const { isOwned } = require('./platform.js');
const { operationsOf, accessorOf, WITHOUT, everything } = require('./policies.js');

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
    const name = TRAPS[number];
    if (name === 'set' && isOther(args[2], object) && accessorOf(object, args[0]) === undefined) {
      return this.reflect(args[2], number, args.slice(0, 2));
    }
    const exposure = this.of(object);
    if (CHANGES.has(name) && !mayChange(object, args[0], exposure)) return false;
    const operations = operationsOf(exposure);
    // Node's inspection would call it with more than the guest may have.
    if (args[0] === inspect.custom && name in WITHOUT) return WITHOUT[name];
    const result = operations[name](object, args, exposure);
    if (!exposure.readonly) return result;
    // What is reached through a readonly object is readonly, too.
    if (name === 'get' || name === 'getPrototypeOf') this.#inherit(result);
    if (name === 'getOwnPropertyDescriptor' && result !== undefined) {
      this.#inherit(result.value);
      // By its setter it could be changed all the same.
      if ('set' in result) result.set = undefined;
    }
    return result;
  }

  #inherit(value) {
    if (isObject(value)) this.#inherited.set(value, { readonly: true });
  }

  /** What crosses as a copy of a readonly object leads to the same things as the object. */
  inheritParts(container) {
    if (types.isMap(container)) {
      for (const part of [...Map.prototype.entries.call(container)].flat(1)) this.#inherit(part);
    } else if (types.isSet(container)) {
      for (const part of Set.prototype.values.call(container)) this.#inherit(part);
    } else if (types.isNativeError(container)) {
      for (const part of Object.values(Object.getOwnPropertyDescriptors(container)))
        this.#inherit(part.value);
    } else if (types.isPromise(container)) {
      // Comes before what tells the guest, which is asked for later.
      const inherit = (part) => this.#inherit(part);
      Promise.prototype.then.call(container, inherit, inherit);
    }
  }

  /** Whether a guest may have the class make objects of a class of its own. */
  allowsDerived(target) {
    return operationsOf(this.of(target)) === everything;
  }
}

/** Whether anything at all may be changed there; more than that the policy says. */
const mayChange = (object, key, { readonly }) => !readonly && !isOwned(object) && !isNodeHook(key);

/** Whether a receiver is a host object that was not asked itself. */
const isOther = (receiver, object) =>
  isObject(receiver) && receiver !== object && !isStandIn(receiver);

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
