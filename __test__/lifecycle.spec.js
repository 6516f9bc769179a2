'use strict';

// The life of a sandbox: its figures, its end, and what is left afterwards.

const { once } = require('node:events');
const { inspect } = require('node:util');
const { Sandbox, SandboxError, copy } = require('..');
const {
  patient: sandbox,
  expectNoLeaks,
  errorOf,
  eventually,
  collect,
  turn,
} = require('./support.js');

afterEach(expectNoLeaks);

const FIGURES = [
  'memoryBytes',
  'memoryPeakBytes',
  'memoryLimitBytes',
  'cpuMs',
  'wallMs',
  'entries',
  'timeouts',
  'hostHandles',
  'guestHandles',
  'jobs',
  'timers',
];

const spin = (ms) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

describe('usage', () => {
  test('is all numbers', () => {
    const usage = sandbox().usage();
    expect(Object.keys(usage).sort()).toEqual([...FIGURES].sort());
    for (const name of FIGURES) {
      expect([name, Number.isFinite(usage[name]), usage[name] >= 0]).toEqual([name, true, true]);
    }
  });

  test('tells of memory that is taken and given back', () => {
    const box = sandbox();
    const before = box.usage().memoryBytes;
    box.run('var kept = Array.from({ length: 10000 }, (_, i) => ({ i })); 1');
    const full = box.usage().memoryBytes;
    expect(full).toBeGreaterThan(before + 500_000);
    box.run('kept = null; 1');
    const after = box.usage();
    expect(after.memoryBytes).toBeLessThan(before + 200_000);
    expect(after.memoryPeakBytes).toBeGreaterThanOrEqual(full);
  });

  test('counts ArrayBuffers as memory', () => {
    const box = sandbox();
    const before = box.usage().memoryBytes;
    box.run('var kept = new ArrayBuffer(5000000); 1');
    expect(box.usage().memoryBytes).toBeGreaterThan(before + 5_000_000);
  });

  test('takes no more than a few hundred kilobytes for an idle sandbox', () => {
    expect(sandbox().usage().memoryBytes).toBeLessThan(512 * 1024);
  });

  test('knows its limit', () => {
    const usage = sandbox({ memoryLimitMb: 3 }).usage();
    expect(usage.memoryLimitBytes).toBe(3 * 1024 * 1024);
  });

  test('counts outermost entries', () => {
    const box = sandbox();
    const guest = box.globalThis;
    const { entries } = box.usage();
    guest.nested = () => box.run('1');
    const before = box.usage().entries;
    expect(before).toBe(entries + 1);
    box.run('nested()');
    box.run('2');
    expect(box.usage().entries).toBe(before + 2);
  });

  test('counts timeouts', () => {
    const box = sandbox({ timeout: 20 });
    for (let i = 0; i < 2; i++) expect(() => box.run('for (;;);')).toThrow(SandboxError);
    box.run('1');
    expect(box.usage().timeouts).toBe(2);
  });

  test("cpuMs is the guest's time, wallMs all of it", () => {
    const box = sandbox({ globals: { hostSpins: () => spin(100) } });
    const before = box.usage();
    box.run('hostSpins()');
    const after = box.usage();
    expect(after.wallMs - before.wallMs).toBeGreaterThanOrEqual(95);
    expect(after.cpuMs - before.cpuMs).toBeLessThan(60);

    box.run('const end = Date.now() + 100; while (Date.now() < end);');
    expect(box.usage().cpuMs - after.cpuMs).toBeGreaterThanOrEqual(80);
  });

  test('does not count nested entries twice', () => {
    const box = sandbox({ timeout: 0 });
    box.globalThis.inner = () => box.run('var e = Date.now() + 100; while (Date.now() < e);');
    const before = box.usage();
    const start = performance.now();
    box.run('inner()');
    const elapsed = performance.now() - start;
    const after = box.usage();
    expect(after.wallMs - before.wallMs).toBeLessThanOrEqual(elapsed + 1);
    expect(after.cpuMs - before.cpuMs).toBeGreaterThanOrEqual(80);
    expect(after.cpuMs - before.cpuMs).toBeLessThanOrEqual(elapsed + 1);
  });

  test('works while the guest runs', () => {
    const box = sandbox();
    box.globalThis.usage = () => box.usage();
    const inside = box.run('usage()');
    expect(inside.memoryBytes).toBeGreaterThan(0);
  });

  test('counts handles of both sides', async () => {
    const box = sandbox();
    const guest = box.globalThis;
    const before = box.usage();
    let kept = [box.run('() => 1'), box.run('() => 2')];
    expect(box.usage().guestHandles).toBe(before.guestHandles + 2);
    box.run('var f; 1');
    guest.f = () => 1;
    expect(box.usage().hostHandles).toBe(before.hostHandles + 1);
    box.run('f = null; 1');
    expect(box.usage().hostHandles).toBe(before.hostHandles);
    expect(kept.length).toBe(2);
    kept = undefined;
    await eventually(() => box.usage().guestHandles === before.guestHandles);
    expect(box.usage().guestHandles).toBe(before.guestHandles);
  });

  test('symbols that crossed are given back', async () => {
    const box = sandbox();
    for (let i = 0; i < 100; i++) box.run("Symbol('s')");
    await eventually(() => box.usage().guestHandles < 10);
    expect(box.usage().guestHandles).toBeLessThan(10);
  });

  test('counts promises that are not settled', async () => {
    const box = sandbox();
    const promise = box.run('new Promise((resolve) => { globalThis.settle = resolve })');
    expect(box.usage().jobs).toBe(1);
    box.run('settle(1)');
    expect(await promise).toBe(1);
    expect(box.usage().jobs).toBe(0);
  });
});

