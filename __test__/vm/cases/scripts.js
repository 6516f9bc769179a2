'use strict';

const { differs } = require('../differs.js');
const { kindThrown } = require('../describe.js');

const descriptors = (object) =>
  Object.entries(Object.getOwnPropertyDescriptors(object)).map(([key, { value, ...flags }]) => [
    key,
    Buffer.isBuffer(value) ? 'a buffer' : value,
    flags,
  ]);

module.exports = {
  'what the module has': (vm) => {
    const { configure, ...rest } = vm;
    return [Object.keys(rest), rest];
  },

  'arities and names': (vm) =>
    Object.values({ ...vm, ...Object.getOwnPropertyDescriptors(vm.Script.prototype) })
      .map((value) => value.value ?? value)
      .filter((value) => typeof value === 'function' && value !== vm.configure)
      .filter((value) => value !== vm.Script.prototype.createCachedData)
      .map((each) => [each.name, each.length]),

  constants: (vm) => [
    Object.getPrototypeOf(vm.constants),
    Object.isFrozen(vm.constants),
    Object.entries(vm.constants),
    vm.constants.DONT_CONTEXTIFY === require('node:vm').constants.DONT_CONTEXTIFY,
  ],

  'completion values': (vm) =>
    [
      '',
      '1; 2',
      'var a = 1',
      'let b = 1',
      'if (false) 1',
      '1; if (true) { 2 }',
      'for (var i = 0; i < 3; i++) i',
      '({ a: 1 })',
      '{ a: 1 }',
      '[1, [2]]',
      'function f() {}',
      'class A {}',
      '(class A {})',
      '"use strict"; 3',
      'try { 4 } finally { 5 }',
      'switch (1) { case 1: 6 }',
      'label: { 7; break label; }',
      'throw_ = 8',
      'null',
      '-0',
      'NaN',
      '10n ** 20n',
      'Symbol.iterator',
      'Symbol.for("x")',
      '"\\ud800"',
      'new Date(5).getTime()',
      '#!/usr/bin/env node\n9',
      '<!-- comment\n10',
    ].map((code) => [code, vm.runInNewContext(code)]),

  'completion values of types': (vm) =>
    [
      '() => 1',
      '(function named(a, b) {})',
      '(async () => {})',
      '/x/g',
      'new Map()',
      'Promise.resolve()',
    ].map((code) => [
      code,
      typeof vm.runInNewContext(code),
      vm.runInNewContext(`typeof (${code})`),
    ]),

  'what does not parse': (vm) =>
    [
      'var 5;',
      'foo bar',
      '(',
      '}',
      '"unterminated',
      'let x; let x',
      'return',
      'await 1',
      'import x from "y"',
      'new.target',
      'super.x',
      '"use strict"; with ({}) {}',
      'for (;;',
      '/(/',
      '`${',
      'break',
      '0b2',
    ].map((code) => [
      code,
      kindThrown(() => new vm.Script(code)),
      kindThrown(() => vm.runInNewContext(code)),
    ]),

  'fields of a script': (vm) => [
    descriptors(new vm.Script('1')),
    descriptors(new vm.Script('1\n//# sourceMappingURL=map.json')),
    descriptors(new vm.Script('1', { produceCachedData: true })),
  ],

  sourceMapURL: (vm) =>
    [
      'f()',
      'f()\n// sourceMappingURL=a',
      'f()\n//# sourceMappingURL=a',
      'f() //# sourceMappingURL=a',
      '//@ sourceMappingURL=a',
      '//#sourceMappingURL=a',
      '/*# sourceMappingURL=a */',
      '//# sourceMappingURL=a b',
      '//# sourceMappingURL= a ',
      '//#  sourceMappingURL=a',
      '"//# sourceMappingURL=a"',
      '//# x sourceMappingURL=a',
      '//# sourceMappingURL=a\n//# sourceMappingURL=b',
      '//# sourceMappingURL=a\n//# sourceMappingURL=b c',
      '//# sourceMappingURL=a\r\nf()',
      '//# sourceMappingURL=data:application/json;base64,e30=',
    ].map((code) => [code, new vm.Script(`function f() {}\n${code}`).sourceMapURL]),

  'cached data': (vm) => {
    const source = 'function x() {} const y = x(); "done"';
    const script = new vm.Script(source);
    const data = script.createCachedData();
    const uses = {
      same: [source, data],
      another: [`${source}; 1`, data],
      typedArray: [source, new Uint8Array(data)],
      dataView: [source, new DataView(data.buffer, data.byteOffset, data.byteLength)],
    };
    return [
      Buffer.isBuffer(data),
      ...Object.entries(uses).map(([name, [code, cachedData]]) => {
        const made = new vm.Script(code, { cachedData });
        return [name, made.cachedDataRejected, made.runInNewContext()];
      }),
      new vm.Script(source, {
        cachedData: new vm.Script(source, { produceCachedData: true }).cachedData,
      }).cachedDataRejected,
      vm.runInNewContext(source, {}, { cachedData: data }),
    ];
  },

  'cached data after a run': (vm) => {
    const script = new vm.Script('(() => 1)()');
    script.runInNewContext();
    return new vm.Script('(() => 1)()', { cachedData: script.createCachedData() })
      .cachedDataRejected;
  },

  'runs again and again, in any context': (vm) => {
    const script = new vm.Script('count = (typeof count === "undefined" ? 0 : count) + 1');
    const [a, b] = [vm.createContext(), vm.createContext({ count: 10 })];
    return [
      script.runInContext(a),
      script.runInContext(a),
      script.runInContext(b),
      script.runInNewContext({ count: 100 }),
      script.runInNewContext(),
      [a, b],
    ];
  },

  'runInNewContext answers on the object given': (vm) => {
    const [one, two] = [{ x: 1 }, { x: 2 }];
    const context = vm.createContext({ x: 3 });
    return [
      vm.runInNewContext('y = x * 2', one),
      new vm.Script('y = x * 2').runInNewContext(two),
      vm.runInNewContext('y = x * 2', context),
      [one, two, context].map((object) => [object, vm.isContext(object)]),
    ];
  },

  'runInThisContext acts on the global object': (vm) => {
    globalThis.given = { count: 1 };
    try {
      return [
        vm.runInThisContext('given.count += 1; made = given.count * 10; typeof process'),
        globalThis.made,
        vm.runInThisContext(
          'var declared = 5; function declaredFunction() { return declared }; declaredFunction()',
        ),
        globalThis.declared,
        typeof globalThis.declaredFunction,
        new vm.Script('delete globalThis.made').runInThisContext(),
        'made' in globalThis,
        vm.runInThisContext('let kept = 1; kept'),
        vm.runInThisContext('kept + 1'),
        'kept' in globalThis,
        vm.runInThisContext('globalThis === this'),
        kindThrown(() => vm.runInThisContext('missing')),
      ];
    } finally {
      for (const name of ['given', 'made']) delete globalThis[name];
    }
  },

  'a script as its own options': (vm) => {
    const script = new vm.Script('"passed"');
    return [script.runInThisContext(script), script.runInNewContext({}, script)];
  },

  'methods belong to scripts only': (vm) =>
    ['runInContext', 'runInNewContext', 'runInThisContext', 'createCachedData'].map((name) =>
      kindThrown(() => vm.Script.prototype[name].call({}, vm.createContext())),
    ),

  'dynamic import': async (vm) =>
    vm.runInNewContext('import("fs").then(() => 0, (e) => [e.name, e.code, e.message])'),

  'dynamic import with a callback': differs(
    { value: "'ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING'" },
    async (vm) =>
      vm.runInNewContext(
        'import("fs").catch((error) => error.code)',
        {},
        { importModuleDynamically: () => {} },
      ),
  ),

  'no WebAssembly': differs({ value: "'undefined'" }, (vm) =>
    vm.runInNewContext('typeof WebAssembly'),
  ),
};
