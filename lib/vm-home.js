'use strict';

// Which sandbox a context lies in: one for each group of contexts that share objects for
// `quickvm/vm`, always the same one for a sandbox's own `vm`.

const { isProxy } = require('node:util/types');
const { running } = require('./bridge.js');
const { optionsError } = require('./errors.js');
const { ownerOf } = require('./handles.js');
const { channel } = require('./mailbox.js');
const { sandboxOptions } = require('./options.js');
const { Sandbox } = require('./sandbox.js');
const { Realm, vmModule } = require('./vm.js');

/** As near to a context of Node's `vm` as a sandbox can be; a deadline is the caller's to set. */
const OPTIONS = {
  name: 'vm',
  policy: 'transparent',
  timeout: 0,
  console: false,
  builtins: false,
  memoryLimitMb: 64,
};

/** Takes from a sandbox's own global object what Node's contexts have not. */
const BARE = `for (const name of ['queueMicrotask', 'DOMException', 'btoa', 'atob', 'performance']) {
  delete globalThis[name];
}`;

/** Those of a sandbox's options that a program may change. */
const LIMITS = ['memoryLimitMb', 'stackLimitKb', 'timeout'];

const drainOf = ({ microtaskMode }) => (microtaskMode === 'afterEvaluate' ? 'now' : 'later');

/** An object, the values of its own data properties, and the elements of arrays among them. */
function* valuesIn(object) {
  yield object;
  if (isProxy(object)) return; // its handler is not to know of this
  for (const key of Reflect.ownKeys(object)) {
    const value = Reflect.getOwnPropertyDescriptor(object, key)?.value;
    yield value;
    if (Array.isArray(value) && ownerOf(value) === undefined) yield* value;
  }
}

/** The sandbox that a value belongs to, by itself or by what it inherits from. */
function sandboxOf(value) {
  const inherits = (typeof value === 'object' && value !== null) || typeof value === 'function';
  for (let each = inherits ? value : null; each !== null; each = Reflect.getPrototypeOf(each)) {
    const owner = ownerOf(each);
    if (owner !== undefined || isProxy(each)) return owner;
  }
  return undefined;
}

class SharedHome {
  #realms = new WeakMap();
  /** The sandboxes of this module. */
  #own = new WeakSet();
  /** Contexts for which one was made. */
  #first = new WeakSet();
  #here;
  #options = OPTIONS;

  /** Limits of the sandboxes that are made from now on. */
  configure(limits) {
    const unknown = Object.keys(limits).find((name) => !LIMITS.includes(name));
    if (unknown !== undefined) {
      throw optionsError(`unknown option '${unknown}' (configure's are ${LIMITS.join(', ')})`);
    }
    const options = { ...this.#options, ...limits };
    sandboxOptions(options);
    this.#options = options;
  }

  realmOf(object) {
    return this.#realms.get(object);
  }

  contextify(object, options) {
    const group = this.#groupOf(object);
    const sandbox = group ?? this.#sandbox();
    sandbox.createContext(object, { codeGeneration: { strings: options.strings } });
    this.#realms.set(object, new Realm(sandbox, object, drainOf(options)));
    if (group === undefined) this.#first.add(object);
    return object;
  }

  giveUp(object) {
    // The sandbox of another group lives on.
    if (this.#first.has(object)) this.#realms.get(object).sandbox.dispose();
    this.#realms.delete(object);
  }

  vanilla(options) {
    const sandbox = this.#sandbox();
    sandbox.run(BARE);
    const object = sandbox.globalThis;
    this.#realms.set(object, new Realm(sandbox, undefined, drainOf(options)));
    return object;
  }

  here() {
    if (this.#here === undefined) {
      const sandbox = this.#sandbox();
      sandbox.createContext(globalThis);
      this.#here = new Realm(sandbox, globalThis);
    }
    return this.#here;
  }

  sandboxes() {
    const current = this.#here?.sandbox;
    const others = (each) => this.#own.has(each) && each !== current;
    return { current, other: channel.owners().filter(others) };
  }

  #sandbox() {
    const sandbox = new Sandbox(this.#options);
    this.#own.add(sandbox);
    return sandbox;
  }

  #groupOf(object) {
    const usable = (each) => this.#own.has(each) && each.state === 'active';
    const caller = running().findLast(usable);
    if (caller !== undefined) return caller;
    for (const value of valuesIn(object)) {
      const sandbox = sandboxOf(value);
      if (sandbox !== undefined && usable(sandbox)) return sandbox;
    }
    return undefined;
  }
}

/** All contexts in one sandbox, whose own global object is what `runInThisContext` runs on. */
class SandboxHome {
  #sandbox;
  #realms = new WeakMap();

  constructor(sandbox) {
    this.#sandbox = sandbox;
  }

  realmOf(object) {
    const known = this.#realms.get(object);
    if (known !== undefined || !this.#sandbox.isContext(object)) return known;
    return this.#remember(object, {});
  }

  contextify(object, options) {
    this.#sandbox.createContext(object, { codeGeneration: { strings: options.strings } });
    this.#remember(object, options);
    return object;
  }

  giveUp() {}

  vanilla() {
    throw optionsError("DONT_CONTEXTIFY makes a sandbox of its own: take it from 'quickvm/vm'");
  }

  here() {
    return new Realm(this.#sandbox);
  }

  sandboxes() {
    return { current: this.#sandbox, other: [] };
  }

  #remember(object, options) {
    const realm = new Realm(this.#sandbox, object, drainOf(options));
    this.#realms.set(object, realm);
    return realm;
  }
}

const shared = new SharedHome();

module.exports = {
  vm: { ...vmModule(shared), configure: (limits) => shared.configure(limits) },
  vmOf: (sandbox) => vmModule(new SandboxHome(sandbox)),
};
