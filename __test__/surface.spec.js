'use strict';

// What of the language an option takes away is gone: in each realm of the sandbox, by each way.

const { Sandbox, SandboxError, Script, copy } = require('..');
const { sandbox, expectNoLeaks, errorOf } = require('./support.js');

afterEach(expectNoLeaks);

const INTRINSICS = ['Atomics', 'FinalizationRegistry', 'Proxy', 'SharedArrayBuffer', 'WeakRef'];
const NONE = Object.fromEntries(INTRINSICS.map((name) => [name, false]));

const REFUSAL = 'Code generation from strings disallowed for this context';

/** Where code of a sandbox can run: each answers what `code` evaluates to there. */
const places = {
  'the main realm': (app, code) => app.run(code),
  'a script': (app, code) => app.run(new Script(code)),
  'a context': (app, code) => app.runInContext(code, app.createContext({})),
  'a context used before': (app, code) => {
    app.runInNewContext('1');
    const context = app.createContext({});
    app.runInContext('var seen = 1', context);
    return app.runInContext(code, context);
  },
  'a context of sandbox.vm': (app, code) => app.vm.runInNewContext(code),
  'sandbox.vm itself': (app, code) => new app.vm.Script(code).runInThisContext(),
  'a function of compileFunction': (app, code) =>
    app.vm.compileFunction(`return (${code})`, [], { parsingContext: app.vm.createContext({}) })(),
  'a module': (app, code) => app.run(`require('m')(${JSON.stringify(code)})`),
  'a function that the host calls': (app, code) => app.run(`() => (${code})`)(),
};

/** A module that gives its text a scope of its own. */
const modules = { m: 'module.exports = (code) => require("n/" + code)' };
const loader = {
  resolve: (specifier) => specifier,
  load: (id) => (id === 'm' ? modules.m : `module.exports = (${id.slice(2)})`),
};

const WAYS = [
  'eval("1")',
  '(0, eval)("1")',
  'eval?.("1")',
  'eval(...["1"])',
  'globalThis.eval("1")',
  'new Function("return 1")',
  'Function("return 1")()',
  '(() => {}).constructor("return 1")()',
  '(function* () {}).constructor("yield 1")',
  '(async () => {}).constructor("1")',
  '(async function* () {}).constructor("1")',
  'Object.getPrototypeOf(async function* () {}).constructor("1")',
  '({ get a() { return 1 } }).__lookupGetter__("a").constructor("1")',
  '(class {}).constructor("1")',
  'Math.max.constructor("1")',
  '(function () {}).bind().constructor("1")',
  'Reflect.construct(Function, ["1"], Object)',
  'Reflect.apply(Function, null, ["1"])',
  'Reflect.construct(Object, [], Function) && new (class F extends Function {})("1")',
  '[].map.constructor.constructor("1")',
  'console.log.constructor("1")',
  'new Proxy(Function, {})("1")',
  'Array.from(["1"], (text) => Function(text))',
];

describe('codeGeneration.strings: false', () => {
  const options = { codeGeneration: { strings: false }, modules: loader };

  test.each(Object.entries(places))('refuses all ways in %s', (_, runIn) => {
    const app = sandbox(options);
    for (const way of WAYS) {
      const { name, message } = errorOf(() => runIn(app, way));
      expect([way, name, message]).toEqual([way, 'EvalError', REFUSAL]);
    }
  });

  test('all of these make code otherwise', () => {
    const app = sandbox({ modules: loader });
    for (const way of WAYS) expect(() => app.run(way)).not.toThrow();
  });

  test('is an EvalError of the realm that asked', () => {
    const app = sandbox(options);
    const code = 'try { eval("1") } catch (error) { error instanceof EvalError }';
    expect(app.run(code)).toBe(true);
    expect(app.runInNewContext(code)).toBe(true);
    const replaced = 'const Own = EvalError; globalThis.EvalError = null; '.concat(
      'try { Function("1") } catch (error) { error instanceof Own && String(error) }',
    );
    expect(app.run(replaced)).toBe(`EvalError: ${REFUSAL}`);
  });

  test('a context cannot be given back what its sandbox lacks', () => {
    const app = sandbox(options);
    const context = app.createContext({}, { codeGeneration: { strings: true } });
    expect(errorOf(() => app.runInContext('eval("1")', context)).name).toBe('EvalError');
  });

  test('of a context alone leaves the others as they are', () => {
    const app = sandbox();
    const context = app.createContext({}, { codeGeneration: { strings: false } });
    expect(errorOf(() => app.runInContext('eval("1")', context)).name).toBe('EvalError');
    expect(app.run('eval("1")')).toBe(1);
    // Realms are used again.
    for (let i = 0; i < 10; i++) expect(app.runInNewContext('eval("1 + 1")')).toBe(2);
    expect(errorOf(() => app.runInContext('eval("1")', context)).name).toBe('EvalError');
  });

  test('the host can run code as ever, and what is no string is no code', () => {
    const app = sandbox(options);
    app.run('function twice(n) { return 2 * n }');
    expect(app.run('[typeof eval, typeof Function, eval(5), twice(4)]')).toEqual([
      'function',
      'function',
      5,
      8,
    ]);
    expect(app.run('Function.prototype.constructor === Function')).toBe(true);
    expect(app.run(new Script('twice instanceof Function'))).toBe(true);
    expect(app.require('n/1 + 1')).toBe(2);
  });

  test("the host's own are the guest's in its hands", () => {
    const indirect = 'eval';
    const globals = { Make: Function, evaluate: globalThis[indirect], host: (f) => f };
    const app = sandbox({ ...options, policy: 'transparent', globals });
    expect(app.run('Make === Function && evaluate === eval')).toBe(true);
    for (const way of ['Make("1")', 'evaluate("1")', 'host.constructor("1")', 'host(Make)("1")']) {
      expect(errorOf(() => app.run(way)).name).toBe('EvalError');
    }
  });

  test('the next sandbox with other options is another one', () => {
    for (let i = 0; i < 4; i++) {
      const strict = new Sandbox(options);
      expect(errorOf(() => strict.run('eval("1")')).name).toBe('EvalError');
      strict.dispose();
      const lax = new Sandbox();
      expect(lax.run('eval("1")')).toBe(1);
      lax.dispose();
    }
  });
});

