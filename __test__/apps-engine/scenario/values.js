'use strict';

const { Room } = require('@rocket.chat/apps-engine/server/rooms/Room');

// Values on their way in and out: what the app sees of the host's, and the host of the app's.

class Animal {
  #sound = 'growl';
  constructor(name) {
    this.name = name;
  }
  greet() {
    return `${this.name} says ${this.#sound}`;
  }
  get getter() {
    return this.name.toUpperCase();
  }
  method() {
    return [this.name, this instanceof Animal];
  }
  *[Symbol.iterator]() {
    yield* this.name;
  }
}

const sum = (...numbers) => numbers.reduce((total, n) => total + n, 0);

module.exports = async ({ step, recorder, manager, ids, general }) => {
  const send = async (name, content) => {
    const query = { group: 'arguments', name };
    const request = { method: 'post', query, headers: {}, params: {}, content };
    const answer = await manager.getApiManager().executeApi(ids.toolbox, 'probe', request);
    return answer.content;
  };
  /** Sends what the engine cannot log, or would change by doing so. */
  const sendUnseen = (name, content) => send(name, { give: () => content });
  /** Sends a value, and looks at what has become of it on this side. */
  const probe = (name, content) =>
    step(`send ${name}`, async () => ({ answer: await send(name, content), after: content }));

  const looked = {
    list: [1, 'two', { three: 3 }],
    object: { a: 1, b: [2] },
    nullProto: Object.assign(Object.create(null), { a: 1 }),
    date: new Date(0),
    map: new Map([['a', 1]]),
    set: new Set([1]),
    buffer: Buffer.from('buffer'),
    bytes: new Uint8Array([1, 2]),
    error: new RangeError('of the host'),
    function: function named(a, b) {
      return [a, b];
    },
    class: Animal,
    instance: new Animal('Tiger'),
    promise: Promise.resolve(1),
    regexp: /a/g,
    boxed: Object('text'),
    symbol: Symbol('s'),
    bigint: 5n,
    arguments: (function () {
      // biome-ignore lint/complexity/noArguments: what is asked
      return arguments;
    })(1, 2),
    url: new URL('https://a.test/?b=c'),
  };
  for (const [kind, value] of Object.entries(looked)) {
    await step(`look at ${kind}`, () => sendUnseen('look', { value }));
    await step(`back from the app: ${kind}`, async () => {
      const back = await sendUnseen('give back', { value });
      return { same: back === value, back };
    });
  }

  await probe('instances', {
    ...{ date: new Date(5), map: new Map([['key', { v: 1 }]]), set: new Set([1, 2]) },
    ...{ bytes: new Uint8Array([7, 8]), buffer: Buffer.from('abc'), list: [1, 2, 3] },
    error: Object.assign(new Error('given'), { code: 'E_GIVEN' }),
    ...{ pattern: /a(?=b)/i, promise: Promise.resolve(1), object: { a: 1 } },
  });
  const object = { count: 1, list: ['a'], unwanted: 1, nested: { deep: { value: 'old' } } };
  await probe('live object', { object });
  await probe('live map', { map: new Map([['a', 1]]), set: new Set([1, 2]), date: new Date(0) });
  await probe('live bytes', { buffer: Buffer.from('abc') });
  const one = { one: 1 };
  await probe('identity', { first: one, second: one, list: [one], callback: (x) => x });
  await probe('functions', {
    sync(a, b) {
      return [a, b, this?.own ?? null];
    },
    asynchronous: async ({ n }) => ({ doubled: n * 2 }),
    thrower: (message) => {
      throw new SyntaxError(message);
    },
    Class: Animal,
    bound: Animal.prototype.greet.bind(new Animal('Lion')),
  });
  await probe('callbacks', {
    each: (list, callback) => list.forEach(callback),
    twice: (f, x) => f(f(x)),
    sorter: (a, b) => a - b,
  });
  await probe('subclass', { Class: Animal });
  let total = 0;
  const accessors = {
    get total() {
      return total;
    },
    set total(value) {
      total = value * 2;
    },
    get broken() {
      throw new TypeError('a getter of the host');
    },
  };
  Object.defineProperty(accessors, 'hidden', { value: 'not enumerable' });
  await step('log accessors', () => send('accessors', { object: accessors }));
  await step('send accessors', () => sendUnseen('accessors', { object: accessors }));
  await probe('frozen', { object: Object.freeze({ a: 1, list: Object.freeze([0]) }) });
  const frozenThere = { a: 1 };
  await probe('freeze here', { object: frozenThere });
  await step('frozen by the app', () => Object.isFrozen(frozenThere));
  // biome-ignore lint/suspicious/noSparseArray: what is sent
  await probe('sparse', { list: [1, , 3] });
  const cyclic = { list: [] };
  cyclic.self = cyclic;
  cyclic.list.push(cyclic);
  await step('log cycles', () => send('cycles', { object: cyclic }));
  await step('send cycles', () => sendUnseen('cycles', { object: cyclic }));
  await probe('classes', { instance: new Animal('Bear') });
  await probe('iteration', {
    iterable: new Set([{ n: 1 }, { n: 2 }]),
    generator: (function* () {
      yield 'a';
      yield { b: 1 };
    })(),
    asyncGenerator: (async function* () {
      yield 1;
      yield { two: 2 };
    })(),
  });
  // biome-ignore lint/suspicious/noThenProperty: what is sent
  const thenable = { then: (resolve) => resolve('then') };
  const rejected = Promise.reject(new URIError('rejected by the host'));
  await probe('promises', { resolved: Promise.resolve({ a: 1 }), rejected, thenable });
  await probe('date of here', {});
  const list = [undefined, null, true, -0, NaN, 1e300, 5n, '\ud800', ''];
  await step('log primitives', () => send('primitives', { list }));
  await step('send primitives', () => sendUnseen('primitives', { list }));
  const symbol = Symbol('own');
  const shared = Symbol.for('shared');
  await probe('symbols', { symbol, shared, keyed: { [symbol]: 1, [shared]: 2 } });
  await step('send room', () => send('room', { room: new Room(general, manager), Room }));
  await probe('many arguments', { sum });
  await step('send large text', () => send('large text', { text: 'äx'.repeat(100_000) }));

  await functionsOfTheApp({ step, recorder, send });
};

