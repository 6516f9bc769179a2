'use strict';

// What `quickvm/vm` has of its own: sandboxes behind contexts, limits, isolation.

const { Sandbox, SandboxError } = require('../..');
const { collect, errorOf, eventually, turn } = require('../support.js');
const vm = require('../../vm.js');

/** How many sandboxes the module has; what other tests left behind may go meanwhile. */
const sandboxes = async () => (await figures()).filter((bytes) => bytes > 0).length;

beforeAll(() => jest.spyOn(process, 'emitWarning').mockImplementation());
afterAll(() => jest.restoreAllMocks());

/** Bytes in use in each sandbox but that of `runInThisContext`. */
async function figures() {
  const { other } = await vm.measureMemory({ mode: 'detailed' });
  return other.map((each) => each.jsMemoryEstimate);
}

describe('contexts and sandboxes', () => {
  /** How many sandboxes `use` makes; what it answers is kept until they have been counted. */
  async function made(use) {
    const before = await sandboxes();
    const kept = use();
    const after = await sandboxes();
    expect(kept).toBeDefined();
    return after - before;
  }

  /** A context in which something has been left. */
  function used(object) {
    const context = vm.createContext(object);
    vm.runInContext('let left = 1', context);
    return context;
  }

  test('a context that shares nothing has one of its own', async () => {
    expect(await made(() => [used(), used({ a: 1, f() {} })])).toBe(2);
  });

  test('a context has none before its first run, nor after one that leaves nothing', async () => {
    const run = (code, object) => () => {
      const context = vm.createContext(object);
      vm.runInContext(code, context);
      return context;
    };
    expect(await made(() => vm.createContext())).toBe(0);
    for (const code of ['1 + 1', 'f(x).y', 'z = f.name']) {
      expect(await made(run(code, { f: (x) => ({ y: x }), x: 1 }))).toBe(0);
    }
    for (const code of ['let x', 'Math.y = 1', 'f(() => 1)', '({})', 'later()']) {
      const object = { f() {}, later: () => new Promise(() => {}) };
      expect(await made(run(code, object))).toBe(code === 'later()' ? 0 : 1);
    }
  });

  test('what a run has left is there for the next, whatever it was', () => {
    for (const code of [
      'let x = 1',
      'var x = 1',
      'x = 1',
      'Object.prototype.x = 1',
      'g.call.x = 1; x = g.call.x',
    ]) {
      const context = vm.createContext({ f() {}, g() {} });
      vm.runInContext(code, context);
      expect(vm.runInContext('x', context)).toBe(1);
    }
  });

  test('what one context does to its intrinsics, another does not find', () => {
    const attacks = ['f.call.stolen = leak', 'leak(leak.bind.stolen = leak)', 'f.call.call(leak)'];
    for (const attack of attacks) {
      for (let i = 0; i < 5; i++) {
        vm.runInNewContext(attack, { f() {}, leak: () => 1 });
        const found = '[typeof f.call.stolen, typeof f.bind.stolen].join(" ")';
        expect(vm.runInNewContext(found, { f() {} })).toBe('undefined undefined');
      }
    }
  });

  test('a context that is given a guest’s object before its first run lies with that', async () => {
    const object = vm.runInContext('({ f: () => 1 })', vm.createContext());
    expect(
      await made(() => {
        const context = vm.createContext();
        context.object = object;
        return vm.runInContext('let copy = object; () => copy', context);
      }),
    ).toBe(0);
  });

  test('contexts that share a guest’s object lie together', async () => {
    const first = vm.createContext();
    const object = vm.runInContext('({ f: () => 1 })', first);
    expect(await made(() => vm.createContext({ object }))).toBe(0);
    expect(await made(() => vm.createContext({ f: object.f }))).toBe(0);
    expect(await made(() => vm.createContext({ list: [1, object] }))).toBe(0);
    expect(await made(() => used({ nested: { deeper: { object } } }))).toBe(1);
  });

  test('an instance that the host made of a guest’s class lies with the class', async () => {
    const first = vm.createContext();
    const Base = vm.runInContext('(class Base {})', first);
    class Derived extends Base {}
    expect(await made(() => vm.createContext({ one: new Base() }))).toBe(0);
    expect(await made(() => vm.createContext({ one: new Derived() }))).toBe(0);
    expect(await made(() => vm.createContext({ Derived }))).toBe(0);
    expect(await made(() => vm.createContext({ list: [new Derived()] }))).toBe(0);
  });

  test('getters of the object are not called', () => {
    const object = Object.defineProperty({}, 'x', {
      enumerable: true,
      get: () => {
        throw new Error('called');
      },
    });
    expect(vm.isContext(vm.createContext(object))).toBe(true);
  });

  test('a context that a running guest has made lies with the guest', async () => {
    const context = vm.createContext({
      load: (code) => vm.runInContext(code, vm.createContext({})),
    });
    vm.runInContext('let left = 1', context);
    const before = await sandboxes();
    expect(vm.runInContext('load("({ n: 41 })").n + 1', context)).toBe(42);
    expect(await sandboxes()).toBe(before);
  });

  test('a guest of a Sandbox that is none of the module’s has no part in it', async () => {
    const sandbox = new Sandbox();
    sandbox.globalThis.create = () => {
      used();
    };
    expect(
      await made(() => {
        sandbox.run('create()');
        return sandbox;
      }),
    ).toBe(1);
    sandbox.dispose();
  });

  test('sandboxes that nobody holds go', async () => {
    const before = await sandboxes();
    async function many() {
      const held = Array.from({ length: 20 }, (_, i) => ({ i }));
      for (const object of held) vm.runInNewContext('x = { y: i }', object);
      // Those of other tests may have gone meanwhile.
      expect(await sandboxes()).toBeGreaterThanOrEqual(held.length);
    }
    await many();
    let left = before + 20;
    await eventually(() => {
      sandboxes().then((count) => {
        left = count;
      });
      return left <= before;
    });
    expect(left).toBeLessThanOrEqual(before);
  });

  test('a function keeps its context', async () => {
    const f = vm.runInNewContext('let n = 0; () => ++n', {});
    const watched = new WeakRef(vm.createContext());
    expect(f()).toBe(1);
    for (let i = 0; i < 5; i++) {
      await turn(); // a WeakRef holds its target until the job is over
      collect();
    }
    expect(watched.deref()).toBeUndefined();
    expect(f()).toBe(2);
  });
});

