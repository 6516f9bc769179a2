'use strict';

// All that a guest can reach from a value of the host's, by properties, prototypes, descriptors, calls,
// and the errors of all these: there must be none of the host's intrinsics among it.

const vm = require('node:vm');
const { Console } = require('node:console');
const { EventEmitter } = require('node:events');
const path = require('node:path');
const { PassThrough, Readable } = require('node:stream');
const { places } = require('./places.js');

/** Guest code. What the guest has by itself is left out. */
const CRAWL = `(calls, isOneRealm, ...start) => {
  const found = [], own = new Set();
  const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';
  const around = (value) => {
    const next = [];
    const look = (use) => { try { next.push(use()); } catch (error) { next.push(error); } };
    look(() => Object.getPrototypeOf(value));
    let keys = [];
    try { keys = Reflect.ownKeys(value); } catch (error) { next.push(error); }
    for (const key of [...keys, 'constructor', '__proto__', 'caller', 'callee', 'arguments', Symbol.species, Symbol.iterator]) {
      look(() => value[key]);
      look(() => Reflect.getOwnPropertyDescriptor(value, key)?.get);
      look(() => Reflect.getOwnPropertyDescriptor(value, key)?.set);
      look(() => Reflect.getOwnPropertyDescriptor(value, key)?.value);
    }
    return next;
  };
  const queue = [globalThis, (function* () {}), (async () => {}), (async function* () {}), [].values(), new Map().entries(), 'a'.matchAll(/a/g)];
  for (const value of queue) {
    if (!isObject(value) || own.has(value) || own.size > 4000) continue;
    own.add(value);
    queue.push(...around(value));
  }
  const names = ['Object', 'Function', 'Array', 'Error', 'Promise', 'Reflect', 'Symbol', 'Map', 'eval', 'process', 'require'];
  const seen = new Set();
  const check = (value) => {
    if (typeof value !== 'function') {
      try { if (typeof value.pid === 'number' && value.versions) found.push('process'); } catch {}
      return;
    }
    if (isOneRealm && names.includes(value.name) && /native code/.test(Function.prototype.toString.call(value)) && !String(value).startsWith('class')) found.push('another ' + value.name);
    if (!/Function$/.test(value.name)) return;
    for (const code of ['return typeof process', 'yield typeof process']) {
      try {
        const made = value(code)();
        if (made === 'object' || made?.next?.().value === 'object') found.push('a host ' + value.name);
      } catch {}
    }
  };
  let layer = [...start];
  for (let depth = 0; depth < 7 && layer.length > 0; depth++) {
    const next = [];
    for (const value of layer) {
      if (!isObject(value) || own.has(value) || seen.has(value) || seen.size > 1500) continue;
      seen.add(value);
      check(value);
      next.push(...around(value));
      if (!calls || typeof value !== 'function' || depth > 3) continue;
      for (const use of [() => value(), () => new value(), () => value.call({}, {}), () => value((...args) => { next.push(...args); })]) {
        try {
          const result = use();
          next.push(result);
          if (typeof result?.then === 'function') result.then(() => {}, () => {});
        } catch (error) { next.push(error); }
      }
    }
    layer = next;
  }
  return JSON.stringify({ found: [...new Set(found)], enough: seen.size > 0 || start.every((value) => own.has(value)) });
}`;

