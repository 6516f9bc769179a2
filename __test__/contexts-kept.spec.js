'use strict';

// What keeps the object of a context, and so its globals, when the host has let go of it.

const vm = require('../vm.js');
const { collect, turn } = require('./support.js');

/** Collects what the host has let go of, and lets the guest hear of it. */
async function letGo() {
  for (let i = 0; i < 5; i++) {
    collect();
    await turn();
  }
}

class Base {}

const code = `
  var helper = { n: 5 };
  class Derived extends Base {
    use() {
      return [helper.n, typeof Buffer];
    }
  }
  Derived`;

test('an object that a class of the host made for one of the guest’s', async () => {
  const make = () => {
    const Derived = vm.runInContext(code, vm.createContext({ Base, Buffer }));
    return vm.runInNewContext('new Derived()', { Derived });
  };
  const derived = make();
  await letGo();
  expect(vm.runInNewContext('derived.use()', { derived })).toEqual([5, 'function']);
  expect(derived.use()).toEqual([5, 'function']);
});

test('a context that was given such an object', async () => {
  const make = () => {
    const Derived = vm.runInContext(code, vm.createContext({ Base, Buffer }));
    const context = vm.createContext({ derived: Reflect.construct(Derived, []) });
    return vm.runInContext('const kept = derived; () => kept.use()', context);
  };
  const use = make();
  await letGo();
  expect(use()).toEqual([5, 'function']);
});
