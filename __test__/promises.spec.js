'use strict';

const { once } = require('node:events');
const { copy } = require('..');
const { patient: sandbox, expectNoLeaks, errorOf, eventually, turn } = require('./support.js');

afterEach(expectNoLeaks);

/** What a promise is rejected with; fails when it is fulfilled. */
const reasonOf = (promise) =>
  promise.then(
    (value) => {
      throw new Error(`fulfilled with ${value}`);
    },
    (reason) => reason,
  );

function deferred() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}

describe('a guest promise here', () => {
  test('is a native promise', async () => {
    const promise = sandbox().run('Promise.resolve(1)');
    expect(promise).toBeInstanceOf(Promise);
    expect(Object.getPrototypeOf(promise)).toBe(Promise.prototype);
    expect(Object.keys(promise)).toEqual([]);
    await expect(promise).resolves.toBe(1);
  });

  test.each([
    ['Promise.resolve({ a: [1] })', { a: [1] }],
    ['new Promise((resolve) => resolve("later"))', 'later'],
    ['Promise.resolve(Promise.resolve(Promise.resolve(3)))', 3],
    ['(async () => { await null; await 0; return 4; })()', 4],
    ['new Promise((resolve) => setTimeout(resolve, 1, "timer"))', 'timer'],
    ['Promise.all([1, Promise.resolve(2), (async () => 3)()])', [1, 2, 3]],
    ['({ then(resolve) { resolve(5); } }).then === 1 || Promise.resolve({ then(r) { r(5); } })', 5],
    ['(async () => { for await (const x of [Promise.resolve(6)]) return x; })()', 6],
    ['Promise.resolve()', undefined],
  ])('%s is fulfilled with its value', async (source, value) => {
    await expect(sandbox().run(source)).resolves.toEqual(value);
  });

  test.each([
    ['Promise.reject(new RangeError("no"))', RangeError],
    ['(async () => { throw new RangeError("no"); })()', RangeError],
    ['(async () => { await null; throw new RangeError("no"); })()', RangeError],
    ['new Promise(() => { throw new RangeError("no"); })', RangeError],
    ['Promise.resolve({ then() { throw new RangeError("no"); } })', RangeError],
  ])('%s is rejected with its reason', async (source, kind) => {
    const reason = await reasonOf(sandbox().run(source));
    expect(reason).toBeInstanceOf(kind);
    expect(reason.message).toBe('no');
  });

  test.each([
    ['"text"', 'text'],
    ['42', 42],
    ['undefined', undefined],
    ['null', null],
  ])('rejected with %s is rejected with that', async (source, reason) => {
    expect(await reasonOf(sandbox().run(`Promise.reject(${source})`))).toBe(reason);
  });

  test('is the same promise each time it crosses, pending or settled', async () => {
    const box = sandbox();
    box.run('globalThis.p = new Promise((r) => { globalThis.settle = r; })');
    const promise = box.run('p');
    expect(box.run('p')).toBe(promise);
    box.run('settle(1)');
    await expect(promise).resolves.toBe(1);
    expect(box.run('p')).toBe(promise);
    await expect(box.run('p')).resolves.toBe(1);
  });

  test('is the original again in its guest', async () => {
    const box = sandbox();
    box.run('globalThis.p = Promise.resolve(1)');
    expect(box.run('(x) => x === p')(box.run('p'))).toBe(true);
    expect(box.run('({ list: [x] }) => x === p')({ list: [box.run('p')] })).toBe(true);
  });

  test('may be an argument of a host function', async () => {
    const box = sandbox();
    let given;
    box.run('(f) => f(Promise.resolve("argument"), [Promise.reject("no")])')((p, [q]) => {
      given = [p, q];
    });
    await expect(given[0]).resolves.toBe('argument');
    expect(await reasonOf(given[1])).toBe('no');
  });

  test('settles with functions, promises inside objects and errors of either side', async () => {
    const box = sandbox();
    const f = await box.run('Promise.resolve((n) => n + 1)');
    expect(f(1)).toBe(2);
    const { inner } = await box.run('Promise.resolve({ inner: Promise.resolve(3) })');
    await expect(inner).resolves.toBe(3);
    const mine = new Error('mine');
    expect(
      await reasonOf(
        box.run('async (f) => { await null; f(); }')(() => {
          throw mine;
        }),
      ),
    ).toBe(mine);
  });

  test('is rejected when it settles with what cannot cross', async () => {
    const box = sandbox();
    const deep = 'let m = 1; for (let i = 0; i < 50000; i++) m = new Map([["k", m]]);';
    for (const settle of ['resolve', 'reject']) {
      const reason = await reasonOf(box.run(`{ ${deep} Promise.${settle}(m) }`));
      expect(reason).toMatchObject({ name: 'SandboxError', code: 'ERR_SANDBOX_CROSSING' });
      expect(reason.path).toMatch(/^result\.get\("k"\)/);
    }
    expect(await box.run('Promise.resolve(1)')).toBe(1);
  });

  test('is settled with the guest’s own object', async () => {
    const box = sandbox();
    box.run('globalThis.o = { map: new WeakMap(), n: 1 }');
    const value = await box.run('Promise.resolve(o)');
    value.n++;
    expect(box.run('o.n')).toBe(2);
    expect(await reasonOf(box.run('Promise.reject(o)'))).toBe(value);
    expect(copy(await box.run('Promise.resolve({ list: [o.n] })'))).toEqual({ list: [2] });
  });

  test('can be chained and combined with host ones', async () => {
    const box = sandbox();
    const add = box.run('async (a, b) => a + b');
    await expect(
      add(1, 2)
        .then((sum) => add(sum, 3))
        .then((sum) => sum * 2),
    ).resolves.toBe(12);
    await expect(Promise.all([add(1, 1), Promise.resolve(3), add(2, 2)])).resolves.toEqual([
      2, 3, 4,
    ]);
    await expect(Promise.race([new Promise(() => {}), add('a', 'b')])).resolves.toBe('ab');
    await expect(add(1, 1).finally(() => {})).resolves.toBe(2);
  });
});

