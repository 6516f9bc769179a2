'use strict';

const { notInVm } = require('./reasons.js');

const BOUNDS = 'lengths are asked again after the guest’s code has run';
const QUICKJS = notInVm('V8 is another engine');

const memory = (id, technique, known, guest, fails = BOUNDS) => ({
  id,
  technique,
  fails,
  known,
  guest,
  except: QUICKJS,
});

module.exports = [
  memory(
    'engine-sort-shrinks',
    'A comparator that shrinks or detaches the memory of the typed array that is sorted',
    'quickjs and quickjs-ng, 2026',
    `
    const buffer = new ArrayBuffer(4096, { maxByteLength: 8192 });
    const list = new Float64Array(buffer);
    for (let i = 0; i < list.length; i++) list[i] = i ^ 37;
    attempt(() => list.sort((a, b) => { attempt(() => buffer.resize(8)); return a - b; }));
    const other = new Uint32Array(2048);
    attempt(() => other.sort(() => { attempt(() => other.buffer.transfer()); return 1; }));
    for (let last = 1; last < 3000; last += 97) {
      const bytes = new Uint8Array(new ArrayBuffer(256, { maxByteLength: 2560 }));
      for (let i = 0; i < 255; i++) bytes[i] = i;
      let n = 0;
      attempt(() => bytes.sort((a, b) => { if (++n === last) bytes.buffer.resize(10); return a - b; }));
    }
    if (list.length > 1 || other.some((n) => n !== 0)) take('HOST memory');`,
  ),
  memory(
    'engine-typed-array-of-a-changing-one',
    'A typed array made of another whose memory goes while it is read',
    'quickjs and quickjs-ng, 2026',
    `
    const buffer = new ArrayBuffer(1 << 16, { maxByteLength: 1 << 17 });
    class Mine extends Uint8Array { static get [Symbol.species]() { attempt(() => buffer.resize(1)); return Uint8Array; } }
    const view = new Mine(buffer);
    const shrink = { valueOf() { attempt(() => buffer.resize(1)); return 8; } };
    for (const use of [() => view.slice(), () => view.map((x) => x), () => view.filter(() => true), () => new Uint16Array(view),
      () => view.subarray(10, 60000), () => new Uint32Array(buffer, shrink, shrink), () => new DataView(buffer, shrink),
      () => Reflect.construct(Uint8Array, [buffer, 8], new Proxy(function () {}, { get: () => { buffer.resize(1); } })),
      () => Reflect.construct(Uint8Array, [view], new Proxy(function () {}, { get: () => { buffer.resize(1); } })),
      () => view.with({ valueOf() { buffer.resize(1); return 0; } }, 0)]) {
      attempt(() => buffer.resize(1 << 16));
      const made = attempt(use);
      if (made instanceof Object.getPrototypeOf(Uint8Array) && made.some((n) => n !== 0)) take('HOST memory');
    }`,
  ),
  memory(
    'engine-atomics-on-a-changing-buffer',
    'An index or value whose conversion shrinks the memory that the operation is on',
    'quickjs and quickjs-ng, 2026',
    `
    for (const name of ['store', 'add', 'exchange', 'and', 'or', 'xor', 'sub', 'load', 'compareExchange', 'notify']) {
      const buffer = new ArrayBuffer(1 << 16, { maxByteLength: 1 << 16 });
      const view = new Int32Array(buffer);
      const shrink = { valueOf() { attempt(() => buffer.resize(0)); return 16000; } };
      const seen = attempt(() => Atomics[name](view, 16000, shrink, shrink));
      const other = attempt(() => Atomics[name](view, shrink, 1, 1));
      for (const n of [seen, other]) if (typeof n === 'number' && n !== 0 && n !== 16000) take('HOST memory');
    }`,
  ),
  memory(
    'engine-copy-beyond-the-end',
    '`fill`, `set`, `copyWithin` and DataView with arguments that shrink the memory first',
    undefined,
    `
    const make = () => new Uint8Array(new ArrayBuffer(1 << 16, { maxByteLength: 1 << 16 }));
    for (const use of [
      (v, n) => v.fill(n, 0, 1 << 16), (v, n) => v.copyWithin(0, n, 1 << 16), (v, n) => v.set([1, 2], n),
      (v, n) => new DataView(v.buffer).setFloat64(n, 1), (v, n) => new DataView(v.buffer).getFloat64(n),
      (v, n) => v.subarray(n).length, (v, n) => v.at(n), (v, n) => v.lastIndexOf(1, n), (v, n) => v.includes(undefined, n),
    ]) {
      const view = make();
      attempt(() => use(view, { valueOf() { attempt(() => view.buffer.resize(0)); return 60000; } }));
      if (view.length !== 0) take('HOST memory');
    }`,
  ),
  memory(
    'engine-array-changed-while-walked',
    'Arrays cut, grown and turned sparse by callbacks and getters of what walks them',
    undefined,
    `
    for (const name of ['map', 'filter', 'forEach', 'some', 'sort', 'flatMap', 'findLast', 'reduce', 'toSorted']) {
      const list = Array.from({ length: 300 }, (_, i) => ({ i }));
      attempt(() => list[name](() => { list.length = 0; list[1e3] = 1; list.splice(0, 5); return 0; }));
    }
    const list = [1, 2, 3];
    Object.defineProperty(list, 1, { get() { list.length = 0; return [{}]; } });
    for (const use of [() => list.concat(list), () => list.slice(), () => list.flat(), () => [...list], () => list.join(),
      () => list.splice(0), () => list.toSpliced(0, 1), () => Math.max(...list), () => list.reverse()]) attempt(use);`,
    'arrays are looked at anew in each step; none of it reads what was freed',
  ),
  memory(
    'engine-regexp-state',
    'Expressions recompiled, and their last index moved beyond the text, by what they call',
    undefined,
    `
    const expression = /(?:a|b)+(c)?/gy;
    const index = { valueOf() { attempt(() => expression.compile('x'.repeat(1000))); return 1e9; } };
    for (const use of [() => { expression.lastIndex = index; return expression.exec('abcabc'); },
      () => 'abc'.replace(expression, () => { expression.compile('(((((a)))))'); return ''; }),
      () => [...'aaa'.matchAll(expression)], () => expression[Symbol.split]('abc', index)]) attempt(use);`,
    'an expression is asked once for what it is when it begins',
  ),
  memory(
    'engine-generator-re-entered',
    'A generator that runs itself, and one whose frame is left by a stack overflow',
    undefined,
    `
    const generator = (function* () { yield attempt(() => generator.next()); yield* generator; })();
    attempt(() => generator.next()); attempt(() => generator.next());
    const steps = [];
    (async function* deep() { steps.push(deep); for await (const each of deep()) yield each; })().next().catch(() => {});
    attempt(function dive() { [...(function* () { yield dive(); })()]; });`,
    'a generator that runs is not run again, and frames own what they refer to',
  ),
  memory(
    'engine-collected-under-way',
    'Objects whose last reference goes in the midst of an operation on them',
    undefined,
    `
    let holder = { list: [1, 2, 3] };
    const proxy = new Proxy({}, { get(_, key) { holder = null; return key === 'length' ? 3 : {}; }, has: () => true });
    for (const use of [() => Array.prototype.concat.call(proxy, proxy), () => Reflect.apply(Math.max, null, proxy),
      () => JSON.stringify({ toJSON() { holder = null; return proxy; } }), () => new Map([[proxy, 1]]).forEach((_, key, map) => map.clear()),
      () => { const set = new Set([1, 2, 3]); for (const each of set) { set.clear(); if (each < 9) set.add(each + 1); } }]) attempt(use);
    const registry = new FinalizationRegistry(() => take);
    for (let i = 0; i < 500; i++) { const o = {}; o.self = o; registry.register(o, i); new WeakRef(o); }`,
    'operations hold what they work on',
  ),
  {
    id: 'engine-bytecode',
    technique: 'Bytecode of the guest’s making, where a `cachedData` is accepted',
    fails: 'no bytecode is taken from outside: the text is compiled each time',
    guest: `new Uint8Array([21, 1, 2, 3, 255, 255, 255, 255, 127, 0, 0, 0, 9, 9, 9, 9]).fill(0x43, 4)`,
    host({ result }) {
      const { Script } = require('../../../vm.js');
      const script = new Script('6 * 7', { cachedData: Buffer.from(result) });
      return script.runInNewContext({}) !== 42;
    },
    except: notInVm('what V8 does with such data is not the matter here'),
  },
  {
    id: 'engine-modules-of-its-own',
    technique:
      'The engine’s own modules and globals for programs: `std`, `os`, `print`, `bjson`, workers',
    fails: 'they are not part of this build, and `import` is refused',
    known: 'quickjs’ command line tools',
    guest: `
      for (const name of ['std', 'os', 'bjson', 'qjs:std', 'qjs:os']) import(name).then((found) => take('HOST ' + name), () => {});
      for (const name of ['std', 'os', 'print', 'scriptArgs', 'Worker', 'load', '__loadScript', 'gc', 'bjson']) {
        if (globalThis[name] !== undefined) take('HOST ' + name);
      }`,
    except: QUICKJS,
  },
];
