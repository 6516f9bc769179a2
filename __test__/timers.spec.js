'use strict';

// The guest's timers, which run on the host's event loop.

const { once } = require('node:events');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');
const { copy } = require('..');
const { patient: sandbox, expectNoLeaks, eventually, turn } = require('./support.js');

afterEach(expectNoLeaks);

const root = path.join(__dirname, '..');

/** Runs code without asking for its value, which is often a Timeout. */
const start = (box, code) => box.run(`${code}\n;undefined`);

/** Runs the code, which calls `done(value)` at some time, and answers a copy of the value. */
function outcome(code, options) {
  return new Promise((resolve) => {
    // The value itself would be kept by the promise, which `done` keeps, which the guest keeps.
    const done = (value) => resolve(copy(value));
    const box = sandbox({ ...options, globals: { done } });
    start(box, code);
  });
}

/** Runs a program of its own that has `Sandbox`; answers what it printed. */
async function program(code) {
  const source = `
    const { Sandbox } = require(${JSON.stringify(root)});
    const start = (box, code) => box.run(code + '\\n;undefined');
    ${code}`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', source], {
    timeout: 20_000,
  });
  return stdout.trim();
}

describe('a timer', () => {
  test.each(['setTimeout', 'setImmediate', 'queueMicrotask', 'setInterval'])(
    '%s calls its function later',
    async (name) => {
      const code = `
        let later = false;
        const timer = ${name}(() => { if (timer) clearInterval(timer); done(later) }, 1);
        later = true;`;
      expect(await outcome(code)).toBe(true);
    },
  );

  test('setTimeout hands on its further arguments', async () => {
    expect(
      await outcome("setTimeout((...args) => done(args), 1, 'a', { b: 1 }, undefined)"),
    ).toEqual(['a', { b: 1 }, undefined]);
  });

  test('setImmediate hands on all but its first argument', async () => {
    expect(await outcome("setImmediate((...args) => done(args), 'a', 2)")).toEqual(['a', 2]);
  });

  test('setInterval hands on its further arguments each time', async () => {
    const code = `
      const seen = [];
      const timer = setInterval((x) => {
        if (seen.push(x) === 3) { clearInterval(timer); done(seen) }
      }, 1, 'x');`;
    expect(await outcome(code)).toEqual(['x', 'x', 'x']);
  });

  test('does not run before its time', async () => {
    const code = 'const start = Date.now(); setTimeout(() => done(Date.now() - start), 50)';
    // The clocks of the loop and of Date may be a little apart.
    expect(await outcome(code)).toBeGreaterThanOrEqual(48);
  });

  test.each([
    '0',
    '-1',
    'NaN',
    'undefined',
    'null',
    "'x'",
    '2 ** 40',
    'Infinity',
    '{}',
    '[]',
    "'1'",
  ])('a delay of %s runs soon', async (delay) => {
    expect(await outcome(`setTimeout(() => done('ran'), ${delay})`)).toBe('ran');
  });

  test('a delay that is no number and has no value throws what its conversion throws', () => {
    const box = sandbox();
    expect(() => box.run('setTimeout(() => {}, Symbol())')).toThrow(TypeError);
    expect(box.usage().timers).toBe(0);
  });

  test.each(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'])(
    '%s refuses what is no function',
    (name) => {
      const box = sandbox();
      for (const value of ['undefined', "'code()'", '{}', 'null', '1']) {
        expect(() => box.run(`${name}(${value}, 1)`)).toThrow(
          expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }),
        );
      }
      expect(box.usage().timers).toBe(0);
    },
  );

  test('its function may be async', async () => {
    expect(await outcome('setTimeout(async () => { await null; done(1) }, 1)')).toBe(1);
  });

  test('works with promises, as a sleep', async () => {
    const box = sandbox();
    const promise = box.run(`
      const sleep = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value));
      (async () => [await sleep(2, 'a'), await sleep(1, 'b')])()`);
    await expect(promise).resolves.toEqual(['a', 'b']);
  });

  test('its function is called with a deadline of its own', async () => {
    const code = `
      const spin = (ms) => { const end = Date.now() + ms; while (Date.now() < end); };
      spin(120); setTimeout(() => { spin(120); setTimeout(() => { spin(120); done('all') }, 1) }, 1)`;
    expect(await outcome(code, { timeout: 200 })).toBe('all');
  });

  test('timers are absent when builtins leaves them out', () => {
    const names = ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearImmediate'];
    const box = sandbox({ builtins: ['console'] });
    for (const name of names) expect(box.run(`typeof ${name}`)).toBe('undefined');
  });
});

