'use strict';

// Requests and answers between one guest and its host: who called whom, what is still to be
// settled, and what becomes of it when the guest is stopped.

const mailbox = require('./mailbox.js');
const { Answer } = require('./contexts.js');
const { Late, Lift } = require('./lift.js');
const { Lower } = require('./lower.js');
const { Uncrossable } = require('./uncrossable.js');
const { HostHandles, GuestHandles, Watched } = require('./handles.js');
const { crossingError } = require('./errors.js');
const { nobodyFor } = require('./nobody.js');
const { op, status, service, trap, IDLE } = require('./wire.js');

const STOPS = ['timeout', 'memory', 'terminated', 'fault', 'interrupted'];
/** In place of a slot: it is about no guest value that is kept. */
const NO_SLOT = 0xffffffff;
/** So many bytes of a message make it one that takes long to read. */
const LARGE = 64 * 1024;
const ignore = () => {};
/** What a registered symbol takes beside its key, in bytes, about. */
const REGISTERED = 256;

const CAN_WATCH_SYMBOLS = (() => {
  try {
    return new WeakRef(Symbol('probe')) !== undefined;
  } catch {
    return false;
  }
})();

/** Guest symbols here, for a Node whose collector cannot watch symbols. */
class Symbols {
  #symbols = new Map();
  #slots = new Map();
  get size() {
    return this.#symbols.size;
  }
  get(slot) {
    return this.#symbols.get(slot);
  }
  set(slot, symbol) {
    this.#symbols.set(slot, symbol);
    this.#slots.set(symbol, slot);
    return symbol;
  }
  slotOf(symbol) {
    return this.#slots.get(symbol);
  }
}

/** The sandboxes whose guests are on the stack now, the innermost last. */
const stack = [];

/**
 * One call from outside and all that follows from it: the promises it has handed out are
 * rejected when its continuation, however much later, is stopped. `told` is the error that they
 * were rejected with.
 * @typedef {{ pending: Set<{ reject(error: Error): void }> | undefined, told?: Error }} Task
 */

class Bridge {
  /**
   * @param native the addon's sandbox
   * @param {string} name the sandbox's, for errors
   * @param {object} owner
   * @param {Sandbox} [owner.sandbox]
   * @param {Function[]} owner.services by slot, what the guest's builtins call
   * @param {object} owner.sandbox the sandbox itself
   * @param {Exposures} owner.exposures what it lets its guest see
   * @param {(kind: string, entry?: object) => Error} owner.stopError what a stopped entry throws
   * @param {() => void} owner.ended called when another thread may have ended the sandbox
   * @param {number} owner.memory its limit, in bytes
   * @param {() => void} owner.sweep has forgotten stand-ins looked for
   * @param {(error: Error) => void} owner.condemned called when a stop was for good
   * @param {(event: string, reason: unknown) => void} owner.report errors that nobody waits for
   * @param {(reason: unknown, context?: object) => void} [owner.thrown] sees first what the guest
   *   throws when something of it is used, rather than run
   */
  constructor(native, name, owner) {
    this.native = native;
    this.id = native.id;
    this.name = name;
    this.owner = owner;
    this.host = new HostHandles((slot) => native.release(slot + IDLE));
    this.guest = new GuestHandles(native, owner.sandbox, owner.memory);
    this.exposures = owner.exposures;
    this.symbols = CAN_WATCH_SYMBOLS ? undefined : new Symbols();
    /** Unsettled guest promises handed out here, by the guest's slot. */
    this.deferred = new Map();
    /** The contextified objects, once there are any. */
    this.contexts = undefined;
    /** The task that the running entry belongs to. */
    this.task = undefined;
    /** How long the guest's message is that is being answered, in bytes. */
    this.length = 0;
    /** The registered symbols that the guest has named, as long as it is there. */
    this.registered = undefined;
    this.dispatch = (base, length) => this.#answer(base, length);
  }

  /** Whether nobody here has anything of the guest's, or waits for it. */
  get isIdle() {
    return this.guest.size === 0 && this.deferred.size === 0 && !this.symbols?.size;
  }

