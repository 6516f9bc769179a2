'use strict';

const { notInVm, safeOnly } = require('./reasons.js');

const OWN = 'prototypes and constructors of the host’s realm cross as the guest’s own';

class Client {
  request(path) {
    return { path, headers: { accept: '*/*' } };
  }
}

/** One step further than an object's class is what makes functions of text. */
module.exports = [
  {
    id: 'constructor-of-the-global-object',
    technique: 'The global object’s constructor, and that one’s',
    fails: 'the global object is made in the guest’s heap, as is all behind it',
    known: 'the first of all `vm` escapes',
    guest: 'take(this.constructor.constructor)',
  },
  {
    id: 'constructor-of-a-plain-object',
    technique: '`object.constructor.constructor` of what is passed',
    fails: OWN,
    known: 'vm2, safe-eval CVE-2017-16088, static-eval',
    given: () => ({ config: { region: 'eu' } }),
    guest: 'take(config.constructor.constructor)',
  },
  {
    id: 'constructor-of-a-function',
    technique: '`constructor` of a callback of the host’s',
    fails: OWN,
    known: 'safe-eval CVE-2020-7710',
    given: () => ({ log: (line) => line.length }),
    guest: 'take(log.constructor)',
  },
  {
    id: 'constructor-of-an-async-function',
    technique: 'AsyncFunction, by the prototype of an async callback',
    fails: 'all four classes that make functions of text are among the listed intrinsics',
    known: 'realms-shim, vm2',
    given: () => ({ load: async () => ({ id: 1 }) }),
    guest: 'take(Object.getPrototypeOf(load).constructor)',
  },
  {
    id: 'constructor-of-a-generator-function',
    technique: 'GeneratorFunction, by the prototype of a generator function',
    fails: 'all four classes that make functions of text are among the listed intrinsics',
    known: 'notevil CVE-2021-23771',
    given: () => ({
      *ids() {
        yield 1;
      },
    }),
    guest: 'take(Object.getPrototypeOf(ids).constructor)',
  },
  {
    id: 'constructor-of-an-async-generator-function',
    technique: 'AsyncGeneratorFunction, by the prototype of an async generator function',
    fails: 'all four classes that make functions of text are among the listed intrinsics',
    given: () => ({
      async *pages() {
        yield 1;
      },
    }),
    guest: 'take(Object.getPrototypeOf(pages).constructor)',
  },
  {
    id: 'constructor-of-a-generator-object',
    technique: 'Up the prototypes of a running generator to its function’s class',
    fails: 'each prototype on the way is a listed intrinsic, or a stand-in that leads to one',
    given: () => ({
      cursor: (function* () {
        yield 1;
      })(),
    }),
    guest: `
      const generator = Object.getPrototypeOf(Object.getPrototypeOf(cursor));
      take(generator.constructor.constructor);
      take(generator.next.constructor);`,
  },
  {
    id: 'constructor-of-an-instance',
    technique: 'The class of an instance, and the class of classes',
    fails: OWN,
    known: 'jailed, vm2',
    given: () => ({ client: new Client() }),
    guest: 'take(client.constructor.constructor)',
  },
  {
    id: 'constructor-of-a-bound-function',
    technique: '`constructor` of a bound method',
    fails: OWN,
    given: () => ({ request: new Client().request.bind(new Client()) }),
    guest: 'take(request.constructor); take(request.bind.constructor)',
  },
  {
    id: 'constructor-of-an-inherited-method',
    technique: '`constructor` of a method that an array inherits',
    fails: 'methods of intrinsics cross as the guest’s methods of that name',
    given: () => ({ users: ['ann', 'bo'] }),
    guest: 'take(users.map.constructor); take(users[Symbol.iterator].constructor)',
  },
  {
    id: 'constructor-of-an-iterator-result',
    technique: 'The object that a host iterator’s `next` answers',
    fails: 'it crosses as any object; its prototype is the guest’s',
    given: () => ({ users: new Map([['ann', 1]]).entries() }),
    guest: 'take(users.next().constructor.constructor)',
  },
  {
    id: 'constructor-by-descriptor',
    technique: 'The descriptor of `constructor` on a prototype, past every `get`',
    fails: 'parts of descriptors cross one by one, as any value does',
    known: 'vm2 before 3.6.8',
    given: () => ({ log: (line) => line.length }),
    guest: `take(Object.getOwnPropertyDescriptor(Object.getPrototypeOf(log), 'constructor').value)`,
  },
  {
    id: 'constructor-by-lookup-getter',
    technique: 'The getter of `__proto__`, taken off one host object and called on another',
    fails: 'accessors of intrinsics are the guest’s own: `__lookupGetter__` is one of its methods',
    known: 'vm2 GHSA-grj5-jjm8-h35p',
    given: () => ({ config: {}, log: (line) => line.length }),
    guest: `
      const up = config.__lookupGetter__('__proto__');
      take(up.call(log).constructor);
      take(up.call(up.call(log)).constructor.constructor);`,
  },
  {
    id: 'constructor-of-a-result',
    technique: 'What a host function returns',
    fails: 'results cross as everything does; there is no way around the membrane',
    given: () => ({ client: new Client() }),
    guest: 'take(client.request("/").headers.constructor.constructor)',
  },
  {
    id: 'constructor-of-an-argument',
    technique: 'What the host passes to a callback of the guest’s',
    fails: 'arguments cross as everything does',
    given: () => ({ each: (f) => [{ id: 1 }].map((item) => f(item)) }),
    guest: 'each((item) => take(item.constructor.constructor))',
  },
  {
    id: 'constructor-of-this',
    technique: '`this` in a callback that the host calls with an object of its own',
    fails: 'receivers cross as everything does',
    given: () => ({ on: (f) => Reflect.apply(f, { socket: {} }, []) }),
    guest: 'on(function () { take(this.constructor.constructor); })',
  },
  {
    id: 'constructor-of-what-a-getter-answers',
    technique: 'What an accessor of the host’s answers',
    fails: 'what getters answer crosses as everything does',
    given: () => ({
      app: {
        get settings() {
          return { theme: 'dark' };
        },
      },
    }),
    guest: 'take(app.settings.constructor.constructor)',
  },
  {
    id: 'constructor-of-an-arguments-object',
    technique: 'An `arguments` object of the host’s, with its `callee`',
    fails: 'it is an object like others; its `callee`, if it has one, is a function like others',
    given: () => ({ passed: Function('return arguments')(1) }),
    guest: 'take(passed.constructor.constructor); take(passed.callee.constructor)',
  },
  {
    id: 'constructor-by-extending',
    technique: 'A guest’s class that extends the host’s: its prototype is the host’s class',
    fails: 'the host’s class is a stand-in, whose prototype and constructor are the guest’s',
    given: () => ({ Client }),
    guest: `
      class Mine extends Client { constructor() { super(); take(new.target.__proto__.constructor); } }
      new Mine();
      take(Object.getPrototypeOf(Mine).constructor);`,
  },
  {
    id: 'constructor-of-a-host-proxy',
    technique: 'A Proxy of the host’s, whose handler lets everything through',
    fails: 'what the host’s traps answer crosses as everything does',
    given: () => ({ api: new Proxy({ version: 1 }, {}) }),
    guest: 'take(api.constructor.constructor); take(api.toString.constructor)',
  },
  {
    id: 'constructor-of-a-rejected-import',
    technique: '`import()`, whose error the host’s module loader makes',
    fails: '`import()` is refused inside the engine, by an error of the guest’s',
    known: 'vm2 CVE-2021-23449',
    guest: `import('node:fs').then(
      (fs) => take(fs.constructor ?? fs.readFile.constructor),
      (error) => take(error.constructor.constructor),
    )`,
  },
  {
    id: 'constructor-by-entries-of-a-class',
    technique:
      'All that hangs on a class: static members, its prototype’s members, their prototypes',
    fails: OWN,
    given: () => ({ Client }),
    guest: `
      for (const holder of [Client, Client.prototype ?? {}]) {
        for (const key of Reflect.ownKeys(holder)) {
          const { value } = Object.getOwnPropertyDescriptor(holder, key);
          if (value) take(value.constructor.constructor);
        }
      }`,
  },
  {
    id: 'constructor-past-own-property',
    technique: 'A getter named `constructor` on the guest’s side, to be looked through by the host',
    fails: 'what the host reads of a guest’s object is the guest’s; nothing of the host goes along',
    guest: `({ get constructor() { take(this); return take; } })`,
    host: ({ result }) => {
      result.constructor?.name;
      return false;
    },
    except: notInVm('the getter is called with the guest’s object, which is nothing new'),
  },
  {
    id: 'field-named-constructor-is-data',
    technique: 'A private class of the host’s in a field, next to its public method',
    fails: 'own fields of instances are hidden',
    given: ({ secret }) => ({
      account: new (class Account {
        Client = class {
          static key = secret;
          id = 1;
        };
        name() {
          return 'ann';
        }
      })(),
    }),
    guest: 'take(account.Client.key)',
    except: safeOnly,
  },
];
