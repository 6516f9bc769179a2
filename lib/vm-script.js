'use strict';

const { Script: Compiled } = require('./script.js');
const { scriptOptions, runOptions, newContextOptions } = require('./vm-options.js');
const { Source, show } = require('./vm-stack.js');

/** Its value is what follows the last such comment; none if that is not one word. */
function sourceMapURL(code) {
  const comment = /(?:^|[\s;})\]])\/\/[#@][ \t]sourceMappingURL=[ \t]*([^\n\r\u2028\u2029]*)/g;
  const value = [...code.matchAll(comment)].at(-1)?.[1].trimEnd();
  return value && !/\s/.test(value) ? value : undefined;
}

/**
 * The class `Script` of a `vm` module.
 * @param {object} contexts the module's
 * @param {() => Realm} contexts.here
 * @param {(contextifiedObject: object) => Realm} contexts.realmOf throws if it is no context
 * @param {Function} contexts.runOnce
 */
function scriptClass(contexts) {
  return class Script {
    #source;
    #compiled;

    constructor(code, options = {}) {
      const text = `${code}`;
      const { origin, cachedData, produceCachedData } = scriptOptions(options);
      this.#source = new Source(text, origin);
      try {
        this.#compiled = new Compiled(text, { ...origin, cachedData });
      } catch (error) {
        show(error, this.#source, true, Script);
        throw error;
      }
      if (cachedData !== undefined) this.cachedDataRejected = this.#compiled.cachedDataRejected;
      if (produceCachedData) {
        this.cachedData = this.createCachedData();
        this.cachedDataProduced = true;
      }
      this.sourceMapURL = sourceMapURL(text);
    }

    runInThisContext(options) {
      return this.#run(contexts.here(), options, Script.prototype.runInThisContext);
    }

    runInContext(contextifiedObject, options) {
      const realm = contexts.realmOf(contextifiedObject);
      return this.#run(realm, options, Script.prototype.runInContext);
    }

    runInNewContext(contextObject, options) {
      return contexts.runOnce(contextObject, newContextOptions(options), (context) =>
        this.runInContext(context, options),
      );
    }

    #run(realm, options, below) {
      return realm.run(this.#compiled, this.#source, runOptions(options), below);
    }

    createCachedData() {
      return this.#compiled.createCachedData();
    }
  };
}

module.exports = { scriptClass };
