'use strict';

// node bench/dos/soak.js [hard stops, 10000] [sandboxes, 100000]: what is left in memory after
// that many.

const { Sandbox } = require('../..');
const { collect } = require('../measure.js');

/** Never comes back by itself, and never asks whether it must. */
const ENDLESS = 'Array.prototype.reverse.call({ length: 2 ** 53 - 1 })';

const MB = 1024 * 1024;

function hardStop() {
  const box = new Sandbox({ timeout: 5, graceMs: 1 });
  // One that was kept waiting until its deadline is stopped in the soft way, before it begins.
  while (box.state === 'active') {
    try {
      box.run(ENDLESS);
    } catch {}
  }
  box.dispose();
}

function use() {
  const box = new Sandbox();
  if (box.run('[1, 2, 3].map((x) => 2 * x).join()') !== '2,4,6') throw new Error('wrong');
  box.dispose();
}

/** Prints the resident memory ten times over `count` rounds, after as many to warm up as it takes. */
async function soak(name, count, round) {
  const started = performance.now();
  for (let i = 0; i <= count; i++) {
    if (i % Math.ceil(count / 10) === 0) {
      await new Promise(setImmediate);
      collect();
      console.log(
        `${name} ${String(i).padStart(7)}  RSS ${(process.memoryUsage.rss() / MB).toFixed(1)} MB`,
      );
    }
    round();
  }
  const each = (performance.now() - started) / count;
  console.log(`${name}: ${each.toFixed(3)} ms each`);
}

async function main() {
  const [stops = 10_000, sandboxes = 100_000] = process.argv.slice(2).map(Number);
  await soak('hard stops', stops, hardStop);
  await soak('sandboxes', sandboxes, use);
}

main();
