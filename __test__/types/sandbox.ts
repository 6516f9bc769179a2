// Checked by `npm run lint:types`; never run.

import {
  copy,
  type Exposure,
  type GuestGlobal,
  only,
  type Policy,
  type RunOptions,
  readonly,
  Sandbox,
  type SandboxBuiltin,
  type SandboxOptions,
  type SandboxState,
  type SandboxUsage,
  Script,
} from '../../index.js';

/** Fails to compile unless `T` and `U` are the same type. */
type Same<T, U> =
  (<X>() => X extends T ? 1 : 2) extends <X>() => X extends U ? 1 : 2 ? true : false;
const same = <T extends true>(): T | undefined => undefined;
/** Fails to compile unless the value has type `T`. */
const type = <T>(value: T): T => value;

// Contexts.

const contexts = new Sandbox();
same<Same<{ n: number }, ReturnType<typeof contexts.createContext<{ n: number }>>>>();
type<{ n: number }>(contexts.createContext({ n: 1 }));
contexts.createContext().anything = 1;
contexts.createContext({}, { name: 'n', origin: 'o', codeGeneration: { strings: false } });
type<boolean>(contexts.isContext({}));
type<number>(contexts.runInContext<number>('1', {}, { drain: 'later', timeout: 5 }));
contexts.runInContext('1', {}, 'file.js');
contexts.runInNewContext('1');
contexts.runInNewContext(new Script('1'), {}, { contextCodeGeneration: { wasm: false } });
// @ts-expect-error no object
contexts.createContext(1);
// @ts-expect-error no such time
contexts.runInContext('1', {}, { drain: 'never' });

// Options.

new Sandbox();
new Sandbox({});
const all: Required<SandboxOptions> = {
  name: 'app',
  memoryLimitMb: 64,
  stackLimitKb: 512,
  timeout: Number.POSITIVE_INFINITY,
  graceMs: 20,
  policy: 'transparent',
  globals: { answer: 42, ask: () => 42 },
  console: false,
  builtins: ['console', 'timers'],
  modules: { 'main.js': 'exports.a = 1' },
  codeGeneration: { strings: false, wasm: undefined },
  intrinsics: { Proxy: false, WeakRef: undefined },
  sourceLimitKb: Number.POSITIVE_INFINITY,
  deterministic: { now: Date.now(), seed: undefined },
};
// @ts-expect-error not one that a guest can do without
new Sandbox({ intrinsics: { Date: false } });
// @ts-expect-error neither true nor false
new Sandbox({ codeGeneration: { strings: 'no' } });
new Sandbox(all);
new Sandbox({ name: undefined, timeout: undefined, builtins: undefined });
new Sandbox({ console });
new Sandbox({ console: { log() {} } });
new Sandbox({ builtins: true });
new Sandbox({ builtins: [] });
const some: readonly SandboxBuiltin[] = ['timers'];
new Sandbox({ builtins: some });
new Sandbox({
  modules: {
    resolve: (specifier, referrer) => (referrer === undefined ? `${specifier}.js` : undefined),
    load: (id) => (id === 'a.js' ? '' : null),
  },
});

new Sandbox({ policy: 'safe' });
const policy: Policy = 'transparent';
new Sandbox({ policy });
new Sandbox({ policy: (object) => (Array.isArray(object) ? 'copy' : 'readonly') });
const exposure: Exposure = {
  policy: 'safe',
  copy: false,
  readonly: true,
  only: ['a', Symbol.iterator],
};
new Sandbox({ policy: () => exposure });
new Sandbox({ policy: () => ({}) });

// @ts-expect-error the options are an object
new Sandbox('app');
// @ts-expect-error an unknown option
new Sandbox({ memoryLimit: 64 });
// @ts-expect-error a number, not text
new Sandbox({ timeout: '1s' });
// @ts-expect-error true makes no sense: the console is the default
new Sandbox({ console: true });
// @ts-expect-error a console has at least log
new Sandbox({ console: { warn() {} } });
// @ts-expect-error an unknown builtin
new Sandbox({ builtins: ['fs'] });
// @ts-expect-error a source text is a string
new Sandbox({ modules: { 'a.js': 1 } });
// @ts-expect-error a loader answers at once
new Sandbox({ modules: { resolve: async (id: string) => id, load: (id: string) => id } });
// @ts-expect-error an unknown policy
new Sandbox({ policy: 'open' });
// @ts-expect-error a policy answers at once
new Sandbox({ policy: async () => 'safe' });
// @ts-expect-error a policy always answers
new Sandbox({ policy: () => undefined });
// @ts-expect-error names are in an array
new Sandbox({ policy: () => ({ only: 'a' }) });
// @ts-expect-error globals are an object
new Sandbox({ globals: 'x' });

