'use strict';

// With the option `deterministic`, a program does the same each time, everywhere.

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');
const { Sandbox } = require('..');
const { sandbox, expectNoLeaks, errorOf } = require('./support.js');

afterEach(expectNoLeaks);

const root = path.dirname(__dirname);
const NOW = Date.UTC(2024, 1, 29, 12, 34, 56, 789);
const deterministic = { now: NOW, seed: 42 };

/** Uses all that could differ, and answers a transcript as text. */
const PROGRAM = `(() => {
  const lines = [];
  const log = (...values) => lines.push(values.map(String).join(' '));
  log(Date.now(), new Date().getTime(), Date(), new Date(), performance.now(), performance.timeOrigin);
  log(new Date(2024, 6, 1), new Date('2024-07-01T10:00'), new Date().getTimezoneOffset());
  log(new Date().toLocaleString(), new Date().getHours(), new Date(0).getDay());
  for (let i = 0; i < 20; i++) log(Math.random());
  log([3, 1, 2, 5, 4].sort(() => Math.random() - 0.5));
  const map = new Map([[{}, 1], ['b', 2], [1, 3]]);
  log([...map.values()], Object.keys({ z: 1, a: 2, 1: 3 }), [...new Set([3, 1, 2])]);
  const symbols = { [Symbol('x')]: 1, [Symbol('a')]: 2 };
  log(Reflect.ownKeys(symbols).map(String));
  function fail() { throw new Error('here') }
  try { fail() } catch (error) { log(error.stack) }
  try { null.x } catch (error) { log(error.stack) }
  let spins = 0;
  while (Date.now() === ${NOW} && spins < 1e5) spins++;
  log(spins);
  const order = [];
  Promise.resolve().then(() => order.push(1)).then(() => order.push(3));
  queueMicrotask(() => order.push(2));
  (async () => { await null; order.push('async', Math.random()) })();
  return { lines, order };
})()`;

/** What the program's run has left, once its jobs have run. */
const transcriptOf = (app) => {
  app.run(`var result = ${PROGRAM}; 0`);
  return app.run("result.lines.join('\\n') + '\\n' + result.order.join()");
};

/** Runs host code in a process of its own, in a time zone; answers what it prints. */
async function inZone(zone, code) {
  const { stdout } = await promisify(execFile)(process.execPath, ['--eval', code], {
    cwd: root,
    env: { ...process.env, TZ: zone },
  });
  return stdout;
}

const program = (text, options) => `
  const { Sandbox } = require('.');
  const sandbox = new Sandbox(${JSON.stringify(options)});
  sandbox.run(${JSON.stringify(`var result = ${text}; 0`)});
  console.log(sandbox.run("result.lines.join('\\\\n') + '\\\\n' + result.order.join()"));`;

describe('two runs of a program give the same transcript', () => {
  test('in one process, whatever runs between', () => {
    const transcripts = [];
    for (let i = 0; i < 4; i++) {
      const app = new Sandbox({ deterministic });
      transcripts.push(transcriptOf(app));
      app.dispose();
      const other = new Sandbox({ deterministic: { now: i, seed: i } });
      other.run('Math.random(); new Date(1)');
      other.dispose();
      new Sandbox().dispose();
    }
    expect(new Set(transcripts).size).toBe(1);
    expect(transcripts[0].split('\n').length).toBeGreaterThan(30);
    expect(transcripts[0]).toContain(String(NOW));
  });

  test('in processes of different time zones', async () => {
    const zones = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia'];
    const code = program(PROGRAM, { deterministic });
    const transcripts = await Promise.all(zones.map((zone) => inZone(zone, code)));
    expect(new Set(transcripts).size).toBe(1);
    expect(transcripts[0].trimEnd()).toBe(transcriptOf(sandbox({ deterministic })));
  });

  test('and not without the option', () => {
    expect(transcriptOf(sandbox())).not.toBe(transcriptOf(sandbox()));
  });
});

