'use strict';

// Not the global one, which test frameworks replace.
const { setImmediate } = require('node:timers');

/** Beside its text, what a message leaves behind in the host, in bytes, about. */
const OVERHEAD = 256;

/**
 * What guests have sent and the host has not been able to deal with: lines for streams that write
 * when the event loop gets to it, errors to be reported. It counts against the guest's memory limit
 * until the event loop has turned, for in one entry a guest could send any amount of it.
 */
class InFlight {
  #charge;
  #bytes = 0;

  /** @param {(bytes: number) => void} charge counts bytes against the guest's limit */
  constructor(charge) {
    this.#charge = charge;
  }

  /** @param {number} length that of the message, in bytes */
  add(length) {
    const bytes = length + OVERHEAD;
    if (this.#bytes === 0) setImmediate(() => this.#landed()).unref();
    this.#bytes += bytes;
    this.#charge(bytes);
  }

  #landed() {
    this.#charge(-this.#bytes);
    this.#bytes = 0;
  }
}

module.exports = { InFlight };
