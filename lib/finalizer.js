'use strict';

const native = require('./native.js');

/** After so many new finalizers, forgotten ones are looked for. */
const SWEEP = 64;

/** By number, and not by a WeakRef: that would keep them until the running job is over. */
const finalizers = new native.WeakTable();
let next = 0;

/**
 * The only registry, and never garbage itself: V8 calls no registry of the process any more once
 * it has collected one that had work to do.
 */
const registry = new FinalizationRegistry(({ number, value }) => {
  finalizers.get(number)?.finalize(value);
});

/** Tells its owner, who keeps it, of objects that are gone. */
class Finalizer {
  #number;

  /** @param {(value: unknown) => void} finalize gets what was given for the object */
  constructor(finalize) {
    this.finalize = finalize;
    if (next % SWEEP === 0) finalizers.sweep();
    this.#number = next++;
    finalizers.set(this.#number, this);
  }

  watch(object, value) {
    registry.register(object, { number: this.#number, value });
  }
}

module.exports = { Finalizer };
