'use strict';

// What programs do to objects through libraries: the same to guest objects as to local ones.

const assert = require('node:assert');
const { createHash, randomFillSync } = require('node:crypto');
const { Readable } = require('node:stream');
const { format, inspect, isDeepStrictEqual, types } = require('node:util');
const cloneDeep = require('lodash.clonedeep');
const { sandbox, expectNoLeaks, eventually, errorOf, collect, turn } = require('./support.js');
const { OBJECTS, evaluate } = require('./membrane-cases.js');

afterEach(expectNoLeaks);

const open = (options) => sandbox({ policy: 'transparent', timeout: 20_000, ...options });

/** What is made on both sides, besides the objects of the other specs. */
const VALUES = {
  ...OBJECTS,
  'nested data': `({ id: 1, tags: ['a', 'b'], owner: { name: 'x', roles: [{ r: 1 }] }, when: new Date(0), at: null,
    m: new Map([['k', { v: [1] }]]), s: new Set([1, 'two']), re: /x+/gi, big: 10n, none: undefined, f: 1.5, buf: new Uint8Array([1, 2, 3]) })`,
  'a deep list': `[[[[['deep']]]]]`,
  'an instance with data': `new (class Account { id = 1; list = [{ a: 1 }]; when = new Date(5); })()`,
};

const names = Object.entries(VALUES);

/** Runs a host function on a guest's object and on one made here, and wants the same. */
function expectSame(source, use, normalize = (answer) => answer) {
  const box = open();
  const run = (value) => {
    try {
      return normalize(use(value));
    } catch (error) {
      return `throws ${error.name}`;
    }
  };
  const answer = run(box.run(`(${source})`));
  const expected = run(evaluate(source));
  box.dispose();
  expect(answer).toEqual(expected);
}

describe('util.inspect', () => {
  // A Proxy is shown as its target, functions with what only their own engine knows of them, a
  // cycle without its numbers.
  const skipped =
    /^a Proxy|generator|async|iterator|iterable|instances|arguments|a throwing getter|bound|cycle/;
  test.each(names.filter(([name]) => !skipped.test(name)))('%s', (_name, source) => {
    expectSame(source, (value) =>
      inspect(value, { depth: 5, compact: true, breakLength: Infinity }),
    );
  });

  test('to a depth, hidden properties, in format and in a template', () => {
    const box = open();
    const o = box.run(
      '({ a: { b: { c: { d: { e: 1 } } } }, list: Array.from({ length: 200 }, (_, i) => i) })',
    );
    expect(inspect(o, { depth: 0 })).toBe('{ a: [Object], list: [Array] }');
    expect(inspect(o)).toContain('100 more items');
    expect(inspect(o, { depth: 1 })).toContain('{ b: [Object] }');
    expect(format('%O|%s|%j', box.run('[1]'), box.run('[1]'), box.run('({ a: 1 })'))).toBe(
      '[ 1 ]|[ 1 ]|{"a":1}',
    );
    expect(
      inspect(box.run('({ get bad() { throw new Error("no"); } })'), { getters: true }),
    ).toContain('bad');
    expect(inspect(box.run('(function* () {})()'))).toMatch(/Generator/);
    expect(inspect([o, o])).toContain('a: ');
    expect(inspect(box.run('const o = { n: 1 }; o.self = o; o'))).toContain('[Circular');
  });

  test('of what is gone says so, and throws nothing', () => {
    const box = open();
    const o = box.run('({ a: 1 })');
    box.dispose();
    expect(inspect(o)).toBe('[ERR_SANDBOX_DISPOSED]');
    expect(inspect({ o })).toBe('{ o: [ERR_SANDBOX_DISPOSED] }');
  });
});

