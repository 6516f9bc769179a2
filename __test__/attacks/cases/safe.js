'use strict';

const { safeOnly, notInVm } = require('./reasons.js');

const FIELDS = 'of an instance its class’s methods and accessors are there, nothing else';

function account(secret) {
  class Base {
    inheritedKey = secret;
    static master = secret;
  }
  return class Account extends Base {
    apiKey = secret;
    _kept = secret;
    balance = 1;
    [Symbol('token')] = secret;
    describe() {
      return 'an account';
    }
    _reveal() {
      return this.apiKey;
    }
    '#reveal'() {
      return this.apiKey;
    }
    set label(text) {
      this.balance = text;
    }
    clone() {
      return new this.constructor();
    }
  };
}

const instance = ({ secret }) => ({ account: new (account(secret))() });
const itsClass = ({ secret }) => ({ Account: account(secret) });

module.exports = [
  {
    id: 'safe-own-fields',
    technique: 'Own fields of an instance, as TypeScript’s `private` ones are',
    fails: FIELDS,
    given: instance,
    guest: 'take(String(account.apiKey)); take(String(account["inheritedKey"]))',
    except: safeOnly,
  },
  {
    id: 'safe-fields-by-descriptors',
    technique: 'The same by descriptors and by the list of keys',
    fails: FIELDS,
    given: instance,
    guest: `
      for (const key of [...Reflect.ownKeys(account), 'apiKey']) {
        take(String(Object.getOwnPropertyDescriptor(account, key)?.value));
      }`,
    except: safeOnly,
  },
  {
    id: 'safe-fields-by-copying',
    technique: 'The same by spread, `Object.entries`, `Object.assign`, `JSON.stringify`',
    fails: FIELDS,
    given: instance,
    guest: `
      take(JSON.stringify(account)); take(JSON.stringify({ ...account }));
      take(String(Object.entries(account))); take(JSON.stringify(Object.assign({}, account)));
      for (const key in account) take(String(account[key]));`,
    except: safeOnly,
  },
  {
    id: 'safe-fields-by-inheritance',
    technique: 'An object of the guest’s that inherits from the instance, with `super`',
    fails: FIELDS,
    given: instance,
    guest: `
      take(String(Object.create(account).apiKey));
      take(String({ __proto__: account, read() { return super.apiKey; } }.read()));`,
    except: safeOnly,
  },
  {
    id: 'safe-fields-by-another-receiver',
    technique: '`Reflect.get` with another object as the receiver, both ways',
    fails: FIELDS,
    given: (tools) => ({ ...instance(tools), plain: {} }),
    guest: `
      take(String(Reflect.get(account, 'apiKey', plain)));
      take(String(Reflect.get(plain, 'apiKey', account)));
      take(String(Reflect.get(Object.create(account), 'apiKey', account)));`,
    except: safeOnly,
  },
  {
    id: 'safe-fields-by-with',
    technique: '`with` and destructuring, which look names up in their own way',
    fails: FIELDS,
    given: instance,
    guest:
      'with (account) take(typeof apiKey === "string" ? apiKey : ""); const { apiKey: key } = account; take(String(key))',
    except: safeOnly,
  },
  {
    id: 'safe-symbols',
    technique: 'Own fields under symbols, which are as good as private in the host',
    fails: FIELDS,
    given: instance,
    guest: 'for (const key of Object.getOwnPropertySymbols(account)) take(String(account[key]))',
    except: safeOnly,
  },
  {
    id: 'safe-hidden-methods',
    technique: 'Methods whose names begin with `_` or `#`',
    fails: 'names that begin so are hidden',
    given: instance,
    guest: `take(attempt(() => account._reveal())); take(attempt(() => account['#reveal']()))`,
    except: safeOnly,
  },
  {
    id: 'safe-class',
    technique: 'The class of an instance: another instance, its static members',
    fails: '`constructor` of an instance is the guest’s Object',
    given: instance,
    guest: `
      take(String(account.constructor.master));
      take(String(attempt(() => new account.constructor().apiKey)));
      take(JSON.stringify(Object.getPrototypeOf(account).constructor));`,
    except: safeOnly,
  },
  {
    id: 'safe-statics',
    technique: 'Static members of a class, own and inherited',
    fails: 'of a function its name and length are there',
    given: itsClass,
    guest: `take(String(Account.master)); take(String(Object.getPrototypeOf(Account).master))`,
    except: safeOnly,
  },
  {
    id: 'safe-fields-of-a-function',
    technique: 'Properties that hang on a function',
    fails: 'of a function its name and length are there',
    given: ({ secret }) => ({ send: Object.assign((x) => x, { token: secret }) }),
    guest:
      'take(String(send.token)); take(JSON.stringify({ ...send })); take(String(Object.values(send)))',
    except: safeOnly,
  },
  {
    id: 'safe-new-target-bound',
    technique:
      '`Reflect.construct` with a bound function as `new.target`: it has no prototype, so the instance is a plain object',
    fails: 'the class makes its own instances: the guest’s `new.target` is not passed on',
    given: itsClass,
    guest: `
      const made = Reflect.construct(Account, [], function () {}.bind());
      take(String(made.apiKey)); take(JSON.stringify(made));`,
    except: safeOnly,
  },
  {
    id: 'safe-new-target-bare',
    technique: 'The same with a prototype that has none: the instance looks like a dictionary',
    fails: 'the class makes its own instances: the guest’s `new.target` is not passed on',
    given: itsClass,
    guest: `
      function Bare() {}
      Bare.prototype = Object.create(null);
      const made = Reflect.construct(Account, [], Bare);
      take(String(made.apiKey)); take(String(Object.values(made)));`,
    except: safeOnly,
  },
  {
    id: 'safe-new-target-overrides',
    technique: 'The same to have the host’s constructor call a method of the guest’s',
    fails: 'the class makes its own instances: the guest’s `new.target` is not passed on',
    given: ({ secret }) => ({
      Client: class Client {
        constructor() {
          this.configure({ key: secret });
        }
        configure() {}
      },
    }),
    guest: `
      function Mine() {}
      Mine.prototype = { configure: ({ key }) => take(key) };
      attempt(() => Reflect.construct(Client, [], Mine));
      attempt(() => new (class extends Client { configure({ key }) { take(key); } })());`,
    except: safeOnly,
  },
  {
    id: 'safe-writes-a-field',
    technique: 'A field of an instance written to',
    fails: 'of an instance nothing can be set but by an accessor of its class',
    given: instance,
    guest: `
      attempt(() => { account.balance = 1e9; });
      attempt(() => Object.defineProperty(account, 'balance', { value: 1e9 }));
      attempt(() => Object.assign(account, { balance: 1e9 }));`,
    host: ({ given }) => given.account.balance === 1e9,
    except: safeOnly,
  },
  {
    id: 'safe-writes-by-a-receiver',
    technique: '`Reflect.set` on a plain object with the instance as receiver',
    fails: 'what is written to is the receiver, whose exposure is asked',
    given: (tools) => ({ ...instance(tools), plain: {} }),
    guest: `
      attempt(() => Reflect.set(plain, 'balance', 1e9, account));
      attempt(() => Reflect.set({ balance: 0 }, 'balance', 1e9, account));
      attempt(() => Reflect.set(Object.create(plain), 'balance', 1e9, account));`,
    host: ({ given }) => given.account.balance === 1e9,
    except: safeOnly,
  },
  {
    id: 'safe-writes-by-inheritance',
    technique: 'An object of the host’s made to inherit from another',
    fails: 'nothing changes what a host object is: no prototype is set',
    given: () => ({ options: { verbose: false } }),
    guest: `
      attempt(() => Object.setPrototypeOf(options, { admin: true }));
      attempt(() => { options.__proto__ = { admin: true }; });
      attempt(() => Object.prototype.__lookupSetter__('__proto__').call(options, { admin: true }));`,
    host: ({ given }) => given.options.admin,
    except: safeOnly,
  },
  {
    id: 'safe-proto-defined',
    technique:
      'An own property named `__proto__` defined, which copying code of the host’s follows',
    fails: 'no object can be put under a name that all objects inherit',
    given: () => ({ options: {} }),
    guest: `attempt(() => Object.defineProperty(options, '__proto__', { value: { admin: true }, enumerable: true }))`,
    host: ({ given }) => Object.assign({}, given.options).admin,
    except: safeOnly,
  },
  {
    id: 'safe-freezes',
    technique: 'A host object frozen, sealed or closed',
    fails: 'nothing changes what a host object is',
    given: () => ({ options: { verbose: false } }),
    guest:
      'attempt(() => Object.freeze(options)); attempt(() => Object.preventExtensions(options))',
    host: ({ given }) => !Object.isExtensible(given.options),
    except: safeOnly,
  },
  {
    id: 'safe-hidden-data',
    technique: 'Properties of a plain object that are not enumerable',
    fails: 'of plain objects the enumerable properties are there',
    given: ({ secret }) => ({ user: Object.defineProperty({ id: 1 }, 'token', { value: secret }) }),
    guest: `take(String(user.token)); take(String(Object.getOwnPropertyDescriptors(user).token?.value))`,
    except: safeOnly,
  },
  {
    id: 'safe-private-brand',
    technique: 'Private names: a class of the guest’s stamps its own on a host object',
    fails: 'the stamp is on the stand-in, in the guest; the host’s object has none of it',
    given: instance,
    guest: `
      class Stamp { constructor(object) { return object; } }
      class Mine extends Stamp { #apiKey = 1; static read(object) { return object.#apiKey; } }
      attempt(() => new Mine(account));
      take(String(attempt(() => Mine.read(account))));`,
    except: notInVm('private names of the host’s class are other names there, too'),
  },
];
