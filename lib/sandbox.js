'use strict';

const { EventEmitter } = require('node:events');
const { inspect } = require('node:util');
const mailbox = require('./mailbox.js');
const native = require('./native.js');
const { Bridge } = require('./bridge.js');
const { stopError } = require('./errors.js');
const { HostTimers } = require('./timers.js');
const { Contexts } = require('./contexts.js');
const { InFlight } = require('./in-flight.js');
const { compile, lookAt, scriptOf } = require('./script.js');
const { forwardConsole } = require('./console.js');
const { notFound } = require('./modules.js');
const { Programs } = require('./programs.js');
const { servicesOf } = require('./services.js');
const {
  nativeOptions,
  onThrown,
  sandboxOptions,
  runOptions,
  compileOptions,
  contextOptions,
  contextRunOptions,
  newContextOptions,
} = require('./options.js');
const { step } = require('./uncrossable.js');
const { Exposures } = require('./exposure.js');
const { homeOf } = require('./handles.js');
const { op, trap } = require('./wire.js');
const { Written } = require('./written.js');

/** Symbol.dispose where Node has it, else the symbol under which polyfills look for it. */
const dispose = Symbol.dispose ?? Symbol.for('nodejs.dispose');

/** The number of none. */
const NO_CONTEXT = 2 ** 32 - 1;

/** What a run may leave behind in its sandbox. */
const JOBS = 1;
const REALM = 2;

/** So much that V8 collects at once. */
const TOO_MUCH = 2 ** 34;

/**
 * What V8's collector is told that a context weighs, over the sandbox's limit in MB: so much that
 * it looks for forgotten ones (every 64 MB) before they have filled half of that.
 */
const CONTEXT_WEIGHT = 2 * 64 * 64 * 1024;

class Sandbox extends EventEmitter {
  #options;
  #native;
  #bridge;
  #timers;
  #inFlight;
  #state = 'active';
  #reason;
  #programs;
  #globalThis;
  #vm;

  constructor(options) {
    super();
    const checked = sandboxOptions(options);
    this.#options = checked;
    const { name } = checked;
    this.#native = new native.NativeSandbox(mailbox.channel, nativeOptions(checked));
    this.#native.ownedBy(this);
    this.#programs = new Programs(this.#native, checked);
    const charge = (bytes) => this.#native.charge(bytes);
    this.#timers = new HostTimers((id, task) => this.#fire(id, task), charge);
    this.#inFlight = new InFlight(charge);
    this.#bridge = new Bridge(this.#native, name, {
      sandbox: this,
      memory: checked.memoryLimitMb * 1024 * 1024,
      exposures: new Exposures(checked.policy),
      services: servicesOf({
        options: checked,
        timers: this.#timers,
        task: () => this.#bridge.task,
        stays: () => this.#inFlight.add(this.#bridge.length),
        admit: (source, id) => this.#programs.admit(source, id),
        report: (error) => this.#report('uncaughtException', error),
      }),
      isUsable: () => this.#state === 'active',
      reflect: (slot, number, args) => this.#reflect(slot, number, args),
      stopError: (...args) => this.#stopError(...args),
      ended: () => this.#ended(),
      sweep: () => {
        this.#relieve();
        this.#bridge.guest.sweep();
      },
      condemned: (error) => this.#end(error, (emit) => process.nextTick(emit)),
      report: (event, reason) => {
        this.#inFlight.add(this.#bridge.length);
        this.#report(event, reason);
      },
      call: (slot, constructing, receiver, args) => this.#call(slot, constructing, receiver, args),
      settle: (...args) => this.#settle(...args),
      thrown: checked[onThrown],
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

  get id() {
    return this.#bridge.id;
  }

  get state() {
    return this.#state;
  }

  run(code, options) {
    const { timeout, ...origin } = runOptions(options);
    const { isScript, filename, write } = this.#programs.of(code, origin);
    return this.#request(isScript ? op.RUN_SCRIPT : op.RUN, write, { timeout, filename });
  }

  createContext(object, options) {
    const checked = contextOptions(options);
    this.#assertUsable();
    return this.#contextTable().create(object, checked);
  }

  isContext(object) {
    return this.#contextTable().isContext(object);
  }

  runInContext(code, object, options) {
    const { timeout, drain, ...origin } = contextRunOptions(options);
    const contexts = this.#contextTable();
    contexts.assertContext(object);
    const { isScript, filename, write } = this.#programs.of(code, origin);
    const entry = { timeout, filename, context: object };
    const later = drain === 'later' && this.#bridge.task === undefined;
    try {
      const writeAll = (lower) => {
        contexts.writeStart(lower, object, lookAt(code), later);
        mailbox.byte(isScript ? 1 : 0);
        write();
      };
      return this.#request(op.RUN_IN_CONTEXT, writeAll, entry);
    } finally {
      const left = this.#native.leftBehind(contexts.idOf(object));
      contexts.settle(object, (left & REALM) !== 0);
      if (later && (left & JOBS) !== 0) this.#drainLater(entry);
    }
  }

  runInNewContext(code, object, options) {
    const { create, run } = newContextOptions(options);
    this.#programs.of(code, {});
    const context = this.createContext(object, create);
    return this.runInContext(code, context, run);
  }

  compile(code, options) {
    const checked = compileOptions(options);
    checked.filename ??= `${this.name}.js`;
    this.#assertUsable();
    this.#programs.admit(code, checked.filename);
    const { timeout } = this.#options;
    return scriptOf(code, checked, (...text) => compile(this.#bridge, ...text, timeout));
  }

  require(id) {
    if (typeof id !== 'string' || id === '') {
      throw new TypeError(`id must be a non-empty string; got ${typeof id}`);
    }
    if (this.#options.modules === undefined) {
      this.#assertUsable();
      throw notFound(id);
    }
    return this.#request(op.REQUIRE, (lower) => lower.value(id), { filename: id });
  }

  get globalThis() {
    // Held weakly: the guest's value is a handle as long as somebody here holds it.
    let standIn = this.#globalThis?.deref();
    if (standIn === undefined || this.#state !== 'active') {
      standIn = this.#request(op.GLOBAL, () => {});
      this.#globalThis = new WeakRef(standIn);
    }
    return standIn;
  }

  get vm() {
    // Loaded at first use: it is made of sandboxes itself.
    this.#vm ??= require('./vm-home.js').vmOf(this);
    return this.#vm;
  }

  revoke(value) {
    this.#bridge.exposures.revoke(value);
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

  static terminate(id, reason) {
    if (!Number.isInteger(id)) {
      throw new TypeError(`id must be the id of a sandbox; got ${inspect(id)}`);
    }
    if (reason !== undefined && typeof reason !== 'string') {
      throw new TypeError(`reason must be a string; got ${typeof reason}`);
    }
    const own = mailbox.channel.owner(id);
    if (own === undefined || own === null) return native.terminateSandbox(id, reason);
    const isActive = own.state === 'active';
    own.terminate(reason);
    return isActive;
  }

  /** Takes note if another thread has ended the sandbox. */
  #ended() {
    this.#end(this.#native.reason() ?? undefined, (emit) => process.nextTick(emit));
  }

  static {
    mailbox.ended = (id) => mailbox.channel.owner(id)?.#ended();
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
    this.#bridge.contexts?.dispose();
    this.#native.dispose();
    this.#bridge.dispose(() => this.#stopError('terminated'));
  }

  [dispose]() {
    this.dispose();
  }

  #contextTable() {
    this.#bridge.contexts ??= new Contexts({
      request: (code, write) => this.#request(code, write),
      running: () => this.#bridge.guest.context,
      drop: (id) => this.#native.dropContext(id),
      relieve: () => this.#relieve(),
      weigh: (count) =>
        this.#native.weigh(Math.round((count * CONTEXT_WEIGHT) / this.#options.memoryLimitMb)),
      written: new Written((bytes) => this.#native.charge(bytes)),
      report: (error) => this.#report('uncaughtException', error),
    });
    this.#bridge.guest.onMeet = (context) => this.#bridge.contexts.meet(context);
    return this.#bridge.contexts;
  }

  #relieve() {
    const { memoryBytes, memoryLimitBytes } = this.#native.usage();
    if (memoryBytes < memoryLimitBytes / 2) return;
    this.#native.weigh(TOO_MUCH);
    this.#native.weigh(-TOO_MUCH);
  }

