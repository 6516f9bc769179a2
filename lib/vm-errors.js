'use strict';

// Errors as Node's `vm` raises them: the same classes, codes and messages, so that programs which
// look at them need not change.

const { inspect } = require('node:util');

function nodeError(Base, code, message) {
  const error = new Base(message);
  // The code is part of the error as text, as in Node, but not of its name.
  const name = `${Base.name} [${code}]`;
  error.name = name;
  Error.captureStackTrace(error, nodeError);
  void error.stack; // its first line is made now
  delete error.name;
  error.code = code;
  const text = `${name}: ${message}`;
  return Object.defineProperty(error, 'toString', { value: () => text, enumerable: false });
}

/** `options.timeout` is a property, `options` an argument. */
const kindOf = (name) => (name.includes('.') ? 'property' : 'argument');

function received(value) {
  if (value === null || value === undefined) return `Received ${value}`;
  if (typeof value === 'function') return `Received function ${value.name}`;
  if (typeof value === 'object') {
    const name = value.constructor?.name;
    return name === undefined
      ? `Received ${inspect(value, { depth: -1 })}`
      : `Received an instance of ${name}`;
  }
  const shown = inspect(value, { colors: false });
  const short = shown.length > 28 ? `${shown.slice(0, 25)}...` : shown;
  return `Received type ${typeof value} (${short})`;
}

/** @param expected with its article: `of type string`, `an instance of Array` */
function invalidArgType(name, expected, value) {
  const message = `The "${name}" ${kindOf(name)} must be ${expected}. ${received(value)}`;
  return nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', message);
}

function invalidArgValue(name, choices, value) {
  const shown = choices.map((choice) => inspect(choice)).join(', ');
  const message = `The ${kindOf(name)} '${name}' must be one of: ${shown}. Received ${inspect(value)}`;
  return nodeError(TypeError, 'ERR_INVALID_ARG_VALUE', message);
}

function outOfRange(name, range, value) {
  const large = Number.isInteger(value) && Math.abs(value) > 2 ** 32;
  const shown = large ? String(value).replace(/\B(?=(?:\d{3})+$)/g, '_') : inspect(value);
  const message = `The value of "${name}" is out of range. It must be ${range}. Received ${shown}`;
  return nodeError(RangeError, 'ERR_OUT_OF_RANGE', message);
}

function executionTimeout(timeout) {
  // A script without a limit of its own was stopped by that of a script around it.
  const limit = Number.isFinite(timeout) ? ` after ${timeout}ms` : '';
  const error = new Error(`Script execution timed out${limit}`);
  error.code = 'ERR_SCRIPT_EXECUTION_TIMEOUT';
  Error.captureStackTrace(error, executionTimeout);
  return error;
}

function executionInterrupted() {
  const error = new Error('Script execution was interrupted by `SIGINT`');
  error.code = 'ERR_SCRIPT_EXECUTION_INTERRUPTED';
  Error.captureStackTrace(error, executionInterrupted);
  return error;
}

module.exports = {
  invalidArgType,
  invalidArgValue,
  outOfRange,
  executionTimeout,
  executionInterrupted,
};
