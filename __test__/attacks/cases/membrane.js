'use strict';

const { notInVm, safeOnly } = require('./reasons.js');

const KEPT = 'the membrane uses functions that it has kept from before the guest ran';
const OURS = notInVm('there is no membrane');
const SPY = `
  const spy = (args) => {
    for (const each of args) {
      take(each);
      take(attempt(() => each.constructor.constructor));
      if (typeof each === 'function') take(each.constructor);
    }
  };`;
/** What makes values of all kinds cross, both ways. */
const TRAFFIC = `
  attempt(() => api.log({ a: [1] }, new Map([[1, {}]]), new Set([{}]), new Date(), /x/g, new Error('x'), 10n, Symbol.for('x')));
  attempt(() => api.get()); attempt(() => api.load()); attempt(() => api.fail());
  attempt(() => Object.keys(api)); attempt(() => Object.getOwnPropertyDescriptor(api, 'log'));
  attempt(() => api.each((value) => value)); attempt(() => new api.Row());`;

const api = ({ secret }) => ({
  api: {
    log: () => {},
    get: () => ({ rows: [1], at: new Date(), by: new Map([['a', {}]]) }),
    load: async () => ({}),
    each: (f) => [1, {}].map((value) => f(value)),
    fail() {
      throw new Error('failed', { cause: { code: secret.length } });
    },
    Row: class Row {},
  },
});

const replaced = (id, technique, guest, known) => ({
  id,
  technique,
  fails: KEPT,
  known,
  given: api,
  guest: `${SPY}\n${guest}\n${TRAFFIC}`,
  except: OURS,
});

