'use strict';

// What peers have in common. Each offers as many of the entries as it has: `run`, `function` (a
// guest function that the host calls) and `promise` (what a guest does after the host has settled
// a promise). What it throws or answers is the outcome; there is no telling its verdicts apart.

const MEMORY_MB = 32;

/** @param {(code: string, limits: object) => object} guest its entries, each ready to start */
function peer(load, guest) {
  let loaded;
  return {
    MEMORY_MB,
    async start() {
      loaded = await load();
      return ['run', 'function', 'promise'];
    },
    async attempt({ code, kind }, entry, limits) {
      const { start, dispose } = await guest(loaded, entry, code, limits);
      const started = performance.now();
      let verdict = 'value';
      try {
        await start();
      } catch {
        verdict = 'stopped';
      }
      const took = performance.now() - started;
      return { verdict, expected: kind === 'ending' || verdict !== 'value', took, dispose };
    },
  };
}

module.exports = { peer, MEMORY_MB };
