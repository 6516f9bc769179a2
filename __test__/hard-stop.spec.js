'use strict';

// Guests that nothing can stop in the ordinary way: what ends, and what does not.

const { execFile } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { promisify } = require('node:util');
const { Worker } = require('node:worker_threads');
const { Sandbox } = require('..');
const { sandbox, expectNoLeaks, errorOf, sleep } = require('./support.js');

afterEach(expectNoLeaks);

const root = path.join(__dirname, '..');
const MB = 1 << 20;

/** Never comes back by itself, and never asks whether it must. */
const ENDLESS = 'Array.prototype.reverse.call({ length: 2 ** 53 - 1 })';
/** More source text than a small heap has room to parse. */
const TOO_MUCH = "eval('x = 1;'.repeat(2e5))";

const TIMEOUT = 40;
/** What a busy machine may add. */
const SLACK = 1500;

const small = (options) => sandbox({ memoryLimitMb: 2, timeout: 20_000, ...options });
const short = (options) => sandbox({ timeout: TIMEOUT, ...options });

/** Shows that the sandbox has come to its end, because of `error`. */
function expectTerminated(box, error) {
  expect(box.state).toBe('terminated');
  const later = errorOf(() => box.run('1'));
  expect(later).toMatchObject({ name: 'SandboxError', code: 'ERR_SANDBOX_TERMINATED' });
  expect(later.cause).toEqual(error);
  expect(box.usage().entries).toBeGreaterThan(0);
}

