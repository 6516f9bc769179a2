'use strict';

// Stand-ins for the guest's objects: proxies whose every operation is one of the guest's.

const { inspect } = require('node:util');
const { shape, trap } = require('./wire.js');
const { homeOf } = require('./handles.js');
const { inspectorOf } = require('./hooks.js');

/** The handler of one stand-in, and what `homes` knows of it. */
class Handler {
  /**
   * @param bridge whose guest the object lives in
   * @param {number} slot of the object
   */
  constructor(bridge, slot) {
    this.bridge = bridge;
    this.table = bridge.guest;
    this.slot = slot;
    this.self = undefined;
    /** Of one of its intrinsics: where other guests have their own. */
    this.place = undefined;
    /** Answers in the object's place once the guest is gone. */
    this.fallback = undefined;
    /** Whether the target has properties of its own that can never change. */
    this.hasFixed = false;
  }

  ask(number, args) {
    const { owner } = this.bridge;
    if (this.fallback !== undefined && !owner.isUsable()) {
      if (number === trap.getPrototypeOf) return this.fallback;
      return Reflect[TRAP_NAMES[number]](this.fallback, ...args);
    }
    return owner.reflect(this.slot, number, args);
  }

  apply(_shadow, receiver, args) {
    return this.bridge.owner.call(this.slot, false, receiver, args);
  }

  construct(_shadow, args, target) {
    const derived = target === this.self ? undefined : target;
    return this.bridge.owner.call(this.slot, true, derived, args);
  }

  get(shadow, key, receiver) {
    const fixed = this.#fixed(shadow, key);
    if (fixed !== undefined) return fixed.value;
    const value = this.ask(trap.get, receiver === this.self ? [key] : [key, receiver]);
    return key === inspect.custom ? inspectorOf(value) : value;
  }

  set(_shadow, key, value, receiver) {
    if (receiver === this.self) return this.ask(trap.set, [key, value]);
    if (isProxy(receiver) && this.table.slotOf(receiver) !== undefined) {
      return this.ask(trap.set, [key, value, receiver]);
    }
    // An object of this side inherits from the guest's: the property becomes its own.
    const descriptor = this.ask(trap.getOwnPropertyDescriptor, [key]);
    const found = descriptor === undefined ? undefined : { [key]: descriptor };
    return Reflect.set(Object.create(this.getPrototypeOf(), found), key, value, receiver);
  }

  has(_shadow, key) {
    return this.ask(trap.has, [key]);
  }

  deleteProperty(_shadow, key) {
    return this.ask(trap.deleteProperty, [key]);
  }

  // A proxy must not contradict its target: what is said to be there for good is put there, too.

  getOwnPropertyDescriptor(shadow, key) {
    const fixed = this.#fixed(shadow, key);
    if (fixed !== undefined) return fixed;
    const descriptor = this.ask(trap.getOwnPropertyDescriptor, [key]);
    if (descriptor === undefined) return undefined;
    if (key === inspect.custom) guardInspector(descriptor, this.self);
    if (!descriptor.configurable || !Reflect.isExtensible(shadow)) {
      this.#define(shadow, key, descriptor);
    }
    return descriptor;
  }

  defineProperty(shadow, key, descriptor) {
    if (!this.ask(trap.defineProperty, [key, descriptor])) return false;
    const defined = this.ask(trap.getOwnPropertyDescriptor, [key]);
    if (defined?.configurable === false) this.#define(shadow, key, defined);
    return true;
  }

  ownKeys(shadow) {
    const keys = this.ask(trap.ownKeys, []);
    if (!Reflect.isExtensible(shadow)) this.#seal(shadow, keys);
    return keys;
  }

  getPrototypeOf() {
    return this.ask(trap.getPrototypeOf, []);
  }

  setPrototypeOf(_shadow, prototype) {
    return this.ask(trap.setPrototypeOf, [prototype]);
  }

  isExtensible(shadow) {
    const extensible = this.ask(trap.isExtensible, []);
    if (!extensible) this.#seal(shadow);
    return extensible;
  }