describe('dispose', () => {
  test('may be called again', () => {
    const box = sandbox();
    box.dispose();
    expect(box.dispose()).toBeUndefined();
    expect(box.state).toBe('disposed');
  });

  test('is what Symbol.dispose calls', () => {
    const key = Symbol.dispose ?? Symbol.for('nodejs.dispose');
    const box = sandbox();
    box[key]();
    expect(box.state).toBe('disposed');
  });

  const uses = {
    run: (box) => box.run('1'),
    'run of a Script': (box) => box.run(new (require('..').Script)('1')),
    compile: (box) => box.compile('1'),
    require: (box) => box.require('a'),
    usage: (box) => box.usage(),
    'globalThis get': (box) => box.globalThis.a,
    'globalThis set': (box) => {
      box.globalThis.a = 1;
    },
    'globalThis has': (box) => 'a' in box.globalThis,
    'globalThis delete': (box) => delete box.globalThis.a,
    'globalThis keys': (box) => Object.keys(box.globalThis),
  };

  test.each(Object.entries(uses))('makes %s throw ERR_SANDBOX_DISPOSED', (_, use) => {
    const box = sandbox({ name: 'gone', modules: { 'a.js': '' } });
    box.dispose();
    const error = errorOf(() => use(box));
    expect(error).toBeInstanceOf(SandboxError);
    expect(error).toMatchObject({ code: 'ERR_SANDBOX_DISPOSED', sandbox: 'gone' });
    expect(error.message).toContain("'gone'");
  });

  test('leaves name and state', () => {
    const box = sandbox({ name: 'gone' });
    expect(box.state).toBe('active');
    box.dispose();
    expect([box.name, box.state]).toEqual(['gone', 'disposed']);
  });

  test.each([
    ['a call', (f) => f(1, 2)],
    ['new', (f) => new f()],
    ['a read', (f) => f.name],
    ['a write', (f) => Reflect.set(f, 'x', 1)],
    ['in', (f) => 'name' in f],
    ['delete', (f) => Reflect.deleteProperty(f, 'name')],
    ['a property’s descriptor', (f) => Object.getOwnPropertyDescriptor(f, 'name')],
    ['a definition', (f) => Object.defineProperty(f, 'x', { value: 1 })],
    ['the keys', (f) => Reflect.ownKeys(f)],
    ['the prototype', (f) => Object.getPrototypeOf(f)],
    ['a change of prototype', (f) => Object.setPrototypeOf(f, null)],
    ['Object.isExtensible', (f) => Object.isExtensible(f)],
    ['Object.freeze', (f) => Object.freeze(f)],
    ['copy', (f) => copy(f)],
    ['instanceof', (f) => ({}) instanceof f],
  ])('makes %s of what the guest gave throw', (_, use) => {
    const box = sandbox();
    const f = box.run('(function f(a, b) { return a + b; })');
    box.dispose();
    expect(typeof f).toBe('function');
    const error = errorOf(() => use(f));
    expect(error).toBeInstanceOf(SandboxError);
    expect(error.code).toBe('ERR_SANDBOX_DISPOSED');
  });

  test('lets what the guest gave be shown, and compared', () => {
    const box = sandbox();
    const [object, list] = [box.run('({ a: 1 })'), box.run('[1]')];
    box.dispose();
    expect(inspect(object)).toBe('[ERR_SANDBOX_DISPOSED]');
    expect(Array.isArray(list)).toBe(true);
    expect(object === list).toBe(false);
  });

  test('rejects promises of the guest that are not settled', async () => {
    const box = sandbox();
    const promise = box.run('new Promise(() => {})');
    const settled = box.run('Promise.resolve(5)');
    box.dispose();
    await expect(promise).rejects.toMatchObject({ code: 'ERR_SANDBOX_DISPOSED' });
    await expect(settled).resolves.toBe(5);
  });

  test('leaves host promises that the guest awaits without effect', async () => {
    const box = sandbox();
    let resolve;
    box.globalThis.later = new Promise((r) => {
      resolve = r;
    });
    const promise = box.run('later.then((x) => x + 1)');
    box.dispose();
    resolve(1);
    await expect(promise).rejects.toMatchObject({ code: 'ERR_SANDBOX_DISPOSED' });
    await turn();
  });

  test('leaves values that were copied', () => {
    const box = sandbox();
    const live = box.run(
      "({ a: [1, new Map([[1, 2]])], b: new Uint8Array([1, 2]), e: new Error('x') })",
    );
    const value = copy(live);
    box.dispose();
    expect(value.a).toEqual([1, new Map([[1, 2]])]);
    expect([...value.b]).toEqual([1, 2]);
    expect(value.e.message).toBe('x');
    expect(errorOf(() => live.a).code).toBe('ERR_SANDBOX_DISPOSED');
  });

  test('leaves what is native here: errors with all that is on them, bytes, dates', () => {
    const box = sandbox();
    const error = errorOf(() =>
      box.run(`
        class AppError extends RangeError { name = 'AppError'; }
        throw Object.assign(new AppError('x', { cause: new TypeError('y') }), { info: { list: [1] } })`),
    );
    const [bytes, date, map] = [
      box.run('new Uint8Array([1, 2])'),
      box.run('new Date(5)'),
      box.run('new Map([[1, new Set([2])]])'),
    ];
    box.dispose();
    expect(error).toBeInstanceOf(RangeError);
    expect([error.name, error.message, error.info, error.cause.message]).toEqual([
      'AppError',
      'x',
      { list: [1] },
      'y',
    ]);
    expect(error.stack).toMatch(/^AppError|^RangeError/);
    expect([[...bytes], date, map]).toEqual([[1, 2], new Date(5), new Map([[1, new Set([2])]])]);
  });

  test('in a host function stops the guest that called it', () => {
    const box = sandbox();
    const after = jest.fn();
    box.globalThis.end = () => box.dispose();
    box.globalThis.after = after;
    const error = errorOf(() => box.run('try { end() } catch {} finally { after() } after()'));
    expect(error.code).toBe('ERR_SANDBOX_DISPOSED');
    expect(after).not.toHaveBeenCalled();
    expect(box.state).toBe('disposed');
  });

  test.each([
    [
      'a getter while a value crosses',
      'throw Object.assign(new Error("x"), { get x() { end(); return 1 } })',
    ],
    [
      'a getter of an error’s',
      'Object.defineProperty(new Error(), "message", { get() { end() } })',
    ],
    ['a promise job', 'Promise.resolve().then(end); 1'],
    ['a sort comparator', '[2, 1].sort(() => { end(); return 0 })'],
    ['a toString', "'' + { toString() { end(); return 'x' } }"],
    ['a Proxy trap', 'new Proxy({}, { get() { end(); return 1 } }).x'],
    ['a JSON reviver', "JSON.parse('[1, 2]', () => end())"],
    ['a replacer', "'aa'.replace(/a/g, () => { end(); return 'x' })"],
    ['a generator', '[...(function* () { yield end(); yield 2 })()]'],
    ['an async function', '(async () => { end(); await 1 })()'],
    ['console.log', 'console.log({ get x() { end(); return 1 } })'],
    [
      'an error message',
      'throw Object.defineProperty(new Error("x"), "foo", { enumerable: true, get() { end() } })',
    ],
  ])('from %s does no harm', (_, code) => {
    const box = sandbox({ console: { log() {} } });
    box.globalThis.end = () => box.dispose();
    expect(errorOf(() => box.run(`${code}`)).code).toBe('ERR_SANDBOX_DISPOSED');
    expect(box.state).toBe('disposed');
  });

  test.each([
    ['a getter that the host reads', '({ get x() { end(); return 1 } })', (v) => v.x],
    ['a getter while a value is copied', '({ a: [{ get x() { end(); return 1 } }] })', copy],
    ['a setter', '({ set x(_) { end() } })', (v) => Reflect.set(v, 'x', 1)],
    ['a trap of a Proxy', 'new Proxy({}, { ownKeys() { end(); return [] } })', Object.keys],
    ['a constructor', '(class { constructor() { end() } })', (v) => new v()],
    ['an iterator', '({ *[Symbol.iterator]() { end(); yield 1 } })', (v) => [...v]],
  ])('from %s does no harm', (_, code, use) => {
    const box = sandbox();
    box.globalThis.end = () => box.dispose();
    const value = box.run(code);
    expect(errorOf(() => use(value)).code).toBe('ERR_SANDBOX_DISPOSED');
    expect(box.state).toBe('disposed');
  });

  test('through several nested entries does no harm', () => {
    const box = sandbox();
    const codes = [];
    box.globalThis.down = (n) => {
      if (n === 0) return box.dispose();
      try {
        return box.run(`down(${n - 1})`);
      } catch (error) {
        codes.push(error.code);
        throw error;
      }
    };
    expect(errorOf(() => box.run('down(3)')).code).toBe('ERR_SANDBOX_DISPOSED');
    expect(codes).toEqual(Array(3).fill('ERR_SANDBOX_DISPOSED'));
  });

  test('inside a module loader does no harm', () => {
    const box = sandbox({
      modules: {
        resolve: (id) => id,
        load: () => {
          box.dispose();
          return '1';
        },
      },
    });
    expect(errorOf(() => box.require('a')).code).toBe('ERR_SANDBOX_DISPOSED');
  });

  test('inside a listener does no harm', async () => {
    const box = sandbox();
    box.on('unhandledRejection', () => box.dispose());
    box.run('Promise.reject(1); Promise.reject(2); 1');
    await eventually(() => box.state === 'disposed');
    expect(box.state).toBe('disposed');
  });

  test('gives back the memory of many sandboxes', () => {
    const cycle = (count) => {
      for (let i = 0; i < count; i++) {
        const box = new Sandbox();
        box.run('var kept = new Array(100000).fill(1.5); 1');
        box.dispose();
      }
    };
    cycle(20);
    const before = process.memoryUsage.rss();
    cycle(200);
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 1024 * 1024);
  });
});