describe('node:assert and util.isDeepStrictEqual', () => {
  const plain = names.filter(([name]) =>
    /data|plain object|^an array$|deep list|array of objects|without a prototype|holes/.test(name),
  );
  test.each(plain)('%s equals its like', (name, source) => {
    const box = open();
    const [guest, other, local] = [
      box.run(`(${source})`),
      box.run(`(${source})`),
      evaluate(source),
    ];
    assert.deepEqual(guest, local);
    assert.deepEqual(guest, other);
    // Instances are of two classes of that name; all else is strictly equal.
    if (name !== 'an instance with data') {
      assert.deepStrictEqual(guest, local);
      assert.deepStrictEqual(local, guest);
      expect(isDeepStrictEqual(guest, other)).toBe(true);
      expect(guest).toEqual(local);
    }
    const changed = evaluate(source);
    changed.more = 1;
    assert.notDeepEqual(guest, changed);
    assert.throws(() => assert.deepStrictEqual(guest, changed), assert.AssertionError);
    box.dispose();
  });

  test('tell objects apart by what is in them', () => {
    const box = open();
    assert.notDeepStrictEqual(box.run('({ a: 1 })'), { a: 2 });
    assert.notDeepStrictEqual(box.run('[1]'), { 0: 1 });
    assert.notDeepStrictEqual(box.run('[1, , 3]'), [1, undefined, 3]);
    assert.notDeepStrictEqual(box.run('({ a: undefined })'), {});
    assert.notDeepStrictEqual(box.run('new (class A { x = 1 })()'), { x: 1 });
    assert.throws(() => box.run('null.x'), TypeError);
    assert.throws(() => box.run('throw Object.assign(new Error("m"), { code: "E" })'), {
      code: 'E',
      message: 'm',
    });
  });
});

describe('lodash.clonedeep', () => {
  const cloneable = names.filter(
    ([name]) =>
      /data|plain|array|holes|objects|cycle|list/.test(name) && !/iterator|Proxy|fixed/.test(name),
  );
  test.each(cloneable)('%s', (_name, source) => {
    expectSame(source, (value) => inspect(cloneDeep(value), { depth: 9, showHidden: false }));
  });

  test('makes objects of the host, apart from the guest’s', () => {
    const box = open();
    const o = box.run(
      'globalThis.o = { list: [{ a: 1 }], when: new Date(5), m: new Map([[1, { x: 1 }]]) }',
    );
    const clone = cloneDeep(o);
    box.run('o.list[0].a = 2; o.m.get(1).x = 2;');
    expect(clone).toEqual({ list: [{ a: 1 }], when: new Date(5), m: new Map([[1, { x: 1 }]]) });
    expect(types.isProxy(clone.list[0])).toBe(false);
    expect(structuredClone(clone)).toEqual(clone);
  });
});

describe('deep freeze', () => {
  const deepFreeze = `function deepFreeze(o) {
    Object.freeze(o);
    for (const key of Reflect.ownKeys(o)) {
      const own = Object.getOwnPropertyDescriptor(o, key);
      const { value } = own;
      if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !Object.isFrozen(value)) deepFreeze(value);
    }
    return o;
  }`;
  const DATA = '({ a: 1, list: [{ b: [2] }, 3], inner: { f() { return this; } } })';
  const tries = `(o) => { 'use strict';
    const answers = [Object.isFrozen(o), Object.isFrozen(o.list), Object.isFrozen(o.list[0].b)];
    for (const change of [() => { o.a = 2; }, () => o.list.push(1), () => { o.list[0].b[0] = 1; }, () => { delete o.inner; }, () => { o.inner.x = 1; }]) {
      try { change(); answers.push('changed'); } catch (e) { answers.push(e.name); }
    }
    return answers.concat(JSON.stringify(o)).join();
  }`;
  const FROZEN =
    'true,true,true,TypeError,TypeError,TypeError,TypeError,TypeError,{"a":1,"list":[{"b":[2]},3],"inner":{}}';

  test('of a guest’s data by the host, and of the host’s by a guest', () => {
    const box = open();
    const there = evaluate(deepFreeze)(box.run(`globalThis.o = ${DATA}`));
    expect(evaluate(tries)(there)).toBe(FROZEN);
    expect(box.run(`(${tries})(o)`)).toBe(FROZEN);
    const here = evaluate(DATA);
    expect(box.run(`(${deepFreeze})`)(here)).toBe(here);
    expect(evaluate(tries)(here)).toBe(FROZEN);
    expect(box.run(`(${tries})`)(here)).toBe(FROZEN);
  });
});

