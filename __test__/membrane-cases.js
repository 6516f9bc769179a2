'use strict';

// One table for both directions: objects, and what is done to them, as source text that either
// engine can run. A stand-in must answer like an object made where the question is asked.

/** Expressions; each makes a new object. */
const OBJECTS = {
  'a plain object': `({ z: 1, a: 'text', 10: 'ten', 2: 'two', [Symbol.for('s')]: 3, inner: { x: [1] } })`,
  'an empty object': `({})`,
  'an object without a prototype': `Object.assign(Object.create(null), { a: 1 })`,
  'an object with inherited properties': `Object.create({ up: 1, over: 2, m() { return this.own; } }, {
    own: { value: 3, enumerable: true, writable: true, configurable: true },
    over: { value: 4, enumerable: true },
  })`,
  'an own __proto__': `JSON.parse('{ "__proto__": { "a": 1 }, "b": 2 }')`,
  'hidden and fixed properties': `Object.defineProperties({ open: 1 }, {
    hidden: { value: 2, writable: true, configurable: true },
    fixed: { value: 3, enumerable: true },
    readable: { get: () => 4, enumerable: true },
    writable: { set() {}, enumerable: true, configurable: true },
    both: { get() { return this.open; }, set(value) { this.open = value; } },
  })`,
  'a throwing getter': `({ a: 1, get bad() { throw new RangeError('bad'); } })`,
  'a cycle': `(() => { const o = { name: 'o' }; o.self = o; o.list = [o]; return o; })()`,
  'an array': `[3, 1, 2]`,
  'an empty array': `[]`,
  'an array with holes': `[1, , 3, , ]`,
  'an array of objects': `[{ n: 1 }, [2, [3]], null, undefined]`,
  'an array with properties': `Object.assign(['a', 'b'], { extra: 1, [Symbol.for('s')]: 2 })`,
  'a sealed object': `Object.seal({ a: 1, b: { c: 2 } })`,
  'a frozen object': `Object.freeze({ a: 1, b: { c: 2 } })`,
  'a closed object': `Object.preventExtensions({ a: 1 })`,
  'a frozen array': `Object.freeze([1, { a: 2 }])`,
  // With more than one element V8 itself contradicts itself about sealed arrays.
  'a sealed array': `Object.seal([1])`,
  'an array of fixed length': `Object.defineProperty([1, 2], 'length', { writable: false })`,
  'a function': `Object.assign(function add(a, b) { 'use strict'; return a + b; }, { extra: { x: 1 } })`,
  'an arrow function': `(a, b, c) => [a, b, c].length`,
  'a method': `({ method(a) { return [typeof this, a].join(); } }).method`,
  'a frozen function': `Object.freeze((a) => a)`,
  'an async function': `async (a) => a`,
  'a generator function': `(function* steps(a) { yield a; yield 2; })`,
  'a bound function': `(function bound(a, b) { 'use strict'; return [this.x, a, b].join(); }).bind({ x: 1 }, 2)`,
  'a constructor': `(function Make(a) { 'use strict'; if (new.target) this.a = a; else return 'called'; })`,
  'a class': `(class Klass {
    static made = 0; static #secret = 1;
    static get secret() { return Klass.#secret; }
    static create(a) { return new this(a); }
    #a; b = 2;
    constructor(a) { this.#a = a; Klass.made++; }
    get a() { return this.#a; }
    sum() { return this.#a + this.b; }
  })`,
  'an instance': `new (class Point {
    #x = 1; y = 2;
    get x() { return this.#x; } set x(value) { this.#x = value; }
    sum() { return this.#x + this.y; }
    [Symbol.toPrimitive](hint) { return hint === 'string' ? 'a point' : this.sum(); }
  })()`,
  'an instance of a derived class': `(() => {
    class Base { base = 1; static s() { return 's'; } who() { return 'base'; } get both() { return 1; } }
    class Derived extends Base { derived = 2; who() { return 'derived of ' + super.who(); } }
    return new Derived();
  })()`,
  'an instance of a derived array': `(class List extends Array { last() { return this[this.length - 1]; } }).of(4, 5)`,
  'a tagged object': `({ [Symbol.toStringTag]: 'Tag', toString() { return 'text of ' + this.a; }, a: 1 })`,
  'a test for instances': `({ [Symbol.hasInstance]: (value) => value === 7 })`,
  'an iterable': `({ *[Symbol.iterator]() { yield 1; yield* [2, 3]; } })`,
  'a generator': `(function* () { const back = yield 1; try { yield back; } finally { yield 'cleanup'; } })()`,
  'an array iterator': `['a', 'b'][Symbol.iterator]()`,
  'a map iterator': `new Map([[1, 2]]).entries()`,
  'a set iterator': `new Set([1, 2]).values()`,
  'the arguments of a function': `(function () { 'use strict'; return arguments; })(1, 'two')`,
  'a Proxy': `new Proxy({ a: 1, b: 2 }, {
    get: (target, key, receiver) => (key === 'c' ? 3 : Reflect.get(target, key, receiver)),
    has: (target, key) => key === 'c' || key in target,
    deleteProperty: () => false,
  })`,
  'a Proxy of an array': `new Proxy([1, 2], {})`,
  'a Proxy of a function': `new Proxy(function f(a) { 'use strict'; return a; }, { apply: (f, self, [a]) => f(a) + 1 })`,
};

