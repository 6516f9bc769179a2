'use strict';

// Values made at random cross and come back, as `structuredClone` has them; and replies with
// random damage are read. QUICKVM_FUZZ says for how many seconds, QUICKVM_SEED with which seed
// they begin.

const { Sandbox, copy } = require('..');
const mailbox = require('../lib/mailbox.js');
const { sandbox, expectNoLeaks } = require('./support.js');

afterEach(expectNoLeaks);

/** Says how much was done, if it is more than usual. */
function tell(text) {
  if (process.env.QUICKVM_FUZZ !== undefined) process.stderr.write(`${text}\n`);
}

const SECONDS = Number(process.env.QUICKVM_FUZZ ?? 2);
jest.setTimeout(30_000 + SECONDS * 1000);
const FIRST_SEED = Number(process.env.QUICKVM_SEED ?? 1);

/** Numbers that look random and are the same each time (mulberry32). */
function generator(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Does `work` with one seed after another, as long as there is time; answers how often. */
function forAWhile(work) {
  const end = performance.now() + SECONDS * 1000;
  let seed = FIRST_SEED;
  for (; performance.now() < end; seed++) {
    try {
      work(generator(seed), seed);
    } catch (error) {
      error.message = `seed ${seed}: ${error.message}`;
      throw error;
    }
  }
  return seed - FIRST_SEED;
}

const NUMBERS = [0, -0, 1, -1, 0.1, NaN, Infinity, -Infinity, 2 ** 31, -(2 ** 31), 2 ** 53, 5e-324];
const TEXTS = [
  '',
  'a',
  'é',
  '€uro',
  '🎉',
  '\ud800',
  '\udc00x',
  'a\0b',
  '__proto__',
  'x'.repeat(300),
];
const KEYS = [
  ...TEXTS,
  'constructor',
  'toString',
  'then',
  'length',
  '0',
  '-1',
  '4294967295',
  'toJSON',
];
const VIEWS = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array],
];

/** A value of any kind that can be cloned, with cycles and what is in it twice. */
function madeUp(random) {
  const made = [];
  const pick = (list) => list[random(list.length)];
  const keep = (object) => {
    made.push(object);
    return object;
  };
  const some = (use) => {
    for (let i = random(5); i > 0; i--) use();
  };
  const buffer = () => {
    const buffers = made.filter((object) => object instanceof ArrayBuffer);
    if (buffers.length > 0 && random(2) === 0) return pick(buffers);
    return keep(Uint8Array.from({ length: 8 * random(40) }, () => random(256)).buffer);
  };
  const put = (object, key, value) =>
    Object.defineProperty(object, key, {
      value,
      ...{ writable: true, enumerable: true, configurable: true },
    });
  const make = (depth) => {
    const kind = random(depth > 5 ? 7 : 19);
    switch (kind) {
      case 0:
        return pick([undefined, null, true, false]);
      case 1:
        return pick(NUMBERS);
      case 2:
        return random(2 ** 32) * (random(2) ? 1 : -1.5);
      case 3:
        return BigInt(random(2 ** 32)) ** BigInt(1 + random(9)) * (random(2) ? 1n : -1n);
      case 4:
      case 5:
        return (
          String.fromCharCode(...Array.from({ length: random(9) }, () => random(70000))) +
          pick(TEXTS)
        );
      case 6:
        return made.length > 0 ? pick(made) : null;
      case 7: {
        const array = keep(new Array(random(6)));
        for (let i = 0; i < array.length; i++) if (random(4) > 0) array[i] = make(depth + 1);
        if (random(4) === 0)
          put(
            array,
            pick(KEYS.filter((key) => key !== 'length' && key !== '4294967295')),
            make(depth + 1),
          );
        return array;
      }
      case 8: {
        const map = keep(new Map());
        some(() => map.set(make(depth + 1), make(depth + 1)));
        return map;
      }
      case 9: {
        const set = keep(new Set());
        some(() => set.add(make(depth + 1)));
        return set;
      }
      case 10:
        return keep(new Date(pick([0, 1e12, -1, NaN, 8.64e15])));
      case 11:
        return keep(
          new RegExp(
            pick(['a+', '(?<n>b)|c', '\\u{1f389}', '/']),
            pick(['', 'g', 'iu', 'my', 'dgimsuy']),
          ),
        );
      case 12:
        return buffer();
      case 13: {
        const bytes = buffer();
        const View = pick(VIEWS);
        const size = View.BYTES_PER_ELEMENT;
        const start = random(Math.floor(bytes.byteLength / size) + 1);
        const length = random(Math.floor(bytes.byteLength / size) - start + 1);
        return keep(new View(bytes, start * size, length));
      }
      case 14: {
        const bytes = buffer();
        return keep(new DataView(bytes, random(bytes.byteLength + 1)));
      }
      case 15:
        return keep(Object(pick([true, 'boxed', -0, 5n])));
      default: {
        const object = keep({});
        some(() => put(object, random(3) ? pick(KEYS) : `k${random(50)}`, make(depth + 1)));
        return object;
      }
    }
  };
  return make(0);
}