describe('util.types and structuredClone', () => {
  const NATIVE = [
    'Date',
    'RegExp',
    'Map',
    'Set',
    'Promise',
    'NativeError',
    'ArrayBuffer',
    'Uint8Array',
    'DataView',
    'BoxedPrimitive',
  ];
  const SAMPLES = [
    'new Date(0)',
    '/x/',
    'new Map()',
    'new Set()',
    'Promise.resolve()',
    'new RangeError()',
    'new ArrayBuffer(1)',
    'new Uint8Array(1)',
    'new DataView(new ArrayBuffer(1))',
    'Object("s")',
  ];
  test.each(NATIVE.map((name, index) => [name, SAMPLES[index]]))('is%s', (name, source) => {
    const box = open();
    expect([types[`is${name}`](box.run(source)), types.isProxy(box.run(source))]).toEqual([
      true,
      false,
    ]);
  });

  test('a live object is a Proxy, which structuredClone refuses', () => {
    const box = open();
    for (const source of ['({})', '[]', '() => {}', 'new (class {})()', 'new WeakMap()']) {
      const value = box.run(`(${source})`);
      expect(types.isProxy(value)).toBe(true);
      expect(errorOf(() => structuredClone(value)).name).toBe('DataCloneError');
    }
    expect(structuredClone(box.run('new Map([[1, new Date(5)]])'))).toEqual(
      new Map([[1, new Date(5)]]),
    );
  });
});

describe('JSON', () => {
  test.each(names)('%s', (_name, source) => {
    // There is no JSON for bigints.
    expectSame(source.replace('10n', '10'), (value) => JSON.stringify(value, null, 1));
  });

  test('toJSON, replacers and revivers of the guest', () => {
    const box = open();
    expect(JSON.stringify(box.run('({ toJSON(key) { return [key, "json"]; } })'))).toBe(
      '["","json"]',
    );
    expect(JSON.stringify({ x: box.run('({ toJSON: (key) => key })') })).toBe('{"x":"x"}');
    expect(
      JSON.stringify(
        { a: 1, b: [2] },
        box.run('(key, value) => (typeof value === "number" ? value + 1 : value)'),
      ),
    ).toBe('{"a":2,"b":[3]}');
    expect(JSON.stringify({ a: 1, b: 2 }, box.run('["b"]'))).toBe('{"b":2}');
    expect(
      JSON.parse(
        '{"a":1}',
        box.run('(function (key, value) { return key === "a" ? [this.a, value] : value; })'),
      ),
    ).toEqual({ a: [1, 1] });
  });
});

describe('bytes', () => {
  test('hashes, files of bytes, text and Buffers of a guest’s array', () => {
    const box = open();
    const bytes = box.run('Uint8Array.from({ length: 300 }, (_, i) => i)');
    const local = Uint8Array.from({ length: 300 }, (_, i) => i);
    const sha = (data) => createHash('sha256').update(data).digest('hex');
    expect(sha(bytes)).toBe(sha(local));
    expect(sha(box.run('new DataView(new Uint8Array([1, 2, 3]).buffer, 1)'))).toBe(
      sha(local.subarray(2, 4)),
    );
    expect(Buffer.from(bytes).equals(Buffer.from(local))).toBe(true);
    expect(Buffer.concat([bytes, local]).length).toBe(600);
    expect(new TextDecoder().decode(box.run('new Uint8Array([104, 105])'))).toBe('hi');
    expect(randomFillSync(bytes)).toBe(bytes);
    expect(
      box.run('(b) => [b instanceof Uint8Array, b.length, b[1]].join()')(Buffer.from([1, 2])),
    ).toBe('true,2,2');
    expect(Buffer.from(box.run('[104, 105]')).toString()).toBe('hi');
  });
});

