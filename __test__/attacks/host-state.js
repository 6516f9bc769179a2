'use strict';

// All of the host that everybody in the process shares: its intrinsics, globals, modules and process.
// What a guest changes of it is found by comparing before and after.

const MODULES = [
  'events',
  'fs',
  'path',
  'util',
  'stream',
  'buffer',
  'url',
  'timers',
  'module',
  'http',
];

/** Of the class of modules. */
const CACHES = new Set(['_cache', '_pathCache']);

const isObject = (value) =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** Objects with a name each: what is reached from the globals and modules by data properties. */
function collect() {
  const found = new Map();
  const visit = (object, name, depth) => {
    if (!isObject(object) || found.has(object)) return;
    found.set(object, name);
    if (depth === 0) return;
    for (const key of Reflect.ownKeys(object)) {
      if (CACHES.has(key)) continue;
      const { value, get, set } = Reflect.getOwnPropertyDescriptor(object, key);
      for (const part of [value, get, set]) visit(part, `${name}.${String(key)}`, depth - 1);
    }
    visit(Object.getPrototypeOf(object), `${name}.__proto__`, depth - 1);
  };
  const samples = {
    generator: function* () {},
    async: async () => {},
    both: async function* () {},
  };
  for (const [name, sample] of Object.entries(samples)) visit(sample, name, 3);
  visit([][Symbol.iterator](), 'iterator', 2);
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const { value } = Object.getOwnPropertyDescriptor(globalThis, name);
    visit(value, name, name === 'process' ? 1 : 3);
  }
  for (const name of MODULES) visit(require(name), name, 2);
  found.set(globalThis, 'globalThis');
  found.set(process.env, 'process.env');
  return found;
}

const objects = collect();

/** What is busy by itself. */
const RESTLESS = new Set(['process.moduleLoadList']);

/** Nothing here may depend on what a guest could have changed: no iteration, no methods. */
const { ownKeys, getOwnPropertyDescriptor, getPrototypeOf, isExtensible } = Reflect;
const { deleteProperty, defineProperty, setPrototypeOf } = Reflect;
const { is } = Object;

const watched = [];
for (const [object, name] of objects) if (!RESTLESS.has(name)) watched.push({ object, name });

function describe() {
  const listeners = process.eventNames().map((name) => [name, process.listenerCount(name)]);
  return JSON.stringify([process.cwd(), process.argv, process.title, listeners]);
}

/** @returns what `restore` compares with */
function capture() {
  const states = watched.map(({ object }) => {
    const keys = ownKeys(object);
    const properties = keys.map((key) => getOwnPropertyDescriptor(object, key));
    return {
      prototype: getPrototypeOf(object),
      extensible: isExtensible(object),
      keys,
      properties,
    };
  });
  return { states, text: describe() };
}

const isSame = (a, b) =>
  is(a.value, b.value) &&
  a.get === b.get &&
  a.set === b.set &&
  a.writable === b.writable &&
  a.enumerable === b.enumerable &&
  a.configurable === b.configurable;

/** Node puts a value in the place of some getters when they are first used. */
const isFilledIn = (was, now) => was.get !== undefined && now !== undefined && 'value' in now;

function indexOf(list, element) {
  for (let i = 0; i < list.length; i++) if (list[i] === element) return i;
  return -1;
}

/** The names of what is not as it was, put back as far as it goes. */
function restore(before) {
  let changed = '';
  for (let i = 0; i < watched.length; i++) {
    const { object, name } = watched[i];
    const { prototype, extensible, keys, properties } = before.states[i];
    if (getPrototypeOf(object) !== prototype) {
      changed += `\n${name}.__proto__`;
      setPrototypeOf(object, prototype);
    }
    if (isExtensible(object) !== extensible) changed += `\n${name} is closed`;
    for (let k = 0; k < keys.length; k++) {
      const was = properties[k];
      const now = getOwnPropertyDescriptor(object, keys[k]);
      if ((now !== undefined && isSame(was, now)) || isFilledIn(was, now)) continue;
      changed += `\n${name}.${typeof keys[k] === 'symbol' ? 'a symbol' : keys[k]}`;
      defineProperty(object, keys[k], was);
    }
    const present = ownKeys(object);
    for (let k = 0; k < present.length && present.length !== keys.length; k++) {
      if (indexOf(keys, present[k]) >= 0) continue;
      changed += `\n${name}.${typeof present[k] === 'symbol' ? 'a symbol' : present[k]}`;
      deleteProperty(object, present[k]);
    }
  }
  if (describe() !== before.text) changed += '\nprocess';
  return changed.split('\n').slice(1);
}

module.exports = { capture, restore };
