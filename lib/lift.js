'use strict';

// Lifting: bytes from the guest become host values. The other half is src/membrane/lift.rs.

const { inspect } = require('node:util');
const mailbox = require('./mailbox.js');
const { Watched, homeOf } = require('./handles.js');
const { intrinsicAt } = require('./intrinsics.js');
const { standIn, fallBack } = require('./stand-in.js');
const { isHook } = require('./hooks.js');
const { sentMessage } = require('./lower-error.js');
const {
  tag,
  INTRINSIC_SHAPE,
  WELL_KNOWN_SYMBOLS,
  ERROR_CLASSES,
  TYPED_ARRAYS,
} = require('./wire.js');

/** In an error: it is only shown, so it needs no identity. */
const NO_SLOT = 0xffffffff;

/** Sets an own property whatever its name, also where a prototype has a setter for it. */
function define(object, key, value, enumerable = true) {
  Reflect.defineProperty(object, key, { value, writable: true, enumerable, configurable: true });
}

/** What stands for a value that is only shown, such as `[Function: f]`. */
class Placeholder {
  #text;
  constructor(text) {
    this.#text = text;
  }
  [inspect.custom]() {
    return this.#text;
  }
  toString() {
    return this.#text;
  }
}

/** An object that shows as an instance of the guest's class of that name. */
function instanceOf(name) {
  const Shown = { [name]: class {} }[name];
  return Object.create(Shown.prototype);
}

/** Values from one look at the clock to the next, less one: a mask. */
const OFTEN = 1023;

/** Thrown by what reads a message when the guest's time is over. */
class Late extends Error {
  #late;
  static is(value) {
    return typeof value === 'object' && value !== null && #late in value;
  }
}

/** Reads the values of one message from the mailbox. Runs no code but its own. */
class Lift {
  /** @param bridge whose tables of handles the values belong to */
  constructor(bridge) {
    this.bridge = bridge;
    this.objects = [];
    this.count = 0;
    /** When it is to be done. */
    this.until = Infinity;
  }

  /** Also what takes the host long is under the deadline, for the guest has made it. */
  get isLate() {
    return performance.now() > this.until;
  }

  values() {
    const values = new Array(mailbox.readU32());
    for (let i = 0; i < values.length; i++) values[i] = this.value();
    return values;
  }

  value() {
    return this.tagged(mailbox.readByte());
  }

  tagged(kind) {
    if ((++this.count & OFTEN) === 0 && this.isLate) throw new Late();
    switch (kind) {
      case tag.UNDEFINED:
        return undefined;
      case tag.NULL:
        return null;
      case tag.TRUE:
        return true;
      case tag.FALSE:
        return false;
      case tag.INTEGER:
        return mailbox.readI32();
      case tag.NUMBER:
        return mailbox.readF64();
      case tag.LATIN1:
      case tag.UTF16:
        return mailbox.readText(kind);
      case tag.BIGINT: {
        const negative = mailbox.readByte() !== 0;
        const value = BigInt(`0x${mailbox.readString()}`);
        return negative ? -value : value;
      }
      case tag.WELL_KNOWN_SYMBOL:
        return WELL_KNOWN_SYMBOLS[mailbox.readI32()];
      case tag.REGISTERED_SYMBOL:
        return this.bridge.registeredSymbol(mailbox.readString());
      case tag.SYMBOL:
        return this.bridge.guestSymbol(mailbox.readU32(), this.value());
      case tag.REFERENCE:
        return this.objects[mailbox.readU32()];
      default:
        return this.object(kind);
    }
  }

  object(kind) {
    switch (kind) {
      case tag.OBJECT:
        return this.properties(this.number({}));
      case tag.ARRAY:
        return this.array();
      case tag.SPARSE_ARRAY: {
        const array = this.number([]);
        array.length = mailbox.readU32();
        return this.properties(array);
      }
      case tag.HOME: {
        const value = this.bridge.host.get(mailbox.readU32());
        if (typeof value === 'symbol') return value;
        return this.number(Watched.is(value) ? value.promise : value);
      }
      case tag.CONTEXT:
        return this.number(this.bridge.contexts.object(mailbox.readU32()));
      case tag.STAND_IN: {
        const slot = mailbox.readU32();
        const form = mailbox.readByte();
        const place = form & INTRINSIC_SHAPE ? mailbox.readU32() : undefined;
        const known = this.bridge.guest.get(slot);
        const value = known ?? standIn(this.bridge, slot, form & ~INTRINSIC_SHAPE);
        if (place !== undefined) homeOf(value).place = place;
        return this.number(value);
      }
      case tag.INTRINSIC:
        return this.number(intrinsicAt(mailbox.readU32()));
      case tag.HOME_ERROR:
        return this.homeError();
      case tag.PROMISE:
        return this.number(this.bridge.guestPromise(mailbox.readU32()));
      case tag.MAP: {
        const map = this.number(new Map());
        for (let size = mailbox.readU32(); size > 0; size--) map.set(this.value(), this.value());
        return map;
      }
      case tag.SET: {
        const set = this.number(new Set());
        for (let size = mailbox.readU32(); size > 0; size--) set.add(this.value());
        return set;
      }
      case tag.DATE:
        return this.number(new Date(mailbox.readF64()));
      case tag.REGEXP: {
        const place = this.reserve();
        return this.fill(place, regexp(mailbox.readString(), mailbox.readString()));
      }
      case tag.ERROR:
        return this.error();
      case tag.ARRAY_BUFFER:
        return this.number(mailbox.readBytes().buffer);
      case tag.TYPED_ARRAY: {
        const place = this.reserve();
        const name = TYPED_ARRAYS[mailbox.readByte()];
        const args = [this.value(), mailbox.readF64(), mailbox.readF64()];
        // An older Node may not have the newest kinds; their bytes are better than nothing.
        const Kind = globalThis[name] ?? Uint16Array;
        const view = this.fill(place, new Kind(...args));
        // Only this side's prototypes come: Buffer's, or that of a class made of it.
        const prototype = this.value();
        return prototype === undefined ? view : Object.setPrototypeOf(view, prototype);
      }
      case tag.DATA_VIEW: {
        const place = this.reserve();
        const args = [this.value(), mailbox.readF64(), mailbox.readF64()];
        return this.fill(place, new DataView(...args));
      }
      case tag.BOXED: {
        const place = this.reserve();
        return this.fill(place, Object(this.value()));
      }
      case tag.INSTANCE:
        return this.properties(this.number(instanceOf(mailbox.readString())));
      case tag.PLACEHOLDER:
        return this.number(new Placeholder(mailbox.readString()));
      default:
        throw new Error(`a message from the guest breaks the format (${kind})`);
    }
  }

