'use strict';

// What belongs to Node itself: its modules, classes, and what they make. A guest may use what it is
// given of them, but they are everybody's: it can neither change them nor see their private parts,
// from where it would get to what it was not given (the streams of a console, other timers).

const { Buffer } = require('node:buffer');
const { builtinModules } = require('node:module');
const { isCommonSymbol } = require('./hooks.js');

/** Those that no module exports. */
const GLOBALS = ['AbortController', 'AbortSignal', 'Event', 'EventTarget', 'console', 'process'];
/** Modules that complain when they are asked for. */
const DEPRECATED = new Set(['punycode', 'sys', 'domain', 'constants']);
const MODULE = 'NativeModule ';

/** Where a class's parts lead to others; guests get their own of these. */
const INTRINSIC = new Set([Object, Object.prototype, Function, Function.prototype]);

const owned = new WeakSet();
/** How many entries of the list of loaded modules have been looked at. */
let seen = 0;

const isObject = (value) =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

const isPrototype = (object) =>
  Object.getOwnPropertyDescriptor(object, 'constructor')?.value?.prototype === object;

/** Whether an object is no more than its members: a function, a class's prototype, a namespace. */
function isCollection(value) {
  if (typeof value === 'function' || isPrototype(value)) return true;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Takes an object, with all that it is made of. */
function own(object) {
  if (owned.has(object) || INTRINSIC.has(object)) return;
  owned.add(object);
  for (const key of Reflect.ownKeys(object)) {
    const { value, get, set } = Reflect.getOwnPropertyDescriptor(object, key);
    ownPart(value);
    ownPart(get);
    ownPart(set);
  }
}

function ownPart(part) {
  if (isObject(part) && !owned.has(part) && isCollection(part)) own(part);
}

/** Makes known what modules have come since. To look at one that nobody uses would load it. */
function learn() {
  const loaded = process.moduleLoadList;
  if (loaded.length === seen) return;
  if (seen === 0) {
    owned.add(process.env);
    for (const name of GLOBALS) if (isObject(globalThis[name])) own(globalThis[name]);
    for (const sample of [setTimeout(() => {}), setImmediate(() => {})]) {
      own(Object.getPrototypeOf(sample));
      clearTimeout(sample);
      clearImmediate(sample);
    }
  }
  for (const entry of loaded.slice(seen)) {
    const name = entry.startsWith(MODULE) ? entry.slice(MODULE.length) : '';
    if (!builtinModules.includes(name) || name.startsWith('_') || DEPRECATED.has(name)) continue;
    own(require(`node:${name}`));
  }
  seen = loaded.length;
}

/** Whether an object is one of Node's modules or classes, or a part of one. */
function isOwned(object) {
  if (owned.has(object)) return true;
  learn();
  return owned.has(object);
}

const isPrivateKey = (key) =>
  typeof key === 'symbol'
    ? !isCommonSymbol(key)
    : key.charCodeAt(0) === 0x5f && key !== '__proto__';

/** Whether a property is a private part of what Node has made. Classes have none: they are API. */
function isPrivate(object, key) {
  if (!isPrivateKey(key) || !Object.hasOwn(object, key)) return false;
  if (typeof object === 'function' || isPrototype(object)) return false;
  const prototype = Object.getPrototypeOf(object);
  return isOwned(object) || (prototype !== null && isOwned(prototype));
}

/** Functions that hand out memory as somebody has left it, and what guests get for them. */
const CLEAN = new Map([
  [Buffer.allocUnsafe, Buffer.alloc],
  [Buffer.allocUnsafeSlow, Buffer.alloc],
]);

module.exports = { isOwned, isPrivate, cleanOf: (f) => CLEAN.get(f) ?? f };