const kindOf = (value) => Object.prototype.toString.call(value).slice(8, -1);

/** What two values differ in, if they do: a path. They may have cycles, which must be alike. */
function difference(a, b, path = 'value', pairs = new Map(), known = new Set()) {
  if (Object(a) !== a || Object(b) !== b) return Object.is(a, b) ? undefined : path;
  if (pairs.has(a) || known.has(b)) return pairs.get(a) === b ? undefined : `${path} (which)`;
  pairs.set(a, b);
  known.add(b);
  const kind = kindOf(a);
  if (kind !== kindOf(b)) return `${path} (${kind}, ${kindOf(b)})`;
  const parts = (x) => {
    if (ArrayBuffer.isView(x)) return [x.buffer, x.byteOffset, x.byteLength];
    switch (kind) {
      case 'Map':
        return [...x].flat();
      case 'Set':
        return [...x];
      case 'Date':
        return [x.getTime()];
      case 'RegExp':
        return [x.source, x.flags];
      case 'ArrayBuffer':
        return [...new Uint8Array(x)];
      case 'Boolean':
      case 'Number':
      case 'String':
      case 'BigInt':
        return [x.valueOf()];
      default: {
        const keys = Object.keys(x);
        return [keys.join(), ...keys.map((key) => x[key]), Array.isArray(x) ? x.length : undefined];
      }
    }
  };
  const [mine, theirs] = [parts(a), parts(b)];
  if (mine.length !== theirs.length) return `${path} (${mine.length} parts, ${theirs.length})`;
  for (let i = 0; i < mine.length; i++) {
    const found = difference(mine[i], theirs[i], `${path}.${kind}[${i}]`, pairs, known);
    if (found !== undefined) return found;
  }
  return undefined;
}

test('values come back as structuredClone has them', () => {
  const box = sandbox({ timeout: 60_000 });
  const there = box.run('(value) => [value]');
  const times = forAWhile((random) => {
    const value = madeUp(random);
    const [back] = copy(there(copy(value)));
    expect(difference(structuredClone(value), back)).toBe(undefined);
  });
  tell(`${times} values`);
  expect(times).toBeGreaterThan(50);
  expect(difference({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] })).toBeDefined();
  const twice = { x: {} };
  expect(difference([twice.x, twice.x], [{}, {}])).toBeDefined();
});

const SOURCES = [
  'x => x',
  '({ a: [1, "x", 2n], f() {}, p: Promise.resolve(1) })',
  '[new Map([[1, {}]]), new Set([1]), new Date(0), /r/g, Symbol.iterator, Symbol("s")]',
  'new Error("e", { cause: new TypeError("c") })',
  'throw Object.assign(new RangeError("r"), { code: 1 })',
  'new Float64Array([1, 2, 3])',
  'host({ a: 1 }, [() => 1])',
  'console.log("text", { a: [1] }); setTimeout(() => {}, 1e6)',
  '"text".repeat(100)',
  'for (;;);',
];

test('a damaged reply is read, or refused', () => {
  const { enter } = mailbox;
  const other = sandbox();
  const list = other.run('({ list: [1, 2, 3] })');
  let [read, refused] = [0, 0];
  const times = forAWhile((random) => {
    const box = new Sandbox({ timeout: 20_000, console: false, globals: { host: () => ({}) } });
    const { run } = box;
    for (const source of SOURCES) {
      mailbox.enter = (id, base, length, dispatch) => {
        const size = enter(id, base, length, dispatch);
        const { position } = mailbox;
        for (let i = random(4); i >= 0; i--) {
          mailbox.position = base + random(size);
          mailbox.byte(random(2) ? random(256) : random(50));
        }
        mailbox.position = position;
        return size;
      };
      try {
        run.call(box, source, { timeout: source.startsWith('for') ? 1 : 20_000 });
        read++;
      } catch {
        refused++;
      } finally {
        mailbox.enter = enter;
      }
      expect(mailbox.position).toBe(0);
    }
    box.dispose();
    expect(copy(list)).toEqual({ list: [1, 2, 3] });
  });
  tell(`${times} sandboxes, ${read} replies read, ${refused} refused`);
  expect(times).toBeGreaterThan(5);
  expect(Math.min(read, refused)).toBeGreaterThan(times / 2);
});
