'use strict';

const { copy } = require('..');
const { sandbox, expectNoLeaks, errorOf, turn } = require('./support.js');

afterEach(expectNoLeaks);

class Service {
  manager = 1;
  #served = 0;
  serve() {
    return ++this.#served;
  }
}

function* steps() {
  yield yield 1;
}

/**
 * What the host can only hand over as it is: how it is made, what the guest does with it and
 * sees, and what the error says that it is, where it would have to be copied.
 */
const HOST_VALUES = [
  [
    'a class instance',
    () => new Service(),
    '[v.serve(), v.serve(), "manager" in v, v.manager]',
    [1, 2, false, undefined],
    'an instance of Service',
  ],
  [
    'a WeakMap',
    () => new WeakMap(),
    '(() => { const k = {}; return [v.set(k, 1) === v, v.get(k), v.delete(k), v.has(k)]; })()',
    [true, 1, true, false],
    'an instance of WeakMap',
  ],
  [
    'a WeakSet',
    () => new WeakSet(),
    '(() => { const k = {}; return [v.add(k) === v, v.has(k), v.has({})]; })()',
    [true, true, false],
    'an instance of WeakSet',
  ],
  [
    'a WeakRef',
    () => new WeakRef(globalThis.process),
    'typeof v.deref()',
    'object',
    'an instance of WeakRef',
  ],
  [
    'a generator',
    () => steps(),
    '[v.next().value, v.next("in").value, v.next().done]',
    [1, 'in', true],
    'an object with a prototype of its own',
  ],
  [
    'an iterator',
    () => [1, 2][Symbol.iterator](),
    '[...v]',
    [1, 2],
    'an object with a prototype of its own',
  ],
  ['a SharedArrayBuffer', () => new SharedArrayBuffer(8), 'v.byteLength', 8, 'a SharedArrayBuffer'],
  [
    'an object with a prototype',
    () => Object.create({ method: () => 1, field: 1 }),
    '[v.method(), v.field]',
    [1, undefined],
    'an object with a prototype of its own',
  ],
];

/** The same of the guest. */
const GUEST_VALUES = [
  [
    'a class instance',
    'new (class Service { n = 1; more() { return ++this.n; } })()',
    (v) => [v.more(), v.n, v.constructor.name, Object.keys(v)],
    [2, 2, 'Service', ['n']],
    'an instance of Service',
  ],
  [
    'an anonymous class’s instance',
    'new (class { n = 1; })()',
    (v) => [Reflect.set(v, 'n', 2), v.n, v.constructor.name],
    [true, 2, ''],
    'an object with a prototype of its own',
  ],
  [
    'a Proxy',
    'new Proxy({}, { get: (_, key) => "got " + String(key), has: () => true })',
    (v) => [v.a, v.b, 'c' in v],
    ['got a', 'got b', true],
    'a Proxy',
  ],
  [
    'a Proxy of an array',
    'new Proxy([1, 2], {})',
    (v) => [Array.isArray(v), v.push(3), [...v]],
    [true, 3, [1, 2, 3]],
    'a Proxy',
  ],
  [
    'a WeakMap',
    '(globalThis.key = {}, new WeakMap([[key, 1]]))',
    (v, box) => [v.get(box.run('key')), v.delete(box.run('key')), v.has(box.run('key'))],
    [1, true, false],
    'a weak collection or reference',
  ],
  [
    'a WeakSet',
    '(globalThis.key = {}, new WeakSet([key]))',
    (v, box) => [v.has(box.run('key')), v.has({})],
    [true, false],
    'a weak collection or reference',
  ],
  [
    'a WeakRef',
    'new WeakRef(globalThis)',
    (v, box) => v.deref() === box.globalThis,
    true,
    'a weak collection or reference',
  ],
  [
    'a generator',
    '(function* () { yield yield 1; })()',
    (v) => [v.next().value, v.next('in').value, v.next().done],
    [1, 'in', true],
    'an object with a prototype of its own',
  ],
  [
    'an iterator',
    '[1, 2][Symbol.iterator]()',
    (v) => [...v],
    [1, 2],
    'an object with a prototype of its own',
  ],
  [
    'an object with a prototype',
    'Object.create({ a: 1, get twice() { return 2 * this.a; } })',
    (v) => [v.twice, Reflect.set(v, 'a', 3), v.twice, Object.keys(v)],
    [2, true, 6, ['a']],
    'an object with a prototype of its own',
  ],
];

