'use strict';

// Short forms of bench/memory.js, in a process of its own: Jest's memory is no measure.

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');

const script = path.join(__dirname, '..', 'bench', 'memory.js');

let result;

beforeAll(async () => {
  const args = [script, '--json', '--cycles', '5000', '--alive', '1000'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  result = JSON.parse(stdout);
});

test('5,000 sandboxes that come and go leave nothing behind', () => {
  expect(result.cycles.growth).toBeLessThan(20 * 1024 * 1024);
});

test('1,000 sandboxes alive at once take at most 250 KB each', () => {
  // What is no sandbox would be a few bytes: then the measurement is wrong.
  expect(result.alive.each).toBeGreaterThan(20 * 1024);
  expect(result.alive.each).toBeLessThanOrEqual(250 * 1024);
});