describe('a host promise in the guest', () => {
  test('is a native promise of the guest', () => {
    const box = sandbox();
    expect(
      box.run(`(p) => [
      p instanceof Promise, Object.getPrototypeOf(p) === Promise.prototype, p.constructor === Promise,
      Promise.resolve(p) === p,
    ]`)(Promise.resolve(1)),
    ).toEqual([true, true, true, true]);
  });

  test.each([
    ['already fulfilled', () => Promise.resolve({ a: [1] })],
    ['fulfilled later', () => new Promise((resolve) => setImmediate(resolve, { a: [1] }))],
    ['of an async function', async () => ({ a: [1] })],
    ['passed in a list', () => Promise.all([{ a: [1] }]).then(([first]) => first)],
  ])('%s gives its value to the guest', async (_, make) => {
    const box = sandbox();
    await expect(
      box.run('async (p) => { const v = await p; return v.a[0]; }')(make()),
    ).resolves.toBe(1);
    await expect(box.run('(p) => p.then((v) => v.a.length)')(make())).resolves.toBe(1);
    await expect(box.run('(p) => p')(make())).resolves.toEqual({ a: [1] });
    await expect(box.run('({ in: [p] }) => p.then((v) => v.a)')({ in: [make()] })).resolves.toEqual(
      [1],
    );
  });

  test.each([
    ['already rejected', () => Promise.reject(new RangeError('no'))],
    [
      'rejected later',
      () =>
        new Promise((_, reject) => {
          setImmediate(reject, new RangeError('no'));
        }),
    ],
    [
      'of an async function that throws',
      async () => {
        throw new RangeError('no');
      },
    ],
  ])('%s gives its reason to the guest', async (_, make) => {
    const box = sandbox();
    const caught = box.run(`async (p) => {
      try { await p; } catch (e) { return [e instanceof RangeError, e.message]; }
    }`);
    await expect(caught(make())).resolves.toEqual([true, 'no']);
    await expect(box.run('(p) => p.catch((e) => e.name)')(make())).resolves.toBe('RangeError');
  });

  test('brings its reason home as the same object', async () => {
    const box = sandbox();
    const mine = new TypeError('mine');
    expect(await reasonOf(box.run('async (p) => { await p; }')(Promise.reject(mine)))).toBe(mine);
    expect(await reasonOf(box.run('async (p) => p')(Promise.reject(mine)))).toBe(mine);
    expect(
      await reasonOf(
        box.run('async (p) => { try { await p; } catch (e) { throw e; } }')(Promise.reject(mine)),
      ),
    ).toBe(mine);
  });

  test('is the original again at home', async () => {
    const box = sandbox();
    const pending = deferred();
    expect(box.run('(p) => p')(pending.promise)).toBe(pending.promise);
    expect(box.run('(p) => ({ list: [p, p] })')(pending.promise).list).toEqual([
      pending.promise,
      pending.promise,
    ]);
    pending.resolve();
    await pending.promise;
    box.run('(p) => { globalThis.kept = p; }')(pending.promise);
    await turn();
    expect(box.run('kept')).toBe(pending.promise);
  });

  test('is the same promise each time it crosses', async () => {
    const box = sandbox();
    const pending = deferred();
    expect(
      box.run('(a, b, { c }) => a === b && b === c')(pending.promise, pending.promise, {
        c: pending.promise,
      }),
    ).toBe(true);
    box.run('globalThis.kept = undefined; (p) => { kept = p; }')(pending.promise);
    expect(box.run('(p) => p === kept')(pending.promise)).toBe(true);
    pending.resolve();
    await turn();
  });

  test('that is passed again and again does not cost more each time', async () => {
    const box = sandbox();
    const pending = deferred();
    const take = box.run('(p) => { p.then(() => {}); }');
    for (let i = 0; i < 100; i++) take(pending.promise);
    const { hostHandles, guestHandles } = box.usage();
    pending.resolve();
    await turn();
    expect({ hostHandles, guestHandles }).toEqual({
      hostHandles: 1,
      guestHandles: expect.any(Number),
    });
    expect(guestHandles).toBeLessThan(10);
  });

  test('returned by a host function can be awaited', async () => {
    const box = sandbox();
    const order = [];
    const work = async (name) => {
      order.push(`start ${name}`);
      await turn();
      order.push(`end ${name}`);
      return name.toUpperCase();
    };
    const main = box.run(
      'async (work) => [await work("a"), ...await Promise.all([work("b"), work("c")])]',
    );
    await expect(main(work)).resolves.toEqual(['A', 'B', 'C']);
    expect(order).toEqual(['start a', 'end a', 'start b', 'start c', 'end b', 'end c']);
  });

  test('fulfilled with what cannot cross is rejected in the guest with an error about it', async () => {
    const box = sandbox();
    const take = box.run('(p) => p.catch((e) => [e instanceof Error, e.name, e.code, e.path])');
    await expect(take(Promise.resolve(copy({ map: new WeakMap() })))).resolves.toEqual([
      true,
      'SandboxError',
      'ERR_SANDBOX_CROSSING',
      'result.map',
    ]);
    const reason = await reasonOf(
      box.run('async (p) => { await p; }')(
        Promise.resolve(new Uint8Array(new SharedArrayBuffer(8))),
      ),
    );
    expect(reason.code).toBe('ERR_SANDBOX_CROSSING');
  });

  test('is settled with the host’s own object', async () => {
    const box = sandbox();
    const object = { n: 1, copied: copy({ n: 1 }) };
    const change = box.run('async (p) => { const o = await p; o.n++; o.copied.n++; return o; }');
    expect(await change(Promise.resolve(object))).toBe(object);
    expect(await change(Promise.reject(object)).catch((reason) => reason)).toBe(object);
    expect(object).toEqual({ n: 2, copied: { n: 1 } });
  });

  test('may be of a subclass, and what merely has a then method is an object', async () => {
    const box = sandbox();
    class Task extends Promise {}
    await expect(box.run('async (p) => (await p) + 1')(Task.resolve(1))).resolves.toBe(2);
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
    const thenable = { then: (resolve) => resolve('from then') };
    expect(box.run('(o) => [o instanceof Promise, typeof o.then]')(thenable)).toEqual([
      false,
      'function',
    ]);
    await expect(box.run('async (o) => await o')(thenable)).resolves.toBe('from then');
    await expect(
      (async () => await box.run('({ then(resolve) { resolve("from the guest"); } })'))(),
    ).resolves.toBe('from the guest');
  });
});

