'use strict';

// Scripts: what running one answers, where its names live, what may be its source.

const { Sandbox, Script, SandboxError, copy } = require('..');
const { sandbox, expectNoLeaks, errorOf } = require('./support.js');

afterEach(expectNoLeaks);

const run = (code, options) => sandbox().run(code, options);

describe('the completion value', () => {
  test.each([
    ['1; 2; 3', 3],
    ['', undefined],
    ['   \n\t', undefined],
    [';', undefined],
    ['// only a comment', undefined],
    ['/* only a comment */', undefined],
    ["'use strict'", 'use strict'],
    ['var a = 5', undefined],
    ['let a = 5', undefined],
    ['function f() {}', undefined],
    ['1; var a = 5', 1],
    ['1; function f() {}', 1],
    ['if (true) 5', 5],
    ['if (false) 5', undefined],
    ['if (true) { 1; 2 } else 3', 2],
    ['for (var i = 0; i < 3; i++) i', 2],
    ['do 7; while (false)', 7],
    ['while (true) { 4; break }', 4],
    ['try { 3 } finally { 4 }', 3],
    ['try { throw 1 } catch { 2 }', 2],
    ['switch (1) { case 1: 9 }', 9],
    ['label: 5', 5],
    ['{ a: 5 }', 5],
    ['({ a: 5 })', { a: 5 }],
    ['a = 5', 5],
    ['1, 2', 2],
    ['void 0', undefined],
    ['typeof nothing', 'undefined'],
    ['with ({ a: 1 }) a', 1],
    ['5\n//# sourceMappingURL=app.js.map', 5],
    ['5 //# sourceURL=other.js', 5],
    ['#!/usr/bin/env node\n7', 7],
  ])('of %j is %j', (code, value) => {
    expect(run(code)).toEqual(value);
  });

  test('of a script that throws is what it throws', () => {
    expect(errorOf(() => run("throw { reason: 'mine' }"))).toEqual({ reason: 'mine' });
    expect(errorOf(() => run('throw undefined'))).toBeUndefined();
    expect(errorOf(() => run('throw null'))).toBeNull();
  });
});

describe('file names', () => {
  test("are the sandbox's name when none is given", () => {
    const box = sandbox({ name: 'billing' });
    expect(errorOf(() => box.run('\n  missing')).stack).toContain('billing.js:2:3');
    expect(errorOf(() => sandbox().run('missing')).stack).toContain('sandbox.js:1:1');
  });

  test('may be given, as an option or alone', () => {
    expect(errorOf(() => run('missing', { filename: 'a/b.js' })).stack).toContain('a/b.js:1:1');
    expect(errorOf(() => run('missing', 'c.js')).stack).toContain('c.js:1:1');
  });

  test('may have any text', () => {
    for (const filename of [
      'ü/日本😀.js',
      'with space.js',
      'C:\\x\\y.js',
      'file:///a.js',
      '(a).js',
    ]) {
      expect(errorOf(() => run('missing', { filename })).stack).toContain(`${filename}:1:1`);
    }
  });

  test('keep lines and columns with an offset', () => {
    const options = { filename: 'a.js', lineOffset: 10, columnOffset: 4 };
    expect(errorOf(() => run('missing', options)).stack).toContain('a.js:11:5');
    expect(errorOf(() => run('\nmissing', options)).stack).toContain('a.js:12:1');
  });

  test.each([-3, -2, -1, 0, 1, 100])('keep lines with an offset of %i', (lineOffset) => {
    const error = errorOf(() => run('\n\n\nmissing', { filename: 'a.js', lineOffset }));
    expect(error.stack).toContain(`a.js:${4 + lineOffset}:1`);
  });

  test('stand in the trace of a function called later', () => {
    const fail = run('(function fail() {\n  missing;\n})', { filename: 'later.js' });
    expect(errorOf(fail).stack).toContain('at fail (later.js:2:3)');
  });
});

describe('syntax errors', () => {
  test.each([
    ['const = 1', 1, 7],
    ['\n\n  let 5', 3, 7],
    ['a b', 1, 3],
    ["'unterminated", 1, undefined],
    ['function (', 1, undefined],
    ['return 1', 1, 1],
    ['await 1', 1, undefined],
    ['import "x"', 1, undefined],
    ['let a; let a', 1, undefined],
    ['\ud800', 1, 1],
  ])('of %j name the place', (code, line, column) => {
    const error = errorOf(() => run(code, { filename: 'bad.js' }));
    expect(error).toBeInstanceOf(SyntaxError);
    expect(error.stack).toContain(`bad.js:${line}:${column ?? ''}`);
    expect(error.message).not.toBe('');
  });

  test('run nothing of the script', () => {
    const box = sandbox();
    expect(() => box.run('globalThis.ran = true;\nconst = 1')).toThrow(SyntaxError);
    expect(box.globalThis.ran).toBeUndefined();
  });
});

