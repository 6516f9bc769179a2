'use strict';

// node bench/memory.js [--json] [--cycles N] [--alive N]: resident memory while many sandboxes
// come and go, and with many alive at once.

const { parseArgs } = require('node:util');
const { Sandbox } = require('..');
const { describeMachine, machine } = require('./machine.js');
const { collect } = require('./measure.js');

const SAMPLES = 10;
const MB = 1024 * 1024;

/** Resident bytes once all garbage is gone. */
async function resident() {
  // Finalizers run between turns of the event loop.
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage.rss();
}

function use(sandbox) {
  const add = sandbox.run('globalThis.list = []; (x) => { list.push({ x }); return list.length; }');
  for (let i = 0; i < 10; i++) add(i);
}

/** RSS samples while `count` sandboxes are made, used and disposed of, one after another. */
async function comeAndGo(count) {
  const cycle = (times) => {
    for (let i = 0; i < times; i++) {
      const sandbox = new Sandbox();
      use(sandbox);
      sandbox.dispose();
    }
  };
  cycle(Math.ceil(count / SAMPLES));
  const samples = [await resident()];
  for (let i = 0; i < SAMPLES; i++) {
    cycle(Math.ceil(count / SAMPLES));
    samples.push(await resident());
  }
  return { count, samples, growth: samples.at(-1) - samples[0] };
}

/** RSS for each of `count` used sandboxes that are alive at once. */
async function keepAlive(count) {
  const before = await resident();
  const sandboxes = [];
  for (let i = 0; i < count; i++) {
    const sandbox = new Sandbox();
    use(sandbox);
    sandboxes.push(sandbox);
  }
  const each = ((await resident()) - before) / count;
  for (const sandbox of sandboxes) sandbox.dispose();
  return { count, each, left: (await resident()) - before };
}

async function main() {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      cycles: { type: 'string', default: '100000' },
      alive: { type: 'string', default: '1000' },
    },
  });
  const alive = await keepAlive(Number(values.alive));
  const cycles = await comeAndGo(Number(values.cycles));
  if (values.json) {
    console.log(JSON.stringify({ machine: machine(), alive, cycles }));
    return;
  }
  const mb = (bytes) => `${(bytes / MB).toFixed(1)} MB`;
  console.log(`${describeMachine()}\n`);
  console.log(
    `${alive.count} sandboxes alive at once: ${(alive.each / 1024).toFixed(0)} KB RSS each`,
  );
  console.log(`after their disposal: ${mb(alive.left)} more than before`);
  console.log(`${cycles.count} sandboxes made, used and disposed of, RSS after each tenth:`);
  console.log(`  ${cycles.samples.map(mb).join(', ')}`);
  console.log(`  growth since the first: ${mb(cycles.growth)}`);
}

main();
