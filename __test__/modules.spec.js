'use strict';

// `require` in the guest: where modules come from, how they are evaluated, and what goes wrong.

const fs = require('node:fs');
const path = require('node:path');
const { sandbox, patient, expectNoLeaks, errorOf } = require('./support.js');

afterEach(expectNoLeaks);

/** A sandbox with these files, and what its `require(id)` answers. */
const load = (modules, id, options) => sandbox({ ...options, modules }).require(id);

/** The lines of a stack that name a place, as `file:line:column`. */
const places = (error) => [...error.stack.matchAll(/\(?([^\s()]+:\d+:\d+)\)?$/gm)].map((m) => m[1]);

describe('a map of files', () => {
  test('a module gives its exports', () => {
    expect(load({ 'main.js': 'exports.answer = 42;' }, 'main.js')).toEqual({ answer: 42 });
  });

  test('a module is evaluated once', () => {
    const box = sandbox({
      modules: {
        'main.js': `
          const first = require('./counter');
          const second = require('./counter.js');
          module.exports = [first === second, first.next(), second.next()];`,
        'counter.js': `
          globalThis.evaluated = (globalThis.evaluated ?? 0) + 1;
          let count = 0;
          exports.next = () => ++count;`,
      },
    });
    expect(box.require('main.js')).toEqual([true, 1, 2]);
    expect(box.globalThis.evaluated).toBe(1);
  });

  test('a module of a cycle sees what the other has exported so far', () => {
    const modules = {
      'a.js': `
        exports.early = 'early a';
        const b = require('./b');
        exports.late = 'late a';
        exports.seenByB = b.seen;`,
      'b.js': `
        const a = require('./a');
        exports.seen = { ...a };
        exports.laterKeys = () => Object.keys(a);`,
    };
    const box = sandbox({ modules });
    expect(box.require('a.js')).toMatchObject({ seenByB: { early: 'early a' }, late: 'late a' });
    expect(box.run('1') + box.require('b.js').laterKeys().length).toBe(4);
  });

  test('a module that requires itself gets its own partial exports', () => {
    const source = "exports.a = 1; exports.same = require('./self') === exports;";
    expect(load({ 'self.js': source }, 'self.js')).toEqual({ a: 1, same: true });
  });

  test.each([
    ['./x', 'lib/main.js', 'lib/x.js'],
    ['./x.js', 'lib/main.js', 'lib/x.js'],
    ['../x', 'lib/main.js', 'x.js'],
    ['./deep/../x', 'lib/main.js', 'lib/x.js'],
    ['./x', 'main.js', 'x.cjs'],
    ['./x', 'main.js', 'x/index.js'],
    ['./x/', 'main.js', 'x/index.js'],
    ['.', 'lib/main.js', 'lib/index.js'],
    ['..', 'lib/main.js', 'index.js'],
    ['x', 'lib/main.js', 'x.js'],
    ['x/y', 'lib/main.js', 'x/y.js'],
    ['x', 'lib/main.js', 'node_modules/x/index.js'],
    ['@scope/x', 'main.js', 'node_modules/@scope/x.js'],
  ])('require(%j) in %s finds %s', (specifier, main, file) => {
    const modules = {
      [main]: `module.exports = [require(${JSON.stringify(specifier)}), require.resolve(${JSON.stringify(specifier)})];`,
      [file]: "module.exports = 'found';",
    };
    expect(load(modules, main)).toEqual(['found', file]);
  });

  test('a file goes before a folder of the same name', () => {
    const modules = {
      'x.js': 'module.exports = "file"',
      'x/index.js': 'module.exports = "folder"',
    };
    expect(load(modules, './x')).toBe('file');
    expect(load(modules, './x/')).toBe('folder');
  });

  test.each([
    ['a file', 'lib/main.js', 'lib/main.js'],
    ['a file with ./', './lib/main.js', 'lib/main.js'],
    ['a file without its extension', 'lib/main', 'lib/main.js'],
    ['a folder', 'lib', 'lib/index.js'],
  ])("package.json's main may name %s", (_, main, file) => {
    const modules = {
      'node_modules/pack/package.json': JSON.stringify({ main }),
      [`node_modules/pack/${file}`]: 'module.exports = __filename;',
    };
    expect(load(modules, 'pack')).toBe(`node_modules/pack/${file}`);
  });

  test('a package without a main that exists falls back to its index', () => {
    const modules = {
      'node_modules/pack/package.json': '{ "main": "gone.js" }',
      'node_modules/pack/index.js': 'module.exports = "index";',
    };
    expect(load(modules, 'pack')).toBe('index');
  });

  test('a package.json that is not JSON is an error that names it', () => {
    const modules = { 'node_modules/pack/package.json': '{', 'node_modules/pack/index.js': '' };
    expect(errorOf(() => load(modules, 'pack')).message).toContain(
      'node_modules/pack/package.json',
    );
  });

  test('names are normalized, so ./a.js and a.js are one file', () => {
    expect(load({ './lib/../a.js': 'module.exports = __filename' }, './a')).toBe('a.js');
  });

  test('no specifier finds what only the prototype of the map has', () => {
    for (const id of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      expect(errorOf(() => load({}, id))).toMatchObject({ code: 'MODULE_NOT_FOUND' });
    }
  });

  test("Node's own modules are not there", () => {
    const box = sandbox({ modules: {} });
    for (const id of ['fs', 'node:fs', 'child_process', '/etc/passwd', '../../../etc/passwd']) {
      expect(errorOf(() => box.require(id))).toMatchObject({ code: 'MODULE_NOT_FOUND' });
    }
  });

  test('an empty file is a module', () => {
    expect(load({ 'empty.js': '' }, 'empty.js')).toEqual({});
  });

  test('a file with text beyond Latin-1 keeps it', () => {
    expect(load({ 'ü/日本.js': "module.exports = '😀' + __filename;" }, 'ü/日本')).toBe(
      '😀ü/日本.js',
    );
  });

  test('a change to the map after the sandbox was made is not seen', () => {
    const modules = { 'a.js': 'module.exports = 1' };
    const box = sandbox({ modules });
    modules['a.js'] = 'module.exports = 2';
    modules['b.js'] = '';
    expect(box.require('a')).toBe(1);
    expect(errorOf(() => box.require('b')).code).toBe('MODULE_NOT_FOUND');
  });
});

