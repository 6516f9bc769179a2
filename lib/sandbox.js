'use strict';

const { EventEmitter } = require('node:events');
const mailbox = require('./mailbox.js');
const native = require('./native.js');
const { Bridge } = require('./bridge.js');
const { SandboxError } = require('./errors.js');
const { HostTimers } = require('./timers.js');
const { Script, bytecodeOf, compile, writeSource } = require('./script.js');
const { forwardConsole } = require('./console.js');
const { moduleLoader } = require('./modules.js');
const { sandboxOptions, runOptions, compileOptions } = require('./options.js');
const { step } = require('./lower.js');
const { op, service } = require('./wire.js');

/** Symbol.dispose where Node has it, else the symbol under which polyfills look for it. */
const dispose = Symbol.dispose ?? Symbol.for('nodejs.dispose');

class Sandbox extends EventEmitter {
  #options;
  #native;
  #bridge;
  #timers = new HostTimers((id, task) => this.#fire(id, task));
  #state = 'active';
  #reason;
  #scripts;
  #forgotten;
  #globalThis;

  constructor(options) {
    super();
    const checked = sandboxOptions(options);
    this.#options = checked;
    const { name, memoryLimitMb, stackLimitKb, graceMs, builtins } = checked;
    const wantsConsole = checked.console !== false && builtins.includes('console');
    this.#native = new native.NativeSandbox(
      mailbox.channel,
      Math.floor(memoryLimitMb * 1024 * 1024),
      Math.floor(stackLimitKb * 1024),
      graceMs,
      wantsConsole,
      builtins.includes('timers'),
      checked.modules !== undefined,
    );
    this.#bridge = new Bridge(this.#native, name, {
      services: this.#services(),
      stopError: (kind, entry) => this.#stopError(kind, entry),
      condemned: (error) => this.#end(error, (emit) => process.nextTick(emit)),
      report: (event, reason) => this.#report(event, reason),
      call: (slot, constructing, receiver, args) => this.#call(slot, constructing, receiver, args),
      settle: (slot, fulfilled, value, task) => this.#settle(slot, fulfilled, value, task),
    });
    for (const [key, value] of Object.entries(checked.globals ?? {})) {
      this.#request(op.GLOBAL_SET, (lower) => {
        lower.named(key, 'globals');
        lower.named(value, `globals${step(key)}`);
      });
    }
  }

  get name() {
    return this.#options.name;
  }

  get state() {
    return this.#state;
  }

  run(code, options) {
    const { timeout, ...origin } = runOptions(options);
    if (code instanceof Script) {
      const number = this.#scriptNumber(code);
      const entry = { timeout, filename: code.filename };
      return this.#request(op.RUN_SCRIPT, () => mailbox.u32(number), entry);
    }
    if (typeof code !== 'string') {
      throw new TypeError(`code must be a string or a Script; got ${typeof code}`);
    }
    origin.filename ??= `${this.name}.js`;
    const entry = { timeout, filename: origin.filename };
    return this.#request(op.RUN, () => writeSource(code, origin), entry);
  }

  compile(code, options) {
    const origin = compileOptions(options);
    origin.filename ??= `${this.name}.js`;
    this.#assertUsable();
    return Script.of(compile(this.#bridge, code, origin, this.#options.timeout), origin.filename);
  }

  require(id) {
    if (typeof id !== 'string' || id === '') {
      throw new TypeError(`id must be a non-empty string; got ${typeof id}`);
    }
    return this.#request(op.REQUIRE, (lower) => lower.value(id), { filename: id });
  }

  get globalThis() {
    this.#globalThis ??= new Proxy(Object.create(null), {
      get: (_, key) => this.#request(op.GLOBAL_GET, (lower) => lower.named(key, 'key')),
      has: (_, key) => this.#request(op.GLOBAL_HAS, (lower) => lower.named(key, 'key')),
      deleteProperty: (_, key) =>
        this.#request(op.GLOBAL_DELETE, (lower) => lower.named(key, 'key')),
      ownKeys: () => this.#request(op.GLOBAL_KEYS, () => {}),
      set: (_, key, value) => {
        this.#request(op.GLOBAL_SET, (lower) => {
          lower.named(key, 'key');
          lower.named(value, `globalThis${step(String(key))}`);
        });
        return true;
      },
      defineProperty: (_, key, descriptor) => Reflect.set(this.globalThis, key, descriptor.value),
      getOwnPropertyDescriptor: (_, key) =>
        key in this.globalThis
          ? { value: this.globalThis[key], writable: true, enumerable: true, configurable: true }
          : undefined,
    });
    this.#bridge.globalProxy = this.#globalThis;
    return this.#globalThis;
  }

  usage() {
    this.#assertNotDisposed();
    return {
      ...this.#native.usage(),
      hostHandles: this.#bridge.host.size,
      jobs: this.#bridge.deferred.size,
      timers: this.#timers.size,
    };
  }

  terminate(reason) {
    if (this.#state !== 'active') return;
    this.#native.terminate();
    this.#end(reason, (emit) => emit());
  }

  #end(reason, announce) {
    if (this.#state !== 'active') return;
    this.#state = 'terminated';
    this.#reason = reason;
    this.#timers.clear();
    this.#bridge.dispose(() => this.#stopError('terminated'));
    announce(() => this.emit('terminated', reason));
  }

  dispose() {
    if (this.#state === 'disposed') return;
    this.#state = 'disposed';
    this.#timers.clear();
    this.#native.dispose();
    this.#bridge.dispose(() => this.#stopError('terminated'));
  }

  [dispose]() {
    this.dispose();
  }

  #request(code, write, { timeout = this.#options.timeout, filename, task } = {}) {
    this.#assertUsable();
    return this.#bridge.request(code, { timeout, filename, task }, write);
  }

  #call(slot, constructing, receiver, args) {
    return this.#request(op.CALL, (lower) => {
      mailbox.u32(slot);
      mailbox.byte(constructing ? 1 : 0);
      lower.receiver(constructing ? undefined : receiver);
      mailbox.u32(args.length);
      for (let i = 0; i < args.length; i++) lower.named(args[i], `args[${i}]`);
    });
  }

  #settle(slot, fulfilled, value, task) {
    this.#background(task, (own) => {
      const send = (settled, result) =>
        this.#request(
          op.SETTLE,
          (lower) => {
            mailbox.u32(slot);
            mailbox.byte(settled ? 1 : 0);
            lower.named(result, 'result');
          },
          { task: own },
        );
      try {
        send(fulfilled, value);
      } catch (error) {
        if (error?.code !== 'ERR_SANDBOX_CROSSING' || error.sandbox !== this.name) throw error;
        send(false, error);
      }
    });
  }

  #fire(id, task) {
    this.#background(task, (own) => {
      this.#request(op.FIRE_TIMER, () => mailbox.u32(id), { task: own });
    });
  }

  /** An entry that nobody called: its error goes to those who wait, else it is reported. */
  #background(task = { pending: undefined }, enter) {
    if (this.#state !== 'active') return;
    const waiting = task.pending !== undefined && task.pending.size > 0;
    try {
      enter(task);
    } catch (error) {
      const handled = waiting && error instanceof SandboxError;
      if (!handled) this.#report('uncaughtException', error);
    }
  }

  /** An error that nobody waits for. Never thrown: it is the guest's, and must not end the host. */
  #report(event, reason) {
    // Not from inside the guest: listeners may throw, and that is for the host to see.
    process.nextTick(() => {
      if (this.listenerCount(event) > 0) {
        this.emit(event, reason);
      } else if (this.#options.console !== false) {
        const target = this.#options.console ?? console;
        forwardConsole(target, this.name)('error', `${event}:`, reason);
      }
    });
  }

  #services() {
    const services = [];
    const { modules, name } = this.#options;
    const loader = moduleLoader(modules);
    const sandboxConsole = this.#options.console;
    services[service.CONSOLE] = (method, ...values) => {
      // Looked up at each call: tests and loggers replace the global one.
      forwardConsole(sandboxConsole || console, name)(method, ...values);
    };
    services[service.START_TIMER] = (id, delay, repeat) =>
      this.#timers.start(id, delay, repeat, this.#bridge.task);
    services[service.STOP_TIMER] = (id) => this.#timers.stop(id);
    services[service.REFERENCE_TIMER] = (id, on) => this.#timers.reference(id, on);
    services[service.RESOLVE_MODULE] = (specifier, referrer, trail) =>
      loader.resolve(specifier, referrer, trail);
    services[service.LOAD_MODULE] = (id) => loader.load(id);
    services[service.REPORT_ERROR] = (error) => this.#report('uncaughtException', error);
    return services;
  }

  #scriptNumber(script) {
    const bytecode = bytecodeOf(script);
    if (bytecode === undefined) throw new TypeError('code must be a string or a Script');
    this.#scripts ??= new WeakMap();
    let number = this.#scripts.get(bytecode);
    if (number === undefined) {
      number = this.#native.addScript(bytecode);
      this.#scripts.set(bytecode, number);
      this.#forgotten ??= new FinalizationRegistry((gone) => this.#native.dropScript(gone));
      this.#forgotten.register(bytecode, number);
    }
    return number;
  }

  #assertNotDisposed() {
    if (this.#state === 'disposed') throw this.#stopError('terminated');
  }

  #assertUsable() {
    if (this.#state !== 'active') throw this.#stopError('terminated');
  }

  #stopError(kind, entry) {
    const { name, memoryLimitMb } = this.#options;
    const details = { sandbox: name, filename: entry?.filename };
    if (kind === 'timeout') {
      // An entry without a limit of its own was stopped by that of the one around it.
      const limit = Number.isFinite(entry.timeout) ? ` of ${entry.timeout} ms` : '';
      const message = `sandbox '${name}' exceeded its timeout${limit}`;
      return new SandboxError('ERR_SANDBOX_TIMEOUT', message, details);
    }
    if (kind === 'memory') {
      const message = `sandbox '${name}' exceeded its memory limit of ${memoryLimitMb} MB`;
      return new SandboxError('ERR_SANDBOX_MEMORY_LIMIT', message, details);
    }
    if (this.#state === 'disposed') {
      return new SandboxError(
        'ERR_SANDBOX_DISPOSED',
        `sandbox '${name}' has been disposed`,
        details,
      );
    }
    const reason = this.#reason === undefined ? '' : `: ${this.#reason?.message ?? this.#reason}`;
    return new SandboxError(
      'ERR_SANDBOX_TERMINATED',
      `sandbox '${name}' has been terminated${reason}`,
      {
        ...details,
        cause: this.#reason,
      },
    );
  }
}

module.exports = { Sandbox };
