'use strict';

/**
 * Instances of the app's classes stay in the sandbox; data and functions cross. An app passes
 * instances to its accessors all the same (a RocketChatAssociationRecord, a message with a class
 * inside), so this module turns them into plain data on their way out.
 */

/** A copy of `value` in which every class instance has become a plain object of its fields. */
function toPlain(value, seen = new Map()) {
  if (typeof value !== 'object' || value === null || crossesAsItIs(value)) {
    return value;
  }
  if (seen.has(value)) {
    return seen.get(value);
  }
  const copy = Array.isArray(value) ? [] : {};
  seen.set(value, copy);
  for (const [key, field] of Object.entries(value)) {
    copy[key] = toPlain(field, seen);
  }
  return copy;
}

function crossesAsItIs(value) {
  return (
    value instanceof Date ||
    value instanceof RegExp ||
    value instanceof Map ||
    value instanceof Set ||
    value instanceof Error ||
    value instanceof Promise ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value)
  );
}

/** The same tree of host functions, each called with plain arguments. */
function withPlainArguments(functions) {
  return Object.fromEntries(
    Object.entries(functions).map(([name, member]) => [
      name,
      typeof member === 'function'
        ? (...values) => member(...values.map((value) => toPlain(value)))
        : withPlainArguments(member),
    ]),
  );
}

module.exports = { toPlain, withPlainArguments };
