'use strict';

const vm = require('node:vm');
const { copy } = require('..');
const { sandbox, expectNoLeaks, errorOf } = require('./support.js');

afterEach(expectNoLeaks);

const MB = 1024 * 1024;

/**
 * A value as text that shows everything about it that is to survive: kinds, order, holes,
 * identity. It names nothing from outside, so that it runs on both sides.
 */
function shape(root) {
  const seen = new Map();
  const hex = (buffer) =>
    Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const properties = (object) =>
    Object.keys(object)
      .map((key) => `${JSON.stringify(key)}:${show(object[key])}`)
      .join();
  function show(value) {
    if (typeof value === 'string') return JSON.stringify(value);
    if (typeof value === 'bigint') return `${value}n`;
    if (Object.is(value, -0)) return '-0';
    if (typeof value === 'function') return '<function>';
    if (typeof value !== 'object' || value === null) return String(value);
    if (seen.has(value)) return `#${seen.get(value)}`;
    seen.set(value, seen.size);
    return `${Object.getPrototypeOf(value)?.constructor?.name}${contents(value)}`;
  }
  function contents(value) {
    const kind = Object.prototype.toString.call(value).slice(8, -1);
    switch (kind) {
      case 'Array':
        return `(${value.length})[${properties(value)}]`;
      case 'Map':
        return `{${[...value].map(([k, v]) => `${show(k)}=>${show(v)}`).join()}}`;
      case 'Set':
        return `{${[...value].map(show).join()}}`;
      case 'Date':
        return `(${value.getTime()})`;
      case 'RegExp':
        return `(${value.source} ${value.flags})`;
      case 'Boolean':
      case 'Number':
      case 'String':
      case 'BigInt':
        return `(${show(value.valueOf())})`;
      case 'ArrayBuffer':
        return `(${hex(value)})`;
      case 'DataView':
        return `(${value.byteOffset} ${value.byteLength} ${show(value.buffer)})`;
      case 'Error':
        return `(${value.name}: ${value.message} ${properties(value)})`;
      default:
        return ArrayBuffer.isView(value)
          ? `(${value.byteOffset} ${value.length} ${show(value.buffer)})`
          : `{${properties(value)}}`;
    }
  }
  return show(root);
}

/** The value of an expression, which the tables below hold as source for both sides. */
const local = (expression) => new Function(`return (${expression})`)();

/** A copy of the guest's value of an expression, also where that crosses as a native. */
const copied = (box, expression) => copy(box.run(`({ value: (${expression}) })`)).value;

/** Shows that the value of `expression` is the same on both sides after each way of copying. */
function expectSameCopies(expression) {
  const box = sandbox();
  const expected = shape(local(expression));
  expect(box.run(`(${shape})`)(copy(local(expression)))).toBe(expected);
  expect(shape(copied(box, expression))).toBe(expected);
  box.globalThis.value = copy({ inside: local(expression) });
  expect(shape(copied(box, 'value.inside'))).toBe(expected);
}

/** Shows the same, and that it looks the same where it is used without a copy. */
function expectSameEverywhere(expression) {
  expectSameCopies(expression);
  const box = sandbox();
  const expected = shape(local(expression));
  expect(box.run(`(${shape})`)(local(expression))).toBe(expected);
  expect(shape(box.run(`(${expression})`))).toBe(expected);
  expect(shape(box.run('(v) => v')(local(expression)))).toBe(expected);
}

describe('a primitive arrives exactly', () => {
  test.each([
    'undefined',
    'null',
    'true',
    'false',
    '0',
    '-0',
    '1',
    '-1',
    '2 ** 31 - 1',
    '2 ** 31',
    '-(2 ** 31)',
    '-(2 ** 31) - 1',
    '2 ** 32 - 1',
    '2 ** 32',
    '0.1',
    '-0.5',
    'Number.MAX_SAFE_INTEGER',
    'Number.MIN_SAFE_INTEGER',
    'Number.MAX_VALUE',
    'Number.MIN_VALUE',
    'Number.EPSILON',
    'NaN',
    'Infinity',
    '-Infinity',
    '0n',
    '1n',
    '-1n',
    '2n ** 63n - 1n',
    '2n ** 63n',
    '-(2n ** 63n)',
    '-(2n ** 63n) - 1n',
    '2n ** 64n',
    '3n ** 2000n',
    '-(7n ** 1500n)',
    '""',
    '"a"',
    '"exactly 24 characters ..."',
    '"é"',
    '"\\u0080\\u00ff"',
    '"čeština €"',
    '"🎉"',
    '"\\ud800"',
    '"\\udc00 the wrong way round \\ud800"',
    '"a\\ud83dz"',
    '"\\u0000"',
    '"before\\u0000after"',
    '"\\ufeff\\ufffe\\uffff"',
    '"line\\u2028and\\u2029"',
  ])('%s', (expression) => {
    const box = sandbox();
    const value = local(expression);
    expect(box.run(`(v) => Object.is(v, ${expression})`)(value)).toBe(true);
    expect(Object.is(box.run(`(${expression})`), value)).toBe(true);
    expect(Object.is(box.run('(v) => v')(value), value)).toBe(true);
  });
});