describe('JSON', () => {
  test('is parsed', () => {
    expect(load({ 'data.json': '{"a":[1,null,"x"]}' }, './data')).toEqual({ a: [1, null, 'x'] });
  });

  test('with a byte order mark is parsed, as Node does', () => {
    expect(load({ 'data.json': '\ufeff{"a":1}' }, './data.json')).toEqual({ a: 1 });
  });

  test('that is broken is a SyntaxError that names the file', () => {
    const modules = { 'main.js': "require('./conf/data.json')", 'conf/data.json': '{"a":}' };
    const error = errorOf(() => load(modules, 'main.js'));
    expect(error).toBeInstanceOf(SyntaxError);
    expect(error.message).toMatch(/^conf\/data\.json: /);
  });

  test('may have a key __proto__', () => {
    const value = load({ 'data.json': '{"__proto__":{"polluted":true}}' }, 'data.json');
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(value.polluted).toBeUndefined();
  });

  test('is one object, however often it is required', () => {
    const modules = {
      'main.js': "require('./d.json').x = 1; module.exports = require('./d.json').x;",
      'd.json': '{}',
    };
    expect(load(modules, 'main')).toBe(1);
  });
});

describe('what a module finds', () => {
  test('exports is module.exports, and this', () => {
    const source = 'exports.same = [module.exports === exports, this === exports];';
    expect(load({ 'a.js': source }, 'a.js').same).toEqual([true, true]);
  });

  test('module.exports may be replaced, by a function too', () => {
    const box = sandbox({ modules: { 'f.js': 'module.exports = (x) => x * 2;' } });
    expect(box.require('./f')(21)).toBe(42);
  });

  test.each(['null', 'undefined', '0', "''", 'false'])('module.exports may be %s', (value) => {
    const modules = {
      'main.js': "module.exports = [require('./v'), require('./v')];",
      'v.js': `globalThis.n = (globalThis.n ?? 0) + 1; module.exports = ${value};`,
    };
    const box = sandbox({ modules });
    const expected = box.run(`(${value})`);
    expect(box.require('main.js')).toEqual([expected, expected]);
    expect(box.globalThis.n).toBe(1);
  });

  test('__filename and __dirname are those of the file', () => {
    const modules = {
      'top.js': 'module.exports = [__filename, __dirname];',
      'lib/deep/a.js': 'module.exports = [__filename, __dirname];',
    };
    expect(load(modules, 'top.js')).toEqual(['top.js', '.']);
    expect(load(modules, 'lib/deep/a')).toEqual(['lib/deep/a.js', 'lib/deep']);
  });

  test('module tells its id, filename, path and children', () => {
    const modules = {
      'lib/a.js': `
        require('./b');
        const { id, filename, path, loaded, children } = module;
        module.exports = { id, filename, path, loaded, children: children.map((c) => c.id) };`,
      'lib/b.js': '',
    };
    expect(load(modules, 'lib/a')).toEqual({
      id: 'lib/a.js',
      filename: 'lib/a.js',
      path: 'lib',
      loaded: false,
      children: ['lib/b.js'],
    });
  });

  test('module.loaded turns true once the file has run', () => {
    const modules = {
      'main.js': `
        const { during, module: other } = require('./m');
        module.exports = [during, other.loaded];`,
      'm.js': 'exports.during = module.loaded; exports.module = module;',
    };
    expect(load(modules, 'main')).toEqual([false, true]);
  });

  test('module.require resolves as require does', () => {
    const modules = {
      'lib/a.js': "module.exports = module.require('./b')",
      'lib/b.js': 'module.exports = 1',
    };
    expect(load(modules, 'lib/a')).toBe(1);
  });

  test('require.resolve answers the id and evaluates nothing', () => {
    const modules = {
      'lib/a.js': "module.exports = [require.resolve('./b'), typeof evaluated];",
      'lib/b.js': 'globalThis.evaluated = true;',
    };
    expect(load(modules, 'lib/a')).toEqual(['lib/b.js', 'undefined']);
  });

  test.each([
    ['undefined', 'undefined'],
    ['1', 'number'],
    ["''", 'string'],
    ['{}', 'object'],
    ['new Proxy({}, { get() { throw 1 } })', 'object'],
  ])('require(%s) is a TypeError', (argument) => {
    const modules = { 'a.js': `require(${argument})` };
    expect(errorOf(() => load(modules, 'a'))).toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
    });
  });

  test('declarations of a file stay in it', () => {
    const box = sandbox({ modules: { 'a.js': 'var a = 1; let b = 2; function c() {}' } });
    box.require('a');
    expect(box.run('[typeof a, typeof b, typeof c]')).toEqual(Array(3).fill('undefined'));
  });

  test('a module is sloppy unless it says use strict', () => {
    const source = 'module.exports = (function () { return this === undefined })();';
    expect(load({ 'a.js': source }, 'a')).toBe(false);
    expect(load({ 'a.js': `'use strict';\n${source}` }, 'a')).toBe(true);
    expect(load({ 'a.js': `// comment\n"use strict"\n${source}` }, 'a')).toBe(true);
  });

  test('a return at top level ends the module', () => {
    expect(load({ 'a.js': 'exports.a = 1; return; exports.b = 2;' }, 'a')).toEqual({ a: 1 });
  });

  test('a file that ends with a line comment is whole', () => {
    expect(load({ 'a.js': 'exports.a = 1; // the end' }, 'a')).toEqual({ a: 1 });
  });
});

