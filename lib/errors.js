'use strict';

const os = require('node:os');

/** An error that the sandbox itself raises; guest code's own errors arrive as themselves. */
class SandboxError extends Error {
  // `instanceof` would ask the prototypes of a value that may be the guest's.
  #brand = true;

  static is(error) {
    return typeof error === 'object' && error !== null && #brand in error;
  }

  constructor(code, message, details = {}) {
    super(message);
    this.code = code;
    for (const key of ['sandbox', 'filename', 'path', 'signal']) {
      if (details[key] !== undefined) this[key] = details[key];
    }
    if (details.cause !== undefined) {
      Object.defineProperty(this, 'cause', {
        value: details.cause,
        writable: true,
        enumerable: false,
        configurable: true,
      });
    }
  }
}

Object.defineProperty(SandboxError.prototype, 'name', {
  value: 'SandboxError',
  writable: true,
  enumerable: false,
  configurable: true,
});

/** A value that has no form on the other side. `path` says where it is. */
function crossingError(sandbox, where, what) {
  const path = where.length <= 200 ? where : `${where.slice(0, 100)}…${where.slice(-100)}`;
  return new SandboxError(
    'ERR_SANDBOX_CROSSING',
    `${path} cannot cross the sandbox's border: it is ${what}`,
    { sandbox, path },
  );
}

/** The engine failed, by the signal of that number. */
function faultError(where, number, details) {
  const { signals } = os.constants;
  const signal = Object.keys(signals).find((name) => signals[name] === number);
  const message = `the engine failed ${where}, by ${signal}`;
  return new SandboxError('ERR_SANDBOX_FAULT', message, { ...details, signal });
}

/** Bad options, named with what would be right. */
function optionsError(message) {
  return new SandboxError('ERR_SANDBOX_OPTIONS', message);
}

module.exports = { SandboxError, crossingError, faultError, optionsError };
