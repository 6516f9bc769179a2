'use strict';

// The guest's console: where its lines go, and that nothing a guest logs does harm.

const { inspect, format } = require('node:util');
const { sandbox, expectNoLeaks, errorOf } = require('./support.js');

afterEach(expectNoLeaks);

const METHODS = ['log', 'info', 'warn', 'error', 'debug', 'trace'];

/** A console that keeps its calls as `[method, ...arguments]`. */
function recorder() {
  const calls = [];
  const note =
    (method) =>
    (...values) =>
      void calls.push([method, ...values]);
  const target = Object.fromEntries(
    [...METHODS, 'dir', 'dirxml', 'table', 'group', 'groupCollapsed', 'groupEnd'].map((method) => [
      method,
      note(method),
    ]),
  );
  return { calls, target, lines: () => calls.map(([, ...values]) => format(...values)) };
}

/** Runs the code with a recording console and answers what it recorded. */
function record(code, options) {
  const recorded = recorder();
  const box = sandbox({ name: 'app', console: recorded.target, ...options });
  box.run(code);
  return recorded;
}

describe('forwarding', () => {
  test.each(METHODS)('console.%s goes to the method of that name, tagged', (method) => {
    expect(record(`console.${method}('hello', 1, true)`).calls).toEqual([
      [method, '[app] hello', 1, true],
    ]);
  });

  test("without the option it goes to the host's console as it is at that time", () => {
    const box = sandbox({ name: 'app' });
    const spy = jest.spyOn(console, 'warn').mockImplementation(() => {});
    try {
      box.run("console.warn('careful')");
      expect(spy.mock.calls).toEqual([['[app] careful']]);
    } finally {
      spy.mockRestore();
    }
  });

  test('each sandbox has its own tag', () => {
    const { calls, target } = recorder();
    for (const name of ['one', 'two']) sandbox({ name, console: target }).run("console.log('x')");
    expect(calls).toEqual([
      ['log', '[one] x'],
      ['log', '[two] x'],
    ]);
  });

  test('the methods are called on the console given', () => {
    class Logger {
      lines = [];
      log(...values) {
        this.lines.push(values);
      }
    }
    const logger = new Logger();
    sandbox({ name: 'app', console: logger }).run("console.log('x')");
    expect(logger.lines).toEqual([['[app] x']]);
  });

  test('a console that has only log gets everything there', () => {
    const log = jest.fn();
    const box = sandbox({ name: 'app', console: { log } });
    for (const method of METHODS) box.run(`console.${method}('x')`);
    box.run("console.dir({ a: 1 }); console.table([1]); console.group('g'); console.groupEnd()");
    expect(log).toHaveBeenCalledTimes(METHODS.length + 4);
  });

  test('a call without arguments writes the tag', () => {
    expect(record('console.log()').lines()).toEqual(['[app]']);
  });

  test.each([
    ["'%s is %d years and %i, %f', 'Bob', 42, 42.9, 1.5", '[app] Bob is 42 years and 42, 1.5'],
    ["'%o and %j', { a: 1 }, { b: 2 }", '[app] { a: 1 } and {"b":2}'],
    ["'100%', 'sure'", '[app] 100% sure'],
    ["'%%s', 'x'", '[app] %s x'],
    ["'%c styled', 'color: red'", '[app]  styled'],
    ["1, '%s', 'x'", '[app] 1 %s x'],
    ["{ a: 1 }, 'x'", '[app] { a: 1 } x'],
    [
      "'a', { b: [1, 2] }, null, undefined, -0, 10n",
      '[app] a { b: [ 1, 2 ] } null undefined -0 10n',
    ],
  ])('console.log(%s) shows as in Node', (args, line) => {
    expect(record(`console.log(${args})`).lines()).toEqual([line]);
  });

  test('a name with a percent sign is not a format', () => {
    expect(record("console.log('a', 'b')", { name: '100%s' }).lines()).toEqual(['[100%s] a b']);
    expect(record("console.log(1, 'b')", { name: '100%d' }).lines()).toEqual(['[100%d] 1 b']);
  });

  test('answers undefined, whatever the console given answers', () => {
    const box = sandbox({ console: { log: () => 'secret' } });
    expect(box.run("console.log('x')")).toBeUndefined();
  });

  test('methods work on their own', () => {
    const { calls } = record("const { log } = console; ['a', 'b'].forEach((x) => log(x))");
    expect(calls.map(([, line]) => line)).toEqual(['[app] a', '[app] b']);
  });

  test('table, dir and groupEnd are handed on without a tag', () => {
    const { calls } = record(
      "console.table([{ a: 1 }], ['a']); console.dir({ a: 1 }, { depth: 0 }); console.groupEnd()",
    );
    expect(calls).toEqual([
      ['table', [{ a: 1 }], ['a']],
      ['dir', { a: 1 }, { depth: 0 }],
      ['groupEnd'],
    ]);
  });

  test('group and groupCollapsed have a tag', () => {
    expect(record("console.group('g'); console.groupCollapsed('h')").calls).toEqual([
      ['group', '[app] g'],
      ['groupCollapsed', '[app] h'],
    ]);
  });

  test('assert writes only when its condition does not hold', () => {
    const { lines } = record(`
      console.assert(true, 'never');
      console.assert(0, 'one %s', 'x');
      console.assert(false);
      console.assert(false, { a: 1 });`);
    expect(lines()).toEqual([
      '[app] Assertion failed: one x',
      '[app] Assertion failed',
      '[app] Assertion failed { a: 1 }',
    ]);
  });

  test('count counts by label until countReset', () => {
    const { lines } = record(`
      console.count(); console.count('x'); console.count(); console.countReset(); console.count();`);
    expect(lines()).toEqual([
      '[app] default: 1',
      '[app] x: 1',
      '[app] default: 2',
      '[app] default: 1',
    ]);
  });

  test('a label with a percent sign is not a format', () => {
    expect(record("console.count('%s')").lines()).toEqual(['[app] %s: 1']);
  });

  test('time, timeLog and timeEnd tell the time between them', () => {
    const { lines } = record(`
      console.time('t'); console.timeLog('t', 'so far'); console.timeEnd('t'); console.timeEnd('t');`);
    expect(lines()).toHaveLength(2);
    expect(lines()[0]).toMatch(/^\[app\] t: \d+(?:\.\d+)?ms so far$/);
    expect(lines()[1]).toMatch(/^\[app\] t: \d+(?:\.\d+)?ms$/);
  });

  test('lines of timers and promises arrive too', async () => {
    const { calls, target } = recorder();
    const box = sandbox({ name: 'app', console: target });
    await box.run(`
      Promise.resolve().then(() => console.log('promise'));
      new Promise((resolve) => setTimeout(() => { console.log('timer'); resolve() }, 1));`);
    expect(calls).toEqual([
      ['log', '[app] promise'],
      ['log', '[app] timer'],
    ]);
  });
});

