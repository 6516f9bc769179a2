'use strict';

const { kindThrown, thrown } = require('../describe.js');
const { differs } = require('../differs.js');

module.exports = {
  'createContext answers its argument': (vm) => {
    const object = {};
    return [
      vm.createContext(object) === object,
      vm.createContext(object) === object,
      vm.isContext(object),
      vm.isContext({}),
      vm.isContext(Object.create(object)),
      vm.isContext(vm.createContext()),
      vm.createContext(),
      vm.createContext([1]),
      vm.isContext(vm.createContext([])),
      new vm.createContext(object) === object,
    ];
  },

  'globals are the object’s properties': (vm) => {
    const object = { given: 1, gone: 2 };
    vm.runInNewContext(
      `implicit = given + 1; var declared = 3; function f() { return given } ; let kept = 4;
       this.onThis = 5; globalThis.onGlobal = 6; given = 10; delete gone;`,
      object,
    );
    return [object, object.f()];
  },

  'the object’s changes are seen': (vm) => {
    const context = vm.createContext({ x: 1 });
    const read = () => vm.runInContext('[typeof x, typeof y, "x" in this]', context);
    const all = [read()];
    context.y = 2;
    all.push(read());
    delete context.x;
    all.push(read());
    return all;
  },

  'top-level lexical declarations stay': (vm) => {
    const context = vm.createContext();
    vm.runInContext('let a = 1; const b = 2; class C {}', context);
    return [
      vm.runInContext('[a, b, typeof C]', context),
      Object.keys(context),
      kindThrown(() => vm.runInContext('let a = 2', context)),
      kindThrown(() => vm.runInContext('b = 3', context)),
    ];
  },

  'strict mode': (vm) => {
    const context = vm.createContext({ x: 1 });
    return [
      kindThrown(() => vm.runInContext('"use strict"; y = 1', context)),
      vm.runInContext('"use strict"; x = 2; this === globalThis', context),
      context,
    ];
  },

  'builtins are there, and off the object': (vm) => {
    const context = vm.createContext();
    return [
      vm.runInContext(
        '[typeof Object, typeof Array, typeof Promise, typeof console, typeof process, typeof require]',
        context,
      ),
      Object.keys(context),
      'Array' in context,
    ];
  },

  'the object’s own win': (vm) => [
    vm.runInNewContext('Date', { Date: 'fake' }),
    vm.runInNewContext('undefined_', { undefined_: undefined }),
    vm.runInNewContext('typeof Array', { Array: undefined }),
  ],

  accessors: (vm) => {
    const calls = [];
    const object = {
      get x() {
        calls.push('get');
        return 5;
      },
      set x(value) {
        calls.push(`set ${value}`);
      },
    };
    return [vm.runInNewContext('x = 7; x', object), [...new Set(calls)].sort()];
  },

  'read-only properties': (vm) => {
    const object = Object.defineProperty({}, 'fixed', { value: 1 });
    const context = vm.createContext(object);
    return [
      vm.runInContext('fixed = 2; fixed', context),
      kindThrown(() => vm.runInContext('"use strict"; fixed = 2', context)),
      vm.runInContext('delete fixed', context),
      object.fixed,
    ];
  },

  'inherited properties': (vm) => {
    const base = { inherited: 1 };
    const object = Object.create(base);
    return [
      vm.runInNewContext('inherited = inherited + 1; typeof inherited', object),
      Object.keys(object),
      base,
      object.inherited,
    ];
  },

  'properties defined': (vm) => {
    const context = vm.createContext();
    vm.runInContext(
      `Object.defineProperty(this, 'h', { value: 'h' });
       Object.defineProperty(this, 'j', { get() { return 'j'; }, configurable: true });`,
      context,
    );
    const { get, ...flags } = Object.getOwnPropertyDescriptor(context, 'j');
    return [Object.getOwnPropertyDescriptor(context, 'h'), typeof get, flags.enumerable, context.j];
  },

  'symbols for keys': (vm) => {
    const symbol = Symbol('key');
    const context = vm.createContext({ symbol, [symbol]: 1 });
    vm.runInContext('this[symbol] += 1', context);
    return [context[symbol], vm.runInContext('Object.getOwnPropertySymbols(this).length', context)];
  },

  'objects are live, both ways': (vm) => {
    const object = { list: [1], nested: { x: 1 } };
    const context = vm.createContext(object);
    const made = vm.runInContext('list.push(2); nested.x = 2; made = { y: 1 }', context);
    made.y += 1;
    object.list.push(3);
    return [object, vm.runInContext('[made.y, list.length]', context), made === object.made];
  },

  'functions are called both ways': (vm) => {
    const context = vm.createContext({
      log: [],
      twice: (f, x) => f(f(x)),
    });
    const f = vm.runInContext('(x) => x + 1', context);
    return [
      f(1),
      twice(f),
      vm.runInContext('twice((x) => x * 2, 3)', context),
      vm.runInContext('(function () { return this.v })', context).call({ v: 9 }),
    ];
    function twice(g) {
      return g(g(1));
    }
  },

  'classes and instances': (vm) => {
    const context = vm.createContext();
    const Base = vm.runInContext(
      'class Base { constructor(x) { this.x = x } twice() { return this.x * 2 } static make() { return new this(7) } } Base',
      context,
    );
    class Derived extends Base {
      thrice() {
        return this.x * 3;
      }
    }
    const [base, derived] = [new Base(2), new Derived(3)];
    return [
      base.twice(),
      base instanceof Base,
      derived.twice(),
      derived.thrice(),
      derived instanceof Base,
      Base.make().x,
      Object.keys(base),
    ];
  },

  'a host’s class in the guest': (vm) => {
    class Host {
      constructor(x) {
        this.x = x;
      }
      get double() {
        return this.x * 2;
      }
    }
    return vm.runInNewContext(
      'class Guest extends Host { get more() { return this.double + 1 } } const g = new Guest(5); [g.x, g.double, g.more, g instanceof Host, new Host(1).x]',
      { Host },
    );
  },

  'this, globalThis and the object': (vm) => {
    const context = vm.createContext({ x: 1 });
    return [
      vm.runInContext('this === globalThis', context),
      vm.runInContext('globalThis.x', context),
      vm.runInContext('(function () { return this === globalThis })()', context),
      vm.runInContext('(0, eval)("this") === globalThis', context),
      vm.runInContext('Object.keys(globalThis)', context),
    ];
  },

  'eval and Function, unless forbidden': (vm) => [
    vm.runInNewContext('eval("1 + 1") + new Function("return 3")()'),
    thrown(() =>
      vm.runInNewContext('eval("1")', {}, { contextCodeGeneration: { strings: false } }),
    ),
    thrown(() =>
      vm.runInNewContext('new Function("1")', {}, { contextCodeGeneration: { strings: false } }),
    ),
    thrown(() =>
      vm.runInContext(
        '(0, eval)("1")',
        vm.createContext({}, { codeGeneration: { strings: false } }),
      ),
    ),
  ],

  'a proxy as the object': (vm) => [
    vm.runInNewContext('typeof String', new Proxy({}, {})),
    vm.runInNewContext('x', new Proxy({ x: 5 }, {})),
  ],

  'a proxy whose traps throw': differs({ value: "'Error : whoops'" }, (vm) => {
    const object = new Proxy(
      {},
      {
        getOwnPropertyDescriptor() {
          throw new Error('whoops');
        },
      },
    );
    return thrown(() => vm.runInContext('x', vm.createContext(object)));
  }),

  'contexts see each other’s objects': (vm) => {
    const one = vm.createContext({ x: { n: 1 } });
    const made = vm.runInContext('({ f: () => x.n })', one);
    const two = vm.createContext({ made, x: 'other' });
    return [
      vm.runInContext('made.f()', two),
      vm.runInContext('made.f = () => x; made.f()', two),
      made.f(),
    ];
  },

  'a guest has contexts made': (vm) => {
    const load = (code, globals) => vm.runInContext(code, vm.createContext({ ...globals, load }));
    return [
      load('load("x * 2", { x: 21 })', {}),
      load('const m = load("({ f: (o) => o.n + 1, n: 1 })", {}); [m.f(m), m.n]', {}),
      load('class A {} ; load("new A() instanceof A", { A })', {}),
      load('const o = {}; load("o.made = 1", { o }); o.made', {}),
    ];
  },

  DONT_CONTEXTIFY: (vm) => {
    const context = vm.createContext(vm.constants.DONT_CONTEXTIFY);
    const all = [
      vm.isContext(context),
      vm.createContext(context) === context,
      typeof context.Array,
      Object.keys(context),
      vm.runInContext('globalThis.foo = 1; foo', context),
      context.foo,
    ];
    context.foo = 2;
    return [
      ...all,
      vm.runInContext('bar = foo; bar', context),
      context.bar,
      vm.runInContext('globalThis', context) === context,
      typeof globalThis.foo,
      vm.runInNewContext('globalThis.hey = 1; typeof process', vm.constants.DONT_CONTEXTIFY),
      new vm.Script('typeof Object').runInNewContext(vm.constants.DONT_CONTEXTIFY),
    ];
  },

  'errors are the host’s own': differs({ value: ['true', 'true', 'true'] }, (vm) =>
    ['new Error("x")', 'new TypeError("x")', 'new (class A extends RangeError {})("x")'].map(
      (code) => {
        try {
          return vm.runInNewContext(`throw ${code}`);
        } catch (error) {
          return error instanceof Error;
        }
      },
    ),
  ),
};
