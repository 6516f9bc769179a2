'use strict';

// Cached data is taken if it was made here, of the same source, and is rejected in any other case.

const { execFile, execFileSync } = require('node:child_process');
const { createHmac, randomBytes } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');
const { Worker } = require('node:worker_threads');
const { Sandbox, Script } = require('..');
const vm = require('../vm.js');
const { sandbox, expectNoLeaks, errorOf } = require('./support.js');

afterEach(expectNoLeaks);

const root = path.dirname(__dirname);
const CODE = 'let n = 20; n += 22';

/** Whether `cachedData` is taken for `code`, which runs in any case. */
function isTaken(cachedData, code = CODE, options = {}) {
  const script = new Script(code, { ...options, cachedData });
  expect(new vm.Script(code, { ...options, cachedData }).runInNewContext()).toBe(42);
  return !script.cachedDataRejected;
}

const made = (options) => new Script(CODE, options).createCachedData();

describe('cached data', () => {
  test('is taken, by all that compile', () => {
    const app = sandbox();
    const data = made({ filename: 'a.js' });
    expect(Buffer.isBuffer(data)).toBe(true);
    const script = new Script(CODE, { filename: 'a.js', cachedData: data });
    expect([script.cachedDataRejected, script.filename, app.run(script)]).toEqual([
      false,
      'a.js',
      42,
    ]);
    const compiled = app.compile(CODE, { filename: 'a.js', cachedData: data });
    expect([compiled.cachedDataRejected, sandbox().run(compiled)]).toEqual([false, 42]);
    const there = new vm.Script(CODE, { filename: 'a.js', cachedData: data });
    expect([there.cachedDataRejected, there.runInNewContext()]).toEqual([false, 42]);
    expect(there.createCachedData()).toEqual(data);
    expect(compiled.createCachedData()).toEqual(data);
  });

  test('is not parsed again', () => {
    // There is no room in the sandbox to parse so much text.
    const code = `function f() {} ${'f(1, 2, [3]);'.repeat(100_000)} 7`;
    const filename = 'large.js';
    const cachedData = new Script(code, { filename }).createCachedData();
    const app = sandbox({ memoryLimitMb: 2 });
    expect(app.compile(code, { filename, cachedData }).cachedDataRejected).toBe(false);
    expect(errorOf(() => app.compile(code, { filename })).code).toBe('ERR_SANDBOX_MEMORY_LIMIT');
  });

  test('without it there is no word of it', () => {
    expect('cachedDataRejected' in new Script(CODE)).toBe(false);
    expect('cachedDataRejected' in sandbox().compile(CODE)).toBe(false);
  });

  test('keeps lines, columns and the text of functions', () => {
    const code = 'function f() { throw new Error("x") /* text */ } f';
    const options = { filename: 'f.js', lineOffset: 9, columnOffset: 5 };
    const cachedData = new Script(code, options).createCachedData();
    const script = new Script(code, { ...options, cachedData });
    const app = sandbox();
    expect(script.cachedDataRejected).toBe(false);
    expect(app.run(script).toString()).toBe(code.slice(0, -2));
    expect(errorOf(() => app.run(script)()).stack).toContain('f.js:10:');
  });

  test('of an error in the text there is none, and the text is compiled', () => {
    const error = errorOf(() => new Script('let let', { cachedData: made() }));
    expect(error).toBeInstanceOf(SyntaxError);
  });

  test.each([null, 1, 'data', true, {}, [], () => 1, new ArrayBuffer(8)])(
    'cannot be %p',
    (data) => {
      for (const use of [(o) => new Script(CODE, o), (o) => sandbox().compile(CODE, o)]) {
        const error = errorOf(() => use({ cachedData: data }));
        expect(error.code).toBe('ERR_SANDBOX_OPTIONS');
        expect(error.message).toContain("'cachedData' must be a Buffer, TypedArray or DataView");
      }
    },
  );

  test('is made of scripts only', () => {
    expect(() => Script.prototype.createCachedData.call({})).toThrow(TypeError);
  });
});

