'use strict';

const util = require('node:util');
const { notInVm, sandboxOnly } = require('./reasons.js');

const GUARDED = 'a guest’s inspector gets a function that shows primitive values, not Node’s';
const NO_HOOK = 'Node’s inspection hook cannot be put on host objects, whatever the policy';
const CUSTOM = `Symbol.for('nodejs.util.inspect.custom')`;

const attenuated = (secret) =>
  new Proxy(
    { shown: 1, hidden: secret },
    {
      get: (target, key) => (key === 'hidden' ? undefined : target[key]),
      ownKeys: () => ['shown'],
      getOwnPropertyDescriptor: (target, key) =>
        key === 'hidden' ? undefined : Reflect.getOwnPropertyDescriptor(target, key),
    },
  );

const given = ({ secret }) => ({ api: attenuated(secret), rows: [{ id: 1 }] });
/** A method of that name: what it does with what it gets. */
const inspector = (body) => `[${CUSTOM}](depth, options, inspect) { ${body}; return 'shown'; }`;
const DUMP = `try { take(inspect(api, { showProxy: true, showHidden: true, depth: 9 })); } catch {}`;

module.exports = [
  {
    id: 'inspect-of-a-guest-object',
    technique:
      'An inspector on the guest’s object: it gets Node’s `inspect`, whose class makes code',
    fails: GUARDED,
    known: 'vm2 CVE-2023-37903, GHSA-v37h-5mfm-c47c',
    guest: `({ ${inspector('take(inspect.constructor); take(inspect)')} })`,
    host: ({ result }) => util.inspect(result) === '',
  },
  {
    id: 'inspect-past-a-host-proxy',
    technique: 'With Node’s `inspect` the guest reads what a Proxy of the host’s hides from it',
    fails: GUARDED,
    given,
    guest: `({ ${inspector(DUMP)} })`,
    host: ({ result }) => util.inspect(result) === '',
  },
  {
    id: 'inspect-options',
    technique: 'The options that an inspector gets, with functions of the host’s',
    fails: 'it gets new ones; what they lead to crosses as everything does',
    guest: `({ ${inspector('take(options.constructor?.constructor); take(options.stylize.constructor)')} })`,
    host: ({ result }) => util.inspect(result) === '',
    except: notInVm('Node gives bare options to inspectors of another realm'),
  },
  {
    id: 'inspect-inherited',
    technique: 'The inspector on the prototype of a guest’s class',
    fails: GUARDED,
    given,
    guest: `new (class Mine { ${inspector(`take(inspect.constructor); ${DUMP}`)} })()`,
    host: ({ result }) => util.inspect(result) === '',
  },
  {
    id: 'inspect-by-a-getter',
    technique: 'The inspector behind a getter',
    fails: GUARDED,
    given,
    guest: `({ get [${CUSTOM}]() { return (depth, options, inspect) => { take(inspect.constructor); ${DUMP} return ''; }; } })`,
    host: ({ result }) => util.inspect(result) === 'never',
  },
  {
    id: 'inspect-deep-inside',
    technique: 'The inspector on an object inside one of the host’s that is logged',
    fails: GUARDED,
    given: (tools) => ({ ...given(tools), record: { data: null } }),
    guest: `record.data = { ${inspector(`take(inspect.constructor); ${DUMP}`)} }; 0`,
    host: (tools) => util.format('%o', tools.given.record) === '',
  },
  {
    id: 'inspect-on-a-host-object',
    technique: 'The inspector put on an object of the host’s, which is logged then',
    fails: NO_HOOK,
    given,
    guest: `attempt(() => { rows[${CUSTOM}] = (depth, options, inspect) => { take(inspect.constructor); ${DUMP} }; })`,
    host: (tools) => util.inspect(tools.given.rows) === '',
  },
  {
    id: 'inspect-on-a-host-object-by-define',
    technique: 'The same by `Object.defineProperty`',
    fails: NO_HOOK,
    given,
    guest: `attempt(() => Object.defineProperty(rows, ${CUSTOM}, {
      value: (depth, options, inspect) => { take(inspect.constructor); ${DUMP} },
    }))`,
    host: (tools) => util.inspect(tools.given.rows) === '',
  },
  {
    id: 'inspect-on-a-host-prototype',
    technique: 'The inspector put on the prototype of a class of the host’s',
    fails: NO_HOOK,
    given: (tools) => ({ ...given(tools), order: new (class Order {})() }),
    guest: `attempt(() => { Object.getPrototypeOf(order)[${CUSTOM}] = (depth, options, inspect) => { take(inspect.constructor); }; })`,
    host: (tools) => util.inspect(tools.given.order) === '',
  },
  {
    id: 'inspect-by-extending-a-host-class',
    technique:
      'The inspector of a guest’s class that extends the host’s: the instance is the host’s',
    fails: GUARDED,
    given: (tools) => ({ ...given(tools), Order: class Order {} }),
    guest: `new (class Mine extends Order { ${inspector(`take(inspect.constructor); ${DUMP}`)} })()`,
    host: ({ result }) => util.inspect(result) === '',
  },
  {
    id: 'inspect-on-the-global-object',
    technique: 'The inspector on the guest’s global object, which the host logs',
    fails: 'on a contextified object it is not put; else the global object is the guest’s',
    given,
    guest: `Object.defineProperty(globalThis, ${CUSTOM}, {
      value: (depth, options, inspect) => { take(inspect.constructor); ${DUMP} }, configurable: true,
    })`,
    host: ({ sandbox, context }) => util.inspect(sandbox?.globalThis ?? context) === '',
  },
  {
    id: 'inspect-an-error',
    technique: 'The inspector on the prototype of an error class of the guest’s',
    fails: GUARDED,
    given,
    guest: `
      class Mine extends Error { ${inspector(`take(inspect.constructor); ${DUMP}`)} }
      new Mine('x')`,
    host: ({ result }) => util.inspect(result) === '',
  },
  {
    id: 'inspect-defaults',
    technique: 'By Node’s `inspect`, its settings for the whole process',
    fails: GUARDED,
    known: 'vm2 CVE-2023-32313',
    guest: `({ ${inspector(`attempt(() => { inspect.defaultOptions = { depth: 77 }; inspect.styles.string = 'guest'; })`)} })`,
    host({ result }) {
      const { defaultOptions } = util.inspect;
      const styles = { ...util.inspect.styles };
      util.inspect(result);
      const changed =
        util.inspect.defaultOptions.depth === 77 || util.inspect.styles.string === 'guest';
      util.inspect.defaultOptions = defaultOptions;
      Object.assign(util.inspect.styles, styles);
      return changed;
    },
  },
  {
    id: 'inspector-of-a-host-object',
    technique: 'The inspector that a class of the host’s has for its own log, called by the guest',
    fails: 'Node’s inspection hook is no property that a guest can read',
    given: ({ secret }) => ({
      card: new (class Card {
        #number = secret;
        [util.inspect.custom]() {
          return `Card ${this.#number}`;
        }
      })(),
    }),
    guest: `
      take(attempt(() => card[${CUSTOM}]()));
      const { value } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(card), ${CUSTOM}) ?? {};
      take(attempt(() => value.call(card)));`,
  },
  {
    id: 'inspector-found-among-the-keys',
    technique: 'Node’s symbols, found among the keys of a host object',
    fails: 'the symbol is everybody’s, but leads nowhere',
    known: 'vm2 GHSA-jf8q-945g-9q4c',
    given: () => ({ bytes: Buffer.from('abc') }),
    guest: `
      const up = Object.getPrototypeOf(bytes);
      const custom = Object.getOwnPropertySymbols(up).find((s) => s.description.endsWith('inspect.custom'));
      if (custom) {
        take(up[custom]?.constructor);
        const mine = { [custom](depth, options, inspect) { take(inspect.constructor); return ''; } };
        globalThis.mine = mine;
      }`,
    host: ({ run }) => util.inspect(run('globalThis.mine')) === 'never',
  },
  {
    id: 'inspect-by-the-guests-console',
    technique: 'An inspector in what the guest gives to its own console',
    fails: 'what is only shown crosses as a copy: no code of the guest’s runs',
    guest: `console.log({ ${inspector('take(inspect.constructor)')} })`,
    options: { console: { log: (...values) => util.inspect(values) } },
    except: sandboxOnly('the console there is the host’s, if it passes one'),
  },
];
