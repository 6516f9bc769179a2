'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { Script } = require('..');
const { sandbox, expectNoLeaks, errorOf } = require('./support.js');

afterEach(expectNoLeaks);

const INTRINSIC = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];

/** The frames of a stack in V8's form; fails when a line is of another. */
function framesOf(stack) {
  return stack
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .map((line) => {
      if (/^ {4}at .+ \(native\)$/.test(line)) return { native: true };
      const [, name = '', file, row, column] =
        /^ {4}at (?:(.+?) \()?(.+?):(-?\d+):(\d+)\)?$/.exec(line) ?? [];
      expect(`${line} → ${file}`).not.toMatch(/undefined$/);
      return { name, file, line: Number(row), column: Number(column) };
    });
}

describe('an error of the guest', () => {
  test.each(INTRINSIC)('of %p is one of the same class here', (kind) => {
    const error = errorOf(() => sandbox().run(`throw new ${kind.name}('the message')`));
    expect(error).toBeInstanceOf(Error);
    expect(Object.getPrototypeOf(error)).toBe(kind.prototype);
    expect(error.name).toBe(kind.name);
    expect(error.message).toBe('the message');
    expect(Object.keys(error)).toEqual([]);
    expect(Object.prototype.toString.call(error)).toBe('[object Error]');
  });

  test.each([
    ['null.x', TypeError],
    ['missing', ReferenceError],
    ['[].length = -1', RangeError],
    ['decodeURI("%")', URIError],
    ['JSON.parse("{")', SyntaxError],
    ['new RegExp("(")', SyntaxError],
    ['Symbol() + ""', TypeError],
    ['(() => { const c = 1; c = 2; })()', TypeError],
    ['1n + 1', TypeError],
  ])('that the engine raises for %s is of its class', (source, kind) => {
    const error = errorOf(() => sandbox().run(source));
    expect(Object.getPrototypeOf(error)).toBe(kind.prototype);
    expect(error.message).not.toBe('');
  });

  test('has its message, also none, or an odd one', () => {
    const box = sandbox();
    for (const message of [
      '',
      'two\nlines',
      'čeština 🎉 \ud800',
      'x'.repeat(100_000),
      'a\u0000b',
    ]) {
      expect(errorOf(() => box.run('(m) => { throw new Error(m); }')(message)).message).toBe(
        message,
      );
    }
    expect(box.run('new Error()').message).toBe('');
    expect(box.run('Object.assign(new Error("a"), { message: 42 })').message).toBe('42');
  });

  test('has its code and its own fields, functions and objects among them', () => {
    const box = sandbox();
    const error = errorOf(() =>
      box.run(`throw Object.assign(new TypeError('m'), {
        code: 'E_CODE', status: 404, details: { list: [1] }, retry: () => 'again', date: new Date(5),
      })`),
    );
    expect(error.code).toBe('E_CODE');
    expect(error.status).toBe(404);
    expect(error.details).toEqual({ list: [1] });
    expect(error.retry()).toBe('again');
    expect(error.date).toEqual(new Date(5));
    expect(Object.keys(error)).toEqual(['code', 'status', 'details', 'retry', 'date']);
  });

  test('of a class of the guest’s own is of that class, and of the nearest intrinsic one', () => {
    const box = sandbox();
    const named = errorOf(() =>
      box.run(`
        class AppError extends RangeError {
          constructor(message) { super(message); this.name = 'AppError'; this.code = 3; }
          get twice() { return 2 * this.code; }
        }
        globalThis.DeepError = class DeepError extends AppError { hint() { return this.message; } };
        throw new DeepError('deep');`),
    );
    expect(named).toBeInstanceOf(RangeError);
    expect(named).toBeInstanceOf(box.run('DeepError'));
    expect(named).not.toBeInstanceOf(TypeError);
    expect(named.constructor.name).toBe('DeepError');
    expect([named.hint(), named.twice]).toEqual(['deep', 6]);
    expect([named.name, named.message, named.code]).toEqual(['AppError', 'deep', 3]);
    expect(named.stack).toMatch(/^AppError: deep\n {4}at /);
    expect(String(named)).toBe('AppError: deep');
    const inherited = box.run(`
      class Quiet extends TypeError { get name() { return 'Quiet'; } }
      new Quiet('q')`);
    expect([inherited.name, inherited instanceof TypeError]).toEqual(['Quiet', true]);
    const plain = box.run('new (class Unnamed extends Error {})("u")');
    expect([plain.name, plain instanceof Error]).toEqual(['Error', true]);
    const own = box.run('new EvalError("e")');
    expect(Object.getPrototypeOf(own)).toBe(EvalError.prototype);
  });

  test('has its chain of causes, hidden from enumeration', () => {
    const error = errorOf(() =>
      sandbox().run(`
        throw new Error('outer', {
          cause: new TypeError('middle', { cause: { reason: ['inner', new RangeError('last')] } }),
        })`),
    );
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(error.cause.message).toBe('middle');
    expect(error.cause.cause.reason[0]).toBe('inner');
    expect(error.cause.cause.reason[1]).toBeInstanceOf(RangeError);
    expect(Object.getOwnPropertyDescriptor(error, 'cause').enumerable).toBe(false);
    expect(Object.keys(error)).toEqual([]);
  });

  test('has a cause only when it was given one', () => {
    const box = sandbox();
    expect('cause' in box.run('new Error("none")')).toBe(false);
    const undefinedCause = box.run('new Error("some", { cause: undefined })');
    expect(Object.hasOwn(undefinedCause, 'cause')).toBe(true);
    expect(undefinedCause.cause).toBeUndefined();
  });

  test('may be its own cause', () => {
    const error = sandbox().run('const e = new Error("loop"); e.cause = e; e.self = { e }; e');
    expect(error.cause).toBe(error);
    expect(error.self.e).toBe(error);
  });

  test('that aggregates others has them', () => {
    const error = errorOf(() =>
      sandbox().run('throw new AggregateError([new TypeError("a"), "b"], "all", { cause: 1 })'),
    );
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.message).toBe('all');
    expect(error.errors).toHaveLength(2);
    expect(error.errors[0]).toBeInstanceOf(TypeError);
    expect(error.errors[1]).toBe('b');
    expect(error.cause).toBe(1);
    expect(Object.keys(error)).toEqual([]);
  });

  test('from Promise.any aggregates the rejections', async () => {
    const reason = await sandbox()
      .run('Promise.any([Promise.reject(new Error("a")), Promise.reject("b")])')
      .catch((error) => error);
    expect(reason).toBeInstanceOf(AggregateError);
    expect(reason.errors[0].message).toBe('a');
    expect(reason.errors[1]).toBe('b');
  });

  test('arrives whatever hangs on it', () => {
    const box = sandbox();
    const error = errorOf(() =>
      box.run(`
        const e = new Error('loaded', { cause: new WeakMap() });
        e.proxy = new Proxy({}, {});
        e.instance = new (class Service { x = 1; })();
        Object.defineProperty(e, 'getter', { get() { throw 1; }, enumerable: true });
        e.fine = 1;
        throw e;`),
    );
    expect(error.message).toBe('loaded');
    expect(error.fine).toBe(1);
    expect('cause' in error && 'proxy' in error && 'instance' in error).toBe(true);
    expect(error.instance.x).toBe(1);
  });

  test('that lies about itself is still an Error with text', () => {
    const box = sandbox();
    for (const source of [
      'Object.defineProperty(new Error("m"), "message", { get() { throw 1; } })',
      'Object.defineProperty(new Error("m"), "name", { get() { throw 1; } })',
      'Object.defineProperty(new Error("m"), "stack", { get() { throw 1; } })',
      'Object.assign(new Error("m"), { name: { toString() { throw 1; } }, message: Symbol() })',
      'Object.assign(new Error("m"), { stack: 12 })',
    ]) {
      const error = errorOf(() => box.run(`throw ${source}`));
      expect(error).toBeInstanceOf(Error);
      expect([typeof error.name, typeof error.message, typeof error.stack]).toEqual([
        'string',
        'string',
        'string',
      ]);
    }
    expect(box.run('1 + 1')).toBe(2);
  });

  test('whose own fields are called like those of Object.prototype harms nothing', () => {
    const error = sandbox().run(`
      const e = new Error('m');
      Object.defineProperty(e, '__proto__', { value: { polluted: 1 }, enumerable: true });
      e.constructor = 1;
      e.toString = 2;
      e`);
    expect(error).toBeInstanceOf(Error);
    expect(error.polluted).toBeUndefined();
    expect({}.polluted).toBeUndefined();
    expect(error.constructor).toBe(1);
  });
});