describe('a global require', () => {
  test('is there for scripts when modules are given', () => {
    const box = sandbox({ modules: { 'a.js': 'module.exports = { a: 1 }' } });
    expect(box.run('typeof require')).toBe('function');
    expect(box.run("require('./a').a")).toBe(1);
    expect(box.run("require.resolve('./a')")).toBe('a.js');
  });

  test('is not there when none are given', () => {
    expect(sandbox().run('typeof require')).toBe('undefined');
  });

  test('has the cache of sandbox.require', () => {
    const box = sandbox({ modules: { 'a.js': 'module.exports = { count: 0 }' } });
    box.run("require('./a').count++");
    expect(box.require('./a')).toEqual({ count: 1 });
  });
});

describe('sandbox.require', () => {
  test('sees the cache of the guest', () => {
    const box = sandbox({
      modules: {
        'main.js': "const c = require('./c'); exports.bump = () => ++c.count;",
        'c.js': 'exports.count = 0;',
      },
    });
    const { bump } = box.require('main.js');
    bump();
    bump();
    expect(box.require('c.js')).toEqual({ count: 2 });
  });

  test('resolves relative ids from the top', () => {
    const box = sandbox({ modules: { 'lib/a.js': 'module.exports = 1' } });
    expect(box.require('./lib/a')).toBe(1);
    expect(box.require('lib/a.js')).toBe(1);
  });

  test.each([undefined, null, 1, '', {}, Symbol('x')])('refuses %p as an id', (id) => {
    const box = sandbox({ modules: {} });
    expect(() => box.require(id)).toThrow(TypeError);
  });

  test('keeps sandboxes with the same files apart', () => {
    const modules = { 'a.js': 'module.exports = { count: 0 }; globalThis.seen = module.exports' };
    const [one, two] = [sandbox({ modules }), sandbox({ modules })];
    one.require('a');
    one.run('seen.count++');
    expect(two.require('a')).toEqual({ count: 0 });
  });
});

