'use strict';

// Not the global one, which test frameworks replace.
const { setImmediate } = require('node:timers');
const { Finalizer } = require('./finalizer.js');
const native = require('./native.js');
const { Slots } = require('./slots.js');
const { service } = require('./wire.js');

/** Host values that the guest holds on to, by slot. */
class HostHandles {
  #values = new Slots();
  #slots = new Map();
  #free = [];
  #next = service.END;
  /** Values that live only as long as the host holds on to them, too. */
  #weak;
  #weakSlots;
  #finalizer;
  #gone;

  /** @param {(slot: number) => void} gone tells the guest of such a value that is no more */
  constructor(gone) {
    this.#gone = gone;
  }

  get size() {
    return this.#values.size;
  }

  get(slot) {
    return this.#values.get(slot) ?? this.#weak?.get(slot)?.deref();
  }

  /** The slot of a value that is there already: the same as long as the guest holds it. */
  slotOf(value) {
    return this.#slots.get(value) ?? this.#weakSlots?.get(value);
  }

  /** The guest only keeps what stands for the value. */
  weaken(slot) {
    const value = this.#values.get(slot);
    if (value === undefined) return;
    this.#weak ??= new Map();
    this.#weakSlots ??= new WeakMap();
    this.#finalizer ??= new Finalizer((gone) => this.#collected(gone));
    if (this.#weakSlots.get(value) !== slot) this.#finalizer.watch(value, slot);
    this.#weak.set(slot, new WeakRef(value));
    this.#weakSlots.set(value, slot);
    this.#values.delete(slot);
    this.#slots.delete(value);
  }

  /** The guest gets the value again. */
  strengthen(slot, value) {
    if (!this.#weak?.delete(slot)) return;
    this.#values.set(slot, value);
    this.#slots.set(value, slot);
  }

  #collected(slot) {
    const reference = this.#weak?.get(slot);
    if (reference === undefined || reference.deref() !== undefined) return;
    this.#weak.delete(slot);
    this.#free.push(slot);
    this.#gone(slot);
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
    this.#weak?.clear();
    this.#weakSlots = undefined;
  }
}

/** Every stand-in of every sandbox here, with the table and the slot that it belongs to. */
const homes = new WeakMap();

/**
 * What V8's collector is told that a stand-in weighs, in bytes: what is behind it on both sides, and
 * so much that it looks for forgotten ones (every 64 MB) before they are a hundred thousand.
 */
const WEIGHT = 1024;
/** It is told of so many at a time. */
const BATCH = 1024;

/**
 * V8 keeps the target of a WeakRef until the running job is over, and calls no registry before. So
 * after so many in one turn of the event loop, stand-ins are held by weak references of Node-API
 * instead, which take longer to make, and those that are gone are looked for.
 */
const MOST_PINNED = 1024;
/** After so many more of them, or what would take that part of the guest's memory. */
const SWEEP = 8192;
const PART = 1 / 4;
/** What one takes of the guest's memory, in bytes, at least. */
const SIZE = 640;
const LOOSE = Symbol('loose');

/** Stand-ins for guest values, by the guest's slot. Both collectors work on them together. */
class GuestHandles {
  /** By slot: a WeakRef, or what says that `#loose` has it. */
  #standIns = new Map();
  #finalizer;
  #native;
  /** How many V8 was told of. */
  #weighed = 0;
  /** How many were made in this turn of the event loop. */
  #fresh = 0;
  #loose;
  /** How many of those are to be there when it is time to look. */
  #sweepAt;
  #sweepAfter;
  #looseCount = 0;
  /** What keeps contextified objects: guest values of theirs here, and contexts that have some. */
  #owners = new WeakMap();
  #met = new WeakMap();

  /** The contextified object in whose context guest code is running now. */
  context = undefined;

  /** Told of a contextified object when its context is given values of another one. */
  onMeet = undefined;

  /**
   * @param addon the addon's sandbox, which is told of what nobody here needs any more
   * @param {object} owner the sandbox
   * @param {number} memory its limit, in bytes
   */
  constructor(addon, owner, memory) {
    this.#native = addon;
    this.#sweepAfter = Math.min(SWEEP, (memory * PART) / SIZE);
    this.#sweepAt = this.#sweepAfter;
    this.owner = owner;
  }

  get size() {
    return this.#standIns.size;
  }

  get(slot) {
    const entry = this.#standIns.get(slot);
    return entry === LOOSE ? (this.#loose.get(slot) ?? undefined) : entry?.deref();
  }

  /** @param {{ table: GuestHandles, slot: number }} [home] what `homes` is to have for it */
  set(slot, standIn, home = { table: this, slot }) {
    // Most sandboxes never hand anything out; what they do not need they do not have.
    this.#finalizer ??= new Finalizer((gone) => this.#collected(gone));
    this.#finalizer.watch(standIn, slot);
    this.#standIns.set(slot, this.#reference(slot, standIn));
    homes.set(standIn, home);
    if (this.size - this.#weighed >= BATCH) this.#weigh(BATCH);
    if (this.context !== undefined && typeof standIn !== 'symbol') {
      this.#owners.set(standIn, this.context);
    }
    return standIn;
  }

  #reference(slot, standIn) {
    if (this.#fresh === 0) setImmediate(() => this.#turned()).unref();
    // Of symbols Node-API has no such references.
    if (++this.#fresh <= MOST_PINNED || typeof standIn === 'symbol') return new WeakRef(standIn);
    this.#loose ??= new native.WeakTable();
    this.#loose.set(slot, standIn);
    this.#looseCount++;
    return LOOSE;
  }

  #turned() {
    this.#fresh = 0;
  }

  /** Whether it is time to look for stand-ins that are gone. */
  get isCrowded() {
    return this.#looseCount >= this.#sweepAt;
  }

  /** Looks for them. No message may be on its way: it could name one of their slots. */
  sweep() {
    for (const slot of this.#loose.sweep()) this.#collected(slot);
    this.#looseCount = this.#loose.size;
    this.#sweepAt = this.#looseCount + Math.max(this.#sweepAfter, this.#looseCount / 4);
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

  /** What a class of the host made for one of the guest's needs that one's context as well. */
  adopt(made, standIn) {
    const owner = this.#owners.get(standIn);
    if (owner !== undefined) this.#owners.set(made, owner);
  }

  /** The contextified object whose context the guest value came from. */
  ownerOf(standIn) {
    return this.#owners.get(standIn);
  }

  /** The guest's slot, if `value` is a stand-in. */
  slotOf(value) {
    const home = homes.get(value);
    return home?.table === this ? home.slot : undefined;
  }

  clear() {
    this.#standIns.clear();
    this.#loose = undefined;
    this.#looseCount = 0;
  }

  #collected(slot) {
    // A newer stand-in may have taken the place of the one that went.
    if (this.get(slot) !== undefined) return;
    if (!this.#standIns.delete(slot)) return;
    this.#native.release(slot);
    if (this.#weighed - this.size >= BATCH) this.#weigh(-BATCH);
  }

  #weigh(count) {
    this.#weighed += count;
    this.#native.weigh(count * WEIGHT);
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