describe('the stack of a guest error', () => {
  test('has a header and frames in V8’s form, with file, line and column', () => {
    const error = errorOf(() =>
      sandbox().run(
        [
          'function inner() {',
          "  throw new TypeError('x');",
          '}',
          'function outer() {',
          '  inner();',
          '}',
          '',
          '  outer();',
        ].join('\n'),
        { filename: 'dir/my app.js' },
      ),
    );
    expect(error.stack.split('\n')[0]).toBe('TypeError: x');
    const frames = framesOf(error.stack);
    expect(frames.map(({ name, file, line }) => [name, file, line])).toEqual([
      ['inner', 'dir/my app.js', 2],
      ['outer', 'dir/my app.js', 5],
      ['<eval>', 'dir/my app.js', 8],
    ]);
    // Somewhere in `new TypeError`; then exactly where the calls stand.
    expect([9, 13]).toContain(frames[0].column);
    expect(frames.slice(1).map(({ column }) => column)).toEqual([3, 3]);
    expect(error.stack.split('\n')).toHaveLength(4);
  });

  test('names nothing of this process', () => {
    const error = errorOf(() =>
      sandbox().run('(f) => f()')(sandbox().run('() => { throw new Error("x"); }')),
    );
    expect(error.stack).not.toContain(path.dirname(__dirname));
    expect(error.stack).not.toContain('node:');
    expect(errorOf(() => sandbox().run('throw new Error("x")')).stack).not.toContain(__dirname);
  });

  test('names methods, accessors, constructors, callbacks and async functions', async () => {
    const error = errorOf(() =>
      sandbox().run(`
        class A {
          constructor() { A.make(); }
          static make() { return { get it() { return [1].map(function each() { throw new Error('x'); }); } }.it; }
        }
        new A();`),
    );
    const names = framesOf(error.stack).map(({ name }) => name);
    expect(names).toEqual(['each', undefined, 'get it', 'make', 'A', '<eval>']);
    const reason = await sandbox()
      .run('(async function later() { await null; throw new Error("y"); })()')
      .catch((caught) => caught);
    expect(framesOf(reason.stack)[0]).toMatchObject({ name: 'later', file: 'sandbox.js', line: 1 });
  });

  test('has the default name of the sandbox, or the file’s own, as file', () => {
    const box = sandbox({ name: 'app-7' });
    const fileOf = (options) =>
      framesOf(errorOf(() => box.run('throw new Error("x")', options)).stack)[0].file;
    expect(fileOf(undefined)).toBe('app-7.js');
    expect(fileOf({ filename: 'own.js' })).toBe('own.js');
    expect(fileOf('just-a-name.js')).toBe('just-a-name.js');
    expect(fileOf({ filename: 'č/€ 🎉.js' })).toBe('č/€ 🎉.js');
    expect(fileOf({ filename: 'C:\\app\\main.js' })).toBe('C:\\app\\main.js');
  });

  describe('counts from the offsets given', () => {
    const at = (use) => {
      const { line, column } = framesOf(errorOf(use).stack).at(-1);
      return [line, column];
    };
    const source = 'throw new Error("x")';

    test('lines', () => {
      const box = sandbox();
      expect(at(() => box.run(source))[0]).toBe(1);
      expect(at(() => box.run(source, { lineOffset: 10 }))[0]).toBe(11);
    });

    test('columns, on the first line only', () => {
      const box = sandbox();
      const [, column] = at(() => box.run(source));
      expect([7, 11]).toContain(column);
      expect(at(() => box.run(source, { columnOffset: 7 }))).toEqual([1, column + 7]);
      const options = { lineOffset: 10, columnOffset: 7 };
      expect(at(() => box.run(source, options))).toEqual([11, column + 7]);
      expect(at(() => box.run(`\n${source}`, options))).toEqual([12, column]);
    });

    test('in compiled scripts', () => {
      const box = sandbox();
      const [, column] = at(() => box.run(source));
      const options = { lineOffset: 4, columnOffset: 2, filename: 'offset.js' };
      expect(at(() => box.run(box.compile(source, options)))).toEqual([5, column + 2]);
      expect(at(() => box.run(new Script(source, options)))).toEqual([5, column + 2]);
    });

    test('when the first line is line zero', () => {
      expect(at(() => sandbox().run(`\n${source}`, { lineOffset: -1 }))[0]).toBe(1);
    });

    test('when the first line is before line zero', () => {
      const box = sandbox();
      const [, column] = at(() => box.run(source));
      expect(at(() => box.run(`${'\n'.repeat(6)}${source}`, { lineOffset: -5 }))).toEqual([
        2,
        column,
      ]);
    });
  });

  test('has the column of a call on the first line as on any other', () => {
    const box = sandbox();
    box.run('function f() { throw new Error("x"); }');
    const columnOf = (source) => framesOf(errorOf(() => box.run(source)).stack).at(-1).column;
    for (const source of ['f()', '  f()', '0, f()', '"use strict"; f(1)']) {
      expect([source, columnOf(source)]).toEqual([source, columnOf(`\n${source}`)]);
    }
  });

  test('leads through all files that took part', () => {
    const box = sandbox({
      modules: {
        './main.js': [
          "const { call } = require('./lib/call.js');",
          'exports.go = function go() {',
          '  call(function inner() {',
          "    throw new RangeError('deep');",
          '  });',
          '};',
        ].join('\n'),
        './lib/call.js': 'exports.call = function call(f) {\n  f();\n};',
      },
    });
    const go = box.require('./main.js').go;
    expect(framesOf(errorOf(go).stack).map(({ name, file, line }) => [name, file, line])).toEqual([
      ['inner', 'main.js', 4],
      ['call', 'lib/call.js', 2],
      ['go', 'main.js', 3],
    ]);
  });

  test('leads through scripts of different names', () => {
    const box = sandbox();
    box.run('function one(f) {\n  f();\n}', { filename: 'one.js' });
    const frames = framesOf(
      errorOf(() => box.run('\n\none(() => missing)', { filename: 'two.js' })).stack,
    );
    expect(frames.map(({ file, line }) => [file, line])).toEqual([
      ['two.js', 3],
      ['one.js', 2],
      ['two.js', 3],
    ]);
  });

  test('is what the guest made of it', () => {
    const error = errorOf(() =>
      sandbox().run('throw Object.assign(new Error("x"), { stack: "own text" })'),
    );
    expect(error.stack).toBe('own text');
    expect(Object.getOwnPropertyDescriptor(error, 'stack').enumerable).toBe(false);
  });
});

