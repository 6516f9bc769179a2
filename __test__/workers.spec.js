'use strict';

// Several Node environments in one process, each with sandboxes of its own.

const { execFile } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { promisify } = require('node:util');
const { Worker } = require('node:worker_threads');
const { Sandbox } = require('..');

const root = path.join(__dirname, '..');

/** A worker that runs the code with `Sandbox` and `parentPort` at hand. */
function worker(code, workerData) {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { Sandbox, Script } = require(${JSON.stringify(root)});
    ${code}`;
  return new Worker(source, { eval: true, workerData });
}

/** What the worker posts, once it has ended well. */
async function answer(running) {
  const ended = once(running, 'exit');
  const [message] = await once(running, 'message');
  expect(await ended).toEqual([0]);
  return message;
}

/** Runs a program and answers what it printed; fails when it does not exit with 0. */
async function program(code) {
  const source = `
    const { Worker } = require('node:worker_threads');
    const { once } = require('node:events');
    const root = ${JSON.stringify(root)};
    const { Sandbox } = require(root);
    const worker = (code) => new Worker('const { Sandbox } = require(' + JSON.stringify(root) + '); const { parentPort } = require("node:worker_threads");' + code, { eval: true });
    (async () => { ${code} })();`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', source], {
    timeout: 25_000,
  });
  return stdout.trim();
}

test('sandboxes in several workers at once do not disturb each other', async () => {
  const code = `
    const box = new Sandbox({ name: 'w' + workerData, globals: { id: workerData, twice: (x) => x * 2 } });
    let sum = 0;
    for (let i = 0; i < 2000; i++) sum += box.run('twice(id) + ' + i);
    const fresh = new Set();
    for (let i = 0; i < 50; i++) {
      const one = new Sandbox();
      fresh.add(one.run('globalThis.n = (globalThis.n ?? 0) + 1'));
      one.dispose();
    }
    parentPort.postMessage([sum, ...fresh]);`;
  const answers = await Promise.all([1, 2, 3, 4].map((id) => answer(worker(code, id))));
  const expected = (id) => 2000 * 2 * id + (2000 * 1999) / 2;
  expect(answers).toEqual([1, 2, 3, 4].map((id) => [expected(id), 1]));
});

test('the main thread goes on using its sandboxes meanwhile', async () => {
  const box = new Sandbox({ globals: { n: 0 } });
  const running = worker(`
    const box = new Sandbox({ timeout: 0 });
    parentPort.postMessage(box.run('let n = 0; for (let i = 0; i < 3e6; i++) n += i; n'));`);
  const ended = answer(running);
  for (let i = 0; i < 100; i++) {
    box.run('n++');
    await new Promise(setImmediate);
  }
  expect(box.run('n')).toBe(100);
  expect(await ended).toBe((3e6 * (3e6 - 1)) / 2);
  box.dispose();
});

test('limits hold in each worker', async () => {
  const code = `
    const codes = [];
    const box = new Sandbox({ timeout: 50, memoryLimitMb: 8 });
    for (const code of ['for (;;);', '(() => { const a = []; for (;;) a.push(new ArrayBuffer(1e5)) })()']) {
      try { box.run(code, { timeout: 5000 * (code.length > 10) || 50 }) } catch (e) { codes.push(e.code) }
    }
    try { box.run('(function f() { f() })()') } catch (e) { codes.push(e.name) }
    parentPort.postMessage([...codes, box.run('1 + 1')]);`;
  const answers = await Promise.all([1, 2, 3].map((id) => answer(worker(code, id))));
  for (const each of answers) {
    expect(each).toEqual(['ERR_SANDBOX_TIMEOUT', 'ERR_SANDBOX_MEMORY_LIMIT', 'RangeError', 2]);
  }
});

test('timers and promises work in a worker', async () => {
  const code = `
    const box = new Sandbox();
    box.run('new Promise((resolve) => setTimeout(resolve, 5, 42))').then((x) => parentPort.postMessage(x));`;
  expect(await answer(worker(code))).toBe(42);
});

test('workers that come and go leave no memory behind', async () => {
  const code = `
    for (let i = 0; i < 10; i++) new Sandbox().run('var kept = new Array(100000).fill(1.5); 1');
    parentPort.postMessage('done');`;
  const cycle = async (count) => {
    for (let i = 0; i < count; i++) expect(await answer(worker(code))).toBe('done');
  };
  await cycle(3);
  const before = process.memoryUsage.rss();
  await cycle(12);
  // Each would leave 10 sandboxes of 1.6 MB.
  expect(process.memoryUsage.rss() - before).toBeLessThan(120 * 1024 * 1024);
});

test('a worker that ends with sandboxes, functions and timers left exits cleanly', async () => {
  const code = `
    globalThis.box = new Sandbox();
    globalThis.f = box.run('() => 1');
    box.globalThis.g = () => 1;
    box.run('setInterval(() => {}, 1e6).unref(); 1');
    parentPort.postMessage(f());`;
  expect(await answer(worker(code))).toBe(1);
});

test('process.exit inside a host function ends a worker cleanly', async () => {
  const running = worker(`
    new Sandbox({ globals: { end: () => process.exit(7) } }).run('end(); for (;;);');`);
  expect(await once(running, 'exit')).toEqual([7]);
});

test('a worker can be terminated between runs', async () => {
  const running = worker(`
    const box = new Sandbox();
    box.run('setInterval(() => {}, 1); 1');
    parentPort.postMessage('ready');`);
  await once(running, 'message');
  expect(await running.terminate()).toBe(1);
  expect(new Sandbox().run('1 + 1')).toBe(2);
});

test('a worker that is terminated while a host function runs inside a sandbox ends', async () => {
  const output = await program(`
    const running = worker(\`
      new Sandbox({ timeout: 0, globals: { host() {
        parentPort.postMessage('inside');
        for (;;);
      } } }).run('host()');\`);
    await once(running, 'message');
    console.log('terminated', await running.terminate());
    console.log(new Sandbox().run('1 + 1'));`);
  expect(output).toBe('terminated 1\n2');
});