// Methods.

const sandbox = new Sandbox();
const untyped = sandbox.run('1');
same<Same<typeof untyped, any>>();
const count = sandbox.run<number>('1', {
  filename: 'a.js',
  lineOffset: 1,
  columnOffset: 2,
  timeout: 3,
});
same<Same<typeof count, number>>();
const add = sandbox.run<(a: number, b: number) => number>('(a, b) => a + b', 'add.js');
same<Same<ReturnType<typeof add>, number>>();
const options: RunOptions = { timeout: 0 };
sandbox.run(new Script('1'), options);

// @ts-expect-error code is needed
sandbox.run();
// @ts-expect-error a function is not code
sandbox.run(() => 1);
// @ts-expect-error not everything with a file name is a script
sandbox.run({ filename: 'a.js' });
// @ts-expect-error an unknown option
sandbox.run('1', { memoryLimitMb: 1 });

const script = sandbox.compile('1', { filename: 'a.js' });
same<Same<typeof script, Script>>();
sandbox.compile('1', 'a.js');
// @ts-expect-error compiling keeps to the sandbox's own timeout
sandbox.compile('1', { timeout: 5 });
// @ts-expect-error a script is compiled already
sandbox.compile(script);

const untypedExports = sandbox.require('./lib');
same<Same<typeof untypedExports, any>>();
const library = sandbox.require<{ double(n: number): number }>('./lib');
same<Same<ReturnType<typeof library.double>, number>>();
// @ts-expect-error an id is a string
sandbox.require(1);

// The global object.

same<Same<typeof sandbox.globalThis, GuestGlobal>>();
sandbox.globalThis.answer = 42;
sandbox.globalThis[Symbol.for('tag')] = 'x';
delete sandbox.globalThis.answer;
type<boolean>('answer' in sandbox.globalThis);
// @ts-expect-error it is always the same one
sandbox.globalThis = {};

// What a guest may see.

const point = { x: 1, y: [2] };
same<Same<ReturnType<typeof copy<typeof point>>, typeof point>>();
type<number[]>(copy(point).y);
type<number>(readonly(point).x + only(point, ['x']).x);
type<string>(copy('text'));
only(point, [Symbol.iterator]);
sandbox.revoke(point);
sandbox.revoke(() => {});
// @ts-expect-error names are in an array
only(point, 'x');
// @ts-expect-error there is nothing to take away
sandbox.revoke(1);

// What can only be read.

same<Same<typeof sandbox.name, string>>();
same<Same<typeof sandbox.state, SandboxState>>();
same<Same<ReturnType<typeof sandbox.usage>, SandboxUsage>>();
// @ts-expect-error the name is given at the start
sandbox.name = 'other';
// @ts-expect-error the state changes by terminate and dispose
sandbox.state = 'disposed';
// @ts-expect-error there is no such state
type<SandboxState>('running');

const usage = sandbox.usage();
type<number>(usage.memoryBytes + usage.memoryPeakBytes + usage.memoryLimitBytes);
type<number>(usage.cpuMs + usage.wallMs);
type<number>(usage.entries + usage.timeouts + usage.jobs + usage.timers);
type<number>(usage.hostHandles + usage.guestHandles);
// @ts-expect-error there is no such figure
type(usage.memory);

// The end.

sandbox.terminate();
sandbox.terminate('reason');
sandbox.terminate(new Error('reason'));
sandbox.dispose();
sandbox[Symbol.dispose]();
type<Disposable>(sandbox);
{
  using scoped = new Sandbox();
  scoped.run('1');
}

// Scripts.

new Script('1', 'a.js');
new Script('1', { filename: 'a.js', lineOffset: -1 });
const { filename } = new Script('1');
same<Same<typeof filename, string>>();
// @ts-expect-error a deadline belongs to a sandbox
new Script('1', { timeout: 5 });
// @ts-expect-error the name is given at compilation
new Script('1').filename = 'b.js';
const cached = new Script('1', { cachedData: new Script('1').createCachedData() });
cached.cachedDataRejected satisfies boolean | undefined;
sandbox.compile('1', { cachedData: new DataView(new ArrayBuffer(8)) });
// @ts-expect-error text that is run has none
sandbox.run('1', { cachedData: Buffer.alloc(0) });
