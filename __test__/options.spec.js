'use strict';

// What is refused as an option, and that the error says what would be right.

const { inspect } = require('node:util');
const { Sandbox, SandboxError, Script } = require('..');
const { sandbox, expectNoLeaks, errorOf } = require('./support.js');

afterEach(expectNoLeaks);

/** Checks the error of options that are refused. */
function expectRefusal(use, ...parts) {
  const error = errorOf(use);
  expect(error).toBeInstanceOf(SandboxError);
  expect(error).toMatchObject({ name: 'SandboxError', code: 'ERR_SANDBOX_OPTIONS' });
  for (const part of parts) expect(error.message).toContain(part);
}

const shown = (value) => inspect(value, { depth: 0, maxStringLength: 60, breakLength: Infinity });

/** Each of these is wrong for each option that is a number. */
const NO_NUMBERS = [null, '10', true, false, NaN, -1, -Infinity, 10n, {}, [], [10], () => 10];

const numbers = {
  memoryLimitMb: {
    range: ['1', '4096'],
    wrong: [0, 0.5, 4097, Infinity, 1e300, 2 ** 53],
    right: [1, 1.5, 64],
  },
  stackLimitKb: {
    range: ['64', '8192'],
    wrong: [0, 63, 8193, Infinity, 1e300],
    right: [64, 100.5, 512],
  },
};

describe.each(Object.entries(numbers))('%s', (name, { range, wrong, right }) => {
  test.each([...NO_NUMBERS, ...wrong])('refuses %p', (value) => {
    expectRefusal(() => new Sandbox({ [name]: value }), `'${name}'`, shown(value), ...range);
  });

  test.each(right)('takes %p', (value) => {
    expect(sandbox({ [name]: value }).run('1')).toBe(1);
  });

  test.each(range.map(Number))('takes %p, at the end of its range', (value) => {
    expect(sandbox({ [name]: value }).run('1')).toBe(1);
  });
});

describe('timeout', () => {
  const users = {
    'new Sandbox': (timeout) => sandbox({ timeout }).run('1'),
    run: (timeout) => sandbox().run('1', { timeout }),
  };

  describe.each(Object.entries(users))('of %s', (_, use) => {
    test.each([...NO_NUMBERS, 2 ** 31, 1e300])('refuses %p', (value) => {
      expectRefusal(() => use(value), "'timeout'", shown(value), 'milliseconds', `${2 ** 31 - 1}`);
    });

    test.each([0, Infinity, 1000, 100.5, 2 ** 31 - 1])('takes %p', (value) => {
      expect(use(value)).toBe(1);
    });
  });

  test('a very short one is not taken for none', () => {
    expect(errorOf(() => sandbox({ timeout: 1e-9 }).run('for (;;);')).code).toBe(
      'ERR_SANDBOX_TIMEOUT',
    );
  });
});

describe('graceMs', () => {
  test.each([...NO_NUMBERS, -1, 2 ** 31, 1e300])('refuses %p', (graceMs) => {
    const texts = ["'graceMs'", shown(graceMs), 'milliseconds', `${2 ** 31 - 1}`, 'Infinity'];
    expectRefusal(() => sandbox({ graceMs }), ...texts);
  });

  test.each([0, 0.5, 20, 2 ** 31 - 1, Infinity])('takes %p', (graceMs) => {
    expect(sandbox({ graceMs }).run('1')).toBe(1);
  });
});

describe('name', () => {
  test.each(['', null, 1, true, {}, [], Symbol('x'), () => 'x'])('refuses %p', (value) => {
    expectRefusal(() => new Sandbox({ name: value }), "'name'", shown(value), 'non-empty string');
  });

  test('is the name of the sandbox', () => {
    expect(sandbox({ name: 'ü 日本' }).name).toBe('ü 日本');
  });

  test('cannot be changed', () => {
    const box = sandbox({ name: 'app' });
    expect(() => {
      box.name = 'other';
    }).toThrow(TypeError);
    expect(box.name).toBe('app');
  });

  test('with a line break cannot forge a line of a stack trace', () => {
    const name = 'app\n    at trusted (secure.js:1:1)\n';
    let stack = '';
    try {
      stack = errorOf(() => sandbox({ name }).run('missing')).stack;
    } catch (error) {
      stack = error.stack;
    }
    expect(stack.split('\n')).not.toContain('    at trusted (secure.js:1:1)');
  });
});

describe('globals', () => {
  test.each([null, 1, 'x', true, Symbol('x'), () => ({})])('refuses %p', (value) => {
    expectRefusal(() => new Sandbox({ globals: value }), "'globals'", shown(value), 'an object');
  });

  test('takes an object without a prototype', () => {
    const globals = Object.assign(Object.create(null), { a: 1 });
    expect(sandbox({ globals }).run('a')).toBe(1);
  });
});