const realm = vm.createContext({});
/** Values of the host, of which some come from another realm of this process. */
const VALUES = {
  'a plain object': () => ({ a: { b: [1] } }),
  'an array': () => [[], {}],
  'a function': () => (a) => a,
  'an async function': () => async () => {},
  'a generator function': () => function* () {},
  'an async generator function': () => async function* () {},
  'a generator': () =>
    (function* () {
      yield 1;
    })(),
  'an async generator': () =>
    (async function* () {
      yield 1;
    })(),
  'a sloppy function': () => vm.runInThisContext('(function sloppy() { return sloppy.caller; })'),
  arguments: () => vm.runInThisContext('(function () { return arguments; })(1)'),
  'a class': () =>
    class Klass {
      static a = 1;
      method() {}
    },
  'an instance': () =>
    new (class Service {
      field = {};
      method() {
        return [{}];
      }
      get accessor() {
        return { list: [] };
      }
    })(),
  'a bound function': () => (() => {}).bind(null),
  'an error': () => Object.assign(new TypeError('x'), { field: {} }),
  'a promise': () => Promise.resolve({}),
  'a map and a set': () => [new Map([[{}, () => {}]]), new Set([{}])],
  'a Proxy': () => new Proxy(class {}, {}),
  'a WeakMap and a WeakRef': () => [new WeakMap(), new WeakRef({})],
  iterators: () => [
    [][Symbol.iterator](),
    new Map().entries(),
    ''[Symbol.iterator](),
    'a'.matchAll(/a/g),
  ],
  accessors: () => ({
    get a() {
      return {};
    },
    set a(_value) {},
  }),
  intrinsics: () => [
    Object,
    Function,
    Array.prototype,
    Reflect,
    JSON,
    Math,
    Symbol,
    // biome-ignore lint/security/noGlobalEval: an intrinsic like the others
    globalThis.eval,
    Object.prototype.toString,
    Function.prototype.call,
    parseInt,
    Promise,
    Proxy,
  ],
  'functions that make functions': () =>
    [function* () {}, async () => {}, async function* () {}].map(
      (f) => Object.getPrototypeOf(f).constructor,
    ),
  'accessors of intrinsics': () => [
    Object.getOwnPropertyDescriptor(Object.prototype, '__proto__').get,
    Object.getOwnPropertyDescriptor(Map.prototype, 'size').get,
  ],
  'Symbol.hasInstance': () => Function.prototype[Symbol.hasInstance],
  'a host that throws': () => ({
    get x() {
      throw new RangeError('x');
    },
    f() {
      null.x;
    },
  }),
  'an emitter': () => new EventEmitter(),
  'a stream': () => Readable.from([1]),
  'an object of another realm': () =>
    vm.runInContext('({ a: [1], f() {}, g: function* () {}, h: async () => {} })', realm),
  'a class of another realm': () =>
    vm.runInContext('(class Other { constructor() { this.x = {}; } m() {} })', realm),
  'intrinsics of another realm': () =>
    vm.runInContext(
      '[Object, Function, Array, Error, Reflect, Function.prototype, eval, (function* () {}).constructor]',
      realm,
    ),
  'an error of another realm': () =>
    vm.runInContext('Object.assign(new RangeError("x"), { f() {} })', realm),
  'a realm that makes no code of text': () =>
    vm.runInContext(
      '({ f() {}, o: {} })',
      vm.createContext({}, { codeGeneration: { strings: false } }),
    ),
  'a null object of another realm': () =>
    vm.runInContext('Object.assign(Object.create(null), { f() {} })', realm),
};

/** More kinds, of what servers pass. */
const MORE = {
  'a timer': () => setTimeout(() => {}, 1).unref(),
  'a console': () => new Console(new PassThrough()),
  'a module of Node’s': () => path,
  'a URL and its parameters': () => [new URL('https://a/b?c'), new URLSearchParams('a=b')],
  'a signal and an event': () => [AbortSignal.abort(), new Event('x')],
  'a buffer and views': () => [
    Buffer.from('a'),
    new Uint8Array(2),
    new DataView(new ArrayBuffer(2)),
  ],
  'errors with more errors': () => [
    new AggregateError([new Error('a', { cause: new RangeError('b') })]),
    Object.assign(new Error('connect'), { syscall: 'connect', errno: -111, code: 'ECONNREFUSED' }),
  ],
  'a sloppy function that answers its this': () => Function('return this'),
  'a function that answers its arguments': () => Function('return arguments'),
  'a function that calls back': () => (f) => (typeof f === 'function' ? f({}, [1], f) : { f }),
  'a Proxy of a Proxy': () => new Proxy(new Proxy({ a: [] }, {}), {}),
  'a tagged template’s strings': () => [((strings) => strings)`a${1}`],
  'a class with statics': () =>
    class Base {
      static create() {
        return new Base();
      }
      static #count = 0;
      clone() {
        return [new this.constructor(), Base.#count];
      }
    },
};

/** Node's own objects are not called blindly: what they do then, they do to this process. */
const LOOKED_AT = new Set([
  ...['an emitter', 'a stream', 'a timer', 'a console', 'a module of Node’s'],
  ...['a URL and its parameters', 'a signal and an event'],
]);

const ours = Object.keys(places).filter((place) => place !== 'node:vm');
describe.each(ours)('%s: no way to the host’s intrinsics from', (place) => {
  test.each(Object.entries({ ...VALUES, ...MORE }))('%s', (name, make) => {
    const session = places[place].open({}, { timeout: 20_000 });
    // Behind what crosses to a context are intrinsics of its sandbox's main realm.
    const isOneRealm = place !== 'quickvm/vm';
    const values = [make()].flat(1);
    const answer = session.run(CRAWL)(!LOOKED_AT.has(name), isOneRealm, ...values);
    const result = JSON.parse(answer);
    session.dispose();
    expect(result).toEqual({ found: [], enough: true });
  });
});