/**
 * Functions of an object; what one throws is part of the answer. They answer what `show` can
 * print, and may use nothing that differs between engines, such as messages.
 */
const PROBES = {
  typeof: `(o) => typeof o`,
  'Array.isArray': `(o) => Array.isArray(o)`,
  'Object.prototype.toString': `(o) => Object.prototype.toString.call(o)`,
  'to text': `(o) => typeof o === 'function' || String(o)`,
  'to a number': `(o) => typeof o === 'function' || +o`,
  'in a template and a sum': `(o) => typeof o === 'function' || [\`\${o}\`, o + '', o + 1]`,
  instanceof: `(o) => [o instanceof Object, o instanceof Array, o instanceof Function]`,
  'as a right-hand side of instanceof': `(o) => [7 instanceof o, ({}) instanceof o]`,
  'truth and identity': `(o) => [!o, o === o, o == null, Object.is(o, o), [o].includes(o), new Set([o, o]).size]`,
  'as a weak key': `(o) => new WeakMap([[o, 'kept']]).get(o)`,
  'the chain of prototypes': `(o) => {
    const chain = [];
    for (let p = Object.getPrototypeOf(o); p !== null; p = Object.getPrototypeOf(p)) {
      chain.push([Object.hasOwn(p, 'constructor') && typeof p.constructor === 'function' && p.constructor.name,
        p === Object.prototype, p === Array.prototype, p === Function.prototype, Object.isFrozen(p)]);
    }
    return chain;
  }`,
  'the same prototype each time': `(o) => Object.getPrototypeOf(o) === Object.getPrototypeOf(o) && Reflect.getPrototypeOf(o) === o.__proto__`,
  'Object.keys': `(o) => Object.keys(o)`,
  'Object.values': `(o) => Object.values(o)`,
  'Object.entries': `(o) => Object.entries(o)`,
  'Reflect.ownKeys': `(o) => Reflect.ownKeys(o)`,
  'Object.getOwnPropertyNames': `(o) => Object.getOwnPropertyNames(o)`,
  'Object.getOwnPropertySymbols': `(o) => Object.getOwnPropertySymbols(o)`,
  'for in': `(o) => { const keys = []; for (const key in o) keys.push(key); return keys; }`,
  descriptors: `(o) => Object.getOwnPropertyDescriptors(o)`,
  'one descriptor': `(o) => ['a', 'length', 'nothing', 0].map((key) => Object.getOwnPropertyDescriptor(o, key))`,
  in: `(o) => ['a', 'up', 'toString', 'length', 'c', 'nothing', 0, Symbol.iterator].map((key) => key in o)`,
  hasOwnProperty: `(o) => ['a', 'up', 'length', 'nothing', 0].map((key) => Object.prototype.hasOwnProperty.call(o, key))`,
  propertyIsEnumerable: `(o) => ['a', 'hidden', 'length', 0].map((key) => Object.prototype.propertyIsEnumerable.call(o, key))`,
  reads: `(o) => [o.a, o.inner, o.up, o.over, o.nothing, o[0], o['10'], o.length, o[Symbol.for('s')]]`,
  'the same value each time': `(o) => Reflect.ownKeys(o).every((key) => { try { return Object.is(o[key], o[key]); } catch { return true; } })`,
  'reads with a receiver': `(o) => ['x', 'both', 'a'].map((key) => Reflect.get(o, key, { open: 'mine' }))`,
  'spread into an object': `(o) => ({ ...o })`,
  'Object.assign': `(o) => Object.assign({}, o)`,
  'JSON.stringify': `(o) => JSON.stringify(o)`,
  'JSON.stringify with spaces and a list': `(o) => JSON.stringify([o], ['a', 'b', 'c', '0'], 2)`,
  destructuring: `(o) => { const { a, b = 'default', length, ...rest } = o; return [a, b, length, rest]; }`,
  'destructuring of a list': `(o) => { const [first, second = 'default', ...rest] = o; return [first, second, rest]; }`,
  'for of': `(o) => { const all = []; for (const each of o) all.push(each); return all; }`,
  'for of, left early': `(o) => { for (const each of o) return [each, [...o]]; return 'empty'; }`,
  'spread into a list': `(o) => [...o]`,
  'Array.from': `(o) => Array.from(o, (each, index) => [index, each])`,
  'next, return and throw': `(o) => [o.next(), o.next('in'), o.return('out'), o.next(), o.next()]`,
  'a throw into it': `(o) => [o.next(), o.throw(new RangeError('in'))]`,
  'isExtensible, isSealed, isFrozen': `(o) => [Object.isExtensible(o), Object.isSealed(o), Object.isFrozen(o)]`,
  freeze: `(o) => { Object.freeze(o); return [Object.isFrozen(o), Object.isExtensible(o), Object.getOwnPropertyDescriptors(o), Reflect.ownKeys(o)]; }`,
  seal: `(o) => { Object.seal(o); return [Object.isSealed(o), Object.getOwnPropertyDescriptors(o)]; }`,
  preventExtensions: `(o) => [Reflect.preventExtensions(o), Reflect.isExtensible(o), Reflect.set(o, 'new', 1), Reflect.ownKeys(o), Reflect.getPrototypeOf(o) === null]`,
  'freeze, then change': `(o) => { Object.freeze(o); return [Reflect.set(o, 'a', 9), Reflect.set(o, 'fresh', 9), Reflect.deleteProperty(o, 'a'), Reflect.setPrototypeOf(o, {}), o]; }`,
  set: `(o) => { o.a = 'changed'; return [o.a, Object.keys(o)]; }`,
  'set what was not there': `(o) => { o.fresh = { deep: 1 }; return [o.fresh, o.fresh === o.fresh, Object.keys(o)]; }`,
  'set an index': `(o) => { o[1] = 'one'; o[5] = 'five'; return [o.length, o]; }`,
  'set a symbol': `(o) => { const key = Symbol('key'); o[key] = 1; return [o[key], key in o, Object.getOwnPropertySymbols(o).includes(key), delete o[key], key in o]; }`,
  'set by each way': `(o) => ['a', 'fixed', 'readable', 'writable', 'both', 'x', 'length', 'over', 'up', 'name'].map((key) => [Reflect.set(o, key, 0), Reflect.getOwnPropertyDescriptor(o, key)])`,
  'set on what inherits from it': `(o) => { const child = Object.create(o); const done = ['a', 'fixed', 'both', 'fresh'].map((key) => Reflect.set(child, key, 'mine')); return [done, Object.keys(child), o.a]; }`,
  'set with a receiver': `(o) => { const receiver = {}; return [Reflect.set(o, 'a', 1, receiver), Reflect.set(o, 'both', 2, receiver), receiver]; }`,
  delete: `(o) => [Reflect.deleteProperty(o, 'a'), Reflect.deleteProperty(o, 'fixed'), Reflect.deleteProperty(o, 'nothing'), Reflect.deleteProperty(o, 0), Reflect.ownKeys(o)]`,
  'delete in strict code': `(o) => { 'use strict'; delete o.a; delete o.fixed; delete o.length; return Reflect.ownKeys(o); }`,
  'define a value': `(o) => { Object.defineProperty(o, 'made', { value: 1, enumerable: true, configurable: true }); return [o.made, Object.getOwnPropertyDescriptor(o, 'made'), Object.keys(o), delete o.made]; }`,
  'define a fixed value': `(o) => { Object.defineProperty(o, 'made', { value: { deep: 1 } }); return [Object.getOwnPropertyDescriptor(o, 'made'), Reflect.set(o, 'made', 2), Reflect.deleteProperty(o, 'made'), o.made]; }`,
  'define an accessor': `(o) => {
    Object.defineProperty(o, 'made', { get() { return [this === o, this.stored]; }, set(value) { this.stored = value; }, configurable: true });
    o.made = 'in';
    return [o.made, Object.getOwnPropertyDescriptor(o, 'made')];
  }`,
  'define what is there': `(o) => [{ enumerable: false }, { writable: false }, { configurable: false }, { value: 'x' }, {}].map((change) => [Reflect.defineProperty(o, 'a', change), Reflect.getOwnPropertyDescriptor(o, 'a')])`,
  'define many': `(o) => Object.getOwnPropertyDescriptors(Object.defineProperties(o, { one: { value: 1 }, two: { get: () => 2, enumerable: true } }))`,
  'old accessors': `(o) => { o.__defineGetter__('made', () => 'got'); return [o.made, typeof o.__lookupGetter__('made'), o.__lookupSetter__('made')]; }`,
  setPrototypeOf: `(o) => { const prototype = { inherited: 'yes' }; return [Reflect.setPrototypeOf(o, prototype), o.inherited, Object.getPrototypeOf(o) === prototype, prototype.isPrototypeOf(o)]; }`,
  'setPrototypeOf null': `(o) => [Reflect.setPrototypeOf(o, null), Object.getPrototypeOf(o) === null, 'toString' in o]`,
  call: `(o) => o(1, 2)`,
  'call and apply': `(o) => [o.call({ x: 5 }, 1), o.apply(null, [1, 2]), Reflect.apply(o, undefined, [3])]`,
  bind: `(o) => { const bound = o.bind({ x: 6 }, 1); return [bound.name, bound.length, bound(2)]; }`,
  'name and length': `(o) => [o.name, o.length]`,
  'new': `(o) => { const made = new o(4); return [made.a, Object.keys(made), made instanceof o, Object.getPrototypeOf(made) === o.prototype, made.constructor === o]; }`,
  'Reflect.construct for another class': `(o) => { class Other {} const made = Reflect.construct(o, [4], Other); return [made instanceof Other, made instanceof o, Object.keys(made)]; }`,
  extends: `(o) => {
    class Sub extends o { own = 1; #secret = 2; constructor() { super(40); } secret() { return this.#secret; } sum() { return 'sub ' + super.sum?.(); } }
    const made = new Sub();
    return [made.a, made.own, made.secret(), made.sum(), made instanceof Sub, made instanceof o, Object.keys(made), Sub.create?.() instanceof Sub, Sub.name, made.constructor === Sub];
  }`,
  statics: `(o) => [o.made, o.secret, o.create(3).a, o.made, Object.keys(o)]`,
  'methods and accessors': `(o) => { const before = [o.x, o.sum(), o.y]; o.x = 10; o.y = 20; return [before, o.x, o.sum(), o.y]; }`,
  who: `(o) => [o.who(), Object.getPrototypeOf(o).who.call(o), o.both, o.constructor.name, o.constructor.s?.()]`,
  'methods on another receiver': `(o) => o.sum.call({})`,
  m: `(o) => [o.m(), o.m.call({ own: 'other' })]`,
  'map, filter, reduce': `(o) => Array.isArray(o) && [o.map((x, i) => [i, x]), o.filter((x) => x !== 1), o.reduce((n) => n + 1, 0), o.some(Boolean), o.every(Boolean)]`,
  'find and indexOf': `(o) => Array.isArray(o) && [o.find((x) => x === 1), o.findIndex((x) => x === 1), o.findLast(Boolean), o.indexOf(3), o.lastIndexOf(3), o.includes(undefined), o.at(-1)]`,
  'push, pop, shift, unshift': `(o) => [o.push('p', 'q'), o.pop(), o.shift(), o.unshift('u', 'v'), o, o.length]`,
  'splice, reverse, sort': `(o) => [o.splice(0, 1, 'in', 'side'), o.reverse() === o, o.sort() === o, o]`,
  'fill and copyWithin': `(o) => [o.copyWithin(0, 1) === o, o.fill(0, 1, 2) === o, o]`,
  'slice, concat, flat, join': `(o) => [o.slice(), o.slice(1), o.concat([7], 8), [0].concat(o), o.flat(Infinity), o.join('-'), o.toString().length]`,
  'entries, keys, values': `(o) => [[...o.entries()], [...o.keys()], [...o.values()]]`,
  forEach: `(o) => { const seen = []; if (!Array.isArray(o)) return seen; o.forEach(function (x, i, all) { seen.push([x, i, all === o, this.mark]); }, { mark: 1 }); return seen; }`,
  length: `(o) => { const before = o.length; o.length = 1; return [before, o.length, Object.keys(o)]; }`,
  'generic array methods': `(o) => [Array.prototype.map.call(o, (x) => [x]), Array.prototype.join.call(o, '+'), Array.prototype.slice.call(o, 1)]`,
  'concat with it': `(o) => [].concat(o, [o]).length`,
  last: `(o) => [o.last(), o.map((x) => x + 1).last?.(), o.constructor.name, o.slice(1) instanceof o.constructor]`,
  'nested values': `(o) => [o.inner?.x[0], o.inner?.x === o.inner?.x, o.b?.c, o.self === o, o.list?.[0] === o, o.self?.self.name]`,
  'changes within': `(o) => { const inner = o.inner ?? o.b ?? o.extra; inner.x = 'changed'; inner.y = { z: 1 }; return [inner, (o.inner ?? o.b ?? o.extra) === inner]; }`,
  'what it is given, it gives back': `(o) => { const mine = { mine: true }, call = () => 1; o.given = mine; o.call1 = call; return [o.given === mine, o.call1 === call, o.given.mine, o.call1()]; }`,
  'Symbol.toPrimitive': `(o) => [typeof o[Symbol.toPrimitive], typeof o.valueOf]`,
  'legacy methods': `(o) => [o.toLocaleString?.() === o.toString?.() || typeof o, Object.prototype.isPrototypeOf(o), {}.isPrototypeOf.call(Object.prototype, o)]`,
};

