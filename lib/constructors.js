'use strict';

// Which functions can be called with `new`. To try costs an exception, a hundred times of what
// all else costs that is done to a function on its way to the guest.

const { types } = require('node:util');

const NATIVE = '[native code] }';
const CLASS_OR_FUNCTION = /^(?:class|function)\b/;

const textOf = Function.prototype.toString;

/** Answers that took a trial. */
const tried = new WeakMap();

function isConstructor(value) {
  if (types.isProxy(value)) return tryOnce(value);
  if (types.isAsyncFunction(value) || types.isGeneratorFunction(value)) return false;
  const text = textOf.call(value);
  // Built-in or bound.
  if (text.endsWith(NATIVE)) return tryOnce(value);
  // Arrow functions and methods look otherwise; a method by one of these names has no prototype.
  return CLASS_OR_FUNCTION.test(text) && Object.hasOwn(value, 'prototype');
}

function tryOnce(value) {
  let answer = tried.get(value);
  if (answer === undefined) {
    answer = canConstruct(value);
    tried.set(value, answer);
  }
  return answer;
}

function canConstruct(value) {
  try {
    Reflect.construct(Object, [], value);
    return true;
  } catch {
    return false;
  }
}

module.exports = { isConstructor };
