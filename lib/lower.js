'use strict';

// Lowering: host values become bytes for the guest. The other half is src/membrane/lower.rs.

const { Buffer } = require('node:buffer');
const { types } = require('node:util');
const mailbox = require('./mailbox.js');
const { Watched } = require('./handles.js');
const { placeOf, isGlobal } = require('./intrinsics.js');
const { cleanOf } = require('./platform.js');
const { NOBODY } = require('./nobody.js');
const { isDomException, lowerError } = require('./lower-error.js');
const { Uncrossable, step, within } = require('./uncrossable.js');
const { isConstructor } = require('./constructors.js');
const { Numbers } = require('./numbers.js');
const { tag, shape, WELL_KNOWN_SYMBOLS, TYPED_ARRAYS } = require('./wire.js');

const WELL_KNOWN_INDEX = new Map(WELL_KNOWN_SYMBOLS.map((symbol, index) => [symbol, index]));
/** Above this length an array with mostly holes is written by its indices. */
const DENSE_LENGTH = 1024;

/** Objects of any realm made by a literal, or without a prototype. */
function isPlain(object) {
  const prototype = Object.getPrototypeOf(object);
  return (
    prototype === Object.prototype ||
    prototype === null ||
    Object.getPrototypeOf(prototype) === null
  );
}

/** Writes the values of one message into the mailbox. */
class Lower {
  /** @param bridge whose tables of handles the values belong to */
  constructor(bridge) {
    this.bridge = bridge;
    this.count = 0;
    this.numbers = undefined;
    this.copies = undefined;
    this.fresh = undefined;
    /** Whether what is written is part of a copy. */
    this.copying = false;
  }

  /** One value that error paths call `name`. */
  named(value, name) {
    try {
      this.value(value);
    } catch (error) {
      throw within(error, name);
    }
  }

  /** An object made for this message, whose properties cross one by one. */
  record(object) {
    if (object === undefined) return mailbox.byte(tag.UNDEFINED);
    this.count++;
    return Array.isArray(object) ? this.array(object) : this.plain(object);
  }

  /** Takes back the handles that only this message would have named. */
  rollBack(since = 0) {
    if (this.fresh === undefined) return;
    for (const slot of this.fresh.splice(since)) this.bridge.host.release(slot);
  }

