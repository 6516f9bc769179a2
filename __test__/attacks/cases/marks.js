'use strict';

const { notInVm } = require('./reasons.js');

const READONLY = 'what is reached through a readonly object is readonly, too';
const ONLY = 'only the named properties are there, whatever the way';

const noRevoke = { 'quickvm/vm': '`revoke` is a method of a Sandbox' };

const named = ({ secret, only }) => ({
  account: only(
    new (class Account {
      name = 'ann';
      key = secret;
      greet() {
        return `I am ${this.name}`;
      }
      reveal() {
        return this.key;
      }
    })(),
    ['name', 'greet'],
  ),
});

module.exports = [
  {
    id: 'readonly-set',
    technique: 'Properties of a readonly object set, added, deleted, defined',
    fails: 'operations that change are refused',
    given: ({ readonly }) => ({ config: readonly({ limit: 1 }) }),
    guest: `
      attempt(() => { config.limit = 9; }); attempt(() => { config.extra = 9; });
      attempt(() => Object.defineProperty(config, 'limit', { value: 9 })); attempt(() => delete config.limit);`,
    host: ({ given: { config } }) => config.limit !== 1 || config.extra === 9,
  },
  {
    id: 'readonly-by-a-receiver',
    technique: '`Reflect.set` on an object that can be changed, with the readonly one as receiver',
    fails: 'what is written to is the receiver, whose marks are asked',
    given: ({ readonly }) => ({ config: readonly({ limit: 1 }), scratch: { limit: 0 } }),
    guest: `attempt(() => Reflect.set(scratch, 'limit', 9, config)); attempt(() => Reflect.set(scratch, 'extra', 9, config))`,
    host: ({ given: { config } }) => config.limit === 9 || config.extra === 9,
  },
  {
    id: 'readonly-nested',
    technique: 'What a readonly object leads to: by properties, descriptors, iteration, callbacks',
    fails: READONLY,
    given: ({ readonly }) => ({ config: readonly({ list: [{ n: 1 }, { n: 1 }], one: { n: 1 } }) }),
    guest: `
      attempt(() => { config.one.n = 9; });
      attempt(() => { Object.getOwnPropertyDescriptor(config, 'one').value.n = 9; });
      attempt(() => { for (const each of config.list) each.n = 9; });
      attempt(() => config.list.forEach((each) => { each.n = 9; }));
      attempt(() => { Object.values(config)[1].n = 9; });
      attempt(() => { structuredClone; }); attempt(() => config.list.push(9));`,
    host: ({ given: { config } }) => JSON.stringify(config).includes('9'),
  },
  {
    id: 'readonly-in-a-map',
    technique: 'What is in a Map that a readonly object has: the Map is a copy, its values are not',
    fails: 'the parts of what crosses as a copy are readonly, too',
    given: ({ readonly }) => ({ config: readonly({ byName: new Map([['a', { n: 1 }]]) }) }),
    guest: `attempt(() => { config.byName.get('a').n = 9; })`,
    host: ({ given: { config } }) => config.byName.get('a').n === 9,
  },
  {
    id: 'readonly-map-itself',
    technique: 'What is in a Map that is marked itself',
    fails: 'the parts of what crosses as a copy are readonly, too',
    given: ({ readonly }) => ({ byName: readonly(new Map([['a', { n: 1 }]])) }),
    guest: `attempt(() => { byName.get('a').n = 9; })`,
    host: ({ given: { byName } }) => byName.get('a').n === 9,
  },
  {
    id: 'readonly-in-a-set',
    technique: 'The same of a Set',
    fails: 'the parts of what crosses as a copy are readonly, too',
    given: ({ readonly }) => ({ config: readonly({ all: new Set([{ n: 1 }]) }) }),
    guest: 'attempt(() => { [...config.all][0].n = 9; })',
    host: ({ given: { config } }) => [...config.all][0].n === 9,
  },
  {
    id: 'readonly-in-an-error',
    technique: 'What hangs on an error that a readonly object has',
    fails: 'the parts of what crosses as a copy are readonly, too',
    given: ({ readonly }) => ({
      result: readonly({
        error: Object.assign(new Error('x', { cause: { n: 1 } }), { user: { n: 1 } }),
      }),
    }),
    guest:
      'attempt(() => { result.error.user.n = 9; }); attempt(() => { result.error.cause.n = 9; })',
    host: ({ given: { result } }) => result.error.user.n === 9 || result.error.cause.n === 9,
  },
  {
    id: 'readonly-in-a-promise',
    technique: 'What a promise is fulfilled with that a readonly object has',
    fails: 'the parts of what crosses as a copy are readonly, too',
    given: ({ readonly }) => ({ job: readonly({ done: Promise.resolve({ n: 1 }) }) }),
    guest: 'job.done.then((value) => { value.n = 9; }).catch(() => {})',
    host: async ({ given: { job } }) => (await job.done).n === 9,
  },
  {
    id: 'readonly-error-changed',
    technique: 'A readonly error changed and sent home',
    fails: 'what a guest changes of its copy does not go along then',
    given: ({ readonly }) => ({ state: readonly({ error: new Error('x') }), report: () => {} }),
    guest: `const mine = state.error; mine.message = 'guest'; mine.code = 'guest'; attempt(() => report(mine))`,
    host: ({ given: { state } }) => state.error.message === 'guest' || state.error.code === 'guest',
  },
  {
    id: 'readonly-by-its-setter',
    technique: 'A setter taken off a readonly object by its descriptor, and called',
    fails: 'a readonly object’s setters do not cross',
    given: ({ readonly }) => {
      let n = 1;
      return {
        config: readonly({
          get limit() {
            return n;
          },
          set limit(value) {
            n = value;
          },
        }),
      };
    },
    guest: `
      attempt(() => Object.getOwnPropertyDescriptor(config, 'limit').set.call(config, 9));
      attempt(() => config.__lookupSetter__('limit').call({}, 9));
      attempt(() => Reflect.set(config, 'limit', 9, {}));
      attempt(() => { ({ __proto__: config }).limit = 9; });`,
    host: ({ given: { config } }) => config.limit === 9,
  },
  {
    id: 'readonly-by-methods-of-the-guests',
    technique: 'Methods of arrays that change, called on a readonly array',
    fails: 'they are the guest’s own, which do it by operations that are refused',
    given: ({ readonly }) => ({ list: readonly([3, 1, 2]) }),
    guest: `
      for (const name of ['push', 'pop', 'sort', 'reverse', 'fill', 'splice', 'copyWithin', 'unshift', 'shift']) {
        attempt(() => Array.prototype[name].call(list, 0, 1));
      }
      attempt(() => { list.length = 0; });`,
    host: ({ given: { list } }) => String(list) !== '3,1,2',
  },
  {
    id: 'readonly-frozen',
    technique: 'A readonly object frozen, or given another prototype',
    fails: 'operations that change are refused',
    given: ({ readonly }) => ({ config: readonly({ limit: 1 }) }),
    guest:
      'attempt(() => Object.freeze(config)); attempt(() => Object.setPrototypeOf(config, { x: 1 }))',
    host: ({ given: { config } }) => Object.isFrozen(config) || config.x === 1,
  },
  {
    id: 'only-by-name',
    technique: 'What is not named of an `only` object: read, called, described',
    fails: ONLY,
    given: named,
    guest: `
      take(String(account.key)); take(attempt(() => account.reveal()));
      take(String(Object.getOwnPropertyDescriptor(account, 'key')?.value));`,
  },
  {
    id: 'only-by-copying',
    technique: 'The same by JSON, spread, entries and iteration',
    fails: ONLY,
    given: named,
    guest: `
      take(JSON.stringify(account)); take(JSON.stringify({ ...account }));
      take(String(Object.entries(account))); for (const key in account) take(String(account[key]));`,
  },
  {
    id: 'only-by-its-class',
    technique: 'The same by the class of the object and its prototype',
    fails: ONLY,
    given: named,
    guest: `
      take(attempt(() => Object.getPrototypeOf(account).reveal.call(account)));
      take(attempt(() => account.constructor.prototype.reveal.call(account)));
      take(attempt(() => account.__proto__.reveal.call(account)));`,
  },
  {
    id: 'only-by-a-receiver',
    technique: 'The same by an object that inherits from it, and by other receivers',
    fails: ONLY,
    given: (tools) => ({ ...named(tools), other: {} }),
    guest: `
      take(String(Object.create(account).key)); take(String(Reflect.get(account, 'key', other)));
      take(String(Reflect.get(other, 'key', account)));
      attempt(() => Reflect.set(other, 'name', 'guest', account));
      attempt(() => Reflect.set(other, 'key', 'guest', account));`,
    host: ({ given, secret }) => given.account.key !== secret,
  },
  {
    id: 'copy-written-to',
    technique: 'What is marked with `copy` changed, at any depth',
    fails: 'all of it is the guest’s own',
    given: ({ copy }) => ({ order: copy({ lines: [{ n: 1 }], at: new Date(0) }) }),
    guest: 'order.lines[0].n = 9; order.lines.push(1); order.at.setTime(9); order.extra = 1',
    host: ({ given: { order } }) =>
      order.lines[0].n === 9 || order.lines.length > 1 || order.extra === 1,
  },
  {
    id: 'copy-with-proto',
    technique: 'A copy of the guest’s object with an own property named `__proto__`',
    fails: 'it is an own property of the copy, too',
    guest: `JSON.parse('{"__proto__":{"admin":true},"list":[{"__proto__":{"admin":true}}]}')`,
    host({ result }) {
      const { copy } = require('../../..');
      const made = copy(result);
      return made.admin === true || made.list[0].admin === true;
    },
    except: notInVm('there is no copy'),
  },
  {
    id: 'copy-with-getters',
    technique: 'Getters and Proxies in what the host copies, which answer differently each time',
    fails: 'a copy is made at once, of each property’s answer',
    guest: `let n = 0; ({ get amount() { return n++; }, get then() { return take; } })`,
    host({ result }) {
      const { copy } = require('../../..');
      const made = copy(result);
      const [first, second] = [made.amount, made.amount];
      return first !== second || !('value' in Object.getOwnPropertyDescriptor(made, 'amount'));
    },
    except: notInVm('there is no copy'),
  },
  {
    id: 'revoked-in-all-ways',
    technique: 'What the host has revoked, by all that the guest had got of it before',
    fails: 'each operation on it is refused, by whatever way',
    given: ({ secret }) => ({ vault: { key: secret, list: [secret] } }),
    guest: `
      globalThis.heir = Object.create(vault);
      globalThis.view = new Proxy(vault, {});
      globalThis.bound = Reflect.get.bind(null, vault, 'key');`,
    except: noRevoke,
    host({ run, revoke, given }) {
      revoke(given.vault);
      run(`for (const use of [() => heir.key, () => view.key, bound, () => JSON.stringify(vault), () => ({ ...vault }).key,
        () => Object.values(vault)[0], () => Reflect.get({}, 'key', vault)]) take(String(attempt(use)))`);
    },
  },
  {
    id: 'revoked-and-passed-again',
    technique: 'What the host has revoked, when it comes by another way',
    fails: 'an object is revoked for the sandbox, not for a way to it',
    given: ({ secret }) => {
      const vault = { key: secret };
      return { vault, again: () => vault, holder: { vault } };
    },
    guest: '0',
    except: noRevoke,
    host({ run, revoke, given }) {
      revoke(given.vault);
      run(
        'for (const use of [() => again().key, () => holder.vault.key]) take(String(attempt(use)))',
      );
    },
  },
];
