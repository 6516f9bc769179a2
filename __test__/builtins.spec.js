'use strict';

// What all builtins have in common: how they look, that they cost nothing until they are used,
// and that whatever a guest does first, they work.

const { sandbox, expectNoLeaks, turn } = require('./support.js');

afterEach(expectNoLeaks);

const TIMERS = {
  setTimeout: 2,
  setInterval: 2,
  setImmediate: 1,
  clearTimeout: 1,
  clearInterval: 1,
  clearImmediate: 1,
  queueMicrotask: 1,
};

const CONSOLE = {
  log: 0,
  info: 0,
  warn: 0,
  error: 0,
  debug: 0,
  trace: 0,
  dir: 0,
  dirxml: 0,
  table: 0,
  group: 0,
  groupCollapsed: 0,
  groupEnd: 0,
  assert: 1,
  count: 0,
  countReset: 0,
  time: 0,
  timeLog: 0,
  timeEnd: 0,
};

const shapeOf = (target, name) => `{
  const { value, ...flags } = Object.getOwnPropertyDescriptor(${target}, '${name}');
  let constructs = true;
  try { Reflect.construct(Object, [], value) } catch { constructs = false }
  ({ ...flags, name: value.name, length: value.length, keys: Object.keys(value).length, constructs });
}`;

test.each([
  ...Object.entries(TIMERS).map(([name, length]) => ['globalThis', name, length]),
  ...Object.entries(CONSOLE).map(([name, length]) => ['console', name, length]),
])('%s.%s is a plain function of length %i', (target, name, length) => {
  expect(sandbox().run(shapeOf(target, name))).toEqual({
    writable: true,
    enumerable: true,
    configurable: true,
    name,
    length,
    keys: 0,
    constructs: false,
  });
});

test('the console is a hidden, plain object with a tag of its own', () => {
  const box = sandbox();
  expect(box.run("Object.getOwnPropertyDescriptor(globalThis, 'console').enumerable")).toBe(false);
  expect(box.run('Object.getPrototypeOf(console) === Object.prototype')).toBe(true);
  expect(box.run('Object.keys(console)')).toEqual(Object.keys(CONSOLE));
  expect(box.run('String(console)')).toBe('[object console]');
  expect(
    box.run('Object.getOwnPropertyDescriptor(console, Symbol.toStringTag).writable === false'),
  ).toBe(true);
});

test('they may be replaced and deleted', () => {
  const box = sandbox();
  box.run('setTimeout = 1; console.log = 2; delete globalThis.setInterval; delete console.info;');
  expect(box.run('[setTimeout, console.log, typeof setInterval, console.info]')).toEqual([
    1,
    2,
    'undefined',
    undefined,
  ]);
});

test('what is not used takes next to nothing of the heap', () => {
  const used = (options) => sandbox(options).usage().memoryBytes;
  expect(used() - used({ console: false, builtins: false })).toBeLessThan(4 * 1024);
});

test('they work for a guest that replaced every intrinsic first', async () => {
  const log = jest.fn();
  const box = sandbox({ name: 'app', console: { log, error: log } });
  box.run(`
    const { defineProperty, getOwnPropertyNames } = Object;
    const spoil = (target) => {
      for (const name of getOwnPropertyNames(target)) {
        try { target[name] = () => { throw new Error('spoiled ' + name) } } catch {}
      }
    };
    for (const Class of [Map, Number, Promise, Date, Symbol, Array, Function, Reflect]) {
      if (Class.prototype) spoil(Class.prototype);
      spoil(Class);
    }
    for (let i = 0; i < 20; i++) {
      defineProperty(Array.prototype, i, { set() { throw 'set ' + i }, configurable: true });
    }
    Map = Number = Promise = Date = TypeError = Reflect = Object = undefined;`);
  box.run(`
    console.log('logged');
    console.count('x');
    console.time('t');
    console.timeEnd('t');
    queueMicrotask(() => console.log('microtask'));
    setTimeout(() => console.log('cleared'), 1).close();
    setTimeout((x) => console.log('timer', x), 1, 'argument');
    let refused;
    try { setTimeout(1) } catch (error) { refused = error.code }
    refused;`);
  expect(box.run('refused')).toBe('ERR_INVALID_ARG_TYPE');
  for (let i = 0; i < 100 && box.usage().timers > 0; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await turn();
  expect(log.mock.calls.map(([line]) => line.replace(/\d+ms/, 'ms'))).toEqual([
    '[app] logged',
    '[app] x: 1',
    '[app] t: ms',
    '[app] microtask',
    '[app] timer',
  ]);
  expect(log.mock.calls.at(-1)).toEqual(['[app] timer', 'argument']);
});

test('a heap used again starts without what the last guest loaded', () => {
  const log = jest.fn();
  for (let i = 0; i < 3; i++) {
    const box = sandbox({ console: { log } });
    box.run("setTimeout(() => {}, 1e6); console.count('x')");
    box.dispose();
  }
  expect(log.mock.calls).toEqual([['[sandbox] x: 1'], ['[sandbox] x: 1'], ['[sandbox] x: 1']]);
});

test('a guest out of stack can use them once it has some again', () => {
  const log = jest.fn();
  const box = sandbox({ console: { log } });
  box.run(`
    let deepest = 0;
    const dive = (depth) => {
      try { dive(depth + 1) } catch (error) { deepest ||= depth; console.log('x'); throw error }
    };
    try { dive(0) } catch {}
    log = deepest > 100;`);
  expect(box.run('log')).toBe(true);
  expect(box.run("console.log('after')")).toBeUndefined();
  expect(log).toHaveBeenLastCalledWith('[sandbox] after');
});

test('without modules, require reports what Node would', () => {
  const box = sandbox();
  expect(() => box.require('x')).toThrow(
    expect.objectContaining({ code: 'MODULE_NOT_FOUND', message: "Cannot find module 'x'" }),
  );
  expect(box.run('typeof require')).toBe('undefined');
  box.dispose();
  expect(() => box.require('x')).toThrow(expect.objectContaining({ code: 'ERR_SANDBOX_DISPOSED' }));
});
