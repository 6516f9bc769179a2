'use strict';

// Whatever a guest makes grow, without end, is stopped by its memory limit, and the host stays small.

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');
const { sandbox, expectNoLeaks, eventually, turn, errorOf } = require('./support.js');

afterEach(expectNoLeaks);

const root = path.dirname(__dirname);
const MB = 1024 * 1024;

/** What the programs are given: host code, so text as well. */
const HOSTS = {
  nothing: '({})',
  objects: '({ globals: { make: () => ({}) } })',
  functions: '({ globals: { make: () => () => {} } })',
  promises: '({ globals: { make: () => new Promise(() => {}) } })',
  errors: '({ globals: { make: () => new Error("x") } })',
  symbols: '({ globals: { make: () => Symbol("x") } })',
  taker: '({ globals: { take() {} } })',
  keeper: '((kept) => ({ globals: { take: (value) => void kept.push(value) } }))([])',
  recursion: '({ globals: { back: (f) => f() } })',
  modules: '({ modules: { resolve: (id) => id, load: () => "module.exports = {}" } })',
  // Takes a line in at once and writes it when the event loop gets there, as pipes do.
  stream: `(() => {
    const { Console } = require('node:console');
    const { Writable } = require('node:stream');
    const write = (chunk, encoding, done) => setTimeout(done, 1);
    return { console: new Console(new Writable({ write })) };
  })()`,
};

const MEMORY = 'ERR_SANDBOX_MEMORY_LIMIT';
const TIMEOUT = 'ERR_SANDBOX_TIMEOUT';

/** By what grows: the host, the program, and what stops it. */
const PROGRAMS = {
  heap: ['nothing', 'const all = []; for (;;) all.push({})', MEMORY],
  strings: [
    'nothing',
    'const all = []; for (let i = 0; ; i++) all.push("x".repeat(1e4) + i)',
    MEMORY,
  ],
  'array buffers': ['nothing', 'const all = []; for (;;) all.push(new ArrayBuffer(1e5))', MEMORY],
  'resizable buffers': [
    'nothing',
    'const b = new ArrayBuffer(8, { maxByteLength: 1e9 }); for (let n = 8; ; n *= 2) b.resize(n)',
    MEMORY,
  ],
  bytecode: [
    'nothing',
    'const all = []; for (let i = 0; ; i++) all.push(eval("(() => { const x = " + i + "; return x })"))',
    MEMORY,
  ],
  regexps: [
    'nothing',
    'const all = []; for (let i = 0; ; i++) all.push(new RegExp("(a{1,500}){1,500}" + i))',
    MEMORY,
  ],
  'the stack of a regexp': ['nothing', '/^(a|a)*$/.test("a".repeat(1e6) + "b")', MEMORY],
  jobs: ['nothing', 'for (;;) Promise.resolve().then(() => {})', MEMORY],
  microtasks: ['nothing', 'for (;;) queueMicrotask(() => {})', MEMORY],
  'promises that wait': [
    'nothing',
    'for (;;) (async () => { await new Promise(() => {}) })(); ',
    TIMEOUT,
  ],
  timers: ['nothing', 'for (;;) setTimeout(() => {}, 1e8)', MEMORY],
  intervals: ['nothing', 'for (;;) setInterval(() => {}, 1e8)', MEMORY],
  immediates: ['nothing', 'for (;;) setImmediate(() => {})', MEMORY],
  'symbols of its registry': [
    'nothing',
    'const all = []; for (let i = 0; ; i++) all.push(Symbol.for("x".repeat(100) + i))',
    MEMORY,
  ],
  "symbols of the host's registry": [
    'taker',
    'for (let i = 0; ; i++) take(Symbol.for("x".repeat(100) + i))',
    MEMORY,
  ],
  'objects of the host': ['objects', 'const all = []; for (;;) all.push(make())', MEMORY],
  'functions of the host': ['functions', 'const all = []; for (;;) all.push(make())', MEMORY],
  'promises of the host': ['promises', 'const all = []; for (;;) all.push(make())', MEMORY],
  'errors of the host': ['errors', 'const all = []; for (;;) all.push(make())', MEMORY],
  'symbols of the host': ['symbols', 'const all = []; for (;;) all.push(make())', MEMORY],
  'objects in the host': ['keeper', 'for (;;) take({})', MEMORY],
  'functions in the host': ['keeper', 'for (;;) take(() => {})', MEMORY],
  'promises in the host': ['keeper', 'for (;;) take(new Promise(() => {}))', MEMORY],
  'symbols in the host': ['keeper', 'for (;;) take(Symbol("x"))', MEMORY],
  'errors in the host': ['keeper', 'for (;;) take(new Error("x"))', MEMORY],
  'strings on their way': ['taker', 'const s = "x".repeat(1e6); for (;;) take(s)', TIMEOUT],
  'buffers on their way': ['taker', 'const b = new Uint8Array(1e6); for (;;) take(b)', TIMEOUT],
  'one large message': [
    'taker',
    'const s = "x".repeat(1e5); take(new Map(Array.from({ length: 1e4 }, (_, i) => [i, s])))',
    'ERR_SANDBOX_CROSSING',
  ],
  'stacks of errors': [
    'nothing',
    'Error.stackTraceLimit = Infinity; const all = []; const f = (n) => n > 0 ? f(n - 1) : all.push(new Error("x")); for (;;) f(500)',
    MEMORY,
  ],
  'names in stacks': [
    'nothing',
    'const all = []; for (;;) { const o = { ["x".repeat(1e5)]() { return new Error().stack } }; all.push(Object.values(o)[0]()) }',
    MEMORY,
  ],
  'console lines': ['stream', 'const line = "x".repeat(1e4); for (;;) console.log(line)', MEMORY],
  'short console lines': ['stream', 'for (;;) console.log(1)', MEMORY],
  'console groups': ['stream', 'for (;;) console.group()', MEMORY],
  'console counters': [
    'stream',
    'for (let i = 0; ; i++) console.count("x".repeat(1000) + i)',
    MEMORY,
  ],
  'console timers': ['stream', 'for (let i = 0; ; i++) console.time("x".repeat(1000) + i)', MEMORY],
  'errors nobody catches': [
    'nothing',
    'const go = () => { queueMicrotask(go); queueMicrotask(() => { throw "x".repeat(1e5) }) }; go()',
    MEMORY,
  ],
  rejections: [
    'nothing',
    'const all = []; for (;;) all.push(Promise.reject("x".repeat(1000)))',
    MEMORY,
  ],
  modules: ['modules', 'for (let i = 0; ; i++) require("./m" + i)', MEMORY],
  recursion: ['nothing', 'const f = () => f() + 1; f()', 'RangeError'],
  'recursion through the host': ['recursion', 'const f = () => back(f) + 1; f()', 'RangeError'],
};

