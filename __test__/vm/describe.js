'use strict';

const { inspect, types } = require('node:util');

/** A value as text or plain data, the same for two values that programs cannot tell apart. */
function describe(value, depth = 6) {
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value !== 'object' || value === null) return inspect(value);
  if (typeof value.then === 'function') return 'a promise';
  if (isError(value)) return `${value.name} ${value.code ?? ''}: ${value.message}`;
  if (depth === 0) return '…';
  if (Array.isArray(value)) return value.map((element) => describe(element, depth - 1));
  return Object.fromEntries(
    Reflect.ownKeys(value).map((key) => [inspect(key), describe(value[key], depth - 1)]),
  );
}

// Not by class: each engine has its own ones.
const isError = (value) => types.isNativeError(value);

/** What `use` throws, as class, code and message; or what it answers. */
function thrown(use) {
  try {
    return { value: describe(use()) };
  } catch (error) {
    return describe(error);
  }
}

/** The class and code of what `use` throws: messages of the engines themselves differ. */
function kindThrown(use) {
  try {
    return { value: describe(use()) };
  } catch (error) {
    return `${error.name} ${error.code ?? ''}`;
  }
}

/** The stack of what `use` throws: the lines down to the message, and the guest's frames. */
function stackThrown(use) {
  try {
    return { value: describe(use()) };
  } catch (error) {
    return String(error.stack);
  }
}

module.exports = { describe, thrown, kindThrown, stackThrown };