describe('a module that fails', () => {
  test('is tried again at the next require', () => {
    const box = sandbox({
      globals: { attempts: 0 },
      modules: {
        'flaky.js':
          "if (++attempts < 3) throw new Error('attempt ' + attempts); exports.ok = true;",
      },
    });
    expect(() => box.require('flaky')).toThrow('attempt 1');
    expect(() => box.require('flaky')).toThrow('attempt 2');
    expect(box.require('flaky')).toEqual({ ok: true });
    expect(box.globalThis.attempts).toBe(3);
  });

  test('can be caught by the one that requires it', () => {
    const modules = {
      'main.js': "try { require('./bad') } catch (e) { module.exports = [e.name, e.message] }",
      'bad.js': "throw new RangeError('no')",
    };
    expect(load(modules, 'main')).toEqual(['RangeError', 'no']);
  });

  test('throws what the file throws, whatever that is', () => {
    const box = sandbox({ modules: { 'a.js': "throw { reason: 'mine' }" } });
    expect(errorOf(() => box.require('a'))).toEqual({ reason: 'mine' });
  });

  test('does not take along the modules that it required before', () => {
    const box = sandbox({
      globals: { evaluated: 0 },
      modules: { 'bad.js': "require('./good'); throw new Error('x')", 'good.js': 'evaluated++' },
    });
    expect(() => box.require('bad')).toThrow('x');
    expect(() => box.require('bad')).toThrow('x');
    expect(box.globalThis.evaluated).toBe(1);
  });
});

describe('a module that is not found', () => {
  test('is an error with code and specifier', () => {
    const error = errorOf(() => load({}, './nothing'));
    expect(error).toBeInstanceOf(Error);
    expect(error.code).toBe('MODULE_NOT_FOUND');
    expect(error.message.split('\n')[0]).toBe("Cannot find module './nothing'");
  });

  test('names the modules that led to it, innermost first', () => {
    const modules = {
      'main.js': "require('./lib/a')",
      'lib/a.js': "require('./b')",
      'lib/b.js': "require('gone')",
    };
    const error = errorOf(() => load(modules, 'main'));
    expect(error.code).toBe('MODULE_NOT_FOUND');
    expect(error.message).toBe(
      "Cannot find module 'gone'\nRequire stack:\n- lib/b.js\n- lib/a.js\n- main.js",
    );
  });

  test('is an Error of the guest there', () => {
    const source = `
      try { require('gone') } catch (e) {
        module.exports = [e instanceof Error, e.code, e.constructor.constructor('return typeof process')()];
      }`;
    expect(load({ 'a.js': source }, 'a')).toEqual([true, 'MODULE_NOT_FOUND', 'undefined']);
  });

  test('tells the guest nothing of the host', () => {
    const source = "try { require('gone') } catch (e) { module.exports = e.stack }";
    const stack = load({ 'lib/a.js': source }, 'lib/a');
    expect(stack).toMatch(/at .*lib\/a\.js:1:\d+/);
    expect(stack).not.toContain(__dirname);
    expect(stack).not.toContain('lib/modules.js');
    expect(stack).not.toContain('node:');
  });
});

