'use strict';

// Stand-ins that nobody holds any more go also while the event loop does not turn.

const { sandbox, expectNoLeaks } = require('./support.js');

afterEach(expectNoLeaks);

describe('in one run of the event loop', () => {
  test('more guest objects can be handed out than there is memory for at once', () => {
    const box = sandbox({ memoryLimitMb: 8, timeout: 0 });
    const make = box.run('(n) => ({ n })');
    let sum = 0;
    for (let n = 0; n < 40_000; n++) sum += make(n).n;
    expect(sum).toBe((40_000 * 39_999) / 2);
    expect(box.usage().guestHandles).toBeLessThan(20_000);
    expect(box.usage().memoryPeakBytes).toBeLessThanOrEqual(8 << 20);
  });

  test('a long list of objects can be walked', () => {
    const box = sandbox({ memoryLimitMb: 16, timeout: 0 });
    const list = box.run('Array.from({ length: 30_000 }, (_, n) => ({ n }))');
    let sum = 0;
    for (const { n } of list) sum += n;
    expect(sum).toBe((30_000 * 29_999) / 2);
  });

  test('those that somebody holds stay what they are', () => {
    const box = sandbox({ memoryLimitMb: 16, timeout: 0 });
    const make = box.run('(n) => ({ n })');
    const echo = box.run('(o) => o');
    const held = Array.from({ length: 3000 }, (_, n) => make(n));
    for (let n = 0; n < 30_000; n++) make(n);
    held.forEach((one, n) => {
      expect(one.n).toBe(n);
      expect(echo(one)).toBe(one);
    });
  });

  test('a guest that hands out more than fits in one call meets its limit', () => {
    const box = sandbox({ memoryLimitMb: 4, timeout: 0 });
    box.globalThis.take = () => {};
    expect(() => box.run('for (;;) take({})')).toThrow(
      expect.objectContaining({ code: 'ERR_SANDBOX_MEMORY_LIMIT' }),
    );
    expect(box.run('1 + 1')).toBe(2);
  });

  test('what one call has handed out is gone by a later one', () => {
    const box = sandbox({ memoryLimitMb: 8, timeout: 0 });
    box.globalThis.take = () => {};
    for (let i = 0; i < 20; i++) box.run('for (let i = 0; i < 4000; i++) take({})');
    expect(box.usage().memoryPeakBytes).toBeLessThanOrEqual(8 << 20);
  });
});
