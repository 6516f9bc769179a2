'use strict';

const util = require('node:util');
const { EventEmitter } = require('node:events');
const { safeOnly } = require('./reasons.js');

const REFUSED = 'a guest may not put functions under the names that the language calls by itself';
const CROSSES = 'what the host’s reads pass to a hook crosses as everything does';

class Wallet {
  key = 'k';
}

module.exports = [
  {
    id: 'then-on-a-host-object',
    technique: '`then` put on an object of the host’s, which the host then awaits',
    fails: REFUSED,
    given: () => ({ settings: { debug: false } }),
    guest: `attempt(() => { settings.then = (resolve) => resolve({ debug: 'guest' }); })`,
    host: async ({ given }) => (await given.settings).debug === 'guest',
    except: safeOnly,
  },
  {
    id: 'to-json-on-a-host-object',
    technique: '`toJSON` put on an object of the host’s: other data than it has is stored',
    fails: REFUSED,
    given: () => ({ user: { role: 'guest' } }),
    guest: `attempt(() => { user.toJSON = () => ({ role: 'admin' }); })`,
    host: ({ given }) => JSON.stringify(given).includes('admin'),
    except: safeOnly,
  },
  {
    id: 'to-string-on-a-host-object',
    technique: '`toString` put on an object of the host’s that is part of a text',
    fails: REFUSED,
    given: () => ({ id: { n: 1 } }),
    guest: `attempt(() => { id.toString = () => 'guest'; })`,
    host: ({ given }) => `${given.id}` === 'guest',
    except: safeOnly,
  },
  {
    id: 'to-primitive-on-a-host-object',
    technique: '`Symbol.toPrimitive` put on an object of the host’s',
    fails: REFUSED,
    given: () => ({ id: { n: 1 } }),
    guest: `attempt(() => { id[Symbol.toPrimitive] = () => 'guest'; })`,
    host: ({ given }) => `${given.id}` === 'guest',
    except: safeOnly,
  },
  {
    id: 'species-on-a-host-array',
    technique:
      '`constructor` with a species put on an array, so that the host’s `map` fills the guest’s object',
    fails: REFUSED,
    known: 'vm2',
    given: () => ({ users: ['ann'] }),
    guest: `
      function Mine() {
        return new Proxy([], { defineProperty(_, key, { value }) { take(String(value)); return true; } });
      }
      attempt(() => { users.constructor = { [Symbol.species]: Mine }; });`,
    host({ given, secret }) {
      given.users.map((name) => `${name}:${secret}`);
    },
    except: safeOnly,
  },
  {
    id: 'iterator-on-a-host-array',
    technique: '`Symbol.iterator` put on an array that the host walks',
    fails: REFUSED,
    given: () => ({ allowed: ['read'] }),
    guest: `attempt(() => { allowed[Symbol.iterator] = function* () { yield 'write'; }; })`,
    host: ({ given }) => [...given.allowed].includes('write'),
    except: safeOnly,
  },
  {
    id: 'spreadable-on-a-host-object',
    technique: 'An array’s own method shadowed by one of the guest’s',
    fails: 'a guest may not put functions under the names of what all arrays inherit',
    given: () => ({ allowed: ['read'] }),
    guest: `attempt(() => { allowed.includes = () => true; })`,
    host: ({ given }) => given.allowed.includes('write'),
    except: safeOnly,
  },
  {
    id: 'getter-on-a-host-object',
    technique: 'A getter defined on an object of the host’s: each read is the guest’s to answer',
    fails: 'accessors cannot be defined on host objects',
    given: () => ({ limits: { perDay: 1 } }),
    guest: `
      attempt(() => Object.defineProperty(limits, 'perDay', { get: () => 1e9 }));
      attempt(() => limits.__defineGetter__('perDay', () => 1e9));`,
    host: ({ given }) => given.limits.perDay === 1e9,
    except: safeOnly,
  },
  {
    id: 'promisify-hook-on-a-host-function',
    technique: 'Node’s `promisify.custom` put on a host function, which the host then promisifies',
    fails: 'hooks of Node’s cannot be put on host objects, whatever the policy',
    known: 'vm2 GHSA-m5q2-4fm3-vfqp',
    given: () => ({ read: (f) => f(null, 'text') }),
    guest: `attempt(() => { read[Symbol.for('nodejs.util.promisify.custom')] = async () => 'guest'; })`,
    host: async ({ given }) => (await util.promisify(given.read)()) === 'guest',
  },
  {
    id: 'rejection-hook-on-an-emitter',
    technique: 'Node’s hook for rejections in listeners put on an emitter of the host’s',
    fails: 'hooks of Node’s cannot be put on host objects, whatever the policy',
    given: () => ({ bus: new EventEmitter({ captureRejections: true }) }),
    guest: `attempt(() => { bus[Symbol.for('nodejs.rejection')] = (error) => take(error.constructor.constructor); })`,
    async host({ given }) {
      given.bus.on('error', () => {});
      given.bus.on('x', async () => {
        throw new Error('x');
      });
      given.bus.emit('x');
      await new Promise(setImmediate);
    },
  },
  {
    id: 'thenable-awaited-by-the-host',
    technique: 'A thenable as a result: `then` is called with functions of the host’s',
    fails: CROSSES,
    known: 'vm2, near-membrane',
    guest:
      '({ then(resolve, reject) { take(resolve.constructor); take(reject.constructor); resolve(1); } })',
    async host({ result }) {
      await new Promise((resolve, reject) => result.then(resolve, reject));
    },
  },
  {
    id: 'has-instance-asked-by-the-host',
    technique: '`Symbol.hasInstance` of a guest’s class: `instanceof` passes it the host’s object',
    fails: CROSSES,
    guest: `class Mine { static [Symbol.hasInstance](value) { take(value.constructor.constructor); } } Mine`,
    host: ({ result }) => new Wallet() instanceof result && false,
  },
  {
    id: 'reviver-of-the-host',
    technique: 'A reviver or replacer of the guest’s: its `this` is an object of the host’s',
    fails: CROSSES,
    guest: '(function (key, value) { take(this.constructor.constructor); return value; })',
    host({ result }) {
      JSON.parse('{"a":1}', result);
      JSON.stringify({ a: 1 }, result);
    },
  },
  {
    id: 'tag-of-the-host',
    technique: 'A tag for template literals: it gets the host’s array of strings',
    fails: CROSSES,
    guest:
      '((strings) => { take(strings.constructor.constructor); take(strings.raw.map.constructor); })',
    host: ({ result }) => result`a${1}` === true,
  },
  {
    id: 'set-trap-of-a-proxy-handed-out',
    technique:
      'A Proxy as a result: its `set` and `defineProperty` traps get what the host puts there',
    fails: CROSSES,
    guest: `new Proxy({}, {
      set(_, key, value, receiver) { take(value.constructor.constructor); take(receiver.constructor); return true; },
      defineProperty(_, key, { value }) { take(value.constructor.constructor); return true; },
    })`,
    host({ result }) {
      Object.assign(result, { wallet: new Wallet() });
      Reflect.defineProperty(result, 'x', { value: new Wallet(), configurable: true });
    },
  },
  {
    id: 'get-trap-with-a-host-receiver',
    technique: 'A Proxy that a host object inherits from: its `get` trap sees that object',
    fails: CROSSES,
    guest:
      'new Proxy({}, { get(_, key, receiver) { if (key === "missing") take(receiver.wallet.constructor.constructor); } })',
    host({ result }) {
      const view = Object.setPrototypeOf({ wallet: new Wallet() }, result);
      view.missing;
    },
  },
  {
    id: 'apply-trap-of-a-proxy-handed-out',
    technique: 'The list of arguments that an `apply` or `construct` trap gets',
    fails: 'the list is made in the guest, by the guest’s engine',
    known: 'vm2 CVE-2023-32314',
    guest: `new Proxy(function () {}, {
      apply(_, receiver, args) { take(args.constructor.constructor); take(receiver?.constructor.constructor); },
      construct(_, args, target) { take(args.constructor.constructor); take(target.constructor); return {}; },
    })`,
    host({ result }) {
      Reflect.apply(result, new Wallet(), [new Wallet()]);
      Reflect.construct(result, [1]);
    },
  },
  {
    id: 'listener-of-the-host',
    technique: 'A listener on an emitter: `this` and the arguments of `emit`',
    fails: CROSSES,
    given: () => ({ bus: new EventEmitter() }),
    guest: `bus.on('order', function (order) { take(this.constructor.constructor); take(order.constructor.constructor); })`,
    host({ given }) {
      given.bus.emit('order', new Wallet());
      given.bus.removeAllListeners();
    },
  },
  {
    id: 'generator-fed-by-the-host',
    technique: 'What the host passes to `next` and `throw` of a guest’s generator',
    fails: CROSSES,
    guest: `(function* () { for (;;) try { take((yield)?.constructor.constructor); } catch (error) { take(error.constructor.constructor); } })()`,
    host({ result }) {
      result.next();
      result.next(new Wallet());
      result.throw(new Error('stop'));
    },
  },
  {
    id: 'comparator-of-the-host',
    technique: 'A comparator or callback for the host’s array: each of its elements',
    fails: CROSSES,
    guest: '((a, b) => { take(a.constructor.constructor); take(b?.map?.constructor); return 0; })',
    host({ result }) {
      [new Wallet(), new Wallet()].sort(result);
    },
  },
];
