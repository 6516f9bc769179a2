'use strict';

const { copy } = require('..');
const { sandbox, expectNoLeaks, eventually, errorOf, collect } = require('./support.js');

afterEach(expectNoLeaks);

describe('a guest function here', () => {
  test('is a function that calls the guest', () => {
    const add = sandbox().run('(function add(a, b) { return a + b })');
    expect(typeof add).toBe('function');
    expect(add).toBeInstanceOf(Function);
    expect(add(2, 3)).toBe(5);
    expect(add.name).toBe('add');
    expect(add.length).toBe(2);
  });

  test.each([
    ['() => {}', '', 0],
    ['function named(a, b, ...c) {}', 'named', 2],
    ['async function later(a) {}', 'later', 1],
    ['function* steps(a, b, c) {}', 'steps', 3],
    ['class Klass { constructor(a) { this.a = a; } }', 'Klass', 1],
    ['(function (a, b) {}).bind(null, 1)', 'bound ', 1],
    ['({ "odd €\\ud800 name"() {} })["odd €\\ud800 name"]', 'odd €\ud800 name', 0],
    ['Object.defineProperty(() => {}, "length", { value: 300 })', '', 300],
    ['Array.prototype.push', 'push', 1],
  ])('has the name and length of %s', (source, name, length) => {
    const f = sandbox().run(`(${source})`);
    expect([f.name, f.length]).toEqual([name, length]);
  });

  test('has what the guest made of its name and length', () => {
    const box = sandbox();
    expect(box.run('(class { static name() { return "method"; } })').name()).toBe('method');
    const bomb = box.run('Object.defineProperty(() => 2, "name", { get() { throw 1; } })');
    let thrown;
    try {
      bomb.name;
    } catch (reason) {
      thrown = reason;
    }
    expect(thrown).toBe(1);
    expect(bomb()).toBe(2);
    const odd = box.run('Object.defineProperty(() => {}, "length", { value: "long" })');
    expect(odd.length).toBe('long');
  });

  test('takes any number of arguments and returns any value', () => {
    const box = sandbox({ timeout: 10_000 });
    const collectAll = box.run('(...all) => all');
    expect(collectAll()).toEqual([]);
    expect(collectAll(undefined)).toEqual([undefined]);
    const many = Array.from({ length: 10_000 }, (_, i) => i);
    expect(copy(collectAll(...many))).toEqual(many);
    expect(box.run('() => {}')()).toBeUndefined();
  });

  test('has the receiver it is called on', () => {
    const box = sandbox();
    const count = box.run('(function () { this.n++; return this.n; })');
    const object = { n: 20, count };
    expect(object.count()).toBe(21);
    expect(object.n).toBe(21);
    expect(count.call(copy({ n: 5 }))).toBe(6);
    const snapshot = copy({ n: 5, count });
    expect(snapshot.count()).toBe(6);
    expect(snapshot.n).toBe(5);
    const receiver = box.run('(function () { "use strict"; return this; })');
    const list = [1, 2];
    expect(receiver.call(list)).toBe(list);
    expect(receiver.call('text')).toBe('text');
    expect(receiver.call(null)).toBe(null);
    expect(receiver()).toBeUndefined();
    const map = new Map([[1, 2]]);
    expect(receiver.apply(map, [])).toEqual(map);
    expect(receiver.apply(map, [])).not.toBe(map);
    class Service {
      receiver = receiver;
    }
    const service = new Service();
    expect(service.receiver()).toBe(service);
    const sloppy = box.run('(function () { return [typeof this, this === globalThis].join(); })');
    expect(sloppy.call(service)).toBe('object,false');
    expect(sloppy()).toBe('object,true');
  });

  test('is not called on a receiver that cannot be copied', () => {
    const box = sandbox();
    const count = box.run('globalThis.calls = 0; (function () { calls++; })');
    const { hostHandles } = box.usage();
    const receiver = copy({ f: () => {}, bad: [new WeakMap()] });
    expect(errorOf(() => Reflect.apply(count, receiver, []))).toMatchObject({
      code: 'ERR_SANDBOX_CROSSING',
      path: 'this.bad[0]',
    });
    expect(box.run('calls')).toBe(0);
    expect(box.usage().hostHandles).toBe(hostHandles);
  });

  test('works as a callback of host built-ins', () => {
    const box = sandbox();
    expect([3, 1, 2].sort(box.run('(a, b) => a - b'))).toEqual([1, 2, 3]);
    expect([1, 2, 3].map(box.run('(n, i) => n * i'))).toEqual([0, 2, 6]);
    expect('a-b'.replace(/-/, box.run('(m) => m + m'))).toBe('a--b');
    expect(JSON.stringify({ a: 1 }, box.run('(k, v) => (k === "a" ? 2 : v)'))).toBe('{"a":2}');
  });

  test('constructs with new when the guest made it a constructor', () => {
    const box = sandbox();
    const Make = box.run('(function Make(n) { return { n, target: new.target !== undefined }; })');
    expect(new Make(4)).toEqual({ n: 4, target: true });
    expect(Make(4)).toEqual({ n: 4, target: false });
    const arrow = box.run('() => {}');
    expect(() => new arrow()).toThrow(TypeError);
    const Klass = box.run('(class Klass {})');
    expect(() => Klass()).toThrow(TypeError);
  });

  test('is the same function each time it crosses', () => {
    const box = sandbox();
    box.run('globalThis.f = () => {}; globalThis.g = () => {}');
    const f = box.run('f');
    expect(box.run('f')).toBe(f);
    expect(box.run('({ in: [f, f] })')).toEqual({ in: [f, f] });
    expect(box.run('g')).not.toBe(f);
    box.run('(h) => h(f)')((argument) => expect(argument).toBe(f));
  });

  test('is the original again in its guest', () => {
    const box = sandbox();
    box.run('globalThis.f = () => {}');
    expect(box.run('(x) => x === f')(box.run('f'))).toBe(true);
    expect(
      box.run('(o) => o.list[0] === f && o.map.get("f") === f')({
        list: [box.run('f')],
        map: new Map([['f', box.run('f')]]),
      }),
    ).toBe(true);
  });

  test('is not the original in another sandbox, but works there', () => {
    const [one, two] = [sandbox({ name: 'one' }), sandbox({ name: 'two' })];
    const inc = one.run('globalThis.n = 0; (by) => { n += by; return n; }');
    expect(two.run('(f) => f(2) + f(3)')(inc)).toBe(7);
    expect(one.run('n')).toBe(5);
    const error = errorOf(() =>
      two.run('(f) => f()')(one.run('() => { throw new RangeError("deep"); }')),
    );
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe('deep');
  });

  test('crosses inside objects, arrays, maps and sets', () => {
    const made = sandbox().run(`({
      method() { return 'method'; },
      list: [() => 'list'],
      map: new Map([['key', () => 'map'], [() => 'as key', 1]]),
      set: new Set([() => 'set']),
    })`);
    expect(made.method()).toBe('method');
    expect(made.list[0]()).toBe('list');
    expect(made.map.get('key')()).toBe('map');
    expect([...made.map.keys()][1]()).toBe('as key');
    expect([...made.set][0]()).toBe('set');
  });

  test('throws what the guest throws', () => {
    const box = sandbox();
    const raise = box.run('(value) => { throw value; }');
    for (const value of ['text', 42, -0, null, undefined, true, 10n, Symbol.iterator]) {
      let thrown = 'nothing';
      try {
        raise(value);
      } catch (reason) {
        thrown = reason;
      }
      expect(thrown).toBe(value);
    }
    let live;
    try {
      box.run('globalThis.thrown = { code: 7, list: [1] }; throw thrown');
    } catch (reason) {
      live = reason;
    }
    expect(live).toEqual({ code: 7, list: [1] });
    live.list.push(2);
    expect(box.run('thrown.list.length')).toBe(2);
  });

  test('works for as long as it is held, however much garbage there is', async () => {
    const box = sandbox();
    const kept = box.run('globalThis.n = 0; () => ++n');
    for (let i = 0; i < 5; i++) {
      collect();
      await new Promise(setImmediate);
      box.run('for (let i = 0; i < 1000; i++) ({ i })');
    }
    expect(kept()).toBe(1);
  });

  test('cannot be used once its sandbox is gone', () => {
    const box = sandbox();
    const f = box.run('() => 1');
    box.dispose();
    expect(errorOf(() => f()).code).toBe('ERR_SANDBOX_DISPOSED');
  });
});

