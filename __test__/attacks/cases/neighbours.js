'use strict';

const { notInVm, sandboxOnly } = require('./reasons.js');

const HEAPS = 'each sandbox is a heap; what is passed on is a stand-in of a stand-in';
/** Another guest, which the host passes what the first one has made. */
function meet(open, value) {
  const second = open({});
  second.run('(value) => { globalThis.fromOther = value; }')(value);
  return second;
}

/** Runs the second guest with what the first one has made. */
const passOn = (program) => (tools) => {
  const { result, open, run, secret } = tools;
  run(`globalThis.mine = '${secret}'`);
  const second = meet(open, result);
  try {
    second.run(program);
    for (const line of String(second.run('loot.join("\\n")')).split('\n')) {
      if (line.includes(secret)) return true;
    }
    return run('[].polluted === 1 || ({}).polluted === 1 || (() => {}).polluted === 1');
  } finally {
    second.dispose();
  }
};

module.exports = [
  {
    id: 'neighbour-constructor',
    technique: 'From an object of another guest to its Function, and by it to its globals',
    fails: HEAPS,
    guest: '({ list: [1], f() {} })',
    host: passOn(`
      for (const start of [fromOther, fromOther.list, fromOther.f]) {
        take(String(attempt(() => start.constructor.constructor('return mine')())));
      }`),
  },
  {
    id: 'neighbour-code-makers',
    technique: 'The same by its generators, async functions and iterators',
    fails: HEAPS,
    guest: '({ g: function* () {}, a: async () => {}, b: async function* () {}, i: [1].values() })',
    host: passOn(`
      for (const start of [fromOther.g, fromOther.a, fromOther.b, fromOther.i, fromOther.i.next]) {
        for (let o = start; o; o = Object.getPrototypeOf(o)) {
          const Make = attempt(() => o.constructor.constructor === o.constructor ? o.constructor : o.constructor.constructor);
          take(String(attempt(() => Make('return mine')())));
          take(String(attempt(() => o.constructor('yield mine')().next().value)));
        }
      }`),
  },
  {
    id: 'neighbour-pollution',
    technique: 'The prototypes of another guest’s objects written to',
    fails: HEAPS,
    guest: '({ list: [1], f() {} })',
    host: passOn(`
      for (const start of [fromOther, fromOther.list, fromOther.f]) {
        attempt(() => { start.__proto__.polluted = 1; });
        attempt(() => { start.constructor.prototype.polluted = 1; });
        attempt(() => { Object.getPrototypeOf(Object.getPrototypeOf(start)).polluted = 1; });
      }`),
  },
  {
    id: 'neighbour-iterator-helpers',
    technique: 'The same of the newest prototypes: of iterators’ helpers, of what wraps iterators',
    fails: HEAPS,
    guest: `({ helper: attempt(() => [1].values().map((x) => x)), wrapped: attempt(() => Iterator.from({ next() {} })) , regexp: 'a'.matchAll(/a/g), segment: [1].entries() })`,
    host({ result, open, run }) {
      const second = meet(open, result);
      try {
        second.run(`
          for (const start of Object.values(fromOther)) {
            for (let o = Object.getPrototypeOf(start); o; o = Object.getPrototypeOf(o)) attempt(() => { o.polluted = 1; });
          }`);
        return run(`
          [attempt(() => [1].values().map((x) => x)), attempt(() => Iterator.from({ next() {} })), 'a'.matchAll(/a/g), [1].entries()]
            .some((each) => each?.polluted === 1)`);
      } finally {
        second.dispose();
      }
    },
  },
  {
    id: 'neighbour-error',
    technique: 'An error of another guest: its class, its stack',
    fails: 'it arrives as an error of one’s own, as errors of the host do',
    guest: '(() => { throw new RangeError(mine); })',
    host: passOn(`
      const error = attempt(fromOther);
      take(String(attempt(() => error.constructor.constructor('return mine')())));`),
  },
  {
    id: 'neighbour-callback',
    technique: 'A callback of one guest called by another: `this`, arguments, caller',
    fails: HEAPS,
    guest: '({ call: (f) => f.call({ own: [1] }, { deep: {} }) })',
    host: passOn(`
      fromOther.call(function (value) {
        for (const start of [this, this.own, value, value.deep]) {
          take(String(attempt(() => start.constructor.constructor('return mine')())));
          attempt(() => { start.__proto__.polluted = 1; });
        }
      });`),
  },
  {
    id: 'neighbour-symbols',
    technique: 'Symbols of another guest’s objects, found among their keys',
    fails: 'a symbol of the one is another symbol for the other, unless it is in the registry',
    guest: `({ [Symbol('token')]: 1 })`,
    host({ result, open, run }) {
      const second = meet(open, result);
      try {
        second.run(`
          const [key] = Object.getOwnPropertySymbols(fromOther);
          globalThis[key] = 1;`);
        return run(
          'Object.getOwnPropertySymbols(globalThis).some((key) => key.description === "token")',
        );
      } finally {
        second.dispose();
      }
    },
    except: notInVm('the global object of each context is its own there, too'),
  },
  {
    id: 'neighbour-left-overs',
    technique: 'What an earlier guest has left in the memory of a heap that is used again',
    fails: 'a heap is overwritten by its image and cleared beyond it before the next guest has it',
    guest: '0',
    host({ open, secret }) {
      const first = open({});
      first.run(
        `globalThis.kept = Array.from({ length: 2000 }, (_, i) => '${secret}' + i); Symbol.for('${secret}'); Math.evil = kept`,
      );
      first.dispose();
      const second = open({});
      try {
        return second.run(`
          const memory = new Uint8Array(new ArrayBuffer(4e6));
          memory.some((byte) => byte !== 0) || Math.evil !== undefined || typeof kept !== 'undefined'`);
      } finally {
        second.dispose();
      }
    },
    except: sandboxOnly('its heaps go with their contexts, when nobody holds them'),
  },
  {
    id: 'neighbour-random',
    technique: 'The random numbers of the next guest foretold from those of this one',
    fails: 'the state is outside of the heap and new for each guest',
    guest: '0',
    host({ open }) {
      const rows = [0, 1].map(() => {
        const box = open({});
        const row = box.run('[Math.random(), Math.random()].join()');
        box.dispose();
        return row;
      });
      return rows[0] === rows[1];
    },
    except: sandboxOnly('its heaps go with their contexts, when nobody holds them'),
  },
];
