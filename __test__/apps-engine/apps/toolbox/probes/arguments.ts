import type { IApiRequest } from '@rocket.chat/apps-engine/definition/api';

import { attempt, kind, type Probe } from './Probe';

/** What was sent; by a function where the engine could not log it. */
const given = ({ content }: IApiRequest) => content.give?.() ?? content;

/** What a value that came with the request is like in here, and comes back as. */
const look = (value: any) => ({
  kind: kind(value),
  isArray: Array.isArray(value),
  keys: attempt(() => Object.keys(value)),
  text: attempt(() => String(value)),
  json: attempt(() => JSON.stringify(value)),
});

/** Values that cross: from the host into the app, and from the app to the host. */
export const arguments_: Record<string, Probe> = {
  look: ({ request }) => {
    const { value } = given(request);
    return [look(value), value];
  },
  instances: ({ request }) => {
    const { date, map, set, bytes, buffer, error, list, pattern, promise, object } = given(request);
    return {
      date: [date instanceof Date, date.getTime(), date.toISOString()],
      map: [map instanceof Map, map.size, [...map.entries()], map.get('key')],
      set: [set instanceof Set, set.has(2), [...set]],
      bytes: [bytes instanceof Uint8Array, bytes.length, bytes[1], ArrayBuffer.isView(bytes)],
      buffer: [Buffer.isBuffer(buffer), buffer.toString(), buffer instanceof Uint8Array],
      error: [error instanceof Error, error.message, `${error}`, error.code],
      list: [list instanceof Array, list.map((n) => n * 2), list.concat([4]), [...list]],
      pattern: [pattern instanceof RegExp, pattern.test('AB'), 'xaby'.replace(pattern, '-')],
      promise: [promise instanceof Promise, typeof promise.then],
      object: [object instanceof Object, Object.hasOwn(object, 'a')],
    };
  },
  'live object': ({ request }) => {
    const { object } = given(request);
    object.added = { by: 'app' };
    object.list.push('pushed');
    object.count += 1;
    delete object.unwanted;
    Object.assign(object, { assigned: true });
    object.nested.deep.value = 'changed';
    return [object, 'count' in object, { ...object }, Object.entries(object.nested)];
  },
  'live map': ({ request }) => {
    const { map, set, date } = given(request);
    map.set('new', 'entry');
    set.delete(1);
    date.setUTCFullYear(1999);
    return [map, set, date];
  },
  'live bytes': ({ request }) => {
    const { buffer } = given(request);
    buffer[0] = 0x7a;
    return buffer;
  },
  identity: ({ request }) => {
    const { first, second, list, callback } = given(request);
    const kept = new Map([[first, 'first']]);
    return [
      first === second,
      list[0] === first,
      kept.get(second),
      list.indexOf(second),
      callback(first) === first,
      callback === given(request).callback,
      new Set([first, second]).size,
    ];
  },
  'give back': ({ request }) => given(request).value,
  functions: async ({ request }) => {
    const { sync, asynchronous, thrower, Class, bound } = given(request);
    const instance = new Class('from the app');
    return [
      sync(1, 'a'),
      await asynchronous({ n: 2 }),
      attempt(() => thrower('thrown')),
      [instance instanceof Class, instance.greet(), instance.constructor === Class, kind(instance)],
      attempt(() => Class('without new')),
      bound(),
      [
        sync.name,
        sync.length,
        typeof sync.call,
        sync.apply(null, [3, 'b']),
        sync.bind(null, 5)('c'),
      ],
      sync.call({ own: 'this' }, 4, 'd'),
    ];
  },
  callbacks: ({ request }) => {
    const { each, twice, sorter } = given(request);
    const seen: Array<unknown> = [];
    each([1, 2, 3], (item, index) => seen.push([item, index]));
    return [seen, twice((n) => n + 1, 5), [3, 1, 2].sort(sorter)];
  },
  'guest functions': () => ({
    add: (a, b) => a + b,
    later: async (value) => ({ later: value }),
    fail: () => {
      throw new TypeError('from a function of the app');
    },
    Class: class Counter {
      static made = 'static';
      count = 0;
      increment() {
        this.count += 1;
        return this;
      }
      get double() {
        return this.count * 2;
      }
    },
    this_(this: unknown) {
      return typeof this;
    },
    *generate() {
      yield 1;
      yield { two: 2 };
    },
    async *generateLater() {
      yield 1;
      yield 2;
    },
  }),
  subclass: ({ request }) => {
    const { Class } = given(request);
    class Derived extends Class {
      constructor() {
        super('derived');
      }
      greet() {
        return `${super.greet()} indeed`;
      }
      get own() {
        return true;
      }
    }
    const derived: any = new Derived();
    return [derived.greet(), derived instanceof Class, derived.own, derived.name, derived];
  },
  accessors: ({ request }) => {
    const { object } = given(request);
    object.total = 10;
    return [
      object.total,
      Object.getOwnPropertyDescriptor(object, 'total')?.set !== undefined,
      attempt(() => object.broken),
      Object.getOwnPropertyNames(object),
      object.hidden,
      Object.keys(object),
    ];
  },
  frozen: ({ request }) => {
    const { object } = given(request);
    return [
      Object.isFrozen(object),
      attempt(() => {
        object.a = 2;
      }),
      attempt(() => object.list.push(1)),
      attempt(() => {
        object.extra = 1;
      }),
      attempt(() => delete object.a),
      object,
    ];
  },
  'freeze here': ({ request }) => {
    Object.freeze(given(request).object);
    return Object.isFrozen(given(request).object);
  },
  sparse: ({ request }) => {
    const { list } = given(request);
    return [list.length, 1 in list, list.map((x) => x), Object.keys(list), list];
  },
  cycles: ({ request }) => {
    const { object } = given(request);
    const own: any = { name: 'own', list: [] };
    own.self = own;
    own.list.push(own, object);
    return [object.self === object, object.list[0] === object, own];
  },
  classes: ({ request }) => {
    const { instance } = given(request);
    return [
      kind(instance),
      Object.keys(instance),
      instance.method(),
      instance.getter,
      typeof instance.constructor,
      Object.getOwnPropertyNames(Object.getPrototypeOf(instance)).sort(),
      attempt(() => `${instance}`),
      [...instance],
    ];
  },
  iteration: async ({ request }) => {
    const { iterable, generator, asyncGenerator } = given(request);
    const later: Array<unknown> = [];
    for await (const item of asyncGenerator) {
      later.push(item);
    }
    return [[...iterable], [...generator], later, Array.from(iterable, (x: any) => x.n)];
  },
  promises: async ({ request }) => {
    const { resolved, rejected, thenable } = given(request);
    const outcome = await rejected.catch((error) => [error instanceof Error, error.message]);
    return [await resolved, outcome, await thenable, await Promise.all([resolved, thenable])];
  },
  'date of here': () => new Date(Date.UTC(2022, 1, 2)),
  primitives: ({ request }) => {
    const { list } = given(request);
    return list.map((value) => [typeof value, Object.is(value, -0), value]);
  },
  symbols: ({ request }) => {
    const { symbol, shared, keyed } = given(request);
    return [
      typeof symbol,
      symbol.description,
      shared === Symbol.for('shared'),
      keyed[symbol],
      keyed[Symbol.for('shared')],
      { [symbol]: 'back' }[symbol],
    ];
  },
  room: ({ request }) => {
    const { room, Room } = given(request);
    return [
      room instanceof Room,
      room.usernames,
      JSON.stringify(room),
      Object.keys(room),
      room.value,
      attempt(() => `${room}`),
    ];
  },
  'many arguments': ({ request }) => {
    const { sum } = given(request);
    return sum(...Array.from({ length: 500 }, (_, i) => i));
  },
  'large text': ({ request }) => {
    const { text } = given(request);
    return [text.length, text.slice(-5), text.repeat(2).length];
  },
};