describe('names', () => {
  test('of var, let, const, function and class stay for the next run', () => {
    const box = sandbox();
    box.run('var a = 1; let b = 2; const c = 3; function d() { return 4 } class E { e = 5 }');
    expect(box.run('[a, b, c, d(), new E().e]')).toEqual([1, 2, 3, 4, 5]);
  });

  test('of let and const are no properties of the global object; those of var are', () => {
    const box = sandbox();
    box.run('var a = 1; let b = 2; function c() {}');
    expect(box.run("['a' in globalThis, 'b' in globalThis, 'c' in globalThis]")).toEqual([
      true,
      false,
      true,
    ]);
  });

  test('of let and const cannot be declared again', () => {
    const box = sandbox();
    box.run('let a = 1; const b = 1');
    for (const code of ['let a = 2', 'var a', 'const b = 2', 'function b() {}']) {
      expect(() => box.run(code)).toThrow(SyntaxError);
    }
    expect(box.run('[a, b]')).toEqual([1, 1]);
  });

  test('of const cannot be assigned', () => {
    const box = sandbox();
    box.run('const a = 1');
    expect(() => box.run('a = 2')).toThrow(TypeError);
  });

  test('are not seen by another sandbox', () => {
    const [one, two] = [sandbox(), sandbox()];
    one.run('var a = 1; globalThis.b = 2; Object.prototype.polluted = true');
    expect(two.run("[typeof a, typeof b, 'polluted' in {}]")).toEqual([
      'undefined',
      'undefined',
      false,
    ]);
    expect('polluted' in {}).toBe(false);
  });

  test('in strict code must be declared; in sloppy code they become global', () => {
    const box = sandbox();
    expect(() => box.run("'use strict'; undeclared = 1")).toThrow(ReferenceError);
    box.run('undeclared = 1');
    expect(box.globalThis.undeclared).toBe(1);
  });

  test('of a strict script do not make the next one strict', () => {
    const box = sandbox();
    box.run("'use strict'; 1");
    expect(box.run('(function () { return this === globalThis })()')).toBe(true);
    expect(box.run("'use strict'; (function () { return this })()")).toBeUndefined();
  });
});

test('this at top level is the global object', () => {
  expect(run('this === globalThis')).toBe(true);
  expect(run("'use strict'; this === globalThis")).toBe(true);
});

describe('eval and Function', () => {
  test('work, in the sandbox', () => {
    const box = sandbox();
    expect(box.run('var a = 1; eval("a + 1")')).toBe(2);
    expect(box.run('new Function("b", "return a + b")(2)')).toBe(3);
    expect(box.run('(() => { let a = 5; return [eval("a"), (0, eval)("a")] })()')).toEqual([5, 1]);
    expect(
      box.run(
        'new (Object.getPrototypeOf(async () => {}).constructor)("return 1")() instanceof Promise',
      ),
    ).toBe(true);
  });

  test('find nothing of Node', () => {
    const code = '[typeof process, typeof require, typeof module, typeof global, typeof Buffer]';
    const box = sandbox();
    for (const source of [
      code,
      `(0, eval)(${JSON.stringify(code)})`,
      `Function("return ${code}")()`,
    ]) {
      expect(box.run(source)).toEqual(Array(5).fill('undefined'));
    }
  });
});

describe('source text', () => {
  test('may have any characters', () => {
    expect(run("'é日本😀\\u0000'")).toBe('é日本😀\0');
    expect(run("'\u0000'")).toBe('\0');
    expect(run('const größe = 1, 變數 = 2; größe + 變數')).toBe(3);
    expect(run("'\u2028\u2029'")).toBe('\u2028\u2029');
    expect(run('1 +\u2028 2')).toBe(3);
  });

  test('may have lone surrogates in its strings', () => {
    expect(run("'\ud800'")).toBe('\ud800');
    expect(run("'a\udc00b'.charCodeAt(1)")).toBe(0xdc00);
    expect(run('`\ud800`.length')).toBe(1);
    expect(run('/\ud800/.test("\\ud800")')).toBe(true);
  });

  test('may begin with a byte order mark', () => {
    expect(run('\ufeff5')).toBe(5);
  });

  test('may be long', () => {
    expect(sandbox({ timeout: 20_000 }).run(`${'1;\n'.repeat(100_000)}42`)).toBe(42);
    const long = 'x'.repeat(2_000_000);
    expect(run(`'${long}'`)).toBe(long);
  });

  test.each([undefined, null, 1, {}, [], () => 1, Symbol('x'), Buffer.from('1')])(
    'must be a string or a Script, not %p',
    (code) => {
      expect(errorOf(() => run(code))).toBeInstanceOf(TypeError);
      expect(errorOf(() => sandbox().compile(code))).toBeInstanceOf(TypeError);
      expect(errorOf(() => new Script(code))).toBeInstanceOf(TypeError);
    },
  );
});

