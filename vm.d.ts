/**
 * The API of Node's {@link https://nodejs.org/docs/latest-v20.x/api/vm.html | `vm`} on isolated
 * heaps: a program moves over by changing one import. `docs/vm.md` says, option by option, what
 * differs.
 *
 * Contexts that share objects lie in one sandbox; any other has a sandbox, and so a memory cap, of
 * its own. It goes when nothing holds its contexts, or anything made in them, any more.
 *
 * **What you put on a context, its code can use to the full**, as with Node's `vm`: all properties
 * of your objects, whatever is reachable from them, and your classes. It finds its own intrinsics
 * only, never yours.
 *
 * @example
 * ```js
 * import vm from 'quickvm/vm';
 *
 * const context = vm.createContext({ animal: 'cat', count: 2 });
 * const script = new vm.Script('count += 40; name = "kitty"; count', { filename: 'pet.js' });
 * console.log(script.runInContext(context, { timeout: 100 })); // → 42
 * console.log(context.name, context.count); // → kitty 42
 * ```
 */

/** An object whose properties are the globals of code that is run on it. */
export interface Context {
  [key: string | number | symbol]: any;
}

/** Where source text comes from, for stack traces. */
export interface BaseOptions {
  /** @defaultValue `'evalmachine.<anonymous>'`; for `compileFunction`, none */
  filename?: string | undefined;
  /** Added to each line number. @defaultValue `0` */
  lineOffset?: number | undefined;
  /** Added to the column numbers of the first line. @defaultValue `0` */
  columnOffset?: number | undefined;
}

/** Checked, and without effect: there are no modules. */
export type ImportModuleDynamically = ((...args: any[]) => unknown) | symbol;

/** Options of {@link Script}. */
export interface ScriptOptions extends BaseOptions {
  /** What `createCachedData()` gave for the same source text, file name and offsets. */
  cachedData?: NodeJS.ArrayBufferView | undefined;
  /** @deprecated use `script.createCachedData()` */
  produceCachedData?: boolean | undefined;
  importModuleDynamically?: ImportModuleDynamically | undefined;
}

/** Options of a run. */
export interface RunningScriptOptions extends BaseOptions {
  /**
   * How long the run may take, in milliseconds, from 1 on; an `Error` with the code
   * `ERR_SCRIPT_EXECUTION_TIMEOUT` is thrown when it is over.
   * @defaultValue no limit
   */
  timeout?: number | undefined;
  /** Whether an error's stack begins with the line of source. @defaultValue `true` */
  displayErrors?: boolean | undefined;
  /** Checked, and without effect: a run is stopped by its `timeout` only. */
  breakOnSigint?: boolean | undefined;
}

/** Options of a run that makes a context, too. */
export interface RunningScriptInNewContextOptions extends RunningScriptOptions {
  contextName?: string | undefined;
  contextOrigin?: string | undefined;
  contextCodeGeneration?: CreateContextOptions['codeGeneration'];
  microtaskMode?: 'afterEvaluate' | undefined;
}

/** Options of a run of source text. */
export interface RunningCodeOptions extends RunningScriptOptions, ScriptOptions {}

/** Options of a run of source text that makes a context, too. */
export interface RunningCodeInNewContextOptions
  extends RunningScriptInNewContextOptions,
    ScriptOptions {}

/** Options of {@link createContext}. */
export interface CreateContextOptions {
  /** Checked, and without effect. */
  name?: string | undefined;
  /** Checked, and without effect. */
  origin?: string | undefined;
  codeGeneration?:
    | {
        /** Whether `eval` and `Function` take text. @defaultValue `true` */
        strings?: boolean | undefined;
        /** Checked, and without effect: there is no WebAssembly. */
        wasm?: boolean | undefined;
      }
    | undefined;
  /** When jobs run: before each run returns, within its timeout, or as microtasks of the host. */
  microtaskMode?: 'afterEvaluate' | undefined;
  importModuleDynamically?: ImportModuleDynamically | undefined;
}

/** Options of {@link compileFunction}. */
export interface CompileFunctionOptions extends ScriptOptions {
  /** Where the function is made. @defaultValue where {@link runInThisContext} runs */
  parsingContext?: Context | undefined;
  /** Objects whose properties the function sees as variables, the innermost last. */
  contextExtensions?: readonly object[] | undefined;
}

