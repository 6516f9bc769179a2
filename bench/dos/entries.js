'use strict';

// The ways into a guest. Each makes a sandbox ready for a program (the body of a function) and
// answers what starts it: whatever that returns or throws, now or later, is the outcome.

const { Sandbox, copy } = require('../..');

const call = (code) => `(() => { ${code}\n})()`;
const run = (source) => (box) => () => box.run(source);

/** A function of the host that only its test knows of. */
const withHost = (box, host, source) => {
  box.globalThis.host = host;
  return () => box.run(source);
};

/** What an object of the guest runs when the host uses it. */
const use = (source, how) => (box) => {
  const value = box.run(source);
  return () => how(value);
};

const settling = (box, code) => {
  let settle;
  const later = new Promise((resolve) => {
    settle = resolve;
  });
  const outcome = box.run(`(async (later) => { await later; return ${call(code)} })`)(later);
  return () => {
    settle();
    return outcome;
  };
};

const timer = (box, code) => {
  let end;
  box.globalThis.end = (...error) => end(...error);
  const arm = box.run(`() => setTimeout(async () => {
    try { await ${call(code)}; end() } catch (error) { end(error) }
  }, 0)`);
  return () =>
    new Promise((resolve, reject) => {
      end = (...error) => (error.length > 0 ? reject(error[0]) : resolve());
      box.once('uncaughtException', reject);
      arm();
    });
};

/** `(sandbox, code) => start`; `options` says what the sandbox needs to have. */
const entries = {
  run: (box, code) => run(call(code))(box),
  function: (box, code) => box.run(`() => { ${code}\n}`),
  promise: settling,
  timer,
  module: (box) => () => box.require('program'),
  context: (box, code) => {
    const { queueMicrotask, setTimeout } = box.globalThis;
    const context = box.createContext({ queueMicrotask, setTimeout });
    return () => box.runInContext(call(code), context);
  },
  nested: (box, code) => withHost(box, (f) => f(), `host(() => { ${code}\n})`),
  getter: (box, code) => use(`({ get x() { ${code}\n} })`, (value) => value.x)(box),
  trap: (box, code) => use(`new Proxy({}, { has() { ${code}\n} })`, (value) => 'x' in value)(box),
  toJSON: (box, code) => use(`({ toJSON() { ${code}\n} })`, JSON.stringify)(box),
  iterator: (box, code) =>
    use(`({ [Symbol.iterator]: () => ({ next() { ${code}\n} }) })`, ([first]) => first)(box),
  copy: (box, code) => use(`({ list: [{ get x() { ${code}\n} }] })`, copy)(box),
  argument: (box, code) =>
    withHost(
      box,
      () => {},
      `host(Object.defineProperty(new Error(), 'x', { enumerable: true, get() { ${code}\n} }))`,
    ),
  console: (box, code) => run(`console.log({ get x() { ${code}\n} })`)(box),
  finalizer: (box, code) =>
    run(`globalThis.registry = new FinalizationRegistry(() => { ${code}\n});
      registry.register({}, 1)`)(box),
  'out of memory': (box, code) =>
    run(`(() => { try { new ArrayBuffer(2 ** 30) } catch { ${code}\n} })()`)(box),
  garbage: (box, code) =>
    run(`(() => {
      for (let i = 0, last = {}; i < 5e4; i++) { last.next = { last }; last = last.next }
      ${code}\n})()`)(box),
};

/** Entries in which a program may also run out of memory. */
const SCARCE = new Set(['out of memory']);

const OPTIONS = { memoryLimitMb: 32, console: { log() {}, error() {} } };

/** How a program ended: the code of a stop, `error` or `value`. */
async function verdictOf(start, stopped) {
  try {
    await start();
    // A stop of what it has left running is reported after it.
    await new Promise(setImmediate);
    return stopped() ?? 'value';
  } catch (error) {
    return stopped() ?? (error?.name === 'SandboxError' ? error.code : 'error');
  }
}

/** A sandbox and what starts the program in it. */
function prepare(code, entry, options) {
  for (;;) {
    const box = new Sandbox(options);
    try {
      return { box, start: entries[entry](box, code) };
    } catch (error) {
      // A busy machine may not even let the set-up finish in the little time that there is.
      box.dispose();
      if (error.code !== 'ERR_SANDBOX_TIMEOUT') throw error;
    }
  }
}

/**
 * Runs a program through an entry.
 * @param {import('./programs').Program} program
 * @param {string} entry
 * @param {{ timeout: number, graceMs: number }} limits
 * @returns what came of it, the time that it took in ms, and the sandbox
 */
async function attempt({ code }, entry, limits) {
  const modules = entry === 'module' ? { 'program.js': code } : undefined;
  const { box, start } = prepare(code, entry, { ...OPTIONS, ...limits, modules });
  let report;
  box.on('uncaughtException', (error) => {
    report ??= error.code;
  });
  box.on('unhandledRejection', () => {});
  const started = performance.now();
  const verdict = await verdictOf(start, () => report);
  return { verdict, took: performance.now() - started, box };
}

const isExpected = ({ verdicts }, entry, verdict) =>
  verdicts.includes(verdict) || (SCARCE.has(entry) && verdict === 'ERR_SANDBOX_MEMORY_LIMIT');

module.exports = { entries: Object.keys(entries), attempt, isExpected };
