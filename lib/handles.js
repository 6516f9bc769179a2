'use strict';

const { Finalizer } = require('./finalizer.js');
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
  #finalizer;
  #release;
  /** What keeps contextified objects: guest values of theirs here, and contexts that have some. */
  #owners = new WeakMap();
  #met = new WeakMap();

  /** The contextified object in whose context guest code is running now. */
  context = undefined;

  /** Told of a contextified object when its context is given values of another one. */
  onMeet = undefined;

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
    this.#finalizer ??= new Finalizer((gone) => this.#collected(gone));
    this.#slots ??= new WeakMap();
    const reference = new WeakRef(standIn);
    this.#finalizer.watch(standIn, slot);
    this.#standIns.set(slot, reference);
    this.#slots.set(standIn, slot);
    if (this.context !== undefined && typeof standIn !== 'symbol') {
      this.#owners.set(standIn, this.context);
    }
    return standIn;
  }

  /** The context that runs now is given a guest value, perhaps of another context. */
  meet(standIn) {
    const owner = this.#owners.get(standIn);
    if (owner === undefined || owner === this.context || this.context === undefined) return;
    let met = this.#met.get(this.context);
    if (met === undefined) {
      met = new Set();
      this.#met.set(this.context, met);
    }
    met.add(owner);
    this.onMeet?.(this.context);
  }

  /** The contextified object whose context the guest value came from. */
  ownerOf(standIn) {
    return this.#owners.get(standIn);
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

module.exports = { HostHandles, GuestHandles, Watched };
