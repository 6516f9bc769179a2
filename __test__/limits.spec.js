'use strict';

// Deadlines, the memory cap and the stack cap: whatever a guest does, its host goes on.

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');
const { Script, copy } = require('..');
const { patient: sandbox, expectNoLeaks, errorOf, eventually } = require('./support.js');

afterEach(expectNoLeaks);

const MB = 1024 * 1024;

/** Long enough for any machine; an endless loop is longer. */
const LATE = 5000;

/** How a promise settles; a promise of a call must not wait for ever. */
const outcome = (promise) =>
  Promise.race([
    promise.then(
      (value) => value,
      (error) => error.code,
    ),
    new Promise((resolve) => setTimeout(resolve, LATE, 'never settled').unref()),
  ]);

/** Runs what must be stopped by its deadline, and shows that the sandbox then works as before. */
function expectTimeout(box, use) {
  box.run('globalThis.earlier = { state: 42 }; 1');
  const { timeouts } = box.usage();
  const start = performance.now();
  const error = errorOf(() => use(box));
  expect(error).toMatchObject({ name: 'SandboxError', code: 'ERR_SANDBOX_TIMEOUT' });
  expect(performance.now() - start).toBeLessThan(LATE);
  expect(box.usage().timeouts).toBe(timeouts + 1);
  expect(box.run('earlier.state')).toBe(42);
  return error;
}