describe('a Script', () => {
  test('runs as often as one likes', () => {
    const box = sandbox({ globals: { n: 0 } });
    const script = box.compile('++n');
    expect([box.run(script), box.run(script), box.run(script)]).toEqual([1, 2, 3]);
  });

  test('runs in several sandboxes, also after the one that compiled it is gone', () => {
    const script = new Script("typeof count === 'undefined' ? (count = 1) : ++count");
    const [one, two, three] = [sandbox(), sandbox(), sandbox()];
    expect([one.run(script), one.run(script), two.run(script)]).toEqual([1, 2, 1]);
    const other = three.compile('1 + 1');
    three.dispose();
    expect(one.run(other)).toBe(2);
  });

  test('has a file name', () => {
    expect(new Script('1').filename).toBe('sandbox.js');
    expect(new Script('1', { filename: 'a.js' }).filename).toBe('a.js');
    expect(new Script('1', 'b.js').filename).toBe('b.js');
    expect(sandbox({ name: 'app' }).compile('1').filename).toBe('app.js');
  });

  test('keeps file, line and column for traces', () => {
    const script = new Script('\n\n  missing', { filename: 'a.js', lineOffset: 1 });
    expect(errorOf(() => sandbox().run(script)).stack).toContain('a.js:4:3');
  });

  test('runs nothing when it is compiled', () => {
    const box = sandbox();
    box.compile('globalThis.ran = true');
    expect(box.globalThis.ran).toBeUndefined();
  });

  test('with a syntax error is refused when it is compiled', () => {
    const compilers = [(...args) => new Script(...args), (...args) => sandbox().compile(...args)];
    for (const compile of compilers) {
      const error = errorOf(() => compile('\n let 5', { filename: 'bad.js' }));
      expect(error).toBeInstanceOf(SyntaxError);
      expect(error.stack).toContain('bad.js:2:6');
    }
  });

  test('shares its let with the scripts after it, and fails when run again', () => {
    const box = sandbox();
    const script = box.compile('let a = 1');
    box.run(script);
    expect(box.run('a')).toBe(1);
    expect(() => box.run(script)).toThrow(SyntaxError);
  });

  test('takes a timeout when it is run', () => {
    const script = new Script('for (;;);');
    expect(errorOf(() => sandbox().run(script, { timeout: 20 })).code).toBe('ERR_SANDBOX_TIMEOUT');
  });

  test('that merely looks like one is refused', () => {
    const forged = Object.create(Script.prototype);
    const error = errorOf(() => sandbox().run(forged));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain('Script');
  });

  test('too large to compile is an error of the sandbox', () => {
    const box = sandbox({ memoryLimitMb: 2, timeout: 20_000 });
    const code = 'x.y();'.repeat(200_000);
    expect(errorOf(() => box.compile(code))).toMatchObject({
      name: 'SandboxError',
      code: 'ERR_SANDBOX_MEMORY_LIMIT',
    });
    expect(box.state).toBe('terminated');
  });
});

describe('globals', () => {
  test('are put on the global object', () => {
    const box = sandbox({ globals: { a: 1, 'b-c': [2], f: (x) => x + 1, u: undefined } });
    expect(box.run("[a, globalThis['b-c'], f(1), 'u' in globalThis, u]")).toEqual([
      1,
      [2],
      2,
      true,
      undefined,
    ]);
  });

  test('that cannot cross are named', () => {
    const globals = { a: copy({ b: [new WeakMap()] }) };
    expect(errorOf(() => sandbox({ globals }))).toMatchObject({
      code: 'ERR_SANDBOX_CROSSING',
      message: expect.stringContaining('globals.a.b[0]'),
    });
  });

  test('may be named __proto__ without harm', () => {
    const box = sandbox({ globals: JSON.parse('{"__proto__": {"polluted": 1}}') });
    expect(box.run("typeof polluted === 'undefined' || ({}).polluted === undefined")).toBe(true);
  });
});

