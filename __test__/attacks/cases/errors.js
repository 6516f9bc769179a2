'use strict';

const { notInVm } = require('./reasons.js');

const TWIN = 'an error arrives as an error of the guest’s own class, without the host’s stack';

class HttpError extends Error {
  constructor(status) {
    super(`status ${status}`);
    this.response = { status, headers: {} };
  }
}

const fails = () => {
  throw new TypeError('the host has failed');
};

module.exports = [
  {
    id: 'error-constructor',
    technique: 'The class of an error that a host function throws',
    fails: TWIN,
    known: 'vm2, safe-eval CVE-2022-25904',
    given: () => ({ save: fails }),
    guest: 'take(attempt(save).constructor.constructor)',
  },
  {
    id: 'error-stack',
    technique: 'The stack of such an error, with the host’s paths',
    fails: TWIN,
    given: () => ({ save: fails }),
    guest: 'take(attempt(save).stack)',
  },
  {
    id: 'error-cause',
    technique: 'The `cause` of an error: its class and stack',
    fails: 'causes cross as errors do',
    given: () => ({
      save() {
        throw new Error('outer', { cause: new Error('inner') });
      },
    }),
    guest: `
      const { cause } = attempt(save);
      take(cause.constructor.constructor);
      take(cause.stack);`,
  },
  {
    id: 'error-list',
    technique: 'The `errors` of an AggregateError',
    fails: 'the list is live, and its errors cross as errors do when they are read',
    known: 'vm2 GHSA-x965-fc75-jpqh',
    given: () => ({
      save() {
        throw new AggregateError([new Error('one'), new RangeError('two')], 'both');
      },
    }),
    guest: `
      const { errors } = attempt(save);
      take(errors.constructor.constructor);
      for (const error of errors) { take(error.stack); take(error.constructor.constructor); }`,
  },
  {
    id: 'error-fields',
    technique: 'An object that hangs on an error',
    fails: 'fields of errors cross as everything does',
    given: () => ({
      get() {
        throw new HttpError(404);
      },
    }),
    guest: 'take(attempt(get).response.headers.constructor.constructor)',
  },
  {
    id: 'error-class-prototypes',
    technique: 'Up the prototypes of an error of a class of the host’s',
    fails: 'the class’s prototype is a stand-in or left out; behind it are the guest’s own',
    given: () => ({
      get() {
        throw new HttpError(404);
      },
    }),
    guest: `
      for (let o = attempt(get); o !== null; o = Object.getPrototypeOf(o)) {
        take(o.constructor); take(o.constructor.constructor);
      }`,
  },
  {
    id: 'error-of-a-stack-overflow',
    technique: 'Recursion up to the limit, so that the host function overflows, not the guest',
    fails: 'the host’s RangeError crosses as a RangeError of the guest’s',
    known: 'vm2 CVE-2019-10761',
    given: () => ({ format: (value) => JSON.stringify({ value }).replace(/a/g, String) }),
    guest: `
      let found = [];
      (function dive() {
        try { format('a'); dive(); } catch (error) { found.push(error); }
      })();
      for (const error of found) { take(error.constructor.constructor); take(error.stack ?? ''); }`,
    except: notInVm('where the overflow comes first is a matter of luck there'),
  },
  {
    id: 'error-by-a-rejection',
    technique: 'The reason of a rejected host promise',
    fails: 'what a promise settles with crosses as everything does',
    known: 'vm2 CVE-2026-22709',
    given: () => ({ load: async () => fails() }),
    guest: `load().catch((error) => { take(error.constructor.constructor); take(error.stack); })`,
  },
  {
    id: 'error-by-a-getter',
    technique: 'An error that a getter of the host’s throws',
    fails: TWIN,
    given: () => ({
      app: {
        get settings() {
          return fails();
        },
      },
    }),
    guest: `
      const error = attempt(() => app.settings);
      take(error.constructor.constructor);
      take(error.stack);`,
  },
  {
    id: 'error-by-a-proxy-trap',
    technique: 'An error that a trap of the host’s throws, for each kind of trap',
    fails: TWIN,
    given() {
      const failing = new Proxy({}, new Proxy({}, { get: () => fails }));
      return { open: () => failing };
    },
    guest: `
      const api = attempt(open);
      take(attempt(() => api.x).constructor.constructor);
      const uses = [
        () => api.x, () => { 'use strict'; api.x = 1; }, () => 'x' in api, () => delete api.x,
        () => Object.keys(api), () => Object.getPrototypeOf(api), () => Object.freeze(api),
        () => Object.defineProperty(api, 'x', { value: 1 }), () => Object.isExtensible(api),
        () => Object.setPrototypeOf(api, {}), () => Object.getOwnPropertyDescriptor(api, 'x'),
      ];
      for (const use of uses) {
        const error = attempt(use);
        if (error instanceof Object || error?.stack) { take(error.constructor.constructor); take(error.stack); }
      }`,
  },
  {
    id: 'error-by-coercion',
    technique: 'An error that Node makes because it cannot use the guest’s value',
    fails: TWIN,
    given: () => ({ encode: (value) => Buffer.from(value).toString('hex') }),
    guest: `
      const error = attempt(() => encode(Symbol()));
      take(error.constructor.constructor); take(error.stack);`,
  },
  {
    id: 'error-of-another-class-of-things',
    technique: 'A DOMException, which is no error of the language’s',
    fails: 'it arrives as an Error with its name and code',
    given: () => ({ clone: (value) => structuredClone({ f: () => value }) }),
    guest: `
      const error = attempt(() => clone(1));
      take(error.constructor.constructor); take(error.stack);`,
  },
  {
    id: 'error-in-the-old-style',
    technique: 'The stack of an object that inherits from Error but is not one for the engine',
    fails: 'a captured stack is hidden on whatever object it is',
    given: () => {
      function OldError(message) {
        this.message = message;
        Error.captureStackTrace(this, OldError);
      }
      OldError.prototype = Object.create(Error.prototype, { constructor: { value: OldError } });
      return {
        save() {
          throw new OldError('failed');
        },
      };
    },
    guest: `
      const error = attempt(save);
      take(error.stack);
      take(Object.getOwnPropertyDescriptor(error, 'stack')?.value);
      take(Object.create(error).stack);`,
  },
  {
    id: 'error-behind-a-proxy',
    technique: 'The stack of an error that the host has put behind a Proxy',
    fails: 'a captured stack is hidden on whatever object it is',
    given: () => ({ last: new Proxy(new Error('wrapped'), {}) }),
    guest: 'take(last.stack); take(Reflect.get(last, "stack", {}))',
  },
  {
    id: 'error-stack-captured-on-an-object',
    technique: 'The stack that `Error.captureStackTrace` has put on an ordinary object',
    fails: 'a captured stack is hidden on whatever object it is',
    given: () => {
      const ticket = { id: 1 };
      Error.captureStackTrace(ticket);
      return { ticket };
    },
    guest: `
      take(ticket.stack);
      take(Object.getOwnPropertyDescriptors(ticket).stack?.value);`,
  },
  {
    id: 'error-own-frames',
    technique: 'The guest’s own error, whose stack goes on below with the host’s frames',
    fails: 'the guest’s engine knows of no frames but its own',
    guest: `
      Error.stackTraceLimit = Infinity;
      take(new Error().stack);
      const holder = {};
      Error.captureStackTrace(holder);
      take(holder.stack);`,
  },
  {
    id: 'error-frames-in-a-callback',
    technique: 'The same in a callback, with host frames on either side',
    fails: 'the guest’s engine knows of no frames but its own',
    given: () => ({ each: (f) => [1].map((item) => f(item)) }),
    guest: 'each(() => { take(new Error().stack); })',
  },
  {
    id: 'error-prepare-stack-trace',
    technique: '`Error.prepareStackTrace` with the call sites: files, functions, receivers',
    fails: 'the guest’s engine makes no call sites, and asks nobody how to write a stack',
    known: 'vm2 CVE-2022-36067',
    guest: `
      Error.prepareStackTrace = (_error, sites) => {
        for (const site of sites) {
          take(site.constructor.constructor);
          take(String(site.getFileName()));
          take(site.getThis());
        }
        return '';
      };
      new Error().stack;`,
  },
  {
    id: 'error-prepare-stack-trace-for-the-host',
    technique: 'The same hook, called when the host reads the stack of the guest’s error',
    fails: 'a stack crosses as text, made when the error crosses',
    known: 'vm2 CVE-2023-29017',
    guest: `
      Error.prepareStackTrace = (_error, sites) => {
        for (const site of sites) take(String(site.getFileName()));
        return '';
      };
      new Error('later')`,
    host: ({ result }) => result.stack === undefined,
  },
  {
    id: 'error-with-a-symbol-for-a-name',
    technique: 'A name that cannot be written, so that writing the stack fails in the host',
    fails: 'stacks are written in the guest, as are the errors about it',
    known: 'vm2 CVE-2021-23555, CVE-2026-22709',
    guest: `
      const error = new Error();
      error.name = Symbol();
      (async () => error.stack)().catch((caught) => take(caught.constructor.constructor));`,
  },
  {
    id: 'error-handed-back',
    technique:
      'The guest’s own error, after the host has caught it and shows it to the guest again',
    fails: 'it comes home as what it was; what the host’s copy says stays there',
    guest: '(error) => { take(error.stack); take(error.constructor.constructor); }',
    host({ run, result }) {
      try {
        run('(() => { throw new Error("mine"); })()');
      } catch (error) {
        result(error);
      }
    },
  },
  {
    id: 'error-hooks',
    technique: 'Functions named `then`, `toString`, `toJSON` put on a host error and sent back',
    fails: 'what a guest changes of an error’s fields goes along, but no hooks',
    given: () => ({ last: new Error('mine'), report: () => {} }),
    guest: `
      const kept = last;
      kept.then = kept.toJSON = kept.toString = () => 'guest';
      attempt(() => report(kept));`,
    host: ({ given: { last } }) => Object.keys(last).length > 0,
  },
  {
    id: 'error-that-is-a-proxy',
    technique:
      'A Proxy thrown whose `getPrototypeOf` trap runs out of stack while the host looks what it is',
    fails: 'the trap runs in the guest, by a request whose error is a twin as well',
    known: 'vm2 CVE-2023-30547',
    given: () => ({
      guarded(f) {
        try {
          return f();
        } catch (error) {
          return error instanceof Error;
        }
      },
    }),
    guest: `
      const trap = () => { (function dive() { new Error().stack; dive(); })(); };
      const error = attempt(() => guarded(() => { throw new Proxy({}, { getPrototypeOf: trap }); }));
      take(error?.constructor?.constructor);
      take(error?.stack ?? '');`,
    except: notInVm('the trap’s error is the guest’s own there, if the stack is'),
  },
  {
    id: 'error-of-the-membrane',
    technique: 'The errors that the sandbox itself throws into the guest',
    fails: 'they cross as all errors of the host’s',
    given: () => ({ log: (line) => String(line) }),
    guest: `
      const error = attempt(() => log(new DataView(new SharedArrayBuffer(8))));
      take(error.constructor.constructor); take(error.stack); take(error.message);`,
    except: notInVm('there is nothing in between that could throw'),
  },
];
