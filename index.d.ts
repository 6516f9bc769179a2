import { EventEmitter } from 'node:events';

/**
 * An isolated guest: one QuickJS heap with one global object, a memory cap and a deadline for
 * each entry.
 *
 * Guest code is ECMAScript as in {@link https://tc39.es/ecma262/ | ECMA-262}. It runs on the
 * caller's thread, and sees nothing of the host but what it is given. A sandbox belongs to the
 * Node environment (main thread or worker) that made it.
 *
 * Objects, arrays, functions, classes and instances that cross are live: stand-ins whose every
 * operation is one of the original, the same each time, and the original again at home. `Date`,
 * `RegExp`, `Map`, `Set` and binary data are copied; README.md has the table of all kinds. What a
 * guest may see of a host object is the option {@link SandboxOptions.policy | policy}'s to say.
 *
 * A sandbox that is no longer referenced, and has no timer pending, is garbage collected like any
 * object; {@link Sandbox.dispose | dispose()} gives the memory back at once.
 *
 * @example
 * ```js
 * import { Sandbox } from 'quickvm';
 *
 * const sandbox = new Sandbox({ name: 'rules', timeout: 100, globals: { limit: 3 } });
 * const accepts = sandbox.run('(list) => list.length <= limit');
 * console.log(accepts(['a', 'b'])); // → true
 * sandbox.dispose();
 * ```
 */
export class Sandbox extends EventEmitter<SandboxEvents> {
  /**
   * Makes a sandbox, with its global object ready.
   *
   * @param options - See {@link SandboxOptions}.
   * @throws {@link SandboxError} with `ERR_SANDBOX_OPTIONS` for an option that is unknown or not
   * acceptable, with `ERR_SANDBOX_CROSSING` for a value in `globals` that cannot cross.
   * @throws Error if the system has no address space left for the heap.
   */
  constructor(options?: SandboxOptions);

  /** The name given in the options, for stack traces, log lines and errors. */
  readonly name: string;

  /**
   * The sandbox's number among those of the process: by it, {@link Sandbox.terminate} ends it from
   * any thread. No other sandbox gets it while this one is alive, nor soon after.
   */
  readonly id: number;

  /**
   * `'active'` until {@link Sandbox.terminate | terminate()} or {@link Sandbox.dispose | dispose()}
   * is called. A timeout or a reached memory limit ends an entry, not the sandbox, unless the guest
   * could only be stopped for good: see {@link SandboxOptions.graceMs | graceMs}.
   */
  readonly state: SandboxState;

  /**
   * The guest's global object, live like any other: reading, writing, `in`, `delete`, `Object.keys`
   * and the rest act on the guest at once. Each operation is an entry of its own, with its own
   * deadline.
   *
   * Top-level `let`, `const` and `class` of a script are not properties of the global object
   * ({@link https://tc39.es/ecma262/#sec-global-environment-records | ECMA-262, 9.1.1.4}).
   *
   * @example
   * ```js
   * import { Sandbox } from 'quickvm';
   *
   * const sandbox = new Sandbox();
   * sandbox.globalThis.greet = (name) => `Hello, ${name}`;
   * console.log(sandbox.run('greet("guest")')); // → Hello, guest
   * delete sandbox.globalThis.greet;
   * console.log('greet' in sandbox.globalThis); // → false
   *
   * sandbox.run('globalThis.state = { list: [1] }');
   * const { state } = sandbox.globalThis;
   * state.list.push(2);
   * console.log(sandbox.run('state.list.join()')); // → 1,2
   * ```
   */
  readonly globalThis: GuestGlobal;

  /**
   * A module of the shape of Node's {@link https://nodejs.org/docs/latest-v20.x/api/vm.html | `vm`}
   * whose contexts all lie in this sandbox, with its limits and its policy. What `runInThisContext`
   * and a `compileFunction` without `parsingContext` act on is the sandbox's own global object.
   *
   * @example
   * ```js
   * import { Sandbox } from 'quickvm';
   *
   * const { vm } = new Sandbox({ memoryLimitMb: 16 });
   * const context = vm.createContext({ x: 20 });
   * console.log(vm.runInContext('y = 1; 2 * x', context), context.y); // → 40 1
   * ```
   */
  readonly vm: Omit<typeof import('./vm.js'), 'configure'>;

