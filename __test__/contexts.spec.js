'use strict';

const { Sandbox } = require('..');

let sandbox;

beforeEach(() => {
  sandbox = new Sandbox({ name: 'app' });
});

afterEach(() => {
  sandbox.dispose();
});

const thrownBy = (run) => {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('a contextified object is the global object', () => {
  test('of what it has', () => {
    const context = sandbox.createContext({ n: 1, twice: (x) => 2 * x });
    expect(sandbox.runInContext('twice(n + 1)', context)).toBe(4);
    context.n = 10;
    expect(sandbox.runInContext('twice(n + 1)', context)).toBe(22);
    delete context.n;
    expect(sandbox.runInContext('typeof n', context)).toBe('undefined');
  });

  test.each([
    ['var v = 1', 'v', 1],
    ['v = 2', 'v', 2],
    ['globalThis.v = 3', 'v', 3],
    ['this.v = 4', 'v', 4],
    ['function v() {} v.length', 'v.name', 'v'],
    ['eval("var v = 5")', 'v', 5],
    ['Object.defineProperty(globalThis, "v", { value: 6 })', 'v', 6],
  ])('for what `%s` makes', (code, read, expected) => {
    const context = sandbox.createContext({});
    sandbox.runInContext(code, context);
    expect(Object.hasOwn(context, 'v')).toBe(true);
    expect(sandbox.runInContext(read, context)).toBe(expected);
  });

  test('but not for lexical declarations, which stay all the same', () => {
    const context = sandbox.createContext({});
    sandbox.runInContext('let a = 1; const b = 2; class C { static d = 3 }', context);
    expect(Object.keys(context)).toEqual([]);
    expect(sandbox.runInContext('a++; a + b + C.d', context)).toBe(7);
  });
});

test('functions of a context have its globals, whoever calls them', () => {
  const one = sandbox.createContext({ name: 'one' });
  const f = sandbox.runInContext('(function f() { return name })', one);
  const two = sandbox.createContext({ name: 'two', f });
  expect(f()).toBe('one');
  expect(sandbox.runInContext('f() + name', two)).toBe('onetwo');
  one.name = 'uno';
  expect(sandbox.runInContext('f()', two)).toBe('uno');
});

test('what is no contextified object is refused, by name', () => {
  const error = thrownBy(() => sandbox.runInContext('1', {}));
  expect(error).toBeInstanceOf(TypeError);
  expect(error.code).toBe('ERR_INVALID_ARG_TYPE');
  expect(error.message).toMatch('contextifiedObject');
  expect(sandbox.isContext({})).toBe(false);
  expect(sandbox.isContext(sandbox.createContext())).toBe(true);
});

test('runInNewContext makes a context for one run', () => {
  expect(sandbox.runInNewContext('a + 1', { a: 1 })).toBe(2);
  expect(sandbox.runInNewContext('typeof setTimeout')).toBe('undefined');
});
