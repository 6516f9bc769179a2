'use strict';

/**
 * The only registry, and never garbage itself: V8 calls no registry of the process any more once
 * it has collected one that had work to do.
 */
const registry = new FinalizationRegistry(({ finalizer, value }) => {
  finalizer.deref()?.finalize(value);
});

/** Tells its owner, who keeps it, of objects that are gone. */
class Finalizer {
  #self = new WeakRef(this);

  /** @param {(value: unknown) => void} finalize gets what was given for the object */
  constructor(finalize) {
    this.finalize = finalize;
  }

  watch(object, value) {
    registry.register(object, { finalizer: this.#self, value });
  }
}

module.exports = { Finalizer };