  /**
   * Runs code as a script in the sandbox's global scope, then its job queue until that is empty
   * ({@link https://tc39.es/ecma262/#sec-scripts | ECMA-262, 16.1} and
   * {@link https://tc39.es/ecma262/#sec-jobs | 9.5}).
   *
   * @param code - Source text, or a {@link Script}. With a script, only `timeout` of the options
   * has an effect: its file name was given at compilation.
   * @param options - See {@link RunOptions}. A string stands for `{ filename }`.
   * @returns The script's completion value.
   * @throws Whatever the guest throws: an error of the guest arrives as an error of the same
   * class, with its own stack, `code`, `cause` and other fields.
   * @throws {@link SandboxError} with `ERR_SANDBOX_TIMEOUT`, `ERR_SANDBOX_MEMORY_LIMIT`,
   * `ERR_SANDBOX_CROSSING` (the value cannot cross), `ERR_SANDBOX_TERMINATED`,
   * `ERR_SANDBOX_DISPOSED` or `ERR_SANDBOX_OPTIONS`.
   * @throws TypeError if `code` is neither a string nor a script.
   *
   * @example
   * ```js
   * import { Sandbox } from 'quickvm';
   *
   * const sandbox = new Sandbox();
   * console.log(sandbox.run('6 * 7')); // → 42
   * try {
   *   sandbox.run('while (true) {}', { timeout: 20 });
   * } catch (error) {
   *   console.log(error.code); // → ERR_SANDBOX_TIMEOUT
   * }
   * console.log(sandbox.run('"still usable"')); // → still usable
   * ```
   */
  run<T = any>(code: string | Script, options?: RunOptions | string): T;

  /**
   * Makes an object the global object of a realm of its own in this sandbox, as Node's
   * {@link https://nodejs.org/docs/latest-v20.x/api/vm.html#vmcreatecontextcontextobject-options | `vm.createContext`}
   * does: its properties are the globals there, live in both directions, before the intrinsics of
   * ECMA-262. Nothing else is there: none of the sandbox's `builtins` and `globals`. Contexts of
   * one sandbox share its heap, limits and jobs, and pass their objects to each other as they are.
   *
   * A context lives as long as its object, or a function that was made in it.
   *
   * @param object - What to contextify; a new object if there is none.
   * @param options - See {@link ContextOptions}.
   * @returns The same object. If it is contextified already, nothing has changed.
   * @throws TypeError with `ERR_INVALID_ARG_TYPE` if it is no object.
   * @throws {@link SandboxError} as for {@link Sandbox.run | run()}.
   *
   * @example
   * ```js
   * import { Sandbox } from 'quickvm';
   *
   * const sandbox = new Sandbox();
   * const cat = sandbox.createContext({ name: 'Tom', say: (text) => `${text}!` });
   * sandbox.runInContext('var age = 3; function greet() { return say(name) }', cat);
   * cat.name = 'Felix';
   * console.log(cat.age, cat.greet()); // → 3 Felix!
   * ```
   */
  createContext<T extends object = Record<string, any>>(object?: T, options?: ContextOptions): T;

  /**
   * Whether an object has been contextified by {@link Sandbox.createContext | createContext()} of
   * this sandbox.
   * @throws TypeError with `ERR_INVALID_ARG_TYPE` if it is no object.
   */
  isContext(object: object): boolean;

  /**
   * Runs code as a script in a context. Declarations by `var` and `function` become properties of
   * the object; those by `let`, `const` and `class` stay in the context, for later scripts.
   *
   * @param code - As for {@link Sandbox.run | run()}.
   * @param contextifiedObject - What {@link Sandbox.createContext | createContext()} has returned.
   * @param options - See {@link ContextRunOptions}. A string stands for `{ filename }`.
   * @returns The script's completion value.
   * @throws TypeError with `ERR_INVALID_ARG_TYPE` if the object is not contextified.
   * @throws What {@link Sandbox.run | run()} throws.
   */
  runInContext<T = any>(
    code: string | Script,
    contextifiedObject: object,
    options?: ContextRunOptions | string,
  ): T;

  /**
   * Contextifies an object and runs code there, in one call.
   *
   * @param options - Those of the run, and those of the context with `context` before their names.
   *
   * @example
   * ```js
   * import { Sandbox } from 'quickvm';
   *
   * const sandbox = new Sandbox();
   * const counter = sandbox.runInNewContext('() => ++count', { count: 41 });
   * console.log(counter(), counter()); // → 42 43
   * ```
   */
  runInNewContext<T = any>(
    code: string | Script,
    object?: object,
    options?: NewContextOptions | string,
  ): T;

  /**
   * Compiles source text within this sandbox's limits, without running it.
   *
   * @param code - Source text of a script.
   * @param options - See {@link CompileOptions}. A string stands for `{ filename }`.
   * @returns A script, which runs in any sandbox, not only in this one.
   * @throws SyntaxError with a stack that names file, line and column.
   * @throws {@link SandboxError} as for {@link Sandbox.run | run()}.
   * @throws TypeError if `code` is not a string.
   *
   * @example
   * ```js
   * import { Sandbox } from 'quickvm';
   *
   * const sandbox = new Sandbox();
   * const script = sandbox.compile('count = (globalThis.count ?? 0) + 1', 'count.js');
   * console.log(sandbox.run(script), sandbox.run(script)); // → 1 2
   * ```
   */
  compile(code: string, options?: CompileOptions | string): Script;