describe('limits', () => {
  test('a growing heap ends the run, and another context knows nothing of it', () => {
    const other = vm.createContext({ x: 1 });
    const error = errorOf(() =>
      vm.runInNewContext('const all = []; while (true) all.push(new Array(1000).fill(0))'),
    );
    expect(error).toBeInstanceOf(SandboxError);
    expect(error.code).toBe('ERR_SANDBOX_MEMORY_LIMIT');
    expect(vm.runInContext('x + 1', other)).toBe(2);
  });

  test('are those set before', () => {
    vm.configure({ memoryLimitMb: 2, timeout: 20 });
    try {
      const small = vm.createContext();
      expect(errorOf(() => vm.runInContext('new ArrayBuffer(4e6)', small)).code).toBe(
        'ERR_SANDBOX_MEMORY_LIMIT',
      );
      const spin = vm.runInNewContext('() => { while (true) {} }');
      expect(errorOf(spin).code).toBe('ERR_SANDBOX_TIMEOUT');
    } finally {
      vm.configure({ memoryLimitMb: 64, timeout: 0 });
    }
    expect(vm.runInNewContext('new ArrayBuffer(4e6).byteLength')).toBe(4e6);
  });

  test.each([[{ memoryLimitMb: 0 }], [{ timeout: -1 }], [{ policy: 'safe' }], [{ name: 'x' }]])(
    'configure refuses %j',
    (limits) => {
      expect(errorOf(() => vm.configure(limits)).code).toBe('ERR_SANDBOX_OPTIONS');
    },
  );
});