describe('a string arrives exactly at every length', () => {
  const lengths = [1, 23, 24, 25, 26, 255, 256, 65_535, 65_536, 65_537, 200_000];
  const alphabets = {
    ascii: 'abc',
    latin1: 'aé\u0080ÿ',
    UTF16: 'a€\u0000',
    surrogates: '🎉\udc00',
  };
  for (const [name, alphabet] of Object.entries(alphabets)) {
    test.each(lengths)(`${name}, %d units`, (length) => {
      const box = sandbox();
      const text = alphabet.repeat(length).slice(0, length);
      const make = `${JSON.stringify(alphabet)}.repeat(${length}).slice(0, ${length})`;
      expect(box.run(`(v) => v === ${make}`)(text)).toBe(true);
      expect(box.run(make) === text).toBe(true);
      expect(box.run('(v) => v')(text) === text).toBe(true);
    });
  }

  test.each(['a', 'é', '€'])('ten megabytes of %s', (unit) => {
    const box = sandbox({ memoryLimitMb: 256, timeout: 20_000 });
    const text = unit.repeat(10 * MB);
    expect(box.run(`(v) => v === '${unit}'.repeat(${10 * MB})`)(text)).toBe(true);
    expect(box.run(`'${unit}'.repeat(${10 * MB})`) === text).toBe(true);
    expect(box.run('(v) => v')(text) === text).toBe(true);
    expect(box.run('1 + 1')).toBe(2);
  });

  test('a string that the guest put together from pieces', () => {
    const rope = sandbox().run('let s = ""; for (let i = 0; i < 1000; i++) s += i + "€"; s');
    expect(rope).toBe(Array.from({ length: 1000 }, (_, i) => `${i}€`).join(''));
  });

  test('a property key', () => {
    const box = sandbox();
    const keys = ['', 'é', '€', '🎉', '\ud800', 'a\u0000b', 'k'.repeat(70_000)];
    const object = Object.fromEntries(keys.map((key, index) => [key, index]));
    const source = JSON.stringify(object);
    for (const theirs of [box.run(`(${source})`), copied(box, source)]) {
      expect(Object.keys(theirs)).toEqual(keys);
      expect(keys.map((key) => theirs[key])).toEqual(Object.values(object));
    }
    for (const mine of [object, copy({ ...object })]) {
      expect(box.run('(o) => Object.keys(o)')(mine)).toEqual(keys);
      expect(box.run('(o, key) => o[key]')(mine, '🎉')).toBe(3);
    }
  });
});

describe('a symbol keeps its identity', () => {
  // The guest's twin of a symbol stays for as long as the sandbox does.
  const boxes = [];
  afterEach(() => {
    for (const box of boxes.splice(0)) box.dispose();
  });
  function lasting() {
    const box = sandbox();
    boxes.push(box);
    return box;
  }

  const WELL_KNOWN = Object.getOwnPropertyNames(Symbol).filter(
    (n) => typeof Symbol[n] === 'symbol',
  );
  const SHARED = sharedSymbols();

  function sharedSymbols() {
    const box = sandbox();
    const known = WELL_KNOWN.filter((name) => box.run(`typeof Symbol.${name}`) === 'symbol');
    box.dispose();
    return known;
  }

  test('among the well-known ones are those of ES2020', () => {
    expect(SHARED).toEqual(expect.arrayContaining(['iterator', 'asyncIterator', 'matchAll']));
  });

  test.each(SHARED)('Symbol.%s', (name) => {
    const box = sandbox();
    expect(box.run(`(s) => s === Symbol.${name}`)(Symbol[name])).toBe(true);
    expect(box.run(`Symbol.${name}`)).toBe(Symbol[name]);
  });

  test.each(['app', '', 'with\u0000nul', '€'])('Symbol.for(%j)', (key) => {
    const box = sandbox();
    expect(box.run(`(s) => s === Symbol.for(${JSON.stringify(key)})`)(Symbol.for(key))).toBe(true);
    expect(box.run(`Symbol.for(${JSON.stringify(key)})`)).toBe(Symbol.for(key));
  });

  test('a symbol of the host is the same one in the guest each time, and comes home', () => {
    const box = lasting();
    const mine = Symbol('mine');
    expect(box.run('(a, b) => a === b')(mine, mine)).toBe(true);
    box.run('globalThis.first = undefined; (s) => { first = s; }')(mine);
    expect(box.run('(s) => s === first')(mine)).toBe(true);
    expect(box.run('(s) => s === first')(Symbol('mine'))).toBe(false);
    expect(box.run('first')).toBe(mine);
    expect(box.run('first.description')).toBe('mine');
  });

  test('a symbol of the guest is the same one here each time, and goes home', () => {
    const box = lasting();
    box.run('globalThis.own = Symbol("own"); globalThis.other = Symbol("own")');
    const own = box.run('own');
    expect(typeof own).toBe('symbol');
    expect(own.description).toBe('own');
    expect(box.run('own')).toBe(own);
    expect(box.run('other')).not.toBe(own);
    expect(box.run('(s) => s === own')(own)).toBe(true);
  });

  test.each(['', '1', '4294967295', 'a\u0000b', '€🎉', '\ud800'])(
    'its description is %j on both sides',
    (text) => {
      const box = lasting();
      expect(box.run('(s) => s.description')(Symbol(text))).toBe(text);
      expect(box.run(`Symbol(${JSON.stringify(text)})`).description).toBe(text);
    },
  );

  test('one without a description has none on the other side', () => {
    const box = lasting();
    expect(box.run('(s) => s.description')(Symbol())).toBeUndefined();
    expect(box.run('Symbol()').description).toBeUndefined();
  });

  test('as a key of a property', () => {
    const box = lasting();
    const mine = Symbol('mine');
    const object = { a: 1, [mine]: 2 };
    const change = box.run('(o, key) => { o[key]++; return Reflect.ownKeys(o); }');
    expect(change(object, mine)).toEqual(['a', mine]);
    expect(object[mine]).toBe(3);
    box.run('globalThis.own = Symbol("own"); globalThis.theirs = { a: 1, [own]: 2 };');
    const own = box.run('own');
    expect(Reflect.ownKeys(box.run('theirs'))).toEqual(['a', own]);
    expect(box.run('theirs')[own]).toBe(2);
  });

  test('as a key of a property it stays behind in a copy', () => {
    const box = lasting();
    const object = copy({ a: 1, [Symbol('b')]: 2 });
    expect(box.run('(o) => Reflect.ownKeys(o).length')(object)).toBe(1);
    expect(Reflect.ownKeys(copied(box, '{ a: 1, [Symbol("b")]: 2 }'))).toEqual(['a']);
  });
});

