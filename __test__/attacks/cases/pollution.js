'use strict';

const { EventEmitter } = require('node:events');
const { safeOnly } = require('./reasons.js');

const OWN = 'prototypes cross as the guest’s own: it pollutes itself';
const NODES = 'what belongs to Node itself is not a guest’s to change, whatever the policy';

class Client {
  request() {
    return 'host';
  }
}

module.exports = [
  {
    id: 'pollute-by-proto',
    technique: '`__proto__` of a passed object written to',
    fails: OWN,
    given: () => ({ config: {} }),
    guest: 'config.__proto__.isAdmin = true',
  },
  {
    id: 'pollute-by-constructor',
    technique: '`constructor.prototype` of a passed object written to',
    fails: OWN,
    given: () => ({ config: {} }),
    guest: 'config.constructor.prototype.isAdmin = true; config.constructor.assign = () => {}',
  },
  {
    id: 'pollute-by-a-symbol',
    technique: 'A symbol-named property of a prototype: every object becomes iterable',
    fails: OWN,
    given: () => ({ config: {} }),
    guest: 'config.__proto__[Symbol.iterator] = function* () { yield 1; }',
  },
  {
    id: 'pollute-an-accessor',
    technique: 'An accessor defined on a prototype, to be called by every read in the host',
    fails: OWN,
    given: () => ({ config: {} }),
    guest: `Object.defineProperty(Object.getPrototypeOf(config), 'shell', { get: () => 'sh', configurable: true })`,
  },
  {
    id: 'pollute-by-deleting',
    technique: 'A method taken off a prototype',
    fails: OWN,
    given: () => ({ config: {} }),
    guest: 'delete config.__proto__.hasOwnProperty',
  },
  {
    id: 'pollute-by-setting-the-prototype',
    technique: 'The prototype of a prototype set',
    fails: OWN,
    given: () => ({ users: [] }),
    guest: 'Object.setPrototypeOf(users.__proto__, { isAdmin: true })',
  },
  {
    id: 'pollute-array-prototype',
    technique: 'A method of arrays replaced: the host’s own arrays call the guest’s',
    fails: OWN,
    given: () => ({ users: [] }),
    guest: 'Object.getPrototypeOf(users).includes = () => true',
  },
  {
    id: 'pollute-function-prototype',
    technique: '`call` of functions replaced',
    fails: OWN,
    given: () => ({ log: () => {} }),
    guest: 'Object.getPrototypeOf(log).call = () => take',
  },
  {
    id: 'pollute-promise-prototype',
    technique: '`then` of promises replaced: each `await` of the host’s is seen',
    fails: OWN,
    given: () => ({ ready: Promise.resolve() }),
    guest: 'ready.constructor.prototype.then = function () {}',
  },
  {
    id: 'pollute-error-class',
    technique: 'The settings of the class of errors: how many frames a stack has',
    fails: OWN,
    given: () => ({ last: new Error('x') }),
    guest: 'last.constructor.stackTraceLimit = 0; last.constructor.captureStackTrace = () => {}',
  },
  {
    id: 'pollute-error-prepare',
    technique: '`prepareStackTrace` put on the host’s class of errors',
    fails: OWN,
    known: 'vm2 CVE-2022-36067',
    given: () => ({ last: new TypeError('x') }),
    guest:
      'last.constructor.__proto__.prepareStackTrace = (error, sites) => take(sites[0].getThis())',
  },
  {
    id: 'pollute-iterator-prototype',
    technique: '`next` of the iterators of arrays replaced',
    fails: OWN,
    given: () => ({ users: [] }),
    guest: 'Object.getPrototypeOf(users[Symbol.iterator]()).next = () => ({ done: true })',
  },
  {
    id: 'pollute-generator-prototype',
    technique: '`next` of all generators replaced',
    fails: OWN,
    given: () => ({
      *ids() {
        yield 1;
      },
    }),
    guest: 'Object.getPrototypeOf(Object.getPrototypeOf(ids())).next = () => ({ done: true })',
  },
  {
    id: 'pollute-async-generator-prototype',
    technique: '`next` of all async generators replaced',
    fails: OWN,
    given: () => ({
      async *pages() {
        yield 1;
      },
    }),
    guest: 'Object.getPrototypeOf(Object.getPrototypeOf(pages())).next = () => ({ done: true })',
  },
  {
    id: 'pollute-typed-array-prototype',
    technique: 'A method that all typed arrays share replaced',
    fails: OWN,
    given: () => ({ bytes: new Uint8Array(4) }),
    guest: 'bytes.__proto__.__proto__.fill = () => {}',
  },
  {
    id: 'pollute-regexp-prototype',
    technique: '`exec` of regular expressions replaced: the host’s checks let all through',
    fails: OWN,
    given: () => ({ allowed: /^[a-z]+$/ }),
    guest: 'allowed.constructor.prototype.exec = () => []',
  },
  {
    id: 'pollute-date-class',
    technique: '`now` of the class of dates replaced',
    fails: OWN,
    given: () => ({ today: new Date() }),
    guest: 'today.constructor.now = () => 0',
  },
  {
    id: 'pollute-by-freezing',
    technique: 'A prototype closed, so that the host’s own code fails',
    fails: OWN,
    given: () => ({ client: new (class Old extends Client {})() }),
    guest: 'Object.freeze(Object.getPrototypeOf(Object.getPrototypeOf(client)))',
    host: () => Object.isFrozen(Client.prototype),
    except: {
      ...safeOnly,
      'node:vm': 'it succeeds there for good, so the next attacks would not have what they need',
    },
  },
  {
    id: 'pollute-a-class-of-the-host',
    technique: 'A method of a passed instance’s class replaced, for all instances',
    fails: 'the prototype of an instance is the guest’s Object.prototype for it',
    given: () => ({ client: new (class Fresh extends Client {})() }),
    guest: `Object.getPrototypeOf(client).request = () => 'guest'`,
    host: ({ given }) => new given.client.constructor().request() === 'guest',
    except: safeOnly,
  },
  {
    id: 'pollute-static-members',
    technique: 'Static members of a passed class replaced',
    fails: 'of functions nothing can be set',
    given: () => ({
      Session: class Session {
        static limit = 1;
        id = 1;
      },
    }),
    guest: 'attempt(() => { Session.limit = 1e9; })',
    host: ({ given }) => given.Session.limit === 1e9,
    except: safeOnly,
  },
  {
    id: 'pollute-a-class-of-nodes',
    technique: '`emit` of Node’s emitters replaced, by the prototype of one: every event is seen',
    fails: NODES,
    given: () => ({ bus: new EventEmitter() }),
    guest:
      'attempt(() => { Object.getPrototypeOf(bus).emit = function (...args) { take(args[1]); }; })',
  },
  {
    id: 'pollute-a-static-member-of-nodes',
    technique: 'A setting of Node’s emitters, by the class of one',
    fails: NODES,
    given: () => ({ bus: new EventEmitter() }),
    guest:
      'attempt(() => { bus.constructor.errorMonitor = 0; bus.constructor.usingDomains = true; })',
  },
  {
    id: 'pollute-a-method-of-nodes',
    technique: 'A property put on a method of Node’s, such as what it is promisified to',
    fails: NODES,
    given: () => ({ bus: new EventEmitter() }),
    guest: 'attempt(() => { bus.on.call = () => take; bus.on.extra = 1; })',
  },
  {
    id: 'pollute-buffer-class',
    technique: 'A setting of Node’s buffers, by the class of one',
    fails: NODES,
    given: () => ({ bytes: Buffer.from('abc') }),
    guest: 'attempt(() => { bytes.constructor.poolSize = 1; bytes.constructor.from = take; })',
  },
];
