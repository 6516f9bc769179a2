'use strict';

// Guest objects as the host sees them.

const { sandbox, expectNoLeaks, eventually, errorOf, sleep } = require('./support.js');
const { OBJECTS, PROBES, LIKE_A_PROXY, TOOLS, evaluate } = require('./membrane-cases.js');
const { EventEmitter, once } = require('node:events');

afterEach(expectNoLeaks);

const tools = evaluate(TOOLS);

describe('answers like an object made here:', () => {
  test.each(Object.entries(OBJECTS))('%s', (object, source) => {
    const box = sandbox({ policy: 'transparent', timeout: 20_000 });
    const unlike = [];
    for (const [name, text] of Object.entries(PROBES)) {
      const probe = evaluate(text);
      const expected = [tools.attempt(probe, evaluate(source))];
      if (LIKE_A_PROXY[object]?.includes(name)) {
        expected.push(tools.attempt(probe, tools.wrap(evaluate(source))));
      }
      const answer = tools.attempt(probe, box.run(`(${source})`));
      if (!expected.includes(answer)) unlike.push({ name, answer, expected });
    }
    // Some probes leave cycles through both sides, which last until then.
    box.dispose();
    expect(unlike).toEqual([]);
  });
});

describe('is live:', () => {
  test('what either side changes, the other sees', () => {
    const box = sandbox();
    const state = box.run('globalThis.state = { n: 1, list: [1], inner: { a: 1 } }');
    const { list, inner } = state;
    box.run('state.n = 2; state.list.push(2); state.inner.b = 2; delete state.inner.a;');
    expect([state.n, [...list], { ...inner }]).toEqual([2, [1, 2], { b: 2 }]);
    state.n++;
    list.push(3, { deep: [4] });
    inner.f = (x) => x + 1;
    Object.assign(inner, { c: 3 });
    expect(box.run('JSON.stringify([state.n, state.list, state.inner.c, state.inner.f(1)])')).toBe(
      '[3,[1,2,3,{"deep":[4]}],3,2]',
    );
    box.run('state.inner = { replaced: true }');
    expect([inner.b, state.inner.replaced]).toEqual([2, true]);
  });

  test('a guest’s array as one of the host', () => {
    const box = sandbox();
    const list = box.run('globalThis.list = [5, 3, 9, 1]');
    expect(Math.max(...list)).toBe(9);
    expect(list.sort((a, b) => a - b)).toBe(list);
    expect(box.run('list.join()')).toBe('1,3,5,9');
    list.length = 2;
    list[3] = 'four';
    expect(box.run('[list.length, 2 in list, list[3]].join()')).toBe('4,false,four');
    expect(() => {
      list.length = -1;
    }).toThrow(RangeError);
    expect(list.concat(['x'])).toEqual([1, 3, undefined, 'four', 'x']);
    expect(Object.groupBy?.([1], () => 'a') ?? { a: [1] }).toMatchObject({ a: [1] });
    expect(structuredClone([...list.filter(Boolean)])).toEqual([1, 3, 'four']);
  });
});

describe('is the same', () => {
  test('each time it crosses, from wherever', () => {
    const box = sandbox();
    const o = box.run('globalThis.o = { f() { return this; }, self() { return { o: [o] }; } }');
    expect(box.run('o')).toBe(o);
    expect(box.globalThis.o).toBe(o);
    expect(o.f()).toBe(o);
    expect(o.self().o[0]).toBe(o);
    expect(box.run('new Map([[o, o]])').get(o)).toBe(o);
    box.run('(f) => f(o)')((argument) => expect(argument).toBe(o));
    expect(errorOf(() => box.run('throw o'))).toBe(o);
    expect(Object.getPrototypeOf(box.run('globalThis.child = Object.create(o)'))).toBe(o);
    // What the guest let go of last, the host learns with the next message.
    expect(new Set([o, box.run('o'), o.f()]).size).toBe(1);
  });

  test('and the original again at home', async () => {
    const box = sandbox();
    const o = box.run('globalThis.o = {}; globalThis.is = (x) => x === o; o');
    const is = box.globalThis.is;
    expect([is(o), is({}), is(Object.create(o))]).toEqual([true, false, false]);
    expect(box.run('({ list }) => list[0] === o')({ list: [o] })).toBe(true);
    expect(box.run('(m) => m.get("o") === o')(new Map([['o', o]]))).toBe(true);
    expect(await box.run('async (p) => (await p) === o')(Promise.resolve(o))).toBe(true);
    box.globalThis.again = o;
    expect(box.run('again === o')).toBe(true);
    const error = Object.assign(new Error('with'), { o });
    expect(box.run('(e) => e.o === o')(error)).toBe(true);
    box.run('delete globalThis.again');
  });

  test('also when it was let go of in between', async () => {
    const box = sandbox();
    box.run('globalThis.o = { n: 1 }');
    expect(box.run('o').n).toBe(1);
    expect(await eventually(() => box.usage().guestHandles === 0)).toBe(true);
    const again = box.run('o.n++; o');
    expect([again.n, box.run('(x) => x === o')(again)]).toEqual([2, true]);
  });

  test('in another sandbox it is a stand-in for the stand-in', () => {
    const [one, two] = [sandbox({ policy: 'transparent' }), sandbox({ policy: 'transparent' })];
    const o = one.run('globalThis.o = { n: 1, add(by) { this.n += by; return this; } }');
    const echo = two.run('globalThis.seen = undefined; (o) => (seen ??= o, o.add(2).add(3))');
    expect(echo(o)).toBe(o);
    expect(one.run('o.n')).toBe(6);
    expect(two.run('seen.n')).toBe(6);
    one.dispose();
    expect(errorOf(() => two.run('seen.n')).code).toBe('ERR_SANDBOX_DISPOSED');
    expect(two.run('1 + 1')).toBe(2);
  });
});