  /**
   * Loads a CommonJS module from the option `modules`, once, and returns its `exports`. Inside
   * modules there are `require`, `module`, `exports`, `__filename` and `__dirname`, as in
   * {@link https://nodejs.org/api/modules.html | Node}; Node's own modules are not there.
   *
   * @param id - What to load, resolved as from no file in particular.
   * @returns `module.exports`, live.
   * @throws Error with `code: 'MODULE_NOT_FOUND'`, and whatever the module throws while it loads.
   * @throws {@link SandboxError} as for {@link Sandbox.run | run()}.
   * @throws TypeError if `id` is not a string, or empty.
   *
   * @example
   * ```js
   * import { Sandbox } from 'quickvm';
   *
   * const sandbox = new Sandbox({
   *   modules: {
   *     'main.js': `const { double } = require('./lib/double'); exports.run = (n) => double(n);`,
   *     'lib/double.js': `exports.double = (n) => 2 * n;`,
   *   },
   * });
   * console.log(sandbox.require('./main').run(21)); // → 42
   * ```
   */
  require<T = any>(id: string): T;

  /**
   * Takes a host object or function away from this guest for good: whatever it does to it from now
   * on throws `ERR_SANDBOX_REVOKED` there, also when it is passed again. What the guest has got out
   * of it before is an object of its own, and copies stay copies.
   *
   * @param value - The host's object or function.
   * @throws TypeError if `value` is neither.
   *
   * @example
   * ```js
   * import { Sandbox } from 'quickvm';
   *
   * const session = { user: () => 'Ann' };
   * const sandbox = new Sandbox({ globals: { session } });
   * console.log(sandbox.run('session.user()')); // → Ann
   * sandbox.revoke(session);
   * try {
   *   sandbox.run('session.user()');
   * } catch (error) {
   *   console.log(error.code); // → ERR_SANDBOX_REVOKED
   * }
   * ```
   */
  revoke(value: object): void;

  /**
   * Figures about the sandbox since it was made. Enters no guest code, and works on a terminated
   * sandbox too.
   *
   * @throws {@link SandboxError} with `ERR_SANDBOX_DISPOSED`.
   *
   * @example
   * ```js
   * import { Sandbox } from 'quickvm';
   *
   * const sandbox = new Sandbox({ memoryLimitMb: 8 });
   * sandbox.run('globalThis.list = Array.from({ length: 1000 }, (_, i) => i)');
   * const { timeouts, memoryLimitBytes, memoryBytes } = sandbox.usage();
   * console.log(timeouts, memoryLimitBytes, memoryBytes < 1_000_000); // → 0 8388608 true
   * ```
   */
  usage(): SandboxUsage;

  /**
   * Ends the sandbox for good but keeps its figures: a guest that is running now is stopped at its
   * next check, timers are cleared, promises that the guest still owes are rejected, and each
   * later use throws `ERR_SANDBOX_TERMINATED`. Does nothing to a sandbox that is not active.
   *
   * @param reason - Why: part of the message of those errors, and their `cause`.
   *
   * @example
   * ```js
   * import { Sandbox } from 'quickvm';
   *
   * const sandbox = new Sandbox({ globals: { stop: () => sandbox.terminate('enough') } });
   * try {
   *   sandbox.run('stop(); "never seen"');
   * } catch (error) {
   *   console.log(error.code, error.cause); // → ERR_SANDBOX_TERMINATED enough
   * }
   * ```
   */
  terminate(reason?: unknown): void;

  /**
   * Ends a sandbox of any thread of the process, as its own
   * {@link Sandbox.terminate | terminate()} would: a guest that is running there now is stopped as
   * after a deadline, with {@link SandboxOptions.graceMs | graceMs} until it is cut off, and
   * its entry throws `ERR_SANDBOX_TERMINATED`. The sandbox's own thread hears of it (`state`, the
   * event, promises that the guest owes) when that entry ends, else at its next turn.
   *
   * @param id - {@link Sandbox.id} of the sandbox.
   * @param reason - Why: part of the message of those errors, and their `cause`.
   * @returns Whether there is a sandbox of that number that had not been ended before.
   * @throws TypeError if `id` is no integer, or `reason` neither a string nor left out.
   *
   * @example
   * ```js
   * import { Sandbox } from 'quickvm';
   *
   * const sandbox = new Sandbox();
   * // As a worker would that was told the number, or the main thread that hears of a worker's.
   * console.log(Sandbox.terminate(sandbox.id, 'enough'), sandbox.state); // → true terminated
   * console.log(Sandbox.terminate(sandbox.id)); // → false
   * ```
   */
  static terminate(id: number, reason?: string): boolean;