describe('the order', () => {
  test('is: script, promise jobs and microtasks as queued, then timers', async () => {
    const code = `
      const order = [];
      setTimeout(() => order.push('timeout'), 1);
      queueMicrotask(() => order.push('microtask 1'));
      Promise.resolve().then(() => order.push('promise'));
      queueMicrotask(() => order.push('microtask 2'));
      setTimeout(() => done(order), 20);
      order.push('script');`;
    expect(await outcome(code)).toEqual([
      'script',
      'microtask 1',
      'promise',
      'microtask 2',
      'timeout',
    ]);
  });

  test('promise jobs of one timer run before the next timer', async () => {
    const code = `
      const order = [];
      for (const n of [1, 2]) {
        setTimeout(() => {
          order.push('timer ' + n);
          Promise.resolve().then(() => order.push('job ' + n));
        }, 1);
      }
      setTimeout(() => done(order), 20);`;
    expect(await outcome(code)).toEqual(['timer 1', 'job 1', 'timer 2', 'job 2']);
  });

  test('of timers is that of their delays, and of their start where these are the same', async () => {
    const code = `
      const order = [];
      setTimeout(() => { order.push('last'); done(order) }, 60);
      setTimeout(() => order.push('b'), 5);
      setTimeout(() => order.push('c'), 5);
      setTimeout(() => order.push('a'), 1);`;
    const order = await outcome(code);
    expect(order.indexOf('b')).toBeLessThan(order.indexOf('c'));
    expect(order.at(-1)).toBe('last');
    expect(order).toHaveLength(4);
  });

  test('of immediates is that of their start', async () => {
    const code =
      'const o = []; for (const n of [1, 2, 3]) setImmediate(() => { if (o.push(n) === 3) done(o) })';
    expect(await outcome(code)).toEqual([1, 2, 3]);
  });

  test('an immediate that an immediate starts runs at a later turn', async () => {
    const code = `
      const o = [];
      setImmediate(() => { o.push(1); setImmediate(() => { o.push(3); done(o) }) });
      setImmediate(() => o.push(2));`;
    expect(await outcome(code)).toEqual([1, 2, 3]);
  });
});

test('a script may end with a call of setTimeout', () => {
  const box = sandbox();
  expect(() => box.run('setTimeout(() => {}, 1e6)')).not.toThrow();
});

describe('clearing', () => {
  test.each([
    ['setTimeout', 'clearTimeout'],
    ['setTimeout', 'clearInterval'],
    ['setInterval', 'clearInterval'],
    ['setInterval', 'clearTimeout'],
    ['setImmediate', 'clearImmediate'],
  ])('%s is undone by %s', async (set, clear) => {
    const box = sandbox({ globals: { fired: jest.fn() } });
    const fired = jest.fn();
    box.globalThis.fired = fired;
    start(box, `const timer = ${set}(() => fired(), 1); ${clear}(timer);`);
    expect(box.usage().timers).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(fired).not.toHaveBeenCalled();
  });

  test('works by number, and by the text of the number', () => {
    const box = sandbox();
    start(box, 'const a = setTimeout(() => {}, 1e6), b = setTimeout(() => {}, 1e6);');
    expect(box.usage().timers).toBe(2);
    start(box, 'clearTimeout(+a); clearTimeout(String(Number(b)))');
    expect(box.usage().timers).toBe(0);
  });

  test.each(['undefined', 'null', '0', '-1', '99999', 'NaN', "'x'", '{}', '[]', 'true'])(
    'clearTimeout(%s) does nothing',
    (value) => {
      const box = sandbox();
      start(box, `setTimeout(() => {}, 1e6); clearTimeout(${value})`);
      // `true` is no number, although it converts to one.
      expect(box.usage().timers).toBe(1);
    },
  );

  test.each(['Symbol()', '1n', '{ valueOf() { throw new Error("mine") } }'])(
    'clearTimeout(%s) does nothing, as in Node',
    (value) => {
      const box = sandbox();
      expect(box.run(`clearTimeout(${value})`)).toBeUndefined();
    },
  );

  test('a timer may clear itself and others while it runs', async () => {
    const code = `
      const fired = [];
      const a = setInterval(() => { fired.push('a'); clearInterval(a); clearTimeout(b) }, 1);
      const b = setTimeout(() => fired.push('b'), 30);
      setTimeout(() => done(fired), 60);`;
    expect(await outcome(code)).toEqual(['a']);
  });

  test('twice, or after it fired, does nothing', async () => {
    const code = `
      const a = setTimeout(() => { clearTimeout(a); clearTimeout(a); setTimeout(done, 1, 'done') }, 1)`;
    expect(await outcome(code)).toBe('done');
  });

  test('one sandbox cannot clear the timer of another', () => {
    const [one, two] = [sandbox(), sandbox()];
    start(one, 'setTimeout(() => {}, 1e6)');
    start(two, 'for (let i = 0; i < 100; i++) clearTimeout(i)');
    expect(one.usage().timers).toBe(1);
  });
});

