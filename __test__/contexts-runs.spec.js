'use strict';

// Running code in contexts: what may be passed, what comes back, and contexts among each other.

const { Script } = require('..');
const { sandbox, expectNoLeaks, errorOf, turn } = require('./support.js');

afterEach(expectNoLeaks);

describe('arguments', () => {
  test.each([
    ['no contextified object', {}, /"contextifiedObject".*Received an instance of Object/],
    ['nothing', undefined, /"contextifiedObject".*Received undefined/],
    ['a string', 'x', /"contextifiedObject".*Received type string \('x'\)/],
  ])('a context is not %s', (_, value, message) => {
    const app = sandbox();
    const error = errorOf(() => app.runInContext('1', value));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.code).toBe('ERR_INVALID_ARG_TYPE');
    expect(error.message).toMatch(message);
  });

  test.each([[null], [1], ['x']])('%p cannot be contextified', (value) => {
    const app = sandbox();
    for (const use of ['createContext', 'isContext']) {
      expect(errorOf(() => app[use](value)).code).toBe('ERR_INVALID_ARG_TYPE');
    }
  });

  test('code is a string or a Script', () => {
    const app = sandbox();
    const context = app.createContext();
    for (const code of [undefined, 1, {}]) {
      expect(errorOf(() => app.runInContext(code, context))).toBeInstanceOf(TypeError);
      expect(errorOf(() => app.runInNewContext(code))).toBeInstanceOf(TypeError);
    }
  });

  test('options are checked by name', () => {
    const app = sandbox();
    const context = app.createContext();
    const codeOf = (use) => [errorOf(use).code, errorOf(use).message];
    expect(codeOf(() => app.createContext({}, { nam: 1 }))[1]).toMatch("unknown option 'nam'");
    expect(codeOf(() => app.createContext({}, { name: 1 }))[0]).toBe('ERR_SANDBOX_OPTIONS');
    const generation = { codeGeneration: { strings: 1 } };
    expect(codeOf(() => app.createContext({}, generation))[0]).toBe('ERR_SANDBOX_OPTIONS');
    expect(codeOf(() => app.runInContext('1', context, { drain: 1 }))[1]).toMatch("'drain'");
    expect(app.createContext({}, { name: 'n', origin: 'o', codeGeneration: {} })).toEqual({});
    const options = { filename: 'f.js', timeout: 100, contextName: 'n', contextOrigin: 'o' };
    expect(app.runInNewContext('1', {}, options)).toBe(1);
  });

  test('an object is contextified once', () => {
    const app = sandbox();
    const object = {};
    expect(app.createContext(object)).toBe(object);
    app.runInContext('let kept = 1', object);
    expect(app.createContext(object)).toBe(object);
    expect(app.runInContext('kept', object)).toBe(1);
    expect(app.isContext(object)).toBe(true);
    expect(sandbox().isContext(object)).toBe(false);
  });
});

describe('a run', () => {
  test('names its file and its place in traces', () => {
    const app = sandbox({ name: 'app' });
    const context = app.createContext({});
    const at = (options) => errorOf(() => app.runInContext('null.x', context, options)).stack;
    expect(at()).toMatch('(app.js:1:');
    expect(at('given.js')).toMatch('(given.js:1:');
    expect(at({ filename: 'f.js', lineOffset: 9, columnOffset: 5 })).toMatch('(f.js:10:6)');
  });

  test('throws errors of the host’s classes, with stacks in its form', () => {
    const app = sandbox();
    const error = errorOf(() => app.runInNewContext('function f() { null.x } f()'));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.stack).toMatch(/^TypeError: .*\n {4}at f \(sandbox\.js:1:/);
    const own = errorOf(() =>
      app.runInNewContext('class E extends RangeError {} throw new E("m")'),
    );
    expect(own).toBeInstanceOf(RangeError);
    const failing = () => {
      throw new RangeError('the host’s');
    };
    const run = 'try { failing() } catch (e) { e.message + (e instanceof Error) }';
    expect(app.runInNewContext(run, { failing })).toBe('the host’sfalse');
  });

  test('takes a script, in any context, and knows which globals it has', () => {
    const app = sandbox();
    const scripts = [new Script('var n; n = n + 1; \\u006e'), app.compile('var n; n = n + 1; n')];
    for (const script of scripts) {
      const [one, two] = [app.createContext({ n: 1 }), app.createContext({ n: 10 })];
      expect(app.runInContext(script, one)).toBe(2);
      expect(app.runInContext(script, two)).toBe(11);
      expect(app.runInContext(script, one)).toBe(3);
      expect(one.n).toBe(3);
    }
  });

  test('ends at its deadline, also in what it calls', () => {
    const app = sandbox({ timeout: 5000 });
    const context = app.createContext({ again: () => app.runInContext('for (;;);', context) });
    const error = errorOf(() => app.runInContext('again()', context, { timeout: 30 }));
    expect(error.code).toBe('ERR_SANDBOX_TIMEOUT');
    expect(app.runInContext('1', context)).toBe(1);
  });

  test('runs jobs at its end, or leaves them until those of the host run', async () => {
    const app = sandbox();
    const order = [];
    const context = app.createContext({ note: (x) => order.push(x) });
    const code = 'Promise.resolve().then(() => note("job")); note("run"); 0';
    app.runInContext(code, context);
    order.push('back');
    expect(order).toEqual(['run', 'job', 'back']);
    order.length = 0;
    app.runInContext(code, context, { drain: 'later' });
    order.push('back');
    await Promise.resolve();
    order.push('awaited');
    expect(order).toEqual(['run', 'back', 'job', 'awaited']);
  });

  test('gives the jobs it leaves its own time', async () => {
    const app = sandbox({ timeout: 5000 });
    const errors = [];
    app.on('uncaughtException', (error) => errors.push(error.code));
    const context = app.createContext({});
    const code = 'Promise.resolve().then(() => { for (;;); }); 0';
    app.runInContext(code, context, { drain: 'later', timeout: 30 });
    await turn();
    expect(errors).toEqual(['ERR_SANDBOX_TIMEOUT']);
  });

  test('reports rejections once its jobs have run', async () => {
    const app = sandbox();
    const reasons = [];
    app.on('unhandledRejection', (reason) => reasons.push(reason));
    const context = app.createContext({});
    const code = 'const p = Promise.reject(1); Promise.resolve().then(() => p.catch(() => {})); 0';
    app.runInContext(code, context, { drain: 'later' });
    app.runInContext('Promise.reject(2); 0', context, { drain: 'later' });
    await turn();
    expect(reasons).toEqual([2]);
  });
});

