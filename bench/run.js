'use strict';

// node bench/run.js [--json]: what things cost, next to Node's vm in the same process.

const { describeMachine, machine } = require('./machine.js');
const { measure } = require('./measure.js');
const create = require('./cases/create.js');
const calls = require('./cases/calls.js');
const objects = require('./cases/objects.js');
const script = require('./cases/script.js');
const contexts = require('./cases/contexts.js');
const membrane = require('./cases/membrane.js');

const GROUPS = [
  create.alone,
  create.amongOthers,
  calls.hostToGuest,
  calls.guestToHost,
  objects.hostToGuest,
  objects.guestToHost,
  script,
  ...contexts,
  ...membrane,
];

/** Rounds per case and seconds per sample: half a minute in all, or less. */
const PLAN = { rounds: 31, sample: 0.015 };

const UNITS = [
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [0, 'ns'],
];

function duration(seconds) {
  const [, unit] = UNITS.find(([size]) => seconds >= size);
  const value = seconds / { s: 1, ms: 1e-3, µs: 1e-6, ns: 1e-9 }[unit];
  return `${value < 100 ? value.toPrecision(3) : Math.round(value)} ${unit}`;
}

const ratio = (value) => `${value < 10 ? value.toPrecision(2) : Math.round(value)}×`;

/** Results by group; the first case of a group is Node's vm, which the ratios refer to. */
function results() {
  return GROUPS.map(({ title, cases }) => {
    const times = measure(cases, PLAN);
    const rows = cases.map(({ name }, i) => ({
      name,
      seconds: times[i],
      ratio: times[i] / times[0],
    }));
    return { title, rows };
  });
}

function print(groups) {
  console.log(`${describeMachine()}\n`);
  console.log('Medians of interleaved rounds; × is the time relative to vm, so less is faster.');
  for (const { title, rows } of groups) {
    console.log(`\n${title}`);
    for (const row of rows) {
      const figures = duration(row.seconds).padStart(9) + ratio(row.ratio).padStart(9);
      console.log(`  ${row.name.padEnd(28)}${figures}`);
    }
  }
}

const groups = results();
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ machine: machine(), groups }, null, 2));
} else {
  print(groups);
}
