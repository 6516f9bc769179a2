'use strict';

const { sandbox, expectNoLeaks, errorOf, turn } = require('./support.js');

afterEach(expectNoLeaks);

class Service {
  manager = 1;
}

function* steps() {
  yield 1;
}

/** What the host cannot hand over: how it is made, and what the error says it is. */
const HOST_VALUES = [
  ['a class instance', () => new Service(), 'an instance of Service'],
  ['a WeakMap', () => new WeakMap(), 'an instance of WeakMap'],
  ['a WeakSet', () => new WeakSet(), 'an instance of WeakSet'],
  ['a WeakRef', () => new WeakRef({}), 'an instance of WeakRef'],
  ['a generator', () => steps(), 'an object with a prototype of its own'],
  ['an iterator', () => [1][Symbol.iterator](), 'an object with a prototype of its own'],
  ['a SharedArrayBuffer', () => new SharedArrayBuffer(8), 'a SharedArrayBuffer'],
  [
    'a view on one',
    () => new Uint8Array(new SharedArrayBuffer(8)),
    'a view on a SharedArrayBuffer',
  ],
  [
    'an object with a prototype',
    () => Object.create({ a: 1 }),
    'an object with a prototype of its own',
  ],
];

/** What the guest cannot hand over. */
const GUEST_VALUES = [
  ['a class instance', 'new (class Service {})()', 'an instance of Service'],
  ['an anonymous class’s instance', 'new (class {})()', 'an object with a prototype of its own'],
  ['a Proxy', 'new Proxy({}, {})', 'a Proxy'],
  ['a Proxy of an array', 'new Proxy([1], {})', 'a Proxy'],
  ['a WeakMap', 'new WeakMap()', 'a weak collection or reference'],
  ['a WeakSet', 'new WeakSet()', 'a weak collection or reference'],
  ['a WeakRef', 'new WeakRef({})', 'a weak collection or reference'],
  ['a generator', '(function* () {})()', 'an object with a prototype of its own'],
  ['an iterator', '[1][Symbol.iterator]()', 'an object with a prototype of its own'],
  [
    'an object with a prototype',
    'Object.create({ a: 1 })',
    'an object with a prototype of its own',
  ],
];

/** Where a value may hide: how it is wrapped, the same as source, and the path to it. */
const PLACES = [
  ['on its own', (v) => v, 'v', ''],
  ['in an object', (v) => ({ a: { b: v } }), '({ a: { b: v } })', '.a.b'],
  [
    'in an array',
    (v) => ({ items: [1, 2, 3, { handle: v }] }),
    '({ items: [1, 2, 3, { handle: v }] })',
    '.items[3].handle',
  ],
  ['behind an odd key', (v) => ({ 'a b': v }), '({ "a b": v })', '["a b"]'],
  ['behind a quoted key', (v) => ({ 'a"\\b': v }), `({ 'a"\\\\b': v })`, '["a\\"\\\\b"]'],
  ['behind an empty key', (v) => ({ '': v }), '({ "": v })', '[""]'],
  ['behind a key with digits first', (v) => ({ '1a': v }), '({ "1a": v })', '["1a"]'],
  ['behind a key that is an index', (v) => ({ 10: v }), '({ 10: v })', '[10]'],
  ['behind a key that is nearly an index', (v) => ({ '01': v }), '({ "01": v })', '["01"]'],
  ['behind a negative key', (v) => ({ '-1': v }), '({ "-1": v })', '["-1"]'],
  ['behind a key in another script', (v) => ({ ключ: v }), '({ ключ: v })', '.ключ'],
  ['behind $ and _', (v) => ({ $a_1: { _: v } }), '({ $a_1: { _: v } })', '.$a_1._'],
  [
    'in a named property of an array',
    (v) => Object.assign([1], { extra: v }),
    'Object.assign([1], { extra: v })',
    '.extra',
  ],
  [
    'in a sparse array',
    (v) => Object.assign([], { 9000: v }),
    'Object.assign([], { 9000: v })',
    '[9000]',
  ],
  ['as a value of a Map', (v) => new Map([['k', [v]]]), 'new Map([["k", [v]]])', '.get("k")[0]'],
  [
    'as a value of a Map by an object',
    (v) =>
      new Map([
        [1, 2],
        [{}, v],
      ]),
    'new Map([[1, 2], [{}, v]])',
    '<value 1>',
  ],
  ['as a key of a Map', (v) => new Map([[v, 1]]), 'new Map([[v, 1]])', '<key 0>'],
  ['in a Set', (v) => new Set([1, { v }]), 'new Set([1, { v }])', '<value 1>.v'],
];

function expectRefused(error, path, what) {
  expect(error.constructor.name).toBe('SandboxError');
  expect(error).toMatchObject({
    name: 'SandboxError',
    code: 'ERR_SANDBOX_CROSSING',
    path,
    sandbox: 'sandbox',
  });
  expect(error.message).toBe(`${path} cannot cross the sandbox's border: it is ${what}`);
}

