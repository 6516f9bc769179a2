import { attempt, type Probe } from './Probe';

abstract class Shape {
  static made = 0;
  static #secret = 'shapes';
  protected constructor(public readonly name: string) {
    Shape.made += 1;
  }
  abstract area(): number;
  get description(): string {
    return `${this.constructor.name} ${this.name} of ${this.area()} (${Shape.#secret})`;
  }
  static compare(a: Shape, b: Shape): number {
    return a.area() - b.area();
  }
}

class Square extends Shape {
  #side: number;
  constructor(side: number) {
    super('square');
    this.#side = side;
  }
  area(): number {
    return this.#side ** 2;
  }
}

class BigSquare extends Square {
  override area(): number {
    return super.area() * 100;
  }
  [Symbol.toPrimitive](hint: string): string | number {
    return hint === 'number' ? this.area() : `[${this.name}]`;
  }
}

function logged(_target: unknown, key: string, descriptor: PropertyDescriptor) {
  const original = descriptor.value;
  descriptor.value = function (...args: Array<unknown>) {
    return [key, args.length, original.apply(this, args)];
  };
}

class Decorated {
  @logged
  public double(n: number): number {
    return n * 2;
  }
}

async function* countdown(from: number): AsyncGenerator<number, string, undefined> {
  try {
    while (from > 0) {
      yield from--;
      await null;
    }
    return 'liftoff';
  } finally {
    await Promise.resolve();
  }
}

function* fibonacci(): Generator<number, void, boolean | undefined> {
  let [a, b] = [0, 1];
  while (true) {
    const reset = yield a;
    [a, b] = reset ? [0, 1] : [b, a + b];
  }
}