describe.each([
  ['time', short, ENDLESS, 'ERR_SANDBOX_TIMEOUT'],
  ['memory', small, TOO_MUCH, 'ERR_SANDBOX_MEMORY_LIMIT'],
])('a guest that could only be stopped for good, for %s,', (_, make, code, verdict) => {
  test('ends with its verdict, and with it the sandbox', async () => {
    const box = make({ name: 'rogue' });
    const told = once(box, 'terminated');
    const started = performance.now();
    const error = errorOf(() => box.run(code, 'rogue.js'));
    expect(error).toMatchObject({ code: verdict, sandbox: 'rogue', filename: 'rogue.js' });
    expect(performance.now() - started).toBeLessThan(TIMEOUT + SLACK);
    expectTerminated(box, error);
    expect(await told).toEqual([error]);
  });

  test('cannot catch it', () => {
    const box = make();
    const seen = jest.fn();
    box.globalThis.seen = seen;
    const error = errorOf(() => box.run(`try { ${code} } catch { seen() } finally { seen() }`));
    expect(error.code).toBe(verdict);
    expect(seen).not.toHaveBeenCalled();
    expectTerminated(box, error);
  });

  test('leaves other sandboxes alone, also those around it', () => {
    const [box, other] = [make({ name: 'rogue' }), sandbox({ name: 'other' })];
    const list = other.run('globalThis.list = [1, 2, 3]; () => list.join()');
    other.globalThis.rogue = () => errorOf(() => box.run(code)).code;
    expect(other.run('rogue() + list.length')).toBe(`${verdict}3`);
    expect(list()).toBe('1,2,3');
    expectTerminated(box, expect.objectContaining({ code: verdict }));
    expect(other.state).toBe('active');
  });

  test('ends every entry around it, with the host in between', () => {
    const box = make();
    const order = [];
    box.globalThis.host = (depth) => {
      try {
        return box.run(depth === 0 ? code : `host(${depth - 1})`);
      } catch (error) {
        order.push(`${depth} ${error.code}`);
        throw error;
      } finally {
        order.push(`${depth} left`);
      }
    };
    const error = errorOf(() => box.run('try { host(2) } catch {} 1'));
    expect(error.code).toBe(verdict);
    expect(order).toEqual([0, 1, 2].flatMap((depth) => [`${depth} ${verdict}`, `${depth} left`]));
    expect(box.state).toBe('terminated');
  });

  test('rejects what it owed', async () => {
    const box = make();
    const call = box.run(`(async (later) => { await later; ${code} })`);
    const unrelated = box.run('new Promise(() => {})');
    const outcomes = [call(sleep(1)), unrelated].map((p) => p.catch((error) => error.code));
    expect(await Promise.all(outcomes)).toEqual([verdict, 'ERR_SANDBOX_TERMINATED']);
    expect(box.state).toBe('terminated');
  });

  test('is reported when a timer of it did so', async () => {
    const box = make({ console: false });
    const told = once(box, 'terminated');
    const reported = once(box, 'uncaughtException');
    box.run(`setTimeout(() => { ${code} }, 1); setInterval(() => {}, 1)`);
    expect(await told).toEqual([expect.objectContaining({ code: verdict })]);
    expect(await reported).toEqual([expect.objectContaining({ code: verdict })]);
    expect(box.usage().timers).toBe(0);
  });

  test('gives its heap back, and the next one is as new', () => {
    const before = process.memoryUsage.rss();
    for (let i = 0; i < 40; i++) {
      const box = new Sandbox({ memoryLimitMb: 2, timeout: 5, graceMs: 1 });
      expect(box.run('typeof kept', { timeout: 5000 })).toBe('undefined');
      expect(errorOf(() => box.run(`globalThis.kept = 1; ${code}`)).code).toMatch(/^ERR_SANDBOX_/);
      box.dispose();
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(24 * MB);
  });
});

describe('graceMs', () => {
  test('is what a guest has to stop after its deadline', () => {
    const box = short({ graceMs: 300 });
    const started = performance.now();
    expect(errorOf(() => box.run(ENDLESS)).code).toBe('ERR_SANDBOX_TIMEOUT');
    const took = performance.now() - started;
    expect(took).toBeGreaterThanOrEqual(TIMEOUT + 299);
    expect(took).toBeLessThan(TIMEOUT + 300 + SLACK);
  });

  test('of Infinity waits until the guest stops by itself', () => {
    const box = sandbox({ timeout: 5, graceMs: Infinity });
    const code = 'Array.prototype.reverse.call({ length: 3e6 })';
    expect(errorOf(() => box.run(`${code}; for (;;);`)).code).toBe('ERR_SANDBOX_TIMEOUT');
    expect(box.run('6 * 7')).toBe(42);
  });

  test('leaves a guest that can be stopped as it is', () => {
    const box = sandbox({ timeout: 10, graceMs: 100 });
    for (const code of ['for (;;);', 'for (;;) [3, 1, 2].sort()', 'for (;;) JSON.stringify([1])']) {
      expect(errorOf(() => box.run(code)).code).toBe('ERR_SANDBOX_TIMEOUT');
      expect(box.run('6 * 7')).toBe(42);
    }
  });
});

/** Runs a program of its own, and answers what it printed. */
async function program(code, options) {
  const source = `const { Sandbox } = require(${JSON.stringify(root)}); ${code}`;
  const limits = { timeout: 25_000, ...options };
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', source], limits);
  return stdout.trim();
}

/** What `new Sandbox(options).run(code)` comes to, in a program. */
const codeOf = (code, options) =>
  `(() => { try { new Sandbox(${options}).run(${JSON.stringify(code)}); return 'done' } catch (e) { return e.code } })()`;

describe('in a process', () => {
  test('workers are stopped each for itself', async () => {
    const source = `
      const { parentPort, workerData } = require('node:worker_threads');
      const { Sandbox } = require(${JSON.stringify(root)});
      const found = [];
      for (let i = 0; i < 10; i++) {
        found.push(${codeOf(ENDLESS, '{ timeout: 10 }')});
        found.push(new Sandbox().run('[3, 1, 2].sort().join()'));
      }
      parentPort.postMessage([...new Set(found)]);`;
    const workers = [1, 2, 3].map(() => new Worker(source, { eval: true }));
    const box = sandbox();
    const ended = workers.map((worker) => once(worker, 'exit'));
    const answers = workers.map((worker) => once(worker, 'message'));
    expect(box.run('let s = 0; for (let i = 0; i < 1e5; i++) s += i; s')).toBe(4999950000);
    for (const answer of answers) expect(await answer).toEqual([['ERR_SANDBOX_TIMEOUT', '1,2,3']]);
    expect(await Promise.all(ended)).toEqual([[0], [0], [0]]);
    expect(errorOf(() => short().run(ENDLESS)).code).toBe('ERR_SANDBOX_TIMEOUT');
  });

  test('the one worker that had loaded the addon may end', async () => {
    const worker = `const { Sandbox } = require(${JSON.stringify(root)}); ${codeOf(ENDLESS, '{ timeout: 10 }')}`;
    const code = `
      const { Worker } = require('node:worker_threads');
      new Worker(${JSON.stringify(worker)}, { eval: true }).on('exit', (code) => setTimeout(() => console.log(code), 300));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', code]);
    expect(stdout.trim()).toBe('0');
  });

  test('with V8 at work with signals of its own', async () => {
    const code = `
      const { Session } = require('node:inspector');
      const session = new Session();
      session.connect();
      session.post('Profiler.enable');
      session.post('Profiler.setSamplingInterval', { interval: 200 });
      session.post('Profiler.start');
      const found = new Set();
      for (let i = 0; i < 20; i++) found.add(${codeOf(ENDLESS, '{ timeout: 10, graceMs: 5 }')});
      session.post('Profiler.stop', (error, { profile }) => console.log([...found].join(), profile.nodes.length > 0));`;
    expect(await program(code)).toBe('ERR_SANDBOX_TIMEOUT true');
  });

  const onLinux = process.platform === 'linux' ? test : test.skip;

  onLinux('the watchdog sleeps while nobody is in a guest', async () => {
    const code = `
      const fs = require('node:fs');
      const wakeUps = () => {
        for (const id of fs.readdirSync('/proc/self/task')) {
          const status = fs.readFileSync('/proc/self/task/' + id + '/status', 'latin1');
          const found = /^Name:\\tquickvm-[^]*^voluntary_ctxt_switches:\\s+(\\d+)/m.exec(status);
          if (found) return Number(found[1]);
        }
      };
      new Sandbox({ timeout: 50 }).run('1');
      setTimeout(() => {
        const before = wakeUps();
        setTimeout(() => console.log(before > 0, wakeUps() - before), 400);
      }, 300);`;
    expect(await program(code)).toBe('true 0');
  });

  test('QUICKVM_HARD_STOP=0 turns it off', async () => {
    const slow = 'Array.prototype.reverse.call({ length: 3e7 })';
    const code = `
      const box = new Sandbox({ timeout: 200, graceMs: 1 });
      try { box.run(${JSON.stringify(`${slow}; for (;;);`)}) } catch (e) { console.log(e.code, box.state) }`;
    const env = { ...process.env, QUICKVM_HARD_STOP: '0' };
    expect(await program(code, { env })).toBe('ERR_SANDBOX_TIMEOUT active');
    expect(await program(code)).toBe('ERR_SANDBOX_TIMEOUT terminated');
  });
});
