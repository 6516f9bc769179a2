'use strict';

const { types } = require('node:util');

/**
 * A copy as a document database would keep and give back: plain objects and arrays by their own
 * enumerable properties, dates and bytes by value, functions and undefined left out.
 */
function toDocument(value) {
  if (value === null || typeof value !== 'object') return value;
  if (types.isDate(value)) return new Date(value.getTime());
  if (ArrayBuffer.isView(value)) return Buffer.from(value);
  if (Array.isArray(value)) return Array.from(value, toDocument);
  // As the drivers do: what knows how to be written, writes itself.
  if (typeof value.toJSON === 'function') return toDocument(value.toJSON());
  const kept = Object.keys(value).filter(
    (key) => !['function', 'undefined'].includes(typeof value[key]),
  );
  return Object.fromEntries(kept.map((key) => [key, toDocument(value[key])]));
}

module.exports = { toDocument };
