'use strict';

// What callers may pass, checked once: an error names the option, the value and what is accepted.

const { inspect, types } = require('node:util');
const { optionsError } = require('./errors.js');

const BUILTINS = ['console', 'timers'];
/** What a realm can do without; `REMOVABLE` in src/guest/surface.rs. */
const INTRINSICS = ['Atomics', 'FinalizationRegistry', 'Proxy', 'SharedArrayBuffer', 'WeakRef'];
const MAX_TIMEOUT = 2 ** 31 - 1;
const MAX_SOURCE_KB = 2 ** 20;

const show = (value) => inspect(value, { depth: 0, maxStringLength: 60, breakLength: Infinity });

function refuse(name, accepted, value) {
  throw optionsError(`option '${name}' must be ${accepted}; got ${show(value)}`);
}

const isObject = (value) => typeof value === 'object' && value !== null;

function number(minimum, maximum, unit) {
  return (value, name) => {
    if (typeof value !== 'number' || !(value >= minimum && value <= maximum)) {
      refuse(name, `a number of ${unit} from ${minimum} to ${maximum}`, value);
    }
    return value;
  };
}

function integer(minimum, maximum) {
  return (value, name) => {
    if (!Number.isInteger(value) || value < minimum || value > maximum) {
      refuse(name, `an integer from ${minimum} to ${maximum}`, value);
    }
    return value;
  };
}

function timeout(value, name) {
  if (value === 0 || value === Infinity) return Infinity;
  if (typeof value !== 'number' || !(value > 0 && value <= MAX_TIMEOUT)) {
    refuse(name, `a number of milliseconds up to ${MAX_TIMEOUT}, or 0 or Infinity for none`, value);
  }
  return value;
}

function grace(value, name) {
  if (value === Infinity) return value;
  if (typeof value !== 'number' || !(value >= 0 && value <= MAX_TIMEOUT)) {
    refuse(name, `a number of milliseconds from 0 to ${MAX_TIMEOUT}, or Infinity for none`, value);
  }
  return value;
}

function text(value, name) {
  if (typeof value !== 'string') refuse(name, 'a string', value);
  return value;
}

function printableText(value, name) {
  // It is part of every line of a stack trace, and must not look like several.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (typeof value !== 'string' || !/^[^\0-\x1f\x7f\u2028\u2029]+$/.test(value)) {
    refuse(name, 'a non-empty string without control characters', value);
  }
  return value;
}

function globals(value, name) {
  if (!isObject(value)) refuse(name, 'an object', value);
  return value;
}

function consoleLike(value, name) {
  if (value === false) return value;
  if (!isObject(value) || typeof value.log !== 'function') {
    refuse(name, 'false or an object with a log method', value);
  }
  return value;
}

function builtins(value, name) {
  if (value === true) return BUILTINS;
  if (value === false) return [];
  if (!Array.isArray(value) || !value.every((builtin) => BUILTINS.includes(builtin))) {
    const names = BUILTINS.map((builtin) => `'${builtin}'`).join(', ');
    refuse(name, `true, false or an array of ${names}`, value);
  }
  return value;
}

function policy(value, name) {
  if (value !== 'safe' && value !== 'transparent' && typeof value !== 'function') {
    refuse(name, "'safe', 'transparent' or a function from an object to its exposure", value);
  }
  return value;
}

function modules(value, name) {
  if (!isObject(value)) refuse(name, 'a map of files or { resolve, load }', value);
  if (typeof value.resolve === 'function' || typeof value.load === 'function') {
    for (const part of ['resolve', 'load']) {
      if (typeof value[part] !== 'function') refuse(`${name}.${part}`, 'a function', value[part]);
    }
    return value;
  }
  for (const [id, source] of Object.entries(value)) {
    if (typeof source !== 'string') refuse(`${name}[${JSON.stringify(id)}]`, 'a string', source);
  }
  return value;
}

/** Of our own alone: a sandbox whose first context finds its realm made. */
const forContexts = Symbol('for contexts');

/** Likewise: who sees first what a guest's function has thrown that the host has called. */
const onThrown = Symbol('on thrown');

function boolean(value, name) {
  if (typeof value !== 'boolean') refuse(name, 'true or false', value);
  return value;
}

/** A group of options that are true or false, and true by default. */
function switches(names) {
  const table = Object.fromEntries(names.map((name) => [name, [boolean, true]]));
  return (value, name) => check(table, value, `the options of '${name}'`);
}

const codeGeneration = switches(['strings', 'wasm']);
const intrinsics = switches(INTRINSICS);

/** The times that a `Date` can have. */
const MAX_TIME = 8.64e15;

const DETERMINISTIC = {
  now: [integer(-MAX_TIME, MAX_TIME), 0],
  seed: [integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER), 0],
};

function deterministic(value, name) {
  return check(DETERMINISTIC, value, `the options of '${name}'`);
}