const handlesOf = (box) => {
  const { hostHandles, guestHandles, jobs } = box.usage();
  return { hostHandles, guestHandles, jobs };
};

/** Shows that `use` is refused as it should be, leaves no handle, and that the sandbox works. */
function expectCleanRefusal(box, use, path, what) {
  const before = handlesOf(box);
  expectRefused(errorOf(use), path, what);
  expect(handlesOf(box)).toEqual(before);
  expect(box.run('(o) => o.f([1])')({ f: ([n]) => n + 1 })).toBe(2);
}

describe('an argument that cannot cross is refused, by what it is', () => {
  test.each(HOST_VALUES)('%s', (_, make, what) => {
    const box = sandbox();
    const take = box.run('(...args) => { globalThis.taken = true; }');
    expectCleanRefusal(box, () => take(make()), 'args[0]', what);
    expectCleanRefusal(
      box,
      () => take({ f: () => {} }, 1, { deep: [make()] }),
      'args[2].deep[0]',
      what,
    );
    expect(box.run('typeof taken')).toBe('undefined');
  });
});

describe('an argument that cannot cross is refused, by where it is', () => {
  test.each(PLACES)('%s', (_, wrap, _source, path) => {
    const box = sandbox();
    const take = box.run('(...args) => {}');
    const what = 'an instance of Service';
    expectCleanRefusal(box, () => take(wrap(new Service())), `args[0]${path}`, what);
    expectCleanRefusal(
      box,
      () => take(() => {}, Promise.resolve(), wrap(new Service())),
      `args[2]${path}`,
      what,
    );
  });
});

describe('a result that cannot cross is refused, by what it is', () => {
  test.each(GUEST_VALUES)('%s', (_, source, what) => {
    const box = sandbox();
    expectCleanRefusal(box, () => box.run(source), 'result', what);
    const give = box.run(`() => ({ f: () => {}, a: [${source}] })`);
    expectCleanRefusal(box, () => give(), 'result.a[0]', what);
  });

  test('a view on a SharedArrayBuffer, or the buffer', () => {
    const box = sandbox();
    // Some guests have none, which is as good.
    const has = box.run('typeof SharedArrayBuffer') === 'function';
    for (const source of ['new SharedArrayBuffer(8)', 'new Uint8Array(new SharedArrayBuffer(8))']) {
      const error = errorOf(() => box.run(source));
      if (has) expect(error.code).toBe('ERR_SANDBOX_CROSSING');
      else expect(error).toBeInstanceOf(ReferenceError);
    }
  });
});

describe('a result that cannot cross is refused, by where it is', () => {
  test.each(PLACES)('%s', (_, _wrap, source, path) => {
    const box = sandbox();
    const give = box.run(`() => { const v = new (class Service {})(); return ${source}; }`);
    expectCleanRefusal(box, () => give(), `result${path}`, 'an instance of Service');
  });
});

describe('an argument of a host function that cannot cross', () => {
  test.each(GUEST_VALUES)('throws an error that the guest can catch: %s', (_, source, what) => {
    const box = sandbox();
    const calls = [];
    const caught = box.run(`(f) => {
      try { f(1, { a: [${source}] }); } catch (e) {
        return [e instanceof Error, e.name, e.code, e.path, e.message];
      }
    }`);
    const path = 'args[1].a[0]';
    expect(caught((...args) => calls.push(args))).toEqual([
      true,
      'SandboxError',
      'ERR_SANDBOX_CROSSING',
      path,
      `${path} cannot cross the sandbox's border: it is ${what}`,
    ]);
    expect(calls).toEqual([]);
  });

  test.each(PLACES)(
    'arrives as the SandboxError when nobody catches it: %s',
    (_, _wrap, source, path) => {
      const box = sandbox();
      const call = box.run(
        `(f) => { const v = new (class Service {})(); f(() => {}, ${source}); }`,
      );
      const what = 'an instance of Service';
      expectCleanRefusal(box, () => call(() => {}), `args[1]${path}`, what);
    },
  );
});

describe('what a host function returns and cannot cross', () => {
  test.each(HOST_VALUES)('throws an error that the guest can catch: %s', (_, make, what) => {
    const box = sandbox();
    const caught = box.run(`(f) => {
      try { f(); } catch (e) { return [e instanceof Error, e.name, e.code, e.path, e.message]; }
    }`);
    const path = 'result.deep[0]';
    expect(caught(() => ({ f: () => {}, deep: [make()] }))).toEqual([
      true,
      'SandboxError',
      'ERR_SANDBOX_CROSSING',
      path,
      `${path} cannot cross the sandbox's border: it is ${what}`,
    ]);
  });

  test.each(PLACES)(
    'arrives as the SandboxError when nobody catches it: %s',
    (_, wrap, _source, path) => {
      const box = sandbox();
      const call = box.run('(f) => { f(); }');
      const host = () => wrap(new Service());
      expectCleanRefusal(box, () => call(host), `result${path}`, 'an instance of Service');
    },
  );

  test('and what it throws and cannot cross is told the same way', () => {
    const box = sandbox();
    const call = box.run('(f) => { try { f(); } catch (e) { return [e.name, e.code]; } }');
    expect(
      call(() => {
        throw new Service();
      }),
    ).toEqual(['SandboxError', 'ERR_SANDBOX_CROSSING']);
  });
});

