'use strict';

// What globals are to guest code. Where Node's vm can be asked, it says what is right.

const vm = require('node:vm');
const { inspect } = require('node:util');
const { sandbox, expectNoLeaks, errorOf } = require('./support.js');

afterEach(expectNoLeaks);

const setUp = (object, options) => {
  const app = sandbox({ name: 'app', ...options });
  const context = app.createContext(object);
  return { app, context, run: (code) => app.runInContext(code, context) };
};

/** What each step comes to, and what the object looks like after all of them. */
function story(object, steps, run) {
  const attempt = (step) => {
    try {
      return inspect(typeof step === 'function' ? step(object) : run(step), { depth: 1 });
    } catch (error) {
      return `throws ${error?.name ?? error}`;
    }
  };
  const told = steps.map(attempt);
  const properties = Reflect.ownKeys(object).map((key) => {
    const { value, ...attributes } = Object.getOwnPropertyDescriptor(object, key);
    return inspect([key, typeof value === 'object' ? value : typeof value, attributes]);
  });
  return { told, properties: properties.sort() };
}

describe('globals are as in Node’s vm', () => {
  test.each([
    [
      'read, write, delete',
      () => ({ n: 1 }),
      ['n', 'n = 2', (c) => c.n, 'delete n', 'typeof n', 'n'],
    ],
    [
      'declarations',
      () => ({}),
      [
        'x = 1',
        'var y = 2',
        'function f() {}',
        'let z = 3',
        'const w = 4',
        'class C {}',
        'x + y + z + w',
      ],
    ],
    [
      'strict mode',
      () => ({ n: 1 }),
      [
        '"use strict"; x = 1',
        '"use strict"; n = 2; n',
        '"use strict"; var y = 1; y',
        '"use strict"; this.z = 1',
      ],
    ],
    [
      'declarations of what is there',
      () => ({ n: 1 }),
      ['var n', 'n', 'var n = 5', 'n', 'function n() {}', 'typeof n', (c) => typeof c.n],
    ],
    [
      'lexical ones before the object’s',
      () => ({ n: 1 }),
      ['let n = 7; n', 'n', (c) => c.n, 'this.n', 'var n'],
    ],
    [
      'getters and setters',
      () => ({
        h: 1,
        get g() {
          return this.h;
        },
        set g(value) {
          this.h = value * 2;
        },
      }),
      [
        'g',
        'g = 5',
        'h',
        'g',
        'g++',
        'h',
        'var g = 3',
        'h',
        'Object.keys(globalThis).includes("g")',
      ],
    ],
    [
      'a getter alone, a setter alone',
      () => ({
        set s(value) {
          this.got = value;
        },
        get g() {
          return 1;
        },
      }),
      ['s', 's = 3', 'got', 's', 'g = 2', 'g'],
    ],
    [
      'read-only and fixed',
      () => Object.defineProperty({}, 'ro', { value: 1, enumerable: true }),
      ['ro', 'ro = 2', 'ro', '"use strict"; ro = 3', 'delete ro', 'var ro = 5', 'ro', 'let ro = 1'],
    ],
    [
      'read-only, but deletable',
      () => Object.defineProperty({}, 'ro', { value: 1, configurable: true }),
      ['ro', 'ro = 2', 'ro', 'delete ro', 'typeof ro', 'ro = 5', 'ro'],
    ],
    [
      'inherited values',
      () => Object.create({ inherited: 1 }),
      [
        'inherited',
        '"inherited" in globalThis',
        'inherited = 2',
        'inherited',
        (c) => Object.getPrototypeOf(c).inherited,
        'delete inherited',
        'inherited',
      ],
    ],
    [
      'inherited accessors',
      () =>
        Object.create(
          {
            get acc() {
              return `a${this.own}`;
            },
            set acc(value) {
              this.own = value;
            },
          },
          { own: { value: 1, writable: true, configurable: true, enumerable: true } },
        ),
      ['acc', 'acc = 4', 'own', 'acc'],
    ],
    [
      'before the intrinsics',
      () => ({ Date: 5, Math: { abs: () => 'fake' } }),
      ['Date', 'Math.abs(-1)', 'delete Date', 'typeof Date', 'Date = 3', 'Date'],
    ],
    [
      'intrinsics replaced and deleted',
      () => ({}),
      ['Math = 5', 'Math', 'delete Math', 'typeof Math'],
    ],
    [
      'names that are not there',
      () => ({}),
      [
        'typeof nope',
        'nope',
        'nope = nope',
        'globalThis.nope',
        '"nope" in globalThis',
        'delete nope',
      ],
    ],
    [
      'the global object by its names',
      () => ({}),
      [
        'this === globalThis',
        '(function () { return this })() === globalThis',
        '(() => this)() === globalThis',
        '(0, eval)("this") === globalThis',
        'Function("return this")() === globalThis',
        'Object.getPrototypeOf(globalThis) === Object.prototype',
      ],
    ],
    [
      'by enumeration',
      () => ({ n: 1, m: undefined }),
      [
        'Object.keys(globalThis).includes("m")',
        '{ const seen = []; for (const k in globalThis) seen.push(k); seen.includes("m") }',
        'JSON.parse(JSON.stringify(globalThis)).n',
        '({ ...globalThis }).n',
        'with (globalThis) { n = 3 } n',
        'Reflect.ownKeys(globalThis).includes("n")',
      ],
    ],
    [
      'eval',
      () => ({ n: 1 }),
      [
        'eval("var a = 1; let b = 2"); typeof a + typeof b',
        '(0, eval)("var c = 3"); c',
        'delete c',
        'typeof c',
        'eval("n = 9")',
        'n',
        'eval("var n; n")',
      ],
    ],
    [
      'defined properties',
      () => ({ n: 1 }),
      [
        'Object.defineProperty(globalThis, "p", { value: 1 }).p',
        'p = 2',
        'p',
        'Object.defineProperty(globalThis, "n", { enumerable: false }).n',
        'Object.defineProperty(globalThis, "q", { get() { return 42 }, configurable: true }).q',
        'q',
        (c) => c.q,
        'Object.getOwnPropertyDescriptor(globalThis, "p")',
      ],
    ],
    [
      'symbols',
      () => ({ [Symbol.for('k')]: 1 }),
      ['globalThis[Symbol.for("k")]', 'globalThis[Symbol.for("k")] = 2', (c) => c[Symbol.for('k')]],
    ],
    [
      'all kinds of assignment',
      () => ({ n: 1 }),
      [
        'n++; n--; n += 5; n',
        'n **= 2',
        'n ??= 3',
        'var { a, b = 2 } = { a: 1 }; a + b',
        'for (var i = 0; i < 3; i++); i',
        'for (q of [1, 2]) ; q',
      ],
    ],
    [
      'deleted and made again in one run',
      () => ({ a: 1 }),
      [
        'delete a; typeof a',
        'a = 1; delete a; a = 2; a',
        'try { throw 1 } catch (e) { var b = 5 } b',
      ],
    ],
    [
      'functions that the host replaces',
      () => ({}),
      [
        'function f() { return h() } function h() { return 1 } f()',
        'h = () => 2; f()',
        (c) => {
          c.h = () => 3;
        },
        'f()',
        (c) => c.f(),
      ],
    ],
    [
      'values of many kinds',
      () => ({ list: [1, 2], fn: (x) => x + 1, s: 'str', b: 10n, u: undefined, nul: null }),
      ['list.length', 'fn(1)', 's', 'b', 'u', 'nul', '"u" in globalThis', 'typeof u'],
    ],
    [
      'a Proxy',
      () =>
        new Proxy(
          { a: 1 },
          { get: (t, k) => (k === 'z' ? 'trapped' : t[k]), has: (t, k) => k === 'z' || k in t },
        ),
      ['a', 'z', 'a = 2', 'a', 'b = 3', 'b'],
    ],
    ['a frozen object', () => Object.freeze({ n: 1 }), ['n = 2; n', '"use strict"; n = 3', 'n']],
    [
      'what errors there are',
      () => ({}),
      ['throw 1', 'throw new TypeError("t")', '}', 'null.x', 'let', ''],
    ],
    [
      'names that are not identifiers',
      () => ({ 0: 'zero', 'a-b': 1 }),
      ['globalThis[0]', 'this["a-b"]', 'this[1] = 1'],
    ],
  ])('%s', (_, make, steps) => {
    const app = sandbox();
    const [expected, actual] = [make(), make()];
    vm.createContext(expected);
    app.createContext(actual);
    expect(story(actual, steps, (code) => app.runInContext(code, actual))).toEqual(
      story(expected, steps, (code) => vm.runInContext(code, expected)),
    );
  });
});