describe('the deadline', () => {
  const quiet = { log() {} };
  const loops = [
    ['a loop', 'for (;;);'],
    ['a loop in a function', '(function f() { while (true) {} })()'],
    ['a loop with labels', 'a: for (;;) { b: for (;;) continue a; }'],
    ['a loop that catches', 'for (;;) try { for (;;); } catch {}'],
    ['a loop in catch', 'try { throw 1 } catch { for (;;); }'],
    ['a loop in finally', 'try {} finally { for (;;); }'],
    ['a generator', '(function* () { for (;;); })().next()'],
    ['a generator that never ends', 'for (const x of (function* () { for (;;) yield 1 })());'],
    ['a spread that never ends', 'Math.max(...{ *[Symbol.iterator]() { for (;;) yield; } })'],
    ['an async function', '(async () => { for (;;); })()'],
    ['an async function after await', '(async () => { await null; for (;;); })()'],
    ['endless awaiting', '(async () => { for (;;) await 0 })()'],
    [
      'an async generator',
      '(async () => { for await (const x of (async function* () { for (;;) yield 1 })()); })()',
    ],
    ['a then-chain without end', '(function f() { Promise.resolve().then(f) })()'],
    ['two then-chains', 'const f = () => Promise.resolve().then(f); f(); f()'],
    ['microtasks without end', '(function f() { queueMicrotask(f) })()'],
    ['a thenable', 'Promise.resolve({ then() { for (;;); } })'],
    ['a thenable that resolves to itself', 'const t = { then(f) { f(t) } }; Promise.resolve(t)'],
    ['a promise constructor', 'new Promise(() => { for (;;); })'],
    ['Promise.all on an endless iterator', 'Promise.all((function* () { for (;;) yield; })())'],
    ['a getter', '({ get x() { for (;;); } }).x'],
    [
      'a getter of an error that crosses',
      'Object.defineProperty(new Error(), "x", { enumerable: true, get() { for (;;); } })',
    ],
    [
      'a getter while the result of a promise crosses',
      'Promise.resolve(Object.defineProperty(new Error(), "x", { enumerable: true, get() { for (;;); } }))',
    ],
    [
      'a getter of an error that is thrown',
      'throw Object.defineProperty(new Error(), "x", { enumerable: true, get() { for (;;); } })',
    ],
    [
      'the message of an error that is thrown',
      'throw Object.defineProperty(new Error(), "message", { get() { for (;;); } })',
    ],
    [
      'the stack of an error that is thrown',
      'throw Object.defineProperty(new Error(), "stack", { get() { for (;;); } })',
    ],
    [
      'a getter of a rejection',
      'Promise.reject(Object.defineProperty(new Error(), "x", { enumerable: true, get() { for (;;); } })); 1',
    ],
    ['a getter of what is logged', 'console.log({ get x() { for (;;); } })'],
    ['toString', "'' + { toString() { for (;;); } }"],
    ['valueOf', '+{ valueOf() { for (;;); } }'],
    ['toPrimitive', 'String({ [Symbol.toPrimitive]() { for (;;); } })'],
    ['toJSON', 'JSON.stringify({ toJSON() { for (;;); } })'],
    ['a JSON reviver', "JSON.parse('[1]', () => { for (;;); })"],
    ['a sort comparator', '[3, 2, 1].sort(() => { for (;;); })'],
    [
      'a slow sort comparator',
      'new Array(1e5).fill(0).map((_, i) => i % 977).sort((a, b) => { for (let i = 0; i < 1e4; i++); return a - b })',
    ],
    ['a replacer', "'a'.replace(/a/, () => { for (;;); })"],
    ['Array.from', 'Array.from({ length: 1e9 }, () => 1)'],
    ['a regular expression', "/^(a+)+$/.test('a'.repeat(50) + 'b')"],
    ['a lazy regular expression', "/^(?:(?:.*?){20}){20}z/.test('a'.repeat(200))"],
    ['a regular expression with look-behind', "/(?<=^(a+)+)$/.test('b' + 'a'.repeat(50))"],
    ['replace with a regular expression', "('a'.repeat(50) + 'b').replace(/^(a+)+$/, '')"],
    ['a Proxy get trap', 'new Proxy({}, { get() { for (;;); } }).x'],
    ['a Proxy ownKeys trap', 'Object.keys(new Proxy({}, { ownKeys() { for (;;); } }))'],
    ['for-in over a Proxy', 'for (const k in new Proxy({}, { ownKeys() { for (;;); } }));'],
    ['instanceof', '({}) instanceof { [Symbol.hasInstance]() { for (;;); } }'],
    ['a class field', 'new (class { x = (() => { for (;;); })() })()'],
    ['a static block', 'class A { static { for (;;); } }'],
    ['a default argument', '((x = (() => { for (;;); })()) => x)()'],
    ['a tagged template', '((s) => { for (;;); })`x`'],
    [
      'a species constructor',
      'class P extends Promise { static get [Symbol.species]() { for (;;); } } new P(() => {}).then(() => {})',
    ],
    ['eval', "eval('for (;;);')"],
    ['Function', "new Function('for (;;);')()"],
    ['recursion that catches its overflow', '(function f() { try { f() } catch {} f() })()'],
    [
      'a FinalizationRegistry',
      'const r = new FinalizationRegistry(() => { for (;;); }); for (;;) r.register({}, 1)',
    ],
    ['indexOf on a long array-like', 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)'],
    ['a loop over Date.now', 'while (Date.now() > 0);'],
    ['a loop that calls the host', 'for (;;) host()'],
    ['a loop of host errors', 'for (;;) try { fails() } catch {}'],
  ];

  test.each(loops)('stops %s', (_, code) => {
    const globals = {
      host: () => 1,
      fails() {
        throw new Error('of the host');
      },
    };
    expectTimeout(sandbox({ timeout: 100, console: quiet, globals }), (box) => box.run(code));
  });

  const endless = (name) => `new Proxy(function () {}, { ${name}() { for (;;); } })`;
  test.each([
    ['a read', '({ get x() { for (;;); } })', (v) => v.x],
    ['a write', '({ set x(_) { for (;;); } })', (v) => Reflect.set(v, 'x', 1)],
    ['in', endless('has'), (v) => 'x' in v],
    ['delete', endless('deleteProperty'), (v) => Reflect.deleteProperty(v, 'x')],
    [
      'a property’s descriptor',
      endless('getOwnPropertyDescriptor'),
      (v) => Object.getOwnPropertyDescriptor(v, 'x'),
    ],
    ['a definition', endless('defineProperty'), (v) => Object.defineProperty(v, 'x', { value: 1 })],
    ['the keys', endless('ownKeys'), (v) => Object.keys(v)],
    ['the prototype', endless('getPrototypeOf'), (v) => Object.getPrototypeOf(v)],
    ['a change of prototype', endless('setPrototypeOf'), (v) => Object.setPrototypeOf(v, {})],
    ['isExtensible', endless('isExtensible'), (v) => Object.isExtensible(v)],
    ['preventExtensions', endless('preventExtensions'), (v) => Object.preventExtensions(v)],
    ['a call', endless('apply'), (v) => v()],
    ['new', endless('construct'), (v) => new v()],
    ['iteration', '({ [Symbol.iterator]: () => ({ next() { for (;;); } }) })', (v) => [...v]],
    ['conversion', '({ toString() { for (;;); } })', (v) => `${v}`],
    ['a copy', '({ a: [{ get x() { for (;;); } }] })', (v) => copy(v)],
    ['JSON', '({ toJSON() { for (;;); } })', (v) => JSON.stringify(v)],
  ])('stops %s of what the guest gave', (_, code, use) => {
    const box = sandbox({ timeout: 100 });
    const value = box.run(code);
    expectTimeout(box, () => use(value));
  });

  test('cannot be caught, and finally is not run', () => {
    const after = jest.fn();
    const box = sandbox({ timeout: 50, globals: { after } });
    const wrapped = `
      function layer(n) {
        try { if (n === 0) for (;;); else layer(n - 1) }
        catch (e) { after('catch') }
        finally { after('finally') }
        after('behind');
      }
      layer(5); after('end')`;
    expectTimeout(box, () => box.run(wrapped));
    expectTimeout(box, () =>
      box.run(`(function* () { try { for (;;); } finally { after() } })().next()`),
    );
    expectTimeout(box, () =>
      box.run(`(async () => { try { for (;;); } finally { after() } })().finally(after)`),
    );
    expectTimeout(box, () =>
      box.run(
        `for (const x of { [Symbol.iterator]: () => ({ next() { for (;;); }, return() { after() } }) });`,
      ),
    );
    expect(after).not.toHaveBeenCalled();
  });

  test('leaves no job behind that runs later', async () => {
    const after = jest.fn();
    const box = sandbox({ timeout: 50, globals: { after } });
    expectTimeout(box, () =>
      box.run('Promise.resolve().then(() => { for (;;); }); Promise.resolve().then(after)'),
    );
    box.run('1');
    await new Promise(setImmediate);
    box.run('1');
    expect(after).not.toHaveBeenCalled();
  });

  test('is not reported as a rejection of the guest, too', async () => {
    const box = sandbox({ timeout: 50 });
    const reported = jest.fn();
    box.on('unhandledRejection', reported).on('uncaughtException', reported);
    expectTimeout(box, () => box.run('(function f() { Promise.resolve().then(f) })()'));
    expectTimeout(box, () => box.run('(async () => { for (;;) await 0 })()'));
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(reported.mock.calls).toEqual([]);
  });

  test('names the sandbox', () => {
    const error = errorOf(() => sandbox({ name: 'slow', timeout: 20 }).run('for (;;);'));
    expect(error).toMatchObject({ sandbox: 'slow', message: expect.stringContaining("'slow'") });
  });

  test('can be given for one run', () => {
    const box = sandbox({ timeout: 0 });
    expectTimeout(box, () => box.run('for (;;);', { timeout: 30 }));
    expectTimeout(box, () => box.run(new Script('for (;;);'), { timeout: 30 }));
  });

  test('can be longer for one run', () => {
    const box = sandbox({ timeout: 50 });
    const code = 'const end = Date.now() + 200; while (Date.now() < end); "done"';
    expectTimeout(box, () => box.run(`{ ${code} }`));
    expect(box.run(`{ ${code} }`, { timeout: 20_000 })).toBe('done');
  });

  test.each([0, Infinity])('of %p is none', (timeout) => {
    const code = '{ const end = Date.now() + 1200; while (Date.now() < end); "done" }';
    expect(sandbox({ timeout }).run(code)).toBe('done');
    expect(sandbox({ timeout: 50 }).run(code, { timeout })).toBe('done');
  });

  test('is for each entry anew', () => {
    const box = sandbox({ timeout: 300 });
    for (let i = 0; i < 4; i++)
      box.run('{ const end = Date.now() + 120; while (Date.now() < end); }');
    expect(box.usage().timeouts).toBe(0);
  });

  test('covers functions that the host calls later', () => {
    const box = sandbox({ timeout: 50 });
    let loop = box.run('() => { for (;;); }');
    expectTimeout(box, () => loop());
    let Class = box.run('(class { constructor() { for (;;); } })');
    expectTimeout(box, () => new Class());
    loop = Class = undefined;
  });

  test('covers functions that came inside of other values', () => {
    const box = sandbox({ timeout: 50 });
    let value = box.run('({ list: [{ f() { for (;;); } }] })');
    expectTimeout(box, () => value.list[0].f());
    value = undefined;
  });

  test('covers globalThis', () => {
    const box = sandbox({ timeout: 50 });
    box.run(
      "Object.defineProperty(globalThis, 'g', { get() { for (;;); }, set() { for (;;); } }); 1",
    );
    expectTimeout(box, () => box.globalThis.g);
    expectTimeout(box, () => {
      box.globalThis.g = 1;
    });
  });

  test('covers modules', () => {
    const modules = { 'main.js': "require('./loop')", 'loop.js': 'for (;;);' };
    expectTimeout(sandbox({ timeout: 50, modules }), (box) => box.require('main'));
  });

  test('covers what goes on after a promise of the host', async () => {
    const box = sandbox({ timeout: 50 });
    const promise = box.run('(async (later) => { await later; for (;;); })')(Promise.resolve(1));
    expect(await outcome(promise)).toBe('ERR_SANDBOX_TIMEOUT');
    expect(box.run('1 + 1')).toBe(2);
  });

  test('covers what goes on after a promise of a host function', async () => {
    const box = sandbox({ timeout: 50, globals: { later: async () => 1 } });
    const promise = box.run('(async () => { await later(); await later(); for (;;); })()');
    expect(await outcome(promise)).toBe('ERR_SANDBOX_TIMEOUT');
  });

  test('covers what goes on after a timer', async () => {
    const box = sandbox({ timeout: 50 });
    const sleep = 'new Promise((resolve) => setTimeout(resolve, 1))';
    const promise = box.run(`(async () => { await ${sleep}; for (;;); })()`);
    expect(await outcome(promise)).toBe('ERR_SANDBOX_TIMEOUT');
  });

  test('does not count the time between entries', async () => {
    const box = sandbox({ timeout: 100 });
    const later = new Promise((resolve) => setTimeout(resolve, 250, 1));
    await expect(box.run('(async (later) => await later + 1)')(later)).resolves.toBe(2);
  });

  test('counts the time of host functions that the guest calls', () => {
    const box = sandbox();
    const after = jest.fn();
    box.globalThis.after = after;
    box.globalThis.slow = () => {
      const end = performance.now() + 150;
      while (performance.now() < end);
    };
    expectTimeout(box, () => box.run('slow(); after()', { timeout: 50 }));
    expect(after).not.toHaveBeenCalled();
  });

  describe('in nested entries', () => {
    test('is that of the outermost: catching on the host does not help', () => {
      const box = sandbox({ timeout: 100 });
      const codes = [];
      const after = jest.fn();
      box.globalThis.after = after;
      box.globalThis.host = () => {
        try {
          box.run('for (;;);');
        } catch (error) {
          codes.push(error.code);
        }
        return 'caught';
      };
      expectTimeout(box, () => box.run('host(); after(); for (;;);'));
      expect(codes).toEqual(['ERR_SANDBOX_TIMEOUT']);
      expect(after).not.toHaveBeenCalled();
    });

    test('cannot be made longer', () => {
      const box = sandbox({ timeout: 100 });
      box.globalThis.host = () => box.run('for (;;);', { timeout: 0 });
      expectTimeout(box, () => box.run('host()'));
    });

    test('that is shorter stops only the nested one', () => {
      const box = sandbox({ timeout: 20_000 });
      box.globalThis.host = () => box.run('for (;;);', { timeout: 30 });
      const code = 'let seen; try { host() } catch (e) { seen = [e.name, e.code] } seen';
      expect(box.run(code)).toEqual(['SandboxError', 'ERR_SANDBOX_TIMEOUT']);
      expect(box.run('1 + 1')).toBe(2);
    });

    test('that is shorter may happen again and again', () => {
      const box = sandbox({ timeout: 20_000 });
      box.globalThis.host = () => box.run('for (;;);', { timeout: 10 });
      expect(box.run('let n = 0; for (let i = 0; i < 5; i++) try { host() } catch { n++ } n')).toBe(
        5,
      );
    });

    test('of one sandbox holds inside of another that it calls', () => {
      const outer = sandbox({ name: 'outer', timeout: 100 });
      const inner = sandbox({ name: 'inner', timeout: LATE + 3000 });
      outer.globalThis.loop = inner.run('() => { for (;;); }');
      expectTimeout(outer, () => outer.run('loop()'));
      expect(inner.run('1 + 1')).toBe(2);
      outer.dispose();
    });

    test('holds through two sandboxes', () => {
      const outer = sandbox({ name: 'outer', timeout: 100 });
      const inner = sandbox({ name: 'inner', timeout: 300 });
      const after = jest.fn();
      outer.globalThis.after = after;
      outer.globalThis.loop = inner.run('() => { for (;;); }');
      const error = expectTimeout(outer, () => outer.run('try { loop() } catch {} after()'));
      expect(error.sandbox).toBe('outer');
      expect(after).not.toHaveBeenCalled();
      expect(inner.run('1 + 1')).toBe(2);
      outer.dispose();
    });
  });
});