describe('terminate', () => {
  test('ends the sandbox with a reason', async () => {
    const box = sandbox({ name: 'bad' });
    const ended = once(box, 'terminated');
    const reason = new Error('misbehaved');
    box.terminate(reason);
    expect(box.state).toBe('terminated');
    expect(await ended).toEqual([reason]);
    const error = errorOf(() => box.run('1'));
    expect(error).toBeInstanceOf(SandboxError);
    expect(error).toMatchObject({ code: 'ERR_SANDBOX_TERMINATED', sandbox: 'bad' });
    expect(error.message).toContain('misbehaved');
    expect(error.cause).toBe(reason);
  });

  test.each([undefined, 'a text', 42, null])('takes %p as a reason', (reason) => {
    const box = sandbox();
    box.terminate(reason);
    const error = errorOf(() => box.run('1'));
    expect(error.code).toBe('ERR_SANDBOX_TERMINATED');
    if (reason !== undefined) expect(error.message).toContain(String(reason));
  });

  test('happens once', () => {
    const box = sandbox();
    const ended = jest.fn();
    box.on('terminated', ended);
    box.terminate('first');
    box.terminate('second');
    expect(ended.mock.calls).toEqual([['first']]);
    expect(errorOf(() => box.run('1')).message).toContain('first');
  });

  test('leaves usage, and may be followed by dispose', () => {
    const box = sandbox();
    box.terminate();
    expect(box.usage().memoryLimitBytes).toBeGreaterThan(0);
    box.dispose();
    expect(box.state).toBe('disposed');
    expect(errorOf(() => box.run('1')).code).toBe('ERR_SANDBOX_DISPOSED');
    box.terminate();
    expect(box.state).toBe('disposed');
  });

  test('in a host function stops the guest that called it', () => {
    const box = sandbox();
    const after = jest.fn();
    box.globalThis.end = () => box.terminate('enough');
    box.globalThis.after = after;
    const error = errorOf(() => box.run('try { end() } catch {} finally { after() } after()'));
    expect(error.code).toBe('ERR_SANDBOX_TERMINATED');
    expect(error.message).toContain('enough');
    expect(after).not.toHaveBeenCalled();
  });

  test('rejects promises and makes guest functions throw', async () => {
    const box = sandbox();
    const promise = box.run('new Promise(() => {})');
    const f = box.run('() => 1');
    box.terminate();
    await expect(promise).rejects.toMatchObject({ code: 'ERR_SANDBOX_TERMINATED' });
    expect(errorOf(f).code).toBe('ERR_SANDBOX_TERMINATED');
  });
});