describe('is rejected', () => {
  const data = made();

  test('with any bit of it changed', () => {
    for (let bit = 0; bit < data.length * 8; bit++) {
      const other = Buffer.from(data);
      other[bit >> 3] ^= 1 << (bit & 7);
      expect([bit, new Script(CODE, { cachedData: other }).cachedDataRejected]).toEqual([
        bit,
        true,
      ]);
    }
    expect(isTaken(data)).toBe(true);
  });

  test('cut anywhere', () => {
    for (let length = 0; length < data.length; length++) {
      const part = data.subarray(0, length);
      expect(new Script(CODE, { cachedData: part }).cachedDataRejected).toBe(true);
      const rest = data.subarray(length + 1);
      expect(new Script(CODE, { cachedData: rest }).cachedDataRejected).toBe(true);
    }
  });

  const seam = data.indexOf('\n') + 1;
  const mac = (key, ...parts) => createHmac('sha256', key).update(Buffer.concat(parts)).digest();
  const parts = {
    header: data.subarray(0, seam),
    source: data.subarray(seam, seam + 32),
    code: data.subarray(seam + 64),
  };
  const { header, source, code } = parts;
  const other = Buffer.from(`${header}`.replace(/ \d+\.\d+\.\d+ /, ' 0.0.0 '));

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['a zero', Buffer.alloc(1)],
    ['random bytes', randomBytes(1000)],
    ['random bytes behind the header', Buffer.concat([header, randomBytes(500)])],
    ['more than it', Buffer.concat([data, Buffer.alloc(1)])],
    ['itself twice', Buffer.concat([data, data])],
    ['bytecode alone', code],
    ['a seal of zeros', Buffer.concat([header, source, Buffer.alloc(32), code])],
    ['no seal', Buffer.concat([header, source, code])],
    [
      'another key',
      Buffer.concat([header, source, mac(randomBytes(32), header, source, code), code]),
    ],
    ['an empty key', Buffer.concat([header, source, mac('', header, source, code), code])],
    ['a plain hash', Buffer.concat([header, source, mac(source, code), code])],
    ['another version', Buffer.concat([other, data.subarray(seam)])],
    ["V8's", new (require('node:vm').Script)(CODE).createCachedData()],
    ['a huge one', Buffer.alloc(5e6, header)],
  ])('if it is %s', (_, cachedData) => {
    expect(isTaken(cachedData)).toBe(false);
  });

  test.each([
    ['another text', `${CODE};`, {}],
    ['the same text in other words', 'let n = 20; n+= 22 ', {}],
    ['another name', CODE, { filename: 'b.js' }],
    ['another line', CODE, { lineOffset: 1 }],
    ['another column', CODE, { columnOffset: 1 }],
  ])('for %s', (_, text, options) => {
    expect(isTaken(data, text, options)).toBe(false);
  });

  test('for text that differs only in what UTF-8 cannot say', () => {
    const text = (unit) => `"${unit}".length + 41`;
    const cachedData = new Script(text('\ud800')).createCachedData();
    expect(isTaken(cachedData, text('\ud800'))).toBe(true);
    expect(isTaken(cachedData, text('\ud801'))).toBe(false);
    expect(isTaken(cachedData, text('\ufffd'))).toBe(false);
  });

  test('for another use: a function is not a script, nor the other way round', () => {
    const body = 'return 42';
    const produced = vm.compileFunction(body, [], { produceCachedData: true });
    expect([produced.cachedDataProduced, produced()]).toEqual([true, 42]);
    const again = vm.compileFunction(body, [], { cachedData: produced.cachedData });
    expect([again.cachedDataRejected, again()]).toEqual([false, 42]);
    // What the function was compiled as, and what a comment behind it could make of it.
    const wrapped = `(1 ? function () {\n${body}\n} : 0)`;
    const place = { lineOffset: -1, filename: '<anonymous>' };
    const asScript = new vm.Script(wrapped, { ...place, cachedData: produced.cachedData });
    expect(asScript.cachedDataRejected).toBe(true);
    const cachedData = new vm.Script(wrapped, place).createCachedData();
    expect(vm.compileFunction(body, [], { cachedData }).cachedDataRejected).toBe(true);
  });
});

test('memory that changes meanwhile is read once', async () => {
  const data = made();
  const shared = new Uint8Array(new SharedArrayBuffer(data.length));
  shared.set(data);
  // Puts a byte of the code out of place and back, for ever.
  const flip = `const { workerData: [bytes, at] } = require('node:worker_threads');
    for (const byte = bytes[at]; ; ) { bytes[at] = byte ^ 255; bytes[at] = byte; }`;
  const worker = new Worker(flip, { eval: true, workerData: [shared, data.length - 9] });
  try {
    const app = sandbox();
    const outcomes = new Set();
    const end = Date.now() + 20_000;
    for (let i = 0; i < 500 || (outcomes.size < 2 && Date.now() < end); i++) {
      const script = new Script(CODE, { cachedData: shared });
      expect(app.run(`{${CODE}}`)).toBe(42);
      const once = new Sandbox();
      expect(once.run(script)).toBe(42);
      once.dispose();
      outcomes.add(script.cachedDataRejected);
    }
    expect([...outcomes].sort()).toEqual([false, true]);
  } finally {
    await worker.terminate();
  }
});