describe('console: false', () => {
  test('leaves the guest without a console', () => {
    expect(sandbox({ console: false }).run('typeof console')).toBe('undefined');
  });

  test('also keeps reports about the guest off the host console', async () => {
    const spy = jest.spyOn(console, 'error').mockImplementation(() => {});
    try {
      const box = sandbox({ console: false });
      box.run("Promise.reject(new Error('nobody listens'))");
      await new Promise(setImmediate);
      expect(spy).not.toHaveBeenCalled();
    } finally {
      spy.mockRestore();
    }
  });

  test('leaves room for a console of the guest', () => {
    const box = sandbox({ console: false, globals: { console: { log: (x) => `host ${x}` } } });
    expect(box.run("console.log('x')")).toBe('host x');
  });
});

describe('any value can be logged', () => {
  const shown = (code) => record(`console.log(${code})`).lines()[0].slice('[app] '.length);

  test.each([
    ['undefined', 'undefined'],
    ['Symbol("s")', 'Symbol(s)'],
    ['Symbol.iterator', 'Symbol(Symbol.iterator)'],
    ['new Map([[1, { a: 2 }]])', 'Map(1) { 1 => { a: 2 } }'],
    ['new Set([1, "x"])', "Set(2) { 1, 'x' }"],
    ['new Date(0)', '1970-01-01T00:00:00.000Z'],
    ['/a+/gi', '/a+/gi'],
    ['new Uint8Array([1, 2])', 'Uint8Array(2) [ 1, 2 ]'],
    ['Object.create(null)', '{}'],
    ['[1, , 3]', '[ 1, <1 empty item>, 3 ]'],
    ['Object(1)', '[Number: 1]'],
    ['{ "__proto__x": 1 }', '{ __proto__x: 1 }'],
  ])('%s', (code, expected) => {
    expect(shown(code)).toBe(expected);
  });

  test('a function shows with its name', () => {
    expect(shown('function named() {}')).toContain('named');
    expect(shown('class Person {}')).toContain('Person');
  });

  test('an instance of a class shows its class and its fields', () => {
    const code = 'new (class Person { name = "Ann"; #secret = 1; greet() {} })()';
    expect(shown(code)).toBe("Person { name: 'Ann' }");
  });

  test('instances inside of data show too', () => {
    const code = '{ list: [new (class Item { id = 1 })()], run() {} }';
    expect(shown(code)).toContain('Item { id: 1 }');
  });

  test('an error shows its name, message, file and line', () => {
    const { lines } = record("\nconsole.error(new TypeError('bad'))", { name: 'billing' });
    expect(lines()[0]).toContain('TypeError: bad');
    expect(lines()[0]).toContain('billing.js:2:');
  });

  test('an error with a cause shows the cause', () => {
    expect(shown("new Error('outer', { cause: new RangeError('inner') })")).toContain('inner');
  });

  test('a cyclic object', () => {
    const { calls } = record('const a = { name: "a" }; a.self = a; console.log(a)');
    expect(inspect(calls[0][2])).toBe("<ref *1> { name: 'a', self: [Circular *1] }");
  });

  const logs = [
    ['a Proxy', 'new Proxy({}, {})'],
    ['a Proxy whose traps throw', 'new Proxy({}, new Proxy({}, { get() { throw 1 } }))'],
    [
      'a revoked Proxy',
      '(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy })()',
    ],
    ['a Proxy around a function', 'new Proxy(() => {}, {})'],
    ['a Proxy around an array', 'new Proxy([1], {})'],
    ['a getter that throws', '{ get x() { throw new Error("no") } }'],
    [
      'an error whose message throws',
      'Object.defineProperty(new Error("x"), "message", { get() { throw 1 } })',
    ],
    [
      'an error whose name throws',
      'Object.defineProperty(new Error("x"), "name", { get() { throw 1 } })',
    ],
    [
      'an error whose stack throws',
      'Object.defineProperty(new Error("x"), "stack", { get() { throw 1 } })',
    ],
    [
      'an error whose cause is itself',
      '(() => { const e = new Error("x"); e.cause = e; return e })()',
    ],
    [
      'an object whose toString throws',
      '{ toString() { throw 1 }, [Symbol.toPrimitive]() { throw 1 } }',
    ],
    ['an object whose toStringTag throws', '{ get [Symbol.toStringTag]() { throw 1 } }'],
    [
      'an instance whose constructor throws',
      '(() => { class A {} Object.defineProperty(A.prototype, "constructor", { get() { throw 1 } }); return new A() })()',
    ],
    [
      'an object with inspect.custom',
      "{ [Symbol.for('nodejs.util.inspect.custom')]() { throw 1 } }",
    ],
    ['an object with toJSON', '{ toJSON() { throw 1 } }'],
    [
      'a Map with a strange iterator',
      '(() => { const m = new Map([[1, 2]]); m[Symbol.iterator] = null; return m })()',
    ],
    ['an array with a strange length', 'Object.assign([], { length: 4294967295 })'],
    [
      'a deep object',
      '(() => { let a = {}; for (let i = 0; i < 50000; i++) a = { a }; return a })()',
    ],
    ['a deep array', '(() => { let a = []; for (let i = 0; i < 50000; i++) a = [a]; return a })()'],
    [
      'a deep Map',
      '(() => { let a = 1; for (let i = 0; i < 50000; i++) a = new Map([[1, a]]); return a })()',
    ],
    [
      'a deep chain of Proxies',
      '(() => { let a = {}; for (let i = 0; i < 50000; i++) a = new Proxy(a, {}); return a })()',
    ],
    [
      'a deep chain of causes',
      '(() => { let e = new Error("x"); for (let i = 0; i < 20000; i++) e = new Error("x", { cause: e }); return e })()',
    ],
    ['a big array', 'new Array(200000).fill(1.5)'],
    ['a long string', '"x".repeat(1000000)'],
    ['lone surrogates', '"\\ud800"'],
    ['a promise', 'Promise.resolve(1)'],
    [
      'a rejected promise',
      '(() => { const p = Promise.reject(1); p.catch(() => {}); return p })()',
    ],
    ['a generator', '(function* () { yield 1 })()'],
    ['a WeakMap', 'new WeakMap()'],
    ['a WeakRef', 'new WeakRef({})'],
    ['an ArrayBuffer', 'new ArrayBuffer(8)'],
    ['a DataView', 'new DataView(new ArrayBuffer(8))'],
    ['a SharedArrayBuffer', 'new SharedArrayBuffer(8)'],
    ['arguments', '(function () { return arguments })(1, 2)'],
    ['globalThis', 'globalThis'],
    ['console itself', 'console'],
    [
      'the intrinsics',
      '[Object, Function, Object.prototype, Function.prototype, Symbol.prototype]',
    ],
    ['Math and JSON', '[Math, JSON, Reflect]'],
    ['a timer', 'setTimeout(() => {}, 0)'],
    ['an object with a field then', '{ then(f) { f(1) } }'],
    [
      'an object with many keys',
      'Object.fromEntries(Array.from({ length: 20000 }, (_, i) => ["k" + i, i]))',
    ],
  ];

  test.each(logs)('%s does not make console.log throw, and shows', (_, code) => {
    const { target, lines } = recorder();
    const box = sandbox({ name: 'app', console: target, timeout: 20_000 });
    expect(box.run(`console.log(${code}); 'went on'`)).toBe('went on');
    expect(lines()).toHaveLength(1);
    expect(lines()[0].length).toBeGreaterThan('[app] '.length);
  });

  test.each(['table', 'dir', 'group', 'assert', 'count', 'time', 'trace'])(
    'console.%s takes strange values',
    (method) => {
      const { target } = recorder();
      const box = sandbox({ console: target });
      const values = '[undefined, null, Symbol.iterator, {}, () => 1, new Proxy({}, {}), 1n]';
      expect(
        box.run(`for (const v of ${values}) try { console.${method}(v) } catch (e) {
          if (!(e instanceof TypeError)) throw e; // a label that is no string
        } 'done'`),
      ).toBe('done');
    },
  );

  test('too much to log ends in the memory limit, not in the host', () => {
    const { target } = recorder();
    const box = sandbox({ memoryLimitMb: 8, console: target, timeout: 20_000 });
    const error = errorOf(() =>
      box.run("console.log(Array.from({ length: 1e6 }, (_, i) => ({ i, s: 's' + i })))"),
    );
    expect(error.code).toBe('ERR_SANDBOX_MEMORY_LIMIT');
    expect(box.run("console.log('still here'); 1")).toBe(1);
  });

  test('a getter that loops for ever is stopped', () => {
    const { target } = recorder();
    const box = sandbox({ timeout: 50, console: target });
    const error = errorOf(() => box.run('console.log({ get x() { for (;;); } })'));
    expect(error.code).toBe('ERR_SANDBOX_TIMEOUT');
  });

  test('what is logged does not stay on the host', () => {
    const box = sandbox({ console: { log() {} } });
    box.run('for (let i = 0; i < 100; i++) console.log(() => i, { f() {} }, new Error("x"))');
    expect(box.usage().guestHandles).toBe(0);
  });
});