describe('order', () => {
  test('the guest’s microtasks have all run when a call returns', () => {
    const box = sandbox();
    const seen = [];
    box.run(`(log) => {
      Promise.resolve().then(() => log('first')).then(() => log('third'));
      queueMicrotask(() => log('second'));
      log('sync');
    }`)((text) => seen.push(text));
    expect(seen).toEqual(['sync', 'first', 'second', 'third']);
  });

  test('a nested call leaves the microtasks of the outer one for later', () => {
    const box = sandbox();
    const seen = [];
    const log = (text) => seen.push(text);
    const inner = box.run('(log) => { log("inner"); }');
    box.run(
      '(log, nested) => { Promise.resolve().then(() => log("job")); nested(); log("after"); }',
    )(log, () => inner(log));
    expect(seen).toEqual(['inner', 'after', 'job']);
  });

  test('promises settled in order here settle in that order there', async () => {
    const box = sandbox();
    const parts = Array.from({ length: 5 }, deferred);
    const order = box.run(`(promises) => {
      const order = [];
      return Promise.all(promises.map((p, i) => p.then(() => order.push(i)))).then(() => order);
    }`)(parts.map(({ promise }) => promise));
    for (const index of [3, 1, 4, 0, 2]) parts[index].resolve();
    await expect(order).resolves.toEqual([3, 1, 4, 0, 2]);
  });

  test('a guest continuation runs before the next turn of the event loop', async () => {
    const box = sandbox();
    const seen = [];
    setImmediate(() => seen.push('immediate'));
    box.run('(p, log) => { p.then(() => log("then")); }')(Promise.resolve(), (text) =>
      seen.push(text),
    );
    await turn();
    expect(seen).toEqual(['then', 'immediate']);
  });
});

