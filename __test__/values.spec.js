'use strict';

const vm = require('node:vm');
const { sandbox, expectNoLeaks } = require('./support.js');

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

/** Shows that the value of `expression` is the same on both sides after each way of crossing. */
function expectSameEverywhere(expression) {
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
    expect(Object.keys(box.run('(o) => o')(object))).toEqual(keys);
    expect(box.run('(o) => Object.keys(o)')(object)).toEqual(keys);
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

  test('properties with symbols for keys stay behind', () => {
    const box = lasting();
    expect(box.run('(o) => Reflect.ownKeys(o).length')({ a: 1, [Symbol('b')]: 2 })).toBe(1);
    expect(Reflect.ownKeys(box.run('({ a: 1, [Symbol("b")]: 2 })'))).toEqual(['a']);
  });
});

describe('a copied object has the same form on the other side', () => {
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

  test('an object without a prototype arrives as a plain one', () => {
    const box = sandbox();
    const bare = Object.assign(Object.create(null), { a: 1 });
    expect(box.run('(o) => Object.getPrototypeOf(o) === Object.prototype && o.a')(bare)).toBe(1);
    const arrived = box.run('Object.assign(Object.create(null), { a: 1 })');
    expect(Object.getPrototypeOf(arrived)).toBe(Object.prototype);
    expect(arrived.a).toBe(1);
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
    const arrived = box.run(`JSON.parse('{ "__proto__": { "polluted": true }, "a": 1 }')`);
    expect(Object.getPrototypeOf(arrived)).toBe(Object.prototype);
    expect(arrived.polluted).toBeUndefined();
    expect(Object.getOwnPropertyDescriptor(arrived, '__proto__').value).toEqual({ polluted: true });
    expect({}.polluted).toBeUndefined();
    const list = box.run(`Object.defineProperty([], '__proto__',
      { value: { polluted: true }, enumerable: true })`);
    expect(Object.getPrototypeOf(list)).toBe(Array.prototype);
  });

  test('a frozen object arrives as one that can be changed', () => {
    const box = sandbox();
    expect(
      box.run('(o) => { o.a.push(2); o.b = 1; return o; }')(Object.freeze({ a: [1] })),
    ).toEqual({
      a: [1, 2],
      b: 1,
    });
    expect(Object.isFrozen(box.run('Object.freeze({ a: 1 })'))).toBe(false);
  });

  test('a copy is a copy: changes stay on their side', () => {
    const box = sandbox();
    const mine = { list: [1] };
    box.run('(o) => { o.list.push(2); o.added = true; }')(mine);
    expect(mine).toEqual({ list: [1] });
    box.run('globalThis.theirs = { list: [1] }');
    box.run('theirs').list.push(2);
    expect(box.run('theirs.list.length')).toBe(1);
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

  test('a getter is read once and arrives as a value', () => {
    const box = sandbox();
    let reads = 0;
    const object = {
      get a() {
        return ++reads;
      },
    };
    expect(box.run(`(o) => Object.getOwnPropertyDescriptor(o, 'a').value`)(object)).toBe(1);
    expect(reads).toBe(1);
    const arrived = box.run('globalThis.reads = 0; ({ get a() { return ++reads; } })');
    expect(Object.getOwnPropertyDescriptor(arrived, 'a')).toEqual({
      value: 1,
      writable: true,
      enumerable: true,
      configurable: true,
    });
    expect(box.run('reads')).toBe(1);
  });

  test('a getter that throws makes the call throw its error', () => {
    const box = sandbox();
    const mine = new Error('mine');
    const object = {
      get a() {
        throw mine;
      },
    };
    expect(() => box.run('(o) => o')(object)).toThrow(mine);
    expect(() => box.run('({ get a() { throw new RangeError("theirs"); } })')).toThrow(
      expect.objectContaining({ constructor: RangeError, message: 'theirs' }),
    );
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

describe('references inside a message are kept', () => {
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
  ])('%s', expectSameEverywhere);

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
      const [a, b] = box.run(`
        (() => { const b = new ArrayBuffer(${size});
          return [new Uint8Array(b, 3, 2), new Uint8Array(b, 2, 2)]; })()`);
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
    // The chain is as deep as it is long: only the array's order keeps it from recursing.
    const flat = list.map(({ id }) => ({ id, text: `row ${id}` }));
    expect(box.run('(l) => l.reduce((sum, { id }) => sum + id, 0)')(flat)).toBe(4_999_950_000);
    expect(box.run('(l) => l')(flat)).toEqual(flat);
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
    const foreign = vm.runInNewContext(`(${expression})`);
    const expected = shape(local(expression.replace('Object.create(null)', '{}')));
    expect(text(foreign)).toBe(expected);
    expect(shape(box.run('(v) => v')(foreign))).toBe(expected);
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
    const expected = shape(everything());
    expect(box.run(POLLUTION)).toBeGreaterThan(300);
    expect(shape(identity(everything()))).toBe(expected);
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
    const identity = box.run('(v) => v');
    const shapeThere = box.run(`(${shape})`);
    const makeThere = box.run(`(${randomGraph})`);
    const wrong = [];
    const interesting = { '#': 0, Map: 0, DataView: 0, __proto__: 0 };
    for (let seed = 1; seed <= 3000; seed++) {
      const graph = randomGraph(seed);
      const expected = shape(structuredClone(graph));
      const found = {
        there: shapeThere(graph),
        back: shape(identity(graph)),
        'from there': shape(makeThere(seed)),
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
