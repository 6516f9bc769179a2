// Timers: functions stay here, the clock is the host's event loop.
((start, stop, reference) => {
  'use strict';

  const { apply } = Reflect;
  const timers = new Map();
  const mapGet = Map.prototype.get;
  const mapSet = Map.prototype.set;
  const mapDelete = Map.prototype.delete;
  const promiseThen = Promise.prototype.then;
  const settled = Promise.resolve();
  const { valueOf } = Number.prototype;
  let last = 0;

  const delayOf = (value) => {
    const delay = +value;
    return delay >= 1 && delay <= 0x7fffffff ? delay : 1;
  };
  const clear = (timer) => {
    if (timer === undefined || timer === null) return;
    const id = +timer;
    if (apply(mapDelete, timers, [id])) stop(id);
  };

  // What Node's timers answer with: an object that also serves as a number. Being one, it
  // can cross to the host and come back.
  class Timeout extends Number {
    #delay;
    #repeat;
    #referenced = true;
    constructor(callback, args, delay, repeat) {
      super(++last);
      this.#delay = delay;
      this.#repeat = repeat;
      apply(mapSet, timers, [last, { callback, args, repeat }]);
      start(last, delay, repeat);
    }
    ref() {
      this.#referenced = true;
      reference(+this, true);
      return this;
    }
    unref() {
      this.#referenced = false;
      reference(+this, false);
      return this;
    }
    hasRef() {
      return this.#referenced;
    }
    refresh() {
      if (apply(mapGet, timers, [+this]) !== undefined) {
        stop(+this);
        start(+this, this.#delay, this.#repeat);
      }
      return this;
    }
    close() {
      clear(this);
      return this;
    }
    [Symbol.toPrimitive]() {
      return apply(valueOf, this, []);
    }
  }
  const startTimer = (callback, args, delay, repeat) => {
    if (typeof callback !== 'function') {
      const error = new TypeError(
        `The "callback" argument must be of type function. Received ${typeof callback}`,
      );
      error.code = 'ERR_INVALID_ARG_TYPE';
      throw error;
    }
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
      if (typeof callback !== 'function') {
        const error = new TypeError(
          `The "callback" argument must be of type function. Received ${typeof callback}`,
        );
        error.code = 'ERR_INVALID_ARG_TYPE';
        throw error;
      }
      apply(promiseThen, settled, [() => void callback()]);
    },
  };
  for (const name in globals) {
    Object.defineProperty(globalThis, name, {
      value: globals[name], writable: true, enumerable: true, configurable: true,
    });
  }

  return (id) => {
    const timer = apply(mapGet, timers, [id]);
    if (timer === undefined) return;
    if (!timer.repeat) apply(mapDelete, timers, [id]);
    const { callback, args } = timer;
    callback(...args);
  };
});