describe('a SyntaxError', () => {
  const BAD = 'let a = 1;\n  let b = = 2;';
  test.each([
    ['run', (box, options) => box.run(BAD, options)],
    ['compile', (box, options) => box.compile(BAD, options)],
    ['new Script', (_, options) => new Script(BAD, options)],
  ])('of %s names file, line and column', (_, use) => {
    const box = sandbox();
    const error = errorOf(() => use(box, { filename: 'bad.js' }));
    expect(Object.getPrototypeOf(error)).toBe(SyntaxError.prototype);
    expect(error.message).not.toBe('');
    expect(framesOf(error.stack)[0]).toEqual({ name: '', file: 'bad.js', line: 2, column: 11 });
    const moved = errorOf(() => use(box, { filename: 'bad.js', lineOffset: 40 }));
    expect(framesOf(moved.stack)[0]).toMatchObject({ file: 'bad.js', line: 42 });
    expect(box.run('1 + 1')).toBe(2);
  });

  test.each([
    '{',
    '(',
    '"unterminated',
    '`',
    'var 1a',
    'await 1',
    'import("x',
    'return 1',
    'a b',
    '/*',
    '\ud800',
  ])('is what %j gives', (source) => {
    const error = errorOf(() => sandbox().run(source));
    expect(error).toBeInstanceOf(SyntaxError);
    expect(error.stack).toMatch(/^SyntaxError: .+\n {4}at .*sandbox\.js:\d+:\d+/);
  });

  test('in a module names the module’s file and line', () => {
    const box = sandbox({ modules: { './m.js': 'const a = 1;\nconst = 2;' } });
    const error = errorOf(() => box.require('./m.js'));
    expect(error).toBeInstanceOf(SyntaxError);
    expect(framesOf(error.stack)[0]).toMatchObject({ file: 'm.js', line: 2 });
  });
});