describe('a contextified object', () => {
  test('is what its globalThis is to the host, and the other way round', () => {
    const { context, run } = setUp({ same: (x) => x === context });
    expect(run('globalThis')).toBe(context);
    expect(run('same(globalThis)')).toBe(true);
    context.self = context;
    expect(run('self === globalThis')).toBe(true);
  });

  test('is read when it is used, not when it was told of', () => {
    let reads = 0;
    const { context, run } = setUp({
      next: 0,
      step: () => {
        context.next += 1;
      },
      get counted() {
        reads += 1;
        return reads;
      },
    });
    expect(run('step(); step(); next')).toBe(2);
    expect(run('next = 10; step(); next')).toBe(11);
    expect(run('counted; counted')).toBe(2);
    expect(reads).toBe(2);
  });

  test('has changed when the guest calls the host', () => {
    const seen = [];
    const { context, run } = setUp({ look: () => seen.push({ ...context, look: undefined }) });
    run('var a = 1; look(); delete globalThis.a; b = 2; look()');
    expect(seen).toEqual([
      { a: 1, look: undefined },
      { look: undefined, a: undefined, b: 2 },
    ]);
  });

  test('has changed, too, when the run has thrown or been stopped', () => {
    const { context, run } = setUp({}, { timeout: 30 });
    expect(errorOf(() => run('a = 1; throw new RangeError("no")'))).toBeInstanceOf(RangeError);
    expect(context.a).toBe(1);
    expect(errorOf(() => run('b = 2; for (;;);')).code).toBe('ERR_SANDBOX_TIMEOUT');
    expect(context.b).toBe(2);
    expect(run('a + b')).toBe(3);
  });

  test('keeps what the guest made of it, also what crosses as a copy', () => {
    const { context, run } = setUp({});
    run('var map = new Map(), date = new Date(0), weak = new WeakMap([[map, 1]])');
    run('map.set(1, 2); date.setTime(5); var same = map');
    expect(run('map.get(1) + date.getTime() + weak.get(map)')).toBe(8);
    expect(run('same === map')).toBe(true);
    expect(context.map).toBeInstanceOf(Map);
    context.map = new Map([[1, 'the host’s']]);
    expect(run('map.get(1)')).toBe('the host’s');
    expect(run('same.get(1)')).toBe(2);
  });

  test('can be a function, or have no prototype', () => {
    const app = sandbox();
    const bare = app.createContext(Object.assign(Object.create(null), { n: 1 }));
    expect(app.runInContext('toString.name + n', bare)).toBe('toString1');
    const callable = app.createContext(Object.assign(() => {}, { n: 2 }));
    expect(app.runInContext('n', callable)).toBe(2);
  });

  test('does not show the host’s Object.prototype', () => {
    const { run } = setUp({});
    expect(run('constructor === Object && toString === Object.prototype.toString')).toBe(true);
    run('__proto__ = { evil: 1 }');
    expect(run('evil')).toBe(1);
    expect({}.evil).toBeUndefined();
    run('Object.defineProperty(globalThis, "__proto__", { value: 1, enumerable: true })');
    expect({}.evil).toBeUndefined();
  });

  test('may name what cannot cross: the guest is told when it uses it', () => {
    const { run } = setUp({ fine: 1, shared: new Uint8Array(new SharedArrayBuffer(8)) });
    expect(run('fine')).toBe(1);
    expect(run('try { shared } catch (e) { e.code }')).toBe('ERR_SANDBOX_CROSSING');
  });

  test('has only the language’s globals around it', () => {
    const { app, run } = setUp({});
    expect(run('Object.keys(globalThis)')).toEqual([]);
    expect(
      run('typeof setTimeout + typeof queueMicrotask + typeof performance + typeof atob'),
    ).toBe('undefined'.repeat(4));
    expect(app.run('typeof setTimeout')).toBe('function');
  });

  test('has a console that nobody listens to', () => {
    const { run } = setUp({});
    expect(run('console.log("unheard"); typeof console.group')).toBe('function');
  });

  test('has the intrinsics behind it', () => {
    const { run } = setUp({});
    const names = run('Object.getOwnPropertyNames(Object.getPrototypeOf(globalThis))');
    expect(names).toEqual(
      expect.arrayContaining(['Object', 'Map', 'Promise', 'JSON', 'globalThis']),
    );
  });
});
