'use strict';

// Contexts: objects of the host whose properties are the globals of a realm of their own. The
// guest's half is src/sandbox/context.rs.

const mailbox = require('./mailbox.js');
const native = require('./native.js');
const { PLAIN, apply, keyOf, lookUp, namesOf, readChanges } = require('./context-object.js');
const { Finalizer } = require('./finalizer.js');
const { invalidArgType } = require('./vm-errors.js');
const { op, names, property } = require('./wire.js');

/** What the guest is told of a run. */
const LATER = 1;
const TRACELESS = 2;

/** After so many new realms, forgotten ones are looked for. */
const SWEEP = 32;

/** An answer to the guest that is not one value. */
class Answer {
  #write;

  constructor(write) {
    this.#write = write;
  }

  write(lower) {
    this.#write(lower);
  }

  // `instanceof` would ask the prototypes of a value that may be the guest's.
  static is(value) {
    return typeof value === 'object' && value !== null && #write in value;
  }
}

/** What is left of a contextified object once it is gone. */
class Remains {
  constructor(id) {
    this.id = id;
    /**
     * Its values, once functions of its context may be held by another one and so outlive it.
     * Weak, for they may refer to it.
     */
    this.values = undefined;
    /** Whether there is a realm to be freed. */
    this.hasRealm = false;
  }

  /** Begins with what the object has now. */
  note(object) {
    if (this.values !== undefined) return;
    this.values = new Map();
    for (const key of Object.keys(object)) {
      this.add(key, Reflect.getOwnPropertyDescriptor(object, key)?.value);
    }
  }

  add(key, value) {
    if ((typeof value === 'object' && value !== null) || typeof value === 'function') {
      this.values?.set(key, new WeakRef(value));
    }
  }
}

/** What is known of a contextified object. Lives as long as that. */
class Context {
  constructor(id) {
    this.id = id;
    this.remains = new Remains(id);
    /** Its names, when the guest was last told. */
    this.names = undefined;
    /** Whether it was given values of another context. */
    this.hasMet = false;
    /** Values of the guest's own that the guest has kept, by the names it put them under. */
    this.kept = new Map();
  }
}

class Contexts {
  #contexts = new WeakMap();
  #objects = new native.WeakTable();
  /** Of all objects, by number. */
  #remains = new Map();
  #finalizer = new Finalizer((id) => this.#gone(id));
  #next = 0;
  /** Realms made since forgotten ones were looked for. */
  #made = 0;
  #owner;

  /**
   * @param {object} owner
   * @param {(code: number, write: Function) => unknown} owner.request
   * @param {() => object | undefined} owner.running in whose context the guest is now
   * @param {(id: number) => void} owner.drop tells the guest that an object is gone
   * @param {(count: number) => void} owner.weigh so many realms have come or gone
   * @param {Written} owner.written what guests have written into objects
   * @param {() => void} owner.relieve has V8 look for forgotten objects, if memory is short
   * @param {(error: unknown) => void} owner.report errors that nobody waits for
   */
  constructor(owner) {
    this.#owner = owner;
  }

  get size() {
    return this.#remains.size;
  }

