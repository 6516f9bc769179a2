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

const alone = {
  title: 'create, run `1 + 1`, dispose',
  cases: [
    { name: 'vm', start: () => context() },
    { name: 'vm, timeout 1000', start: () => context({ timeout: 1000 }) },
    { name: 'quickvm, timeout 1000', start: () => quickvm({ timeout: 1000 }) },
    { name: 'quickvm, no timeout', start: () => quickvm({ timeout: 0 }) },
  ],
};

// Heaps of disposed sandboxes are used again; how many there are depends on who else is alive.
const amongOthers = {
  title: 'create, run `1 + 1`, dispose, with 100 others alive',
  cases: [
    {
      name: 'vm',
      start(own) {
        for (let i = 0; i < 100; i++) {
          const other = vm.createContext({});
          own({ dispose: () => other });
        }
        return context();
      },
    },
    {
      name: 'quickvm, timeout 1000',
      start(own) {
        for (let i = 0; i < 100; i++) own(new Sandbox());
        return quickvm({ timeout: 1000 });
      },
    },
  ],
};

module.exports = { alone, amongOthers };
