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
    this.#slots.delete(Watched.is(entry) ? entry.promise : entry);
    this.#free.push(slot);
  }

  clear() {
    this.#values.clear();
    this.#slots.clear();
  }
}

/** Every stand-in of every sandbox here, with the table and the slot that it belongs to. */
const homes = new WeakMap();

/** Stand-ins for guest values, by the guest's slot. Both collectors work on them together. */
class GuestHandles {
  #standIns = new Map();
  #registry;
  #release;

  /**
   * @param {(slot: number) => void} release tells the guest that nobody here needs it any more
   * @param {object} owner the sandbox
   */
  constructor(release, owner) {
    this.#release = release;
    this.owner = owner;
  }

  get size() {
    return this.#standIns.size;
  }

  get(slot) {
    return this.#standIns.get(slot)?.deref();
  }

  /** @param {{ table: GuestHandles, slot: number }} [home] what `homes` is to have for it */
  set(slot, standIn, home = { table: this, slot }) {
    // Most sandboxes never hand anything out; what they do not need they do not have.
    this.#registry ??= new FinalizationRegistry((gone) => this.#collected(gone));
    this.#registry.register(standIn, slot);
    this.#standIns.set(slot, new WeakRef(standIn));
    homes.set(standIn, home);
    return standIn;
  }

  /** The guest's slot, if `value` is a stand-in. */
  slotOf(value) {
    const home = homes.get(value);
    return home?.table === this ? home.slot : undefined;
  }

  clear() {
    this.#standIns.clear();
  }

  #collected(slot) {
    // A newer stand-in may have taken the place of the one that went.
    if (this.#standIns.get(slot)?.deref() !== undefined) return;
    if (this.#standIns.delete(slot)) this.#release(slot);
  }
}

/** Whether a value stands for one of some guest's. */
const isStandIn = (value) => homes.has(value);

/** The sandbox whose guest a value stands for one of, or undefined. */
const ownerOf = (value) => homes.get(value)?.table.owner;

/** What is known of a stand-in: its table and slot. */
const homeOf = (value) => homes.get(value);

/** A host promise in the table: its slot is free only when it is settled, too. */
class Watched {
  // `instanceof` would ask the prototypes of the host's objects, which may be the guest's.
  #promise;

  static is(entry) {
    return typeof entry === 'object' && #promise in entry;
  }

  get promise() {
    return this.#promise;
  }

  constructor(promise) {
    this.#promise = promise;
    this.settled = false;
    this.released = false;
  }
}

module.exports = { HostHandles, GuestHandles, Watched, isStandIn, ownerOf, homeOf };