describe('an object has the same form on the other side', () => {
  test.each([
    '{}',
    '{ a: 1, b: "two", c: null, d: undefined }',
    '{ a: { b: { c: { d: [1, [2, [3]]] } } } }',
    '{ z: 1, a: 2, 10: 3, 2: 4, "-1": 5, "01": 6, 4294967295: 7, 4294967294: 8 }',
    '{ get a() { return [1]; }, set b(_) {} }',
    '{ ["__proto__"]: 1 }',
    '{ constructor: 1, toString: 2, hasOwnProperty: 3, length: 4, then: 5 }',
    'Object.defineProperty({ a: 1 }, "hidden", { value: 2 })',
    '[]',
    '[1, "a", null, undefined, [], {}]',
    '[1, , 3]',
    '[, ]',
    '[, , 1]',
    '[1, , ]',
    '[undefined, , undefined]',
    'Object.assign([], { length: 4e9 })',
    'Object.assign([], { 3999999999: "last" })',
    'Object.assign([], { 5: "five", 4294967294: "last" })',
    'Object.assign([1, 2], { name: "x", 7: 8, "-1": 9 })',
    'Object.assign([, 1], { name: "x" })',
    'Object.assign([], { "__x": 1, length: 2 })',
    'Object.assign(Array(2000), { 1999: 1, x: 2 })',
    'Array.from({ length: 3000 }, (_, i) => i % 3 ? i : undefined)',
    'new Map()',
    'new Map([[1, "a"], ["1", "b"], [NaN, "c"], [null, undefined], [{}, []]])',
    'new Set()',
    'new Set([1, "1", NaN, undefined, {}, []])',
    'new Date(0)',
    'new Date(-1)',
    'new Date(1700000000123)',
    'new Date(8.64e15)',
    'new Date(NaN)',
    '/a/',
    '/a+(?:b|c)\\/[/]/dgimsuy',
    '/(?<year>\\d{4})\\u{1f389}/u',
    'new RegExp("")',
    'new RegExp("\\n")',
    '/é€/',
    'new Boolean(false)',
    'new Boolean(true)',
    'new Number(-0)',
    'new Number(NaN)',
    'new String("")',
    'new String("boxed €")',
    'Object(10n)',
    'new ArrayBuffer(0)',
    'new Uint8Array([1, 2, 255]).buffer',
    'new DataView(new ArrayBuffer(8))',
    'new DataView(new Uint8Array([1, 2, 3, 4, 5]).buffer, 1, 3)',
    'new Error("inside")',
    '{ list: [Object.assign(new RangeError("inside"), { code: "E" })] }',
  ])('%s', expectSameEverywhere);

  test.each([
    'Uint8ClampedArray',
    'Int8Array',
    'Uint8Array',
    'Int16Array',
    'Uint16Array',
    'Int32Array',
    'Uint32Array',
    'BigInt64Array',
    'BigUint64Array',
    'Float32Array',
    'Float64Array',
  ])('%s, whole, empty, with an offset', (name) => {
    expectSameEverywhere(`new ${name}(new Uint8Array(24).map((_, i) => 17 * i).buffer)`);
    expectSameEverywhere(`new ${name}(0)`);
    expectSameEverywhere(`new ${name}(new Uint8Array(24).map((_, i) => 17 * i).buffer, 8, 1)`);
    expectSameEverywhere(`new ${name}(new ArrayBuffer(16), 16)`);
  });

  test('a boxed symbol', () => {
    const box = sandbox();
    expect(
      box.run('(o) => typeof o === "object" && o.valueOf() === Symbol.iterator')(
        Object(Symbol.iterator),
      ),
    ).toBe(true);
    const boxed = box.run('Object(Symbol.iterator)');
    expect(typeof boxed).toBe('object');
    expect(boxed.valueOf()).toBe(Symbol.iterator);
  });

  test('an object without a prototype has none here or there; a copy is a plain one', () => {
    const box = sandbox();
    const bare = () => Object.assign(Object.create(null), { a: 1 });
    const prototype = box.run('(o) => [Object.getPrototypeOf(o) === Object.prototype && o.a, o.a]');
    expect(box.run('(o) => [Object.getPrototypeOf(o), o.a, "toString" in o]')(bare())).toEqual([
      null,
      1,
      false,
    ]);
    expect(prototype(copy(bare()))).toEqual([1, 1]);
    const source = 'Object.assign(Object.create(null), { a: 1 })';
    const live = box.run(source);
    expect([Object.getPrototypeOf(live), live.a, 'toString' in live]).toEqual([null, 1, false]);
    const arrived = copied(box, source);
    expect([Object.getPrototypeOf(arrived), arrived.a]).toEqual([Object.prototype, 1]);
  });

  test('a key __proto__ changes no prototype', () => {
    const box = sandbox();
    const evil = JSON.parse('{ "__proto__": { "polluted": true }, "a": 1 }');
    const seen = box.run(`(o) => [
      Object.getPrototypeOf(o) === Object.prototype,
      o.polluted,
      Object.getOwnPropertyDescriptor(o, '__proto__').value.polluted,
      ({}).polluted,
    ]`);
    expect(seen(evil)).toEqual([true, undefined, true, undefined]);
    expect(seen(copy(evil))).toEqual([true, undefined, true, undefined]);
    const source = `JSON.parse('{ "__proto__": { "polluted": true }, "a": 1 }')`;
    for (const arrived of [box.run(source), copied(box, source)]) {
      expect(Object.getPrototypeOf(arrived)).toBe(Object.prototype);
      expect(arrived.polluted).toBeUndefined();
      const own = Object.getOwnPropertyDescriptor(arrived, '__proto__');
      expect(own.value).toEqual({ polluted: true });
    }
    expect({}.polluted).toBeUndefined();
    const list = `Object.defineProperty([], '__proto__',
      { value: { polluted: true }, enumerable: true })`;
    for (const arrived of [box.run(list), copied(box, list)]) {
      expect(Object.getPrototypeOf(arrived)).toBe(Array.prototype);
      expect(Object.keys(arrived)).toEqual(['__proto__']);
    }
  });

  test('assigning to __proto__ on the other side reaches no prototype of this one', () => {
    const box = sandbox();
    const object = {};
    box.run('(o) => { try { o.__proto__ = { polluted: 1 }; } catch {} }')(object);
    box.run('(o) => { try { o.__proto__.polluted = 1; } catch {} }')(object);
    expect([Object.getPrototypeOf(object), {}.polluted]).toEqual([Object.prototype, undefined]);
    expect(box.run('({}).polluted')).toBe(1);
  });

  test('a frozen object stays frozen, a copy of it can be changed', () => {
    const box = sandbox();
    const change = box.run(`(o) => {
      'use strict';
      try { o.a.push(2); o.b = 1; } catch (e) { return [e instanceof TypeError, Object.isFrozen(o)]; }
      return JSON.stringify(o);
    }`);
    const frozen = Object.freeze({ a: Object.freeze([1]) });
    expect(change(frozen)).toEqual([true, true]);
    expect(frozen).toEqual({ a: [1] });
    expect(change(copy(Object.freeze({ a: Object.freeze([1]) })))).toBe('{"a":[1,2],"b":1}');
    const source = 'Object.freeze({ a: 1 })';
    const live = box.run(source);
    expect(Object.isFrozen(live)).toBe(true);
    expect(errorOf(() => Object.assign(live, { a: 2 }))).toBeInstanceOf(TypeError);
    expect(Object.assign(copied(box, source), { a: 2 })).toEqual({ a: 2 });
  });

  test('changes are made to the object itself, on either side', () => {
    const box = sandbox();
    const mine = { list: [1], gone: true };
    box.run('(o) => { o.list.push(2); o.added = { deep: [3] }; delete o.gone; }')(mine);
    expect(mine).toEqual({ list: [1, 2], added: { deep: [3] } });
    delete mine.added; // which is the guest's
    box.run('globalThis.theirs = { list: [1], gone: true }');
    const theirs = box.run('theirs');
    theirs.list.push(2);
    theirs.added = mine;
    delete theirs.gone;
    expect(box.run('JSON.stringify(theirs)')).toBe('{"list":[1,2],"added":{"list":[1,2]}}');
    mine.list.length = 0;
    expect(box.run('theirs.added.list.length')).toBe(0);
    box.run('theirs.list = null');
    expect(theirs.list).toBeNull();
    box.run('theirs = null');
  });

  test('a copy is a copy: changes stay on their side', () => {
    const box = sandbox();
    const mine = copy({ list: [1] });
    box.run('(o) => { o.list.push(2); o.added = true; }')(mine);
    expect(mine).toEqual({ list: [1] });
    box.run('globalThis.theirs = { list: [1] }');
    const taken = copy(box.run('theirs'));
    taken.list.push(2);
    box.run('theirs.list.push("later")');
    expect(taken).toEqual({ list: [1, 2] });
    expect(box.run('theirs.list.length')).toBe(2);
  });

  test('a copy is one all through: in collections and errors, too', () => {
    const box = sandbox();
    const change = box.run(`(read, v) => {
      const o = read(v);
      o.n = 2;
      return o.n;
    }`);
    for (const [wrap, read] of [
      [(o) => ({ a: [{ o }] }), '(v) => v.a[0].o'],
      [(o) => new Map([['k', o]]), '(v) => v.get("k")'],
      [(o) => new Map([[o, 1]]), '(v) => [...v.keys()][0]'],
      [(o) => new Set([o]), '(v) => [...v][0]'],
      [(o) => ({ m: new Map([['k', [o]]]) }), '(v) => v.m.get("k")[0]'],
      [(o) => [new Set([new Set([o])])], '(v) => [...[...v[0]][0]][0]'],
      [(o) => Object.assign(new Error('x'), { o }), '(v) => v.o'],
      [(o) => new Error('x', { cause: o }), '(v) => v.cause'],
      [(o) => ({ e: Object.assign(new Error('x'), { o: [o] }) }), '(v) => v.e.o[0]'],
    ]) {
      const object = { n: 1 };
      const result = [read, change(box.run(read), copy(wrap(object))), object.n];
      expect(result).toEqual([read, 2, 1]);
    }
  });

  test('one object in one message is live where it is handed over, a copy where it is copied', () => {
    const box = sandbox();
    const o = { n: 1 };
    const copyFirst = box.run('(a, b) => { a.o.n = 9; b.n++; return a.o === b; }');
    expect(copyFirst(copy({ o }), o)).toBe(false);
    expect(o.n).toBe(2);
    const liveFirst = box.run('(a, b) => { a.n++; b.o.n = 9; return a === b.o; }');
    expect(liveFirst(o, copy({ o }))).toBe(false);
    expect(o.n).toBe(3);
    const inside = box.run('(m) => { m.get("live").n++; m.get("copy").o.n = 9; }');
    inside(
      new Map([
        ['live', o],
        ['copy', copy({ o })],
      ]),
    );
    expect(o.n).toBe(4);
  });

  test('copy answers the host’s value itself, and marks it for good', () => {
    const box = sandbox();
    const object = { list: [1] };
    expect(copy(object)).toBe(object);
    for (const value of [1, 'a', null, undefined, 1n]) expect(copy(value)).toBe(value);
    box.run('(o) => { o.list.push(2); }')(object);
    box.run('({ deep: [o] }) => { o.list.push(2); }')({ deep: [object] });
    expect(box.run('(f) => f().list.push(2)')(() => object)).toBe(2);
    expect(object).toEqual({ list: [1] });
  });

  test('what stays where it is does so within a copy: functions, promises, the other side’s own', async () => {
    const box = sandbox();
    box.run('globalThis.theirs = { n: 1 }');
    const theirs = box.run('theirs');
    const mine = copy({ add: (n) => n + 1, later: Promise.resolve(2), theirs });
    const use = box.run('async (o) => [o.add(1), await o.later, o.theirs === theirs].join()');
    expect(await use(mine)).toBe('2,2,true');
    const host = { n: 1 };
    const taken = copy(
      box.run('(host) => ({ host, f: (n) => n + 1, p: Promise.resolve(2) })')(host),
    );
    expect([taken.host === host, taken.f(1), await taken.p]).toEqual([true, 2, 2]);
  });

  test('a copy of an instance has its fields, and no class', () => {
    const box = sandbox();
    class Point {
      x = 1;
      #y = 2;
      get y() {
        return this.#y;
      }
    }
    const point = copy(new Point());
    const seen = '(o) => [Object.getPrototypeOf(o) === Object.prototype, JSON.stringify(o)]';
    expect(box.run(seen)(point)).toEqual([true, '{"x":1}']);
    const taken = copy(
      box.run('new (class Point { x = 1; #y = 2; get y() { return this.#y; } })()'),
    );
    expect([Object.getPrototypeOf(taken), taken]).toEqual([Object.prototype, { x: 1 }]);
  });

  test('what arrives has the prototypes of its new side', () => {
    const box = sandbox();
    const kinds = [
      [Object, '({})', {}],
      [Array, '[]', []],
      [Map, 'new Map()', new Map()],
      [Set, 'new Set()', new Set()],
      [Date, 'new Date()', new Date()],
      [RegExp, '/a/', /a/],
      [ArrayBuffer, 'new ArrayBuffer(1)', new ArrayBuffer(1)],
      [Uint8Array, 'new Uint8Array(1)', new Uint8Array(1)],
      [DataView, 'new DataView(new ArrayBuffer(1))', new DataView(new ArrayBuffer(1))],
      [Number, 'new Number(1)', Object(1)],
      [Error, 'new Error("x")', new Error('x')],
    ];
    for (const [kind, expression, value] of kinds) {
      expect(Object.getPrototypeOf(box.run(expression))).toBe(kind.prototype);
      const check = box.run(`(v) => Object.getPrototypeOf(v) === ${kind.name}.prototype`);
      expect(check(value)).toBe(true);
    }
  });

  test('a getter is read at each read; in a copy once, and arrives as a value', () => {
    const box = sandbox();
    let reads = 0;
    const make = () => ({
      get a() {
        return ++reads;
      },
    });
    expect(box.run('(o) => [o.a, o.a, "a" in o, o.a]')(make())).toEqual([1, 2, true, 3]);
    reads = 0;
    const own = box.run(`(o) => Object.getOwnPropertyDescriptor(o, 'a').value`);
    expect(own(copy(make()))).toBe(1);
    expect(reads).toBe(1);
    const source = '(globalThis.reads = 0, { get a() { return ++reads; } })';
    const live = box.run(source);
    expect([box.run('reads'), live.a, live.a, box.run('reads')]).toEqual([0, 1, 2, 2]);
    expect(Object.getOwnPropertyDescriptor(copied(box, source), 'a')).toEqual({
      value: 1,
      writable: true,
      enumerable: true,
      configurable: true,
    });
    expect(box.run('reads')).toBe(1);
  });

  test('a getter that throws makes the read throw its error, or the copy', () => {
    const box = sandbox();
    const mine = new Error('mine');
    const make = () => ({
      get a() {
        throw mine;
      },
    });
    expect(errorOf(() => box.run('(o) => o.a')(make()))).toBe(mine);
    expect(box.run('(o) => { try { o.a; } catch (e) { return e.message; } }')(make())).toBe('mine');
    expect(box.run('(o) => typeof o')(make())).toBe('object');
    expect(errorOf(() => box.run('(o) => o')(copy(make())))).toBe(mine);
    const theirs = box.run('({ get a() { throw new RangeError("theirs"); } })');
    for (const use of [() => theirs.a, () => copy(theirs), () => ({ ...theirs })]) {
      const error = errorOf(use);
      expect([error instanceof RangeError, error.message]).toEqual([true, 'theirs']);
    }
    expect(box.run('1')).toBe(1);
  });

  test('an instance of a subclass of a copied kind arrives as that kind', () => {
    const box = sandbox();
    class List extends Array {}
    class Table extends Map {}
    expect(
      box.run('(v) => Object.getPrototypeOf(v) === Array.prototype && v.length')(List.from([1, 2])),
    ).toBe(2);
    expect(
      box.run('(v) => Object.getPrototypeOf(v) === Map.prototype && v.get(1)')(new Table([[1, 2]])),
    ).toBe(2);
    expect(shape(box.run('new (class Table extends Map {})([[1, 2]])'))).toBe('Map{1=>2}');
  });

  test('the newest typed arrays arrive, if need be as their bytes', () => {
    const box = sandbox();
    const arrived = box.run('new Float16Array([1.5, -2])');
    expect(new Uint8Array(arrived.buffer, arrived.byteOffset, arrived.byteLength)).toEqual(
      new Uint8Array([0x00, 0x3e, 0x00, 0xc0]),
    );
  });
});