describe('console', () => {
  test.each([true, null, 0, '', 'log', {}, { log: 1 }, { warn() {} }])('refuses %p', (value) => {
    expectRefusal(() => new Sandbox({ console: value }), "'console'", shown(value), 'log');
  });
});

describe('builtins', () => {
  test.each([null, 1, 'console', {}, ['fs'], ['console', 'nothing'], [1], [null]])(
    'refuses %p',
    (value) => {
      expectRefusal(() => new Sandbox({ builtins: value }), "'builtins'", shown(value), 'console');
    },
  );

  test.each([
    [true, ['object', 'function']],
    [false, ['undefined', 'undefined']],
    [[], ['undefined', 'undefined']],
    [['console'], ['object', 'undefined']],
    [['timers'], ['undefined', 'function']],
    [
      ['timers', 'console', 'timers'],
      ['object', 'function'],
    ],
  ])('takes %j', (builtins, types) => {
    expect(sandbox({ builtins }).run('[typeof console, typeof setTimeout]')).toEqual(types);
  });
});

describe('modules', () => {
  test.each([null, 1, 'x', true, () => 1])('refuses %p', (value) => {
    expectRefusal(() => new Sandbox({ modules: value }), "'modules'", shown(value));
  });

  test.each([1, null, undefined, {}, Buffer.from('x'), Promise.resolve('x')])(
    'refuses %p as the text of a file, by its name',
    (source) => {
      expectRefusal(
        () => new Sandbox({ modules: { 'good.js': '', 'lib/bad.js': source } }),
        'modules["lib/bad.js"]',
        shown(source),
        'a string',
      );
    },
  );

  test('refuses a loader with only one half', () => {
    expectRefusal(() => new Sandbox({ modules: { resolve() {} } }), "'modules.load'", 'a function');
    expectRefusal(() => new Sandbox({ modules: { load() {} } }), "'modules.resolve'", 'a function');
    expectRefusal(() => new Sandbox({ modules: { load() {}, resolve: 'x' } }), "'modules.resolve'");
  });

  test('takes files named load and resolve', () => {
    const box = sandbox({ modules: { load: 'module.exports = 1', resolve: 'module.exports = 2' } });
    expect([box.require('load'), box.require('resolve')]).toEqual([1, 2]);
  });

  test('takes an empty map', () => {
    expect(sandbox({ modules: {} }).run('1')).toBe(1);
  });
});

describe.each([
  ['codeGeneration', ['strings', 'wasm']],
  ['intrinsics', ['Atomics', 'FinalizationRegistry', 'Proxy', 'SharedArrayBuffer', 'WeakRef']],
])('%s', (name, switches) => {
  test.each([null, 0, false, 'strings', () => 1, Symbol('x')])('refuses %p', (value) => {
    expectRefusal(() => new Sandbox({ [name]: value }), `'${name}'`, shown(value), 'an object');
  });

  test.each(switches)('refuses what is neither true nor false for %s', (key) => {
    for (const value of [null, 0, 1, 'false', {}, []]) {
      const use = () => new Sandbox({ [name]: { [key]: value } });
      expectRefusal(use, `'${key}'`, shown(value), 'true or false');
    }
  });

  test.each(['string', 'Date', 'constructor', '__proto', 'toString'])('does not know %s', (key) => {
    expectRefusal(() => new Sandbox({ [name]: { [key]: false } }), `'${key}'`, ...switches);
  });

  test.each([{}, Object.fromEntries(switches.map((key) => [key, undefined]))])(
    'takes %p',
    (value) => {
      expect(sandbox({ [name]: value }).run('eval("typeof Proxy")')).toBe('function');
    },
  );
});

describe('sourceLimitKb', () => {
  test.each([...NO_NUMBERS, 0, 2 ** 20 + 1, 1e300])('refuses %p', (sourceLimitKb) => {
    const texts = ["'sourceLimitKb'", shown(sourceLimitKb), 'kilobytes', `${2 ** 20}`, 'Infinity'];
    expectRefusal(() => sandbox({ sourceLimitKb }), ...texts);
  });

  test.each([0.5, 1, 2 ** 20, Infinity])('takes %p', (sourceLimitKb) => {
    expect(sandbox({ sourceLimitKb }).run('eval("1")')).toBe(1);
  });
});

