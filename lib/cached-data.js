'use strict';

// Cached data: bytecode under a seal. What it was made from is part of the seal, so data for other
// text, another place or another use is not taken; src/engine/seal.rs has the format.

const { Buffer } = require('node:buffer');
const native = require('./native.js');
const { cacheSecret } = require('./cache-secret.js');

/**
 * What code was compiled from.
 * @typedef {object} Source
 * @property {string} text
 * @property {{ filename: string, lineOffset: number, columnOffset: number }} origin
 * @property {'script' | 'function'} use as what it was checked before it was compiled
 */

/** All of it as bytes, from which it could be told again: no two have the same. */
function bytesOf({ text, origin, use }) {
  const { filename, lineOffset, columnOffset } = origin;
  // JSON keeps lone surrogates, and has no NUL.
  const start = JSON.stringify([use, filename, lineOffset, columnOffset]);
  return Buffer.concat([Buffer.from(`${start}\0`), Buffer.from(text, 'utf16le')]);
}

/** @returns {Buffer} */
function createCachedData(bytecode, source) {
  return bytecode.seal(cacheSecret(), bytesOf(source));
}

/**
 * The bytecode in cached data; undefined if it was not made here of that source.
 * @param {ArrayBufferView} data
 */
function openCachedData(data, source) {
  // A copy, for whoever shares the memory could change what has been checked.
  const own = Buffer.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return native.NativeScript.unseal(own, cacheSecret(), bytesOf(source)) ?? undefined;
}

module.exports = { createCachedData, openCachedData };
