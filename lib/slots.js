'use strict';

/** What there is by slot. Slots are small numbers that are used again, so an array does. */
class Slots {
  #entries = [];
  #size = 0;

  get size() {
    return this.#size;
  }

  get(slot) {
    return this.#entries[slot];
  }

  set(slot, entry) {
    if (this.#entries[slot] === undefined) this.#size++;
    // An array with holes before it would become a dictionary.
    while (this.#entries.length < slot) this.#entries.push(undefined);
    this.#entries[slot] = entry;
  }

  delete(slot) {
    if (this.#entries[slot] === undefined) return false;
    this.#entries[slot] = undefined;
    this.#size--;
    return true;
  }

  clear() {
    this.#entries = [];
    this.#size = 0;
  }
}

module.exports = { Slots };