describe('the memory cap', () => {
  /** Runs what takes too much, and shows that the host does not suffer. */
  function runIntoLimit(code, options) {
    const box = sandbox({ memoryLimitMb: 16, timeout: 20_000, ...options });
    box.run('globalThis.earlier = { state: 42 }; 1');
    const before = process.memoryUsage.rss();
    const error = errorOf(() => box.run(code));
    expect(error).toMatchObject({ name: 'SandboxError', code: 'ERR_SANDBOX_MEMORY_LIMIT' });
    const { memoryPeakBytes, memoryLimitBytes } = box.usage();
    expect(memoryPeakBytes).toBeLessThanOrEqual(memoryLimitBytes);
    // The cap, and what the host needs beside it.
    expect(process.memoryUsage.rss() - before).toBeLessThan(memoryLimitBytes + 48 * MB);
    return { box, error };
  }

  /** The same, and shows that the sandbox does not suffer either. */
  function expectMemoryLimit(code, options) {
    const { box, error } = runIntoLimit(code, options);
    expect(box.run('earlier.state')).toBe(42);
    expect(box.run('Array.from({ length: 10000 }, (_, i) => ({ i })).length')).toBe(10000);
    return error;
  }

  /** Code inside of a function, so that nothing of it stays. */
  const f = (code) => `(() => { ${code} })()`;

  test.each([
    ['numbers in an array', f('const a = []; for (;;) a.push(1.5)')],
    ['arrays in an array', f('const a = []; for (;;) a.push([])')],
    ['one huge array', 'new Array(1e9).fill(1).length'],
    ['an array that is concatenated', f('let a = [1]; for (;;) a = a.concat(a)')],
    ['an array that is spread', f('let a = [1]; for (;;) a = [...a, ...a]')],
    ['objects in a list', f('let o = null; for (;;) o = { o, a: 1 }')],
    ['keys of an object', f("const o = {}; for (let i = 0; ; i++) o['k' + i] = i")],
    ['shapes of objects', f("const a = []; for (let i = 0; ; i++) a.push({ ['k' + i]: 1 })")],
    ['a string that is doubled and read', f("let s = 'ab'; for (;;) { s += s; s.charCodeAt(0) }")],
    ['a string that is joined with itself', f('let s = "x"; for (;;) s = [s, s].join("")')],
    ['one huge string', "'x'.repeat(5e8).length"],
    ['a padded string', "'x'.padEnd(5e8).length"],
    ['strings in an array', f("const a = []; for (let i = 0; ; i++) a.push('some text ' + i)")],
    ['long strings in an array', f("const a = []; for (;;) a.push('x'.repeat(1e6))")],
    ['split', "'x'.repeat(4e6).split('').length"],
    ['a Map', f('const m = new Map(); for (let i = 0; ; i++) m.set(i, i)')],
    ['a Set', f("const s = new Set(); for (let i = 0; ; i++) s.add('s' + i)")],
    [
      'a WeakMap',
      f('const m = new WeakMap(), k = []; for (;;) { const o = {}; k.push(o); m.set(o, {}) }'),
    ],
    ['one huge ArrayBuffer', 'new ArrayBuffer(1e9).byteLength'],
    ['many ArrayBuffers', f('const a = []; for (;;) a.push(new ArrayBuffer(1e6))')],
    ['many small ArrayBuffers', f('const a = []; for (;;) a.push(new ArrayBuffer(16))')],
    ['an ArrayBuffer that is resized', 'new ArrayBuffer(8, { maxByteLength: 1e9 }).resize(1e9)'],
    ['a SharedArrayBuffer', 'new SharedArrayBuffer(1e9).byteLength'],
    ['one huge typed array', 'new Float64Array(1e8).length'],
    ['many typed arrays', f('const a = []; for (;;) a.push(new Float64Array(1e5))')],
    ['closures', f('const a = []; for (;;) { let x = {}; a.push(() => x) }')],
    [
      'generators',
      f('const a = []; for (;;) { const g = (function* () { yield 1 })(); g.next(); a.push(g) }'),
    ],
    ['a regular expression that backtracks', "/^(?:a|b|c)*$/.test('ab'.repeat(3e6))"],
    [
      'many regular expressions',
      f("const a = []; for (let i = 0; ; i++) a.push(new RegExp('a' + i + 'b*'))"),
    ],
    ['JSON.stringify', "JSON.stringify(new Array(2e6).fill('xxxxxx')).length"],
    ['promises', f('const a = []; for (;;) a.push(Promise.resolve())')],
    ['a promise chain', f('let p = Promise.resolve(); for (;;) p = p.then(() => {})')],
    ['jobs', 'for (;;) queueMicrotask(() => {})'],
    ['async functions', f('for (;;) (async () => { await 0 })()')],
    [
      'bytecode of many functions',
      f("const a = []; for (let i = 0; ; i++) a.push(new Function('return x.a' + i))"),
    ],
    ['classes', f('const a = []; for (;;) a.push(class { m() {} static x = 1 })')],
    ['symbols', f("const a = []; for (;;) a.push(Symbol('x'))")],
    ['bigints', f('const a = []; for (let i = 1n; ; i++) a.push(i << 100n)')],
    ['errors', f("const a = []; for (;;) a.push(new Error('x'))")],
    ['proxies', f('let p = {}; for (;;) p = new Proxy(p, {})')],
    ['bound functions', f('let g = () => 1; for (;;) g = g.bind()')],
    ['deep data', f('let a = []; for (;;) a = [a]')],
    [
      'a FinalizationRegistry',
      f(
        'const r = new FinalizationRegistry(() => {}), k = []; for (;;) { const o = {}; k.push(o); r.register(o, 1) }',
      ),
    ],
    ['Object.entries', 'Object.entries(new Array(1e6).fill(1)).length'],
    ['normalize', "'\\u0344'.repeat(5e6).normalize('NFD').length"],
    ['a value that crosses', "Array.from({ length: 1e6 }, (_, i) => ({ i, s: 's' + i }))"],
    ['an error with a long message', "throw new Error('x'.repeat(1.5e7))"],
  ])('stops %s', (_, code) => {
    expectMemoryLimit(code);
  });

  test.each([
    ['JSON.parse of a big text', "JSON.parse('[' + '{},'.repeat(1e6) + '{}]').length"],
    ['bytecode of one large text', "new Function('x.y();'.repeat(1e6))"],
  ])('stops %s, for good', (_, code) => {
    const { box, error } = runIntoLimit(code);
    expect(box.state).toBe('terminated');
    expect(errorOf(() => box.run('1'))).toMatchObject({
      code: 'ERR_SANDBOX_TERMINATED',
      cause: error,
    });
  });

  test.each([
    ['of an array', f('const a = []; for (;;) try { a.push(new Array(1e4).fill(1)) } catch {}')],
    ['of a huge ArrayBuffer', 'for (;;) try { new ArrayBuffer(1e9) } catch {}'],
    ['of a huge string', "for (;;) try { 'x'.repeat(5e8) } catch {}"],
    ['once', "try { new ArrayBuffer(1e9) } catch (e) { 'swallowed' }"],
    [
      'in a promise',
      'Promise.resolve().then(() => { const a = []; for (;;) a.push({}) }).catch(() => 1)',
    ],
    ['in finally', f('try { const a = []; for (;;) a.push({}) } finally { return "swallowed" }')],
  ])('cannot be swallowed by catching the refusal %s', (_, code) => {
    expectMemoryLimit(code);
  });

  test.each([1, 2, 4])('holds with %i MB', (memoryLimitMb) => {
    const box = sandbox({ memoryLimitMb, timeout: 20_000 });
    const codes = [
      f('const a = []; for (;;) a.push({})'),
      f("const a = []; for (let i = 0; ; i++) a.push(new Function('return x.a' + i))"),
      "JSON.stringify(new Array(1e6).fill('xxxxxx')).length",
      'new ArrayBuffer(1e8)',
    ];
    for (const code of codes) {
      expect(errorOf(() => box.run(code)).code).toBe('ERR_SANDBOX_MEMORY_LIMIT');
      expect(box.run('[1, 2, 3].map((x) => x * 2).join()')).toBe('2,4,6');
    }
    const { memoryPeakBytes, memoryLimitBytes } = box.usage();
    expect(memoryPeakBytes).toBeLessThanOrEqual(memoryLimitBytes);
    expect(memoryLimitBytes).toBe(memoryLimitMb * MB);
  });

  test.each([
    ['keys of an object', f("const o = {}; for (let i = 0; ; i++) o['k' + i] = i")],
    ['symbols of an object', f('const o = {}; for (let i = 0; ; i++) o[Symbol()] = i')],
    ['globals', "for (let i = 0; ; i++) globalThis['k' + i] = i"],
  ])('%s do not end the process, whatever the cap', async (_, code) => {
    // In a process of its own: this must not take the other tests along.
    const program = `
      const { Sandbox } = require(${JSON.stringify(path.join(__dirname, '..'))});
      for (const memoryLimitMb of [1, 1.75, 2, 3, 3.5, 4, 6, 8, 16]) {
        const box = new Sandbox({ memoryLimitMb, timeout: 20000 });
        try { box.run(${JSON.stringify(code)}) } catch (error) { console.log(error.code) }
        box.dispose();
      }`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', program]);
    expect(stdout.trim().split('\n')).toEqual(Array(9).fill('ERR_SANDBOX_MEMORY_LIMIT'));
  });

  test('may be reached again and again', () => {
    const box = sandbox({ memoryLimitMb: 4, timeout: 20_000 });
    for (let i = 0; i < 20; i++) {
      const error = errorOf(() => box.run(f('const a = []; for (;;) a.push({ a: [] })')));
      expect(error.code).toBe('ERR_SANDBOX_MEMORY_LIMIT');
    }
    expect(box.run('1 + 1')).toBe(2);
  });

  test.each([
    ["throw new InternalError('out of memory')", 'out of memory'],
    ["throw new Error('out of memory')", 'out of memory'],
    ["throw new RangeError('Array buffer allocation failed')", 'Array buffer allocation failed'],
  ])('is not what a guest pretends with %s', (code, message) => {
    const error = errorOf(() => sandbox().run(code));
    expect(error.code).toBeUndefined();
    expect(error.message).toBe(message);
  });

  test('is not what a guest pretends by throwing null', () => {
    expect(errorOf(() => sandbox().run('throw null'))).toBeNull();
  });

  test('is not reached by garbage', () => {
    const box = sandbox({ memoryLimitMb: 4, timeout: 20_000 });
    expect(
      box.run("let n = 0; for (let i = 0; i < 2e5; i++) { n += [i, { i }, 'x' + i].length } n"),
    ).toBe(6e5);
    // Cycles, which only the collector finds.
    expect(box.run('for (let i = 0; i < 1e5; i++) { const a = {}; a.a = { a } } 1')).toBe(1);
  });

  test('names the sandbox and its limit', () => {
    const box = sandbox({ name: 'hungry', memoryLimitMb: 3 });
    const error = errorOf(() => box.run('new ArrayBuffer(1e9)'));
    expect(error).toMatchObject({ sandbox: 'hungry' });
    expect(error.message).toContain("'hungry'");
    expect(error.message).toContain('3 MB');
  });

  test('covers what the host hands in', () => {
    const box = sandbox({ memoryLimitMb: 4, timeout: 20_000 });
    const values = [
      'x'.repeat(10 * MB),
      copy(new Array(1e6).fill('x')),
      new Uint8Array(10 * MB),
      'é日'.repeat(5 * MB),
    ];
    for (const value of values) {
      const error = errorOf(() => {
        box.globalThis.value = value;
      });
      expect(error.code).toBe('ERR_SANDBOX_MEMORY_LIMIT');
      expect(box.run('typeof value')).toBe('undefined');
    }
    box.globalThis.value = new Array(1e6).fill('x'); // takes no room as long as it is not copied
    expect(box.run('value.length')).toBe(1e6);
    expect(errorOf(() => box.run('[...value]')).code).toBe('ERR_SANDBOX_MEMORY_LIMIT');
  });

  test('covers source text', () => {
    const box = sandbox({ memoryLimitMb: 2, timeout: 20_000 });
    expect(errorOf(() => box.run(`'${'x'.repeat(5 * MB)}'`)).code).toBe('ERR_SANDBOX_MEMORY_LIMIT');
    expect(box.state).toBe('terminated');
  });

  test('covers guest functions that the host calls, and module loading', () => {
    const modules = { 'big.js': 'const a = []; for (;;) a.push({});' };
    const box = sandbox({ memoryLimitMb: 4, timeout: 20_000, modules });
    let eat = box.run('() => { const a = []; for (;;) a.push({}) }');
    expect(errorOf(eat).code).toBe('ERR_SANDBOX_MEMORY_LIMIT');
    expect(errorOf(() => box.require('big')).code).toBe('ERR_SANDBOX_MEMORY_LIMIT');
    expect(box.run('1 + 1')).toBe(2);
    eat = undefined;
  });

  test('rejects the promise of a call that ran out of it later', async () => {
    const box = sandbox({ memoryLimitMb: 4, timeout: 20_000 });
    const call = box.run('(async (later) => { await later; const a = []; for (;;) a.push({}) })');
    expect(await outcome(call(Promise.resolve(1)))).toBe('ERR_SANDBOX_MEMORY_LIMIT');
    expect(box.run('1 + 1')).toBe(2);
  });

  test('of one sandbox is not that of another', () => {
    const [small, large] = [sandbox({ memoryLimitMb: 2 }), sandbox({ memoryLimitMb: 32 })];
    const code = 'new ArrayBuffer(1e7).byteLength';
    expect(errorOf(() => small.run(code)).code).toBe('ERR_SANDBOX_MEMORY_LIMIT');
    expect(large.run(code)).toBe(1e7);
  });
});