describe('references inside a copy are kept', () => {
  test.each([
    '(() => { const o = {}; o.self = o; return o; })()',
    '(() => { const a = []; a.push(a, [a]); return a; })()',
    '(() => { const a = {}, b = { a }; a.b = b; return [b, a]; })()',
    '(() => { const s = { x: 1 }; return { p: s, q: s, r: [s, s] }; })()',
    '(() => { const m = new Map(); m.set(m, m).set("m", [m]); return m; })()',
    '(() => { const s = new Set(); s.add(s).add([s]); return s; })()',
    '(() => { const d = new Date(5), r = /x/g; return [d, d, r, r]; })()',
    '(() => { const n = Object(1), s = Object("s"); return [n, n, s, s, {}, n]; })()',
    '(() => { const b = new ArrayBuffer(4); return [b, b]; })()',
    `(() => {
      const b = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
      const u = new Uint16Array(b, 2, 2);
      return [u, b, new DataView(b, 1), u, new Float64Array(b), {}, b];
    })()`,
    '(() => { const e = new Error("x"); e.self = e; return [e, e]; })()',
    '(() => { const k = {}; const l = Array(2000); l[1999] = l; l[3] = k; return [l, k]; })()',
  ])('%s', expectSameCopies);

  test('and between live objects', () => {
    const box = sandbox();
    const mine = { list: [], map: new Map() };
    mine.self = mine;
    mine.list.push(mine, mine.list);
    const check =
      '(o) => [o.self === o, o.self.list === o.list, o.list[0] === o, o.list[1] === o.list]';
    expect(box.run(check)(mine)).toEqual([true, true, true, true]);
    const theirs = box.run('const o = { list: [] }; o.self = o; o.list.push(o, o.list); o');
    expect(local(check)(theirs)).toEqual([true, true, true, true]);
    const map = box.run('(() => { const o = {}; return { o, map: new Map([[o, [o]]]) }; })()');
    expect(map.map.get(map.o)[0]).toBe(map.o);
  });

  test('the same object in two arguments is one object', () => {
    const box = sandbox();
    const same = box.run('(a, b, c) => a === b && c.in === a && a.list === b.list');
    const object = { list: [] };
    expect(same(object, object, { in: object })).toBe(true);
    expect(same({}, {}, {})).toBe(false);
    const seen = [];
    box.run('(f) => { const o = {}; f(o, o, [o]); f({}, {}, [{}]); }')((a, b, [c]) =>
      seen.push(a === b, b === c),
    );
    expect(seen).toEqual([true, true, false, false]);
  });

  test('views on one buffer still share it', () => {
    const box = sandbox();
    for (const size of [8, 4096, 65_536]) {
      const buffer = new ArrayBuffer(size);
      const shares = box.run(`(a, b) => {
        a[0] = 7;
        return [a.buffer === b.buffer, b[1], a.byteOffset, b.byteOffset, a.buffer.byteLength];
      }`);
      const views = [new Uint8Array(buffer, 3, 2), new Uint8Array(buffer, 2, 2)];
      expect(shares(...views)).toEqual([true, 7, 3, 2, size]);
      const [a, b] = copied(
        box,
        `(() => { const b = new ArrayBuffer(${size});
          return [new Uint8Array(b, 3, 2), new Uint8Array(b, 2, 2)]; })()`,
      );
      a[0] = 9;
      expect([a.buffer === b.buffer, b[1], a.byteOffset, a.buffer.byteLength]).toEqual([
        true,
        9,
        3,
        size,
      ]);
    }
  });

  test('a view into what may be the pool of Buffers brings only its own bytes', () => {
    const buffer = new ArrayBuffer(Buffer.poolSize);
    const size = sandbox().run('(view) => [view.length, view.byteOffset, view.buffer.byteLength]');
    expect(size(new Uint8Array(buffer, 3, 2))).toEqual([2, 0, 2]);
    expect(size(Buffer.from('secret').subarray(1, 3))).toEqual([2, 0, 2]);
  });

  test('a graph of a hundred thousand objects arrives whole', () => {
    const box = sandbox({ memoryLimitMb: 256, timeout: 20_000 });
    const list = Array.from({ length: 100_000 }, (_, id) => ({ id }));
    list.forEach((each, id) => {
      each.next = list[(id + 1) % list.length];
    });
    // A chain as deep as it is long, which no copy could follow.
    expect(box.run('([a]) => a.next.next.next.id')(list)).toBe(3);
    const flat = copy(list.map(({ id }) => ({ id, text: `row ${id}` })));
    expect(box.run('(l) => l.reduce((sum, { id }) => sum + id, 0)')(flat)).toBe(4_999_950_000);
    expect(copy(box.run('(l) => l')(flat))).toEqual(flat);
  });
});

