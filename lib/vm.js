'use strict';

// The shape of Node's `vm`. What its contexts are, and which sandbox they lie in, is up to a
// `home`: lib/vm-home.js has one for `quickvm/vm`, and one for a sandbox's own `vm`.

const { SandboxError } = require('./errors.js');
const { constants } = require('./vm-constants.js');
const { invalidArgType, executionTimeout } = require('./vm-errors.js');
const { functionIn } = require('./vm-function.js');
const { measureMemory } = require('./vm-memory.js');
const { scriptClass } = require('./vm-script.js');
const { Source, show } = require('./vm-stack.js');
const options = require('./vm-options.js');

/** A global object to run code on: that of a sandbox's context, or that of the sandbox itself. */
class Realm {
  #sandbox;

  /**
   * @param {Sandbox} sandbox
   * @param {object} [context] none for the sandbox's own global object
   * @param {'now' | 'later'} drain when jobs run: before a run returns, or as microtasks do
   */
  constructor(sandbox, context, drain = 'later') {
    this.#sandbox = sandbox;
    this.context = context;
    this.drain = drain;
  }

  get sandbox() {
    return this.#sandbox;
  }

  /**
   * @param {string | import('./script.js').Script} code
   * @param {Source} source its text
   * @param {Function} below the function of ours that the host called
   */
  run(code, source, { timeout, displayErrors }, below) {
    return this.#as(source, timeout, displayErrors, below, () => {
      const { sandbox, context, drain } = this;
      const { filename, lineOffset, columnOffset } = source;
      const run = { filename, lineOffset, columnOffset, timeout };
      if (context === undefined) return sandbox.run(code, run);
      return sandbox.runInContext(code, context, { ...run, drain });
    });
  }

  /** Compiles `text`, which is `source` in another dress. */
  compile(text, origin, source, below) {
    return this.#as(source, undefined, true, below, () => this.sandbox.compile(text, origin));
  }

  #as(source, timeout, displayErrors, below, act) {
    try {
      return act();
    } catch (error) {
      const stopped = error instanceof SandboxError && error.code === 'ERR_SANDBOX_TIMEOUT';
      if (stopped && error.sandbox === this.sandbox.name) throw executionTimeout(timeout, below);
      show(error, source, displayErrors, below);
      throw error;
    }
  }
}

/**
 * A module of the shape of `node:vm`.
 * @param {object} home
 * @param {(object: object) => Realm | undefined} home.realmOf of a contextified object
 * @param {(object: object, options: object) => object} home.contextify
 * @param {(object: object) => void} home.giveUp ends a context that nobody can use any more
 * @param {() => object} home.vanilla makes a context that is a global object itself
 * @param {() => Realm} home.here where `runInThisContext` runs
 * @param {() => { current?: Sandbox, other: Sandbox[] }} home.sandboxes that of `here`, and the rest
 */
function vmModule(home) {
  const Script = scriptClass({ here: () => home.here(), realmOf, runOnce });

  function isContext(object) {
    options.objectOrArray(object, 'object');
    return home.realmOf(object) !== undefined;
  }

  function realmOf(contextifiedObject) {
    if (isContext(contextifiedObject)) return home.realmOf(contextifiedObject);
    throw invalidArgType('contextifiedObject', 'an vm.Context', contextifiedObject);
  }

  function createContext(contextObject = {}, contextOptions = {}) {
    const vanilla = contextObject === constants.DONT_CONTEXTIFY;
    if (!vanilla && isContext(contextObject)) return contextObject;
    const checked = options.contextOptions(contextOptions);
    return vanilla ? home.vanilla(checked) : home.contextify(contextObject, checked);
  }

  /** Runs text that nobody keeps: it is parsed where it runs, within the limits there. */
  function runText(code, realm, runOptions, below) {
    const { origin } = options.scriptOptions(runOptions);
    const text = `${code}`;
    return realm.run(text, new Source(text, origin), options.runOptions(runOptions), below);
  }

  function runInContext(code, contextifiedObject, runOptions) {
    const realm = realmOf(contextifiedObject);
    return runText(code, realm, { ...options.withFilename(runOptions) }, runInContext);
  }

  function runInNewContext(code, contextObject, runOptions) {
    const run = options.withFilename(runOptions);
    return runOnce(contextObject, options.newContextOptions(run), (context) =>
      runText(code, home.realmOf(context), { ...run }, runInNewContext),
    );
  }

  /** Makes a context for one run, and gives it up at once if that leaves no trace. */
  function runOnce(contextObject, contextOptions, use) {
    const context = createContext(contextObject, contextOptions);
    const result = use(context);
    const isObject = typeof result === 'object' || typeof result === 'function';
    if (contextObject === undefined && !isObject) home.giveUp(context);
    return result;
  }

  function runInThisContext(code, runOptions) {
    const run = options.withFilename(runOptions);
    return runText(code, home.here(), run, runInThisContext);
  }

  function compileFunction(code, params, functionOptions = {}) {
    const checked = options.functionOptions(code, params, functionOptions, isContext);
    const { parsingContext } = checked;
    const realm = parsingContext === undefined ? home.here() : home.realmOf(parsingContext);
    return functionIn(realm, code, params ?? [], checked, compileFunction);
  }

  return {
    Script,
    createContext,
    createScript: (code, scriptOptions) => new Script(code, scriptOptions),
    runInContext,
    runInNewContext,
    runInThisContext,
    isContext,
    compileFunction,
    measureMemory: (measureOptions = {}) => measureMemory(home, measureOptions),
    constants,
  };
}

module.exports = { vmModule, Realm };