function sourceLimit(value, name) {
  if (value === Infinity) return value;
  if (typeof value !== 'number' || !(value > 0 && value <= MAX_SOURCE_KB)) {
    refuse(name, `a number of kilobytes up to ${MAX_SOURCE_KB}, or Infinity for none`, value);
  }
  return value;
}

const SANDBOX = {
  name: [printableText, 'sandbox'],
  memoryLimitMb: [number(1, 4096, 'megabytes'), 64],
  stackLimitKb: [number(64, 8192, 'kilobytes'), 512],
  timeout: [timeout, 1000],
  graceMs: [grace, 20],
  policy: [policy, 'safe'],
  globals: [globals, undefined],
  console: [consoleLike, undefined],
  builtins: [builtins, BUILTINS],
  modules: [modules, undefined],
  codeGeneration: [codeGeneration, codeGeneration({}, 'codeGeneration')],
  intrinsics: [intrinsics, intrinsics({}, 'intrinsics')],
  sourceLimitKb: [sourceLimit, Infinity],
  deterministic: [deterministic, undefined],
};

const ORIGIN = {
  filename: [text, undefined],
  lineOffset: [integer(-(2 ** 31), 2 ** 31 - 2), 0],
  columnOffset: [integer(0, 2 ** 20), 0],
};

function bytes(value, name) {
  if (!types.isArrayBufferView(value)) refuse(name, 'a Buffer, TypedArray or DataView', value);
  return value;
}

const COMPILE = { ...ORIGIN, cachedData: [bytes, undefined] };

const RUN = { ...ORIGIN, timeout: [timeout, undefined] };

function drain(value, name) {
  if (value !== 'now' && value !== 'later') refuse(name, "'now' or 'later'", value);
  return value;
}

const CONTEXT = {
  name: [text, undefined],
  origin: [text, undefined],
  codeGeneration: [codeGeneration, undefined],
};

const CONTEXT_RUN = { ...RUN, drain: [drain, 'now'] };

const NEW_CONTEXT = {
  ...CONTEXT_RUN,
  contextName: CONTEXT.name,
  contextOrigin: CONTEXT.origin,
  contextCodeGeneration: CONTEXT.codeGeneration,
};

function newContextOptions(options) {
  const checked = check(NEW_CONTEXT, withFilename(options), "runInNewContext's options");
  const { contextName, contextOrigin, contextCodeGeneration, ...run } = checked;
  const create = {
    name: contextName,
    origin: contextOrigin,
    codeGeneration: contextCodeGeneration,
  };
  return { create, run };
}

/**
 * Checks options against a table of `[check, default]`; `undefined` counts as absent.
 * @param what names the options in an error
 */
function check(table, options, what) {
  if (options === undefined) return check(table, {}, what);
  if (!isObject(options)) throw optionsError(`${what} must be an object; got ${show(options)}`);
  const checked = {};
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(table, name)) {
      const known = Object.keys(table).join(', ');
      throw optionsError(`unknown option '${name}' (${what} are ${known})`);
    }
  }
  for (const [name, [validate, byDefault]] of Object.entries(table)) {
    const value = options[name];
    checked[name] = value === undefined ? byDefault : validate(value, name);
  }
  return checked;
}

/** What became of options of our own, which nobody changes: sandboxes for contexts come by the dozen. */
const checkedBefore = new WeakMap();

function sandboxOptions(options) {
  const before = checkedBefore.get(options);
  if (before !== undefined) return before;
  const checked = check(SANDBOX, options, "a Sandbox's options");
  checked[forContexts] = options?.[forContexts] === true;
  checked[onThrown] = options?.[onThrown];
  if (checked[forContexts]) checkedBefore.set(options, checked);
  return checked;
}

/** What the addon has to know of a Sandbox's options. */
function nativeOptions(options) {
  const { builtins, intrinsics } = options;
  return {
    memoryBytes: Math.floor(options.memoryLimitMb * 1024 * 1024),
    stackBytes: Math.floor(options.stackLimitKb * 1024),
    graceMs: options.graceMs,
    console: options.console !== false && builtins.includes('console'),
    timers: builtins.includes('timers'),
    modules: options.modules !== undefined,
    codeGeneration: options.codeGeneration.strings,
    without: Object.keys(intrinsics).filter((name) => !intrinsics[name]),
    contexts: options[forContexts],
    now: options.deterministic?.now,
    seed: options.deterministic?.seed,
    sourceLimitBytes: options.sourceLimitKb * 1024,
  };
}

/** Options where a file name alone may stand for them, as in Node's `vm`. */
const withFilename = (options) => (typeof options === 'string' ? { filename: options } : options);

module.exports = {
  forContexts,
  onThrown,
  sandboxOptions,
  runOptions: (options) => check(RUN, withFilename(options), "run's options"),
  contextOptions: (options) => check(CONTEXT, options, "createContext's options"),
  contextRunOptions: (options) =>
    check(CONTEXT_RUN, withFilename(options), "runInContext's options"),
  newContextOptions,
  nativeOptions,
  compileOptions: (options) => check(COMPILE, withFilename(options), "compile's options"),
};