describe("the host's side", () => {
  test('an error of the console given reaches the guest as an ordinary error', () => {
    const target = {
      log() {
        throw new TypeError('disk full');
      },
    };
    const box = sandbox({ console: target });
    expect(box.run("try { console.log('x') } catch (e) { e.message }")).toBe('disk full');
    expect(() => box.run("console.log('x')")).toThrow('disk full');
  });

  test('the guest cannot reach the console object of the host', () => {
    const target = { log() {}, secret: 'host' };
    const box = sandbox({ console: target });
    const reached = box.run(`
      const found = [];
      const look = (value) => { try { found.push(value()) } catch (e) { found.push('threw') } };
      look(() => console.secret);
      look(() => Object.getPrototypeOf(console) === Object.prototype);
      look(() => console.log.constructor === Function);
      look(() => console.log.constructor('return typeof process')());
      look(() => console.log.caller === undefined || console.log.caller === null);
      found`);
    expect(reached.slice(0, 4)).toEqual([undefined, true, true, 'undefined']);
    expect(['threw', true]).toContain(reached[4]);
  });

  test('the receiver a guest passes is not what the method is called on', () => {
    const seen = [];
    const target = {
      log() {
        seen.push(this === target);
      },
    };
    sandbox({ console: target }).run("console.log.call({ evil: true }, 'x')");
    expect(seen).toEqual([true]);
  });

  test('a guest cannot ask for a method that is not one of a console', () => {
    const target = { log() {}, shutdown: jest.fn() };
    const box = sandbox({ console: target });
    expect(box.run('typeof console.shutdown')).toBe('undefined');
    box.run("String.prototype.toString = () => 'shutdown'; console.log('x')");
    expect(target.shutdown).not.toHaveBeenCalled();
  });

  test('the guest may replace its console without any effect on the host', () => {
    const { calls, target } = recorder();
    const box = sandbox({ console: target });
    box.run("console.log = () => {}; console.log('x'); console = null;");
    expect(calls).toEqual([]);
    expect(typeof target.log).toBe('function');
  });

  test('what the host console does to its arguments the guest does not see', () => {
    const target = {
      log(_, object) {
        object.changed = true;
      },
    };
    const box = sandbox({ console: target });
    expect(box.run("const o = { a: 1 }; console.log('x', o); Object.keys(o)")).toEqual(['a']);
  });
});
