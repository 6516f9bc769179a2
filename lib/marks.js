'use strict';

// What a host says of a value before it hands it to a guest.

const { isNames, markCopy, markOnly, markReadonly } = require('./exposure.js');
const { Sandbox } = require('./sandbox.js');
const { isProxy } = require('./stand-in.js');

module.exports = {
  copy: (value) => (isProxy(value) ? Sandbox.copy(value) : markCopy(value)),
  readonly: markReadonly,
  only(value, names) {
    if (!isNames(names)) {
      throw new TypeError('names must be an array of strings and symbols');
    }
    return markOnly(value, names);
  },
};
