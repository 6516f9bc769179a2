'use strict';

// Guests that never come to rest, each of whose turns is short: the host's event loop goes on.

const { sandbox, expectNoLeaks } = require('./support.js');

afterEach(expectNoLeaks);

const TIMEOUT = 20;

/** What a guest does for as long as it is let, after one call that returns. */
const STORMS = {
  'timers that make timers': '(function f() { setTimeout(f); setTimeout(() => {}) })()',
  'immediates that make immediates': '(function f() { setImmediate(f) })()',
  'many immediates': 'for (let i = 0; i < 200; i++) (function f() { setImmediate(f) })()',
  'many intervals': 'for (let i = 0; i < 200; i++) setInterval(() => {}, 1)',
  'timers that loop': 'for (let i = 0; i < 500; i++) setTimeout(() => { for (;;); })',
  'immediates that loop': 'for (let i = 0; i < 500; i++) setImmediate(() => { for (;;); })',
  'intervals that loop': 'for (let i = 0; i < 100; i++) setInterval(() => { for (;;); }, 1)',
  'timers with endless jobs':
    'for (let i = 0; i < 500; i++) setTimeout(async () => { for (;;) await 0 })',
  'rejections without end':
    'for (let i = 0; i < 500; i++) setTimeout(async () => { for (;;) { Promise.reject(1); await 0 } })',
  'awaiting of timers':
    '(async () => { for (;;) await new Promise((resolve) => setImmediate(resolve)) })()',
};

test.each(Object.entries(STORMS))('%s', async (_, code) => {
  const box = sandbox({ timeout: TIMEOUT, console: { log() {}, error() {} } });
  box.run(`${code}; 1`, { timeout: 5000 });
  // Node's own timers and immediates get their turns, many times before the storm could be over.
  const started = performance.now();
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(performance.now() - started).toBeLessThan(100 * TIMEOUT);
  expect(box.usage().timers).toBeGreaterThan(0);
  if (box.state === 'active') expect(box.run('6 * 7', { timeout: 5000 })).toBe(42);
  box.dispose();
});

test('timers keep their order when their turn comes later', async () => {
  const box = sandbox({ timeout: 5000 });
  const order = [];
  box.globalThis.done = (i) => order.push(i);
  const busy = 'const end = Date.now() + 6; while (Date.now() < end);';
  await box.run(`new Promise((resolve) => {
    for (let i = 0; i < 8; i++) setTimeout(() => { ${busy} done(i); if (i === 7) resolve() }, 1);
  })`);
  expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('a timer that is cleared while it waits for its turn does not fire', async () => {
  const box = sandbox({ timeout: 5000 });
  const fired = jest.fn();
  box.globalThis.fired = fired;
  const busy = 'const end = Date.now() + 30; while (Date.now() < end);';
  await box.run(`new Promise((resolve) => {
    let late;
    setTimeout(() => { ${busy} clearTimeout(late); clearInterval(again); }, 1);
    late = setTimeout(fired, 1);
    const again = setInterval(fired, 1);
    setTimeout(resolve, 60);
  })`);
  expect(fired).not.toHaveBeenCalled();
  expect(box.usage().timers).toBe(0);
});
