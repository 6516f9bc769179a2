'use strict';

// Runs every case on one module of the shape of `vm` and prints what came of each:
//   node run.js node:vm | node run.js ../../vm.js
// A process of its own for each, because both act on the global object, and because a test
// framework runs its specs in contexts of Node's `vm`.

const { describe } = require('./describe.js');
const { cases } = require('./cases');

async function outcomeOf(run, vm) {
  try {
    return { value: describe(await run(vm)) };
  } catch (error) {
    return { threw: describe(error) };
  }
}

async function main(name) {
  const vm = require(name);
  const outcomes = {};
  for (const [title, { run }] of Object.entries(cases)) outcomes[title] = await outcomeOf(run, vm);
  process.stdout.write(JSON.stringify(outcomes));
}

main(process.argv[2]);
