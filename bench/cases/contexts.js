'use strict';

// What the Apps-Engine does for each call of an app: a new context, and a run with a timeout in it.

const { quickvm, vm } = require('../vm-modules.js');

const HOST = () => ({ require: () => ({}), exports: {}, module: { exports: {} }, Buffer, console });
const TIMED = { timeout: 1000, filename: 'app.js' };

/** An instance, made here, of a class of the guest's that extends one of ours. */
function createApp(module) {
  class App {
    constructor(info) {
      this.info = info;
    }
  }
  const Derived = module.runInNewContext(
    `class Derived extends App {
      add(a, b) { return a + b }
      sum(list) { let sum = 0; for (const { n } of list) sum += n; return sum }
    }
    Derived`,
    { App, ...HOST() },
    TIMED,
  );
  return new Derived({ name: 'app' });
}

function repeat(work, expected) {
  return (count) => {
    for (let i = 0; i < count; i++) if (work() !== expected) throw new Error('wrong answer');
  };
}

/** The same case for Node's module and for ours. */
const both = (start) => [
  { name: 'vm', start: () => start(vm) },
  { name: 'quickvm/vm', start: () => start(quickvm) },
];

const fresh = {
  title: 'a context that shares nothing, and `x + 1` in it with a timeout',
  cases: both((module) =>
    repeat(() => module.runInContext('x + 1', module.createContext({ x: 1 }), TIMED), 2),
  ),
};

const left = {
  title: 'the same, with a run that leaves something behind',
  cases: both((module) =>
    repeat(() => module.runInContext('let y = x; y + 1', module.createContext({ x: 1 }), TIMED), 2),
  ),
};

const call = {
  title: 'a context, and a call of an app’s method in it with a timeout',
  cases: both((module) => {
    const app = createApp(module);
    const source = 'app.add.apply(app, args)';
    return repeat(() => {
      const context = module.createContext({ ...HOST(), app, args: [1, 2] });
      return module.runInContext(source, context, TIMED);
    }, 3);
  }),
};

const walk = {
  title: 'the same, and the method reads a list of ten objects of the host',
  cases: both((module) => {
    const app = createApp(module);
    const list = Array.from({ length: 10 }, (_, n) => ({ n }));
    const source = 'app.sum.apply(app, args)';
    return repeat(() => {
      const context = module.createContext({ ...HOST(), app, args: [list] });
      return module.runInContext(source, context, TIMED);
    }, 45);
  }),
};

const kept = {
  title: 'a run with a timeout in a context that is there',
  cases: both((module) => {
    const context = module.createContext({ x: 1 });
    return repeat(() => module.runInContext('x + 1', context, TIMED), 2);
  }),
};

module.exports = [fresh, left, call, walk, kept];
