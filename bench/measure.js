'use strict';

// Interleaved measurement: each round takes one sample of every case in turn, so that whatever
// else the machine does falls on all of them alike. The median over the rounds is the result.

const v8 = require('node:v8');
const vm = require('node:vm');

v8.setFlagsFromString('--expose-gc');
/** Collects all garbage now, so that a sample does not pay for the one before it. */
const collect = vm.runInNewContext('gc');

const seconds = (start) => Number(process.hrtime.bigint() - start) / 1e9;

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Seconds that `repeat` takes to do its work `count` times. */
function time(repeat, count) {
  const start = process.hrtime.bigint();
  repeat(count);
  return seconds(start);
}

/** How often the work must be done for a sample of about `wanted` seconds. Warms up, too. */
function calibrate(repeat, wanted) {
  repeat(1); // what only the first one takes is not what is measured
  let count = 1;
  let taken = time(repeat, count);
  while (taken < wanted / 4) {
    count *= 2;
    taken = time(repeat, count);
  }
  return Math.max(1, Math.round((count * wanted) / taken));
}

/**
 * @param {{ name: string, start(own: (sandbox: object) => object): (count: number) => void }[]} cases
 *   `start` prepares and returns what does the work `count` times; it may pass sandboxes through
 *   `own`, to be disposed of at the end
 * @param {{ rounds: number, sample: number }} plan `sample` in seconds
 * @returns {number[]} seconds for doing each case's work once
 */
function measure(cases, { rounds, sample }) {
  const owned = [];
  const own = (sandbox) => {
    owned.push(sandbox);
    return sandbox;
  };
  const running = cases.map(({ start }) => {
    const repeat = start(own);
    return { repeat, count: calibrate(repeat, sample), samples: [] };
  });
  for (let round = 0; round < rounds; round++) {
    for (const { repeat, count, samples } of running) {
      collect();
      samples.push(time(repeat, count) / count);
    }
  }
  for (const sandbox of owned) sandbox.dispose();
  return running.map(({ samples }) => median(samples));
}

module.exports = { collect, measure, median };