  /**
   * Gives the heap back, whatever the guest still holds. (A few heaps are kept, taken back to how
   * they were before any foreign code ran, for the next sandboxes with the same options.) Promises that the guest still owes are
   * rejected, and each later use of the sandbox or of a function of it throws
   * `ERR_SANDBOX_DISPOSED`. A guest that is running now is stopped first. May be called again.
   */
  dispose(): void;

  /**
   * {@link Sandbox.dispose | dispose()}, for `using`
   * ({@link https://tc39.es/proposal-explicit-resource-management/ | Explicit Resource Management}).
   * Where Node has no `Symbol.dispose`, the method is at `Symbol.for('nodejs.dispose')`.
   */
  [Symbol.dispose](): void;
}

/**
 * Options of a {@link Sandbox}. An option that is `undefined` counts as absent; an unknown one is
 * an error.
 */
export interface SandboxOptions {
  /**
   * Names the sandbox in errors and log lines. Code that is run without a file name of its own is
   * `${name}.js` in stack traces. Not empty.
   * @defaultValue `'sandbox'`
   */
  name?: string | undefined;

  /**
   * Cap on the guest's heap, in megabytes of 1,048,576 bytes, all of the engine's own data
   * included: from 1 to 4096. An empty sandbox uses about a quarter of a megabyte.
   *
   * What the host keeps because of the guest counts as well: 512 bytes for each handle of a guest
   * value, 256 for each of a host value that the guest holds (not the value itself), 1024 for a
   * timer; the keys of symbols of `Symbol.for` that the host has been given; names and text of the
   * globals that it writes in contexts; and console lines and errors that nobody catches, from when
   * the guest sends them until the event loop turns.
   * @defaultValue `64`
   */
  memoryLimitMb?: number | undefined;

  /**
   * Cap on the native stack that guest code may use, in kilobytes of 1,024 bytes: from 64 to 8192.
   * Where the calling thread has less stack left, that is the limit. Beyond it the guest gets an
   * ordinary `RangeError`.
   * @defaultValue `512`
   */
  stackLimitKb?: number | undefined;

  /**
   * How long an entry may take, in milliseconds, up to 2147483647; `0` or `Infinity` for as long
   * as it likes. An entry is each call from the host's side: `run`, `compile`, `require`, an
   * operation on `globalThis`, a call of a guest function, a timer that fires, a host promise that
   * settles; with all the jobs that it leaves in the queue. Time spent in host functions counts.
   * An entry inside another one cannot extend its deadline.
   * @defaultValue `1000`
   */
  timeout?: number | undefined;

  /**
   * What a guest may see of the host's objects:
   *
   * - `'safe'`: of plain objects and arrays the own enumerable properties, which it can also set, add
   *   and delete; of instances the methods and accessors of their classes, without those that begin
   *   with `_` or `#`, and no own fields; of functions calls, `new`, `name` and `length`.
   * - `'transparent'`: everything, prototypes and private fields by convention among it, so that a
   *   guest's class can extend a host's. All that can be reached from what you pass can be reached.
   * - a function: asked once about each object that is to cross live; it answers one of these words,
   *   `'copy'`, `'readonly'`, or an {@link Exposure}. What it throws, whoever passed the object gets.
   *
   * Whatever the policy, the host's intrinsics and global object never cross, stacks do not show,
   * what belongs to Node can be used but not changed, and its private parts are hidden. {@link copy}, {@link readonly} and
   * {@link only} say it of one value.
   * @defaultValue `'safe'`
   *
   * @example
   * ```js
   * import { Sandbox } from 'quickvm';
   *
   * class Room {
   *   members = ['Ann'];
   *   has(name) { return this.members.includes(name); }
   * }
   * const ask = 'room.has("Ann") + " " + typeof room.members';
   * for (const policy of ['safe', 'transparent', (object) => (object instanceof Room ? 'copy' : 'safe')]) {
   *   const sandbox = new Sandbox({ policy, globals: { room: new Room() } });
   *   try {
   *     console.log(sandbox.run(ask));
   *   } catch (error) {
   *     console.log(error.message, sandbox.run('Object.keys(room).join()'));
   *   }
   * }
   * // → true undefined
   * // → true object
   * // → not a function members
   * ```
   */
  policy?: Policy | ((object: object) => Policy | 'copy' | 'readonly' | Exposure) | undefined;

  /**
   * How long after its deadline an entry is stopped for good, in milliseconds, up to 2147483647.
   * Some of the engine's built-in functions never look at the deadline; a guest that is in one of
   * them after this time is cut off, and the sandbox is `'terminated'` from then on. `Infinity` to
   * wait for as long as it takes. No effect on Windows, nor with `QUICKVM_HARD_STOP=0` in the
   * environment of the process.
   * @defaultValue `20`
   */
  graceMs?: number | undefined;