describe('a sandbox that nobody holds', () => {
  /** Whether all of what `make` makes is collected, without dispose. */
  const forgotten = async (make) => {
    const refs = (() => [make()].flat().map((object) => new WeakRef(object)))();
    for (let i = 0; i < 100; i++) {
      // Looking at what a reference refers to keeps it for the rest of the turn.
      await turn();
      collect();
      await turn();
      if (refs.every((ref) => ref.deref() === undefined)) return true;
    }
    return false;
  };

  test.each([
    ['unused', () => new Sandbox()],
    [
      'that ran',
      () => {
        const box = new Sandbox();
        box.run('1');
        return box;
      },
    ],
    [
      'that handed out a function',
      () => {
        const box = new Sandbox();
        return [box, box.run('() => 1')];
      },
    ],
    [
      'that was given a function',
      () => {
        const f = () => 1;
        return [new Sandbox({ globals: { f } }), f];
      },
    ],
    [
      'that was given a function which holds it',
      () => {
        const box = new Sandbox();
        box.globalThis.f = () => box;
        return box;
      },
    ],
    [
      'whose globalThis was used',
      () => {
        const box = new Sandbox();
        return [box, box.globalThis];
      },
    ],
    [
      'with an unsettled promise',
      () => {
        const box = new Sandbox();
        return [box, box.run('new Promise(() => {})')];
      },
    ],
    [
      'with a loader',
      () => {
        const modules = { resolve: (id) => id, load: () => 'module.exports = () => 1' };
        const box = new Sandbox({ modules });
        return [box, box.require('a')];
      },
    ],
    [
      'whose timer was cleared',
      () => {
        const box = new Sandbox();
        box.run('clearInterval(setInterval(() => {}, 1e6))');
        return box;
      },
    ],
    [
      'that was stopped',
      () => {
        const box = new Sandbox({ timeout: 10 });
        errorOf(() => box.run('for (;;);'));
        return box;
      },
    ],
    [
      'that was disposed',
      () => {
        const box = new Sandbox();
        const f = box.run('() => 1');
        box.dispose();
        return [box, f];
      },
    ],
  ])('%s is collected', async (_, make) => {
    expect(await forgotten(make)).toBe(true);
  });

  test('stays while one of its functions is held', async () => {
    const f = (() => new Sandbox().run('let n = 0; () => ++n'))();
    for (let i = 0; i < 5; i++) {
      collect();
      await turn();
    }
    expect([f(), f()]).toEqual([1, 2]);
  });

  test('frees its memory: many of them do not add up', async () => {
    const forget = async (count) => {
      for (let i = 0; i < count; i++) {
        new Sandbox().run('var kept = new Array(100000).fill(1.5); 1');
        if (i % 20 === 0) {
          collect();
          await turn();
        }
      }
    };
    await forget(40);
    const before = process.memoryUsage.rss();
    await forget(200);
    expect(process.memoryUsage.rss() - before).toBeLessThan(150 * 1024 * 1024);
  });
});

