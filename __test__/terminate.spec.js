'use strict';

// Ending a sandbox from elsewhere: a host function, a timer, another thread.

const { once } = require('node:events');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { Sandbox } = require('..');
const { sandbox, expectNoLeaks, errorOf, sleep } = require('./support.js');

afterEach(expectNoLeaks);

const root = path.join(__dirname, '..');

/** Nothing here ends by itself before that. */
const NEVER = 60_000;
/** What a busy machine may take to stop a guest, in ms. */
const SLACK = 5000;

/** In a thread of its own: what comes of `code` in a sandbox, whose id is told first. */
function guestElsewhere(code, options = {}) {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { Sandbox } = require(${JSON.stringify(root)});
    const { code, options } = workerData;
    const box = new Sandbox({ name: 'far', timeout: ${NEVER}, ...options });
    const other = new Sandbox();
    box.globalThis.host = (work) => work();
    box.globalThis.started = () => parentPort.postMessage({ id: box.id });
    const tell = (outcome) => parentPort.postMessage({ outcome, state: box.state, other: other.run('6 * 7') });
    try {
      Promise.resolve(box.run('started();' + code)).then(() => tell('done'), (error) => tell([error.code, error.cause]));
    } catch (error) {
      tell([error.code, error.cause]);
    }`;
  const worker = new Worker(source, { eval: true, workerData: { code, options } });
  worker.ended = once(worker, 'exit');
  return worker;
}

const message = async (worker) => (await once(worker, 'message'))[0];

const RUNNING = {
  'a loop': 'for (;;);',
  'a built-in that never asks': 'Array.prototype.reverse.call({ length: 2 ** 53 - 1 })',
  'a built-in that works in memory': 'const b = new Uint8Array(3e7); for (;;) b.fill(1)',
  'the heap': 'for (;;) new ArrayBuffer(1e7)',
  'a regular expression': "/^(a+)+$/.test('a'.repeat(60) + 'b')",
  'a storm of jobs': '(async () => { for (;;) await 0 })()',
  'what catches': 'for (;;) try { for (;;); } catch {} finally { continue }',
  'a nested entry': 'host(() => { for (;;); })',
  'calls of the host': 'for (;;) host(() => 1)',
};

describe('another thread', () => {
  test.each(Object.entries(RUNNING))('stops %s', async (_, code) => {
    const worker = guestElsewhere(code);
    const { id } = await message(worker);
    await sleep(20);
    const asked = performance.now();
    expect(Sandbox.terminate(id, 'enough')).toBe(true);
    const { outcome, state, other } = await message(worker);
    expect(performance.now() - asked).toBeLessThan(SLACK);
    expect({ outcome, state }).toEqual({
      outcome: ['ERR_SANDBOX_TERMINATED', 'enough'],
      state: 'terminated',
    });
    expect(other).toBe(42);
    await worker.ended;
    expect(Sandbox.terminate(id)).toBe(false);
  });

  test('stops the main thread', async () => {
    const source = `
      const { workerData } = require('node:worker_threads');
      const { Sandbox } = require(${JSON.stringify(root)});
      setTimeout(() => Sandbox.terminate(workerData, 'from a worker'), 50);`;
    const box = sandbox({ timeout: NEVER });
    const worker = new Worker(source, { eval: true, workerData: box.id });
    const ended = once(worker, 'exit');
    await once(worker, 'online');
    const told = once(box, 'terminated');
    const error = errorOf(() => box.run('for (;;);'));
    expect(error).toMatchObject({ code: 'ERR_SANDBOX_TERMINATED', cause: 'from a worker' });
    expect(box.state).toBe('terminated');
    expect(await told).toEqual(['from a worker']);
    await ended;
  });

  test('ends one that is idle: what it owes is rejected without another use', async () => {
    const worker = guestElsewhere('new Promise((f) => setTimeout(f, 1e6))');
    const { id } = await message(worker);
    await sleep(20);
    Sandbox.terminate(id, 'enough');
    const { outcome } = await message(worker);
    expect(outcome).toEqual(['ERR_SANDBOX_TERMINATED', 'enough']);
    await worker.ended;
  });

  test('ends as many as there are, each for itself', async () => {
    const workers = ['for (;;);', RUNNING['a built-in that never asks'], 'for (;;);'].map((code) =>
      guestElsewhere(code),
    );
    const ids = (await Promise.all(workers.map(message))).map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
    for (const i of [1, 2, 0]) {
      Sandbox.terminate(ids[i], `reason ${i}`);
      const { outcome } = await message(workers[i]);
      expect(outcome).toEqual(['ERR_SANDBOX_TERMINATED', `reason ${i}`]);
    }
  });

  test('finds nothing once the environment is gone', async () => {
    const worker = guestElsewhere('setInterval(() => {}, 1000)');
    const { id } = await message(worker);
    await worker.terminate();
    expect(Sandbox.terminate(id)).toBe(false);
  });
});

describe('Sandbox.terminate()', () => {
  test('is terminate() for a sandbox of this thread', () => {
    const box = sandbox();
    const told = jest.fn();
    box.on('terminated', told);
    expect(Sandbox.terminate(box.id, 'here')).toBe(true);
    expect([box.state, told.mock.calls]).toEqual(['terminated', [['here']]]);
    expect(Sandbox.terminate(box.id)).toBe(false);
    expect(errorOf(() => box.run('1'))).toMatchObject({ cause: 'here' });
  });

  test('stops the guest that calls it', () => {
    const box = sandbox();
    const after = jest.fn();
    Object.assign(box.globalThis, { after, end: () => Sandbox.terminate(box.id, 'inside') });
    const error = errorOf(() => box.run('end(); after()'));
    expect(error).toMatchObject({ code: 'ERR_SANDBOX_TERMINATED', cause: 'inside' });
    expect(after).not.toHaveBeenCalled();
  });

  test('stops from a timer what goes on by itself', async () => {
    const box = sandbox();
    const promise = box.run('(async () => { for (;;) await new Promise((f) => setTimeout(f)) })()');
    setTimeout(() => box.terminate('late'), 20);
    await expect(promise).rejects.toMatchObject({ code: 'ERR_SANDBOX_TERMINATED', cause: 'late' });
  });

  test('knows no sandbox that has been disposed of', () => {
    const box = sandbox();
    box.dispose();
    expect(Sandbox.terminate(box.id)).toBe(false);
  });

  test('leaves alone who uses the heap after that', () => {
    const old = sandbox();
    const { id } = old;
    old.dispose();
    const next = sandbox();
    expect(next.id).not.toBe(id);
    Sandbox.terminate(id);
    expect(next.run('6 * 7')).toBe(42);
  });

  test.each([['1'], [undefined], [1.5], [null]])('refuses %p as an id', (id) => {
    expect(() => Sandbox.terminate(id)).toThrow(/^id must be the id of a sandbox/);
  });

  test('takes a string as reason, which can go to another thread', () => {
    const box = sandbox();
    expect(() => Sandbox.terminate(box.id, new Error('x'))).toThrow('reason must be a string');
    expect(box.state).toBe('active');
  });
});
