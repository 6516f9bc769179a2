'use strict';

// What cannot cross, and the path to it.

const { types } = require('node:util');

/** Thrown inside this module: a value that cannot cross. Steps are added on the way out. */
class Uncrossable {
  #what;
  path = '';

  constructor(what) {
    this.#what = what;
  }

  get what() {
    return this.#what;
  }

  static is(error) {
    return typeof error === 'object' && error !== null && #what in error;
  }
}

function step(key) {
  if (typeof key === 'number' || /^(?:0|[1-9]\d*)$/.test(key)) return `[${key}]`;
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function within(error, where) {
  if (Uncrossable.is(error)) error.path = where + error.path;
  else if (isStackOverflow(error)) return within(new Uncrossable('nested too deeply'), where);
  return error;
}

// A graph too deep for this recursion is the caller's data, not a defect.
const isStackOverflow = (error) =>
  types.isNativeError(error) && error.message === 'Maximum call stack size exceeded';

module.exports = { Uncrossable, step, within };
