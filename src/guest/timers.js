// Timers: functions stay here, the clock is the host's event loop. Loaded when one is first
// used, by when guests may have replaced intrinsics: only those handed in are used. mod.rs has
// the order of the functions.
(
  start,
  stop,
  reference,
  report,
  apply,
  NativeNumber,
  numberOf,
  promiseThen,
  NativeTypeError,
  dispose,
  toPrimitive,
) => {
  'use strict';

  // A promise that no constructor of the guest's was asked for.
  const settled = (async () => {})();
  // By number, without a prototype that a guest could reach.
  const timers = { __proto__: null };
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
    const known = timers[id];
    if (known === undefined) return;
    known.cleared = true;
    delete timers[id];
    stop(id);
  };

  const checkCallback = (callback) => {
    if (typeof callback === 'function') return;
    const received = typeof callback;
    const error = new NativeTypeError(
      'The "callback" argument must be of type function. Received ' + received,
    );
    error.code = 'ERR_INVALID_ARG_TYPE';
    throw error;
  };

  // What Node's timers answer with: an object that also serves as a number. Being one, it
  // can cross to the host and come back.
  class Timeout extends NativeNumber {
    #timer;
    #referenced = true;
    constructor(callback, args, delay, repeat) {
      super(++last);
      this.#timer = { callback, args, delay, repeat, cleared: false };
      this.#start();
    }
    #start() {
      const id = apply(numberOf, this, []);
      timers[id] = this.#timer;
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
      if (id in timers) stop(id);
      else if (this.#timer.cleared) return this;
      this.#start();
      return this;
    }
    close() {
      clear(this);
      return this;
    }
    [dispose]() {
      clear(this);
    }
    [toPrimitive]() {
      return apply(numberOf, this, []);
    }
  }

  const startTimer = (callback, args, delay, repeat) => {
    checkCallback(callback);
    return new Timeout(callback, args, delay, repeat);
  };

  return [
    (callback, delay, ...args) => startTimer(callback, args, delayOf(delay), false),
    (callback, delay, ...args) => startTimer(callback, args, delayOf(delay), true),
    (callback, ...args) => startTimer(callback, args, 0, false),
    clear,
    clear,
    clear,
    (callback) => {
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
    // Runs a timer's function.
    (id) => {
      const timer = timers[id];
      if (timer === undefined) return;
      if (!timer.repeat) delete timers[id];
      apply(timer.callback, undefined, timer.args);
    },
  ];
};