/** Runs a program in a sandbox in a process of its own; answers how it ended and what it took. */
async function outcomeOf(host, program, memoryLimitMb, timeout) {
  const script = `
    const { Sandbox } = require(${JSON.stringify(root)});
    const limits = { memoryLimitMb: ${memoryLimitMb}, timeout: ${timeout}, console: false };
    const sandbox = new Sandbox({ ...limits, ...${HOSTS[host]} });
    sandbox.on('uncaughtException', () => {}).on('unhandledRejection', () => {});
    const before = process.memoryUsage().rss;
    let end;
    try {
      sandbox.run(${JSON.stringify(program)});
    } catch (error) {
      end = error.code ?? error.name;
    }
    const growth = process.memoryUsage().rss - before;
    process.stdout.write(JSON.stringify({ end, growth }), () => process.exit());`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--eval', script]);
  return JSON.parse(stdout);
}

/** Whose growth in the host follows the limit. */
const KEPT = [
  ...['timers', 'functions of the host', 'promises of the host', 'objects in the host'],
  ...["symbols of the host's registry", 'console lines', 'errors nobody catches'],
];

const cases = Object.keys(PROGRAMS).map((name) => [4, name]);
cases.push(...KEPT.map((name) => [16, name]));

test.concurrent.each(cases)('under %i MB, %s cannot grow without end', async (limit, name) => {
  const [host, program, expected] = PROGRAMS[name];
  // Those that memory is to stop have as long as they like.
  const timeout = expected === TIMEOUT ? 300 : 25_000;
  const { end, growth } = await outcomeOf(host, program, limit, timeout);
  expect(end).toBe(expected);
  // The limit itself, what lies on the other side for it, and the garbage that V8 allows itself.
  expect(growth / MB).toBeLessThan(3 * limit + 64);
});

describe('globals of a context, which lie in the host', () => {
  const FLOOD = 'for (let i = 0; ; i++) { globalThis["k" + i] = "x".repeat(1e5) + i; leave() }';
  const fields = (object) => Object.keys(object).length;

  test('count with the guest that has written them', () => {
    const app = sandbox({ memoryLimitMb: 4, timeout: 20_000 });
    const object = { leave() {} };
    const context = app.createContext(object);
    expect(errorOf(() => app.runInContext(FLOOD, context)).code).toBe(MEMORY);
    expect(fields(object)).toBeGreaterThan(10);
    expect(fields(object)).toBeLessThan(60);
    // The host makes room.
    for (const key of Object.keys(object)) delete object[key];
    expect(app.runInContext('x = 1', context)).toBe(1);
    expect(app.usage().memoryBytes).toBeLessThan(MB);
  });

  test('count once, and no longer than they are there', async () => {
    const app = sandbox({ memoryLimitMb: 4, timeout: 20_000 });
    let object = {};
    app.createContext(object);
    for (let i = 0; i < 20; i++) app.runInContext('text = "x".repeat(1e6)', object);
    expect(app.usage().memoryBytes).toBeGreaterThan(1e6);
    app.runInContext('delete globalThis.text', object);
    app.runInContext('0', object); // it has a copy for as long as it may need it
    expect(app.usage().memoryBytes).toBeLessThan(1e6);
    // Those that the host takes away are not the guest's.
    for (let i = 0; i < 100; i++) {
      app.runInContext(`text${i} = "x".repeat(1e5)`, object);
      delete object[`text${i}`];
    }
    app.runInContext('text = "x".repeat(1e6)', object);
    object = undefined;
    expect(app.usage().memoryBytes).toBeGreaterThan(2e6);
    expect(await eventually(() => app.usage().memoryBytes < 1.5e6)).toBe(true);
  });
});

