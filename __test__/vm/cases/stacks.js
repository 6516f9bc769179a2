'use strict';

const { stackThrown, thrown } = require('../describe.js');

const at = { filename: 'file.js' };

/** What is in front of the stack, with the caret's place, but not the engines' own messages. */
function front(use) {
  const stack = stackThrown(use);
  const [head] = stack.split('\n\n');
  return head.replace(/\^+/, '^').split('\n');
}

/** The stack up to the frames of the host. */
function guestPart(use) {
  const lines = stackThrown(use).split('\n');
  const host = lines.findIndex(
    (line) =>
      /^ {4}at .*(?:node:|\.js:\d+:\d+\)?$)/.test(line) && !/file\.js|<anonymous>/.test(line),
  );
  return host < 0 ? lines : lines.slice(0, host);
}

const THROWING = [
  'throw new Error("message")',
  '  throw new TypeError("indented")',
  '\n\n\tthrow new RangeError("tabs")',
  'const e = new Error("made before");\nvar unrelated;\nthrow e',
  'function f() {\n  throw new Error("in a function");\n}\nf();',
  'missing',
  '  missing()',
  'var a = 1;\nmissing.property = a;',
  'null.x',
  'throw new Error("two\\nlines")',
  'throw new Error()',
  'throw new (class Own extends Error {})("own")',
];