describe('built-ins of the host given objects of the guest', () => {
  test.each([
    [
      'Object.fromEntries',
      '[["a", 1], ["b", { c: 2 }]]',
      (x) => JSON.stringify(Object.fromEntries(x)),
    ],
    ['new Map', '[["a", 1]]', (x) => [...new Map(x)].join()],
    ['new Set', '[1, 1, 2]', (x) => [...new Set(x)]],
    ['Math.max', '[1, 5, 2]', (x) => Math.max(...x)],
    ['String.raw', '({ raw: ["a", "b"] })', (x) => String.raw(x, 1)],
    ['Array.prototype.concat', '[[1], 2]', (x) => [0].concat(x, x[0]).length],
    ['Reflect.apply', '[1, 2]', (x) => Reflect.apply((a, b) => a + b, null, x)],
    ['Reflect.construct', '[2020, 0]', (x) => Reflect.construct(Date, x).getFullYear()],
    [
      'Object.create',
      '({ a: { value: 1, enumerable: true } })',
      (x) => ({ ...Object.create({}, x) }),
    ],
    [
      'Object.defineProperty',
      '({ get() { return 5; }, enumerable: true })',
      (x) => Object.defineProperty({}, 'p', x).p,
    ],
    ['reduce', '[1, 2, 3]', (x) => x.reduce((sum, n) => sum + n, 0)],
    ['sort with a comparison', '(a, b) => b - a', (f) => [1, 3, 2].sort(f)],
    ['replace with a function', '(m) => m.toUpperCase()', (f) => 'abc'.replace(/b/, f)],
    [
      'Array.from with an iterable',
      '({ *[Symbol.iterator]() { yield 1; yield 2; } })',
      (x) => Array.from(x, (n) => n * 2),
    ],
    ['Array.from with a length', '({ length: 2, 0: "a" })', (x) => Array.from(x)],
    [
      'a tagged template',
      '(strings, ...values) => strings.raw.join("|") + values.join()',
      (tag) => tag`a${1}b${2}`,
    ],
    ['a symbol as a key', '({ [Symbol.for("k")]: 1 })', (x) => x[Symbol.for('k')]],
    ['toLocaleString', '[1234.5]', (x) => typeof x.toLocaleString()],
    [
      'Symbol.isConcatSpreadable',
      '({ length: 1, 0: "x", [Symbol.isConcatSpreadable]: true })',
      (x) => [].concat(x),
    ],
    [
      'Symbol.species',
      '(class L extends Array { static get [Symbol.species]() { return Array; } }).of(1, 2)',
      (x) => x.map((n) => n).constructor === Array,
    ],
    [
      'Symbol.toPrimitive',
      '({ [Symbol.toPrimitive]: (hint) => hint })',
      (x) => [`${x}`, x - 1, [x].join()],
    ],
    ['Date from an object', '({ valueOf: () => 5 })', (x) => new Date(x).getTime()],
    [
      'RegExp-like matching',
      '({ [Symbol.match]: () => ["m"], [Symbol.replace]: () => "r", [Symbol.search]: () => 3 })',
      (x) => ['t'.match(x)[0], 't'.replace(x, ''), 't'.search(x)],
    ],
    [
      'a WeakRef and a WeakMap',
      '({})',
      (x) => [new WeakRef(x).deref() === x, new WeakMap([[x, 1]]).get(x)],
    ],
    ['a Proxy around it', '({ a: 1 })', (x) => Object.keys(new Proxy(x, {}))],
    [
      'a class that extends it',
      '(class A { m() { return 1; } })',
      (A) => new (class B extends A {})().m(),
    ],
    ['delete', '({ a: 1, b: 2 })', (x) => [delete x.a, Object.keys(x)]],
  ])('%s', (_name, source, use) => {
    expectSame(source, use);
  });

  test('streams, and awaiting, of the guest’s objects', async () => {
    const box = open();
    const chunks = [];
    for await (const chunk of Readable.from(box.run('[{ a: 1 }, { a: 2 }]'))) chunks.push(chunk.a);
    for await (const chunk of Readable.from(
      box.run('(async function* () { yield "x"; yield "y"; })()'),
    ))
      chunks.push(chunk);
    expect(chunks).toEqual([1, 2, 'x', 'y']);
    const all = await Promise.all(box.run('[1, Promise.resolve({ b: 2 }), { then(f) { f(3); } }]'));
    expect([all[0], all[1].b, all[2]]).toEqual([1, 2, 3]);
    const settled = await Promise.allSettled(box.run('[Promise.reject(new RangeError("r"))]'));
    expect(settled[0].reason).toBeInstanceOf(RangeError);
    expect(await Promise.race([box.run('Promise.resolve("first")')])).toBe('first');
  });
});