  /**
   * Properties for the guest's global object, set before any of its code runs. Values cross like
   * any others: objects and functions are live.
   * @defaultValue none
   */
  globals?: object | undefined;

  /**
   * Where the guest's `console` goes, and reports of errors that nobody waits for (see
   * {@link SandboxEvents}): any object with at least `log`. Lines are tagged with the sandbox's
   * name. `false`: the guest has no `console`, and reports without a listener are dropped.
   * @defaultValue the global `console`
   */
  console?: ConsoleLike | false | undefined;

  /**
   * What the guest finds besides the intrinsics of ECMA-262: all, nothing, or what the array
   * names. `'console'` is the {@link https://console.spec.whatwg.org/ | console}; `'timers'` is
   * `setTimeout`, `setInterval`, `setImmediate` and their `clear` functions, as in Node. The engine
   * itself always has `queueMicrotask`, `performance`, `atob` and `btoa`.
   * @defaultValue `true`
   */
  builtins?: boolean | readonly SandboxBuiltin[] | undefined;

  /**
   * What the guest can `require`: a map from file names to source text, or a {@link ModuleLoader}.
   * In a map, names are relative to a common root, and specifiers are resolved as Node does: with
   * `.js`, `.cjs` and `.json` added, `index` files, `main` of a `package.json`, `node_modules` at
   * the root. A file that ends in `.json` is data. With this option the guest's global object has
   * `require`, too.
   * @defaultValue no modules
   */
  modules?: Record<string, string> | ModuleLoader | undefined;

  /**
   * What code may be made from, in every realm of the sandbox; for one context more can be
   * forbidden, see {@link ContextOptions.codeGeneration}. With `strings: false`, `eval` and the
   * constructors of all kinds of functions throw an `EvalError`, however the guest came by them.
   * The host's `run` and the like are not affected, nor is `require`.
   * @defaultValue all true
   */
  codeGeneration?: CodeGeneration | undefined;

  /**
   * Intrinsics of ECMA-262 that a guest can do without. One that is `false` cannot be reached in
   * any realm of the sandbox: not by a constructor's name, nor from an instance, nor by way of the
   * host's own, in whose place the guest finds `undefined`.
   * @defaultValue all true
   */
  intrinsics?: Partial<Record<RemovableIntrinsic, boolean | undefined>> | undefined;

  /**
   * How long source text may be, in kilobytes of UTF-8, up to 1048576 or `Infinity`: what `run`,
   * `compile` and the runs in contexts are given (scripts by the text that they are made from), what
   * `require` loads, and what the guest has `eval` and `Function` make. Longer text is refused before
   * it is parsed: with `ERR_SANDBOX_SOURCE_LIMIT` in the host, with a `RangeError` of that `code` in
   * the guest. Whatever the limit, parsing is under `memoryLimitMb` and `timeout`.
   * @defaultValue `Infinity`
   */
  sourceLimitKb?: number | undefined;

  /**
   * Makes a program do the same each time: see {@link Deterministic}.
   * @defaultValue a running clock in the process's time zone, and unpredictable random numbers
   */
  deterministic?: Deterministic | undefined;
}

/** The option {@link SandboxOptions.deterministic | deterministic}. */
export interface Deterministic {
  /**
   * Where the clock stands, in milliseconds since 1970-01-01 UTC: an integer from −8.64e15 to
   * 8.64e15. It does not move; `performance.now()` is `0`. Local time is UTC.
   * @defaultValue `0`
   */
  now?: number | undefined;

  /**
   * Where `Math.random` begins: a safe integer. The realms of a sandbox draw from one sequence.
   * @defaultValue `0`
   */
  seed?: number | undefined;
}

/** What the option `intrinsics` can name. */
export type RemovableIntrinsic =
  | 'Atomics'
  | 'FinalizationRegistry'
  | 'Proxy'
  | 'SharedArrayBuffer'
  | 'WeakRef';

/** What the option `builtins` can name. */
export type SandboxBuiltin = 'console' | 'timers';

/** What takes the guest's console lines. A method that is missing is replaced by `log`. */
export interface ConsoleLike {
  log(...values: any[]): void;
}

/** Says what a specifier means, and gives the text. Both answer at once, not with a promise. */
export interface ModuleLoader {
  /**
   * The id of a module: the key under which it is loaded once, its `__filename`, and its name in
   * stack traces.
   *
   * @param specifier - What was passed to `require`.
   * @param referrer - The id of the module that asks; `undefined` for
   * {@link Sandbox.require | sandbox.require()}.
   * @returns The id; nothing if there is no such module, which the guest sees as an error with
   * `code: 'MODULE_NOT_FOUND'`.
   */
  resolve(specifier: string, referrer: string | undefined): string | null | undefined;