  preventExtensions(shadow) {
    const done = this.ask(trap.preventExtensions, []);
    if (done) this.#seal(shadow);
    return done;
  }

  #define(shadow, key, descriptor) {
    this.hasFixed = true;
    return Reflect.defineProperty(shadow, key, descriptor);
  }

  /** What can never change is what it was when it was first seen: it may cross as a copy. */
  #fixed(shadow, key) {
    if (!this.hasFixed) return undefined;
    const own = Reflect.getOwnPropertyDescriptor(shadow, key);
    return own?.configurable === false && own.writable === false ? own : undefined;
  }

  /** Makes the target like the guest's object, which can get no more properties. */
  #seal(shadow, keys = this.ask(trap.ownKeys, [])) {
    for (const key of Reflect.ownKeys(shadow)) {
      if (!keys.includes(key)) Reflect.deleteProperty(shadow, key);
    }
    for (const key of keys) {
      const descriptor = this.ask(trap.getOwnPropertyDescriptor, [key]);
      if (descriptor !== undefined) this.#define(shadow, key, descriptor);
    }
    if (!Reflect.isExtensible(shadow)) return;
    Reflect.setPrototypeOf(shadow, this.getPrototypeOf());
    Reflect.preventExtensions(shadow);
  }
}

function guardInspector(descriptor, standIn) {
  descriptor.value = inspectorOf(descriptor.get ? standIn[inspect.custom] : descriptor.value);
  delete descriptor.get;
  delete descriptor.set;
}

const TRAP_NAMES = Object.keys(trap);

// Node's inspection looks at a proxy's target, past all traps. There it finds this.
const inspectable = Object.create(null, { [inspect.custom]: { value: inspectStandIn } });

/** A new target, by what tests see that ask no trap. */
const SHADOWS = [];
SHADOWS[shape.OBJECT] = () => Object.create(inspectable);
SHADOWS[shape.ARRAY] = () => Object.setPrototypeOf([], inspectable);
SHADOWS[shape.FUNCTION] = () => bare(() => {});
SHADOWS[shape.CONSTRUCTOR] = () => bare(function standIn() {}.bind());

function bare(target) {
  delete target.name;
  delete target.length;
  return Object.setPrototypeOf(target, inspectable);
}

function standIn(bridge, slot, form) {
  const handler = new Handler(bridge, slot);
  handler.self = new Proxy(SHADOWS[form](), handler);
  return bridge.guest.set(slot, handler.self, handler);
}

/** Stand-ins being shown, since each is shown by a call of its own that knows no other. */
const shown = new Set();

function inspectStandIn(depth, options) {
  if (shown.has(this)) return options.stylize('[Circular]', 'special');
  shown.add(this);
  try {
    return inspect(portrait(this), { ...options, depth });
  } catch (error) {
    return options.stylize(`[${error?.code ?? 'unreadable'}]`, 'special');
  } finally {
    shown.delete(this);
  }
}

/** An object of this side that looks like a stand-in. */
function portrait(object) {
  const descriptors = Object.getOwnPropertyDescriptors(object);
  if (Array.isArray(object)) {
    const array = new Array(object.length);
    delete descriptors.length;
    Object.setPrototypeOf(array, Object.getPrototypeOf(object));
    return Object.defineProperties(array, descriptors);
  }
  if (typeof object === 'function') {
    // A class shows as one; what tells is that its prototype is there for good.
    const drawn = descriptors.prototype?.writable === false ? class {} : () => {};
    delete descriptors.prototype;
    Object.setPrototypeOf(drawn, Object.getPrototypeOf(object));
    return Object.defineProperties(drawn, descriptors);
  }
  return Object.create(Object.getPrototypeOf(object), descriptors);
}

/** Lets `fallback` answer for a stand-in whose guest is gone. */
function fallBack(value, fallback) {
  const home = homeOf(value);
  if (home instanceof Handler) home.fallback ??= fallback;
}

/** Whether a value is a stand-in that is a proxy. */
const isProxy = (value) => homeOf(value) instanceof Handler;

module.exports = { standIn, fallBack, isProxy };
