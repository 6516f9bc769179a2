'use strict';

// Node's own `vm`: a deadline for a run, none for what comes after it.

const vm = require('node:vm');
const { peer } = require('./peer.js');

const dispose = () => {};

module.exports = peer(
  () => vm,
  (_, entry, code, { timeout }) => {
    const context = vm.createContext(
      { queueMicrotask, setTimeout },
      { microtaskMode: 'afterEvaluate' },
    );
    const run = (source) => vm.runInContext(source, context, { timeout });
    if (entry === 'run') return { dispose, start: () => run(`(() => { ${code}\n})()`) };
    if (entry === 'function') return { dispose, start: run(`() => { ${code}\n}`) };
    const call = run(`(async (later) => { await later; return (() => { ${code}\n})() })`);
    return { dispose, start: () => call(Promise.resolve()) };
  },
);