describe('inside the guest', () => {
  test('error.stack has V8’s form', () => {
    const stack = sandbox().run('(function f() {\n  return new RangeError("z").stack;\n})()', {
      filename: 'in.js',
    });
    expect(stack.split('\n')[0]).toBe('RangeError: z');
    expect(framesOf(stack).map(({ name, file, line }) => [name, file, line])).toEqual([
      ['f', 'in.js', 2],
      ['<eval>', 'in.js', 3],
    ]);
  });

  test('Error.captureStackTrace gives any object a stack, from the caller of a function', () => {
    const box = sandbox();
    const stack = box.run(`
      function hidden(o) { Error.captureStackTrace(o, hidden); return o.stack; }
      function shown(o) { return hidden(o); }
      shown({ name: 'MyError', message: 'mine' })`);
    expect(stack.split('\n')[0]).toBe('MyError: mine');
    expect(framesOf(stack).map(({ name }) => name)).toEqual(['shown', '<eval>']);
    const whole = box.run('(function f(o) { Error.captureStackTrace(o); return o.stack; })({})');
    expect(whole.split('\n')[0]).toBe('Error');
    expect(framesOf(whole).map(({ name }) => name)).toEqual(['f', '<eval>']);
  });

  test('Error.prepareStackTrace is asked, with call sites', () => {
    const box = sandbox();
    const sites = box.run(
      `Error.prepareStackTrace = (error, sites) => sites.map((site) => [
        error.message, site.getFunctionName(), site.getFileName(), site.getLineNumber(),
        typeof site.getColumnNumber(),
      ]);
      (function f() {
        return new Error('m').stack;
      })()`,
      { filename: 'sites.js' },
    );
    expect(sites).toEqual([
      ['m', 'f', 'sites.js', 6, 'number'],
      ['m', '<eval>', 'sites.js', 7, 'number'],
    ]);
  });

  test('Error.stackTraceLimit is heeded', () => {
    const stack = sandbox().run(`
      Error.stackTraceLimit = 2;
      function f(n) { return n === 0 ? new Error('x').stack : f(n - 1); }
      f(10)`);
    expect(framesOf(stack)).toHaveLength(2);
  });
});