  /** Runs the jobs that a run has left over, when those of the host run. */
  #drainLater({ timeout, filename, context }) {
    queueMicrotask(() => {
      this.#background(undefined, (task) => {
        this.#request(op.DRAIN, () => {}, { timeout, filename, context, task });
      });
    });
  }

  #request(code, write, { timeout = this.#options.timeout, filename, task, context } = {}) {
    this.#assertUsable();
    return this.#bridge.request(code, { timeout, filename, task, context }, write);
  }

  #call(slot, constructing, receiver, args) {
    const { guest } = this.#bridge;
    const entry = { context: guest.ownerOf(guest.get(slot)) };
    const write = (lower) => {
      mailbox.u32(slot);
      mailbox.byte(constructing ? 1 : 0);
      lower.named(receiver, 'this');
      mailbox.u32(args.length);
      for (let i = 0; i < args.length; i++) lower.named(args[i], `args[${i}]`);
    };
    return this.#request(op.CALL, write, entry);
  }

  #reflect(slot, number, args) {
    return this.#request(op.REFLECT, (lower) => {
      mailbox.u32(slot);
      mailbox.byte(number);
      mailbox.u32(args.length);
      for (let i = 0; i < args.length; i++) {
        if (number === trap.defineProperty && i === 1) lower.record(args[i]);
        else lower.named(args[i], i === 1 ? `value of ${String(args[0])}` : 'key');
      }
    });
  }

  /** Whether nothing is left of what ran in there but what guest code may have changed. */
  static isUnused(sandbox) {
    const bridge = sandbox.#bridge;
    return (
      sandbox.#state === 'active' &&
      sandbox.#timers.size === 0 &&
      bridge.isIdle &&
      bridge.contexts.size <= 1 &&
      sandbox.#native.leftBehind(NO_CONTEXT) === 0
    );
  }

  /** A copy of the guest object that a stand-in stands for. */
  static copy(standIn) {
    const { table, slot } = homeOf(standIn);
    return table.owner.#request(op.COPY, () => mailbox.u32(slot));
  }

  #settle(slot, fulfilled, value, task, context) {
    this.#background(task, (own) => {
      const send = (settled, result) =>
        this.#request(
          op.SETTLE,
          (lower) => {
            mailbox.u32(slot);
            mailbox.byte(settled ? 1 : 0);
            lower.named(result, 'result');
          },
          { task: own, context },
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
    try {
      enter(task);
    } catch (error) {
      const isTold = error !== undefined && task.told === error;
      if (!isTold) this.#report('uncaughtException', error);
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

  #assertNotDisposed() {
    if (this.#state === 'disposed') throw this.#stopError('terminated');
  }

  #assertUsable() {
    if (this.#state !== 'active') throw this.#stopError('terminated');
  }

  #stopError(kind, entry, signal) {
    const { name, memoryLimitMb } = this.#options;
    const why = this.#state === 'disposed' && kind === 'terminated' ? 'disposed' : kind;
    return stopError(why, { name, memoryLimitMb, reason: this.#reason }, entry, signal);
  }
}

module.exports = { Sandbox };