describe('sandbox.globalThis', () => {
  test('reads and writes', () => {
    const box = sandbox();
    const object = { b: 1 };
    box.globalThis.a = object;
    expect(box.run('a.b')).toBe(1);
    expect(box.globalThis.a).toBe(object);
    box.run('a = 2; var c = 3; let hidden = 4');
    expect(box.globalThis.a).toBe(2);
    expect(box.globalThis.c).toBe(3);
    expect(box.globalThis.hidden).toBeUndefined();
    expect(box.globalThis.nothing).toBeUndefined();
  });

  test('knows in, delete and keys', () => {
    const box = sandbox();
    box.run('a = 1');
    expect('a' in box.globalThis).toBe(true);
    expect('Array' in box.globalThis).toBe(true);
    expect('b' in box.globalThis).toBe(false);
    expect(Object.keys(box.globalThis)).toContain('a');
    expect('Array' in box.globalThis).toBe(true);
    expect(delete box.globalThis.a).toBe(true);
    expect('a' in box.globalThis).toBe(false);
    expect(box.run('typeof a')).toBe('undefined');
  });

  test('does not list what is not enumerable in the guest', () => {
    expect(Object.keys(sandbox().globalThis)).not.toContain('Array');
  });

  test('tells when a property cannot be deleted', () => {
    const box = sandbox();
    box.run('var a = 1');
    expect(Reflect.deleteProperty(box.globalThis, 'a')).toBe(false);
    expect(() => {
      delete box.globalThis.a;
    }).toThrow(TypeError);
  });

  test('is the same object each time', () => {
    const box = sandbox();
    expect(box.globalThis).toBe(box.globalThis);
  });

  test('takes symbols as keys', () => {
    const box = sandbox();
    box.globalThis[Symbol.for('s')] = 1;
    expect(box.run("globalThis[Symbol.for('s')]")).toBe(1);
    expect(box.globalThis[Symbol.for('s')]).toBe(1);
  });

  test('takes Object.assign, spread and defineProperty', () => {
    const box = sandbox();
    Object.assign(box.globalThis, { a: 1, b: 2 });
    Object.defineProperty(box.globalThis, 'c', {
      value: 3,
      configurable: true,
      writable: true,
      enumerable: true,
    });
    expect(box.run('a + b + c')).toBe(6);
    expect({ ...box.globalThis }).toMatchObject({ a: 1, b: 2, c: 3 });
  });

  test('runs accessors of the guest, and hands on what they throw', () => {
    const box = sandbox();
    box.run(`
      Object.defineProperty(globalThis, 'g', {
        get() { return 42 }, set(v) { throw new RangeError('set ' + v) }, configurable: true,
      })`);
    expect(box.globalThis.g).toBe(42);
    expect(() => {
      box.globalThis.g = 1;
    }).toThrow(new RangeError('set 1'));
  });

  test('refuses what cannot cross, by name', () => {
    const box = sandbox();
    const error = errorOf(() => {
      box.globalThis.x = copy({ deep: new WeakMap() });
    });
    expect(error.code).toBe('ERR_SANDBOX_CROSSING');
    expect(error.message).toContain('value of x.deep');
  });

  test('throws on a read-only property of the guest', () => {
    const box = sandbox();
    box.run("Object.defineProperty(globalThis, 'fixed', { value: 1 })");
    expect(() => {
      box.globalThis.fixed = 2;
    }).toThrow(TypeError);
    expect(box.globalThis.fixed).toBe(1);
  });
});

test('a sandbox can be made inside a function that another one calls', () => {
  const inner = (code) => {
    const box = new Sandbox();
    try {
      return box.run(code);
    } finally {
      box.dispose();
    }
  };
  expect(sandbox({ globals: { inner } }).run("inner('6 * 7')")).toBe(42);
});

test('run may be called again from inside', () => {
  const box = sandbox();
  box.globalThis.again = (n) => (n === 0 ? 'end' : box.run(`again(${n - 1})`));
  expect(box.run('again(20)')).toBe('end');
});

test('errors of the sandbox itself are SandboxErrors with its name', () => {
  const error = errorOf(() => sandbox({ name: 'app', timeout: 20 }).run('for (;;);'));
  expect(error).toBeInstanceOf(SandboxError);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: 'SandboxError',
    sandbox: 'app',
    code: 'ERR_SANDBOX_TIMEOUT',
  });
});