/** Evaluates to the names of the functions and namespaces that can be reached from anything. */
const CRAWL = `(() => {
  const seen = new Set();
  const names = new Set();
  const visit = (value) => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return;
    if (seen.has(value)) return;
    seen.add(value);
    visit(Object.getPrototypeOf(value));
    for (const key of Reflect.ownKeys(value)) {
      const own = Reflect.getOwnPropertyDescriptor(value, key);
      if (own === undefined) continue;
      if (key === 'name' && typeof value === 'function') names.add(own.value);
      // The only namespace among them; prototypes have such names, too.
      if (key === Symbol.toStringTag && own.value === 'Atomics') names.add(own.value);
      for (const part of [own.value, own.get, own.set]) visit(part);
    }
  };
  const samples = [globalThis, () => {}, function* () {}, async () => {}, async function* () {},
    class {}, /x/, [], new Map(), new Set(), new WeakMap(), new WeakSet(), new Date(), 1n, Symbol(),
    new Error(), Promise.resolve(), new ArrayBuffer(8), new Uint8Array(8), [][Symbol.iterator](),
    new Map().entries(), ''.matchAll(/x/g), (function () { return arguments })(), JSON, Math,
    ...(typeof standIns === 'object' ? standIns : [])];
  for (const sample of samples) visit(typeof sample === 'object' ? sample : Object(sample));
  return [...names].filter((name) => typeof name === 'string').join();
})()`;

describe('intrinsics', () => {
  const gone = { intrinsics: NONE, modules: loader };
  const reachable = (text) => INTRINSICS.filter((name) => text.split(',').includes(name));

  test.each(Object.entries(places))('are out of reach in %s', (_, runIn) => {
    expect(reachable(runIn(sandbox(gone), CRAWL))).toEqual([]);
    const types = INTRINSICS.map((name) => `typeof ${name}`).join();
    expect(runIn(sandbox(gone), `[${types}].join()`)).toBe(
      'undefined'.concat(',undefined'.repeat(4)),
    );
  });

  test('are found by the same search where they are', () => {
    expect(reachable(sandbox().run(CRAWL))).toEqual(INTRINSICS);
    expect(reachable(sandbox().runInNewContext(CRAWL))).toEqual(INTRINSICS);
  });

  test.each(INTRINSICS)('%s goes alone', (name) => {
    const app = sandbox({ intrinsics: { [name]: false } });
    expect(reachable(app.run(CRAWL))).toEqual(INTRINSICS.filter((other) => other !== name));
  });

  test("are not brought back by the host's own", () => {
    const given = { Atomics, FinalizationRegistry, Proxy, SharedArrayBuffer, WeakRef };
    const standIns = [
      new WeakRef({}),
      new FinalizationRegistry(() => {}),
      new Proxy({}, {}),
      new SharedArrayBuffer(8),
      class extends WeakRef {},
      class extends SharedArrayBuffer {},
    ];
    for (const policy of ['safe', 'transparent']) {
      const app = sandbox({ ...gone, policy, globals: { given, standIns } });
      const types = '['.concat(INTRINSICS.map((name) => `typeof given.${name}`).join(), '].join()');
      expect(app.run(types)).toBe('undefined'.concat(',undefined'.repeat(4)));
      expect(reachable(app.run(CRAWL))).toEqual([]);
    }
  });

  test('stand-ins work without them', () => {
    class Counter {
      count = 0;
      add(n) {
        this.count += n;
        return this;
      }
    }
    const list = [1, 2, 3];
    const app = sandbox({
      ...gone,
      policy: 'transparent',
      globals: { counter: new Counter(), list },
    });
    expect(app.run('list.push(4); [...list].join() + counter.add(2).add(3).count')).toBe(
      '1,2,3,45',
    );
    const there = app.run('({ n: 1, f() { return this.n }, map: new Map([[1, 2]]) })');
    there.n = 2;
    expect([there.f(), there.map.get(1)]).toEqual([2, 2]);
    expect(copy(app.run('({ deep: [new Date(0), /x/g] })'))).toEqual({ deep: [new Date(0), /x/g] });
    const failure = errorOf(() => app.run('throw Object.assign(new TypeError("t"), { code: 7 })'));
    expect([failure instanceof TypeError, failure.code]).toEqual([true, 7]);
  });

  test('Atomics.wait blocks nobody, with any options', () => {
    const app = sandbox({ timeout: 0 });
    const wait = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0, 1e6)';
    const started = Date.now();
    expect(errorOf(() => app.run(wait))).toBeInstanceOf(TypeError);
    expect(
      errorOf(() => app.runInContext(wait, app.createContext({ Atomics: app.run('Atomics') }))),
    ).toBeInstanceOf(Error);
    expect(app.run('typeof Atomics.waitAsync')).toBe('undefined');
    expect(Date.now() - started).toBeLessThan(60_000);
  });
});

