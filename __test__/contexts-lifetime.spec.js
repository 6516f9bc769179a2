'use strict';

// Who keeps which context alive, and that those nobody needs go.

const { Sandbox } = require('..');
const { sandbox, expectNoLeaks, collect, eventually, turn } = require('./support.js');

afterEach(expectNoLeaks);

const MB = 1024 * 1024;

/** Gives the collectors time to take what they can. */
async function rest() {
  for (let i = 0; i < 6; i++) {
    collect();
    await turn();
  }
}

/** A guest function alone, whose context nobody else has. */
const orphan = (app, code, object) => app.runInNewContext(code, object);

describe('globals are there as long as somebody may use them:', () => {
  test('a function of the context', async () => {
    const app = sandbox();
    const log = (x) => `logged ${x}`;
    const f = orphan(app, '(function f() { count++; return log(count) })', { count: 1, log });
    await rest();
    expect(f()).toBe('logged 2');
    await rest();
    expect(f()).toBe('logged 3');
  });

  test('an async function that waits for the host', async () => {
    const app = sandbox();
    let resolve;
    const answer = new Promise((settle) => {
      resolve = settle;
    });
    const seen = [];
    orphan(app, '(async () => { done(x + await answer) })(); 0', {
      answer,
      x: 1,
      done: (value) => seen.push(value),
    });
    await rest();
    resolve(10);
    await rest();
    expect(seen).toEqual([11]);
  });

  test('a promise of the context', async () => {
    const app = sandbox();
    let resolve;
    const answer = new Promise((settle) => {
      resolve = settle;
    });
    const promise = orphan(app, '(async () => { await answer; return x })()', { answer, x: 1 });
    await rest();
    resolve();
    expect(await promise).toBe(1);
  });

  test('another context that was given a function', async () => {
    const app = sandbox();
    const context = app.createContext({});
    context.f = orphan(app, '(() => f())', { f: () => 'the host’s' });
    app.runInContext('const mine = f; 0', context);
    delete context.f;
    await rest();
    expect(app.runInContext('mine()', context)).toBe('the host’s');
  });

  test('a function given away inside the guest: what is left of them', async () => {
    const app = sandbox();
    const shared = () => 'shared';
    const context = app.createContext({});
    const on = app.runInContext('let f; (function on(g) { f = g })', context);
    const code = 'var mine = "mine"; on(() => [mine, given, shared(), Math.max(1, 2)].join())';
    orphan(app, code, { on, shared, given: 1 });
    await rest();
    expect(app.runInContext('f()', context)).toBe('mine,1,shared,2');
  });
});

describe('contexts that nobody needs go,', () => {
  test.each([
    ['plain', 'n + 1'],
    ['with functions', 'function f() { return n } var g = () => f; f()'],
    ['with cycles', 'var self = this; this.all = { self, me: () => self }; 0'],
    ['with copies', 'var map = new Map([[1, this]]), weak = new WeakRef(map); 0'],
    ['called back', 'note(() => n); 0'],
    ['with jobs', 'Promise.resolve(1).then((x) => note(x)); 0'],
  ])('%s', async (_, code) => {
    const app = sandbox({ memoryLimitMb: 8 });
    const make = () => {
      const object = { n: 1 };
      object.note = () => object;
      app.runInContext(code, app.createContext(object));
    };
    for (let i = 0; i < 400; i++) {
      make();
      if (i % 50 === 0) await rest();
    }
    await eventually(() => app.usage().hostHandles === 0);
    expect(app.usage().hostHandles).toBe(0);
    expect(app.usage().memoryBytes).toBeLessThan(8 * MB);
  });

  test('also within a loop that does not come to its end', () => {
    const app = sandbox({ memoryLimitMb: 8 });
    let most = 0;
    for (let i = 0; i < 500; i++) {
      expect(app.runInNewContext('n + 1', { n: i })).toBe(i + 1);
      most = Math.max(most, app.usage().memoryBytes);
    }
    expect(most).toBeLessThan(8 * MB);
  });

  test('with a sandbox that is forgotten', async () => {
    const make = () => {
      const app = new Sandbox();
      const context = app.createContext({});
      context.f = app.runInContext('(() => globalThis)', context);
      return new WeakRef(app);
    };
    const app = make();
    await rest();
    expect(app.deref()).toBeUndefined();
  });
});

test('a thousand contexts fit a sandbox', () => {
  // A heap so full is collected often.
  const app = sandbox({ memoryLimitMb: 64, timeout: 0 });
  const contexts = Array.from({ length: 1000 }, (_, n) => app.createContext({ n }));
  for (const context of contexts) app.runInContext('var m = n + 1', context);
  expect(contexts.every(({ n, m }) => m === n + 1)).toBe(true);
  expect(app.usage().memoryBytes).toBeLessThan(64 * MB);
});

test('too many contexts are a memory limit reached, and the sandbox goes on', async () => {
  const app = sandbox({ memoryLimitMb: 4 });
  let contexts = [];
  const fill = () => {
    for (let i = 0; i < 1000; i++) {
      contexts.push(app.createContext({}));
      app.runInContext('let kept = 1', contexts.at(-1));
    }
  };
  expect(fill).toThrow(expect.objectContaining({ code: 'ERR_SANDBOX_MEMORY_LIMIT' }));
  expect(contexts.length).toBeGreaterThan(20);
  contexts = [];
  await rest();
  expect(app.runInNewContext('1 + 1')).toBe(2);
});