describe('bytes', () => {
  test('a Buffer arrives as a Uint8Array of the bytes it shows, and nothing of its pool', () => {
    const box = sandbox();
    Buffer.from('a secret in the pool');
    const small = Buffer.from('hello');
    expect(small.buffer.byteLength).toBeGreaterThan(small.length);
    const seen = box.run(`(v) => [
      Object.getPrototypeOf(v) === Uint8Array.prototype,
      String.fromCharCode(...v),
      v.byteOffset,
      v.buffer.byteLength,
    ]`);
    expect(seen(small)).toEqual([true, 'hello', 0, 5]);
    expect(seen(Buffer.from([1, 2, 3, 4]).subarray(1, 3))).toEqual([true, '\x02\x03', 0, 2]);
    expect(seen(Buffer.alloc(0))).toEqual([true, '', 0, 0]);
    const pooled = new Uint8Array(small.buffer, small.byteOffset, small.length);
    expect(seen(pooled)).toEqual([true, 'hello', 0, 5]);
    const view = new DataView(small.buffer, small.byteOffset, small.length);
    expect(box.run('(v) => [v.byteOffset, v.buffer.byteLength, v.getUint8(0)]')(view)).toEqual([
      0, 5, 104,
    ]);
  });

  test('a Buffer that comes back is a Uint8Array', () => {
    const back = sandbox().run('(v) => v')(Buffer.from('hello'));
    expect(Object.getPrototypeOf(back)).toBe(Uint8Array.prototype);
    expect(Buffer.from(back).toString()).toBe('hello');
  });

  test('what arrives here is not a view of shared memory', () => {
    const box = sandbox();
    const [first, second] = [box.run('new Uint8Array([1, 2])'), box.run('new Uint8Array([3, 4])')];
    expect(first.buffer.byteLength).toBe(2);
    expect(first.buffer).not.toBe(second.buffer);
    expect([...first, ...second]).toEqual([1, 2, 3, 4]);
  });

  test('ten megabytes arrive exactly', () => {
    const box = sandbox({ memoryLimitMb: 128, timeout: 20_000 });
    const bytes = new Uint8Array(10 * MB).map((_, i) => (i * 31) ^ (i >> 8));
    const back = box.run('(v) => v')(bytes);
    expect(Buffer.compare(back, bytes)).toBe(0);
    const sum = box.run(
      '(v) => { let s = 0; for (let i = 0; i < v.length; i += 997) s += v[i]; return s; }',
    );
    let expected = 0;
    for (let i = 0; i < bytes.length; i += 997) expected += bytes[i];
    expect(sum(bytes)).toBe(expected);
  });
});

