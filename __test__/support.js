'use strict';

const v8 = require('node:v8');
const vm = require('node:vm');
const { Sandbox } = require('..');

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc');
v8.setFlagsFromString('--no-expose-gc'); // or else every context of Node's vm has it

const open = new Set();

/** A sandbox that `expectNoLeaks` watches. */
function sandbox(options) {
  const created = new Sandbox(options);
  open.add(created);
  return created;
}

/**
 * The same, where what can be stopped in the soft way is, also when the machine is busy: after
 * a hard stop nothing could be asked of it.
 */
const patient = (options) => sandbox({ graceMs: 5000, ...options });

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Waits until `done()`, collecting garbage meanwhile; gives up after some seconds. */
async function eventually(done) {
  for (let i = 0; i < 200 && !done(); i++) {
    collect();
    await turn();
  }
  return done();
}

/**
 * Shows that nothing leaked: once the test has let go of what it was given, the host holds no
 * guest value, and once a sandbox is disposed, no timer or promise of its is left.
 * For `afterEach`.
 */
async function expectNoLeaks() {
  const watched = [...open];
  open.clear(); // a test that fails here must not make the next ones fail
  for (const each of watched) {
    if (each.state === 'active') {
      await eventually(() => each.usage().guestHandles === 0);
      expect(each.usage().guestHandles).toBe(0);
    }
    each.dispose();
    expect(each.state).toBe('disposed');
  }
}

/** The error that `use` throws; fails when it throws none. */
function errorOf(use) {
  try {
    use();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

module.exports = { sandbox, patient, expectNoLeaks, eventually, collect, errorOf, sleep, turn };
