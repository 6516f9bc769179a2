'use strict';

const vm = require('node:vm');
const { Sandbox, copy } = require('../..');

/** What an application might pass: 60 records, about 10 KB as JSON. */
const MAKE = `() => Array.from({ length: 60 }, (_, id) => ({
  id,
  name: 'user number ' + id,
  email: 'user' + id + '@example.org',
  active: id % 3 !== 0,
  score: id * 1.25,
  tags: ['alpha', 'beta', 'gamma-' + id],
  address: { street: 'Main Street ' + id, city: 'Springfield', zip: '1234' + id },
}))`;

/** Reads every property of it once. */
const READ = `(value) => {
  const read = (value) => {
    if (typeof value !== 'object') return 1;
    let count = 0;
    for (const key in value) count += read(value[key]);
    return count;
  };
  return read(value);
}`;

// The same source text on both sides.
const evaluate = (source) => vm.runInThisContext(source);
const make = evaluate(MAKE);
const read = evaluate(READ);
const object = make();
const LEAVES = read(object);

const repeat = (work) => (count) => {
  for (let i = 0; i < count; i++) if (work() !== LEAVES) throw new Error('something is missing');
};

const bytes = JSON.stringify(object).length;

const hostToGuest = {
  title: `object of ${bytes} bytes (as JSON), host to guest, read through there`,
  cases: [
    {
      name: 'vm, live',
      start() {
        const guest = vm.runInNewContext(READ);
        return repeat(() => guest(object));
      },
    },
    {
      name: 'vm, structuredClone',
      start() {
        const guest = vm.runInNewContext(READ);
        return repeat(() => guest(structuredClone(object)));
      },
    },
    {
      name: 'quickvm, live',
      start(own) {
        const guest = own(new Sandbox()).run(READ);
        return repeat(() => guest(object));
      },
    },
    {
      name: 'quickvm, copy',
      start(own) {
        const guest = own(new Sandbox()).run(READ);
        const marked = copy(make());
        return repeat(() => guest(marked));
      },
    },
    {
      name: 'quickvm, as JSON text',
      start(own) {
        const guest = own(new Sandbox()).run(
          `const read = ${READ}; (text) => read(JSON.parse(text))`,
        );
        return repeat(() => guest(JSON.stringify(object)));
      },
    },
  ],
};

const guestToHost = {
  title: `object of ${bytes} bytes (as JSON), guest to host, read through there`,
  cases: [
    {
      name: 'vm, live',
      start() {
        const guest = vm.runInNewContext(`const object = (${MAKE})(); () => object`);
        return repeat(() => read(guest()));
      },
    },
    {
      name: 'vm, structuredClone',
      start() {
        const guest = vm.runInNewContext(`const object = (${MAKE})(); () => object`);
        return repeat(() => read(structuredClone(guest())));
      },
    },
    {
      name: 'quickvm, live',
      start(own) {
        const guest = own(new Sandbox()).run(`const object = (${MAKE})(); () => object`);
        return repeat(() => read(guest()));
      },
    },
    {
      name: 'quickvm, copy',
      start(own) {
        const guest = own(new Sandbox()).run(`const object = (${MAKE})(); () => object`);
        return repeat(() => read(copy(guest())));
      },
    },
    {
      name: 'quickvm, as JSON text',
      start(own) {
        const source = `const object = (${MAKE})(); () => JSON.stringify(object)`;
        const guest = own(new Sandbox()).run(source);
        return repeat(() => read(JSON.parse(guest())));
      },
    },
  ],
};

module.exports = { hostToGuest, guestToHost };
