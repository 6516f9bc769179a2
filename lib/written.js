'use strict';

/** What a property takes beside its name and its text, in bytes, about. */
const PROPERTY = 64;
/** As long as there is less of it, nobody looks again. */
const LITTLE = 64 * 1024;
/** So much that it is looked at again before each run. */
const MUCH = 1024 * 1024;

/** What one context's guest has written. */
class Globals {
  /** Bytes by key. */
  sizes = new Map();
  total = 0;
  /** What there was when it was last looked at. */
  seen = 0;

  set(key, size) {
    const change = size - (this.sizes.get(key) ?? 0);
    this.total += change;
    if (size > 0) this.sizes.set(key, size);
    else this.sizes.delete(key);
    return change;
  }
}

/** Its size in the object now; 0 when it is not there. */
function sizeOf(object, key) {
  try {
    const own = Reflect.getOwnPropertyDescriptor(object, key);
    if (own === undefined) return 0;
    const text = typeof own.value === 'string' ? own.value.length : 0;
    return PROPERTY + (typeof key === 'string' ? key.length : 0) + text;
  } catch {
    return 0; // a trap of the host's
  }
}

/**
 * The globals that guests have written, which lie in contextified objects of the host: they count
 * against the guest's memory limit, text included. (Objects are the guest's own in any case.) The
 * host may delete them without a word, so now and then they are looked at again.
 */
class Written {
  #charge;
  #contexts = new Map();

  /** @param {(bytes: number) => void} charge counts bytes against the guest's limit */
  constructor(charge) {
    this.#charge = charge;
  }

  /** The guest has changed these properties of a context's object. */
  note(id, object, changes) {
    let globals = this.#contexts.get(id);
    if (globals === undefined) {
      globals = new Globals();
      this.#contexts.set(id, globals);
    }
    let change = 0;
    for (const { key } of changes) change += globals.set(key, sizeOf(object, key));
    if (change === 0) return;
    this.#charge(change);
    if (globals.total > 2 * globals.seen + LITTLE) this.#look(globals, object);
  }

  /** Something is about to run in the context. */
  check(id, object) {
    const globals = this.#contexts.get(id);
    if (globals !== undefined && globals.total > MUCH) this.#look(globals, object);
  }

  /** The object is gone. */
  forget(id) {
    this.#charge(-(this.#contexts.get(id)?.total ?? 0));
    this.#contexts.delete(id);
  }

  #look(globals, object) {
    let change = 0;
    for (const key of [...globals.sizes.keys()]) change += globals.set(key, sizeOf(object, key));
    this.#charge(change);
    globals.seen = globals.total;
  }
}

module.exports = { Written };