/** Where a value may hide: how it is wrapped, the same as source, and the path to it. */
const PLACES = [
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

describe('what cannot be copied is used where it is', () => {
  test.each(HOST_VALUES)('in the guest: %s', (_, make, use, expected) => {
    const seen = sandbox().run(`(v, { deep: [w] }, [[, x]]) => {
      const result = ${use};
      return { result, same: v === w && v === x };
    }`);
    const value = make();
    expect(seen(value, { deep: [value] }, new Map([['key', value]]))).toEqual({
      result: expected,
      same: true,
    });
    expect(sandbox().run('(v) => v')(value)).toBe(value);
  });

  test.each(GUEST_VALUES)('here: %s', (_, source, use, expected) => {
    const box = sandbox();
    const given = box.run(
      `globalThis.v = ${source}; ({ v, deep: [v], map: new Map([['key', v]]) })`,
    );
    expect(given.deep[0]).toBe(given.v);
    expect(given.map.get('key')).toBe(given.v);
    expect(use(given.v, box)).toEqual(expected);
    expect(box.run('(value) => value === v')(given.v)).toBe(true);
  });

  test.each(GUEST_VALUES)(
    'here, as the argument of a host function: %s',
    (_, source, use, expected) => {
      const box = sandbox();
      const seen = [];
      box.run(`(f) => { const v = ${source}; f(1, { a: [v] }, v); }`)((_one, { a }, v) => {
        seen.push(a[0] === v, use(v, box));
      });
      expect(seen).toEqual([true, expected]);
    },
  );

  test.each(GUEST_VALUES)(
    'here, when a promise settles with it: %s',
    async (_, source, use, expected) => {
      const box = sandbox();
      const give = box.run(
        `async (fail) => { await null; if (fail) throw ${source}; return ${source}; }`,
      );
      expect(use(await give(false), box)).toEqual(expected);
      expect(use(await give(true).catch((reason) => reason), box)).toEqual(expected);
    },
  );

  test.each(HOST_VALUES)(
    'in the guest, when a promise settles with it: %s',
    async (_, make, use, expected) => {
      const box = sandbox();
      const take = box.run(
        `(p) => p.then((v) => ['fulfilled', ${use}], (v) => ['rejected', ${use}])`,
      );
      const taken = async (promise) => Array.from(await take(promise));
      expect(await taken(Promise.resolve(make()))).toEqual(['fulfilled', expected]);
      expect(await taken(Promise.reject(make()))).toEqual(['rejected', expected]);
    },
  );

  test.each(HOST_VALUES)(
    'in the guest, when a host function throws it: %s',
    (_, make, use, expected) => {
      const value = make();
      const fail = () => {
        throw value;
      };
      const box = sandbox();
      expect(box.run(`(f) => { try { f(); } catch (v) { return ${use}; } }`)(fail)).toEqual(
        expected,
      );
      let caught;
      try {
        box.run('(f) => f()')(fail);
      } catch (error) {
        caught = error;
      }
      expect(caught).toBe(value);
    },
  );

  test('as a key of the guest’s WeakMap, while the guest holds on to it', async () => {
    const box = sandbox();
    const key = {};
    const map = box.run('globalThis.map = new WeakMap(); map');
    box.globalThis.key = key;
    map.set(key, 'kept');
    await turn();
    box.run('for (let i = 0; i < 1e5; i++) ({ i })');
    expect(map.get(key)).toBe('kept');
    expect(box.run('(key) => map.get(key)')(key)).toBe('kept');
  });
});

describe('an argument that cannot be copied is refused, by what it is', () => {
  test.each(HOST_VALUES)('%s', (_, make, _use, _expected, what) => {
    const box = sandbox();
    const take = box.run('(...args) => { globalThis.taken = true; }');
    expectCleanRefusal(box, () => take(copy({ it: make() })), 'args[0].it', what);
    expectCleanRefusal(
      box,
      () => take({ f: () => {} }, 1, copy({ f: () => {}, deep: [make()] })),
      'args[2].deep[0]',
      what,
    );
    expect(box.run('typeof taken')).toBe('undefined');
  });

  test.each(['WeakMap', 'WeakSet', 'SharedArrayBuffer'])(
    'a %s on its own, whose content is no properties',
    (name) => {
      const box = sandbox();
      const take = box.run('(v) => {}');
      const value = new globalThis[name](name === 'SharedArrayBuffer' ? 8 : undefined);
      expect(errorOf(() => take(copy(value)))).toMatchObject({
        code: 'ERR_SANDBOX_CROSSING',
        path: 'args[0]',
      });
    },
  );

  test('a view on a SharedArrayBuffer, wherever it is', () => {
    const box = sandbox();
    const take = box.run('(v) => v');
    const what = 'a view on a SharedArrayBuffer';
    for (const View of [Uint8Array, Float64Array, DataView]) {
      const view = new View(new SharedArrayBuffer(8));
      expectCleanRefusal(box, () => take(view), 'args[0]', what);
      expectCleanRefusal(box, () => take(copy({ deep: [view] })), 'args[0].deep[0]', what);
      expectCleanRefusal(box, () => take(new Map([['k', view]])), 'args[0].get("k")', what);
      const read = box.run('(o) => o.deep');
      expectCleanRefusal(box, () => read({ deep: view }), 'result', what);
    }
  });
});

describe('an argument that cannot be copied is refused, by where it is', () => {
  test.each(PLACES)('%s', (_, wrap, _source, path) => {
    const box = sandbox();
    const take = box.run('(...args) => {}');
    const what = 'an instance of Service';
    expectCleanRefusal(box, () => take(copy(wrap(new Service()))), `args[0]${path}`, what);
    expectCleanRefusal(
      box,
      () => take(() => {}, Promise.resolve(), copy([wrap(new Service())])),
      `args[2][0]${path}`,
      what,
    );
  });
});

describe('a guest value that cannot be copied is refused, by what it is', () => {
  test.each(GUEST_VALUES)('%s', (_, source, _use, _expected, what) => {
    const box = sandbox();
    const given = box.run(`({ f: () => {}, a: [${source}] })`);
    expectCleanRefusal(box, () => copy(given), 'result.a[0]', what);
  });

  test('a Proxy or a weak collection on its own', () => {
    const box = sandbox();
    for (const [name, source, , , what] of GUEST_VALUES) {
      if (!/^a (Proxy|Weak)/.test(name)) continue;
      const value = box.run(source);
      expectCleanRefusal(box, () => copy(value), 'result', what);
    }
  });

  test('a view on a SharedArrayBuffer, or the buffer', () => {
    const box = sandbox();
    // Some guests have none, which is as good.
    if (box.run('typeof SharedArrayBuffer') !== 'function') return;
    for (const kind of ['Uint8Array', 'Float64Array', 'DataView']) {
      const source = `new ${kind}(new SharedArrayBuffer(8))`;
      expect(errorOf(() => box.run(source)).code).toBe('ERR_SANDBOX_CROSSING');
      expect(errorOf(() => copy(box.run(`({ v: ${source} })`))).path).toBe('result.v');
      expect(errorOf(() => box.run(`(f) => f(${source})`)(() => {})).path).toBe('args[0]');
    }
    expect(errorOf(() => copy(box.run('new SharedArrayBuffer(8)'))).path).toBe('result');
    expect(errorOf(() => copy(box.run('({ v: new SharedArrayBuffer(8) })'))).path).toBe('result.v');
    expect(box.run('1 + 1')).toBe(2);
  });
});

describe('a guest value that cannot be copied is refused, by where it is', () => {
  test.each(PLACES)('%s', (_, _wrap, source, path) => {
    const box = sandbox();
    const given = box.run(
      `(() => { const v = new (class Service {})(); return { root: ${source} }; })()`,
    );
    expectCleanRefusal(box, () => copy(given), `result.root${path}`, 'an instance of Service');
  });
});

describe('a copy that a host function makes of its argument', () => {
  test.each(GUEST_VALUES)(
    'throws an error that the guest can catch: %s',
    (_, source, _use, _expected, what) => {
      const box = sandbox();
      const caught = box.run(`(f) => {
      try { f(1, { a: [${source}] }); } catch (e) {
        return JSON.stringify([e instanceof Error, e.name, e.code, e.path, e.message]);
      }
    }`);
      const path = 'result.a[0]';
      const calls = [];
      expect(JSON.parse(caught((_one, value) => calls.push(copy(value))))).toEqual([
        true,
        'SandboxError',
        'ERR_SANDBOX_CROSSING',
        path,
        `${path} cannot cross the sandbox's border: it is ${what}`,
      ]);
      expect(calls).toEqual([]);
    },
  );

  test.each(PLACES)(
    'arrives as the SandboxError when nobody catches it: %s',
    (_, _wrap, source, path) => {
      const box = sandbox();
      const call = box.run(
        `(f) => { const v = new (class Service {})(); f(() => {}, { root: ${source} }); }`,
      );
      const error = errorOf(() => call((_f, value) => copy(value)));
      expectRefused(error, `result.root${path}`, 'an instance of Service');
      expect(box.run('1 + 1')).toBe(2);
    },
  );
});

describe('what a host function returns and cannot be copied', () => {
  test.each(HOST_VALUES)(
    'throws an error that the guest can catch: %s',
    (_, make, _use, _expected, what) => {
      const box = sandbox();
      const caught = box.run(`(f) => {
      try { f(); } catch (e) {
        return JSON.stringify([e instanceof Error, e.name, e.code, e.path, e.message]);
      }
    }`);
      const path = 'result.deep[0]';
      expect(JSON.parse(caught(() => copy({ f: () => {}, deep: [make()] })))).toEqual([
        true,
        'SandboxError',
        'ERR_SANDBOX_CROSSING',
        path,
        `${path} cannot cross the sandbox's border: it is ${what}`,
      ]);
    },
  );

  test.each(PLACES)(
    'arrives as the SandboxError when nobody catches it: %s',
    (_, wrap, _source, path) => {
      const box = sandbox();
      const call = box.run('(f) => { f(); }');
      const host = () => copy(wrap(new Service()));
      expectCleanRefusal(box, () => call(host), `result${path}`, 'an instance of Service');
    },
  );

  test('and what it throws and cannot be copied is told the same way', () => {
    const box = sandbox();
    const call = box.run(
      '(f) => { try { f(); } catch (e) { return [e.name, e.code, e.path].join(" "); } }',
    );
    expect(
      call(() => {
        throw copy({ service: new Service() });
      }),
    ).toBe('SandboxError ERR_SANDBOX_CROSSING result.service');
  });

  test('and what a getter gives, when the guest reads it', () => {
    const box = sandbox();
    const object = {
      get inner() {
        return copy({ service: new Service() });
      },
    };
    const read = box.run('(o) => { try { return o.inner; } catch (e) { return e.code; } }');
    expect(read(object)).toBe('ERR_SANDBOX_CROSSING');
  });
});

describe('a host promise that settles with what cannot be copied', () => {
  test.each(PLACES)('is rejected with the path: %s', async (_, wrap, _source, path) => {
    const box = sandbox();
    const take = box.run(
      '(p) => p.then(() => "fulfilled", (e) => [e.name, e.code, e.path].join())',
    );
    await expect(take(Promise.resolve(copy(wrap(new Service()))))).resolves.toBe(
      `SandboxError,ERR_SANDBOX_CROSSING,result${path}`,
    );
  });

  test('by being rejected with it, is rejected all the same', async () => {
    const box = sandbox();
    const take = box.run(
      '(p) => p.then(() => "fulfilled", (e) => [e.name, e.code, e.path].join())',
    );
    await expect(take(Promise.reject(copy({ bad: new Service() })))).resolves.toBe(
      'SandboxError,ERR_SANDBOX_CROSSING,result.bad',
    );
  });
});

describe('globals that cannot be copied', () => {
  test('are refused by the constructor with their path', () => {
    const globals = { fine: 1, x: copy({ y: new Service() }) };
    const error = errorOf(() => sandbox({ globals }));
    expectRefused(error, 'globals.x.y', 'an instance of Service');
  });

  test('behind an odd name have a path that shows it', () => {
    const globals = { 'odd name': copy([new Service()]) };
    const error = errorOf(() => sandbox({ globals }));
    expectRefused(error, 'globals["odd name"][0]', 'an instance of Service');
  });

  test('are refused when they are set later', () => {
    const box = sandbox();
    const guest = box.globalThis;
    const set = () => {
      guest.service = copy({ deep: new Service() });
    };
    expectCleanRefusal(box, set, 'value of service.deep', 'an instance of Service');
    expect('service' in guest).toBe(false);
  });
});

describe('what would run for ever or out of memory is refused instead', () => {
  test('a copy of an object nested too deeply, in both directions', () => {
    const box = sandbox({ timeout: 10_000 });
    let deep = {};
    for (let i = 0; i < 200_000; i++) deep = { deep };
    copy(deep);
    const take = box.run('(o) => {}');
    const given = box.run('let o = {}; for (let i = 0; i < 200000; i++) o = { o }; o');
    const before = handlesOf(box);
    expect(errorOf(() => take(deep)).code).toBe('ERR_SANDBOX_CROSSING');
    expect(errorOf(() => copy(given)).code).toBe('ERR_SANDBOX_CROSSING');
    box.run('o = null');
    expect(handlesOf(box)).toEqual(before);
    expect(box.run('1 + 1')).toBe(2);
  });

  test('while the object itself may be as deep as it likes', () => {
    const box = sandbox({ timeout: 10_000 });
    let deep = {};
    for (let i = 0; i < 200_000; i++) deep = { deep };
    expect(box.run('(o) => typeof o.deep.deep.deep')(deep)).toBe('object');
    const given = box.run('let o = {}; for (let i = 0; i < 200000; i++) o = { o }; o');
    expect(typeof given.o.o.o).toBe('object');
  });

  test('a copy of a guest’s small graph that is a huge message', () => {
    const box = sandbox({ memoryLimitMb: 16, timeout: 20_000 });
    const given = box.run('const s = "x".repeat(1e6); Array.from({ length: 1e4 }, () => s)');
    expect(given).toHaveLength(10_000);
    const error = errorOf(() => copy(given));
    expect(error.name).toBe('SandboxError');
    expect(['ERR_SANDBOX_CROSSING', 'ERR_SANDBOX_MEMORY_LIMIT']).toContain(error.code);
    expect(box.run('1 + 1')).toBe(2);
  });
});

test('a thousand refusals leave the sandbox as it was', async () => {
  const box = sandbox({ timeout: 10_000 });
  const take = box.run('(...args) => {}');
  const given = box.run(
    '({ f: () => {}, e: new Error("x"), p: Promise.resolve(), bad: new WeakMap() })',
  );
  const before = handlesOf(box);
  for (let i = 0; i < 1000; i++) {
    const args = [() => {}, new Error('x'), Promise.resolve(i), {}, copy({ bad: new Service() })];
    expect(errorOf(() => take(...args)).path).toBe('args[4].bad');
    expect(errorOf(() => copy(given)).path).toBe('result.bad');
  }
  await turn();
  expect(handlesOf(box)).toEqual(before);
});
