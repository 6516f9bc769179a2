'use strict';

// Which sandbox a context lies in: one for each group of contexts that share objects for
// `quickvm/vm`, always the same one for a sandbox's own `vm`.

const { isProxy } = require('node:util/types');
const { running } = require('./bridge.js');
const { optionsError } = require('./errors.js');
const { Finalizer } = require('./finalizer.js');
const { ownerOf } = require('./handles.js');
const { channel } = require('./mailbox.js');
const { forContexts, onThrown, sandboxOptions } = require('./options.js');
const { Sandbox } = require('./sandbox.js');
const { looksTraceless } = require('./source.js');
const { Realm, vmModule } = require('./vm.js');
const { showCalled } = require('./vm-stack.js');

/** As near to a context of Node's `vm` as a sandbox can be; a deadline is the caller's to set. */
const OPTIONS = {
  name: 'vm',
  policy: 'transparent',
  timeout: 0,
  console: false,
  builtins: false,
  memoryLimitMb: 64,
  [onThrown]: (error, context) => showCalled(error, context === globalThis),
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

/**
 * A context that shares nothing with others: in a sandbox of its own, which it gives up if its first
 * run has left nothing there. Most have no second one; those that have keep it then.
 */
class LooseRealm extends Realm {
  #home;
  #strings;
  #sandbox;
  #isOwn;
  #hasRun = false;

  /**
   * @param {object} home
   * @param {() => Sandbox} home.make
   * @param {(object: object) => Sandbox | undefined} home.groupOf with which an object shares
   *   something
   * @param {() => void} home.settled called when it has got its sandbox, or needs none any more
   */
  constructor(home, object, options) {
    super(undefined, object, drainOf(options));
    this.#home = home;
    this.#strings = options.strings;
  }

  get sandbox() {
    if (this.#sandbox === undefined) {
      // It may have been given something since it was made.
      const { groupOf, make, settled } = this.#home;
      const group = groupOf(this.context);
      this.#isOwn = group === undefined;
      this.#sandbox = group ?? make();
      settled();
      this.#sandbox.createContext(this.context, { codeGeneration: { strings: this.#strings } });
    }
    return this.#sandbox;
  }

  run(code, source, options, below) {
    const isFirst = !this.#hasRun;
    this.#hasRun = true;
    const result = super.run(code, source, options, below);
    if (isFirst && looksTraceless(source.code) && this.#isUnused()) this.giveUp();
    return result;
  }

  giveUp() {
    // The sandbox of a group lives on.
    if (this.#isOwn) this.#sandbox?.dispose();
    this.#sandbox = undefined;
    this.#home.settled();
  }

  #isUnused() {
    if (!this.#isOwn) return false;
    return !running().includes(this.#sandbox) && Sandbox.isUnused(this.#sandbox);
  }
}

class SharedHome {
  #realms = new WeakMap();
  /** The sandboxes of this module. */
  #own = new WeakSet();
  #here;
  #options = OPTIONS;
  #looseOptions = { ...OPTIONS, [forContexts]: true };
  /** Numbers of the contexts that lie in no sandbox, for nothing has run there. */
  #unsettled = new Set();
  #finalizer = new Finalizer((number) => this.#unsettled.delete(number));
  #next = 0;

  /** Limits of the sandboxes that are made from now on. */
  configure(limits) {
    const unknown = Object.keys(limits).find((name) => !LIMITS.includes(name));
    if (unknown !== undefined) {
      throw optionsError(`unknown option '${unknown}' (configure's are ${LIMITS.join(', ')})`);
    }
    const options = { ...this.#options, ...limits };
    sandboxOptions(options);
    this.#options = options;
    this.#looseOptions = { ...options, [forContexts]: true };
  }

  realmOf(object) {
    return this.#realms.get(object);
  }

  contextify(object, options) {
    const caller = running().findLast((each) => this.#isUsable(each));
    const group = caller ?? this.#groupOf(object);
    if (group === undefined) {
      this.#realms.set(object, this.#loose(object, options));
    } else {
      group.createContext(object, { codeGeneration: { strings: options.strings } });
      this.#realms.set(object, new Realm(group, object, drainOf(options)));
    }
    return object;
  }

  #loose(object, options) {
    const limits = this.#looseOptions;
    const number = this.#next++;
    const home = {
      make: () => this.#sandbox(limits),
      groupOf: (each) => this.#groupOf(each),
      settled: () => this.#unsettled.delete(number),
    };
    const realm = new LooseRealm(home, object, options);
    this.#unsettled.add(number);
    this.#finalizer.watch(realm, number);
    return realm;
  }

  giveUp(object) {
    const realm = this.#realms.get(object);
    if (realm instanceof LooseRealm) realm.giveUp();
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
    const unsettled = this.#unsettled.size;
    return { current, other: channel.owners().filter(others), unsettled };
  }

  #sandbox(options = this.#options) {
    const sandbox = new Sandbox(options);
    this.#own.add(sandbox);
    return sandbox;
  }

  /** The sandbox of a guest's value that the object has. */
  #groupOf(object) {
    for (const value of valuesIn(object)) {
      const sandbox = sandboxOf(value);
      if (sandbox !== undefined && this.#isUsable(sandbox)) return sandbox;
    }
    return undefined;
  }

  #isUsable(sandbox) {
    return this.#own.has(sandbox) && sandbox.state === 'active';
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
    return { current: this.#sandbox, other: [], unsettled: 0 };
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