export const language: Record<string, Probe> = {
  classes: () => {
    const shapes = [new BigSquare(1), new Square(3), new Square(2)];
    return {
      described: shapes.sort(Shape.compare).map(({ description }) => description),
      made: Shape.made > 0,
      isSquare: shapes.map((shape) => shape instanceof Square),
      primitive: [+new BigSquare(2), `${new BigSquare(2)}`],
      instances: shapes,
    };
  },
  decorators: () => new Decorated().double(21),
  'async generators': async () => {
    const seen: Array<unknown> = [];
    for await (const n of countdown(3)) {
      seen.push(n);
    }
    const early = countdown(9);
    seen.push(await early.next(), await early.return('stopped'), await early.next());
    return seen;
  },
  generators: () => {
    const numbers = fibonacci();
    const first = Array.from({ length: 10 }, () => numbers.next().value);
    return [first, numbers.next(true), numbers.return()];
  },
  destructuring: () => {
    const { a, b: { c = 5, ...rest } = {} as any, ...others } = { a: 1, b: { d: 2 }, e: 3, f: 4 };
    const [x, , y = 'default', ...tail] = 'pq' + 'r';
    return { a, c, rest, others, x, y, tail };
  },
  operators: () => {
    const empty: any = { deep: null };
    return [
      empty?.deep?.deeper?.(),
      empty.deep ?? 'fallback',
      2 ** 10,
      [...new Set('banana')].join(''),
      ((a: any, b: any = a * 2, ...c: Array<any>) => [a, b, c])(1, undefined, 3, 4),
      [1, '1', null].map((value: any) => value == '1'),
    ];
  },
  labels: () => {
    const found: Array<string> = [];
    outer: for (const a of [1, 2, 3]) {
      for (const b of [1, 2, 3]) {
        if (b > a) continue outer;
        if (a * b === 6) break outer;
        found.push(`${a}${b}`);
      }
    }
    return found;
  },
  'tagged templates': () => {
    const tag = (parts: TemplateStringsArray, ...values: Array<unknown>) =>
      parts.raw.map((part, i) => `${part}${values[i] ?? ''}`).join('|');
    return tag`one\n${1}two${{ toString: () => 'obj' }}`;
  },
  regexps: () => [
    'aBc'.replace(/b/i, (match, at, all) => `[${match}${at}${all}]`),
    [...'2020-01-02, 2021-03-04'.matchAll(/(\d{4})-(\d\d)/g)].map((found) => [...found]),
    /\p{Lu}/u.exec('éÉ')?.index,
    'x'.padStart(3, 'ab'),
    '💩'.length,
    'İ'.toLowerCase().length,
    'ﬀ'.normalize('NFKC'),
    'a-b_c'.split(/[-_]/),
    /(?<=\$)\d+/.exec('cost $42')?.[0],
  ],
  numbers: () => [
    0.1 + 0.2,
    (1234.5678).toFixed(2),
    (255).toString(16),
    Number('0x1f'),
    Number.MAX_SAFE_INTEGER + 2,
    5e-324,
    -0,
    Number.NaN,
    Infinity,
    2n ** 64n,
    BigInt.asUintN(8, 257n),
    Math.fround(5.5),
    Math.clz32(1),
    parseFloat('3.14abc'),
    (25).toString(36),
    (1e21).toLocaleString === undefined,
    (123.456).toPrecision(4),
    1e21 + 1,
  ],
  dates: () => {
    const date = new Date(Date.UTC(2024, 1, 29, 12, 34, 56, 789));
    return [
      date,
      date.toISOString(),
      date.toJSON(),
      date.getTimezoneOffset(),
      date.toString(),
      date.toUTCString(),
      new Date('2024-02-29'),
      new Date('2024-02-29T10:00:00+02:00').getTime(),
      Date.parse('Thu, 29 Feb 2024 12:34:56 GMT'),
      new Date(Number.NaN),
      attempt(() => new Date(Number.NaN).toISOString()),
    ];
  },
  collections: () => {
    const weak = new WeakMap<object, string>();
    const key = {};
    weak.set(key, 'kept');
    const map = new Map<unknown, unknown>([
      [Number.NaN, 'nan'],
      [key, new Set([1, new Map()])],
      ['text', undefined],
    ]);
    return { map, set: new Set([key, key, 'a']), kept: weak.get(key), has: map.has(Number.NaN) };
  },
  symbols: () => {
    const own = Symbol('own');
    const object = { [own]: 1, [Symbol.for('shared')]: 2, plain: 3 };
    return [object, own.description, Object.getOwnPropertySymbols(object).length, own.toString()];
  },
  proxies: () => {
    const trapped: Array<string> = [];
    const proxy: any = new Proxy(
      { a: 1 },
      {
        get: (target, name, receiver) => {
          trapped.push(`get ${String(name)}`);
          return Reflect.get(target, name, receiver);
        },
        has: (_, name) => name === 'ghost',
      },
    );
    return [proxy.a, 'ghost' in proxy, 'a' in proxy, JSON.stringify(proxy), trapped];
  },
  json: () => [
    JSON.stringify({ a: [undefined, () => 1, Symbol('x')], b: undefined, c: new Date(0), d: 1e21 }),
    JSON.stringify({ b: 1, a: { c: [1, { d: 2 }] } }, null, 2),
    JSON.parse('{"__proto__": {"a": 1}, "n": -0}', (key, value) =>
      key === 'a' ? value + 1 : value,
    ),
    JSON.stringify('\u2028\ud800"'),
  ],
  sorting: () => [
    [5, 25, 100, 1].sort(),
    ['b', undefined, 'a'].sort(),
    Array.from({ length: 20 }, (_, i) => ({ i, key: i % 3 })).sort((a, b) => a.key - b.key),
    [1, [2, [3, [4]]]].flat(2),
    [3, 1, 2].at(-1),
    Object.entries({ b: 1, a: 2, 1: 3, 0: 4 }),
  ],
  'key order': () => ({ z: 1, 10: 'ten', a: 2, 9: 'nine', [Symbol.iterator]: 1 }),
  intl: () => [
    typeof Intl,
    (1234567.891).toLocaleString('en-US'),
    new Date(0).toLocaleDateString('en-US', { timeZone: 'UTC' }),
    'ä'.localeCompare('z', 'de'),
    attempt(() => new Intl.NumberFormat('de-DE').format(1234.5)),
    attempt(() => new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC' }).format(0)),
  ],
  errors: () => {
    const error = new TypeError('typed', { cause: 'because' } as never);
    return [
      Object.prototype.toString.call(error),
      String(error),
      error instanceof Error,
      Object.keys(error),
      Object.getOwnPropertyNames(error).sort(),
      error,
    ];
  },
  'promise order': async () => {
    const order: Array<string> = [];
    const note = (text: string) => () => void order.push(text);
    const micro = Promise.resolve().then(note('a')).then(note('c'));
    const other = (async () => {
      await null;
      order.push('b');
      await new Promise<void>((resolve) => resolve());
      order.push('d');
    })();
    await Promise.all([micro, other]);
    const settled = await Promise.allSettled([1, Promise.reject(new Error('no'))]);
    return [order, settled, await Promise.race([new Promise(() => {}), 'won'])];
  },
};
