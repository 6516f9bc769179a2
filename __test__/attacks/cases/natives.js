'use strict';

const { notInVm } = require('./reasons.js');

const COPY = 'it arrives as a copy of the guest’s own class';

module.exports = [
  {
    id: 'date-set',
    technique: 'A date of the host’s set to another time',
    fails: COPY,
    given: () => ({ expires: new Date(0) }),
    guest: 'expires.setTime(1e15)',
    host: ({ given }) => given.expires.getTime() !== 0,
  },
  {
    id: 'regexp-state',
    technique: 'The state of a global expression of the host’s, so that its next check fails',
    fails: COPY,
    given: () => ({ forbidden: /evil/g }),
    guest: 'forbidden.lastIndex = 1000',
    host: ({ given }) => !given.forbidden.test('evil'),
  },
  {
    id: 'map-set',
    technique: 'A Map of settings written to',
    fails: COPY,
    given: () => ({ settings: new Map([['admin', false]]) }),
    guest: 'settings.set("admin", true)',
    host: ({ given }) => given.settings.get('admin'),
  },
  {
    id: 'set-cleared',
    technique: 'A Set of what is forbidden, emptied',
    fails: COPY,
    given: () => ({ forbidden: new Set(['eval']) }),
    guest: 'forbidden.clear()',
    host: ({ given }) => given.forbidden.size === 0,
  },
  {
    id: 'map-method-of-its-own',
    technique: '`get` put on a Map of the host’s',
    fails: COPY,
    given: () => ({ settings: new Map([['admin', false]]) }),
    guest: 'settings.get = () => true',
    host: ({ given }) => given.settings.get('admin'),
  },
  {
    id: 'map-value-class',
    technique: 'Up from what is in a Map or a Set',
    fails: 'what is in a copy crosses as everything does',
    given: () => ({ users: new Map([[{ id: 1 }, { name: 'ann' }]]), tags: new Set([{ t: 1 }]) }),
    guest: `
      for (const [key, value] of users) { take(key.constructor.constructor); take(value.constructor.constructor); }
      for (const tag of tags) take(tag.constructor.constructor);
      take(users.constructor.constructor);`,
  },
  {
    id: 'boxed-primitive',
    technique: 'Up from a boxed string',
    fails: COPY,
    given: () => ({ name: Object('ann') }),
    guest: 'take(name.constructor.constructor); take(name.at.constructor)',
  },
  {
    id: 'buffer-pool',
    technique: 'The memory under a small Buffer, which it shares with those of others',
    fails: 'of a Buffer the guest gets its own bytes in a memory of their own',
    known: 'vm2, Node’s documentation',
    given({ secret }) {
      const other = Buffer.from(secret);
      return { bytes: Buffer.from(`${other.length}`) };
    },
    guest: `
      take(String.fromCharCode(...new Uint8Array(bytes.buffer)));
      if (bytes.parent) take(String.fromCharCode(...new Uint8Array(bytes.parent)));`,
  },
  {
    id: 'buffer-pool-by-a-view',
    technique: 'The same of a typed array on the pool',
    fails: 'of a view on the pool the guest gets the bytes that it shows',
    given({ secret }) {
      const other = Buffer.from(secret);
      const { buffer, byteOffset } = Buffer.from(`${other.length}`);
      return { bytes: new Uint8Array(buffer, byteOffset, 2) };
    },
    guest: 'take(String.fromCharCode(...new Uint8Array(bytes.buffer)))',
  },
  {
    id: 'buffer-uninitialised',
    technique: '`allocUnsafe` of the class of a Buffer: memory as somebody has left it',
    fails: 'guests get `alloc` in its place, which clears',
    given: () => ({ bytes: Buffer.from('abc') }),
    guest: `
      for (const name of ['allocUnsafe', 'allocUnsafeSlow']) {
        const make = bytes.constructor[name];
        if (typeof make === 'function' && make.name === name) take('HOST memory');
      }`,
  },
  {
    id: 'buffer-of-the-host-changed',
    technique: 'The bytes of a passed Buffer or typed array overwritten',
    fails: COPY,
    given: () => ({ key: Buffer.from('key'), iv: new Uint8Array(2) }),
    guest: 'key.fill(0); iv[0] = 1; new DataView(iv.buffer).setUint8(1, 9)',
    host: ({ given: { key, iv } }) => key[0] === 0 || iv[0] === 1 || iv[1] === 9,
  },
  {
    id: 'buffer-of-the-host-taken',
    technique: 'The memory of a passed array buffer transferred away',
    fails: COPY,
    given: () => ({ body: new ArrayBuffer(8), clone: structuredClone }),
    guest: 'attempt(() => clone(body, { transfer: [body] })); attempt(() => body.transfer())',
    host: ({ given }) => given.body.byteLength === 0,
  },
  {
    id: 'shared-memory-by-a-field',
    technique: 'Shared memory, which is one on both sides, in a field: written to, or waited on',
    fails: 'shared memory does not cross',
    given: () => ({ job: { flags: new Int32Array(new SharedArrayBuffer(8)) } }),
    guest: 'attempt(() => { job.flags[0] = 1; }); attempt(() => { job.flags.buffer.constructor; })',
    host: ({ given }) => given.job.flags[0] === 1,
  },
  {
    id: 'shared-memory-itself',
    technique: 'A SharedArrayBuffer as it is, with a view of the guest’s on it',
    fails: 'what stands for it is no memory: the guest’s classes make no view of it',
    given: () => ({ job: { memory: new SharedArrayBuffer(8) } }),
    guest: 'attempt(() => { new Uint8Array(job.memory)[0] = 1; })',
    host: ({ given }) => new Uint8Array(given.job.memory)[0] === 1,
  },
  {
    id: 'message-memory',
    technique: 'What earlier messages have left in the memory that messages go through',
    fails: 'each buffer that crosses is a copy in the guest’s heap, as long as its content',
    given: ({ secret }) => ({
      note: () => `${secret}`.length,
      load: () => ({ secret: secret.repeat(9) }),
      bytes: () => new Uint8Array([1, 2, 3]),
    }),
    guest: `
      load(); note();
      const kept = bytes();
      take(String.fromCharCode(...new Uint8Array(kept.buffer)));
      if (kept.buffer.byteLength !== 3) take('HOST memory');`,
    except: notInVm('nothing is written anywhere'),
  },
];
