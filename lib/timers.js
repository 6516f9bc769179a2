'use strict';

/** The guest's timers on the host's event loop. While one is pending, the process lives on. */
class HostTimers {
  #fire;
  #timers = new Map();

  /** @param {(id: number, task: object) => void} fire runs the guest's function */
  constructor(fire) {
    this.#fire = fire;
  }

  get size() {
    return this.#timers.size;
  }

  /**
   * A delay of 0 means: at the next turn of the loop. `task` is the call that set the timer.
   */
  start(id, delay, repeat, task) {
    const fire = () => {
      if (!repeat) this.#timers.delete(id);
      this.#fire(id, task);
    };
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
    this.#timers.delete(id);
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