describe('an error of the host in the guest', () => {
  /** What the guest can find out about the error that `raise` throws. */
  const inspected = (raise, options) =>
    sandbox(options).run(`(raise) => {
      try { raise(); } catch (e) {
        const own = {};
        for (const key of Reflect.ownKeys(e)) own[String(key)] = e[key];
        return {
          own,
          text: [String(e), e.stack, JSON.stringify(own), JSON.stringify(e)].join('\\n'),
          isError: e instanceof Error,
          kind: Object.getPrototypeOf(e).constructor.name,
          native: Object.getPrototypeOf(e) === globalThis[Object.getPrototypeOf(e).constructor.name].prototype,
          name: e.name,
          message: e.message,
          stack: e.stack,
        };
      }
    }`)(raise);
  const throwing = (error) => () => {
    throw error;
  };

  test.each(INTRINSIC)('of %p is one of the guest’s own class', (kind) => {
    expect(inspected(throwing(new kind('the message')))).toMatchObject({
      isError: true,
      native: true,
      kind: kind.name,
      name: kind.name,
      message: 'the message',
    });
  });

  test('of a class of the host’s own is of the nearest intrinsic one, under its own name', () => {
    class AppError extends RangeError {
      name = 'AppError';
    }
    class Quiet extends TypeError {
      get name() {
        return 'Quiet';
      }
    }
    expect(inspected(throwing(new AppError('a')))).toMatchObject({
      kind: 'RangeError',
      name: 'AppError',
    });
    expect(inspected(throwing(new Quiet('q')))).toMatchObject({ kind: 'TypeError', name: 'Quiet' });
  });

  test('has its code, own fields, causes and errors', () => {
    const error = new Error('outer', { cause: new TypeError('inner', { cause: 'root' }) });
    Object.assign(error, { code: 'E_CODE', status: 404, details: { list: [1] } });
    const seen = sandbox().run(`(raise) => {
      try { raise(); } catch (e) {
        return [e.code, e.status, e.details, e.cause instanceof TypeError, e.cause.message, e.cause.cause,
          Object.keys(e)];
      }
    }`)(throwing(error));
    expect(seen).toEqual([
      'E_CODE',
      404,
      { list: [1] },
      true,
      'inner',
      'root',
      ['code', 'status', 'details'],
    ]);
    const aggregate = sandbox().run(`(raise) => {
      try { raise(); } catch (e) {
        return [e instanceof AggregateError, e.errors[0] instanceof RangeError, e.errors[1], Object.keys(e)];
      }
    }`)(throwing(new AggregateError([new RangeError('a'), 'b'], 'all')));
    expect(aggregate).toEqual([true, true, 'b', []]);
  });

  test('arrives whatever hangs on it', () => {
    const uncrossable = new Uint8Array(new SharedArrayBuffer(8));
    const error = Object.assign(new Error('loaded', { cause: uncrossable }), {
      uncrossable: new Map([['key', uncrossable]]),
      instance: new (class Service {
        serve = () => 'private';
        hello() {
          return 'hello';
        }
      })(),
      list: [1],
      fine: 1,
    });
    const { message, own } = inspected(throwing(error));
    expect([message, own.fine]).toEqual(['loaded', 1]);
    expect([own.instance.hello(), own.list[0]]).toEqual(['hello', 1]);
    expect(own.list).toBe(error.list);
    expect(own).not.toHaveProperty('uncrossable');
    expect(own).not.toHaveProperty('cause');
  });

  test('tells nothing of the host’s stack and files', () => {
    const error = new Error('plain', { cause: new TypeError('cause') });
    expect(error.stack).toContain(__filename);
    const { text, stack } = inspected(throwing(error));
    expect(text).not.toContain(process.cwd());
    expect(text).not.toContain(path.basename(__filename));
    expect(text).not.toContain('node:');
    expect(stack.split('\n')[0]).toBe('Error: plain');
    const cause = sandbox().run(
      '(raise) => { try { raise(); } catch (e) { return e.cause.stack; } }',
    );
    expect(cause(throwing(error))).not.toContain(process.cwd());
  });

  test('has a stack of the guest’s own frames only', () => {
    const { stack } = inspected(throwing(new Error('plain')));
    expect(framesOf(stack).map(({ file }) => file)).toEqual(['sandbox.js']);
  });

  test('that the system raised hides paths and calls', () => {
    const missing = path.join(process.cwd(), 'no-such-directory', 'file.txt');
    const { own, text, name } = inspected(() => fs.readFileSync(missing));
    expect(own.code).toBe('ENOENT');
    expect(name).toBe('Error');
    for (const key of ['path', 'syscall', 'errno', 'dest']) expect(own).not.toHaveProperty(key);
    expect(text).not.toContain(process.cwd());
    expect(text).not.toContain('no-such-directory');
  });

  test('that require raised hides the files that required', () => {
    const { own, text } = inspected(() => require('no-such-module-anywhere'));
    expect(own.code).toBe('MODULE_NOT_FOUND');
    expect(text).not.toContain(process.cwd());
  });

  test('still has all of it at home', () => {
    const missing = path.join(process.cwd(), 'no-such-file');
    const error = errorOf(() => sandbox().run('(f) => f()')(() => fs.readFileSync(missing)));
    expect(error).toMatchObject({ code: 'ENOENT', path: missing, syscall: 'open' });
    expect(error.stack).toContain(__filename);
  });

  test('that is a DOMException keeps its name and code', () => {
    const seen = inspected(() => AbortSignal.abort().throwIfAborted());
    expect(seen).toMatchObject({ isError: true, kind: 'Error', name: 'AbortError' });
    expect(seen.own.code).toBe(20);
    expect(seen.message).toMatch(/aborted/);
    const data = inspected(() => structuredClone(() => {}));
    expect([data.name, data.own.code]).toEqual(['DataCloneError', 25]);
    const error = errorOf(() =>
      sandbox().run('(f) => f()')(() => AbortSignal.abort().throwIfAborted()),
    );
    expect(error).toBeInstanceOf(DOMException);
  });

  test('of another sandbox keeps class, message and code', () => {
    const other = sandbox({ name: 'other' });
    const raise = other.run(
      '() => { throw Object.assign(new RangeError("theirs"), { code: 1 }); }',
    );
    const { kind, message, own } = inspected(() => raise());
    expect([kind, message, own.code]).toEqual(['RangeError', 'theirs', 1]);
  });
});