describe('a rejection that nobody handles', () => {
  test.each([
    ['at once', 'Promise.reject(new RangeError("lost"))'],
    ['in an async function', '(async () => { await null; throw new RangeError("lost"); })()'],
    [
      'in a promise that is dropped',
      'Promise.resolve().then(() => { throw new RangeError("lost"); })',
    ],
  ])('%s is reported, and the process lives', async (_, source) => {
    const box = sandbox();
    const reported = once(box, 'unhandledRejection');
    box.run(`${source}; undefined`);
    const [reason] = await reported;
    expect(reason).toBeInstanceOf(RangeError);
    expect(reason.message).toBe('lost');
  });

  test('is reported when it comes after a host promise', async () => {
    const box = sandbox();
    const reported = once(box, 'unhandledRejection');
    box.run('(p) => { (async () => { await p; throw "lost"; })(); }')(Promise.resolve());
    expect(await reported).toEqual(['lost']);
  });

  test('is reported on the console when nobody listens for it', async () => {
    const lines = deferred();
    const box = sandbox({
      console: { log() {}, error: (...args) => lines.resolve(args.join(' ')) },
    });
    box.run('Promise.reject(new Error("lost")); undefined');
    const text = await lines.promise;
    expect(text).toContain('unhandledRejection');
    expect(text).toContain('lost');
  });

  test('is not reported when the guest handles it in the same call', async () => {
    const box = sandbox();
    const reports = [];
    box.on('unhandledRejection', (reason) => reports.push(reason));
    box.run('const p = Promise.reject(new Error("handled")); p.catch(() => {}); undefined');
    box.run('(async () => { try { await Promise.reject(1); } catch {} })(); undefined');
    await turn();
    expect(reports).toEqual([]);
    box.run('Promise.reject("lost"); undefined');
    await turn();
    expect(reports).toEqual(['lost']);
  });

  test('of a promise given to the host is the host’s to handle, and does not end the process', async () => {
    const box = sandbox();
    const ends = [];
    const onUnhandled = (reason) => ends.push(reason);
    process.on('unhandledRejection', onUnhandled);
    const promise = box.run('Promise.reject(new Error("given away"))');
    await turn();
    await turn();
    process.off('unhandledRejection', onUnhandled);
    expect(ends).toEqual([]);
    expect((await reasonOf(promise)).message).toBe('given away');
  });
});