describe('what setTimeout answers', () => {
  test('is an object of the class Timeout', () => {
    const box = sandbox();
    const code =
      'const t = setTimeout(() => {}, 1e6); [typeof t, t.constructor.name, t === t.ref()]';
    expect(box.run(code)).toEqual(['object', 'Timeout', true]);
  });

  test('serves as a number', () => {
    const box = sandbox();
    const code =
      'const a = setTimeout(() => {}, 1e6), b = setTimeout(() => {}, 1e6); [+a > 0, +b > +a, { [a]: 1 }[+a]]';
    expect(box.run(code)).toEqual([true, true, 1]);
  });

  test('tells whether it keeps the process alive', () => {
    const box = sandbox();
    const code = `
      const t = setTimeout(() => {}, 1e6);
      [t.hasRef(), t.unref().hasRef(), t.ref().hasRef(), t.unref() === t]`;
    expect(box.run(code)).toEqual([true, false, true, true]);
  });

  test('starts anew with refresh', async () => {
    const code = `
      const start = Date.now();
      const t = setTimeout(() => done(Date.now() - start), 60);
      setTimeout(() => t.refresh(), 40);`;
    expect(await outcome(code)).toBeGreaterThanOrEqual(95);
  });

  test('starts again with refresh after it fired, as in Node', async () => {
    const code =
      'let n = 0; const t = setTimeout(() => { if (++n === 2) done(n); else t.refresh() }, 1)';
    const timeout = new Promise((resolve) =>
      setTimeout(resolve, 2000, 'never fired again').unref(),
    );
    expect(await Promise.race([outcome(code), timeout])).toBe(2);
  });

  test('does not start again with refresh once it is cleared', async () => {
    const box = sandbox();
    start(box, 'const t = setTimeout(() => {}, 1e6); clearTimeout(t); t.refresh()');
    expect(box.usage().timers).toBe(0);
  });

  test('stays unreferenced over refresh', async () => {
    expect(
      await program(`
        start(new Sandbox(), 'const t = setTimeout(() => {}, 1e6); t.unref(); t.refresh()');
        console.log('end')`),
    ).toBe('end');
  });

  test('is cleared by close', () => {
    const box = sandbox();
    expect(box.run('const t = setTimeout(() => {}, 1e6); t.close() === t')).toBe(true);
    expect(box.usage().timers).toBe(0);
  });

  test('is cleared by Symbol.dispose where the guest has it', () => {
    const box = sandbox();
    const has = box.run(
      "const t = setTimeout(() => {}, 1e6); typeof Symbol.dispose === 'symbol' && (t[Symbol.dispose](), true)",
    );
    expect(box.usage().timers).toBe(has ? 0 : 1);
  });

  test('works after a guest has changed its built-ins', async () => {
    const code = `
      Map.prototype.get = Map.prototype.set = Map.prototype.delete = () => { throw 1 };
      Reflect.apply = () => { throw 1 };
      Promise.prototype.then = () => { throw 1 };
      Array.prototype[Symbol.iterator] = () => { throw 1 };
      queueMicrotask(() => setTimeout(() => done('ran'), 1));`;
    const timeout = new Promise((resolve) => setTimeout(resolve, 2000, 'never ran').unref());
    expect(await Promise.race([outcome(code), timeout])).toBe('ran');
  });
});