describe('functions of one sandbox in another', () => {
  let both = [];
  const pair = (ofA, ofB) => {
    both = [sandbox({ name: 'a', ...ofA }), sandbox({ name: 'b', ...ofB })];
    return both;
  };

  // Each holds functions of the other, for as long as both live.
  afterEach(() => {
    for (const each of both) each.dispose();
  });

  test('work', () => {
    const [a, b] = pair();
    b.globalThis.fromA = a.run('(x) => x * 2');
    expect(b.run('fromA(21)')).toBe(42);
    expect(b.run('(f) => f(fromA)')((f) => f(2))).toBe(4);
  });

  test('come home to the first as the same function', () => {
    const [a, b] = pair();
    a.run('var mine = (x) => x; function isMine(f) { return f === mine }');
    b.globalThis.f = a.globalThis.mine;
    expect(a.globalThis.isMine(b.globalThis.f)).toBe(true);
  });

  test('throw what they throw, with their own class', () => {
    const [a, b] = pair();
    b.globalThis.fail = a.run("() => { throw new RangeError('of a') }");
    expect(b.run('try { fail() } catch (e) { [e instanceof RangeError, e.message] }')).toEqual([
      true,
      'of a',
    ]);
    expect(() => b.run('fail()')).toThrow(new RangeError('of a'));
  });

  test('go back and forth', () => {
    const [a, b] = pair();
    a.run('var other; function down(n) { return n === 0 ? "end" : other(n - 1) }');
    b.run('var other; function down(n) { return n === 0 ? "end" : other(n - 1) }');
    a.globalThis.other = b.globalThis.down;
    b.globalThis.other = a.globalThis.down;
    expect(a.globalThis.down(20)).toBe('end');
  });

  test("run under the caller's deadline as well as their own", () => {
    const [a, b] = pair({ timeout: 20 }, { timeout: 5000 });
    b.globalThis.loop = a.run('() => { for (;;); }');
    const error = errorOf(() => b.run('loop()'));
    expect(error).toMatchObject({ code: 'ERR_SANDBOX_TIMEOUT', sandbox: 'a' });
    expect(b.run('1')).toBe(1);
  });

  test('die with their sandbox', () => {
    const [a, b] = pair();
    b.globalThis.f = a.run('() => 1');
    a.dispose();
    expect(b.run('try { f() } catch (e) { e.code }')).toBe('ERR_SANDBOX_DISPOSED');
    expect(errorOf(() => b.run('f()'))).toMatchObject({
      code: 'ERR_SANDBOX_DISPOSED',
      sandbox: 'a',
    });
  });

  test('are let go when the other sandbox is gone', async () => {
    const [a, b] = pair();
    b.globalThis.f = a.run('() => 1');
    expect(a.usage().guestHandles).toBe(1);
    b.dispose();
    await eventually(() => a.usage().guestHandles === 0);
    expect(a.usage().guestHandles).toBe(0);
  });

  test('a promise of one settles in the other', async () => {
    const [a, b] = pair();
    b.globalThis.p = a.run('new Promise((resolve) => setTimeout(resolve, 1, 20))');
    expect(await b.run('p.then((x) => x + 1)')).toBe(21);
  });

  test('a disposed sandbox ends the call that is under way through another', () => {
    const [a, b] = pair();
    b.globalThis.end = () => a.dispose();
    a.globalThis.toB = b.run('() => end()');
    expect(errorOf(() => a.run('toB()')).code).toBe('ERR_SANDBOX_DISPOSED');
    expect(b.run('1')).toBe(1);
  });
});
