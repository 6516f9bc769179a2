'use strict';

// What the guest's builtins ask of the host, by the slots of src/guest/mod.rs.

const { forwardConsole } = require('./console.js');
const { moduleLoader } = require('./modules.js');
const { service } = require('./wire.js');

/** More are not indented: each would make every line after it longer, for all who log there. */
const MOST_GROUPS = 32;

/** The guest's groups that are open. */
class Groups {
  #open = 0;

  /** What to call for a method of the console's; nothing for the end of what is not indented. */
  within(method) {
    if (method === 'group' || method === 'groupCollapsed') {
      return ++this.#open > MOST_GROUPS ? 'log' : method;
    }
    if (method !== 'groupEnd' || this.#open === 0) return method;
    return this.#open-- > MOST_GROUPS ? undefined : method;
  }
}

/**
 * @param {object} sandbox
 * @param {object} sandbox.options checked
 * @param {HostTimers} sandbox.timers
 * @param {() => object | undefined} sandbox.task what the running entry belongs to
 * @param {() => void} sandbox.stays the guest's message leaves something behind here
 * @param {(source: string, id: string) => void} sandbox.admit refuses text that is too long
 * @param {(error: unknown) => void} sandbox.report an error that nobody waits for
 */
function servicesOf({ options, timers, task, stays, admit, report }) {
  const services = [];
  const { modules, name } = options;
  const loader = modules && moduleLoader(modules);
  const groups = new Groups();
  services[service.CONSOLE] = (method, ...values) => {
    stays();
    const called = groups.within(method);
    if (called === undefined) return;
    // Looked up at each call: tests and loggers replace the global one.
    forwardConsole(options.console || console, name)(called, ...values);
  };
  services[service.START_TIMER] = (id, delay, repeat) => timers.start(id, delay, repeat, task());
  services[service.STOP_TIMER] = (id) => timers.stop(id);
  services[service.REFERENCE_TIMER] = (id, on) => timers.reference(id, on);
  services[service.RESOLVE_MODULE] = (specifier, referrer, trail) =>
    loader.resolve(specifier, referrer, trail);
  services[service.LOAD_MODULE] = (id) => {
    const source = loader.load(id);
    admit(source, id);
    return source;
  };
  services[service.REPORT_ERROR] = (error) => {
    stays();
    report(error);
  };
  return services;
}

module.exports = { servicesOf };