describe('the clock', () => {
  const places = {
    'the main realm': (app, code) => app.run(code),
    'a context': (app, code) => app.runInNewContext(code),
    'a context of sandbox.vm': (app, code) => app.vm.runInNewContext(code),
    'a function that the host calls': (app, code) => app.run(`() => (${code})`)(),
  };
  const WAYS = [
    'Date.now()',
    '+new Date()',
    'new Date().getTime()',
    'Date.parse(Date()) + 789',
    'Date.parse(new Date().toString()) + 789',
    'new (new Date().constructor)().getTime()',
    'Date.prototype.constructor.now()',
    'Reflect.construct(Date, []).getTime()',
    'new (class extends Date {})().getTime()',
    'new (Date.bind())().getTime()',
    'Reflect.construct(Date, [], class extends Date {}).getTime()',
    'new Date(undefined ?? Date.now()).valueOf()',
    '(typeof performance === "object" ? performance.timeOrigin + performance.now() : Date.now())',
  ];

  test.each(Object.entries(places))('stands still in %s', (_, runIn) => {
    const app = sandbox({ deterministic });
    for (const way of WAYS) expect([way, runIn(app, way)]).toEqual([way, NOW]);
  });

  test("is the guest's own, also in place of the host's", () => {
    const globals = { HostDate: Date, now: Date.now, when: new Date(5) };
    const app = sandbox({ deterministic, policy: 'transparent', globals });
    const code =
      '[HostDate === Date, HostDate.now(), now(), +new HostDate(), when.getTime()].join()';
    expect(app.run(code)).toBe(`true,${NOW},${NOW},${NOW},5`);
    expect(app.run('when.constructor.now()')).toBe(NOW);
    expect(app.run('when instanceof Date')).toBe(true);
    expect(app.run('new Date(7)')).toEqual(new Date(7));
  });

  test('stands in all realms that share a sandbox, and nowhere else', () => {
    const app = sandbox({ deterministic: { now: 1 } });
    expect(app.run('Date.now()') + app.runInNewContext('Date.now()')).toBe(2);
    expect(sandbox().run('Date.now()')).toBeGreaterThan(NOW);
  });

  test('does not keep timers from firing, nor deadlines from passing', async () => {
    const app = sandbox({ deterministic, timeout: 50 });
    const fired = app.run('new Promise((done) => setTimeout(() => done(Date.now()), 5))');
    expect(await fired).toBe(NOW);
    expect(errorOf(() => app.run('for (;;);')).code).toBe('ERR_SANDBOX_TIMEOUT');
  });

  test('measures nothing for console.time', () => {
    const lines = [];
    const app = sandbox({ deterministic, console: { log: (line) => lines.push(line) } });
    app.run('console.time("t"); for (let i = 0; i < 1e5; i++); console.timeEnd("t")');
    expect(lines).toEqual(['[sandbox] t: 0ms']);
  });

  test('cannot be set going by a guest', () => {
    const app = sandbox({ deterministic });
    const code = `const Own = Date;
      globalThis.Date = undefined; Own.now = undefined; Object.prototype.now = 5;
      Array.prototype[0] = 3; String.prototype.slice = RegExp.prototype.exec = () => { throw 1 };
      Reflect.apply = Reflect.construct = () => { throw 2 };
      [new Own().getTime(), new Own(2024, 0).toString(), Own.parse('2024-01-01T00:00')].join()`;
    const year = Date.UTC(2024, 0, 1);
    expect(app.run(code)).toBe(`${NOW},Mon Jan 01 2024 00:00:00 GMT+0000,${year}`);
  });
});

describe('Date', () => {
  /** Dates in all ways, seen in all ways: the engine's own in UTC is what ours must answer. */
  const DATES = `(() => {
    const lines = [];
    const log = (make) => {
      try { lines.push(make.toString() + ' ' + show(make())) } catch (error) { lines.push(make.toString() + ' ' + error) }
    };
    const show = (value) => typeof value === 'object' ? [+value].join() : String(value);
    const texts = ['2024', '2024-02', '2024-02-29', '2024-02-30', '2024-13-01', '2024-1-2',
      '+012024-05-06', '-000001-01-01T00:00', '2024-02-29T10:00', '2024-02-29T10:00:30',
      '2024-02-29T10:00:30.5', '2024-02-29T10:00:30,25', '2024-02-29T24:00', '2024-02-29T25:00', '2024-02-29T1:00',
      '2024-02-29T10:00Z', '2024-02-29T10:00+02:00', '2024-02-29T10:00-0330', '2024-02-29T10', '2024T10:00', '2024-05T10:00Z',
      '2024-02-29 10:00', '2024-02-29 10:00:30 PM', '2024-02-29 10:00 +0100', '2024-02-29T10:00 PST', '2024-02-29T10:00:00.1234567Z',
      'Feb 29 2024', '29 Feb 2024 10:00', 'Thu, 29 Feb 2024 10:00:00 GMT', 'Thu Feb 29 2024 10:00:00 GMT+0200 (CET)',
      'Thu Feb 29 2024 10:00:00 EST', '2/29/2024', '2/29/24', '1/2', '12:00', 'noon', '', ' ', 'x2024', '2024-02-29T', 'T10:00',
      '2024-02-29T10:00:00Zjunk', '1 Jan 99 1:02:03.004', 'Jan 1 2024 12:30 AM', 'January 1, 2024 (a comment) 10:00', '2024-06-15T00:00:00\\n', 'UTC 2024', 'Z'];
    for (const text of texts) {
      lines.push(JSON.stringify(text) + Date.parse(text) + ' ' + +new Date(text) + ' ' + +new Date(new String(text)));
    }
    const values = [0, -1, 1e12, 1719800000000, 1699164000000, -1e14, 8.64e15, 8.64e15 + 1, NaN, 1.9, -62198755200000];
    const names = Object.getOwnPropertyNames(Date.prototype).sort();
    for (const value of values) {
      for (const name of names) {
        if (name === 'constructor' || name === 'setYear') continue;
        const date = new Date(value);
        const args = name.startsWith('set') ? [[], [5], [99, 2], [2020.7, -1, 31], [NaN], ['7'], [1, 2, 3, 4]] : [[]];
        for (const list of args) {
          try { lines.push([value, name, list, date[name](...list), +date].join()) } catch (error) { lines.push([value, name, error]) }
        }
      }
    }
    for (const name of names) {
      const { value, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(Date.prototype, name);
      lines.push([name, value.name, value.length, writable, enumerable, configurable, 'prototype' in value]);
      if (name === 'constructor') continue;
      try { lines.push(value.call({})) } catch (error) { lines.push([name, error.name]) }
    }
    for (const name of Object.getOwnPropertyNames(Date).sort()) {
      const { value, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(Date, name);
      lines.push([name, typeof value, writable, enumerable, configurable]);
    }
    log(() => new Date(2024, 0));
    log(() => new Date(99, 11, 31, 23, 59, 59, 999));
    log(() => new Date(2024, 0, 1, 0, 0, 0, 0, 7));
    log(() => new Date(2024, NaN));
    log(() => new Date('2024', 1));
    log(() => new Date(null));
    log(() => new Date(true));
    log(() => new Date(undefined));
    log(() => new Date([2024]));
    log(() => new Date({ valueOf: () => 9 }));
    log(() => new Date({ toString: () => '2024-02-02T02:02', valueOf: () => ({}) }));
    log(() => new Date({ [Symbol.toPrimitive]: (hint) => hint === 'default' ? 11 : 12 }));
    log(() => new Date({ [Symbol.toPrimitive]: () => ({}) }).name);
    log(() => new Date(Object.create(null)));
    log(() => new Date(Symbol()));
    log(() => new Date(1n));
    log(() => Date(2020, 1).length);
    log(() => Date.parse());
    log(() => Date.parse({ toString: () => '2024-02-02T02:02' }));
    log(() => new (class extends Date { get twice() { return 2 * this } })(21).twice);
    log(() => Object.getPrototypeOf(Reflect.construct(Date, [1], Array)) === Array.prototype);
    log(() => Object.prototype.toString.call(new Date()));
    log(() => JSON.stringify(new Date(1e12)));
    log(() => Date.prototype.constructor === Date);
    log(() => String(Date));
    return { lines, order: [] };
  })()`;

  test('does in any time zone what it does in UTC', async () => {
    const expected = await inZone('UTC', program(DATES, {}));
    const [here, there] = await Promise.all(
      ['America/New_York', 'Asia/Kolkata'].map((zone) =>
        inZone(zone, program(DATES, { deterministic })),
      ),
    );
    expect(expected.split('\n').length).toBeGreaterThan(500);
    expect(here.split('\n')).toEqual(expected.split('\n'));
    expect(there).toBe(here);
  });
});

