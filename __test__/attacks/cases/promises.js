'use strict';

const { notInVm } = require('./reasons.js');

const NATIVE = 'a host promise arrives as a promise of the guest’s own';
const CROSSES = 'what a promise settles with crosses as everything does';
const noMembrane = notInVm('what the guest replaces is its own; the host’s is another');

class Row {
  id = 1;
}

module.exports = [
  {
    id: 'promise-constructor',
    technique: 'The class of a host promise, and of what `then` answers',
    fails: NATIVE,
    given: () => ({ load: async () => new Row() }),
    guest: 'take(load().constructor.constructor); take(load().then().constructor.constructor)',
  },
  {
    id: 'promise-value',
    technique: 'What a host promise is fulfilled with, by `await`',
    fails: CROSSES,
    known: 'vm2 CVE-2026-44000',
    given: () => ({ load: async () => new Row() }),
    guest: '(async () => take((await load()).constructor.constructor))()',
  },
  {
    id: 'promise-value-by-combinators',
    technique: 'The same by `Promise.all`, `allSettled` and `any`',
    fails: CROSSES,
    given: () => ({ load: async () => new Row() }),
    guest: `
      Promise.all([load()]).then(([row]) => take(row.constructor.constructor));
      Promise.allSettled([load()]).then(([{ value }]) => take(value.constructor.constructor));
      Promise.any([load()]).then((row) => take(row.constructor.constructor));`,
  },
  {
    id: 'promise-then-of-its-own',
    technique: '`then` put on a host promise: the host’s handlers come to the guest',
    fails: NATIVE,
    given: () => ({ ready: Promise.resolve(1) }),
    guest: `attempt(() => { ready.then = (handler) => take(handler.constructor); })`,
    host({ given }) {
      given.ready.then(() => {});
    },
  },
  {
    id: 'promise-species',
    technique: '`constructor` with a species put on a host promise: its executor is the host’s',
    fails: NATIVE,
    known: 'vm2 GHSA-qvjj-29qf-hp7p, CVE-2023-37466',
    given: () => ({ ready: Promise.resolve(1) }),
    guest: `
      class Mine { constructor(executor) { take(executor.constructor); executor(() => {}, () => {}); } }
      attempt(() => { ready.constructor = { [Symbol.species]: Mine }; });`,
    host({ given }) {
      given.ready.then(() => {});
    },
  },
  {
    id: 'promise-then-replaced',
    technique: '`Promise.prototype.then` replaced in the guest, to see what the membrane settles',
    fails: 'the membrane uses functions that it has kept from before the guest ran',
    known: 'vm2',
    given: ({ secret }) => ({ load: async () => new Row(), report: (p) => p.then(() => secret) }),
    guest: `
      const seen = (args) => { for (const each of args) { take(each?.constructor?.constructor); if (typeof each === 'function') take(each.constructor); } };
      Promise.prototype.then = function (...args) { seen(args); };
      Promise.resolve = (...args) => seen(args);
      globalThis.Promise = class { constructor(...args) { seen(args); } };
      load();
      attempt(() => report((async () => 1)()));`,
    except: noMembrane,
  },
  {
    id: 'promise-of-an-async-generator',
    technique: 'An exception of the host’s caught by an async generator’s `return`, not by `catch`',
    fails: 'it is the guest’s twin of the error that goes that way, too',
    known: 'vm2 CVE-2026-45411',
    given: () => ({
      save() {
        throw new RangeError('host');
      },
    }),
    guest: `
      async function* inner() { try { yield 1; } finally { yield 2; } }
      const thenable = { then(resolve) { save(); } };
      (async () => {
        const it = (async function* () { yield* inner(); })();
        await it.next();
        await it.return(thenable).catch((error) => take(error.constructor.constructor));
        await (async function* () { return thenable; })().next().catch((error) => take(error.constructor.constructor));
      })();`,
  },
  {
    id: 'promise-by-unhandled-rejections',
    technique: 'A rejection that nobody handles: the host’s process is told, and ends by default',
    fails: 'it becomes an event of the sandbox; the process never hears of it',
    guest: 'Promise.reject(new Error("nobody")); (async () => { throw null; })(); 1',
    host: async ({ unhandled }) => (await unhandled()) > 0,
  },
  {
    id: 'promise-handed-out-and-rejected',
    technique: 'A promise as a result, which is rejected later and which the host drops',
    fails: 'what stands for a guest’s promise counts as handled',
    guest: 'Promise.resolve().then(() => { throw new Error("later"); })',
    host: async ({ unhandled }) => (await unhandled()) > 0,
    except: notInVm('the runner of these attacks handles it there'),
  },
  {
    id: 'promise-resolve-functions',
    technique:
      'The functions that settle a promise of the host’s, by `Promise.withResolvers` and the like',
    fails: 'functions cross as functions do: they can be called',
    given: () => {
      let settle;
      return { job: { done: new Promise((resolve) => (settle = resolve)), settle } };
    },
    guest: 'take(job.settle?.constructor); take(job.done.constructor.constructor)',
  },
  {
    id: 'iterator-of-the-host',
    technique: 'A `for` loop over what the host iterates: each step is an object of the host’s',
    fails: 'the results of a host iterator cross as everything does',
    given: () => ({
      *rows() {
        yield new Row();
      },
    }),
    guest: 'for (const row of rows()) take(row.constructor.constructor)',
  },
  {
    id: 'async-iterator-of-the-host',
    technique: 'The same with `for await`',
    fails: 'the results of a host iterator cross as everything does',
    given: () => ({
      async *rows() {
        yield new Row();
      },
    }),
    guest: '(async () => { for await (const row of rows()) take(row.constructor.constructor); })()',
  },
  {
    id: 'generator-return-value',
    technique: 'What a host generator answers to `return` and `throw`',
    fails: 'the results of a host iterator cross as everything does',
    given: () => ({
      *rows() {
        try {
          yield 1;
        } catch {
          return new Row();
        }
      },
    }),
    guest: `
      const run = rows(); run.next();
      take(run.throw(new Error('x')).value.constructor.constructor);`,
  },
];
