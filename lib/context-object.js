'use strict';

// The objects of the host that contexts stand for: what they have, and what guests do to them.

const { inspect, types } = require('node:util');
const mailbox = require('./mailbox.js');
const { change } = require('./wire.js');

/** Attributes of a property, as the guest has them. */
const CONFIGURABLE = 1;
const WRITABLE = 2;
const ENUMERABLE = 4;
const INHERITED = 8;
/** What an assignment makes. */
const PLAIN = CONFIGURABLE | WRITABLE | ENUMERABLE;

/** More names than these are not told beforehand. */
const MOST_NAMES = 500;

/** Names that the language has for values of its own, whatever a guest declares. */
const FIXED = new Set(['undefined', 'NaN', 'Infinity']);

/** Makes one change. */
function apply(object, kind, key, descriptor) {
  // The last is what Node's inspection of the object would call.
  if (FIXED.has(key) || key === inspect.custom) return false;
  switch (kind) {
    case change.DELETE:
      return Reflect.deleteProperty(object, key);
    case change.SET:
      // A key like any other here.
      if (key !== '__proto__') return Reflect.set(object, key, descriptor.value);
      return Reflect.defineProperty(object, key, { ...descriptor, ...attributesOf(PLAIN) });
    default:
      return Reflect.defineProperty(object, key, descriptor);
  }
}

/** Reads all changes before one of them is made, for that may run foreign code. */
function readChanges(lift) {
  const changes = [];
  for (let kind = mailbox.readByte(); kind !== change.END; kind = mailbox.readByte()) {
    const key = keyOf(lift.value());
    const entry = { kind, key, kept: false, descriptor: {} };
    if (kind === change.SET || kind === change.DEFINE) {
      if (kind === change.DEFINE) entry.descriptor = attributesOf(mailbox.readByte());
      entry.kept = mailbox.readByte() !== 0;
      entry.descriptor.value = lift.value();
    } else if (kind === change.ACCESSOR) {
      const { enumerable, configurable } = attributesOf(mailbox.readByte());
      entry.descriptor = { enumerable, configurable, get: lift.value(), set: lift.value() };
    }
    changes.push(entry);
  }
  return changes;
}

/** The guest's engine has numbers for small indices. */
const keyOf = (key) => (typeof key === 'number' ? String(key) : key);

const attributesOf = (bits) => ({
  configurable: (bits & CONFIGURABLE) !== 0,
  writable: (bits & WRITABLE) !== 0,
  enumerable: (bits & ENUMERABLE) !== 0,
});

/** Some realm's Object.prototype: what it has is the host's, and the guest has its own. */
function isObjectPrototype(object) {
  return (
    object === Object.prototype ||
    (Object.getPrototypeOf(object) === null &&
      Object.getOwnPropertyDescriptor(object, 'constructor')?.value?.prototype === object &&
      Object.hasOwn(object, 'hasOwnProperty'))
  );
}

/** The property of that name, of the object or of one of its prototypes. */
function lookUp(object, key) {
  for (let holder = object; holder !== null; holder = Object.getPrototypeOf(holder)) {
    const inherited = holder !== object;
    if (inherited && isObjectPrototype(holder)) return undefined;
    let descriptor = Reflect.getOwnPropertyDescriptor(holder, key);
    if (descriptor === undefined && types.isProxy(holder)) {
      if (!Reflect.has(holder, key)) return undefined;
      const value = Reflect.get(holder, key, object);
      descriptor = { value, configurable: true, writable: true, enumerable: true };
    }
    if (descriptor !== undefined) {
      const attributes =
        (descriptor.configurable ? CONFIGURABLE : 0) |
        (descriptor.writable ? WRITABLE : 0) |
        (descriptor.enumerable ? ENUMERABLE : 0) |
        (inherited ? INHERITED : 0);
      return { descriptor, attributes };
    }
  }
  return undefined;
}

/** All names by which `lookUp` finds something; none when that cannot be told. */
function namesOf(object) {
  const found = [];
  for (let holder = object; holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (types.isProxy(holder)) return undefined;
    if (holder !== object && isObjectPrototype(holder)) break;
    found.push(...Reflect.ownKeys(holder));
    if (found.length > MOST_NAMES) return undefined;
  }
  return found;
}

module.exports = { PLAIN, apply, keyOf, lookUp, namesOf, readChanges };
