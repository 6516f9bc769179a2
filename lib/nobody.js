'use strict';

// The host's global object never crosses. A function that is not in strict mode has it as `this`
// when it is called without one: so guests would get hold of it, and write to it.

const { isStandIn } = require('./handles.js');

/** What is there in its place. */
const NOBODY = Object.freeze(Object.create(null));

/** Functions and classes in strict mode see that there is no `this`; others cannot be told apart. */
const isStrict = (target) =>
  Object.hasOwn(target, 'prototype') && !Object.hasOwn(target, 'arguments');

/** What a function of the host's is called with when the guest has no `this` for it. */
const nobodyFor = (target, receiver) => (isStandIn(target) || isStrict(target) ? receiver : NOBODY);

module.exports = { NOBODY, nobodyFor };
