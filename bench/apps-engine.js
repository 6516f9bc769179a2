'use strict';

// node bench/apps-engine.js [--json] [--rounds N]: the Apps-Engine on Node's vm and on ours: calls
// into an app by way of the engine, and how long it takes to load a large one, in how much memory.
// Each kind of vm has a process of its own; they take turns.

const { fork } = require('node:child_process');
const path = require('node:path');
const { parseArgs } = require('node:util');

const { describeMachine, machine } = require('./machine.js');
const { median } = require('./measure.js');
const { largeFileCount } = require('./apps-engine/packages.js');
const { variants } = require('./apps-engine/variants.js');

const CALLS = ['an event handler', 'a slash command', 'an API endpoint'];
/** Calls per sample: a few tenths of a second. */
const CALLS_PER_SAMPLE = 200;
const WARM_UP = 300;

class Worker {
  constructor(variant) {
    this.process = fork(path.join(__dirname, 'apps-engine', 'worker.js'), [variant]);
  }

  ask(action, data) {
    return new Promise((resolve, reject) => {
      this.process.once('message', ({ result, error }) =>
        error ? reject(new Error(error)) : resolve(result),
      );
      this.process.send({ action, ...data });
    });
  }

  end() {
    this.process.disconnect();
    this.process.kill();
  }
}

const medians = (samples, key) => median(samples.map((sample) => sample[key]));

/** Loads in processes of their own, one kind of vm after the other. */
async function measureLoads(names, rounds) {
  const samples = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const worker = new Worker(name);
      try {
        // The first app to be loaded pays for what all share.
        await worker.ask('load', { size: 'small' });
        samples.get(name).push(await worker.ask('load', { size: 'large' }));
      } finally {
        worker.end();
      }
    }
  }
  return names.map((name) => ({
    name,
    seconds: medians(samples.get(name), 'seconds'),
    bytes: medians(samples.get(name), 'bytes'),
  }));
}

async function measureCalls(names, rounds) {
  const workers = names.map((name) => new Worker(name));
  try {
    const rows = CALLS.map((call) => ({ call, samples: new Map(names.map((name) => [name, []])) }));
    for (const worker of workers) {
      await worker.ask('load', { size: 'small' });
      for (const call of CALLS) await worker.ask('repeat', { name: call, count: WARM_UP });
    }
    for (let round = 0; round < rounds; round++) {
      for (const { call, samples } of rows) {
        for (const [i, worker] of workers.entries()) {
          const sample = await worker.ask('repeat', { name: call, count: CALLS_PER_SAMPLE });
          samples.get(names[i]).push(sample);
        }
      }
    }
    return rows.map(({ call, samples }) => ({
      call,
      rows: names.map((name) => ({ name, seconds: medians(samples.get(name), 'seconds') })),
    }));
  } finally {
    for (const worker of workers) worker.end();
  }
}

function print({ calls, loads }) {
  const against = (rows, key, row) => `${(row[key] / rows[0][key]).toFixed(2)}×`.padStart(8);
  console.log(`${describeMachine()}\n`);
  console.log('Medians; × is relative to vm, so less is better.');
  for (const { call, rows } of calls) {
    console.log(`\n${call} of an app, called through the engine`);
    for (const row of rows) {
      const time = `${(row.seconds * 1e6).toFixed(0)} µs`.padStart(10);
      console.log(`  ${row.name.padEnd(12)}${time}${against(rows, 'seconds', row)}`);
    }
  }
  console.log(`\nan app of ${largeFileCount} files, installed`);
  for (const row of loads) {
    const time = `${(row.seconds * 1e3).toFixed(0)} ms`.padStart(10);
    const memory = `${(row.bytes / 2 ** 20).toFixed(1)} MB RSS`.padStart(14);
    const ratios = against(loads, 'seconds', row) + memory + against(loads, 'bytes', row);
    console.log(`  ${row.name.padEnd(12)}${time}${ratios}`);
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '9' },
    },
  });
  const rounds = Number(values.rounds);
  const names = Object.keys(variants);
  const results = {
    calls: await measureCalls(names, rounds),
    loads: await measureLoads(names, rounds),
  };
  if (values.json) console.log(JSON.stringify({ machine: machine(), ...results }, null, 2));
  else print(results);
}

main();