  create(object = {}, { codeGeneration } = {}) {
    if (this.isContext(object)) return object;
    const context = new Context(this.#next++);
    // A realm it gets when something is run there.
    if (codeGeneration?.strings === false) this.#makeRealm(context, false);
    this.#contexts.set(object, context);
    this.#objects.set(context.id, object);
    this.#remains.set(context.id, context.remains);
    this.#finalizer.watch(object, context.id);
    return object;
  }

  #makeRealm(context, generatesCode) {
    context.keepsRealm = true;
    this.#count(context);
    this.#owner.request(op.CREATE_CONTEXT, () => {
      mailbox.u32(context.id);
      mailbox.byte(generatesCode ? 1 : 0);
    });
  }

  /** Objects may go while no registry is told, because a loop does not come to an end. */
  #count({ remains }) {
    if (remains.hasRealm) return;
    remains.hasRealm = true;
    this.#owner.weigh(1);
    if (++this.#made < Math.max(SWEEP, this.#remains.size / 4)) return;
    this.#made = 0;
    this.#owner.relieve();
    for (const id of this.#objects.sweep()) this.#gone(id);
  }

  /** After a run: whether the context has a realm now. */
  settle(object, hasRealm) {
    const context = this.#contexts.get(object);
    if (!hasRealm) {
      context.names = undefined;
      return;
    }
    this.#count(context);
    if (context.hasMet) context.remains.note(object);
  }

  /** The number of a contextified object that the guest is to be given. */
  given(object) {
    const context = this.#contexts.get(object);
    if (context !== undefined && !context.keepsRealm) this.#makeRealm(context, true);
    return context?.id;
  }

  isContext(object) {
    if ((typeof object !== 'object' && typeof object !== 'function') || object === null) {
      throw invalidArgType('object', 'of type object', object);
    }
    return this.#contexts.has(object);
  }

  assertContext(object) {
    if (!this.#contexts.has(object)) {
      throw invalidArgType('contextifiedObject', 'an vm.Context', object);
    }
  }

  dispose() {
    let realms = 0;
    for (const { hasRealm } of this.#remains.values()) if (hasRealm) realms++;
    this.#owner.weigh(-realms);
    this.#remains.clear();
  }

  idOf(object) {
    return this.#contexts.get(object)?.id;
  }

  object(id) {
    // To ask the table takes ten times as long.
    const running = this.#owner.running();
    if (running !== undefined && this.idOf(running) === id) return running;
    return this.#objects.get(id) ?? undefined;
  }

  /** The context of that object is given values of another one, and may leave some of its own. */
  meet(object) {
    const context = this.#contexts.get(object);
    context.hasMet = true;
    if (context.remains.hasRealm) context.remains.note(object);
  }

  #gone(id) {
    const { values, hasRealm } = this.#remains.get(id) ?? {};
    if (!this.#remains.delete(id)) return;
    this.#owner.written.forget(id);
    this.#objects.delete(id);
    if (!hasRealm) return;
    this.#owner.weigh(-1);
    const left = [...(values ?? [])].filter(([, reference]) => reference.deref() !== undefined);
    if (left.length === 0) return this.#owner.drop(id);
    this.#owner.request(op.DROP_CONTEXT, (lower) => {
      mailbox.u32(id);
      writeCounted(lower, left, ([key, reference]) => {
        lower.value(key);
        mailbox.byte(property.DATA);
        mailbox.byte(PLAIN);
        lower.value(reference.deref());
      });
    });
  }

  /** The start of `op.RUN_IN_CONTEXT`: what the code mentions, or may declare the realm's own of. */
  writeStart(lower, object, { isTraceless, mentions, redeclares }, later) {
    const context = this.#contexts.get(object);
    this.#owner.written.check(context.id, object);
    mailbox.u32(context.id);
    const traceless = isTraceless && !context.keepsRealm && context.kept.size === 0;
    mailbox.byte((later ? LATER : 0) | (traceless ? TRACELESS : 0));
    this.#writeNames(lower, object, context);
    const mentioned = (key) => typeof key === 'string' && mentions(key);
    const keys = Reflect.ownKeys(object).filter(mentioned);
    this.#writeProperties(lower, object, context, [...keys, ...redeclares()]);
  }

  #writeProperties(lower, object, context, keys) {
    writeCounted(lower, keys, (key) => {
      lower.value(key);
      this.#writeProperty(lower, object, context, key);
    });
  }

  /** Answers what the guest asks about an object, or makes the changes it tells of. */
  answer(code, lift, released) {
    const id = mailbox.readU32();
    const object = this.object(id);
    const context = object === undefined ? undefined : this.#contexts.get(object);
    switch (code) {
      case op.CONTEXT_GET: {
        const key = keyOf(lift.value());
        released();
        return new Answer((lower) => {
          if (context === undefined) {
            mailbox.byte(names.UNKNOWN);
            mailbox.byte(property.ABSENT);
          } else {
            this.#writeNames(lower, object, context);
            this.#writeProperty(lower, object, context, key);
          }
        });
      }
      case op.CONTEXT_LIST: {
        released();
        const keys = context === undefined ? [] : Reflect.ownKeys(object);
        return new Answer((lower) => this.#writeProperties(lower, object, context, keys));
      }
      default: {
        const changes = readChanges(lift);
        released();
        if (context !== undefined) this.#change(object, context, changes);
        return new Answer(() => {});
      }
    }
  }

  #writeNames(lower, object, context) {
    const own = namesOf(object);
    if (own === undefined) {
      context.names = undefined;
      return mailbox.byte(names.UNKNOWN);
    }
    const { names: told } = context;
    if (told?.length === own.length && told.every((key, index) => key === own[index])) {
      return mailbox.byte(names.SAME);
    }
    mailbox.byte(names.THESE);
    mailbox.u32(own.length);
    for (const key of own) lower.value(key);
    context.names = own;
  }

  #writeProperty(lower, object, context, key) {
    const found = lookUp(object, key);
    if (found === undefined) return mailbox.byte(property.ABSENT);
    const { descriptor, attributes } = found;
    if (!('value' in descriptor)) {
      mailbox.byte(property.ACCESSOR);
      mailbox.byte(attributes);
      lower.value(descriptor.get);
      return lower.value(descriptor.set);
    }
    const { value } = descriptor;
    if (context.kept.has(key)) {
      if (Object.is(context.kept.get(key), value)) {
        mailbox.byte(property.KEPT);
        return mailbox.byte(attributes);
      }
      context.kept.delete(key);
    }
    context.remains.add(key, value);
    mailbox.byte(property.DATA);
    mailbox.byte(attributes);
    return lower.named(value, String(key));
  }

  #change(object, context, changes) {
    for (const { kind, key, kept, descriptor } of changes) {
      try {
        apply(object, kind, key, descriptor);
        if (kept) context.kept.set(key, descriptor.value);
        else context.kept.delete(key);
      } catch (error) {
        this.#owner.report(error);
      }
    }
    this.#owner.written.note(context.id, object, changes);
  }
}

/** A count, and what `write` writes of those entries that can cross. */
function writeCounted(lower, entries, write) {
  const counted = mailbox.position;
  let count = 0;
  mailbox.u32(0);
  for (const entry of entries) {
    const start = mailbox.position;
    if (lower.tentative(() => write(entry))) count++;
    else mailbox.position = start;
  }
  mailbox.patchU32(counted, count);
}

module.exports = { Contexts, Answer };