describe('deterministic', () => {
  test.each([null, true, 0, 'x', () => 1])('refuses %p', (value) => {
    expectRefusal(() => new Sandbox({ deterministic: value }), "'deterministic'", 'an object');
  });

  test.each([
    ['now', [null, '0', 1.5, NaN, Infinity, 8.64e15 + 1, -8.64e15 - 1, new Date(0), 1n]],
    ['seed', [null, '0', 1.5, NaN, Infinity, 2 ** 53, -(2 ** 53), 1n, {}]],
  ])('refuses what is no such %s', (name, values) => {
    for (const value of values) {
      const use = () => new Sandbox({ deterministic: { [name]: value } });
      expectRefusal(use, `'${name}'`, shown(value), 'an integer from');
    }
  });

  test('does not know other parts', () => {
    expectRefusal(() => new Sandbox({ deterministic: { zone: 'UTC' } }), "'zone'", 'now, seed');
  });

  test.each([-8.64e15, -1, 0, 8.64e15])('takes %p as now', (now) => {
    expect(sandbox({ deterministic: { now } }).run('Date.now()')).toBe(now);
    expect(sandbox({ deterministic: { now } }).run('new Date().getTime()')).toBe(now);
  });
});

describe('where code comes from', () => {
  const users = {
    run: (options) => sandbox().run('1', options),
    compile: (options) => sandbox().compile('1', options),
    'new Script': (options) => new Script('1', options),
  };

  describe.each(Object.entries(users))('in %s', (_, use) => {
    test.each([null, 1, true, {}, [], Symbol('x')])('filename refuses %p', (filename) => {
      expectRefusal(() => use({ filename }), "'filename'", shown(filename), 'a string');
    });

    test.each([null, '1', 1.5, NaN, Infinity, 2 ** 31, -(2 ** 31) - 1, 1n, {}])(
      'lineOffset refuses %p',
      (lineOffset) => {
        expectRefusal(() => use({ lineOffset }), "'lineOffset'", shown(lineOffset), 'integer');
      },
    );

    test.each([null, '1', 1.5, NaN, Infinity, -1, 2 ** 20 + 1, {}])(
      'columnOffset refuses %p',
      (columnOffset) => {
        expectRefusal(
          () => use({ columnOffset }),
          "'columnOffset'",
          shown(columnOffset),
          'integer',
        );
      },
    );

    test.each([0, -1, 2 ** 31 - 2, -(2 ** 31)])('lineOffset takes %p', (lineOffset) => {
      expect(() => use({ lineOffset })).not.toThrow();
    });

    test('an unknown option is refused, with those that are known', () => {
      expectRefusal(() => use({ fileName: 'a.js' }), "'fileName'", 'filename', 'lineOffset');
    });

    test.each([null, 1, true, Symbol('x'), () => 1])('options cannot be %p', (options) => {
      expectRefusal(() => use(options), shown(options));
    });
  });

  test('compile takes no timeout', () => {
    expectRefusal(() => sandbox().compile('1', { timeout: 1 }), "'timeout'");
  });
});

describe('all options', () => {
  test.each([null, 1, 'app', true, Symbol('x'), () => ({})])('cannot be %p', (options) => {
    expectRefusal(() => new Sandbox(options), shown(options), 'an object');
  });

  test('may be left out, or undefined', () => {
    expect(sandbox().run('1')).toBe(1);
    const names = [
      'name',
      'memoryLimitMb',
      'stackLimitKb',
      'timeout',
      'graceMs',
      'globals',
      'console',
      'builtins',
      'modules',
      'codeGeneration',
      'intrinsics',
      'sourceLimitKb',
      'deterministic',
    ];
    expect(sandbox(Object.fromEntries(names.map((name) => [name, undefined]))).run('1')).toBe(1);
  });

  test.each(['memoryLimit', 'Timeout', 'nam', '__proto', 'constructor', 'toString'])(
    'unknown ones such as %s are refused, with those that are known',
    (name) => {
      expectRefusal(() => new Sandbox({ [name]: 1 }), `'${name}'`, 'memoryLimitMb', 'timeout');
    },
  );

  test('are read once', () => {
    let reads = 0;
    const box = sandbox({
      get timeout() {
        reads++;
        return 1000;
      },
    });
    box.run('1');
    expect(reads).toBe(1);
  });

  test('a huge wrong value does not make a huge message', () => {
    const error = errorOf(() => new Sandbox({ memoryLimitMb: 'x'.repeat(1e6) }));
    expect(error.message.length).toBeLessThan(500);
  });
});

describe('defaults', () => {
  test('are those of the documentation', () => {
    const box = sandbox();
    expect(box.name).toBe('sandbox');
    expect(box.usage().memoryLimitBytes).toBe(64 * 1024 * 1024);
    expect(box.run('[typeof console, typeof setTimeout]')).toEqual(['object', 'function']);
  });

  test('stop a loop without end', () => {
    expect(errorOf(() => sandbox().run('for (;;);')).code).toBe('ERR_SANDBOX_TIMEOUT');
  });

  test('Sandbox must be called with new', () => {
    expect(() => Sandbox()).toThrow(TypeError);
  });
});