test("setYear keeps month and day, which the engine's own does not", () => {
  const app = sandbox({ deterministic });
  const set = (year) =>
    app.run(`(() => { const d = new Date(); d.setYear(${year}); return +d })()`);
  expect(set(99)).toBe(Date.UTC(1999, 1, 29, 12, 34, 56, 789));
  expect(set("'2020.9'")).toBe(Date.UTC(2020, 1, 29, 12, 34, 56, 789));
  expect(set('NaN')).toBeNaN();
});

describe('Math.random', () => {
  const draws = (app, n = 10) => app.run(`Array.from({ length: ${n} }, Math.random).join()`);

  test('begins anew in each sandbox, by its seed', () => {
    const first = draws(sandbox({ deterministic: { seed: 1 } }));
    expect(draws(sandbox({ deterministic: { seed: 1, now: 5 } }))).toBe(first);
    expect(draws(sandbox({ deterministic: { seed: 2 } }))).not.toBe(first);
    expect(draws(sandbox({ deterministic: {} }))).toBe(
      draws(sandbox({ deterministic: { seed: 0 } })),
    );
    const [largest, smallest] = [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
    const all = [-1, 0, 1, 2, largest, smallest].map((seed) =>
      draws(sandbox({ deterministic: { seed } })),
    );
    expect(new Set(all).size).toBe(6);
  });

  test('draws from one sequence for all realms of a sandbox', () => {
    const sequence = draws(sandbox({ deterministic }), 4).split(',');
    const app = sandbox({ deterministic });
    const context = app.createContext({});
    const drawn = [
      app.run('Math.random()'),
      app.runInContext('Math.random()', context),
      app.runInNewContext('Math.random()'),
      app.run('Math.random()'),
    ];
    expect(drawn.map(String)).toEqual(sequence);
  });

  test('is even enough, and never 1', () => {
    const app = sandbox({ deterministic: { seed: 3 } });
    const [mean, most, least] = app.run(`(() => {
      let sum = 0, most = 0, least = 1;
      for (let i = 0; i < 1e5; i++) { const x = Math.random(); sum += x; most = Math.max(most, x); least = Math.min(least, x) }
      return [sum / 1e5, most, least];
    })()`);
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    expect(most).toBeLessThan(1);
    expect(least).toBeGreaterThanOrEqual(0);
  });

  test('is not repeated without the option, also after a sandbox that had it', () => {
    for (let i = 0; i < 3; i++) {
      new Sandbox({ deterministic }).dispose();
      expect(draws(sandbox())).not.toBe(draws(sandbox()));
    }
  });
});