/**
 * Where a Proxy may be unlike its target, so that a stand-in may be like any Proxy: by object,
 * the probes.
 */
const LIKE_A_PROXY = {
  'a bound function': [
    'as a right-hand side of instanceof',
    'new',
    'Reflect.construct for another class',
  ],
  'the arguments of a function': [
    'Object.prototype.toString',
    'to text',
    'in a template and a sum',
  ],
};

/** `show` prints an answer, each object once; `attempt` runs a probe; `wrap` makes a Proxy. */
const TOOLS = `(() => {
  'use strict';
  const primitive = (value) => {
    if (typeof value === 'string') return JSON.stringify(value);
    if (typeof value === 'bigint') return value + 'n';
    return Object.is(value, -0) ? '-0' : String(value);
  };
  const show = (value, seen = []) => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return primitive(value);
    if (seen.includes(value)) return '<seen ' + seen.indexOf(value) + '>';
    seen.push(value);
    if (seen.length > 200) return '…';
    if (typeof value === 'function') return '<function ' + value.name + '>';
    if (Object.prototype.toString.call(value) === '[object Promise]') return '<promise>';
    const parts = [];
    for (const key of Reflect.ownKeys(value)) {
      const own = Reflect.getOwnPropertyDescriptor(value, key);
      if (!own.enumerable) continue;
      let shown;
      try { shown = show(value[key], seen); } catch (error) { shown = '<throws ' + error.name + '>'; }
      parts.push(String(key) + ': ' + shown);
    }
    return (Array.isArray(value) ? '[' + value.length + '| ' : '{') + parts.join(', ') + '}';
  };
  const attempt = (probe, object) => {
    try { return show(probe(object)); } catch (error) { return 'throws ' + error.name; }
  };
  const wrap = (object) => {
    const handler = {};
    for (const name of Reflect.ownKeys(Reflect)) handler[name] = Reflect[name];
    return new Proxy(object, handler);
  };
  return { show, attempt, wrap };
})()`;

/** Evaluates an expression here; it sees no variable of ours. */
// biome-ignore lint/security/noGlobalEval: the text is from the tables above
const evaluate = (source) => globalThis.eval(`(${source})`);

module.exports = { OBJECTS, PROBES, LIKE_A_PROXY, TOOLS, evaluate };
