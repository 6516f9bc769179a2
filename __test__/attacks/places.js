'use strict';

// Where attacks run: Node's own `vm`, and what must withstand them.

const nodeVm = require('node:vm');
const { Sandbox, copy, readonly, only } = require('../..');
const ourVm = require('../../vm.js');

/** For guests: `take` is what an attacker does with a find. */
const PRELUDE = `
var loot = [];
function take(found) {
  if (typeof found === 'string') loot.push(found);
  if ((typeof found !== 'object' && typeof found !== 'function') || found === null) return found;
  const see = (answer) => { if (answer === 'number') loot.push('HOST code'); };
  try { if (typeof found.pid === 'number' && found.versions) loot.push('HOST process'); } catch {}
  try { if (typeof found.process.pid === 'number') loot.push('HOST global'); } catch {}
  if (typeof found !== 'function') return found;
  for (const code of ['return typeof process.pid', 'yield typeof process.pid']) {
    try {
      let made = found(code)();
      if (typeof made.next === 'function') made = made.next();
      if (typeof made.then === 'function') made.then((m) => see(m.value ?? m), () => {});
      else see(made.value ?? made);
    } catch {}
  }
  return found;
}
function attempt(f) {
  try { return f(); } catch (error) { return error; }
}
`;

const unmarked = { copy: (v) => v, readonly: (v) => v, only: (v) => v };
const marked = { copy, readonly, only };

function inVm(vm) {
  return (given) => {
    const context = vm.createContext(given);
    vm.runInContext(PRELUDE, context);
    return {
      run: (code) => vm.runInContext(code, context, 'guest.js'),
      revoke() {},
      dispose() {},
      context,
    };
  };
}

const inSandbox = (policy) => (given, options) => {
  const sandbox = new Sandbox({ policy, globals: given, console: false, ...options });
  sandbox.run(PRELUDE);
  return {
    run: (code) => sandbox.run(code, 'guest.js'),
    revoke: (value) => sandbox.revoke(value),
    dispose: () => sandbox.dispose(),
    sandbox,
  };
};

/** How a guest is made of what it is given, by place. */
const places = {
  'node:vm': { open: inVm(nodeVm), marks: unmarked },
  safe: { open: inSandbox('safe'), marks: marked },
  transparent: { open: inSandbox('transparent'), marks: marked },
  'quickvm/vm': { open: inVm(ourVm), marks: marked },
};

module.exports = { places };
