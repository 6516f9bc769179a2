'use strict';

// Buffers, views and atomics: loops over raw memory.

const BYTES = 'const a = new Uint8Array(1.5e7);';
const FLOATS = 'const a = new Float64Array(1e6);';

module.exports = {
  group: 'typed arrays',
  endless: {
    'fill of bytes': `${BYTES} for (;;) a.fill(1)`,
    'fill of floats': `${FLOATS} for (;;) a.fill(1.5)`,
    'fill of bigints': `const a = new BigInt64Array(2e6); for (;;) a.fill(1n)`,
    'sort of bytes': `${BYTES} for (let i = 0; i < 1e5; i++) a[i * 100] = i; for (;;) a.sort()`,
    'sort of floats': `${FLOATS} for (let i = 0; i < 1e6; i += 7) a[i] = -i; for (;;) a.sort(), a.reverse()`,
    'sort with a comparator': `${FLOATS} for (;;) a.sort((x, y) => y - x)`,
    'sort with an endless comparator': `new Uint8Array(4).sort(() => { for (;;); })`,
    toSorted: `const a = new Float64Array(1e6); for (;;) a.toSorted()`,
    reverse: `${BYTES} for (;;) a.reverse()`,
    toReversed: `const a = new Uint8Array(5e6); for (;;) a.toReversed()`,
    copyWithin: `${BYTES} for (;;) a.copyWithin(0, 1)`,
    'set of the same kind': `const a = new Uint8Array(8e6), b = new Uint8Array(8e6); for (;;) a.set(b)`,
    'set of another kind': `const a = new Uint8Array(1e6), b = new Float64Array(1e6); for (;;) a.set(b)`,
    'set of an array-like': `const a = new Uint8Array(2e7); for (;;) a.set({ length: 2e7 })`,
    slice: `const a = new Uint8Array(1e7); for (;;) a.slice(1)`,
    'subarray without end': `const a = new Uint8Array(8); for (;;) a.subarray(1)`,
    indexOf: `${BYTES} for (;;) a.indexOf(1)`,
    lastIndexOf: `${BYTES} for (;;) a.lastIndexOf(1)`,
    includes: `${FLOATS} for (;;) a.includes(NaN)`,
    join: `const a = new Uint8Array(1e6); for (;;) a.join()`,
    toLocaleString: `const a = new Uint8Array(1e5); for (;;) a.toLocaleString()`,
    with: `const a = new Uint8Array(5e6); for (;;) a.with(0, 1)`,
    'conversion from an array': `const a = new Array(5e5).fill(1); for (;;) new Float64Array(a)`,
    'conversion from another kind': `const a = new Uint8Array(1e6); for (;;) new Float64Array(a)`,
    'of a long array-like': `for (;;) new Uint8Array({ length: 2e7 })`,
    callbacks: `${BYTES} for (;;) a.every(() => true)`,
    'slice of a buffer': `const b = new ArrayBuffer(1e7); for (;;) b.slice(1)`,
    'resize of a buffer': `const b = new ArrayBuffer(1, { maxByteLength: 1e7 }); for (;;) b.resize(1e7), b.resize(0)`,
    'transfer of a buffer': `let b = new ArrayBuffer(1e7); for (;;) b = b.transfer(b.byteLength === 1e7 ? 1e7 - 1 : 1e7)`,
    'new buffers': `for (;;) new ArrayBuffer(1e7)`,
    'reads of a DataView': `const v = new DataView(new ArrayBuffer(8)); for (;;) v.getBigUint64(0)`,
    'Atomics.add': `const a = new Int32Array(1); for (;;) Atomics.add(a, 0, 1)`,
    'Atomics.notify': `const a = new Int32Array(new SharedArrayBuffer(4)); for (;;) Atomics.notify(a, 0)`,
  },
  growing: {
    'buffers that are kept': `const kept = []; for (;;) kept.push(new ArrayBuffer(65536))`,
    'views that are kept': `const kept = [], b = new ArrayBuffer(8); for (;;) kept.push(new Uint8Array(b))`,
    'of an endless iterator': `new Uint8Array({ *[Symbol.iterator]() { for (;;) yield 1 } })`,
  },
  ending: {
    'a huge buffer': `new ArrayBuffer(2 ** 40)`,
    'a huge view': `new Float64Array(2 ** 32)`,
    'a huge shared buffer': `new SharedArrayBuffer(2 ** 31)`,
    'a view of a huge array-like': `new Uint8Array({ length: 2 ** 33 })`,
    'Atomics.wait': `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)`,
  },
};
