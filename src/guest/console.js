// `console`, forwarded: the host decides where lines go, and formats them.
(write) => {
  'use strict';

  const timers = new Map();
  const counts = new Map();
  const now = Date.now;
  const { apply } = Reflect;
  const mapGet = Map.prototype.get;
  const mapSet = Map.prototype.set;
  const mapDelete = Map.prototype.delete;
  const elapsed = (label) => {
    const start = apply(mapGet, timers, [label]);
    return start === undefined ? undefined : now() - start;
  };

  const console = {};
  const forwarded = [
    'log',
    'info',
    'warn',
    'error',
    'debug',
    'trace',
    'dir',
    'dirxml',
    'table',
    'group',
    'groupCollapsed',
    'groupEnd',
  ];
  for (const name of forwarded) {
    console[name] = { [name]: (...values) => write(name, ...values) }[name];
  }
  console.assert = (condition, ...values) => {
    if (condition) return;
    if (typeof values[0] === 'string') values[0] = `Assertion failed: ${values[0]}`;
    else values = ['Assertion failed', ...values];
    write('error', ...values);
  };
  console.count = (label = 'default') => {
    const count = (apply(mapGet, counts, [`${label}`]) ?? 0) + 1;
    apply(mapSet, counts, [`${label}`, count]);
    write('log', `${label}: ${count}`);
  };
  console.countReset = (label = 'default') => {
    apply(mapDelete, counts, [`${label}`]);
  };
  console.time = (label = 'default') => {
    apply(mapSet, timers, [`${label}`, now()]);
  };
  console.timeLog = (label = 'default', ...values) => {
    const time = elapsed(`${label}`);
    if (time !== undefined) write('log', `${label}: ${time}ms`, ...values);
  };
  console.timeEnd = (label = 'default') => {
    const time = elapsed(`${label}`);
    apply(mapDelete, timers, [`${label}`]);
    if (time !== undefined) write('log', `${label}: ${time}ms`);
  };
  Object.defineProperty(console, Symbol.toStringTag, {
    value: 'console',
    writable: false,
    enumerable: false,
    configurable: true,
  });
  Object.defineProperty(globalThis, 'console', {
    value: console,
    writable: true,
    enumerable: false,
    configurable: true,
  });
};