describe('errors', () => {
  test.each(['setTimeout', 'setImmediate', 'setInterval'])(
    'what a function of %s throws is reported as uncaughtException',
    async (name) => {
      const box = sandbox({ name: 'app' });
      start(
        box,
        `const t = ${name}(() => { clearInterval(t); throw new RangeError('in timer') }, 1)`,
      );
      const [error] = await once(box, 'uncaughtException');
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toBe('in timer');
      expect(error.stack).toContain('app.js:1:');
    },
  );

  test('an interval that throws goes on', async () => {
    const box = sandbox({ globals: { times: 0 }, console: { log() {} } });
    start(box, "setInterval(() => { throw new Error('time ' + ++times) }, 1)");
    const first = await once(box, 'uncaughtException');
    const second = await once(box, 'uncaughtException');
    expect([first[0].message, second[0].message]).toEqual(['time 1', 'time 2']);
    box.dispose();
  });

  test.each([
    ['undefined', undefined],
    ['null', null],
    ["'text'", 'text'],
    ['{ a: 1 }', { a: 1 }],
  ])('that are %s are reported as they are', async (code, value) => {
    const box = sandbox();
    start(box, `setTimeout(() => { throw ${code} }, 1)`);
    const [error] = await once(box, 'uncaughtException');
    expect(error).toEqual(value);
  });

  test('of a microtask are reported too', async () => {
    const box = sandbox();
    const seen = [];
    for (const event of ['uncaughtException', 'unhandledRejection']) {
      box.on(event, (error) => seen.push([event, error.message]));
    }
    start(box, "queueMicrotask(() => { throw new Error('micro') })");
    await eventually(() => seen.length > 0);
    // Node calls it an uncaught exception.
    expect(seen).toEqual([['uncaughtException', 'micro']]);
  });

  test('go to the console when nobody listens', async () => {
    const error = jest.fn();
    const box = sandbox({ name: 'app', console: { log() {}, error } });
    start(box, "setTimeout(() => { throw new Error('nobody') }, 1)");
    await eventually(() => error.mock.calls.length > 0);
    expect(error.mock.calls[0][0]).toBe('[app] uncaughtException:');
    expect(error.mock.calls[0][1].message).toBe('nobody');
    error.mockClear();
  });

  test('do not end the process', async () => {
    expect(
      await program(`
        const box = new Sandbox({ console: false });
        start(box, "setTimeout(() => { throw new Error('x') }, 1); setTimeout(() => { throw null }, 2);");
        start(box, "queueMicrotask(() => { throw 1 }); Promise.reject(2);");
        setTimeout(() => console.log('alive', box.run('1 + 1')), 50);`),
    ).toBe('alive 2');
  });

  test('a rejection inside a timer is an unhandledRejection', async () => {
    const box = sandbox();
    start(box, "setTimeout(async () => { throw new Error('async') }, 1)");
    const [error] = await once(box, 'unhandledRejection');
    expect(error.message).toBe('async');
  });

  test('a listener may throw without harm to the sandbox', async () => {
    expect(
      await program(`
        const box = new Sandbox();
        process.on('uncaughtException', (e) => console.log('host saw', e.message));
        box.on('uncaughtException', () => { throw new Error('of the listener') });
        start(box, "setTimeout(() => { throw new Error('x') }, 1)");
        setTimeout(() => console.log(box.run('1 + 1')), 50);`),
    ).toBe('host saw of the listener\n2');
  });
});