describe('a host function in the guest', () => {
  test('is a function of the guest that calls the host', () => {
    const box = sandbox();
    const seen = [];
    const back = box.run(`(f) => {
      if (typeof f !== 'function' || !(f instanceof Function)) return 'not a function';
      if (Object.getPrototypeOf(f) !== Function.prototype) return 'foreign';
      return [f.name, f.length, f(1, 'two'), f.call(null), f.apply(null, [3]), f.bind(null, 4)()];
    }`)(function mine(...args) {
      seen.push(args);
      return args[0];
    });
    expect(back).toEqual(['mine', 0, 1, undefined, 3, 4]);
    expect(seen).toEqual([[1, 'two'], [], [3], [4]]);
  });

  test('does not let the guest reach what belongs to the host', () => {
    const box = sandbox();
    const secret = Object.assign(() => {}, { secret: 1 });
    expect(
      box.run(`(f) => [
      f.constructor === Function,
      f.constructor('return typeof process')(),
      f.secret,
      Object.getOwnPropertyNames(f).sort(),
      f.prototype,
    ]`)(secret),
    ).toEqual([true, 'undefined', undefined, ['length', 'name'], undefined]);
  });

  test('has a name and length that the host did not mean for the guest to run', () => {
    const box = sandbox();
    const odd = Object.defineProperties(() => {}, {
      name: {
        get() {
          throw new Error('not to be run');
        },
      },
      length: { value: 'long' },
    });
    expect(box.run('(f) => [f.name, f.length]')(odd)).toEqual(['', 0]);
    const long = Object.defineProperty(() => {}, 'length', { value: 300 });
    expect(box.run('(f) => f.length')(long)).toBe(300);
  });

  test('has the receiver it is called on', () => {
    const box = sandbox();
    const receivers = [];
    function host() {
      receivers.push(this);
      if (typeof this === 'object' && this !== null) this.changed = true;
    }
    const kept = box.run(`(f) => {
      'use strict';
      const o = { f, x: 1 };
      o.f();
      f();
      f.call([1]);
      f.call('text');
      return o.changed;
    }`)(host);
    expect(kept).toBe(true);
    expect(receivers).toEqual([
      { f: host, x: 1, changed: true },
      undefined,
      Object.assign([1], { changed: true }),
      'text',
    ]);
    expect(receivers[0].f).toBe(host);
    receivers.length = 0; // or `host`, which the first of them has, would keep it
  });

  test('has receivers of any class', () => {
    const box = sandbox();
    const receivers = [];
    function host() {
      receivers.push(this);
    }
    const same = box.run(`(f) => {
      const key = {};
      const all = [
        new (class Service { f = f; own = () => 'own'; })(),
        new WeakMap([[key, 1]]),
        new Proxy({}, { get: (_, name) => name }),
      ];
      for (const each of all) f.call(each);
      return (n, receiver) => receiver === all[n];
    }`)(host);
    // No closure here may hold on to what holds on to `host`.
    for (let n = 0; n < 3; n++) expect(same(n, receivers[n])).toBe(true);
    const [service, weak, proxy] = receivers.splice(0);
    expect([service.own(), service.f === host]).toEqual(['own', true]);
    expect(weak.has({})).toBe(false);
    expect(proxy.anything).toBe('anything');
  });

  test('works as a callback of guest built-ins', () => {
    const box = sandbox();
    expect(box.run('(f) => [3, 1, 2].sort(f)')((a, b) => a - b)).toEqual([1, 2, 3]);
    expect(box.run('(f) => "a-b".replace(/-/, f)')((m) => m + m)).toBe('a--b');
    expect(box.run('(f) => Array.from([1, 2], f)')((n, i) => n + i)).toEqual([1, 3]);
    expect(box.run('(get) => Object.defineProperty({}, "x", { get }).x')(() => 5)).toBe(5);
  });

  test('constructs with new only when the host made it a constructor', () => {
    const box = sandbox();
    const construct = box.run('(F, ...args) => new F(...args)');
    function Make(n) {
      return { n, target: new.target !== undefined };
    }
    expect(construct(Make, 4)).toEqual({ n: 4, target: true });
    expect(construct(Date, 5)).toEqual(new Date(5));
    expect(() => construct(() => {})).toThrow(TypeError);
    expect(() => construct({ method() {} }.method)).toThrow(TypeError);
    expect(
      box.run('(F) => { try { F(); } catch (e) { return e instanceof TypeError; } }')(
        class Klass {},
      ),
    ).toBe(true);
  });

  test('is the same function each time it crosses', () => {
    const box = sandbox();
    const f = () => {};
    expect(box.run('(a, b, { list: [c] }) => a === b && b === c')(f, f, { list: [f] })).toBe(true);
    const keep = box.run('globalThis.kept = undefined; (f) => { kept = f; }');
    keep(f);
    expect(box.run('(x) => x === kept')(f)).toBe(true);
    expect(box.run('(x) => x === kept')(() => {})).toBe(false);
  });

  test('is the original again at home', () => {
    const box = sandbox();
    const f = () => {};
    expect(box.run('(x) => x')(f)).toBe(f);
    expect(box.run('(x) => new Map([["k", [x]]])')(f).get('k')[0]).toBe(f);
    box.run('(x) => { globalThis.kept = x; }')(f);
    expect(box.run('kept')).toBe(f);
    expect(box.globalThis.kept).toBe(f);
  });

  test('crosses inside objects, arrays, maps and sets', () => {
    const box = sandbox();
    const call = box.run(`(o) => [
      o.method(), o.list[0](), o.map.get('key')(), [...o.map.keys()][1](), [...o.set][0](),
    ]`);
    expect(
      call({
        method: () => 'method',
        list: [() => 'list'],
        map: new Map([
          ['key', () => 'map'],
          [() => 'as key', 1],
        ]),
        set: new Set([() => 'set']),
      }),
    ).toEqual(['method', 'list', 'map', 'as key', 'set']);
  });

  test('throws into the guest what the host throws', () => {
    const box = sandbox();
    const caught = box.run('(f) => { try { f(); } catch (e) { return [typeof e, e]; } }');
    for (const value of ['text', 42, null, undefined, true, 10n, Symbol.iterator]) {
      const raise = () => {
        throw value;
      };
      expect(caught(raise)).toEqual([typeof value, value]);
      let back = 'nothing';
      try {
        box.run('(f) => f()')(raise);
      } catch (reason) {
        back = reason;
      }
      expect(back).toBe(value);
    }
  });

  test('may be asynchronous', async () => {
    const box = sandbox();
    const fetchIt = async (key) => {
      await new Promise(setImmediate);
      return { key };
    };
    const use = box.run('async (f) => { const r = await f("a"); return [r.key, await f("b")]; }');
    await expect(use(fetchIt)).resolves.toEqual(['a', { key: 'b' }]);
  });
});