  /**
   * Sends a request and answers its value, or throws what the guest threw.
   * @param {number} code one of `op`
   * @param {{ timeout: number, filename?: string, task?: Task }} entry its time in ms, the file
   *   it runs, and what it continues
   * @param {(lower: Lower) => void} write writes what the request consists of
   */
  request(code, entry, write) {
    const base = mailbox.position;
    // Nothing else is on its way.
    if (base === 0 && this.guest.isCrowded) this.owner.sweep();
    const lower = new Lower(this);
    const outer = this.task;
    const task = outer ?? entry.task ?? { pending: undefined };
    // From here on: promises on their way in belong to this call, too.
    this.task = task;
    const within = this.guest.context;
    this.guest.context = entry.context;
    try {
      mailbox.byte(code);
      mailbox.f64(entry.timeout);
      write(lower);
    } catch (error) {
      lower.rollBack();
      mailbox.position = base;
      this.task = outer;
      this.guest.context = within;
      throw this.#crossing(error);
    }
    const length = mailbox.position - base;
    mailbox.position = base;
    stack.push(this.owner.sandbox);
    try {
      const reply = mailbox.enter(this.id, base, length, this.dispatch);
      mailbox.receive(base, reply);
      return this.#reply(this.#lift(reply), task, outer === undefined, entry);
    } catch (error) {
      if (!Late.is(error)) throw error;
      this.native.takeBack();
      throw this.#stopped(STOPS[0], task, outer === undefined, entry);
    } finally {
      stack.pop();
      this.task = outer;
      this.guest.context = within;
      mailbox.shrink();
    }
  }