describe('a continuation that is stopped', () => {
  test.each([
    ['was returned by a host function', 'async (f) => { await f(); for (;;); }', (p) => () => p],
    ['was an argument', 'async (p) => { await p; for (;;); }', (p) => p],
    ['was inside an argument', 'async ({ p }) => { await p; for (;;); }', (p) => ({ p })],
  ])('by the deadline, after a host promise that %s, is rejected', async (_, source, wrap) => {
    const box = sandbox({ timeout: 100 });
    const pending = deferred();
    const outcome = deferred();
    // What is not rejected must not keep the test waiting.
    box.on('uncaughtException', () => outcome.resolve('reported, not rejected'));
    box
      .run(source)(wrap(pending.promise))
      .catch((reason) => outcome.resolve(reason.code));
    pending.resolve();
    expect(await outcome.promise).toBe('ERR_SANDBOX_TIMEOUT');
  });

  test('by the deadline, after a timer that the call has set, is rejected', async () => {
    const box = sandbox({ timeout: 100 });
    const outcome = deferred();
    box.on('uncaughtException', () => outcome.resolve('reported, not rejected'));
    box
      .run('(async () => { await new Promise((resolve) => setTimeout(resolve, 1)); for (;;); })()')
      .catch((reason) => outcome.resolve(reason.code));
    expect(await outcome.promise).toBe('ERR_SANDBOX_TIMEOUT');
  });

  test('by the deadline leaves the promises of other calls alone', async () => {
    const box = sandbox({ timeout: 100 });
    const pending = deferred();
    const result = box.run('async (f) => { await f(); for (;;); }')(() => pending.promise);
    const bystander = box.run('new Promise((resolve) => { globalThis.finish = resolve; })');
    pending.resolve();
    const reason = await reasonOf(result);
    expect([reason.name, reason.code]).toEqual(['SandboxError', 'ERR_SANDBOX_TIMEOUT']);
    expect(box.usage().timeouts).toBe(1);
    box.run('finish("untouched")');
    await expect(bystander).resolves.toBe('untouched');
  });

  test('by the deadline, in a timer, rejects nothing of an earlier call, and is reported', async () => {
    const box = sandbox({ timeout: 100 });
    const promise = box.run('new Promise((resolve) => { globalThis.finish = resolve; })');
    const reported = once(box, 'uncaughtException');
    box.run('setTimeout(() => { for (;;); }, 1); undefined');
    const [reason] = await reported;
    expect(reason.code).toBe('ERR_SANDBOX_TIMEOUT');
    box.run('finish(1)');
    await expect(promise).resolves.toBe(1);
  });

  test('in the microtasks of the call itself makes the call throw', () => {
    const box = sandbox({ timeout: 100 });
    const error = errorOf(() => box.run('Promise.resolve().then(() => { for (;;); })'));
    expect(error.code).toBe('ERR_SANDBOX_TIMEOUT');
    expect(box.run('1 + 1')).toBe(2);
  });

  test('in an endless chain of microtasks makes the call throw', () => {
    const box = sandbox({ timeout: 100 });
    const error = errorOf(() =>
      box.run('const again = () => Promise.resolve().then(again); again(); 1'),
    );
    expect(error.code).toBe('ERR_SANDBOX_TIMEOUT');
    expect(box.run('1 + 1')).toBe(2);
  });

  test('by dispose rejects pending promises', async () => {
    const box = sandbox();
    const pending = box.run('new Promise(() => {})');
    const waiting = box.run('async (p) => { await p; }')(new Promise(() => {}));
    box.dispose();
    expect((await reasonOf(pending)).code).toBe('ERR_SANDBOX_DISPOSED');
    expect((await reasonOf(waiting)).code).toBe('ERR_SANDBOX_DISPOSED');
  });

  test('by terminate rejects pending promises, with the reason', async () => {
    const box = sandbox();
    const pending = box.run('new Promise(() => {})');
    box.terminate(new Error('out of patience'));
    const reason = await reasonOf(pending);
    expect(reason.code).toBe('ERR_SANDBOX_TERMINATED');
    expect(reason.message).toContain('out of patience');
    expect(errorOf(() => box.run('1')).code).toBe('ERR_SANDBOX_TERMINATED');
  });

  test('by dispose does not disturb host promises that settle afterwards', async () => {
    const box = sandbox();
    const pending = deferred();
    const seen = [];
    box.run('(p, f) => { p.then(f); }')(pending.promise, () => seen.push('ran'));
    box.dispose();
    pending.resolve();
    await turn();
    expect(seen).toEqual([]);
  });
});

test('ten thousand promises each way leave nothing behind', async () => {
  const box = sandbox({ timeout: 10_000 });
  const next = box.run('async (p) => (await p) + 1');
  const before = box.usage();
  for (let round = 0; round < 100; round++) {
    const sums = await Promise.all(Array.from({ length: 100 }, (_, i) => next(Promise.resolve(i))));
    expect(sums[99]).toBe(100);
  }
  const flat = () => {
    box.run('undefined');
    const { hostHandles, guestHandles, jobs } = box.usage();
    return hostHandles <= before.hostHandles && guestHandles <= before.guestHandles && jobs === 0;
  };
  expect(await eventually(flat)).toBe(true);
  expect(next).toBeInstanceOf(Function);
});

test('a rejection handled after the host has entered the guest again is not reported', async () => {
  const box = sandbox();
  const reported = [];
  box.on('unhandledRejection', (reason) => reported.push(reason.message));
  const late = box.run(`(visit) => {
    const promise = Promise.reject(new Error('handled in time'));
    visit();
    promise.catch(() => {});
  }`);
  late(() => box.run('1'));
  box.run("Promise.reject(new Error('lost')); 1");
  await new Promise((resolve) => setImmediate(resolve));
  expect(reported).toEqual(['lost']);
});
