'use strict';

// Deadlines, and when jobs run.

const { thrown } = require('../describe.js');

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Runs `code` where `signal()` is a Ctrl-C. */
function interrupted(vm, code, more = {}) {
  const signal = () => process.kill(process.pid, 'SIGINT');
  const context = vm.createContext({ signal, ...more });
  return thrown(() => vm.runInContext(code, context, { breakOnSigint: true }));
}

/** Windows has no such signal to send. */
const signals = {
  'SIGINT stops': (vm) => [
    interrupted(vm, 'signal(); while (true) {}'),
    interrupted(vm, 'signal(); try { while (true) {} } catch { 1 } finally { 2 }'),
    interrupted(vm, 'go()', {
      go: () =>
        vm.runInNewContext('signal(); while (true) {}', {
          signal: process.kill.bind(process, process.pid, 'SIGINT'),
        }),
    }),
    interrupted(vm, '1'),
    thrown(() => {
      const signal = () => process.kill(process.pid, 'SIGINT');
      const script = new vm.Script('signal(); for (;;);');
      script.runInNewContext({ signal }, { breakOnSigint: true, timeout: 60_000 });
    }),
  ],

  'listeners for SIGINT hear only of what comes outside': async (vm) => {
    let heard = 0;
    const listener = () => heard++;
    process.on('SIGINT', listener);
    const stopped = interrupted(vm, 'signal(); while (true) {}');
    await turn();
    const before = heard;
    process.kill(process.pid, 'SIGINT');
    while (heard === before) await turn();
    process.off('SIGINT', listener);
    return [stopped, before, heard];
  },
};

module.exports = {
  ...(process.platform === 'win32' ? {} : signals),

  'a timeout stops': (vm) => [
    thrown(() => vm.runInNewContext('while (true) {}', {}, { timeout: 5 })),
    thrown(() => vm.runInContext('for (;;);', vm.createContext(), { timeout: 5 })),
    thrown(() => vm.runInThisContext('while (true) {}', { timeout: 5 })),
    thrown(() => new vm.Script('while (true) {}').runInNewContext({}, { timeout: 5 })),
    thrown(() =>
      vm.runInNewContext('try { while (true) {} } catch { 1 } finally { 2 }', {}, { timeout: 5 }),
    ),
  ],

  'what ends in time does': (vm) => [
    vm.runInNewContext('1', {}, { timeout: 1000 }),
    vm.runInThisContext('', { timeout: 1000 }),
    thrown(() => vm.runInNewContext('throw new Error("own")', {}, { timeout: 1000 })),
  ],

  'the context is usable after': (vm) => {
    const context = vm.createContext({ before: 1 });
    const stopped = thrown(() =>
      vm.runInContext('during = 2; while (true) {}', context, { timeout: 20 }),
    );
    return [stopped, vm.runInContext('before + during', context), context];
  },

  'an inner timeout is thrown through': (vm) => {
    const context = {
      inner: (timeout) => vm.runInNewContext('while (true) {}', context, { timeout }),
    };
    return [
      thrown(() => vm.runInNewContext('inner(10)', context, { timeout: 10_000 })),
      thrown(() => vm.runInNewContext('inner(10_000)', context, { timeout: 50 })),
      thrown(() => vm.runInNewContext('try { inner(10) } catch (e) { e.code }', context)),
    ];
  },

  'an inner error is thrown through': (vm) => {
    const context = {
      inner: (timeout) => vm.runInNewContext('throw new Error("foobar")', context, { timeout }),
    };
    return thrown(() => vm.runInNewContext('inner(10_000)', context, { timeout: 100_000 }));
  },

  'jobs run after the script, with the host’s': async (vm) => {
    const order = [];
    const log = (entry) => order.push(entry);
    const context = vm.createContext({ log });
    Promise.resolve().then(() => log('host before'));
    vm.runInContext('Promise.resolve().then(() => log("guest job")); log("guest")', context);
    log('host after');
    await turn();
    return [order[0], order[1], order.slice(2).sort()];
  },

  'jobs run before the script’s caller goes on, when asked for': async (vm) => {
    const order = [];
    const log = (entry) => order.push(entry);
    const context = vm.createContext({ log }, { microtaskMode: 'afterEvaluate' });
    vm.runInContext('Promise.resolve().then(() => log("guest job")); log("guest")', context);
    log('host after');
    vm.runInNewContext(
      'Promise.resolve().then(() => log("job")).then(() => log("next"))',
      { log },
      { microtaskMode: 'afterEvaluate' },
    );
    log('end');
    await turn();
    return order;
  },

  'jobs count for the timeout, when asked for': (vm) => [
    thrown(() =>
      vm.runInNewContext(
        'Promise.resolve().then(() => { while (true) {} })',
        {},
        {
          timeout: 20,
          microtaskMode: 'afterEvaluate',
        },
      ),
    ),
    thrown(() =>
      vm.runInNewContext(
        'Promise.resolve().then(() => loop()); loop()',
        {
          loop() {
            const end = Date.now() + 60;
            while (Date.now() < end);
          },
        },
        { timeout: 5, microtaskMode: 'afterEvaluate' },
      ),
    ),
  ],

  promises: async (vm) => [
    await vm.runInNewContext('Promise.resolve(1)'),
    await vm.runInNewContext('(async () => { await null; return 2 })()'),
    await vm.runInNewContext('Promise.reject(new TypeError("no"))').catch((error) => error.name),
    await vm.runInNewContext('p.then((x) => x + 1)', { p: Promise.resolve(2) }),
    await vm.runInNewContext(
      '(async () => { let sum = 0; for await (const x of xs) sum += x; return sum })()',
      {
        xs: [1, Promise.resolve(2)],
      },
    ),
  ],

  'an async function of the host': async (vm) =>
    vm.runInNewContext('(async () => [await ask(1), await ask(2)])()', {
      ask: async (n) => {
        await turn();
        return n * 10;
      },
    }),
};
