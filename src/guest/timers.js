// Timers: functions stay here, the clock is the host's event loop. Only intrinsics captured
// here are used later, for guests may replace them.
(start, stop, reference, report) => {
  'use strict';

  const { apply } = Reflect;
  const { defineProperty } = Object;
  const numberOf = Number.prototype.valueOf;
  const promiseThen = Promise.prototype.then;
  const mapHas = Map.prototype.has;
  const mapGet = Map.prototype.get;
  const mapSet = Map.prototype.set;
  const mapDelete = Map.prototype.delete;
  const settled = Promise.resolve();
  const timers = new Map();
  let last = 0;

  const delayOf = (value) => {
    const delay = +value;
    return delay >= 1 && delay <= 0x7fffffff ? delay : 1;
  };

  /** A timer's number: of a number, of what `setTimeout` answers, also after a trip to the host. */
  const idOf = (timer) => {
    if (typeof timer === 'number') return timer;
    if (typeof timer === 'string') return +timer;
    if (typeof timer !== 'object' || timer === null) return undefined;
    try {
      return apply(numberOf, timer, []);
    } catch {
      return undefined;
    }
  };

  const clear = (timer) => {
    const id = idOf(timer);
    const known = apply(mapGet, timers, [id]);
    if (known === undefined) return;
    known.cleared = true;
    apply(mapDelete, timers, [id]);
    stop(id);
  };

  const checkCallback = (callback) => {
    if (typeof callback === 'function') return;
    const received = typeof callback;
    const error = new TypeError(
      'The "callback" argument must be of type function. Received ' + received,
    );
    error.code = 'ERR_INVALID_ARG_TYPE';
    throw error;
  };

  // What Node's timers answer with: an object that also serves as a number. Being one, it
  // can cross to the host and come back.
  class Timeout extends Number {
    #timer;
    #referenced = true;
    constructor(callback, args, delay, repeat) {
      super(++last);
      this.#timer = { callback, args, delay, repeat, cleared: false };
      this.#start();
    }
    #start() {
      const id = apply(numberOf, this, []);
      apply(mapSet, timers, [id, this.#timer]);
      start(id, this.#timer.delay, this.#timer.repeat);
      if (!this.#referenced) reference(id, false);
    }
    ref() {
      this.#referenced = true;
      reference(apply(numberOf, this, []), true);
      return this;
    }
    unref() {
      this.#referenced = false;
      reference(apply(numberOf, this, []), false);
      return this;
    }
    hasRef() {
      return this.#referenced;
    }
    refresh() {
      const id = apply(numberOf, this, []);
      // One that has fired starts again, one that was cleared does not.
      if (apply(mapHas, timers, [id])) stop(id);
      else if (this.#timer.cleared) return this;
      this.#start();
      return this;
    }
    close() {
      clear(this);
      return this;
    }
    [Symbol.dispose]() {
      clear(this);
    }
    [Symbol.toPrimitive]() {
      return apply(numberOf, this, []);
    }
  }

  const startTimer = (callback, args, delay, repeat) => {
    checkCallback(callback);
    return new Timeout(callback, args, delay, repeat);
  };

  const globals = {
    setTimeout: (callback, delay, ...args) => startTimer(callback, args, delayOf(delay), false),
    setInterval: (callback, delay, ...args) => startTimer(callback, args, delayOf(delay), true),
    setImmediate: (callback, ...args) => startTimer(callback, args, 0, false),
    clearTimeout: (timer) => clear(timer),
    clearInterval: (timer) => clear(timer),
    clearImmediate: (timer) => clear(timer),
    queueMicrotask: (callback) => {
      checkCallback(callback);
      const run = () => {
        try {
          callback();
        } catch (error) {
          report(error);
        }
      };
      apply(promiseThen, settled, [run]);
    },
  };
  for (const name in globals) {
    defineProperty(globalThis, name, {
      __proto__: null,
      value: globals[name],
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }

  return (id) => {
    const timer = apply(mapGet, timers, [id]);
    if (timer === undefined) return;
    if (!timer.repeat) apply(mapDelete, timers, [id]);
    apply(timer.callback, undefined, timer.args);
  };
};