  value(value) {
    switch (typeof value) {
      case 'undefined':
        return mailbox.byte(tag.UNDEFINED);
      case 'boolean':
        return mailbox.byte(value ? tag.TRUE : tag.FALSE);
      case 'number':
        if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
          mailbox.byte(tag.INTEGER);
          return mailbox.u32(value);
        }
        mailbox.byte(tag.NUMBER);
        return mailbox.f64(value);
      case 'string':
        return mailbox.string(value);
      case 'bigint':
        mailbox.byte(tag.BIGINT);
        mailbox.byte(value < 0n ? 1 : 0);
        return mailbox.string((value < 0n ? -value : value).toString(16));
      case 'symbol':
        return this.symbol(value);
      case 'function':
        return this.object(cleanOf(value), this.function);
      default:
        return value === null ? mailbox.byte(tag.NULL) : this.object(value, this.other);
    }
  }

  /** Numbers an object and writes it, or a reference if it was there before. */
  object(value, write) {
    const numbers = this.#numbers();
    const number = numbers.get(value);
    if (number !== undefined) {
      mailbox.byte(tag.REFERENCE);
      return mailbox.u32(number);
    }
    numbers.set(value, this.count++);
    const context = this.bridge.contexts?.given(value);
    if (context !== undefined) {
      mailbox.byte(tag.CONTEXT);
      return mailbox.u32(context);
    }
    const home = this.bridge.guest.slotOf(value);
    this.bridge.guest.meet(value);
    if (home !== undefined) {
      mailbox.byte(tag.HOME);
      return mailbox.u32(home);
    }
    const place = this.bridge.host.slotOf(value) === undefined ? placeOf(value) : undefined;
    if (place === undefined) return write.call(this, isGlobal(value) ? NOBODY : value);
    mailbox.byte(tag.INTRINSIC);
    mailbox.u32(place.index);
    return this.value(place.key);
  }

  function(value) {
    const exposure = this.bridge.exposures.of(value);
    // What has no properties to see needs no proxy.
    if (exposure.policy === 'safe' && exposure.only === undefined) return this.callable(value);
    return this.standIn(value, isConstructor(value) ? shape.CONSTRUCTOR : shape.FUNCTION);
  }

  /** An object is one where it is live and another where it is copied. */
  #numbers() {
    if (this.copying) {
      this.copies ??= new Numbers();
      return this.copies;
    }
    this.numbers ??= new Numbers();
    return this.numbers;
  }

  other(value) {
    const { exposures } = this.bridge;
    const { copy, readonly } = exposures.of(value);
    if (readonly) exposures.inheritParts(value);
    if (this.copying || !copy) return this.kindOf(value);
    const number = this.#numbers().get(value);
    this.copying = true;
    // A circle leads back to the copy.
    this.#numbers().set(value, number);
    try {
      return this.kindOf(value, true);
    } finally {
      this.copying = false;
    }
  }

  /** @param {boolean} [isMarked] whether it is the object that the host wants a copy of */
  kindOf(value, isMarked = false) {
    if (types.isNativeError(value) || isDomException(value)) return lowerError(this, value);
    if (types.isPromise(value)) return this.promise(value);
    if (ArrayBuffer.isView(value)) return this.view(value);
    if (types.isArrayBuffer(value)) {
      mailbox.byte(tag.ARRAY_BUFFER);
      return mailbox.bytes(new Uint8Array(value));
    }
    if (types.isDate(value)) {
      mailbox.byte(tag.DATE);
      return mailbox.f64(Date.prototype.getTime.call(value));
    }
    if (types.isRegExp(value)) {
      mailbox.byte(tag.REGEXP);
      mailbox.string(value.source);
      return mailbox.string(value.flags);
    }
    if (types.isMap(value)) return this.map(value);
    if (types.isSet(value)) return this.set(value);
    if (types.isBoxedPrimitive(value)) {
      mailbox.byte(tag.BOXED);
      return this.value(value.valueOf());
    }
    if (this.copying) return this.copy(value, isMarked);
    return this.standIn(value, Array.isArray(value) ? shape.ARRAY : shape.OBJECT);
  }

  standIn(value, form) {
    mailbox.byte(tag.STAND_IN);
    mailbox.u32(this.keep(value));
    mailbox.byte(form);
  }

  /** A part of a copy. What the host marks is copied whatever its class, if it has fields. */
  copy(value, isMarked) {
    if (Array.isArray(value)) return this.array(value);
    if (isPlain(value) || (isMarked && !hasHiddenContent(value))) return this.plain(value);
    throw new Uncrossable(describe(value));
  }

  plain(object) {
    mailbox.byte(tag.OBJECT);
    this.properties(object, Object.keys(object));
  }

  properties(object, keys) {
    mailbox.u32(keys.length);
    let key;
    try {
      for (key of keys) {
        mailbox.string(key);
        this.value(object[key]);
      }
    } catch (error) {
      throw within(error, step(key));
    }
  }

  array(array) {
    const { length } = array;
    const keys = Object.keys(array);
    if (length > DENSE_LENGTH && keys.length < length / 2) {
      mailbox.byte(tag.SPARSE_ARRAY);
      mailbox.u32(length);
      return this.properties(array, keys);
    }
    mailbox.byte(tag.ARRAY);
    mailbox.u32(length);
    let present = 0;
    let index = 0;
    try {
      for (; index < length; index++) {
        const element = array[index];
        if (element === undefined && !Object.hasOwn(array, index)) {
          mailbox.byte(tag.HOLE);
        } else {
          present++;
          this.value(element);
        }
      }
    } catch (error) {
      throw within(error, step(index));
    }
    // Indices come first among the keys.
    this.properties(array, keys.length > present ? keys.slice(present) : []);
  }

  map(map) {
    const entries = [...Map.prototype.entries.call(map)];
    mailbox.byte(tag.MAP);
    mailbox.u32(entries.length);
    entries.forEach(([key, value], index) => {
      this.named(key, `<key ${index}>`);
      this.named(
        value,
        typeof key === 'string' ? `.get(${JSON.stringify(key)})` : `<value ${index}>`,
      );
    });
  }

  set(set) {
    const values = [...Set.prototype.values.call(set)];
    mailbox.byte(tag.SET);
    mailbox.u32(values.length);
    values.forEach((value, index) => {
      this.named(value, `<value ${index}>`);
    });
  }

  view(view) {
    const { buffer, byteOffset, byteLength } = view;
    if (types.isSharedArrayBuffer(buffer)) throw new Uncrossable('a view on a SharedArrayBuffer');
    // Node cuts small Buffers from a common pool, whose other content is nobody's business.
    const pooled =
      Buffer.isBuffer(view) ||
      (buffer.byteLength === Buffer.poolSize && byteLength < buffer.byteLength);
    const whole = pooled ? new Uint8Array(buffer, byteOffset, byteLength).slice().buffer : buffer;
    const offset = pooled ? 0 : byteOffset;
    if (types.isDataView(view)) {
      mailbox.byte(tag.DATA_VIEW);
      this.value(whole);
      mailbox.f64(offset);
      return mailbox.f64(byteLength);
    }
    const name = Buffer.isBuffer(view) ? 'Uint8Array' : typedArrayName(view);
    mailbox.byte(tag.TYPED_ARRAY);
    mailbox.byte(TYPED_ARRAYS.indexOf(name));
    this.value(whole);
    mailbox.f64(offset);
    mailbox.f64(view.length);
    // The guest has no Buffer of its own: where it may have the host's, a Buffer is one of it.
    const transparent = this.bridge.exposures.of(view).policy === 'transparent';
    if (Buffer.isBuffer(view) && transparent) this.value(Buffer.prototype);
    else mailbox.byte(tag.UNDEFINED);
  }

  /** Writes a value if it can cross; else leaves no trace and says so. */
  attempt(value) {
    return this.tentative(() => this.value(value));
  }

  /** The same for all that `write` writes. */
  tentative(write) {
    const { position } = mailbox;
    const { count } = this;
    const fresh = this.fresh?.length ?? 0;
    try {
      write();
      return true;
    } catch (error) {
      if (!Uncrossable.is(within(error, ''))) throw error;
      mailbox.position = position;
      this.count = count;
      this.numbers?.truncate(count);
      this.copies?.truncate(count);
      this.rollBack(fresh);
      return false;
    }
  }

  promise(promise) {
    mailbox.byte(tag.PROMISE);
    const known = this.bridge.host.slotOf(promise);
    const watched = known === undefined ? new Watched(promise) : this.bridge.host.get(known);
    const slot = known ?? this.keep(promise, watched);
    mailbox.u32(slot);
    // The guest may have collected its twin since it was told how the promise settled.
    if (known === undefined || watched.settled) this.bridge.watch(slot, watched);
  }

  callable(value) {
    mailbox.byte(tag.FUNCTION);
    mailbox.u32(this.keep(value));
    const name = Object.getOwnPropertyDescriptor(value, 'name')?.value;
    mailbox.string(typeof name === 'string' ? name : '');
    const length = Object.getOwnPropertyDescriptor(value, 'length')?.value;
    mailbox.u32(length >= 0 && length <= 0x7fffffff ? length : 0);
    mailbox.byte(isConstructor(value) ? 1 : 0);
  }

  symbol(symbol) {
    const index = WELL_KNOWN_INDEX.get(symbol);
    if (index !== undefined) {
      mailbox.byte(tag.WELL_KNOWN_SYMBOL);
      return mailbox.u32(index);
    }
    const key = Symbol.keyFor(symbol);
    if (key !== undefined) {
      mailbox.byte(tag.REGISTERED_SYMBOL);
      return mailbox.string(key);
    }
    const home = this.bridge.guest.slotOf(symbol) ?? this.bridge.symbols?.slotOf(symbol);
    if (home !== undefined) {
      mailbox.byte(tag.HOME);
      mailbox.u32(home);
      this.count++;
      return undefined;
    }
    mailbox.byte(tag.SYMBOL);
    mailbox.u32(this.keep(symbol));
    return this.value(symbol.description);
  }

  keep(value, entry) {
    const known = this.bridge.host.slotOf(value);
    if (known !== undefined) {
      this.bridge.host.strengthen(known, value);
      return known;
    }
    const slot = this.bridge.host.keep(value, entry);
    this.fresh ??= [];
    this.fresh.push(slot);
    return slot;
  }
}

const typedArrayName = Function.prototype.call.bind(
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
    .get,
);

const hasHiddenContent = (value) =>
  types.isSharedArrayBuffer(value) || types.isWeakMap(value) || types.isWeakSet(value);

function describe(value) {
  if (types.isSharedArrayBuffer(value)) return 'a SharedArrayBuffer';
  const name = value.constructor?.name;
  return typeof name === 'string' && name !== '' && name !== 'Object'
    ? `an instance of ${name}`
    : 'an object with a prototype of its own';
}

module.exports = { Lower };
