'use strict';

// Names that the language or Node call by themselves. Under one of them a function of the guest's
// would run in the midst of the host's own work, and see what that works with.

const { inspect } = require('node:util');

const CALLED = new Set(['then', 'toJSON']);
const WELL_KNOWN = new Set(
  Reflect.ownKeys(Symbol)
    .map((name) => Symbol[name])
    .filter((value) => typeof value === 'symbol'),
);

const isObject = (value) =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** Symbols that everybody has: the language's, and those of the registry, where Node's are. */
const isCommonSymbol = (key) =>
  typeof key === 'symbol' && (WELL_KNOWN.has(key) || Symbol.keyFor(key) !== undefined);

/**
 * Whether a property would have the host call the guest unasked.
 * @param {object} inherited what the object has its common methods from
 */
const isHook = (key, value, inherited = Object.prototype) =>
  isObject(value) &&
  (CALLED.has(key) ||
    isCommonSymbol(key) ||
    Reflect.has(inherited, key) ||
    Reflect.has(Object.prototype, key));

/** Symbols by which Node asks objects for functions of theirs. */
const isNodeHook = (key) => typeof key === 'symbol' && !!Symbol.keyFor(key)?.startsWith('nodejs.');

/** Inspectors that guests have made, as Node may call them. */
const guarded = new WeakMap();

/**
 * Node hands its own `inspect` to what is inspected, which would tell a guest of everything that it
 * holds, past all policies. So a guest's inspector gets one that shows primitive values.
 */
function inspectorOf(custom) {
  if (typeof custom !== 'function') return undefined;
  let inspector = guarded.get(custom);
  if (inspector === undefined) {
    inspector = function (depth, options) {
      const stylize = (text, kind) => options.stylize(String(text), String(kind));
      return Reflect.apply(custom, this, [depth, { depth, stylize }, showPrimitive]);
    };
    guarded.set(custom, inspector);
  }
  return inspector;
}

const showPrimitive = (value) => (isObject(value) ? `[${typeof value}]` : inspect(value));

module.exports = { isHook, isNodeHook, isCommonSymbol, inspectorOf };