describe('stack traces', () => {
  const modules = {
    'main.js':
      "const service = require('./services/import');\n\nexports.run = () => service.run();\n",
    'services/import.js':
      "const parser = require('../lib/parser');\nexports.run = function run() {\n  return parser.parse('x');\n};\n",
    'lib/parser.js':
      "exports.parse = function parse(text) {\n  if (text) {\n    throw new SyntaxError('bad x');\n  }\n};\n",
  };

  test('name each file with its line and the column of the call, three files deep', () => {
    const error = errorOf(sandbox({ modules }).require('main.js').run);
    expect(error).toBeInstanceOf(SyntaxError);
    // Of a constructor's call the engine gives the place of one of its operands.
    expect(places(error)[0]).toMatch(/^lib\/parser\.js:3:/);
    expect(places(error).slice(1, 3)).toEqual(['services/import.js:3:17', 'main.js:3:29']);
  });

  test('name the functions', () => {
    const { stack } = errorOf(sandbox({ modules }).require('main.js').run);
    const frames = stack.split('\n').filter((line) => line.includes(' at '));
    expect(frames[0]).toContain('at parse (');
    expect(frames[1]).toContain('at run (');
  });

  test('begin with name and message, as in Node', () => {
    const { stack } = errorOf(sandbox({ modules }).require('main.js').run);
    expect(stack.split('\n')[0]).toBe('SyntaxError: bad x');
  });

  test('count the first line as line 1 and its first column as column 1', () => {
    const error = errorOf(() => load({ 'a.js': 'undefinedName;' }, 'a'));
    expect(places(error)[0]).toBe('a.js:1:1');
  });

  test('have exact places after use strict, a hashbang and a byte order mark', () => {
    const body = '\n\n  throw new Error("here");';
    for (const first of ["'use strict';", '#!/usr/bin/env node', '\ufeff', '\ufeff#!/bin/node']) {
      const error = errorOf(() => load({ 'a.js': first + body }, 'a'));
      expect([first, error.message]).toEqual([first, 'here']);
      expect([first, places(error)[0].replace(/:\d+$/, '')]).toEqual([first, 'a.js:3']);
    }
  });

  test('have exact places after carriage returns and text beyond Latin-1', () => {
    const error = errorOf(() => load({ 'a.js': "const s = '日本😀';\r\n\r\nfail();" }, 'a'));
    expect(places(error)[0]).toBe('a.js:3:1');
  });

  test('show which file was being loaded by which', () => {
    const files = { 'a.js': "\nrequire('./b')", 'b.js': "\n\nrequire('./c')", 'c.js': 'x.y' };
    const error = errorOf(() => load(files, 'a'));
    const named = places(error).filter((place) => /^[abc]\.js/.test(place));
    expect(named.map((place) => place.replace(/:\d+$/, ''))).toEqual([
      'c.js:1',
      'b.js:3',
      'a.js:2',
    ]);
  });
});

describe('a syntax error', () => {
  test.each([
    ['on the first line', 'const = 1;', 1, 7],
    ['on a later line', "'use strict';\nconst a = 1;\n  let 5;\n", 3, 7],
    ['after a hashbang', '#!/usr/bin/env node\nconst = 1;', 2, 7],
  ])('%s names file, line and column', (_, source, line, column) => {
    const modules = { 'main.js': "require('./lib/bad')", 'lib/bad.js': source };
    const error = errorOf(() => load(modules, 'main'));
    expect(error).toBeInstanceOf(SyntaxError);
    expect(error.stack).toContain(`lib/bad.js:${line}:${column}`);
  });

  test('at the end of a file names that file and a line of it', () => {
    const error = errorOf(() => load({ 'bad.js': 'function f() {\n  if (1) {\n' }, 'bad'));
    expect(error).toBeInstanceOf(SyntaxError);
    const line = Number(/bad\.js:(\d+):\d+/.exec(error.stack)[1]);
    expect(line).toBeGreaterThanOrEqual(1);
    expect(line).toBeLessThanOrEqual(4);
  });
});