module.exports = {
  'source line and caret': (vm) =>
    THROWING.filter((code) => !/null|Own|made before/.test(code)).map((code) =>
      front(() => vm.runInNewContext(code, {}, at)),
    ),

  'the guest’s own frames': (vm) =>
    THROWING.filter((code) => !/null|Own/.test(code)).map((code) =>
      guestPart(() => vm.runInNewContext(code, {}, at)).slice(-3),
    ),

  'every way to run': (vm) => {
    const script = new vm.Script('throw new Error("boom")', 'file.js');
    return [
      () => vm.runInContext('throw new Error("boom")', vm.createContext(), 'file.js'),
      () => vm.runInNewContext('throw new Error("boom")', {}, 'file.js'),
      () => vm.runInThisContext('throw new Error("boom")', 'file.js'),
      () => script.runInContext(vm.createContext()),
      () => script.runInNewContext(),
      () => script.runInThisContext(),
    ].map(guestPart);
  },

  'odd file names': (vm) =>
    ['a (b):c.js', 'with space.js', 'x:1:2', '(', 'at f (y.js:1:1)'].map((filename) =>
      front(() => vm.runInNewContext('throw new Error("x")', {}, filename)),
    ),

  'without a file name': (vm) =>
    guestPart(() => vm.runInNewContext('throw new Error("boom")')).slice(0, 5),

  'line and column offsets': (vm) =>
    [{ lineOffset: 32, columnOffset: 123 }, { lineOffset: 5 }, { columnOffset: 7 }].flatMap(
      (offsets) =>
        [' throw new Error("x")', '\n throw new Error("x")'].map((code) =>
          guestPart(() => vm.runInNewContext(code, {}, { ...at, ...offsets })),
        ),
    ),

  'displayErrors: false': (vm) => {
    const script = new vm.Script('throw new Error("boom")', 'file.js');
    return [
      guestPart(() => script.runInNewContext({}, { displayErrors: false })),
      guestPart(() =>
        vm.runInNewContext('throw new Error("boom")', {}, { ...at, displayErrors: false }),
      ),
    ];
  },

  'what does not parse': (vm) =>
    ['var 5;', 'foo bar', 'a;\n\n  foo bar baz', '\tfoo bar'].flatMap((code) => [
      front(() => new vm.Script(code, 'file.js')),
      front(() => vm.runInNewContext(code, {}, 'file.js')),
      front(() => vm.runInNewContext(code, {}, { ...at, displayErrors: false })),
    ]),

  'the word that does not parse is underlined': (vm) =>
    stackThrown(() => new vm.Script('foo barbaz', 'file.js')).split('\n')[2],

  'the caller’s frames are below': (vm) => {
    function theCaller() {
      vm.runInNewContext('throw new Error("boom")', {}, 'file.js');
    }
    return /\n {4}at theCaller \(.*stacks\.js:\d+:\d+\)\n/.test(stackThrown(theCaller));
  },

  'what is no error stays as it is': (vm) =>
    ['throw 5', 'throw "text"', 'throw null', 'throw undefined'].map((code) => {
      try {
        return vm.runInNewContext(code);
      } catch (error) {
        return [error];
      }
    }),

  'the same error twice': (vm) => {
    const context = vm.createContext();
    vm.runInContext('const e = new Error("once")', context, 'first.js');
    const [first, second] = [1, 2].map(() =>
      stackThrown(() => vm.runInContext('throw e', context, 'file.js')),
    );
    return first === second;
  },

  'a host’s error comes back itself': (vm) => {
    const own = Object.assign(new TypeError('own'), { code: 'E_OWN' });
    const stack = own.stack;
    try {
      return vm.runInNewContext('f()', {
        f() {
          throw own;
        },
      });
    } catch (error) {
      return [error === own, error.code, error.stack.endsWith(stack)];
    }
  },

  'what a compiled function throws': (vm) =>
    [{}, { lineOffset: 3 }, { columnOffset: 3 }, at].map((options) =>
      guestPart(() => vm.compileFunction('throw new Error("x")', [], options)()),
    ),

  'what a function throws that is called later': (vm) => {
    const made = vm.runInNewContext(
      `({
        named: function named() { throw new Error('x') },
        nested() { return [1].map((each) => { throw new TypeError('x') }) },
        unknown: function unknown() { return missing },
      })`,
      {},
      'file.js',
    );
    return ['named', 'nested', 'unknown'].map((name) => {
      const [head, place] = stackThrown(() => made[name]()).split('\n');
      // V8 names the receiver, too.
      return [head, place.replace('Object.', '')];
    });
  },

  'the caller’s frames are below what is called later': (vm) => {
    const made = vm.runInNewContext('(function f() { throw new Error("x") })', {}, 'file.js');
    function theCaller() {
      made();
    }
    const [, first, second, third] = stackThrown(theCaller).split('\n');
    return [first, /^ {4}at theCaller \(.*stacks\.js:\d+:\d+\)$/.test(second), third !== undefined];
  },

  'the host’s limit of frames': (vm) => {
    const limit = Error.stackTraceLimit;
    try {
      return [0, 1, 3].map((most) => {
        Error.stackTraceLimit = most;
        const body = 'function f() { throw new Error("x") }\nf();';
        return stackThrown(() => vm.compileFunction(body, [], at)())
          .split('\n')
          .slice(0, 3);
      });
    } finally {
      Error.stackTraceLimit = limit;
    }
  },

  'where a name is unknown': (vm) =>
    [
      'throw missing',
      'return (missing)',
      'return  new missing()',
      'return missing.x',
      'return 1 + missing',
      'return new Error(missing)',
      'if (missing) return 1',
      'switch (missing) {}',
      'for (const x of missing);',
      'var a = () => missing; return a()',
    ].map((body) => guestPart(() => vm.compileFunction(body, [], at)())),

  'a function’s body that does not parse': (vm) => [
    front(() => vm.compileFunction('foo bar', [], { filename: 'file.js' })),
    front(() => vm.compileFunction('\n  foo bar', ['a'], { filename: 'file.js', lineOffset: 3 })),
  ],

  'a brace too many in a function’s body': (vm) =>
    [
      '}',
      'if (a) { } }',
      'a }} b',
      '} /* } */',
      'return 1 } // }',
      '}, b() {',
      '} + {',
      '} } })',
      '\nvar x = `}`;\n } foo',
    ].map((body) => [
      thrown(() => vm.compileFunction(body)),
      front(() => vm.compileFunction(body, [], { ...at, columnOffset: 5 })),
    ]),
};