describe('a promise that settles with what cannot cross', () => {
  test.each(PLACES)(
    'of the guest is rejected with the path: %s',
    async (_, _wrap, source, path) => {
      const box = sandbox();
      const give = box.run(
        `async () => { const v = new (class Service {})(); await null; return ${source}; }`,
      );
      const reason = await give().catch((error) => error);
      expectRefused(reason, `result${path}`, 'an instance of Service');
      expect(box.run('1 + 1')).toBe(2);
    },
  );

  test.each(PLACES)('of the host is rejected with the path: %s', async (_, wrap, _source, path) => {
    const box = sandbox();
    const take = box.run('(p) => p.then(() => "fulfilled", (e) => [e.name, e.code, e.path])');
    await expect(take(Promise.resolve(wrap(new Service())))).resolves.toEqual([
      'SandboxError',
      'ERR_SANDBOX_CROSSING',
      `result${path}`,
    ]);
  });

  test('rejected with it, of the host, is rejected all the same', async () => {
    const box = sandbox();
    const take = box.run('(p) => p.then(() => "fulfilled", (e) => [e.name, e.code])');
    await expect(take(Promise.reject(new Service()))).resolves.toEqual([
      'SandboxError',
      'ERR_SANDBOX_CROSSING',
    ]);
  });
});

describe('globals that cannot cross', () => {
  test('are refused by the constructor with their path', () => {
    const error = errorOf(() => sandbox({ globals: { fine: 1, x: { y: new Service() } } }));
    expectRefused(error, 'globals.x.y', 'an instance of Service');
  });

  test('behind an odd name have a path that shows it', () => {
    const error = errorOf(() => sandbox({ globals: { 'odd name': new Service() } }));
    expectRefused(error, 'globals["odd name"]', 'an instance of Service');
  });

  test('are refused when they are set later, and read', () => {
    const box = sandbox();
    const set = () => {
      box.globalThis.service = { deep: new Service() };
    };
    expectCleanRefusal(box, set, 'globalThis.service.deep', 'an instance of Service');
    expect('service' in box.globalThis).toBe(false);
    box.run('globalThis.weak = new WeakMap(); undefined');
    expect(errorOf(() => box.globalThis.weak).code).toBe('ERR_SANDBOX_CROSSING');
  });
});

describe('what would run for ever or out of memory is refused instead', () => {
  test('an object nested too deeply, in both directions', () => {
    const box = sandbox({ timeout: 10_000 });
    let deep = {};
    for (let i = 0; i < 200_000; i++) deep = { deep };
    const take = box.run('(o) => {}');
    const before = handlesOf(box);
    expect(errorOf(() => take(deep)).code).toBe('ERR_SANDBOX_CROSSING');
    const error = errorOf(() =>
      box.run('let o = {}; for (let i = 0; i < 200000; i++) o = { o }; o'),
    );
    expect(error.code).toBe('ERR_SANDBOX_CROSSING');
    box.run('o = null');
    expect(handlesOf(box)).toEqual(before);
    expect(box.run('1 + 1')).toBe(2);
  });

  test('a guest’s small graph that is a huge message', () => {
    const box = sandbox({ memoryLimitMb: 16, timeout: 20_000 });
    const error = errorOf(() =>
      box.run('const s = "x".repeat(1e6); Array.from({ length: 1e4 }, () => s)'),
    );
    expect(error.name).toBe('SandboxError');
    expect(['ERR_SANDBOX_CROSSING', 'ERR_SANDBOX_MEMORY_LIMIT']).toContain(error.code);
    expect(box.run('1 + 1')).toBe(2);
  });
});

test('a thousand refusals leave the sandbox as it was', async () => {
  const box = sandbox({ timeout: 10_000 });
  const take = box.run('(...args) => {}');
  const give = box.run(
    '() => ({ f: () => {}, e: new Error("x"), p: Promise.resolve(), bad: new WeakMap() })',
  );
  const before = handlesOf(box);
  for (let i = 0; i < 1000; i++) {
    const args = [() => {}, new Error('x'), Promise.resolve(i), { bad: new Service() }];
    expect(errorOf(() => take(...args)).path).toBe('args[3].bad');
    expect(errorOf(() => give()).path).toBe('result.bad');
  }
  await turn();
  expect(handlesOf(box)).toEqual(before);
});
