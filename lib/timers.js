'use strict';

/** What one takes in the host, in bytes, about. */
const SIZE = 1024;

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
    const fire = () => {
      if (!repeat) this.#forget(id);
      this.#fire(id, task);
    };
    this.#charge(SIZE);
    if (repeat) {
      const timer = setInterval(fire, delay);
      this.#timers.set(id, { timer, cancel: () => clearInterval(timer) });
    } else if (delay === 0) {
      const timer = setImmediate(fire);
      this.#timers.set(id, { timer, cancel: () => clearImmediate(timer) });
    } else {
      const timer = setTimeout(fire, delay);
      this.#timers.set(id, { timer, cancel: () => clearTimeout(timer) });
    }
  }

  stop(id) {
    this.#timers.get(id)?.cancel();
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
    for (const { cancel } of this.#timers.values()) cancel();
    this.#timers.clear();
  }
}

module.exports = { HostTimers };