describe('{ resolve, load }', () => {
  const files = new Map([
    ['app/main.js', "exports.x = require('lib').x; exports.from = module.id;"],
    ['app/lib.js', 'exports.x = 1;'],
  ]);
  const loader = (overrides) => ({
    resolve: (specifier) => `app/${specifier}.js`,
    load: (id) => files.get(id),
    ...overrides,
  });

  test('resolve gives the id and load the text', () => {
    expect(load(loader(), 'main')).toEqual({ x: 1, from: 'app/main.js' });
  });

  test('resolve is told the specifier and who asks; load the id', () => {
    const resolve = jest.fn((specifier) => `app/${specifier}.js`);
    const loadText = jest.fn((id) => files.get(id));
    load(loader({ resolve, load: loadText }), 'main');
    expect(resolve.mock.calls).toEqual([
      ['main', undefined],
      ['lib', 'app/main.js'],
    ]);
    expect(loadText.mock.calls).toEqual([['app/main.js'], ['app/lib.js']]);
  });

  test('both are called as methods of the loader', () => {
    class Loader {
      files = { a: 'module.exports = 1' };
      resolve(specifier) {
        return this.files[specifier] && specifier;
      }
      load(id) {
        return this.files[id];
      }
    }
    expect(load(new Loader(), 'a')).toBe(1);
  });

  test('load is asked once for each id', () => {
    const loadText = jest.fn(() => 'module.exports = {}');
    const box = sandbox({ modules: { resolve: () => 'only', load: loadText } });
    for (const id of ['a', 'b', 'c']) box.require(id);
    expect(loadText).toHaveBeenCalledTimes(1);
  });

  test('an id that ends with .json is data', () => {
    const modules = { resolve: (id) => id, load: () => '{"a":1}' };
    expect(load(modules, 'x.json')).toEqual({ a: 1 });
  });

  test.each([undefined, null])('resolve answering %p means: not found', (answer) => {
    const error = errorOf(() => load(loader({ resolve: () => answer }), 'main'));
    expect(error.code).toBe('MODULE_NOT_FOUND');
    expect(error.message).toContain("'main'");
  });

  test.each([undefined, null])('load answering %p means: not found', (answer) => {
    const error = errorOf(() => load(loader({ load: () => answer }), 'main'));
    expect(error.code).toBe('MODULE_NOT_FOUND');
    expect(error.message).toContain("'app/main.js'");
  });

  const wrong = [
    ['a number', 1],
    ['an object', { code: 'x' }],
    ['a Buffer', Buffer.from('exports.a = 1')],
    ['a promise', Promise.resolve('exports.a = 1')],
    ['a boolean', true],
    ['a function', () => ''],
  ];

  test.each(wrong)('load answering %s is a clear TypeError', (_, answer) => {
    const error = errorOf(() => load(loader({ load: () => answer }), 'main'));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/^modules\.load must answer a string, at once; got /);
  });

  test.each(wrong)('resolve answering %s is a clear TypeError', (_, answer) => {
    const error = errorOf(() => load(loader({ resolve: () => answer }), 'main'));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(/^modules\.resolve must answer a string, at once; got /);
  });

  test('an async load is refused, and its later failure does not surface', async () => {
    const failing = async () => {
      throw new Error('later');
    };
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    try {
      const error = errorOf(() => load(loader({ load: failing }), 'main'));
      expect(error.message).toContain('at once; got Promise');
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      expect(unhandled).not.toHaveBeenCalled();
    } finally {
      process.off('unhandledRejection', unhandled);
    }
  });

  test('what they throw reaches the host as the same object', () => {
    const mine = new RangeError('mine');
    const fail = () => {
      throw mine;
    };
    expect(errorOf(() => load(loader({ resolve: fail }), 'main'))).toBe(mine);
    expect(errorOf(() => load(loader({ load: fail }), 'main'))).toBe(mine);
  });

  test('the guest can catch what they throw, without the stack of the host', () => {
    const modules = {
      resolve: (id) => id,
      load(id) {
        if (id === 'main') {
          return "try { require('x') } catch (e) { module.exports = [e.message, e.stack] }";
        }
        throw new Error(`no ${id}`);
      },
    };
    const [message, stack] = load(modules, 'main');
    expect(message).toBe('no x');
    expect(stack).not.toContain(path.basename(__filename));
  });

  test('a load that failed is asked again', () => {
    let failing = true;
    const modules = {
      resolve: (id) => id,
      load() {
        if (failing) throw new Error('not yet');
        return 'module.exports = 1';
      },
    };
    const box = sandbox({ modules });
    expect(() => box.require('a')).toThrow('not yet');
    failing = false;
    expect(box.require('a')).toBe(1);
  });

  test('they may use the sandbox', () => {
    const box = sandbox({
      modules: {
        resolve: (id) => id,
        load: (id) =>
          id === 'a'
            ? `module.exports = ${box.run('20 + 1')} + require('b')`
            : `module.exports = 21`,
      },
    });
    expect(box.require('a')).toBe(42);
  });

  test('a module that loops for ever is stopped, and is tried again', () => {
    let source = 'for (;;);';
    const modules = { resolve: (id) => id, load: () => source };
    const box = patient({ timeout: 50, modules });
    expect(errorOf(() => box.require('a')).code).toBe('ERR_SANDBOX_TIMEOUT');
    source = 'module.exports = 1';
    expect(box.require('a')).toBe(1);
  });
});

