'use strict';

const vm = require('node:vm');
const { Sandbox } = require('../..');

const INCREMENT = '(x) => x + 1';
const LOOP = '(f, count) => { let x = 0; for (let i = 0; i < count; i++) x = f(x); return x; }';

/** Calls from the host, one by one. */
const hostLoop = (increment) => (count) => {
  let x = 0;
  for (let i = 0; i < count; i++) x = increment(x);
  if (x !== count) throw new Error('wrong sum');
};

/** Calls from the guest, in a loop of its own. */
const guestLoop = (loop) => {
  const increment = (x) => x + 1;
  return (count) => {
    if (loop(increment, count) !== count) throw new Error('wrong sum');
  };
};

/** The only way to give a call a deadline in vm: a script that makes it. */
function timedCalls() {
  const context = vm.createContext({ x: 0, increment: vm.runInNewContext(INCREMENT) });
  const script = new vm.Script('increment(x)');
  return hostLoop((x) => {
    context.x = x;
    return script.runInContext(context, { timeout: 1000 });
  });
}

const hostToGuest = {
  title: 'call `x => x + 1`, host to guest',
  cases: [
    { name: 'vm', start: () => hostLoop(vm.runInNewContext(INCREMENT)) },
    { name: 'vm, timeout 1000', start: timedCalls },
    { name: 'quickvm, timeout 1000', start: (own) => hostLoop(own(new Sandbox()).run(INCREMENT)) },
    {
      name: 'quickvm, no timeout',
      start: (own) => hostLoop(own(new Sandbox({ timeout: 0 })).run(INCREMENT)),
    },
  ],
};

const guestToHost = {
  title: 'call `x => x + 1`, guest to host',
  cases: [
    { name: 'vm', start: () => guestLoop(vm.runInNewContext(LOOP)) },
    {
      name: 'quickvm, timeout 10000',
      start: (own) => guestLoop(own(new Sandbox({ timeout: 10_000 })).run(LOOP)),
    },
    {
      name: 'quickvm, no timeout',
      start: (own) => guestLoop(own(new Sandbox({ timeout: 0 })).run(LOOP)),
    },
  ],
};

module.exports = { hostToGuest, guestToHost };