describe('the secret', () => {
  let directory;
  beforeEach(() => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), 'quickvm-'));
  });
  afterEach(() => fs.rmSync(directory, { recursive: true }));

  const file = () => {
    const [found] = fs
      .readdirSync(directory, { recursive: true })
      .filter((name) => path.basename(name) === 'cache-secret');
    return path.join(directory, found);
  };

  const environment = (secret) => ({
    ...process.env,
    QUICKVM_CACHE_SECRET: secret,
    HOME: directory,
    LOCALAPPDATA: directory,
    XDG_STATE_HOME: directory,
  });

  /** A process that makes data, then says of all that it is given whether it is taken. */
  const PROGRAM = `
    const { Script } = require(${JSON.stringify(root)});
    const given = process.argv.slice(1).map((data) => Buffer.from(data, 'base64'));
    const taken = given.map((cachedData) => {
      return !new Script(${JSON.stringify(CODE)}, { cachedData }).cachedDataRejected;
    });
    const data = new Script(${JSON.stringify(CODE)}).createCachedData().toString('base64');
    console.log(JSON.stringify({ data, taken }));`;
  const argumentsFor = (given) => ['--eval', PROGRAM, '--', ...given];

  async function inProcess(given = [], secret = '') {
    const options = { env: environment(secret), timeout: 25_000 };
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      argumentsFor(given),
      options,
    );
    return { ...JSON.parse(stdout), stderr };
  }

  test("is the machine's: another process takes the data", async () => {
    const { data, stderr } = await inProcess();
    expect(stderr).toBe('');
    expect(await inProcess([data])).toEqual({ data, taken: [true], stderr: '' });
    const stat = fs.statSync(file());
    expect(stat.size).toBe(32);
    if (process.platform !== 'win32') {
      expect(stat.mode & 0o777).toBe(0o600);
      expect(fs.statSync(path.dirname(file())).mode & 0o777).toBe(0o700);
    }
    expect(fs.readdirSync(path.dirname(file()))).toEqual(['cache-secret']);
    // Another machine's.
    fs.rmSync(file());
    expect((await inProcess([data])).taken).toEqual([false]);
  });

  test('is one, whoever of several processes makes it', async () => {
    const made = await Promise.all(Array.from({ length: 4 }, () => inProcess()));
    expect(new Set(made.map(({ data }) => data)).size).toBe(1);
  });

  test('can be given', async () => {
    const [one, other] = ['a secret of this fleet', 'a secret of that fleet'];
    const { data } = await inProcess([], one);
    expect((await inProcess([data], one)).taken).toEqual([true]);
    expect((await inProcess([data], other)).taken).toEqual([false]);
    expect((await inProcess([data])).taken).toEqual([false]);
  });

  test('that anybody could guess is refused', async () => {
    await expect(inProcess([], 'short')).rejects.toThrow(
      /ERR_SANDBOX_OPTIONS|QUICKVM_CACHE_SECRET must have at least 16 characters/,
    );
  });

  const onUnix = process.platform === 'win32' ? test.skip : test;
  const spoilt = {
    'that others can read': () => fs.chmodSync(file(), 0o644),
    'that others can write': () => fs.chmodSync(file(), 0o620),
    'in a directory that others can write': () => fs.chmodSync(path.dirname(file()), 0o777),
    'that is too short': () => fs.truncateSync(file(), 31),
    'that is empty': () => fs.truncateSync(file(), 0),
    'that is a link': () => {
      fs.renameSync(file(), path.join(directory, 'elsewhere'));
      fs.symlinkSync(path.join(directory, 'elsewhere'), `${directory}/quickvm/cache-secret`);
    },
    'that is a directory': () => {
      const name = file();
      fs.rmSync(name);
      fs.mkdirSync(name);
    },
    'that is a pipe': () => {
      const name = file();
      fs.rmSync(name);
      execFileSync('mkfifo', ['-m', '600', name]);
    },
  };

  onUnix.each(Object.entries(spoilt))('%s is not used', async (_, spoil) => {
    const { data } = await inProcess();
    spoil();
    const next = await inProcess([data]);
    expect(next.taken).toEqual([false]);
    expect(next.stderr).toMatch(/QUICKVM_CACHE_SECRET.*good for this process only/);
    // A secret of its own, which nobody else has.
    expect((await inProcess([next.data])).taken).toEqual([false]);
  });

  onUnix('that cannot be kept is that of the process', async () => {
    fs.writeFileSync(path.join(directory, 'quickvm'), 'a file where a directory should be');
    const { data, stderr } = await inProcess();
    expect(stderr).toContain('good for this process only');
    expect((await inProcess([data])).taken).toEqual([false]);
  });
});
