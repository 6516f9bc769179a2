'use strict';

const { service } = require('./wire.js');

/** Host values that the guest holds on to, by slot. */
class HostHandles {
  #values = new Map();
  #slots = new Map();
  #free = [];
  #next = service.END;

  get size() {
    return this.#values.size;
  }

  get(slot) {
    return this.#values.get(slot);
  }

  /** The slot of a value that is there already: the same as long as the guest holds it. */
  slotOf(value) {
    return this.#slots.get(value);
  }

  /** A slot for a value; `entry` is what the table has in its place. */
  keep(value, entry = value) {
    const slot = this.#free.pop() ?? this.#next++;
    this.#values.set(slot, entry);
    this.#slots.set(value, slot);
    return slot;
  }

  release(slot) {
    const entry = this.#values.get(slot);
    if (!this.#values.delete(slot)) return;
    this.#slots.delete(entry instanceof Watched ? entry.promise : entry);
    this.#free.push(slot);
  }

  clear() {
    this.#values.clear();
    this.#slots.clear();
  }
}

/** Stand-ins for guest values, by the guest's slot. Both collectors work on them together. */
class GuestHandles {
  #standIns = new Map();
  #slots;
  #registry;
  #release;

  /** @param {(slot: number) => void} release tells the guest that nobody here needs it any more */
  constructor(release) {
    this.#release = release;
  }

  get size() {
    return this.#standIns.size;
  }

  get(slot) {
    return this.#standIns.get(slot)?.deref();
  }

  set(slot, standIn) {
    // Most sandboxes never hand anything out; what they do not need they do not have.
    this.#registry ??= new FinalizationRegistry((gone) => this.#collected(gone));
    this.#slots ??= new WeakMap();
    const reference = new WeakRef(standIn);
    this.#registry.register(standIn, slot);
    this.#standIns.set(slot, reference);
    this.#slots.set(standIn, slot);
    return standIn;
  }

  /** The guest's slot, if `value` is a stand-in. */
  slotOf(value) {
    return this.#slots?.get(value);
  }

  clear() {
    this.#standIns.clear();
    this.#slots = undefined;
  }

  #collected(slot) {
    // A newer stand-in may have taken the place of the one that went.
    if (this.#standIns.get(slot)?.deref() !== undefined) return;
    if (this.#standIns.delete(slot)) this.#release(slot);
  }
}

/** A host promise in the table: its slot is free only when it is settled, too. */
class Watched {
  constructor(promise) {
    this.promise = promise;
    this.settled = false;
    this.released = false;
  }
}

/** The sandbox that a stand-in belongs to. */
const ownerOf = () => undefined;

module.exports = { HostHandles, GuestHandles, Watched, ownerOf };
