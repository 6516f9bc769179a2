'use strict';

// Operations on a live object of the other side, a hundred at a time.

const { Sandbox } = require('../..');
const { vm, vm2 } = require('../vm-modules.js');

const TIMES = 100;

/** What is done to `object`, the same on both sides. */
const WORK = {
  read: `(object) => { let sum = 0; for (let i = 0; i < ${TIMES}; i++) sum += object.value; return sum }`,
  write: `(object) => { for (let i = 1; i <= ${TIMES}; i++) object.value = i; object.value = 1; return ${TIMES} }`,
  call: `(object) => { let sum = 0; for (let i = 0; i < ${TIMES}; i++) sum += object.one(); return sum }`,
};
const OBJECT = '({ value: 1, one() { return 1; } })';

const repeat = (work) => (count) => {
  for (let i = 0; i < count; i += TIMES) if (work() !== TIMES) throw new Error('wrong answer');
};

/** Ways to evaluate source text on the other side. */
const sides = [
  { name: 'vm', evaluate: () => (source) => vm.runInNewContext(source) },
  vm2 && {
    name: 'vm2',
    evaluate: () => {
      const box = new vm2.VM();
      return (source) => box.run(source);
    },
  },
  {
    name: 'quickvm',
    evaluate: (own) => {
      const sandbox = own(new Sandbox({ timeout: 0 }));
      return (source) => sandbox.run(source);
    },
  },
].filter(Boolean);

function group(what) {
  const here = vm.runInThisContext(WORK[what]);
  return [
    {
      title: `${what} a property of a guest’s object, by the host`,
      cases: sides.map(({ name, evaluate }) => ({
        name,
        start(own) {
          const object = evaluate(own)(OBJECT);
          return repeat(() => here(object));
        },
      })),
    },
    {
      title: `${what} a property of a host’s object, by the guest`,
      cases: sides.map(({ name, evaluate }) => ({
        name,
        start(own) {
          const work = evaluate(own)(WORK[what]);
          const object = vm.runInThisContext(OBJECT);
          return repeat(() => work(object));
        },
      })),
    },
  ];
}

module.exports = ['read', 'write', 'call'].flatMap(group);