describe('import()', () => {
  test.each(Object.entries(places))('is refused in %s', async (_, runIn) => {
    const app = sandbox({ modules: loader });
    const imported = runIn(app, 'import("m")');
    await expect(imported).rejects.toMatchObject({
      code: 'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING',
    });
  });
});

describe('sourceLimitKb', () => {
  const limit = { sourceLimitKb: 1, modules: { 'long.js': ' '.repeat(1025), 'short.js': '1' } };
  const long = `'${'x'.repeat(1023)}'`;
  const fitting = `'${'x'.repeat(1022)}'`;

  const hostWays = {
    run: (app, code) => app.run(code),
    'run of a Script': (app, code) => app.run(new Script(code)),
    compile: (app, code) => app.run(app.compile(code)),
    runInContext: (app, code) => app.runInContext(code, app.createContext({})),
    'runInContext of a Script': (app, code) =>
      app.runInContext(new Script(code), app.createContext({})),
    runInNewContext: (app, code) => app.runInNewContext(code),
    'vm.runInNewContext': (app, code) => app.vm.runInNewContext(code),
    'vm.Script': (app, code) => new app.vm.Script(code).runInThisContext(),
  };

  test.each(Object.entries(hostWays))('limits %s', (_, use) => {
    const app = sandbox({ ...limit, name: 'small' });
    expect(use(app, fitting.slice(0, -2).concat("'"))).toHaveLength(1021);
    const error = errorOf(() => use(app, long));
    expect(error).toBeInstanceOf(SandboxError);
    expect(error).toMatchObject({ code: 'ERR_SANDBOX_SOURCE_LIMIT', sandbox: 'small' });
    expect(error.message).toMatch(/ has 1025 bytes; sandbox 'small' takes up to 1024$/);
  });

  test('counts bytes of UTF-8', () => {
    const app = sandbox(limit);
    expect(app.run(`'${'ä'.repeat(511)}'`)).toHaveLength(511);
    expect(errorOf(() => app.run(`'${'ä'.repeat(512)}'`)).message).toContain('1026 bytes');
  });

  test('limits modules, and names the one that is too long', () => {
    const app = sandbox(limit);
    const error = errorOf(() => app.require('long.js'));
    expect(error).toMatchObject({ code: 'ERR_SANDBOX_SOURCE_LIMIT', filename: 'long.js' });
    expect(app.run('try { require("./long") } catch (error) { error.code }')).toBe(
      'ERR_SANDBOX_SOURCE_LIMIT',
    );
    expect(app.require('short.js')).toEqual({});
  });

  test.each([
    'eval(text)',
    '(0, eval)(text)',
    'Function(text)',
    '(async () => {}).constructor(text)',
  ])('limits %s in the guest, in each realm', (way) => {
    const app = sandbox(limit);
    const places = [(code) => app.run(code), (code) => app.runInNewContext(code)];
    for (const run of places) {
      const code = (n) => `var text = ' '.repeat(${n}); ${way}; 1`;
      expect(run(code(900))).toBe(1);
      const error = errorOf(() => run(code(1025)));
      expect(error).toBeInstanceOf(RangeError);
      expect(error.code).toBe('ERR_SANDBOX_SOURCE_LIMIT');
      expect(error.message).toMatch(
        /^source text of 10\d\d bytes exceeds the limit of 1024 bytes$/,
      );
      expect(run(`try { ${code(1025)} } catch { 'goes on' }`)).toBe('goes on');
    }
  });

  test('has no default', () => {
    expect(sandbox().run(`'${'x'.repeat(3e6)}'.length`)).toBe(3e6);
    expect(sandbox().run('eval("\'" + "x".repeat(3e6) + "\'").length')).toBe(3e6);
  });
});
