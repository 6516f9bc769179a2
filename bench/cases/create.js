'use strict';

const vm = require('node:vm');
const { Sandbox } = require('../..');

function quickvm(options) {
  return (count) => {
    for (let i = 0; i < count; i++) {
      const sandbox = new Sandbox(options);
      sandbox.run('1 + 1');
      sandbox.dispose();
    }
  };
}

function context(options) {
  return (count) => {
    for (let i = 0; i < count; i++) vm.runInContext('1 + 1', vm.createContext({}), options);
  };
}

module.exports = {
  title: 'create, run `1 + 1`, dispose',
  cases: [
    { name: 'vm', start: () => context() },
    { name: 'vm, timeout 1000', start: () => context({ timeout: 1000 }) },
    { name: 'quickvm, timeout 1000', start: () => quickvm({ timeout: 1000 }) },
    { name: 'quickvm, no timeout', start: () => quickvm({ timeout: 0 }) },
  ],
};