describe('runs guest code with the right receiver:', () => {
  test('methods, accessors, and functions on other receivers', () => {
    const box = sandbox({ policy: 'transparent' });
    const o = box.run(`({
      name: 'o',
      who() { return this.name; },
      get mine() { return this.name + "'s"; },
      set mine(value) { this.name = value; },
      same(x) { return this === x; },
    })`);
    expect([o.who(), o.who.call({ name: 'host' }), o.mine, o.same(o)]).toEqual([
      'o',
      'host',
      "o's",
      true,
    ]);
    o.mine = 'new';
    expect([o.name, Reflect.get(o, 'mine', { name: 'other' })]).toEqual(['new', "other's"]);
    const child = Object.create(o, { name: { value: 'child', writable: true } });
    expect([child.who(), child.mine]).toEqual(['child', "child's"]);
    child.mine = 'renamed';
    expect([child.name, o.name]).toEqual(['renamed', 'new']);
    child.fresh = 1;
    expect([Object.hasOwn(child, 'fresh'), 'fresh' in o]).toEqual([true, false]);
  });

  test('a host’s Proxy and a guest’s, each around one of the other', () => {
    const box = sandbox({ policy: 'transparent' });
    const seen = [];
    const o = box.run('globalThis.o = { a: 1 }');
    const spied = new Proxy(o, {
      get(target, key, receiver) {
        seen.push(key);
        return Reflect.get(target, key, receiver);
      },
    });
    expect(spied.a).toBe(1);
    expect(box.run('(o) => o.a')(spied)).toBe(1);
    expect(seen).toEqual(['a', 'a']);
    const wrap = box.run(
      `(o) => new Proxy(o, { get: (t, k) => (k === 'b' ? 2 : t[k]), has: () => true })`,
    );
    const wrapped = wrap({ a: 1 });
    expect([wrapped.a, wrapped.b, 'c' in wrapped, Object.keys(wrapped)]).toEqual([
      1,
      2,
      true,
      ['a'],
    ]);
    const { proxy, revoke } = box.run('Proxy.revocable({ a: 1 }, {})');
    expect(proxy.a).toBe(1);
    revoke();
    expect(() => proxy.a).toThrow(TypeError);
  });
});

describe('what the guest throws', () => {
  test.each([
    ['get', (o) => o.x],
    ['set', (o) => Reflect.set(o, 'x', 1)],
    ['has', (o) => 'x' in o],
    ['deleteProperty', (o) => Reflect.deleteProperty(o, 'x')],
    ['getOwnPropertyDescriptor', (o) => Object.getOwnPropertyDescriptor(o, 'x')],
    ['defineProperty', (o) => Object.defineProperty(o, 'x', { value: 1 })],
    ['ownKeys', (o) => Reflect.ownKeys(o)],
    ['getPrototypeOf', (o) => Object.getPrototypeOf(o)],
    ['setPrototypeOf', (o) => Object.setPrototypeOf(o, null)],
    ['isExtensible', (o) => Object.isExtensible(o)],
    ['preventExtensions', (o) => Object.preventExtensions(o)],
    ['apply', (o) => o()],
    ['construct', (o) => new o()],
  ])('in %s is thrown here', (trap, use) => {
    const o = sandbox().run(
      `new Proxy(function () {}, { ${trap}() { throw Object.assign(new RangeError('no'), { code: 'E_NO' }); } })`,
    );
    const error = errorOf(() => use(o));
    expect(error).toBeInstanceOf(RangeError);
    expect([error.message, error.code]).toEqual(['no', 'E_NO']);
  });

  test('a property that never answers ends with the deadline', () => {
    const box = sandbox({ timeout: 30 });
    const o = box.run(
      '({ get slow() { while (true); }, set slow(v) { while (true); }, toJSON() { while (true); }, a: 1 })',
    );
    for (const use of [() => o.slow, () => Reflect.set(o, 'slow', 1), () => JSON.stringify(o)]) {
      expect(errorOf(use).code).toBe('ERR_SANDBOX_TIMEOUT');
    }
    expect([o.a, box.usage().timeouts]).toEqual([1, 3]);
  });

  test('a circle of prototypes through both sides ends as an error', () => {
    // To leave thousands of calls, one inside the other, takes its time.
    const box = sandbox({ timeout: 200, graceMs: 5000 });
    const o = box.run('globalThis.o = { a: 1 }');
    // Proxies end the search for circles, in ECMA-262, too.
    expect(Reflect.setPrototypeOf(o, Object.create(o))).toBe(true);
    for (const use of [() => o.nothing, () => box.run('o.nothing')]) {
      const error = errorOf(use);
      expect(['RangeError', 'ERR_SANDBOX_TIMEOUT']).toContain(error.code ?? error.name);
    }
    expect(o.a).toBe(1);
    expect(box.run('Object.setPrototypeOf(o, null); o.nothing')).toBeUndefined();
    box.dispose(); // the errors came by thousands of calls
  });
});