describe('the stack cap', () => {
  const recursions = [
    ['a function', '(function f() { return f() + 1 })()'],
    ['two functions', 'const a = () => b(), b = () => a(); a()'],
    ['a method call', 'const o = { f() { return o.f() } }; o.f()'],
    ['apply', '(function f() { return f.apply(null, []) })()'],
    ['Reflect.apply', '(function f() { return Reflect.apply(f, null, []) })()'],
    ['a constructor', 'class C { constructor() { new C() } } new C()'],
    ['super', 'class A { constructor() { new B() } } class B extends A {} new B()'],
    [
      'a deep chain of classes',
      'let C = class {}; for (let i = 0; i < 50000; i++) C = class extends C {}; new C()',
    ],
    ['a getter', '({ get x() { return this.x } }).x'],
    ['a setter', '({ set x(v) { this.x = v } }).x = 1'],
    ['toString', "'' + { toString() { return '' + this } }"],
    ['valueOf', '+{ valueOf() { return +this } }'],
    ['toPrimitive', '+{ [Symbol.toPrimitive]() { return +this } }'],
    ['toJSON', 'const o = { toJSON() { return JSON.stringify(o) } }; JSON.stringify(o)'],
    ['eval', '(function f() { return eval("f()") })()'],
    ['indirect eval', "var s = '(0, eval)(s)'; (0, eval)(s)"],
    ['a generator', '(function* g() { yield* g() })().next()'],
    ['an iterator', '[...{ *[Symbol.iterator]() { yield* this } }]'],
    ['a sort comparator', '(function f() { return [2, 1].sort(f) })()'],
    ['map', '(function f() { return [1].map(f) })()'],
    ['reduce', '(function f() { return [1, 2].reduce(f) })()'],
    ['Array.from', '(function f() { return Array.from([1], f) })()'],
    ['replace', "(function f() { return 'a'.replace(/a/, f) })()"],
    [
      'hasInstance',
      'class C { static [Symbol.hasInstance](x) { return x instanceof C } } ({}) instanceof C',
    ],
    ['a Proxy that asks itself', '{ let p; p = new Proxy({}, { get: (t, k, r) => r[k] }); p.x }'],
    [
      'a Proxy that is its own prototype',
      '{ const p = new Proxy({}, {}); Object.setPrototypeOf(p, p); p.x }',
    ],
    [
      'reading through many Proxies',
      '{ let p = {}; for (let i = 0; i < 50000; i++) p = new Proxy(p, {}); p.x }',
    ],
    [
      'calling through many Proxies',
      '{ let p = () => 1; for (let i = 0; i < 50000; i++) p = new Proxy(p, {}); p() }',
    ],
    [
      'constructing through many Proxies',
      '{ let p = class {}; for (let i = 0; i < 50000; i++) p = new Proxy(p, {}); new p() }',
    ],
    [
      'keys of many Proxies',
      '{ let p = {}; for (let i = 0; i < 50000; i++) p = new Proxy(p, {}); Object.keys(p) }',
    ],
    [
      'calling through many binds',
      "{ let f = () => 1; for (let i = 0; i < 50000; i++) f = Object.defineProperty(f.bind(), 'name', { value: '' }); f() }",
    ],
    [
      'instanceof through many binds',
      "{ let f = class {}; for (let i = 0; i < 50000; i++) f = Object.defineProperty(f.bind(), 'name', { value: '' }); ({}) instanceof f }",
    ],
    [
      'flat of a deep array',
      '{ let a = []; for (let i = 0; i < 50000; i++) a = [a]; a.flat(Infinity) }',
    ],
    ['flat of a cyclic array', '{ const a = []; a.push(a); a.flat(Infinity) }'],
    ['join of a deep array', '{ let a = []; for (let i = 0; i < 50000; i++) a = [a]; String(a) }'],
    [
      'toLocaleString',
      '{ const a = [{ toLocaleString: () => a.toLocaleString() }]; a.toLocaleString() }',
    ],
    ['JSON.parse of deep arrays', "JSON.parse('['.repeat(1e5) + ']'.repeat(1e5))"],
    ['JSON.parse of deep objects', "JSON.parse('{\"a\":'.repeat(1e5) + '1' + '}'.repeat(1e5))"],
    [
      'JSON.stringify of deep arrays',
      '{ let a = []; for (let i = 0; i < 50000; i++) a = [a]; JSON.stringify(a) }',
    ],
    ['parentheses', "eval('('.repeat(1e5) + '1' + ')'.repeat(1e5))"],
    ['array literals', "eval('['.repeat(1e5) + ']'.repeat(1e5))"],
    ['templates', "eval('`$' + '{`$'.repeat(1e5) + '{1}`' + '}`'.repeat(1e5))"],
    ['blocks', "eval('{'.repeat(1e5) + '}'.repeat(1e5))"],
    ['function expressions', "eval('(function () {'.repeat(1e5) + '})'.repeat(1e5))"],
    ['class expressions', "eval('(class extends '.repeat(1e5) + 'Object' + ' {})'.repeat(1e5))"],
    ['unary operators', "eval('!'.repeat(1e5) + '1')"],
    ['assignments', "var a; eval('a = '.repeat(1e5) + '1')"],
    ['conditionals', "eval('1 ? 1 : '.repeat(1e5) + '1')"],
    ['powers', "eval('1 ** '.repeat(1e5) + '1')"],
    ['new', "eval('new '.repeat(1e5) + 'Object')"],
    ['if', "eval('if (1) '.repeat(1e5) + ';')"],
    ['try', "eval('try {'.repeat(1e5) + '} finally {}'.repeat(1e5))"],
    ['calls as arguments', "var f = () => f; eval('f('.repeat(1e5) + ')'.repeat(1e5))"],
    ['labels', "eval(Array.from({ length: 1e5 }, (_, i) => 'l' + i + ':').join('') + ';')"],
  ];

  test.each(recursions)('%s: ends in a RangeError that the guest can catch', (_, code) => {
    const box = sandbox({ timeout: 20_000 });
    const caught = `try { ${code} } catch (e) { e instanceof RangeError ? 'RangeError' : String(e) }`;
    expect(box.run(`{ ${caught} }`)).toBe('RangeError');
    expect(errorOf(() => box.run(`{ ${code} }`))).toBeInstanceOf(RangeError);
    expect(box.run('[1, 2, 3].map((x) => x * 2)')).toEqual([2, 4, 6]);
  });

  // The parser tries these in several ways, and the last one has the word.
  test.each([
    ['arrow functions', "eval('() => '.repeat(1e5) + '1')"],
    ['object literals', "eval('(' + '{a:'.repeat(1e5) + '1' + '}'.repeat(1e5) + ')')"],
    ['calls of Function', "globalThis.r = () => new Function('return r()')(); r()"],
    ['function declarations', "eval('function f() {'.repeat(1e5) + '}'.repeat(1e5))"],
    ['patterns', "eval('var ' + '['.repeat(1e5) + 'a' + ']'.repeat(1e5) + ' = 1')"],
    ['groups of a regular expression', "new RegExp('(?:'.repeat(1e5) + ')'.repeat(1e5))"],
    ['captures of a regular expression', "new RegExp('('.repeat(1e5) + ')'.repeat(1e5))"],
    ['look-aheads', "new RegExp('(?='.repeat(1e5) + ')'.repeat(1e5))"],
    ['classes of a regular expression', "new RegExp('['.repeat(1e5) + ']'.repeat(1e5), 'v')"],
  ])('%s nested too deeply: end in an error that the guest can catch', (_, code) => {
    const box = sandbox({ timeout: 20_000 });
    expect(box.run(`try { ${code}; 'fine' } catch (e) { e instanceof Error }`)).toBe(true);
    expect(box.run('1 + 1')).toBe(2);
  });

  test.each([
    ['the host', (box) => box.run('host(0)')],
    ['a getter that the host reads', (box) => box.run('({ get x() { return host(0) } })').x],
    ['a getter that is copied', (box) => copy(box.run('({ get x() { return host(0) } })'))],
    [
      'a getter that crosses',
      (box) =>
        box.run(
          'throw Object.defineProperty(new Error(), "x", { enumerable: true, get: () => host(0) })',
        ),
    ],
  ])('recursion through %s ends in an error', (_, use) => {
    const box = sandbox({ timeout: 20_000 });
    box.globalThis.host = (n) => box.run(`host(${n + 1})`);
    const error = errorOf(() => use(box));
    expect(error).toBeInstanceOf(Error);
    expect(box.run('1 + 1')).toBe(2);
  });

  test('recursion of a guest function that calls a host function that calls it ends', () => {
    const box = sandbox({ timeout: 20_000 });
    box.globalThis.host = (f) => f();
    const error = errorOf(() => box.run('(function f() { return host(f) })()'));
    expect(error).toBeInstanceOf(RangeError);
    expect(box.run('1 + 1')).toBe(2);
  });

  test('recursion through two sandboxes ends', () => {
    const [a, b] = [sandbox({ timeout: 20_000 }), sandbox({ timeout: 20_000 })];
    a.run('var other; function f() { return other() } 1');
    b.run('var other; function f() { return other() } 1');
    a.globalThis.other = b.globalThis.f;
    b.globalThis.other = a.globalThis.f;
    expect(errorOf(() => a.run('f()'))).toBeInstanceOf(RangeError);
    expect([a.run('1'), b.run('2')]).toEqual([1, 2]);
    // Each holds a function of the other.
    a.dispose();
    b.dispose();
  });

  test('a deep host stack leaves the guest an error, not a crash', () => {
    const box = sandbox({ timeout: 20_000 });
    const results = new Set();
    const dive = () => {
      try {
        dive();
      } catch {}
      if (results.size > 3) return;
      try {
        results.add(box.run('(function f(n) { return n === 0 ? "ok" : f(n - 1) })(50)'));
      } catch (error) {
        results.add(error.name);
      }
    };
    dive();
    expect(box.run('"ok"')).toBe('ok');
    for (const each of results) expect(['ok', 'RangeError', 'SandboxError']).toContain(each);
  });

  test('is larger where stackLimitKb is', () => {
    const depth = (stackLimitKb) => {
      const code = 'let n = 0; try { (function f() { n++; f() })() } catch {} n';
      return sandbox({ stackLimitKb, timeout: 20_000 }).run(code);
    };
    const [small, medium] = [depth(64), depth(256)];
    expect(small).toBeGreaterThan(50);
    expect(medium).toBeGreaterThan(2 * small);
  });

  test.each([64, 512, 8192])('holds with a limit of %i KB', (stackLimitKb) => {
    const box = sandbox({ stackLimitKb, timeout: 20_000 });
    for (const code of [
      '(function f() { f() })()',
      "JSON.parse('['.repeat(1e6))",
      "eval('('.repeat(1e6))",
    ]) {
      expect(errorOf(() => box.run(code))).toBeInstanceOf(Error);
    }
    expect(box.run('1 + 1')).toBe(2);
  });

  test.each([
    ['objects', '{ let a = {}; for (let i = 0; i < 50000; i++) a = { a }; globalThis.v = a }'],
    ['arrays', '{ let a = []; for (let i = 0; i < 50000; i++) a = [a]; globalThis.v = a }'],
    [
      'Maps',
      '{ let a = 1; for (let i = 0; i < 50000; i++) a = new Map([[1, a]]); globalThis.v = a }',
    ],
    ['Sets', '{ let a = 1; for (let i = 0; i < 50000; i++) a = new Set([a]); globalThis.v = a }'],
  ])('%s nested too deeply to be copied say so', (_, code) => {
    const box = sandbox({ timeout: 20_000 });
    box.run(`${code} 1`);
    const error = errorOf(() => copy(box.run('v')));
    expect(error.code).toBe('ERR_SANDBOX_CROSSING');
    expect(error.message.length).toBeLessThan(2000);
    expect(box.run('1 + 1')).toBe(2);
  });

  test('an error with an endless chain of causes arrives, with the chain cut short', () => {
    const box = sandbox({ timeout: 20_000 });
    const error = box.run(`
      let e; for (let i = 0; i < 20000; i++) e = new Error('cause ' + i, { cause: e }); e`);
    expect(error).toBeInstanceOf(Error);
    let causes = 0;
    for (let cause = error.cause; cause instanceof Error; cause = cause.cause) causes++;
    expect(causes).toBeGreaterThan(10);
    expect(causes).toBeLessThan(20_000);
    expect(box.run('1 + 1')).toBe(2);
  });

  test.each([
    ['objects', (deep) => ({ deep })],
    ['arrays', (deep) => [deep]],
    ['Maps', (deep) => new Map([[1, deep]])],
    ['Sets', (deep) => new Set([deep])],
  ])('%s of the host nested too deeply to be copied say so', (_, nest) => {
    const box = sandbox();
    let deep = nest(1);
    for (let i = 0; i < 100_000; i++) deep = nest(deep);
    const error = errorOf(() => {
      box.globalThis.deep = copy(deep);
    });
    expect(error.code).toBe('ERR_SANDBOX_CROSSING');
    expect(error.message.length).toBeLessThan(2000);
    expect(box.run('typeof deep')).toBe('undefined');
  });

  test.each([
    ['objects', '{ let a = null; for (let i = 0; i < 200000; i++) a = { a }; a = null }'],
    [
      'closures',
      '{ let f = null; for (let i = 0; i < 200000; i++) { const g = f; f = () => g } f = null }',
    ],
    [
      'promises',
      '{ let p = Promise.resolve(); for (let i = 0; i < 50000; i++) p = p.then(() => {}); p = null }',
    ],
    ['strings', "{ let s = 'a'; for (let i = 0; i < 200000; i++) s = s + 'bc'; s.indexOf('z') }"],
  ])('long chains of %s are freed without recursion', (_, code) => {
    const box = sandbox({ timeout: 20_000 });
    box.run(`${code} 1`);
    expect(box.run('1 + 1')).toBe(2);
  });
});

