'use strict';

const vm = require('node:vm');
const { Sandbox, Script, copy } = require('../..');

const SOURCE = 'total = 0; for (const price of prices) total += price; total';
const globals = () => ({ prices: [1, 2, 3, 4] });
/** It is the script that is measured, not the way to the host's array. */
const copies = () => ({ prices: copy([1, 2, 3, 4]) });

const repeat = (work) => (count) => {
  for (let i = 0; i < count; i++) if (work() !== 10) throw new Error('wrong sum');
};

const context = (options) => () => {
  const script = new vm.Script(SOURCE);
  const guest = vm.createContext(globals());
  return repeat(() => script.runInContext(guest, options));
};

module.exports = {
  title: 'run a compiled script that adds four numbers',
  cases: [
    { name: 'vm', start: context() },
    { name: 'vm, timeout 1000', start: context({ timeout: 1000 }) },
    {
      name: 'quickvm, timeout 1000',
      start(own) {
        const script = new Script(SOURCE);
        const sandbox = own(new Sandbox({ globals: copies() }));
        return repeat(() => sandbox.run(script));
      },
    },
    {
      name: 'quickvm, from source text',
      start(own) {
        const sandbox = own(new Sandbox({ globals: copies() }));
        return repeat(() => sandbox.run(SOURCE));
      },
    },
  ],
};