describe('limits', () => {
  test('a timer that loops for ever is stopped, and the others go on', async () => {
    const box = sandbox({ timeout: 50 });
    const fired = new Promise((resolve) => {
      box.globalThis.done = resolve;
    });
    start(box, "setTimeout(() => { for (;;); }, 1); setTimeout(() => done('other'), 2)");
    const [error] = await once(box, 'uncaughtException');
    expect(error).toMatchObject({ name: 'SandboxError', code: 'ERR_SANDBOX_TIMEOUT' });
    expect(await fired).toBe('other');
    expect(box.usage().timeouts).toBe(1);
  });

  test('an interval that loops for ever is stopped each time', async () => {
    const box = sandbox({ timeout: 20 });
    start(box, 'setInterval(() => { for (;;); }, 1)');
    await once(box, 'uncaughtException');
    await once(box, 'uncaughtException');
    expect(box.usage().timeouts).toBe(2);
    box.dispose();
  });

  test('a timer that takes all memory is stopped, and the others go on', async () => {
    const box = sandbox({ memoryLimitMb: 4, timeout: 20_000 });
    const fired = new Promise((resolve) => {
      box.globalThis.done = resolve;
    });
    start(
      box,
      "setTimeout(() => { const a = []; for (;;) a.push({}); }, 1); setTimeout(() => done('other'), 5)",
    );
    const [error] = await once(box, 'uncaughtException');
    expect(error.code).toBe('ERR_SANDBOX_MEMORY_LIMIT');
    expect(await fired).toBe('other');
  });

  test('timers without end run into the memory limit', () => {
    const box = sandbox({ memoryLimitMb: 4, timeout: 20_000 });
    expect(() => box.run('for (;;) setTimeout(() => {}, 1e6)')).toThrow(
      expect.objectContaining({ code: 'ERR_SANDBOX_MEMORY_LIMIT' }),
    );
  });

  test('pending timers are counted, fired ones are not', async () => {
    const box = sandbox();
    const fired = new Promise((resolve) => {
      box.globalThis.done = resolve;
    });
    start(box, 'setTimeout(() => {}, 1e6); setTimeout(done, 1); setImmediate(() => {})');
    expect(box.usage().timers).toBe(3);
    await fired;
    await eventually(() => box.usage().timers === 1);
    expect(box.usage().timers).toBe(1);
  });
});

describe('dispose', () => {
  test('cancels pending timers', async () => {
    const fired = jest.fn();
    const box = sandbox({ globals: { fired } });
    start(box, 'setTimeout(fired, 1); setInterval(fired, 1); setImmediate(fired)');
    expect(box.usage().timers).toBe(3);
    box.dispose();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(fired).not.toHaveBeenCalled();
  });

  test('from inside a timer leaves nothing to run', async () => {
    const fired = jest.fn();
    const box = sandbox();
    box.globalThis.end = () => box.dispose();
    box.globalThis.fired = fired;
    start(box, 'setInterval(fired, 1000); setTimeout(() => { end(); setTimeout(fired, 1) }, 1)');
    await eventually(() => box.state === 'disposed');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await turn();
    expect(box.state).toBe('disposed');
    expect(fired).not.toHaveBeenCalled();
  });

  test('terminate cancels them, too', () => {
    const box = sandbox();
    start(box, 'setInterval(() => {}, 1)');
    box.terminate();
    expect(box.usage().timers).toBe(0);
  });
});

describe('the process', () => {
  test('ends although a sandbox is there', async () => {
    expect(await program("start(new Sandbox(), '1'); console.log('end')")).toBe('end');
  });

  test('lives on for a pending timer', async () => {
    const code = `start(new Sandbox({ console }), "setTimeout(() => console.log('fired'), 30)"); console.log('end')`;
    expect(await program(code)).toBe('end\n[sandbox] fired');
  });

  test('lives on for an immediate', async () => {
    const code = `start(new Sandbox({ console }), "setImmediate(() => console.log('fired'))")`;
    expect(await program(code)).toBe('[sandbox] fired');
  });

  test('does not live on for one that is unreferenced', async () => {
    const code = `start(new Sandbox({ console }), "setTimeout(() => console.log('fired'), 1e6).unref(); setInterval(() => {}, 1e6).unref()"); console.log('end')`;
    expect(await program(code)).toBe('end');
  });

  test('lives on for one that is referenced again', async () => {
    const code = `start(new Sandbox({ console }), "setTimeout(() => console.log('fired'), 20).unref().ref()")`;
    expect(await program(code)).toBe('[sandbox] fired');
  });

  test('does not live on for one that is cleared, or disposed of', async () => {
    const code = `
      start(new Sandbox(), 'clearInterval(setInterval(() => {}, 1e6))');
      const box = new Sandbox(); start(box, 'setInterval(() => {}, 1e6)'); box.dispose();
      console.log('end')`;
    expect(await program(code)).toBe('end');
  });

  test('does not live on for a promise that never settles', async () => {
    const code = `new Sandbox().run('new Promise(() => {})').then(() => console.log('settled')); console.log('end')`;
    expect(await program(code)).toBe('end');
  });
});