  /** What reads a message of that length. */
  #lift(length) {
    const lift = new Lift(this);
    if (length > LARGE) lift.until = performance.now() + this.native.timeToRead();
    return lift;
  }

  #reply(lift, task, outermost, entry) {
    const kind = mailbox.readByte();
    switch (kind) {
      case status.RETURN: {
        const value = lift.value();
        this.#released();
        return value;
      }
      case status.THROW: {
        const reason = lift.value();
        this.#released();
        if (entry.filename === undefined) this.owner.thrown?.(reason, entry.context);
        throw reason;
      }
      case status.STOP: {
        const kind = STOPS[mailbox.readByte()];
        const signal = kind === 'fault' ? mailbox.readByte() : undefined;
        this.#released();
        throw this.#stopped(kind, task, outermost, entry, signal);
      }
      default: {
        const error = crossingError(this.name, mailbox.readString(), mailbox.readString());
        this.#released();
        throw error;
      }
    }
  }

  /** Makes the error of a stopped entry, and has those told who wait for it. */
  #stopped(kind, task, outermost, entry, signal) {
    if (kind === 'terminated') this.owner.ended();
    const error = this.owner.stopError(kind, entry, signal);
    const condemned = this.native.isCondemned();
    if (outermost || condemned) this.#abandon(task, error);
    if (condemned) this.owner.condemned(error);
    return error;
  }

  /** The guest's collector has been at work: forget what only the guest needed. */
  #released() {
    for (let count = mailbox.readU32(); count > 0; count--) {
      const slot = mailbox.readU32();
      if (slot >= IDLE) {
        this.host.weaken(slot - IDLE);
        continue;
      }
      const value = this.host.get(slot);
      if (Watched.is(value) && !value.settled) value.released = true;
      else this.host.release(slot);
    }
  }

  #abandon(task, error) {
    const { pending } = task;
    task.pending = undefined;
    if (pending?.size > 0) task.told = error;
    for (const deferred of pending ?? []) deferred.reject(error);
  }

  /** Answers a request of the guest. Never throws: there is no JavaScript above it. */
  #answer(base, length) {
    const outer = mailbox.position;
    mailbox.position = base;
    const lower = new Lower(this);
    let end = base;
    try {
      let code = status.RETURN;
      let value;
      try {
        this.length = mailbox.receive(base, length);
        value = this.#perform(this.#lift(length));
      } catch (error) {
        code = status.THROW;
        // The guest is about to be stopped.
        if (Late.is(error)) this.native.takeBack();
        else value = error;
      }
      this.#write(lower, code, value);
      end = mailbox.position;
    } catch {
      // Out of stack, most likely. The guest sees a call that failed.
      end = base;
    }
    mailbox.position = outer;
    return end - base;
  }

  #write(lower, code, value) {
    const start = mailbox.position;
    try {
      mailbox.byte(code);
      if (Answer.is(value)) value.write(lower);
      else lower.named(value, 'result');
    } catch (error) {
      lower.rollBack();
      mailbox.position = start;
      mailbox.byte(status.THROW);
      new Lower(this).value(this.#crossing(error));
    }
  }

  #perform(lift) {
    const code = mailbox.readByte();
    switch (code) {
      case op.CALL:
        return this.#called(lift);
      case op.REFLECT:
        return this.#reflect(lift);
      case op.CONTEXT_GET:
      case op.CONTEXT_LIST:
      case op.CONTEXT_CHANGE:
        return this.contexts.answer(code, lift, () => this.#released());
      case op.SETTLE: {
        const slot = mailbox.readU32();
        const fulfilled = mailbox.readByte() !== 0;
        const value = lift.value();
        this.#released();
        this.#settle(slot, fulfilled, value);
        return undefined;
      }
      case op.UNHANDLED: {
        const reason = lift.value();
        this.#released();
        this.owner.report('unhandledRejection', reason);
        return undefined;
      }
      default: {
        const slot = mailbox.readU32();
        const error = crossingError(this.name, mailbox.readString(), mailbox.readString());
        this.#released();
        if (slot === NO_SLOT) throw error;
        this.#settle(slot, false, error);
        return undefined;
      }
    }
  }

  #called(lift) {
    const slot = mailbox.readU32();
    const constructing = mailbox.readByte() !== 0;
    const receiver = lift.value();
    const args = lift.values();
    this.#released();
    if (slot < service.END) return this.owner.services[slot](...args);
    const target = this.host.get(slot);
    this.exposures.assertNotRevoked(target, this.name);
    if (!constructing) return Reflect.apply(target, receiver ?? nobodyFor(target, receiver), args);
    const derived = receiver !== undefined && this.exposures.allowsDerived(target);
    const made = Reflect.construct(target, args, derived ? receiver : target);
    if (derived) this.guest.adopt(made, receiver);
    return made;
  }

  #reflect(lift) {
    const slot = mailbox.readU32();
    const number = mailbox.readByte();
    const args = lift.values();
    this.#released();
    const target = this.host.get(slot);
    this.exposures.assertNotRevoked(target, this.name);
    const result = this.exposures.reflect(target, number, args);
    const isRecord = number === trap.getOwnPropertyDescriptor || number === trap.ownKeys;
    return isRecord ? new Answer((lower) => lower.record(result)) : result;
  }

  #settle(slot, fulfilled, value) {
    // The promise may settle before the message that hands it out has been read.
    this.guestPromise(slot);
    const deferred = this.deferred.get(slot);
    if (deferred === undefined) return;
    if (fulfilled) deferred.resolve(value);
    else deferred.reject(value);
  }

  /** The promise that stands for the guest's in `slot`. */
  guestPromise(slot) {
    const known = this.guest.get(slot);
    if (known !== undefined) return known;
    const { task } = this;
    const deferred = {};
    const promise = new Promise((resolve, reject) => {
      const finish = (how) => (value) => {
        this.deferred.delete(slot);
        task?.pending?.delete(deferred);
        how(value);
      };
      deferred.resolve = finish(resolve);
      deferred.reject = finish(reject);
    });
    // A guest must not be able to end the process by a rejection that nobody here asked for.
    promise.catch(ignore);
    this.deferred.set(slot, deferred);
    if (task !== undefined) {
      task.pending ??= new Set();
      task.pending.add(deferred);
    }
    return this.guest.set(slot, promise);
  }

  /** A symbol of the host's registry, from where none ever goes: the guest pays for its own. */
  registeredSymbol(key) {
    this.registered ??= new Set();
    if (!this.registered.has(key)) {
      this.registered.add(key);
      this.native.charge(2 * key.length + REGISTERED);
    }
    return Symbol.for(key);
  }

  guestSymbol(slot, description) {
    if (slot === NO_SLOT) return Symbol(description);
    const known = this.guest.get(slot) ?? this.symbols?.get(slot);
    if (known !== undefined) return known;
    return (this.symbols ?? this.guest).set(slot, Symbol(description));
  }

  /** Settles the guest's twin of a host promise once the promise is settled. */
  watch(slot, watched) {
    // Its continuation belongs to the call that it was handed out in.
    const { task } = this;
    const { context } = this.guest;
    const settle = (fulfilled) => (value) => {
      // Unless the message was never sent, or the sandbox is gone.
      if (this.host.get(slot) !== watched) return;
      this.owner.settle(slot, fulfilled, value, task, context);
      watched.settled = true;
      if (watched.released) this.host.release(slot);
    };
    Promise.prototype.then.call(watched.promise, settle(true), settle(false));
  }

  #crossing(error) {
    return Uncrossable.is(error) ? crossingError(this.name, error.path, error.what) : error;
  }

  /** Lets go of everything; what is still unsettled is rejected with what `makeError` makes. */
  dispose(makeError) {
    if (this.deferred.size > 0) {
      const error = makeError();
      for (const deferred of [...this.deferred.values()]) deferred.reject(error);
    }
    this.host.clear();
    this.guest.clear();
  }
}

module.exports = { Bridge, running: () => stack };