/** Functions and classes of an app in the host's hands. */
async function functionsOfTheApp({ step, send }) {
  const own = await send('guest functions', {});
  await step('the functions', () => own);
  await step('call', () => [own.add(1, 2), own.add('a', 'b'), own.add.length, own.add.name]);
  await step('call later', () => own.later({ x: 1 }));
  await step('call, which throws', () => own.fail());
  await step('apply and bind', () => [own.add.apply(null, [3, 4]), own.add.bind(null, 5)(6)]);
  await step('new', () => {
    const { Class } = own;
    const counter = new Class().increment().increment();
    return [counter, counter.double, counter instanceof Class, Class.made, Class.name];
  });
  await step('a class without new', () => own.Class());
  await step('extend', () => {
    class Further extends own.Class {
      increment() {
        return super.increment().count + 100;
      }
    }
    const further = new Further();
    return [further.increment(), further.double, further instanceof own.Class];
  });
  const { this_ } = own;
  await step('this', () => [own.this_(), this_(), own.this_.call(5)]);
  await step('generate', () => [...own.generate()]);
  await step('generate later', async () => {
    const seen = [];
    for await (const item of own.generateLater()) seen.push(item);
    return seen;
  });
  await step('sort by it', () => [3, 1, 2].sort((a, b) => own.add(a, -b)));
  await step('keys', () => [Object.keys(own), 'add' in own, own.nothing, JSON.stringify(own)]);
  await step('write', () => {
    own.written = { by: 'host' };
    delete own.later;
    return [own.written, 'later' in own, Object.keys(own)];
  });
}
