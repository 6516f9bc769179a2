'use strict';

const { kindThrown } = require('../describe.js');

module.exports = {
  text: (vm) => [
    vm.compileFunction('return 1').toString(),
    vm.compileFunction('return a + b', ['a', 'b']).toString(),
    vm.compileFunction('// comment', ['a']).toString(),
  ],

  'name, length, prototype': (vm) => {
    const made = vm.compileFunction('return 1', ['a', 'b']);
    return [typeof made, made.name, made.length, typeof made.prototype];
  },

  calls: (vm) => [
    vm.compileFunction('return p + q', ['p', 'q'])('a', 'b'),
    vm.compileFunction('return arguments.length')(1, 2, 3),
    vm.compileFunction('return this.x').call({ x: 5 }),
    vm.compileFunction('return new.target === undefined')(),
    new (vm.compileFunction('this.made = true'))().made,
    vm.compileFunction('"use strict"; return this')(),
    vm.compileFunction('return')(),
    vm.compileFunction('const a = 1; { const a = 2; } return a')(),
    vm.compileFunction('return [...xs].length', ['xs'])([1, 2]),
    vm.compileFunction('return π + $_1', ['π', '$_1'])(1, 2),
  ],

  'bodies that are none': (vm) =>
    [
      '}); (function () {',
      '}, function () {',
      '} + function () {',
      '}[0] = function () {',
      '}); evil(); ({ method() {',
      '}, other() {',
      '}, get other() {',
      '}, ...function () {',
      '}, other: function () {',
      '}}); ({ method() { a: {',
      '} } ), ({ method() {',
      '*/',
      '/*',
      '`',
      '//',
      'return }',
      '{',
      ')',
      '\n}\n)\n(\nfunction\n(\n)\n{\n',
      'super.x',
      'await 1',
      'yield 1',
      'import x from "y"',
      'export default 1',
    ].map((body) => [body, kindThrown(() => typeof vm.compileFunction(body))]),

  'bodies that are ones': (vm) =>
    [
      'with ({ x: 1 }) return x',
      'var await = 1; return await',
      'var yield = 1; return yield',
      'arguments = 1; return arguments',
      'return 010',
      'delete x',
      'return (function () { return }())',
      '"}"',
      'return `}`',
      'return /[}]/.test("}")',
      '<!-- html comment',
      'return function* () { yield 1 }().next().value',
    ].map((body) => [body, kindThrown(() => vm.compileFunction(body)())]),

  'the same parameter twice': (vm) => [
    vm.compileFunction('return a', ['a', 'a'])(1, 2),
    kindThrown(() => vm.compileFunction('let a', ['a'])),
  ],

  'runs where it was parsed': (vm) => {
    const context = vm.createContext({ value: 'theirs' });
    globalThis.value = 'ours';
    try {
      const there = vm.compileFunction('made = value; return value', [], {
        parsingContext: context,
      });
      const here = vm.compileFunction('return value');
      return [
        there(),
        here(),
        context.made,
        typeof globalThis.made,
        vm.compileFunction('return global === globalThis')(),
        kindThrown(() => vm.compileFunction('return missing')()),
      ];
    } finally {
      delete globalThis.value;
    }
  },

  'sees extensions of its scope': (vm) => {
    const outer = { a: 'outer a', b: 'outer b', arguments: 'outer arguments' };
    const inner = { a: 'inner a' };
    const contextExtensions = [outer, inner];
    const made = vm.compileFunction(
      'c = a + b; b = "set"; return [a, b, arguments.length]',
      ['x'],
      {
        contextExtensions,
        parsingContext: vm.createContext({ a: 'global a', c: 0 }),
      },
    );
    return [
      made(1, 2, 3),
      outer.b,
      inner.b,
      vm.compileFunction('return a', undefined, { contextExtensions: [{ a: 5 }] })(),
      vm.compileFunction('return a', ['a'], { contextExtensions: [{ a: 5 }] })(6),
      vm.compileFunction('return typeof a', [], { contextExtensions: [] })(),
    ];
  },

  'cached data': (vm) => {
    const made = vm.compileFunction('return 1', [], { produceCachedData: true });
    const accepted = vm.compileFunction('return 1', [], { cachedData: made.cachedData });
    const refused = vm.compileFunction('return 2; // more', [], { cachedData: made.cachedData });
    return [
      made.cachedDataProduced,
      made.cachedData.length > 0,
      accepted.cachedDataRejected,
      accepted(),
      refused.cachedDataRejected,
      refused(),
      'cachedDataRejected' in made,
      'cachedData' in accepted,
    ];
  },
};
