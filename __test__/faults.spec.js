'use strict';

// The engine fails while guest code runs: the sandbox ends, the process does not. The package
// offers no way to make it fail, so a function of the C library's that the engine calls is
// replaced, in a process of its own, by one that does.

const { execFile, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.join(__dirname, '..');
const compiler = process.env.CC ?? 'cc';

/** `memcmp`, but for two lengths that stand for failures. */
const FAILING = `
  #include <stdlib.h>
  #include <string.h>
  int memcmp(const void *a, const void *b, size_t length) {
    const unsigned char *x = a, *y = b;
    if (length == 54321) return *(volatile int *)8;
    if (length == 65432) abort();
    for (; length > 0; length--, x++, y++) if (*x != *y) return *x - *y;
    return 0;
  }`;

/** Guest code that ends in there: strings of one length are compared so. */
const compares = (length) => {
  const text = `${'x'.repeat(3)}`;
  return `const [a, b] = ['a', 'a'].map((c) => c.padEnd(${length}, '${text}')); a === b`;
};
const failures = { SIGSEGV: compares(54321), SIGABRT: compares(65432) };

/** Runs a program; answers how it ended and what it printed. */
function program(code, env) {
  const source = `const { Sandbox } = require(${JSON.stringify(root)}); ${code}`;
  const options = { timeout: 25_000, env: { ...process.env, ...env } };
  return new Promise((resolve) => {
    execFile(process.execPath, ['-e', source], options, (error, stdout, stderr) => {
      resolve({ signal: error?.signal ?? null, said: stdout.trim(), stderr });
    });
  });
}

const where = process.platform === 'linux' ? describe : describe.skip;

where('the engine fails', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quickvm-'));
  const library = path.join(folder, 'failing.so');
  const env = { LD_PRELOAD: library };

  beforeAll(() => {
    const args = ['-O2', '-fno-builtin', '-shared', '-fPIC', '-x', 'c', '-', '-o', library];
    execFileSync(compiler, args, { input: FAILING });
  });
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  test.each(Object.entries(failures))('by %s', async (signal, code) => {
    const { said, stderr } = await program(
      `const box = new Sandbox({ name: 'rogue' });
      const other = new Sandbox();
      box.on('terminated', (error) => console.log('told', error.signal));
      const errorOf = (use) => { try { return use() } catch (error) { return error } };
      const error = errorOf(() => box.run(${JSON.stringify(code)}));
      console.log(error.code, error.signal, error.message, error.filename);
      const later = errorOf(() => box.run('1'));
      console.log(later.code, later.cause === error, box.state, other.run('6 * 7'));
      box.dispose();
      console.log(new Sandbox().run('6 * 7'));`,
      env,
    );
    expect({ said, stderr }).toEqual({
      said: [
        `ERR_SANDBOX_FAULT ${signal} the engine failed in sandbox 'rogue', by ${signal} rogue.js`,
        'ERR_SANDBOX_TERMINATED true terminated 42',
        '42',
        `told ${signal}`,
      ].join('\n'),
      stderr: '',
    });
  });

  test('again and again, in workers too, and under V8’s profiler', async () => {
    const { said, stderr } = await program(
      `const { Worker, isMainThread, parentPort } = require('node:worker_threads');
      const { Session } = require('node:inspector');
      const session = new Session();
      session.connect();
      session.post('Profiler.enable');
      session.post('Profiler.setSamplingInterval', { interval: 200 });
      session.post('Profiler.start');
      const fail = \`
        const { Sandbox } = require(${JSON.stringify(root)});
        const seen = new Set();
        for (let i = 0; i < 20; i++) {
          try { new Sandbox().run(${JSON.stringify(failures.SIGSEGV)}) } catch (e) { seen.add(e.signal) }
          seen.add(new Sandbox().run('6 * 7'));
        }\`;
      eval(fail + 'console.log([...seen].join())');
      for (let i = 0; i < 3; i++) {
        const worker = new Worker(fail + "require('node:worker_threads').parentPort.postMessage([...seen].join())", { eval: true });
        worker.on('message', (text) => console.log(text));
      }`,
      env,
    );
    expect({ said, stderr }).toEqual({ said: Array(4).fill('SIGSEGV,42').join('\n'), stderr: '' });
  });

  test.each(['QUICKVM_FAULT_HANDLER', 'QUICKVM_HARD_STOP'])('with %s=0', async (name) => {
    const code = `new Sandbox().run(${JSON.stringify(failures.SIGSEGV)})`;
    expect(await program(code, { ...env, [name]: '0' })).toMatchObject({ signal: 'SIGSEGV' });
  });
});

where('what fails elsewhere', () => {
  const enter = "new Sandbox().run('1');";

  test.each(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL'])(
    'ends the process by %s as ever, also in a call of the host’s',
    async (signal) => {
      const send = `process.kill(process.pid, '${signal}'); setTimeout(() => {}, 5000)`;
      expect(await program(`${enter} ${send}`)).toMatchObject({ signal });
      const within = `const box = new Sandbox({ globals: { send() { ${send} } } }); box.run('send()')`;
      expect(await program(within)).toMatchObject({ signal });
    },
  );

  test('reaches V8, which knows what to do about WebAssembly', async () => {
    // (module (memory 1) (func (export "f") (param i32) (result i32) (i32.load (local.get 0))))
    const module = 'AGFzbQEAAAABBgFgAX8BfwMCAQAFAwEAAQcFAQFmAAAKCQEHACAAKAIACw==';
    const { said } = await program(`${enter}
      const bytes = Buffer.from('${module}', 'base64');
      const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
      for (let i = 0; i < 3; i++) try { f(-4) } catch (error) { console.log(error.message) }
      console.log(f(0));`);
    expect(said.split('\n')).toEqual([...Array(3).fill('memory access out of bounds'), '0']);
  });
});