  array() {
    const array = this.number([]);
    const length = mailbox.readU32();
    for (let index = 0; index < length; index++) {
      const kind = mailbox.readByte();
      if (kind === tag.HOLE) array.length = index + 1;
      else array.push(this.tagged(kind));
    }
    return this.properties(array);
  }

  properties(object) {
    for (let count = mailbox.readU32(); count > 0; count--) {
      const key = mailbox.readString();
      const value = this.value();
      if (key === '__proto__') define(object, key, value);
      else object[key] = value;
    }
    return object;
  }

  error() {
    const place = this.reserve();
    const index = mailbox.readByte();
    const slot = mailbox.readU32();
    const name = mailbox.readString();
    const message = mailbox.readString();
    const stack = mailbox.readString();
    // The same error crossing again is the same object here, too; its parts are read all the
    // same, for they stand in the message.
    const known = slot === NO_SLOT ? undefined : this.bridge.guest.get(slot);
    const error = this.fill(place, known ?? newError(index, name, message, stack));
    if (known === undefined && slot !== NO_SLOT) this.bridge.guest.set(slot, error);
    if (mailbox.readByte() !== 0) define(error, 'cause', this.value(), false);
    for (let count = mailbox.readU32(); count > 0; count--) {
      const key = mailbox.readString();
      const value = this.value();
      if (key !== 'name' || typeof value === 'string') define(error, key, value, key !== 'errors');
    }
    const prototype = this.value();
    if (known === undefined && prototype !== undefined) {
      // Read also when the sandbox is gone.
      fallBack(prototype, Object.getPrototypeOf(error));
      Object.setPrototypeOf(error, prototype);
    }
    return error;
  }

  /** An error of this side comes back, with what the guest has changed about its copy. */
  homeError() {
    const error = this.number(this.bridge.host.get(mailbox.readU32()));
    const message = mailbox.readString();
    const open = !this.bridge.exposures.of(error).readonly && Object.isExtensible(error);
    if (open && message !== sentMessage(error)) define(error, 'message', message, false);
    for (let count = mailbox.readU32(); count > 0; count--) {
      const key = mailbox.readString();
      const value = this.value();
      if (!open || isHook(key, value)) continue;
      const before = Object.getOwnPropertyDescriptor(error, key);
      const isCopy = (part) => typeof part === 'object' && part !== null;
      // What crossed as a copy has come back as another one, which tells nothing.
      if (before === undefined) define(error, key, value);
      else if (before.writable && !(isCopy(value) && isCopy(before.value))) error[key] = value;
    }
    return error;
  }

  /** Gives a new object its number in this message. */
  number(object) {
    this.objects.push(object);
    return object;
  }

  /** A number for an object that needs its parts first. */
  reserve() {
    return this.objects.push(undefined) - 1;
  }

  fill(place, object) {
    this.objects[place] = object;
    return object;
  }
}

function regexp(source, flags) {
  try {
    return new RegExp(source, flags);
  } catch {
    // The guest's engine may know syntax that this Node does not.
    return new Placeholder(`/${source}/${flags}`);
  }
}

function newError(index, name, message, stack) {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0; // the guest's own stack replaces it
  const ErrorClass = ERROR_CLASSES[index] ?? Error;
  const error =
    ErrorClass === AggregateError ? new AggregateError([], message) : new ErrorClass(message);
  Error.stackTraceLimit = stackTraceLimit;
  define(error, 'stack', stack, false);
  if (name !== '' && error.name !== name) define(error, 'name', name, false);
  return error;
}

module.exports = { Late, Lift };