describe('handles', () => {
  const COUNT = 20_000;
  const STEP = 1_000;

  /** Makes objects cross in steps with the event loop in between; answers the most handles seen. */
  async function most(box, each) {
    let peak = 0;
    for (let i = 0; i < COUNT; i += STEP) {
      for (let j = i; j < i + STEP; j++) each(j);
      collect();
      await turn();
      await turn();
      const { hostHandles, guestHandles } = box.usage();
      peak = Math.max(peak, hostHandles + guestHandles);
    }
    return peak;
  }

  test('of guest objects are flat', async () => {
    const box = open();
    const make = box.run('(i) => ({ i, list: [i], f() { return this.i; } })');
    const peak = await most(box, (i) => {
      const o = make(i);
      if (o.f() + o.list[0] !== 2 * i) throw new Error('wrong');
    });
    expect(peak).toBeLessThan(12 * STEP);
    expect(await eventually(() => box.usage().guestHandles <= 1)).toBe(true);
    expect(box.usage().memoryBytes).toBeLessThan(4 * 1024 * 1024);
  });

  test('of host objects are flat', async () => {
    const box = open();
    const use = box.run('(o) => o.f() + o.list[0]');
    const peak = await most(box, (i) => {
      const o = {
        i,
        list: [i],
        f() {
          return this.i;
        },
      };
      if (use(o) !== 2 * i) throw new Error('wrong');
    });
    expect(peak).toBeLessThan(100);
    use({ f: () => 0, list: [0] });
    expect(box.usage().hostHandles).toBeLessThan(10);
    expect(box.usage().memoryBytes).toBeLessThan(4 * 1024 * 1024);
  });

  test('of objects that a guest keeps and lets go of', async () => {
    const box = open();
    const keep = box.run('globalThis.kept = []; (o) => kept.push(o)');
    for (let i = 0; i < STEP; i++) keep({ i });
    expect(box.usage().hostHandles).toBe(STEP);
    expect(box.run('kept[999].i')).toBe(999);
    box.run('kept = []');
    box.run('0');
    expect(box.usage().hostHandles).toBe(0);
  });

  test('of objects that the host keeps and lets go of', async () => {
    const box = open();
    const make = box.run('(i) => ({ i })');
    let kept = Array.from({ length: STEP }, (_, i) => make(i));
    collect();
    await turn();
    expect(box.usage().guestHandles).toBe(STEP + 1);
    expect(kept[999].i).toBe(999);
    kept = undefined;
    expect(await eventually(() => box.usage().guestHandles <= 1)).toBe(true);
  });

  test('of cycles through both sides last until dispose, which ends them all', () => {
    const box = open();
    const tie = box.run('(host) => { const guest = { host }; host.guest = guest; }');
    for (let i = 0; i < 100; i++) tie({});
    box.run('0');
    const { hostHandles } = box.usage();
    expect(hostHandles).toBeGreaterThanOrEqual(100);
    box.dispose();
    expect(errorOf(() => box.usage()).code).toBe('ERR_SANDBOX_DISPOSED');
  });
});