describe('what the host keeps for a guest', () => {
  const used = (app) => app.usage().memoryBytes;

  test('is counted with its memory: handles, until they are gone', async () => {
    const app = sandbox();
    const make = app.run('() => ({})');
    const before = used(app);
    let all = Array.from({ length: 100 }, () => make());
    expect(used(app) - before).toBeGreaterThan(100 * 512);
    expect(all.length).toBe(100);
    all = undefined;
    expect(await eventually(() => used(app) - before < 10_000)).toBe(true);
  });

  test('values of the host, until the guest drops them', () => {
    const app = sandbox({ globals: { make: () => () => {} } });
    app.run('let all = []; for (let i = 0; i < 5; i++) make()');
    const before = used(app);
    app.run('for (let i = 0; i < 100; i++) all.push(make()); 0');
    const meanwhile = used(app) - before;
    expect(meanwhile).toBeGreaterThan(100 * 256);
    app.run('all = []; 0');
    expect(used(app) - before).toBeLessThan(meanwhile / 4);
  });

  test('timers, until they fire or are stopped', async () => {
    const app = sandbox();
    app.run('clearTimeout(setTimeout(() => {}, 1e8))');
    const before = used(app);
    app.run('var ids = []; for (let i = 0; i < 50; i++) ids.push(setTimeout(() => {}, 1e8)); 0');
    expect(used(app) - before).toBeGreaterThan(50 * 1024);
    app.run('ids.forEach((id) => clearTimeout(id)); ids = null');
    expect(used(app) - before).toBeLessThan(10_000);
    app.run('for (let i = 0; i < 50; i++) setTimeout(() => {}, 1); 0');
    expect(used(app) - before).toBeGreaterThan(50 * 1024);
    expect(await eventually(() => app.usage().timers === 0)).toBe(true);
    expect(used(app) - before).toBeLessThan(10_000);
  });

  test('console lines, until the event loop has turned', async () => {
    const app = sandbox({ console: { log() {} } });
    app.run('console.log(1)');
    await turn();
    const before = used(app);
    app.run('console.log("x".repeat(1e6))');
    expect(used(app) - before).toBeGreaterThan(1e6);
    await turn();
    await turn();
    expect(used(app) - before).toBeLessThan(10_000);
  });

  test('groups of the console are indented up to a depth', () => {
    const calls = [];
    const count = (name) => calls.filter((call) => call === name).length;
    const target = Object.fromEntries(
      ['log', 'group', 'groupEnd'].map((name) => [name, () => calls.push(name)]),
    );
    const app = sandbox({ console: target });
    app.run('for (let i = 0; i < 100; i++) console.group(i)');
    expect([count('group'), count('log')]).toEqual([32, 68]);
    app.run('for (let i = 0; i < 100; i++) console.groupEnd()');
    expect(count('groupEnd')).toBe(32);
    app.run('console.group(1); console.groupEnd()');
    expect([count('group'), count('groupEnd')]).toEqual([33, 33]);
  });

  test('a guest that was stopped for it goes on', async () => {
    const lines = [];
    const log = (line) => lines.push(line);
    const app = sandbox({ memoryLimitMb: 4, timeout: 20_000, console: { log } });
    const flood = 'for (;;) console.log("x".repeat(1e4))';
    expect(errorOf(() => app.run(flood)).code).toBe(MEMORY);
    expect(lines.length).toBeLessThan(500);
    await turn();
    await turn();
    expect(app.run('console.log("again"); 1')).toBe(1);
    expect(lines.at(-1)).toBe('[sandbox] again');
  });

  test('of one sandbox does not burden the next', () => {
    for (let i = 0; i < 20; i++) {
      const app = sandbox({ memoryLimitMb: 2, timeout: 20_000 });
      const before = used(app);
      expect(errorOf(() => app.run('for (;;) setTimeout(() => {}, 1e8)')).code).toBe(MEMORY);
      app.dispose();
      const next = sandbox({ memoryLimitMb: 2 });
      expect(used(next)).toBeLessThan(before + 1000);
      next.dispose();
    }
  });
});