describe('contexts of one sandbox', () => {
  test('pass objects to each other as they are', () => {
    const app = sandbox();
    const one = app.createContext({});
    const two = app.createContext({ one });
    app.runInContext('var map = new Map([[1, 2]]); function get() { return map }', one);
    expect(app.runInContext('one.get() === one.map', two)).toBe(true);
    expect(app.runInContext('one.map.set(3, 4).size', two)).toBe(2);
    expect(app.runInContext('map.get(3)', one)).toBe(4);
    expect(app.runInContext('one.map instanceof Map', two)).toBe(false);
  });

  test('see each other’s globals change within one run', () => {
    const app = sandbox();
    const one = app.createContext({ n: 1 });
    const two = app.createContext({ one });
    app.runInContext('function bump() { n++; return n }', one);
    expect(app.runInContext('one.bump(); one.n += 10; one.bump()', two)).toBe(13);
    expect(one.n).toBe(13);
    expect(app.runInContext('one.fresh = 5; delete one.n; "n" in one', two)).toBe(false);
    expect(one.fresh).toBe(5);
    expect('n' in one).toBe(false);
  });

  test('nest, and each call finds what the others have done', () => {
    const app = sandbox();
    const depth = (context) => (n) => {
      if (n === 0) return context.total;
      const inner = app.createContext({ n, total: context.total });
      inner.down = depth(inner);
      return app.runInContext('total += n; down(n - 1)', inner);
    };
    expect(depth({ total: 0 })(5)).toBe(15);
  });

  test('are called back into while they wait', () => {
    const app = sandbox();
    const context = app.createContext({
      later: (f) => {
        context.n += 1;
        return f();
      },
      n: 0,
    });
    const code = 'n = 10; later(() => { n *= 2; return later(() => n) }) + n';
    expect(app.runInContext(code, context)).toBe(46);
  });

  test('are apart from the main realm', () => {
    const app = sandbox({ globals: { shared: 1 } });
    app.run('globalThis.main = 1');
    expect(app.runInNewContext('typeof shared + typeof main')).toBe('undefinedundefined');
    app.globalThis.give = app.runInNewContext('(() => mine)', { mine: 'mine' });
    expect(app.run('give()')).toBe('mine');
    delete app.globalThis.give;
  });
});

describe('without code generation from strings', () => {
  test.each([
    'eval("1")',
    '(0, eval)("1")',
    'new Function("return 1")',
    'Function("return 1")()',
    '(() => {}).constructor("return 1")()',
    '(function* () {}).constructor("yield 1")',
    '(async () => {}).constructor("1")',
    '(async function* () {}).constructor("1")',
    'Reflect.construct(Function, ["1"], Object)',
    'class F extends Function {}; new F("1")',
  ])('%s is refused', (code) => {
    const app = sandbox();
    const context = app.createContext({}, { codeGeneration: { strings: false } });
    const error = errorOf(() => app.runInContext(code, context));
    expect(error).toBeInstanceOf(EvalError);
    expect(error.message).toBe('Code generation from strings disallowed for this context');
  });

  test('all else is there', () => {
    const app = sandbox();
    const options = { contextCodeGeneration: { strings: false } };
    const code =
      'function f() {} f instanceof Function && f.constructor === Function && Function.name';
    expect(app.runInNewContext(code, {}, options)).toBe('Function');
    expect(app.runInNewContext('eval("1 + 1")')).toBe(2);
  });
});

describe('a sandbox that has come to its end', () => {
  test('has no contexts any more', () => {
    const app = sandbox();
    const context = app.createContext({ n: 1 });
    app.dispose();
    expect(errorOf(() => app.runInContext('n', context)).code).toBe('ERR_SANDBOX_DISPOSED');
    expect(errorOf(() => app.createContext({})).code).toBe('ERR_SANDBOX_DISPOSED');
    expect(errorOf(() => app.runInNewContext('1')).code).toBe('ERR_SANDBOX_DISPOSED');
  });

  test('may come to it in the middle of a run', () => {
    const app = sandbox();
    const context = app.createContext({ end: () => app.dispose(), n: 1 });
    const error = errorOf(() => app.runInContext('n = 2; end(); n = 3', context));
    expect(error.code).toBe('ERR_SANDBOX_DISPOSED');
    expect(context.n).toBe(2);
    expect(sandbox().runInNewContext('typeof n')).toBe('undefined');
  });
});