describe('an error that goes home is the original object', () => {
  let mine;
  beforeEach(() => {
    mine = Object.assign(new TypeError('mine'), { code: 'E_MINE' });
  });
  afterEach(() => {
    mine = undefined;
  });
  const raise = () => {
    throw mine;
  };

  test.each([
    ['uncaught', '(f) => f()'],
    ['caught and thrown again', '(f) => { try { f(); } catch (e) { throw e; } }'],
    ['thrown again from a microtask', 'async (f) => { await null; f(); }'],
    ['thrown again by another function', '(f) => { try { f(); } finally { (() => {})(); } }'],
  ])('%s', async (_, source) => {
    let caught;
    try {
      await sandbox().run(source)(raise);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBe(mine);
    expect([caught.message, caught.code]).toEqual(['mine', 'E_MINE']);
  });

  test('with what the guest has changed about it', () => {
    const { stack } = mine;
    const caught = errorOf(() =>
      sandbox().run(`(f) => {
        try { f(); } catch (e) {
          e.message = 'theirs';
          e.code = 'E_THEIRS';
          e.note = { list: [1] };
          e.stack = 'none';
          throw e;
        }
      }`)(raise),
    );
    expect(caught).toBe(mine);
    expect([mine.message, mine.code, mine.note]).toEqual(['theirs', 'E_THEIRS', { list: [1] }]);
    expect([mine.stack, mine.name]).toEqual([stack, 'TypeError']);
  });

  test('returned, as a cause, inside an object', () => {
    const box = sandbox();
    expect(box.run('(f) => { try { f(); } catch (e) { return e; } }')(raise)).toBe(mine);
    expect(
      box.run('(f) => { try { f(); } catch (e) { return { list: [e] }; } }')(raise).list[0],
    ).toBe(mine);
    const wrapped = errorOf(() =>
      box.run('(f) => { try { f(); } catch (cause) { throw new Error("outer", { cause }); } }')(
        raise,
      ),
    );
    expect(wrapped.message).toBe('outer');
    expect(wrapped.cause).toBe(mine);
  });

  test('an error of the guest that passes through the host', () => {
    const box = sandbox();
    const passes = box.run(`(call) => {
      const own = Object.assign(new RangeError('own'), { code: 'E_OWN' });
      try { call(() => { throw own; }); } catch (e) { return e === own && e.code === 'E_OWN'; }
    }`);
    expect(passes((f) => f())).toBe(true);
    expect(
      passes((f) => {
        try {
          f();
        } catch (error) {
          throw error instanceof RangeError ? error : new Error('of the wrong class');
        }
      }),
    ).toBe(true);
  });

  test('an error of the guest that is returned, stored and given back later', () => {
    const box = sandbox();
    const error = box.run('globalThis.own = new EvalError("own")');
    expect(error).toBeInstanceOf(EvalError);
    expect(box.run('own')).toBe(error);
    expect(box.run('(e) => e === own')(error)).toBe(true);
    expect(box.run('(e) => e.cause === own')(new Error('outer', { cause: error }))).toBe(true);
  });

  test('an error of the guest that the host wraps in its own', () => {
    const box = sandbox();
    const cause = box.run(`(call) => {
      const own = new Error('own');
      try { call(() => { throw own; }); } catch (e) { return [e.message, e.cause === own]; }
    }`);
    expect(
      cause((f) => {
        try {
          f();
        } catch (error) {
          throw new Error('wrapped', { cause: error });
        }
      }),
    ).toEqual(['wrapped', true]);
  });
});

describe('calls nest', () => {
  test('host → guest → host → guest, hundreds of levels deep', () => {
    const box = sandbox({ timeout: 10_000 });
    const guest = box.run('(host, n, path) => n === 0 ? path : host(n - 1, path + "g")');
    const host = (n, path) => (n === 0 ? path : guest(host, n - 1, `${path}h`));
    expect(host(100, '')).toBe('hg'.repeat(50));
  });

  test('each level has its own arguments, results and errors', () => {
    const box = sandbox();
    const guest = box.run(`(host, n) => {
      const before = { n, text: 'x'.repeat(n * 100) };
      let deeper;
      try { deeper = n > 0 ? host(n - 1) : []; } catch (e) { deeper = e; }
      if (n % 3 === 0) throw [...deeper, 'threw at ' + n, before.text.length];
      return [...deeper, before.n, before.text.length];
    }`);
    const host = (n) => {
      try {
        return guest(host, n);
      } catch (thrown) {
        if (n % 2 === 0) throw thrown;
        return thrown;
      }
    };
    const expected = [];
    for (let n = 0; n <= 20; n++) expected.push(n % 3 === 0 ? `threw at ${n}` : n, n * 100);
    expect(host(20)).toEqual(expected);
  });

  test('large messages at several levels do not disturb each other', () => {
    const box = sandbox({ timeout: 10_000 });
    const big = (n) => `${n}:${'€'.repeat(50_000 * n)}`;
    const guest = box.run(`(host, n, text) => {
      const mine = n + ':' + '€'.repeat(50000 * n);
      const answer = n === 0 ? '' : host(n - 1, mine, [mine, mine]);
      return text === mine && answer !== false ? mine : false;
    }`);
    const host = (n, text, [a, b]) => {
      const answer = guest(host, n, big(n));
      return answer === big(n) && text === big(n + 1) && a === text && b === text;
    };
    expect(guest(host, 6, big(6))).toBe(big(6));
  });

  test('endless recursion between the two ends in a RangeError, and both go on', () => {
    const box = sandbox({ timeout: 20_000 });
    const guest = box.run('globalThis.calls = 0; (host) => { calls++; return host(); }');
    let calls = 0;
    const host = () => {
      calls++;
      return guest(host);
    };
    expect(errorOf(host)).toBeInstanceOf(RangeError);
    expect(calls).toBeGreaterThan(50);
    expect(box.run('calls')).toBeGreaterThan(50);
    expect(guest(() => 'fine')).toBe('fine');
    calls = 0;
    expect(errorOf(host)).toBeInstanceOf(RangeError);
    expect(calls).toBeGreaterThan(50);
  });

  test('endless recursion within the guest, called from deep in the host, is a RangeError', () => {
    const box = sandbox();
    const endless = box.run('(function f() { return 1 + f(); })');
    const deep = (n) => (n === 0 ? errorOf(endless) : deep(n - 1));
    expect(deep(3000)).toBeInstanceOf(RangeError);
    expect(
      box.run('(() => { try { (function f() { f(); })(); } catch (e) { return e.name; } })()'),
    ).toBe('RangeError');
    expect(box.run('1 + 1')).toBe(2);
  });

  test('a sandbox that is disposed from inside ends the call', () => {
    const box = sandbox();
    const error = errorOf(() =>
      box.run('(f) => { try { f(); } catch {} return 1; }')(() => box.dispose()),
    );
    expect(error.code).toBe('ERR_SANDBOX_DISPOSED');
    expect(box.state).toBe('disposed');
  });
});

describe('handles are given back', () => {
  const MANY = 100_000;

  test('of host functions that the guest has dropped', async () => {
    const box = sandbox({ timeout: 10_000 });
    const before = box.usage().hostHandles;
    const call = box.run('(f) => f()');
    let sum = 0;
    for (let i = 0; i < MANY; i++) sum += call(() => 1);
    expect(sum).toBe(MANY);
    expect(await eventually(() => box.usage().hostHandles <= before)).toBe(true);
    call(Array.prototype.at.bind(Array.from({ length: 3 }), 0));
    expect(box.usage().hostHandles).toBeLessThanOrEqual(before + 1);
  });

  test('of guest functions that the host has dropped', async () => {
    const box = sandbox({ timeout: 10_000 });
    const make = box.run('(n) => () => n');
    const before = box.usage();
    let sum = 0;
    for (let i = 0; i < MANY; i++) {
      sum += make(1)();
      // Collectors need turns of the event loop to tell what they have found.
      if (i % 10_000 === 0) await new Promise(setImmediate);
    }
    expect(sum).toBe(MANY);
    expect(await eventually(() => box.usage().guestHandles <= before.guestHandles)).toBe(true);
    box.run('undefined');
    expect(box.usage().memoryBytes).toBeLessThan(before.memoryBytes + 1024 * 1024);
    expect(make(5)()).toBe(5);
  });

  test('of functions, errors and promises in arguments and results together', async () => {
    const box = sandbox({ timeout: 10_000 });
    const before = box.usage();
    const exchange = box.run(`(o) => {
      o.f(() => {});
      return { g: () => {}, e: new Error('x'), p: Promise.resolve(1), back: o };
    }`);
    // A function of its own, so that no variable here holds on to the last result.
    async function once(settled) {
      const { p, back } = exchange({ f: () => {}, e: new Error('y'), p: Promise.resolve(2) });
      if (settled) expect(await Promise.all([p, back.p])).toEqual([1, 2]);
    }
    for (let i = 0; i < 2000; i++) await once(i % 100 === 0);
    const flat = () => {
      box.run('undefined');
      const { hostHandles, guestHandles, jobs } = box.usage();
      // `exchange` itself is still held.
      return (
        hostHandles <= before.hostHandles && guestHandles <= before.guestHandles + 1 && jobs === 0
      );
    };
    expect(await eventually(flat)).toBe(true);
    expect(exchange).toBeInstanceOf(Function);
  });

  test('of a function that goes back and forth is one', () => {
    const box = sandbox({ timeout: 10_000 });
    const f = () => 'still here';
    const keep = box.run('globalThis.kept = undefined; (f) => { kept = f; return f; }');
    keep(f);
    const { hostHandles } = box.usage();
    for (let i = 0; i < 1000; i++) expect(keep(f)).toBe(f);
    expect(box.usage().hostHandles).toBe(hostHandles);
    expect(box.run('kept()')).toBe('still here');
    box.run('kept = undefined');
    expect(box.usage().hostHandles).toBe(hostHandles - 1);
  });
});