  /**
   * The source text of a module; nothing if there is none.
   * @param id - What `resolve` answered.
   */
  load(id: string): string | null | undefined;
}

/** How much of the host's objects a guest sees, see {@link SandboxOptions.policy}. */
export type Policy = 'safe' | 'transparent';

/** How an object crosses into a guest: what a function as `policy` may answer. */
export interface Exposure {
  /**
   * How much of it the guest sees.
   * @defaultValue `'safe'`
   */
  policy?: Policy | undefined;
  /**
   * Whether it crosses as a copy, see {@link copy}.
   * @defaultValue `false`
   */
  copy?: boolean | undefined;
  /**
   * Whether the guest can only read it, see {@link readonly}.
   * @defaultValue `false`
   */
  readonly?: boolean | undefined;
  /**
   * The properties that the guest sees, and no others, see {@link only}.
   * @defaultValue those that `policy` shows
   */
  only?: readonly (string | symbol)[] | undefined;
}

/**
 * Makes a value cross as a copy. A host's object is marked: each time it crosses into a guest, the
 * guest gets a copy of its own. Of a guest's object, a copy is made here, at once.
 *
 * Copied are plain objects and arrays with their own enumerable properties, `Map`, `Set`, `Date`,
 * `RegExp`, errors and binary data, with cycles and shared references; of an instance, the own
 * fields. Functions and promises inside stay live.
 *
 * @param value - Anything; what has no live form is left as it is.
 * @returns The host's value itself, or the copy of the guest's.
 * @throws {@link SandboxError} with `ERR_SANDBOX_CROSSING` and the `path`, if there is an instance
 * or the like inside: for a guest's object here, for a host's one where it crosses.
 *
 * @example
 * ```js
 * import { copy, Sandbox } from 'quickvm';
 *
 * const sandbox = new Sandbox();
 * const there = sandbox.run('({ list: [1, 2], when: new Date(0) })');
 * const here = copy(there);
 * there.list.push(3);
 * console.log(here); // → { list: [ 1, 2 ], when: 1970-01-01T00:00:00.000Z }
 *
 * const options = copy({ depth: 1 });
 * sandbox.run('(options) => { options.depth = 9; }')(options);
 * console.log(options.depth); // → 1
 * ```
 */
export function copy<T>(value: T): T;

/**
 * Marks a host object: guests can read it, live, but not change it, nor what they read from it. Its
 * methods run as they are, and what they return is not marked. The host can change it as before.
 *
 * @param value - Anything; a primitive is left as it is.
 * @returns The value itself.
 *
 * @example
 * ```js
 * import { readonly, Sandbox } from 'quickvm';
 *
 * const config = readonly({ limits: { size: 1 } });
 * const sandbox = new Sandbox({ globals: { config } });
 * try {
 *   sandbox.run('"use strict"; config.limits.size = 2');
 * } catch (error) {
 *   console.log(error.name, config.limits.size); // → TypeError 1
 * }
 * config.limits.size = 3;
 * console.log(sandbox.run('config.limits.size')); // → 3
 * ```
 */
export function readonly<T>(value: T): T;

/**
 * Marks a host object or function: guests see these properties of it, own or inherited, and no
 * others, whatever the policy.
 *
 * @param value - Anything; a primitive is left as it is.
 * @param names - Names of properties.
 * @returns The value itself.
 * @throws TypeError if `names` is not an array of strings and symbols.
 *
 * @example
 * ```js
 * import { only, Sandbox } from 'quickvm';
 *
 * const user = only({ name: 'Ann', email: 'ann@mail.test' }, ['name']);
 * const sandbox = new Sandbox({ globals: { user } });
 * console.log(sandbox.run('[user.name, user.email, "email" in user].join()')); // → Ann,,false
 * ```
 */
export function only<T>(value: T, names: readonly (string | symbol)[]): T;

/** Where source text comes from, for stack traces. */
export interface CodeOrigin {
  /**
   * The file's name.
   * @defaultValue `${sandbox.name}.js`; `'sandbox.js'` for `new Script`
   */
  filename?: string | undefined;

  /**
   * Added to each line number: an integer from −2147483648 to 2147483646.
   * @defaultValue `0`
   */
  lineOffset?: number | undefined;

  /**
   * Added to the column numbers of the first line: an integer from 0 to 1048576.
   * @defaultValue `0`
   */
  columnOffset?: number | undefined;
}

/** Options of {@link Sandbox.compile} and {@link Script}. */
export interface CompileOptions extends CodeOrigin {
  /**
   * What {@link Script.createCachedData | createCachedData()} gave for the same text, file name and
   * offsets. It is read once, and taken only if this version of the library has made it with the
   * same secret; else the text is compiled. The script's `cachedDataRejected` says which it was.
   * @defaultValue none
   */
  cachedData?: NodeJS.ArrayBufferView | undefined;
}

