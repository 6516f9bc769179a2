'use strict';

const { notInVm, safeOnly } = require('./reasons.js');

const TWIN =
  'a guest’s intrinsic that it passes is a stand-in of its own, not the host’s in its place';
const OURS = notInVm('there is nothing between that could take the one for the other');

/** As in utility libraries. */
const get = (object, path) => path.split('.').reduce((value, key) => value?.[key], object);
const call = (f, ...args) => f(...args);

const account = (secret) =>
  new (class Account {
    key = secret;
    #pin = secret;
    checks(pin) {
      return pin === this.#pin;
    }
  })();

module.exports = [
  {
    id: 'deputy-reads-a-path',
    technique: 'A host function that follows a path of names: to `constructor.constructor`',
    fails: 'the host’s Function as a result is the guest’s own',
    known: 'lodash-like helpers in templates',
    given: () => ({ get, config: {} }),
    guest: `take(get(config, 'constructor.constructor')); take(get({}, '__proto__.constructor.constructor'))`,
  },
  {
    id: 'deputy-calls-function',
    technique:
      'A host function that calls what it is given: given the guest’s `Function`, to run as the host’s',
    fails: TWIN,
    given: () => ({ call }),
    guest: `take(call(Function, 'return process')); take(attempt(() => call(Function, 'return process')())); take(attempt(() => call(eval, 'process')))`,
    except: OURS,
  },
  {
    id: 'deputy-looks-past-the-policy',
    technique: 'The same given the guest’s `Reflect.ownKeys`, `Object.entries`, `JSON.stringify`',
    fails: TWIN,
    given: ({ secret }) => ({ call, account: account(secret) }),
    guest: `
      take(JSON.stringify(attempt(() => call(Object.entries, account))));
      take(String(attempt(() => call(JSON.stringify, account))));
      take(String(attempt(() => call(Reflect.get, account, 'key'))));
      take(String(attempt(() => call(Object.getOwnPropertyDescriptor, account, 'key').value)));
      take(String(attempt(() => call(Object.assign, {}, account).key)));`,
    except: safeOnly,
  },
  {
    id: 'deputy-pollutes',
    technique:
      'The same given `Object.assign`, `Object.defineProperty`, `Reflect.set` and a prototype',
    fails: TWIN,
    given: () => ({ call, config: {} }),
    guest: `
      attempt(() => call(Object.assign, config.__proto__, { isAdmin: true }));
      attempt(() => call(Object.defineProperty, Object.prototype, 'isAdmin', { value: true }));
      attempt(() => call(Reflect.set, config.constructor.prototype, 'isAdmin', true));`,
  },
  {
    id: 'deputy-makes-an-instance',
    technique:
      'A host function that makes an instance of a given class: given the guest’s `Proxy` or `Promise`',
    fails: 'they are made in the guest: executor and handler see no function of the host’s',
    given: () => ({ make: (Class, ...args) => new Class(...args) }),
    guest: `
      make(Promise, (resolve) => take(resolve.constructor));
      const proxy = make(Proxy, {}, { get: (...args) => args.forEach((each) => take(each?.constructor)) });
      attempt(() => proxy.x);`,
    except: OURS,
  },
  {
    id: 'deputy-by-bind',
    technique:
      'Host functions bound, applied and called by the guest with host objects as receivers',
    fails:
      'the receiver arrives as the host’s object, whose private names its own class alone can use',
    given: ({ secret }) => ({ mine: account(secret), other: { checks: null }, toText: String }),
    guest: `
      const { checks } = mine;
      for (const use of [() => checks.call({}), () => checks.bind(other)(), () => Reflect.apply(checks, checks, [])]) {
        const error = attempt(use);
        take(attempt(() => error.constructor.constructor)); take(attempt(() => error.stack));
      }`,
  },
  {
    id: 'deputy-as-a-getter',
    technique: 'Host functions as getters, `then`, `toPrimitive` and iterators of guest objects',
    fails: 'they are called with the guest’s objects, and what they answer crosses',
    given: () => ({
      tell(...list) {
        return { receiver: this, list };
      },
    }),
    guest: `
      const object = { get x() { return 1; }, then: tell, [Symbol.toPrimitive]: tell };
      Object.defineProperty(object, 'y', { get: tell });
      take(object.y.constructor.constructor);
      attempt(() => String(object));
      take(object.then(() => {}).list.constructor.constructor);
      Promise.resolve(object);`,
  },
  {
    id: 'deputy-as-a-species',
    technique:
      'A host class as the species of the guest’s array, so that `map` fills an instance of it',
    fails: 'of an instance nothing can be set',
    given: () => {
      const made = [];
      class Grant {
        0 = 'read';
        constructor() {
          made.push(this);
        }
      }
      return { Grant, made: () => made.length, holder: made };
    },
    guest: `
      const list = ['admin'];
      list.constructor = { [Symbol.species]: Grant };
      attempt(() => list.map((x) => x));`,
    host: ({ given }) => given.holder.some((each) => each[0] === 'admin'),
    except: safeOnly,
  },
  {
    id: 'deputy-sorts-and-filters',
    technique: 'Host functions as callbacks of the guest’s `map`, `sort`, `replace` and `from`',
    fails: 'they get the guest’s arrays and texts; nothing of the host’s comes with the call',
    given: () => ({
      each: (...values) => values,
    }),
    guest: `
      for (const result of [[1].map(each)[0], Array.from([1], each)[0], [1, 2].filter(each)]) take(result.constructor.constructor);
      attempt(() => [2, 1].sort(each)); 'a'.replace(/a/, each);`,
  },
  {
    id: 'deputy-compares',
    technique:
      'A host function that compares with a secret, by `valueOf` and `Symbol.toPrimitive` of an argument',
    fails:
      'the host’s operator asks the guest’s object, which learns no more than that it was asked',
    given: ({ secret }) => ({ isKey: (key) => `${key}` === secret }),
    guest: `
      isKey({ [Symbol.toPrimitive](...args) { for (const each of args) take(String(each)); take(String(this)); return ''; } });
      isKey({ toString() { take(String(arguments.callee.caller?.arguments?.[0] ?? '')); return ''; } });`,
    except: notInVm('it learns no more there, since the host is in strict mode'),
  },
];