test('values of another realm of the host cross as those of this one', () => {
  const box = sandbox();
  const text = box.run(`(${shape})`);
  for (const expression of [
    '{ a: [1, , { b: undefined }] }',
    'new Map([[1, new Set([2])]])',
    '[new Date(5), /x/gu, Object(1), Object("s")]',
    '[new Uint8Array([1, 2]), new DataView(new ArrayBuffer(2), 1), new Float64Array(2)]',
    '[new TypeError("foreign")]',
    'Object.assign(Object.create(null), { a: 1 })',
  ]) {
    const foreign = vm.runInNewContext(`({ value: (${expression}) })`);
    expect(text(foreign.value)).toBe(shape(local(expression)));
    const plain = shape({ value: local(expression.replace('Object.create(null)', '{}')) });
    expect(text(copy(foreign))).toBe(plain);
  }
  const double = vm.runInNewContext('(n) => 2 * n');
  expect(box.run('(f) => f(4)')(double)).toBe(8);
});

describe('what the guest does to its intrinsics', () => {
  // Loops by index and intrinsics of its own, for it must survive what it does.
  const POLLUTION = `(() => {
    const bomb = () => { throw new Error('the guest changed how values cross'); };
    const { defineProperty, getPrototypeOf } = Object;
    const { ownKeys } = Reflect;
    const trap = { __proto__: null, get: bomb, set: bomb, configurable: true };
    const classes = [
      Array, Map, Set, Date, RegExp, BigInt, Symbol, Number, String, Boolean, ArrayBuffer,
      DataView, Uint8Array, getPrototypeOf(Uint8Array), Error, TypeError, WeakMap, Function,
    ];
    const global = globalThis;
    const targets = [];
    const keys = [];
    let size = 0;
    for (const each of classes) {
      for (const target of [each.prototype, each]) {
        for (const key of ownKeys(target)) {
          if (key === 'prototype' || key === 'constructor' || key === 'name') continue;
          targets[size] = target;
          keys[size] = key;
          size++;
        }
      }
    }
    for (const key of ['get', 'set', 'value', 'writable', 'then', '0', '1', 'a', 'cause', 'code']) {
      targets[size] = Object.prototype;
      keys[size] = key;
      size++;
    }
    for (const key of ['Map', 'Set', 'Date', 'RegExp', 'BigInt', 'DataView', 'Object', 'Symbol']) {
      global[key] = bomb;
    }
    let done = 0;
    for (let i = 0; i < size; i++) {
      try {
        defineProperty(targets[i], keys[i], trap);
        done++;
      } catch {}
    }
    return done;
  })()`;

  function everything() {
    const shared = { deep: Object.assign([1], { 2: 'x' }) };
    const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
    return {
      a: [shared, shared],
      0: 'zero',
      map: new Map([['k', shared]]),
      set: new Set([1, shared]),
      date: new Date(77),
      regexp: /ab+/gi,
      big: [-5n, 2n ** 80n],
      boxed: [Object(1), Object('s'), Object(false), Object(1n)],
      views: [new Uint16Array(buffer, 2, 2), new DataView(buffer, 1), buffer],
      symbol: Symbol.iterator,
      key: Symbol.for('registered'),
    };
  }

  test('does not change how values cross', () => {
    const box = sandbox();
    const identity = box.run('(v) => v');
    const wrapped = box.run('(value) => ({ __proto__: null, value })');
    const expected = shape(everything());
    expect(box.run(POLLUTION)).toBeGreaterThan(300);
    expect(shape(copy(wrapped(copy(everything()))).value)).toBe(expected);
    const mine = everything();
    expect(identity(mine)).toBe(mine);
    expect(wrapped(mine).value).toBe(mine);
    expect(shape(identity(mine.map))).toBe(shape(mine.map));
    expect(box.run('(o) => o.a')(mine)).toBe(mine.a);
    box.run('(o) => { o.date = 1; o[0] += "!"; }')(mine);
    expect([mine.date, mine[0]]).toEqual([1, 'zero!']);
    expect(identity(Symbol.for('x'))).toBe(Symbol.for('x'));
    expect(identity('text')).toBe('text');
    expect(box.run('(f) => f("back")')((text) => `${text} again`)).toBe('back again');
  });

  test('does not stop errors and promises from crossing', async () => {
    const box = sandbox();
    const fail = box.run('(() => { const E = TypeError; return (m) => { throw new E(m); }; })()');
    const settle = box.run('(async (v) => v)');
    const mine = new RangeError('mine');
    expect(box.run(POLLUTION)).toBeGreaterThan(300);
    expect(() => fail('theirs')).toThrow(TypeError);
    expect(() =>
      box.run('(f) => f()')(() => {
        throw mine;
      }),
    ).toThrow(mine);
    // Not an object: resolving with one asks it for `then`, which the guest has booby-trapped.
    await expect(settle(1)).resolves.toBe(1);
  });

  test('leaves the prototypes of the host as they were', () => {
    const box = sandbox();
    const globals = [
      Object,
      Array,
      Function,
      Map,
      Set,
      Promise,
      Error,
      Symbol,
      RegExp,
      Date,
      String,
    ];
    const snapshot = () =>
      globals.map((each) => [
        Reflect.ownKeys(each).map(String),
        Reflect.ownKeys(each.prototype).map(String),
      ]);
    const before = snapshot();
    box.run('(o, f) => { f.constructor.prototype.x = o.constructor.prototype.y = 1; }')(
      everything(),
      () => {},
    );
    expect(box.run(POLLUTION)).toBeGreaterThan(300);
    box.run(`[{ __proto__: null, constructor: { prototype: { z: 1 } } }]`);
    expect(snapshot()).toEqual(before);
  });
});