describe('isolation', () => {
  test.each([
    'this.constructor.constructor("return process")()',
    'f.constructor("return process")()',
    'object.constructor.constructor("return process")()',
    'list.map.constructor("return process")()',
    '(() => { try { thrower() } catch (e) { return e.constructor.constructor("return process")() } })()',
    'promise.constructor.constructor("return process")()',
    'new Host().constructor.constructor("return process")()',
    'Host.__proto__.constructor("return process")()',
  ])('%s finds no process', (code) => {
    const context = vm.createContext({
      f: () => 1,
      object: {},
      list: [],
      promise: Promise.resolve(),
      Host: class Host {},
      thrower() {
        throw new Error('x');
      },
    });
    expect(errorOf(() => vm.runInContext(code, context)).name).toBe('ReferenceError');
  });

  test('the host’s prototypes stay as they are', () => {
    vm.runInNewContext(
      'for (const each of [{}, list, f]) Object.getPrototypeOf(each).polluted = true',
      { list: [], f() {} },
    );
    expect([{}.polluted, [].polluted, (() => {}).polluted]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('cached data', () => {
  test.each([
    ['nothing', (data) => data.subarray(0, 0)],
    ['a part', (data) => data.subarray(4)],
    ['more', (data) => Buffer.concat([data, data])],
    ['V8’s', () => new (require('node:vm').Script)('"source"').createCachedData()],
  ])('of %s is rejected', (_, change) => {
    const data = new vm.Script('"source"').createCachedData();
    const script = new vm.Script('"source"', { cachedData: change(data) });
    expect([script.cachedDataRejected, script.runInNewContext()]).toEqual([true, 'source']);
  });
});

describe('measureMemory', () => {
  test('answers exact figures, of all sandboxes and of each', async () => {
    const context = vm.createContext();
    const { total } = await vm.measureMemory();
    expect(Object.keys(await vm.measureMemory())).toEqual(['total']);
    vm.runInContext('kept = new Array(100_000).fill(0)', context);
    const grown = await vm.measureMemory({ mode: 'detailed', execution: 'eager' });
    expect(grown.total.jsMemoryEstimate - total.jsMemoryEstimate).toBeGreaterThan(400_000);
    const sum = [grown.current, ...grown.other].reduce(
      (all, each) => all + each.jsMemoryEstimate,
      0,
    );
    expect(grown.total.jsMemoryEstimate).toBe(sum);
    expect(grown.total.jsMemoryRange).toEqual([sum, sum]);
    expect(Math.max(...(await figures()))).toBeGreaterThan(400_000);
  });

  test('counts contexts that have not run anything, which take nothing', async () => {
    const count = async () => (await figures()).filter((bytes) => bytes === 0).length;
    const before = await count();
    const contexts = [1, 2, 3].map(() => vm.createContext());
    expect(await count()).toBe(before + 3);
    for (const context of contexts) vm.runInContext('kept = () => {}', context);
    expect(await count()).toBe(before);
  });
});

describe('sandbox.vm', () => {
  let sandbox;
  beforeEach(() => {
    sandbox = new Sandbox({ name: 'own', memoryLimitMb: 8, timeout: 200, policy: 'transparent' });
  });
  afterEach(() => sandbox.dispose());

  test('is one module, with all of the API', () => {
    expect(sandbox.vm).toBe(sandbox.vm);
    const { configure, ...rest } = vm;
    expect(Object.keys(sandbox.vm)).toEqual(Object.keys(rest));
    expect(typeof configure).toBe('function');
  });

  test('makes contexts in the sandbox, with its limits', () => {
    const { vm: own } = sandbox;
    const context = own.createContext({ x: 1 });
    expect(own.runInContext('y = x + 1', context)).toBe(2);
    expect(sandbox.isContext(context)).toBe(true);
    expect(sandbox.runInContext('y', context)).toBe(2);
    expect(new own.Script('x + y').runInContext(context)).toBe(3);
    expect(errorOf(() => own.runInContext('new ArrayBuffer(1e8)', context)).code).toBe(
      'ERR_SANDBOX_MEMORY_LIMIT',
    );
    expect(errorOf(() => own.runInNewContext('while (true) {}')).code).toBe(
      'ERR_SCRIPT_EXECUTION_TIMEOUT',
    );
    expect(errorOf(() => own.runInNewContext('while (true) {}', {}, { timeout: 5 })).message).toBe(
      'Script execution timed out after 5ms',
    );
  });

  test('knows contexts that the sandbox made itself, and no others', () => {
    const { vm: own } = sandbox;
    expect(own.runInContext('x', sandbox.createContext({ x: 4 }))).toBe(4);
    expect(own.isContext(vm.createContext())).toBe(false);
    expect(vm.isContext(own.createContext())).toBe(false);
    expect(errorOf(() => own.runInContext('1', vm.createContext())).code).toBe(
      'ERR_INVALID_ARG_TYPE',
    );
  });

  test('runs “here” on the sandbox’s own global object', () => {
    const { vm: own } = sandbox;
    sandbox.globalThis.given = 2;
    expect(own.runInThisContext('made = given + 1; typeof process')).toBe('undefined');
    expect(sandbox.globalThis.made).toBe(3);
    expect(new own.Script('made').runInThisContext()).toBe(3);
    expect(own.compileFunction('return made + a', ['a'])(1)).toBe(4);
  });

  test('has no context that is a global object itself', () => {
    const { vm: own } = sandbox;
    expect(errorOf(() => own.createContext(own.constants.DONT_CONTEXTIFY)).code).toBe(
      'ERR_SANDBOX_OPTIONS',
    );
  });

  test('says so when the sandbox is gone', () => {
    const context = sandbox.vm.createContext();
    sandbox.dispose();
    expect(errorOf(() => sandbox.vm.runInContext('1', context)).code).toBe('ERR_SANDBOX_DISPOSED');
  });
});

test('import and require give the same module', async () => {
  const { execFileSync } = require('node:child_process');
  const program = `
    import { createRequire } from 'node:module';
    import vm, * as imported from 'quickvm/vm';
    const required = createRequire(process.cwd() + '/')('quickvm/vm');
    const { default: _, ...names } = imported;
    console.log(vm === required, Object.keys(names).sort().join() === Object.keys(required).sort().join(),
      Object.keys(names).every((name) => imported[name] === required[name]));
  `;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: require('node:path').join(__dirname, '..', '..'),
    encoding: 'utf8',
  });
  expect(output).toBe('true true true\n');
});