/** Options of {@link Sandbox.run}. */
export interface RunOptions extends CodeOrigin {
  /**
   * How long this entry may take, in milliseconds; `0` or `Infinity` for as long as it likes.
   * @defaultValue the sandbox's
   */
  timeout?: number | undefined;
}

/** Options of {@link Sandbox.createContext}. */
export interface ContextOptions {
  /** Accepted as by Node's `vm`; of no effect. */
  name?: string | undefined;
  /** Accepted as by Node's `vm`; of no effect. */
  origin?: string | undefined;
  /** What code in the context may make code from. */
  codeGeneration?: CodeGeneration | undefined;
}

/** See {@link SandboxOptions.codeGeneration} and {@link ContextOptions.codeGeneration}. */
export interface CodeGeneration {
  /**
   * Whether `eval` and the constructors of functions work; if not, they throw an `EvalError`.
   * @defaultValue `true`
   */
  strings?: boolean | undefined;
  /** Accepted as by Node's `vm`; there is no WebAssembly. */
  wasm?: boolean | undefined;
}

/** Options of {@link Sandbox.runInContext}. */
export interface ContextRunOptions extends RunOptions {
  /**
   * When the jobs run that the run leaves: at its end, or (as in Node's `vm`) when those of the
   * host run, as an entry of their own with as much time.
   * @defaultValue `'now'`
   */
  drain?: 'now' | 'later' | undefined;
}

/** Options of {@link Sandbox.runInNewContext}. */
export interface NewContextOptions extends ContextRunOptions {
  /** See {@link ContextOptions.name}. */
  contextName?: string | undefined;
  /** See {@link ContextOptions.origin}. */
  contextOrigin?: string | undefined;
  /** See {@link ContextOptions.codeGeneration}. */
  contextCodeGeneration?: CodeGeneration | undefined;
}

/**
 * `'active'`, `'terminated'` (unusable, its figures still there) or `'disposed'` (gone).
 */
export type SandboxState = 'active' | 'terminated' | 'disposed';

/** The guest's global object, see {@link Sandbox.globalThis}. */
export interface GuestGlobal {
  [key: string | symbol]: any;
}

/** Figures about a sandbox, see {@link Sandbox.usage}. */
export interface SandboxUsage {
  /** Bytes in use now: of the heap, and what the host keeps for the guest. */
  memoryBytes: number;
  /** The most bytes that were in use at once. */
  memoryPeakBytes: number;
  /** The cap, in bytes. */
  memoryLimitBytes: number;
  /** Milliseconds inside the guest by the clock, host calls excluded. */
  cpuMs: number;
  /** Milliseconds inside entries, host calls included. */
  wallMs: number;
  /** Outermost entries so far. */
  entries: number;
  /** Entries that ended with `ERR_SANDBOX_TIMEOUT`. */
  timeouts: number;
  /** Host objects, functions, promises, errors and symbols that the guest holds on to. */
  hostHandles: number;
  /** Guest objects, functions, promises, errors and symbols that the host holds on to. */
  guestHandles: number;
  /** Promises that the guest still owes the host. */
  jobs: number;
  /** Timers of the guest that are pending. */
  timers: number;
}

/**
 * Events of a {@link Sandbox}. The first two are errors that nobody waits for; without a listener
 * they are written to the sandbox's console. They never end the host's process by themselves, but
 * a listener that throws does what any listener that throws does.
 */
export interface SandboxEvents {
  /** A promise in the guest was rejected and no guest code handled it in that entry. */
  unhandledRejection: [reason: unknown];
  /**
   * A timer or a promise reaction threw, or was stopped by a limit, and no promise that the host
   * holds could say so.
   */
  uncaughtException: [error: unknown];
  /**
   * {@link Sandbox.terminate | terminate()} was called, or the guest could only be stopped for good,
   * by the error that is the reason.
   */
  terminated: [reason: unknown];
}

/**
 * Code compiled once, to be run many times in any sandbox.
 *
 * @example
 * ```js
 * import { Sandbox, Script } from 'quickvm';
 *
 * const script = new Script('`${tenant}: ${1 + 1}`', { filename: 'greeting.js' });
 * for (const tenant of ['a', 'b']) {
 *   const sandbox = new Sandbox({ globals: { tenant } });
 *   console.log(sandbox.run(script));
 *   sandbox.dispose();
 * }
 * // → a: 2
 * // → b: 2
 * ```
 */
export class Script {
  /**
   * Compiles a script outside of any sandbox, with no deadline. For source text from someone you
   * do not trust use {@link Sandbox.compile}, which keeps to that sandbox's limits.
   *
   * @param code - Source text of a script.
   * @param options - See {@link CompileOptions}. A string stands for `{ filename }`.
   * @throws SyntaxError with a stack that names file, line and column.
   * @throws {@link SandboxError} with `ERR_SANDBOX_OPTIONS`, or with `ERR_SANDBOX_MEMORY_LIMIT` if
   * compiling takes more than 256 MB.
   * @throws TypeError if `code` is not a string.
   */
  constructor(code: string, options?: CompileOptions | string);