describe('what has no form here', () => {
  test.each([
    ['a view of shared memory', 'new Uint8Array(new SharedArrayBuffer(8))'],
    ['another', 'new DataView(new SharedArrayBuffer(8))'],
  ])('%s is refused', (_name, source) => {
    const box = sandbox();
    const error = errorOf(() => box.run(`({ list: [${source}] }).list[0]`));
    expect([error.code, error.path]).toEqual(['ERR_SANDBOX_CROSSING', 'result']);
    expect(box.run('1 + 1')).toBe(2);
  });
});

describe('a sandbox that is gone', () => {
  test.each(['dispose', 'terminate'])('%s: every operation says so', (end) => {
    const box = sandbox();
    const o = box.run('(class Klass { static a = 1; })');
    box[end]();
    const code = end === 'dispose' ? 'ERR_SANDBOX_DISPOSED' : 'ERR_SANDBOX_TERMINATED';
    const uses = {
      get: () => o.a,
      set: () => Reflect.set(o, 'a', 2),
      has: () => 'a' in o,
      deleteProperty: () => Reflect.deleteProperty(o, 'a'),
      getOwnPropertyDescriptor: () => Object.getOwnPropertyDescriptor(o, 'a'),
      defineProperty: () => Reflect.defineProperty(o, 'b', { value: 1 }),
      ownKeys: () => Object.keys(o),
      getPrototypeOf: () => Object.getPrototypeOf(o),
      setPrototypeOf: () => Reflect.setPrototypeOf(o, null),
      isExtensible: () => Object.isExtensible(o),
      preventExtensions: () => Reflect.preventExtensions(o),
      apply: () => o(),
      construct: () => new o(),
    };
    const codes = Object.fromEntries(
      Object.entries(uses).map(([name, use]) => [name, errorOf(use).code]),
    );
    expect(codes).toEqual(Object.fromEntries(Object.keys(uses).map((name) => [name, code])));
    expect([typeof o, o === box, Array.isArray(o)]).toEqual(['function', false, false]);
  });
});

describe('asynchronously', () => {
  test('async generators and iterators of the guest in for await', async () => {
    const box = sandbox();
    const collect = async (iterable) => {
      const all = [];
      for await (const each of iterable) all.push(each);
      return all;
    };
    const steps = box.run(`(async function* (wait) {
      try { yield 1; yield await wait(2); yield* [3, wait(4)]; } finally { globalThis.left = true; }
    })`);
    const wait = (value) => sleep(1).then(() => value);
    expect(await collect(steps(wait))).toEqual([1, 2, 3, 4]);
    expect(box.run('left')).toBe(true);
    box.run('left = false');
    for await (const first of steps(wait)) {
      expect(first).toBe(1);
      break;
    }
    expect(box.run('left')).toBe(true);
    expect(await collect(box.run('[1, Promise.resolve(2)]'))).toEqual([1, 2]);
    const failing = box.run('(async function* () { yield 1; throw new RangeError("end"); })()');
    await expect(collect(failing)).rejects.toThrow(RangeError);
  });

  test('thenables, and objects in promises', async () => {
    const box = sandbox();
    expect(await box.run('({ then(resolve) { resolve("then") } })')).toBe('then');
    const o = await box.run('Promise.resolve({ a: [1], get self() { return this; } })');
    expect([o.a[0], o.self === o]).toEqual([1, true]);
    await expect(box.run('Promise.reject({ why: "so" })')).rejects.toMatchObject({ why: 'so' });
  });

  test('an emitter of the host with listeners of the guest', async () => {
    const box = sandbox();
    const emitter = new EventEmitter();
    const log = box.run('globalThis.log = []; (value) => log.push(value)');
    emitter.on('x', log);
    emitter.emit('x', { a: 1 });
    const waiting = once(emitter, 'y');
    box.run('(emit) => emit("y", { from: "guest" })')((...args) => emitter.emit(...args));
    expect((await waiting)[0].from).toBe('guest');
    expect(box.run('log.length === 1 && log[0].a')).toBe(1);
    emitter.off('x', log);
    expect(emitter.emit('x')).toBe(false);
  });
});