describe('graphs made at random', () => {
  /** A graph of copied kinds that depends only on `seed`. Runs on both sides. */
  function randomGraph(seed) {
    let state = seed >>> 0;
    const random = () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const below = (n) => Math.floor(random() * n);
    const pick = (list) => list[below(list.length)];
    const made = [];
    let budget = 40;
    const text = () => {
      const unit = pick([() => 97 + below(26), () => below(256), () => below(0x10000)]);
      return String.fromCharCode(...Array.from({ length: below(pick([4, 30])) }, unit));
    };
    const primitive = () =>
      pick([
        () => undefined,
        () => null,
        () => random() < 0.5,
        () => below(1000) - 500,
        () => (random() - 0.5) * 2 ** below(80),
        () => pick([0, -0, NaN, Infinity, -Infinity, 2147483647, -2147483648, 2147483648]),
        () => (random() < 0.5 ? -1n : 1n) * BigInt(below(1e9)) ** BigInt(below(12)),
        text,
      ])();
    const remember = (object) => {
      made.push(object);
      return object;
    };
    const times = (n, work) => {
      for (let i = below(n); i > 0; i--) work();
    };
    const buffer = () =>
      remember(Uint8Array.from({ length: 8 * below(5) }, () => below(256)).buffer);
    const anyBuffer = () => {
      const old = made.filter((each) => each instanceof ArrayBuffer);
      return old.length > 0 && random() < 0.5 ? pick(old) : buffer();
    };
    const views = [
      Uint8Array,
      Int8Array,
      Uint8ClampedArray,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
      Float32Array,
      Float64Array,
      BigInt64Array,
      BigUint64Array,
    ];
    const object = () =>
      pick([
        () => {
          const o = remember({});
          times(6, () => {
            const key = pick([text, () => String(below(20)), () => '__proto__'])();
            Object.defineProperty(o, key, {
              value: value(),
              writable: true,
              enumerable: true,
              configurable: true,
            });
          });
          return o;
        },
        () => {
          const a = remember([]);
          times(8, () => {
            if (random() < 0.2) a.length++;
            else a.push(value());
          });
          if (random() < 0.2) a[`k${text()}`] = value();
          if (random() < 0.1) a[5000 + below(1e9)] = value();
          return a;
        },
        () => {
          const m = remember(new Map());
          times(5, () => m.set(value(), value()));
          return m;
        },
        () => {
          const s = remember(new Set());
          times(5, () => s.add(value()));
          return s;
        },
        () => remember(new Date(pick([below(2 ** 31) * 1000, NaN]))),
        () => remember(pick([/a/g, /[^b]+/iu, /(?<n>\d)/m])),
        () => remember(Object(pick([1, -0, 'boxed', '', true, false, 7n]))),
        buffer,
        () => {
          const target = anyBuffer();
          const View = pick(views);
          const room = target.byteLength / View.BYTES_PER_ELEMENT;
          const start = below(room + 1);
          const length = below(room - start + 1);
          return remember(new View(target, start * View.BYTES_PER_ELEMENT, length));
        },
        () => {
          const target = anyBuffer();
          return remember(new DataView(target, below(target.byteLength + 1)));
        },
      ])();
    const value = () => {
      if (budget-- <= 0 || random() < 0.4) return primitive();
      if (made.length > 0 && random() < 0.2) return pick(made);
      return object();
    };
    return object();
  }

  test('cross as structuredClone copies them, in both directions', () => {
    const box = sandbox({ timeout: 10_000 });
    const wrapped = box.run('(value) => ({ value })');
    const shapeThere = box.run(`(${shape})`);
    const makeThere = box.run(`(seed) => ({ value: (${randomGraph})(seed) })`);
    const wrong = [];
    const interesting = { '#': 0, Map: 0, DataView: 0, __proto__: 0 };
    for (let seed = 1; seed <= 3000; seed++) {
      const graph = copy(randomGraph(seed));
      const expected = shape(structuredClone(graph));
      const found = {
        there: shapeThere(graph),
        back: shape(copy(wrapped(graph)).value),
        'from there': shape(copy(makeThere(seed)).value),
      };
      for (const word of Object.keys(interesting)) {
        if (expected.includes(word)) interesting[word]++;
      }
      for (const [where, actual] of Object.entries(found)) {
        if (actual !== expected) wrong.push({ seed, where, expected, actual });
      }
    }
    expect(wrong.slice(0, 3)).toEqual([]);
    for (const count of Object.values(interesting)) expect(count).toBeGreaterThan(100);
  });
});

test.each(['', '-0', '0.0', ' 0 ', '1e0'])('an array with a hole keeps its property %j', (key) => {
  const code = `Object.assign(new Array(1), { [${JSON.stringify(key)}]: 'x' })`;
  const array = copy(sandbox().run(code));
  expect([Object.keys(array), array[key], array.length]).toEqual([[key], 'x', 1]);
});