test('a worker that is terminated while its guest loops ends by the deadline', async () => {
  const output = await program(`
    const running = worker(\`
      parentPort.postMessage('soon');
      new Sandbox({ timeout: 300 }).run('for (;;);');\`);
    await once(running, 'message');
    const [code] = await Promise.all([once(running, 'exit'), running.terminate()]);
    console.log('ended');
    console.log(new Sandbox().run('1 + 1'));`);
  expect(output).toBe('ended\n2');
});

test('a worker that is terminated while its guest loops and calls the host ends', async () => {
  const output = await program(`
    const running = worker(\`
      new Sandbox({ timeout: 0, globals: { tell: (n) => parentPort.postMessage(n) } }).run('for (let n = 0;; n++) if (n % 100000 === 0) tell(n);');\`);
    await once(running, 'message');
    console.log('terminated', await running.terminate());
    console.log(new Sandbox().run('1 + 1'));`);
  expect(output).toBe('terminated 1\n2');
});

test('a process whose workers are at work exits cleanly when told to', async () => {
  const output = await program(`
    const workers = [1, 2].map(() => worker(\`
      const box = new Sandbox({ timeout: 200 });
      parentPort.postMessage('running');
      for (;;) try { box.run('for (;;);') } catch {}\`));
    await Promise.all(workers.map((each) => once(each, 'message')));
    console.log('exit');
    process.exit(0);`);
  expect(output).toBe('exit');
});

test('a process exits cleanly with sandboxes left', async () => {
  const output = await program(`
    const boxes = Array.from({ length: 20 }, () => new Sandbox());
    globalThis.kept = boxes.map((box) => box.run('() => 1'));
    console.log(kept.length);`);
  expect(output).toBe('20');
});

test('process.exit inside a host function ends the process with that code', async () => {
  const running = program(`
    new Sandbox({ globals: { end: () => process.exit(9) } }).run('end(); for (;;);');`);
  await expect(running).rejects.toMatchObject({ code: 9, signal: null });
});
