'use strict';

const { measureOptions } = require('./vm-options.js');

let warned = false;

function warnOnce() {
  if (warned) return;
  warned = true;
  const message = 'vm.measureMemory is an experimental feature and might change at any time';
  process.emitWarning(message, 'ExperimentalWarning');
}

/** A heap's use is known exactly, so the range is a point. */
const figure = (bytes) => ({ jsMemoryEstimate: bytes, jsMemoryRange: [bytes, bytes] });

const bytesOf = (sandbox) => (sandbox?.state === 'active' ? sandbox.usage().memoryBytes : 0);

/** What the sandboxes use; of Node's own heap nothing is said. */
async function measured({ current, other, unsettled }, mode) {
  const others = [...other.map(bytesOf), ...new Array(unsettled).fill(0)];
  const total = others.reduce((sum, bytes) => sum + bytes, bytesOf(current));
  if (mode === 'summary') return { total: figure(total) };
  return { total: figure(total), current: figure(bytesOf(current)), other: others.map(figure) };
}

/** @param home see vm.js */
function measureMemory(home, options) {
  warnOnce();
  const { mode } = measureOptions(options);
  return measured(home.sandboxes(), mode);
}

module.exports = { measureMemory };