describe('robustness', () => {
  test('a guest that changes its built-ins does not break require', () => {
    const box = sandbox({ modules: { 'a.js': 'module.exports = 1', 'b.json': '{"b":2}' } });
    box.run(`
      Map.prototype.get = Map.prototype.set = () => { throw new Error('hijacked') };
      String.prototype.endsWith = String.prototype.slice = () => { throw new Error('hijacked') };
      JSON.parse = () => 'hijacked';
      Reflect.apply = () => 'hijacked';
      Function.prototype.call = Function.prototype.apply = () => 'hijacked';
      Array.prototype.push = () => { throw new Error('hijacked') };
      Object.defineProperty = () => { throw new Error('hijacked') };
    `);
    expect(box.require('a')).toBe(1);
    expect(box.require('b.json')).toEqual({ b: 2 });
  });

  test('a chain of requires too deep for the stack is an error that ends', () => {
    const modules = {
      resolve: (id) => id,
      load: (id) => `module.exports = require('${Number(id) + 1}')`,
    };
    const error = errorOf(() => load(modules, '1', { timeout: 20_000 }));
    expect(error).toBeInstanceOf(RangeError);
  });

  test('thousands of modules load', () => {
    const count = 3000;
    const modules = {
      'main.js': `let n = 0; for (let i = 0; i < ${count}; i++) n += require('./m' + i); module.exports = n`,
    };
    for (let i = 0; i < count; i++) modules[`m${i}.js`] = 'module.exports = 1';
    expect(load(modules, 'main', { timeout: 20_000 })).toBe(count);
  });
});

describe("the Apps-Engine's definitions", () => {
  const engine = path.dirname(require.resolve('@rocket.chat/apps-engine/package.json'));
  const definitions = fs
    .readdirSync(path.join(engine, 'definition'), { recursive: true })
    .filter((file) => file.endsWith('.js'))
    .map((file) => file.split(path.sep).join('/'));
  const modules = Object.fromEntries(
    definitions.map((file) => [
      `@rocket.chat/apps-engine/definition/${file}`,
      fs.readFileSync(path.join(engine, 'definition', file), 'utf8'),
    ]),
  );
  // What they require besides each other.
  for (const file of ['server/oauth2/OAuth2Client.js']) {
    modules[`@rocket.chat/apps-engine/${file}`] = fs.readFileSync(path.join(engine, file), 'utf8');
  }
  modules['url.js'] = 'exports.URL = class URL {};';
  modules['uuid/v1.js'] = "module.exports = () => '00000000-0000-1000-8000-000000000000';";
  modules['uuid.js'] = "exports.v1 = () => '00000000-0000-1000-8000-000000000000';";

  test('load, every one of them', () => {
    expect(definitions.length).toBeGreaterThan(100);
    modules['all.js'] = `exports.loaded = [${definitions
      .map((file) => JSON.stringify(`@rocket.chat/apps-engine/definition/${file}`))
      .join(',')}].map((id) => typeof require(id));`;
    const { loaded } = load(modules, 'all', { timeout: 20_000 });
    expect(loaded).toEqual(definitions.map(() => 'object'));
  });

  test('carry an app that extends App', () => {
    modules['app.js'] = `
      'use strict';
      const { App } = require('@rocket.chat/apps-engine/definition/App');
      const { SettingType } = require('@rocket.chat/apps-engine/definition/settings');
      const { AppStatus } = require('@rocket.chat/apps-engine/definition/AppStatus');
      class MyApp extends App {
        greet(who) { return this.getName() + ' greets ' + who; }
      }
      const app = new MyApp({ name: 'Mine', id: 'x', author: { name: 'Me' } }, { debug() {} });
      exports.facts = [app instanceof App, app.greet('you'), SettingType.STRING, app.getStatus() === AppStatus.CONSTRUCTED];`;
    expect(load(modules, 'app', { timeout: 20_000 }).facts).toEqual([
      true,
      'Mine greets you',
      'string',
      true,
    ]);
  });
});
