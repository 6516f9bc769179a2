'use strict';

// `cachedData` is a certificate, not a cache: it says for which source text it was made. Bytecode
// from outside cannot be verified and would reach past the heap, so none is ever taken in.

const { createHash } = require('node:crypto');
const { version } = require('../package.json');

function createCachedData(code) {
  const digest = createHash('sha256').update(code).digest();
  return Buffer.concat([Buffer.from(`quickvm ${version}\n`), digest]);
}

const matches = (cachedData, code) =>
  Buffer.compare(
    createCachedData(code),
    new Uint8Array(cachedData.buffer, cachedData.byteOffset, cachedData.byteLength),
  ) === 0;

/** The fields about cached data that Node puts on a script or function. */
function cachedDataFields(code, { cachedData, produceCachedData }) {
  return {
    ...(cachedData !== undefined && { cachedDataRejected: !matches(cachedData, code) }),
    ...(produceCachedData && { cachedData: createCachedData(code), cachedDataProduced: true }),
  };
}

module.exports = { createCachedData, cachedDataFields };