module.exports = [
  replaced(
    'replaced-descriptor-fields',
    'Accessors named `get`, `set`, `value` on the guest’s Object.prototype, for the membrane’s descriptors',
    `for (const key of ['get', 'set', 'value', 'writable', 'configurable', 'enumerable']) {
      Object.defineProperty(Object.prototype, key, {
        __proto__: null, get() { spy([this]); }, set(v) { spy([this, v]); }, configurable: true,
      });
    }`,
  ),
  replaced(
    'replaced-array-elements',
    'Setters for indices on Array.prototype, where lists of the membrane would be filled',
    `for (const key of [0, 1, 2]) {
      Object.defineProperty(Array.prototype, key, { get() { spy([this]); }, set(v) { spy([this, v]); }, configurable: true });
    }`,
    'vm2 CVE-2026-44008',
  ),
  replaced(
    'replaced-methods',
    'All methods of arrays, maps, sets, dates, strings and promises replaced',
    `for (const Class of [Array, Map, Set, Date, String, Promise, RegExp, Error, WeakMap, WeakRef, BigInt, Symbol]) {
      for (const key of Reflect.ownKeys(Class.prototype)) {
        if (key === 'constructor' || key === 'join' || key === 'push') continue;
        attempt(() => { Class.prototype[key] = function (...args) { spy([this, ...args]); }; });
      }
    }`,
  ),
  replaced(
    'replaced-reflection',
    'All functions of Reflect and Object replaced, and what calls functions',
    `const { ownKeys } = Reflect;
    for (const holder of [Reflect, Object]) {
      for (const key of ownKeys(holder)) {
        if (typeof holder[key] === 'function') holder[key] = (...args) => spy(args);
      }
    }
    for (const key of ['call', 'apply', 'bind']) Function.prototype[key] = function (...args) { spy([this]); };`,
  ),
  replaced(
    'replaced-globals',
    'The global names of classes taken by others',
    `for (const name of ['Map', 'Set', 'Date', 'Error', 'Promise', 'Symbol', 'Proxy', 'RegExp', 'WeakMap', 'Object', 'Array', 'BigInt']) {
      globalThis[name] = function (...args) { spy([this, new.target, ...args]); };
    }`,
  ),
  replaced(
    'replaced-iteration',
    'What iterates arrays and maps replaced, and what makes text of anything',
    `Array.prototype[Symbol.iterator] = function () { spy([this]); return { next: () => ({ done: true }) }; };
    Map.prototype[Symbol.iterator] = Set.prototype[Symbol.iterator] = Array.prototype[Symbol.iterator];
    Object.prototype.toString = Object.prototype.valueOf = function () { spy([this]); return 'x'; };
    Object.prototype.toJSON = function () { spy([this]); };`,
  ),
  {
    id: 'traps-of-the-membrane',
    technique:
      'The handler and the target of a stand-in: by `this` in what its traps call, by errors in them',
    fails: 'traps are functions of the engine’s that no property leads to',
    given: api,
    guest: `
      ${SPY}
      const handler = Proxy.prototype ?? Object.getPrototypeOf(api);
      spy([handler]);
      for (const trap of ['get', 'set', 'apply', 'ownKeys', 'getPrototypeOf']) spy([api[trap], api.log[trap]]);
      Object.defineProperty(Object.prototype, 'getOwnPropertyDescriptor', { get() { spy([this]); }, configurable: true });
      Object.keys(api);
      attempt(function deep() { api.get(); deep(); });`,
    except: OURS,
  },
  {
    id: 'proxy-of-a-stand-in',
    technique:
      'A Proxy of the guest’s around a stand-in, whose traps say that hidden fields are there',
    fails: 'what the Proxy does not answer itself is one more operation on the stand-in',
    given: ({ secret }) => ({
      account: new (class Account {
        key = secret;
      })(),
    }),
    guest: `
      const there = { value: 1, enumerable: true, configurable: true };
      const liar = { ownKeys: () => ['key'], has: () => true, getOwnPropertyDescriptor: () => there };
      for (const proxy of [new Proxy(account, {}), new Proxy(account, liar), Proxy.revocable(account, liar).proxy]) {
        for (const use of [() => proxy.key, () => Object.entries(proxy), () => ({ ...proxy }), () => JSON.stringify(proxy),
          () => Reflect.get(proxy, 'key', account), () => Object.getOwnPropertyDescriptor(proxy, 'key').value]) {
          take(JSON.stringify(attempt(use)) ?? '');
        }
      }`,
    except: safeOnly,
  },
  {
    id: 'revoked-proxy',
    technique: 'A revoked Proxy as argument, receiver, prototype, error and result',
    fails: 'it is refused or fails in the guest; the host gets a typed error',
    given: api,
    guest: `
      const { proxy, revoke } = Proxy.revocable(function () {}, {}); revoke();
      for (const use of [() => api.log(proxy), () => Reflect.apply(api.log, proxy, []), () => Object.setPrototypeOf(api, proxy),
        () => { api.x = proxy; }, () => Reflect.construct(api.Row, [], proxy), () => { throw proxy; }]) {
        const error = attempt(use);
        take(attempt(() => error.constructor.constructor));
      }
      delete api.x;
      proxy`,
    host({ result }) {
      for (const use of [() => `${result}`, () => result(), () => result.x, () => new result()]) {
        try {
          use();
        } catch (error) {
          if (!(error instanceof Error)) return true;
        }
      }
    },
    except: OURS,
  },
  {
    id: 'invariants-broken',
    technique:
      'A Proxy as a result whose traps contradict themselves: fixed properties that change, keys twice',
    fails: 'the host’s engine checks them as of any Proxy; what it throws is the host’s own error',
    guest: `
      let n = 0;
      new Proxy({}, {
        getOwnPropertyDescriptor: () => ({ value: n++, configurable: n % 2 === 0, enumerable: true, writable: false }),
        ownKeys: () => ['a', 'a'], isExtensible: () => n++ % 2 === 0, getPrototypeOf: () => take,
        get: () => take, has: () => n++ % 2, defineProperty: () => true, preventExtensions: () => true,
      })`,
    host({ result }) {
      const uses = [
        Object.keys,
        Object.freeze,
        Object.isFrozen,
        Object.getPrototypeOf,
        structuredClone,
      ];
      for (const use of [
        ...uses,
        JSON.stringify,
        (o) => ({ ...o }),
        (o) => Object.defineProperty(o, 'a', { value: 1 }),
      ]) {
        try {
          use(result);
        } catch (error) {
          if (!(error instanceof Error)) return true;
        }
      }
    },
    except: OURS,
  },
  {
    id: 'sandbox-ended-from-a-trap',
    technique: 'A trap or getter that ends its own sandbox by a host function while the host reads',
    fails: 'the host’s read ends with a typed error; nothing of the heap is used again',
    given: () => {
      const tools = { end: () => {} };
      return { tools, end: () => tools.end() };
    },
    guest: `({ get x() { end(); return take; }, then: 1, inner: { get y() { end(); } } })`,
    host({ sandbox, given, result }) {
      given.tools.end = () => sandbox.dispose();
      let seen;
      try {
        seen = result.x;
      } catch (error) {
        seen = error.code;
      }
      return seen !== 'ERR_SANDBOX_DISPOSED';
    },
    except: { ...OURS, 'quickvm/vm': 'its sandboxes are nobody’s to end' },
  },
  {
    id: 'options-made-by-a-guest',
    technique:
      'An object of the guest’s as options of a new sandbox, whose getters answer differently each time',
    fails: 'each option is read once, checked, and kept',
    guest: `
      const changing = (first, later) => { let n = 0; return () => (n++ === 0 ? first : later); };
      const [timeout, limit] = [changing(50, Infinity), changing(8, 4096)];
      ({ get timeout() { return timeout(); }, get memoryLimitMb() { return limit(); } })`,
    host({ result }) {
      const { Sandbox } = require('../../..');
      const made = new Sandbox(result);
      try {
        made.run('for (;;);');
      } catch (error) {
        return error.code !== 'ERR_SANDBOX_TIMEOUT';
      } finally {
        made.dispose();
      }
    },
    except: OURS,
  },
  {
    id: 'option-names-by-inheritance',
    technique:
      'Options that only look checked: inherited ones, symbols, `__proto__`, a changed policy',
    fails: 'unknown names are refused, and what is no policy is none',
    guest: `[{ policy: 'everything' }, JSON.parse('{"__proto__":{"policy":"transparent"},"policy":"all"}'), { [Symbol.iterator]: 1, polcy: 'safe' }]`,
    host({ result }) {
      const { Sandbox } = require('../../..');
      for (const options of result) {
        try {
          new Sandbox(options).dispose();
          return true;
        } catch (error) {
          if (error.code !== 'ERR_SANDBOX_OPTIONS') return true;
        }
      }
    },
    except: OURS,
  },
  {
    id: 'weak-references-to-stand-ins',
    technique:
      'WeakRef and FinalizationRegistry of the guest’s on stand-ins, and their held values',
    fails: 'what they give back is what they were given',
    given: api,
    guest: `
      ${SPY}
      const ref = new WeakRef(api.get());
      spy([ref.deref()]);
      new FinalizationRegistry((held) => spy([held])).register(api.get(), api.get());
      for (let i = 0; i < 1000; i++) api.get();`,
    except: notInVm('what is found there is what other attacks find'),
  },
];
