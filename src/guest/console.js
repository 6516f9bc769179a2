// `console`, forwarded: the host decides where lines go, and formats them. Loaded when it is
// first used; mod.rs has the order of the functions.
(write, now) => {
  'use strict';

  // By label, without prototypes that a guest could reach.
  const starts = { __proto__: null };
  const counts = { __proto__: null };
  const elapsed = (label) => (label in starts ? now() - starts[label] : undefined);

  const assert = (condition, ...values) => {
    if (condition) return;
    if (typeof values[0] === 'string') values[0] = `Assertion failed: ${values[0]}`;
    else values = ['Assertion failed', ...values];
    write('error', ...values);
  };
  const count = (label = 'default') => {
    label = `${label}`;
    counts[label] = (counts[label] ?? 0) + 1;
    write('log', `${label}: ${counts[label]}`);
  };
  const countReset = (label = 'default') => {
    delete counts[`${label}`];
  };
  const time = (label = 'default') => {
    starts[`${label}`] = now();
  };
  const timeLog = (label = 'default', ...values) => {
    label = `${label}`;
    const time = elapsed(label);
    if (time !== undefined) write('log', `${label}: ${time}ms`, ...values);
  };
  const timeEnd = (label = 'default') => {
    label = `${label}`;
    const time = elapsed(label);
    delete starts[label];
    if (time !== undefined) write('log', `${label}: ${time}ms`);
  };

  return [write, assert, count, countReset, time, timeLog, timeEnd];
};
