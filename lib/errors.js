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

/** What an entry throws that was stopped, or could not begin, because of `kind`. */
function stopError(kind, { name, memoryLimitMb, reason }, entry, signal) {
  const details = { sandbox: name, filename: entry?.filename };
  switch (kind) {
    case 'fault':
      return faultError(`in sandbox '${name}'`, signal, details);
    case 'timeout': {
      // An entry without a limit of its own was stopped by that of the one around it.
      const limit = Number.isFinite(entry.timeout) ? ` of ${entry.timeout} ms` : '';
      const message = `sandbox '${name}' exceeded its timeout${limit}`;
      return new SandboxError('ERR_SANDBOX_TIMEOUT', message, details);
    }
    case 'memory': {
      const message = `sandbox '${name}' exceeded its memory limit of ${memoryLimitMb} MB`;
      return new SandboxError('ERR_SANDBOX_MEMORY_LIMIT', message, details);
    }
    case 'disposed': {
      const message = `sandbox '${name}' has been disposed`;
      return new SandboxError('ERR_SANDBOX_DISPOSED', message, details);
    }
    default: {
      const why = reason === undefined ? '' : `: ${reason?.message ?? reason}`;
      const message = `sandbox '${name}' has been terminated${why}`;
      return new SandboxError('ERR_SANDBOX_TERMINATED', message, { ...details, cause: reason });
    }
  }
}

/** Source text that is longer than a sandbox takes. */
function sourceLimitError(sandbox, filename, bytes, limit) {
  return new SandboxError(
    'ERR_SANDBOX_SOURCE_LIMIT',
    `the source text of ${filename} has ${bytes} bytes; sandbox '${sandbox}' takes up to ${limit}`,
    { sandbox, filename },
  );
}

module.exports = {
  SandboxError,
  crossingError,
  faultError,
  optionsError,
  sourceLimitError,
  stopError,
};
