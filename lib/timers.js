'use strict';

/** What one takes in the host, in bytes, about. */
const SIZE = 1024;

/**
 * How long guests' timers may take in one turn of the host's event loop, in ms. Node runs all that
 * are due in one go; each of them has its own deadline, and together they have none.
 */
const SHARE = 10;

/** Timers that are due, of all sandboxes, while the turn's share is used up. */
const waiting = [];
/** When the turn's share ends; none has been taken of it yet. */
let until;

/** Runs `work` now, or when those before it have run and the host has had its turn. */
function inTurn(work) {
  if (until === undefined) begin();
  if (waiting.length === 0 && performance.now() < until) work();
  else waiting.push(work);
}

function begin() {
  until = performance.now() + SHARE;
  setImmediate(next);
}

/** A new turn: one of those that wait. */
function next() {
  until = undefined;
  if (waiting.length === 0) return;
  begin();
  waiting.shift()();
}

/** The guest's timers on the host's event loop. While one is pending, the process lives on. */
class HostTimers {
  #fire;
  #charge;
  #timers = new Map();

  /**
   * @param {(id: number, task: object) => void} fire runs the guest's function
   * @param {(bytes: number) => void} charge counts bytes against the guest's memory limit
   */
  constructor(fire, charge) {
    this.#fire = fire;
    this.#charge = charge;
  }

  get size() {
    return this.#timers.size;
  }

  /**
   * A delay of 0 means: at the next turn of the loop. `task` is the call that set the timer.
   */
  start(id, delay, repeat, task) {
    const pending = { timer: undefined, cancel: undefined, isDue: false };
    const fire = () => {
      pending.isDue = false;
      if (this.#timers.get(id) !== pending) return;
      if (!repeat) this.#forget(id);
      this.#fire(id, task);
    };
    const due = () => {
      if (pending.isDue) return;
      pending.isDue = true;
      inTurn(fire);
    };
    this.#charge(SIZE);
    if (repeat) {
      pending.timer = setInterval(due, delay);
      pending.cancel = clearInterval;
    } else if (delay === 0) {
      pending.timer = setImmediate(due);
      pending.cancel = clearImmediate;
    } else {
      pending.timer = setTimeout(due, delay);
      pending.cancel = clearTimeout;
    }
    this.#timers.set(id, pending);
  }

  stop(id) {
    const pending = this.#timers.get(id);
    pending?.cancel(pending.timer);
    this.#forget(id);
  }

  #forget(id) {
    if (this.#timers.delete(id)) this.#charge(-SIZE);
  }

  reference(id, referenced) {
    const timer = this.#timers.get(id)?.timer;
    if (referenced) timer?.ref?.();
    else timer?.unref?.();
  }

  clear() {
    for (const { timer, cancel } of this.#timers.values()) cancel(timer);
    this.#timers.clear();
  }
}

module.exports = { HostTimers };