/** Options of {@link measureMemory}. */
export interface MeasureMemoryOptions {
  mode?: 'summary' | 'detailed' | undefined;
  execution?: 'default' | 'eager' | undefined;
}

/** Bytes of the heap of one sandbox, or of several. */
export interface MemoryFigure {
  jsMemoryEstimate: number;
  jsMemoryRange: [number, number];
}

/** See {@link measureMemory}. */
export interface MemoryMeasurement {
  total: MemoryFigure;
  /** With `mode: 'detailed'`: the sandbox of {@link runInThisContext}. */
  current?: MemoryFigure;
  /** With `mode: 'detailed'`: each other sandbox. */
  other?: MemoryFigure[];
}

/** Code compiled once, to be run many times, in any context. */
export class Script {
  /**
   * @throws SyntaxError whose stack shows the place.
   */
  constructor(code: string, options?: ScriptOptions | string);

  /** Runs on a context, and answers the completion value. */
  runInContext(contextifiedObject: Context, options?: RunningScriptOptions): any;

  /** {@link createContext}, and a run there. */
  runInNewContext(
    contextObject?: Context | symbol,
    options?: RunningScriptInNewContextOptions,
  ): any;

  /** Runs on the host's own global object, see {@link runInThisContext}. */
  runInThisContext(options?: RunningScriptOptions): any;

  /** The bytecode, sealed, for the option `cachedData`; see `quickvm`'s `Script`. */
  createCachedData(): Buffer;

  /** Whether `cachedData` was not good and the text was compiled; absent without that option. */
  cachedDataRejected?: boolean;
  /** @deprecated see {@link ScriptOptions.produceCachedData} */
  cachedDataProduced?: boolean;
  /** @deprecated see {@link ScriptOptions.produceCachedData} */
  cachedData?: Buffer;
  /** What the text's last `//# sourceMappingURL=` comment says. */
  sourceMapURL: string | undefined;
}

/**
 * Makes an object the global object of code that is run on it, and answers it. Does nothing to one
 * that is a context already.
 *
 * @param contextObject - `constants.DONT_CONTEXTIFY` for a global object that is the guest's own.
 */
export function createContext(
  contextObject?: Context | symbol,
  options?: CreateContextOptions,
): Context;

/** Whether an object is a context. */
export function isContext(object: object): boolean;

/** Runs source text on a context, and answers the completion value. */
export function runInContext(
  code: string,
  contextifiedObject: Context,
  options?: RunningCodeOptions | string,
): any;

/** {@link createContext}, and a run there. */
export function runInNewContext(
  code: string,
  contextObject?: Context | symbol,
  options?: RunningCodeInNewContextOptions | string,
): any;

/**
 * Runs source text on the host's own `globalThis`.
 *
 * **This hands the whole host over**: `process`, and all that is reachable from there. It is what
 * the function means. The code runs in a heap of its own all the same, with its own intrinsics.
 */
export function runInThisContext(code: string, options?: RunningCodeOptions | string): any;

/**
 * Makes a function whose body is the source text.
 *
 * **Without a `parsingContext` the function sees the host's globals**, as with
 * {@link runInThisContext}.
 */
export function compileFunction(
  code: string,
  params?: readonly string[],
  options?: CompileFunctionOptions,
): ((...args: any[]) => any) &
  Pick<Script, 'cachedData' | 'cachedDataProduced' | 'cachedDataRejected'>;

/** The same as `new Script`. */
export function createScript(code: string, options?: ScriptOptions | string): Script;

/** What the sandboxes of this module use; Node's own heap is not counted. */
export function measureMemory(options?: MeasureMemoryOptions): Promise<MemoryMeasurement>;

/** The same symbols as `node:vm` has, where it has them. */
export const constants: {
  readonly USE_MAIN_CONTEXT_DEFAULT_LOADER: symbol;
  readonly DONT_CONTEXTIFY: symbol;
};

/** What {@link configure} takes: as in the options of a `Sandbox`. */
export interface Limits {
  /** @defaultValue `64` */
  memoryLimitMb?: number | undefined;
  /** @defaultValue `512` */
  stackLimitKb?: number | undefined;
  /** For each entry without a timeout of its own, calls of the guest's functions among them.
   * @defaultValue no limit */
  timeout?: number | undefined;
}

/**
 * Sets the limits of the sandboxes that are made from now on. Not part of Node's `vm`.
 *
 * @throws `SandboxError` with `ERR_SANDBOX_OPTIONS`.
 */
export function configure(limits: Limits): void;
