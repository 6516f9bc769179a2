'use strict';

const { notInVm } = require('./reasons.js');

const GLOBAL = 'functions that are not strict get an empty object for a missing `this`';

/** As old modules are: not in strict mode. */
const sloppy = (...parts) => Function(...parts);

module.exports = [
  {
    id: 'sloppy-this',
    technique: 'A host function that answers its `this`, called without one: the global object',
    fails: 'the host’s global object never crosses, and a missing `this` is an empty object',
    known: 'vm2, Figma’s realms',
    given: () => ({ chain: sloppy('return this') }),
    guest: 'take(chain()); take(attempt(() => (0, chain)().process)); take(chain?.call?.(null))',
  },
  {
    id: 'sloppy-this-of-a-method',
    technique: 'The same with a method written in short form, taken off its object',
    fails: GLOBAL,
    given: () => ({ chain: sloppy('return { on() { return this } }')() }),
    guest: 'const { on } = chain; take(on())',
  },
  {
    id: 'sloppy-this-written-to',
    technique: 'A class in the old style called without `new`: it writes to the global object',
    fails: GLOBAL,
    given: () => ({ Counter: sloppy('this.leakedByCounter = 1') }),
    guest: 'Counter()',
  },
  {
    id: 'sloppy-this-by-a-promise',
    technique: 'The same as a callback of a promise, which has no `this` either',
    fails: GLOBAL,
    given: () => ({ note: sloppy('this.leakedByPromise = 1') }),
    guest: 'Promise.resolve().then(note)',
  },
  {
    id: 'global-object-in-a-field',
    technique: 'The global object where the host has forgotten it, deep in what is passed',
    fails: 'the host’s global object never crosses: an empty object stands for it',
    given: () => ({ plugin: { env: { root: globalThis } } }),
    guest: 'take(plugin.env.root); take(plugin.env.root.process)',
  },
  {
    id: 'function-arguments',
    technique: '`arguments` of a function that is under way, with what others have passed to it',
    fails: 'the property reads as null',
    known: 'SES, vm2',
    given: ({ secret }) => {
      const login = sloppy('key', 'done', 'return done()');
      return { login, start: (done) => login(secret, done) };
    },
    guest: 'start(() => take(String(login.arguments?.[0])))',
  },
  {
    id: 'function-arguments-by-descriptor',
    technique: 'The same by the descriptor of the property',
    fails: 'the descriptor’s value is null',
    given: ({ secret }) => {
      const login = sloppy('key', 'done', 'return done()');
      return { login, start: (done) => login(secret, done) };
    },
    guest: `start(() => take(String(Object.getOwnPropertyDescriptor(login, 'arguments')?.value?.[0])))`,
  },
  {
    id: 'function-caller',
    technique: '`caller`: from a function that was passed to one that was not',
    fails: 'the property reads as null',
    known: 'vm2',
    given: ({ secret }) => {
      const step = sloppy('done', 'return done()');
      const start = sloppy(
        'step',
        'key',
        'return (done) => (function hidden() { return run(key); ' +
          'function run(key) { return step(done); } })()',
      );
      return { step, start: start(step, secret) };
    },
    guest: 'start(() => take(String(step.caller?.arguments?.[0])))',
  },
  {
    id: 'callee-caller-in-a-callback',
    technique: '`arguments.callee.caller` in a callback: the host function that calls it',
    fails: 'the guest’s engine knows of no callers but its own',
    given: ({ secret }) => ({
      each: sloppy('key', 'return (f) => f()')(secret),
      go: sloppy(
        'f',
        `
      const key = '${secret}';
      return (function host(key) { return f(); })(key)`,
      ),
    }),
    guest: 'go(function () { take(String(arguments.callee.caller?.arguments?.[0])); })',
  },
  {
    id: 'source-of-a-host-function',
    technique: 'The text of a host function, by `toString`',
    fails: 'a stand-in’s text says that it is native code',
    given: ({ secret }) => ({ login: Function(`return '${secret}' === arguments[0]`) }),
    guest: 'take(String(login)); take(Function.prototype.toString.call(login)); take("" + login)',
  },
  {
    id: 'source-of-a-host-class',
    technique: 'The text of a host class, by one of its instances',
    fails: 'a stand-in’s text says that it is native code',
    given: ({ secret }) => ({
      client: new (Function(`return class { key() { return '${secret}'.length } }`)())(),
    }),
    guest: 'take(String(client.constructor)); take(String(client.key))',
  },
  {
    id: 'call-and-apply-of-a-host-function',
    technique:
      '`Function.prototype.call` by way of itself, to call what is not meant to be called so',
    fails: '`call`, `apply` and `bind` are the guest’s own',
    given: () => ({ log: (line) => line.length }),
    guest: `
      take(log.call.call.constructor);
      take(log.apply.call(log.constructor, null, ['return process']));
      take(Reflect.apply(log.bind, log.constructor, [null, 'return process'])?.());`,
  },
  {
    id: 'has-instance-of-a-host-class',
    technique: '`Symbol.hasInstance` of a host function: a method of the host’s Function.prototype',
    fails: 'it crosses as the guest’s own',
    given: () => ({ Client: class Client {} }),
    guest: 'take(Client[Symbol.hasInstance].constructor)',
  },
  {
    id: 'eval-passed-on',
    technique: 'The host’s `eval`, where the host passes it on',
    fails: 'intrinsics cross as the guest’s own: this is the guest’s `eval`',
    // biome-ignore lint/security/noGlobalEval: the attack
    given: () => ({ tools: { run: globalThis.eval } }),
    guest: `take(attempt(() => tools.run('process')))`,
  },
  {
    id: 'function-constructor-passed-on',
    technique: 'The host’s `Function`, where the host passes it on',
    fails: 'intrinsics cross as the guest’s own: this is the guest’s `Function`',
    given: () => ({ tools: { Function } }),
    guest: 'take(tools.Function)',
  },
  {
    id: 'reflect-passed-on',
    technique: 'The host’s `Reflect` and `Object`, to look past the policy with them',
    fails: 'intrinsics cross as the guest’s own, which meet the policy like all others',
    given: () => ({ tools: { Reflect, Object }, log: (line) => line.length }),
    guest: `
      take(tools.Reflect.getPrototypeOf(log).constructor);
      take(tools.Object.getOwnPropertyDescriptors(tools.Object.getPrototypeOf(log)).constructor.value);`,
  },
  {
    id: 'function-of-another-realm',
    technique: 'A function of another realm of the host’s process, whose Function is another one',
    fails: 'realms are found by the end of an object’s prototypes, and their intrinsics listed',
    given: () => ({ legacy: require('node:vm').runInNewContext('(line) => line.length') }),
    guest: 'take(legacy.constructor)',
    except: notInVm('that realm’s Function makes code of that realm, without `process`'),
  },
  {
    id: 'global-object-of-another-realm',
    technique: 'The `this` of another realm’s function',
    fails: 'no realm’s global object crosses, and a missing `this` is an empty object',
    given: ({ secret }) => ({
      legacy: require('node:vm').runInNewContext('(function () { return this; })', { secret }),
    }),
    guest: 'take(String(legacy().secret))',
  },
];