test('the event loop goes on between entries that are stopped', async () => {
  const box = sandbox({ timeout: 20 });
  let turns = 0;
  const immediate = () => {
    turns++;
    if (turns < 3) setImmediate(immediate);
  };
  setImmediate(immediate);
  for (let i = 0; i < 3; i++) {
    expect(() => box.run('for (;;);')).toThrow();
    await new Promise(setImmediate);
  }
  await eventually(() => turns === 3);
  expect(turns).toBe(3);
});

describe('what crosses is under the deadline, too:', () => {
  const large = {
    'numbers in a Set': 'new Set(Array.from({ length: 1e5 }, (_, i) => i))',
    'stand-ins in a Map': 'new Map(Array.from({ length: 1e4 }, (_, i) => [i, {}]))',
    bytes: 'new Uint8Array(2e7)',
    text: "'\\u1234'.repeat(5e6)",
  };
  const uses = ['value', 'host(value)', 'Promise.resolve(value)'];

  test.each(Object.entries(large))('%s', (_, code) => {
    const box = sandbox({ memoryLimitMb: 256, timeout: 20_000, globals: { host: () => {} } });
    box.run(`globalThis.value = ${code}; 1`);
    const timeOf = (use, timeout) => {
      const started = performance.now();
      box.run(use, { timeout });
      return performance.now() - started;
    };
    for (const use of uses) {
      const took = timeOf(use, 20_000);
      const error = errorOf(() => timeOf(use, took / 50));
      expect(error.code).toBe('ERR_SANDBOX_TIMEOUT');
      // Wherever it is on its way when the time is over, nothing of it is left behind.
      for (let part = 1; part < 10; part += 2) {
        try {
          timeOf(use, (took * part) / 10);
        } catch (late) {
          expect(late.code).toBe('ERR_SANDBOX_TIMEOUT');
        }
      }
    }
  });
});