  /** The file name in stack traces. */
  readonly filename: string;

  /** Whether `cachedData` was not good and the text was compiled; absent without that option. */
  readonly cachedDataRejected?: boolean;

  /**
   * The bytecode for the option `cachedData`, sealed with a secret that a file of the user's keeps
   * on this machine, or that the environment variable `QUICKVM_CACHE_SECRET` gives (at least 16
   * characters). Where neither can be, a warning is emitted, and the data is good for this process.
   *
   * @throws {@link SandboxError} with `ERR_SANDBOX_OPTIONS` if that variable is too short.
   *
   * @example
   * ```js
   * import { Script } from 'quickvm';
   *
   * const code = 'const answer = 42; answer';
   * const cachedData = new Script(code, 'answer.js').createCachedData();
   * // … kept in a file, read by another process …
   * const script = new Script(code, { filename: 'answer.js', cachedData });
   * console.log(script.cachedDataRejected); // → false
   * console.log(new Script(`${code};`, { cachedData }).cachedDataRejected); // → true
   * ```
   */
  createCachedData(): Buffer;

  // Scripts are told by identity; an object with a file name is none.
  private readonly compiled;
}

/**
 * What is wrong, for programs:
 *
 * - `ERR_SANDBOX_TIMEOUT`: an entry ran past its deadline. The sandbox stays usable; `finally`
 *   blocks of what was stopped have not run.
 * - `ERR_SANDBOX_MEMORY_LIMIT`: the heap reached its cap. The sandbox stays usable, but what its
 *   globals still refer to still counts.
 * - `ERR_SANDBOX_CROSSING`: a value has no form on the other side, or none as a copy; `path` says
 *   where it is.
 * - `ERR_SANDBOX_REVOKED`: the guest used what {@link Sandbox.revoke} took away from it.
 * - `ERR_SANDBOX_FAULT`: the engine itself failed while guest code ran; `signal` says how. The
 *   sandbox is terminated. `QUICKVM_FAULT_HANDLER=0` in the environment of the process turns this
 *   off, and so does `QUICKVM_HARD_STOP=0`; then, and on Windows, the process ends.
 * - `ERR_SANDBOX_TERMINATED`: {@link Sandbox.terminate} was called; `cause` is its reason.
 * - `ERR_SANDBOX_DISPOSED`: {@link Sandbox.dispose} was called.
 * - `ERR_SANDBOX_SOURCE_LIMIT`: source text is longer than
 *   {@link SandboxOptions.sourceLimitKb | sourceLimitKb}.
 * - `ERR_SANDBOX_OPTIONS`: an option is unknown or not acceptable. A mistake of the caller.
 */
export type SandboxErrorCode =
  | 'ERR_SANDBOX_TIMEOUT'
  | 'ERR_SANDBOX_MEMORY_LIMIT'
  | 'ERR_SANDBOX_CROSSING'
  | 'ERR_SANDBOX_REVOKED'
  | 'ERR_SANDBOX_FAULT'
  | 'ERR_SANDBOX_TERMINATED'
  | 'ERR_SANDBOX_DISPOSED'
  | 'ERR_SANDBOX_SOURCE_LIMIT'
  | 'ERR_SANDBOX_OPTIONS';

/**
 * An error that the sandbox itself raises. Errors that guest code throws arrive as themselves: a
 * guest cannot make one of this class, only throw one again that it was given.
 *
 * @example
 * ```js
 * import { copy, Sandbox, SandboxError } from 'quickvm';
 *
 * const sandbox = new Sandbox({ name: 'app' });
 * try {
 *   copy(sandbox.run('({ list: [new (class Point {})()] })'));
 * } catch (error) {
 *   console.log(error instanceof SandboxError); // → true
 *   console.log(error.code, error.sandbox, error.path); // → ERR_SANDBOX_CROSSING app result.list[0]
 * }
 * ```
 */
export class SandboxError extends Error {
  // Made by the package only.
  private constructor();

  readonly name: 'SandboxError';

  /** What is wrong, for programs. */
  readonly code: SandboxErrorCode;

  /** The name of the sandbox, where one is concerned. */
  readonly sandbox?: string;

  /** The file that was run, compiled or loaded, where it is known. */
  readonly filename?: string;

  /** With `ERR_SANDBOX_CROSSING`: where the value is, such as `args[0].user` or `result[3]`. */
  readonly path?: string;

  /** With `ERR_SANDBOX_FAULT`: the signal of the system's, such as `SIGSEGV`. */
  readonly signal?: string;
}
