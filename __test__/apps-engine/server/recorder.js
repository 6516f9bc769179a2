'use strict';

const { describe, frames, text } = require('./describe.js');

/** Writes down all that happens, in order: one entry for each call, result, log line and error. */
class Recorder {
  entries = [];

  record(kind, data) {
    this.entries.push({ kind, ...data });
  }

  /** What `work` does, with its outcome and all that follows from it. */
  async step(name, work) {
    this.record('step', { name });
    let outcome;
    try {
      const value = await work();
      outcome = { returned: describe(value) };
    } catch (error) {
      outcome = { threw: describe(error), is: enginesExceptions(error) };
    }
    this.record('outcome', { name, ...outcome });
    await this.settle();
  }

  /** Waits until what nobody awaits has ended, too. */
  async settle() {
    for (let quiet = 0, before = -1; quiet < 4; quiet++) {
      if (this.entries.length !== before) quiet = 0;
      before = this.entries.length;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Records what is printed, instead of printing it. */
  captureConsole() {
    for (const method of ['debug', 'error', 'info', 'log', 'trace', 'warn']) {
      console[method] = (...items) => {
        this.record('console', { method, items: items.map(describePrinted) });
      };
    }
  }

  /** Records what would end the server, or make it complain. */
  captureStray() {
    for (const event of ['unhandledRejection', 'uncaughtException']) {
      process.on(event, (reason) => {
        this.record(event, { reason: describe(reason), is: enginesExceptions(reason) });
      });
    }
  }
}

/** The engine prints a part of its call stack with a refusal: the places are enough. */
function describePrinted(item) {
  if (typeof item === 'string' && /\n\s+at /.test(item)) {
    const [head] = item.split(/\n\s+at /, 1);
    return { text: text(head), stack: frames(item).filter((place) => place !== 'elsewhere') };
  }
  return describe(item);
}

/** Which of the exceptions that the engine tells apart this is, by `instanceof` on the host. */
function enginesExceptions(error) {
  const classes = {
    ...require('@rocket.chat/apps-engine/definition/exceptions'),
    ...require('@rocket.chat/apps-engine/server/errors'),
  };
  return Object.keys(classes).filter((name) => error instanceof classes[name]);
}

module.exports = { Recorder };
