'use strict';

// The properties of global objects, in corners.

const { kindThrown, thrown } = require('../describe.js');
const { differs } = require('../differs.js');

const flags = (object, key) => {
  const { value, get, set, ...rest } = Object.getOwnPropertyDescriptor(object, key) ?? {};
  return [value, typeof get, typeof set, rest];
};

module.exports = {
  'a property that is not writable is defined anew': (vm) => {
    const context = vm.createContext(
      Object.defineProperty({}, 'e', { value: 'e', configurable: true }),
    );
    vm.runInContext(`Object.defineProperty(this, 'e', { value: 'new' })`, context);
    return [
      context.e,
      vm.runInContext('e = 1; e', context),
      Object.getOwnPropertyDescriptor(context, 'e'),
    ];
  },

  'the same again under another name': (vm) => {
    const context = vm.createContext();
    context.window = context;
    return vm.runInContext(
      '[this === window, window === window.window, globalThis === window]',
      context,
    );
  },

  'a property of another object that is the context': (vm) => {
    const object = {};
    object.document = { defaultView: object };
    vm.createContext(object);
    return vm.runInContext(
      `Object.defineProperty(this, 'foo', { get() { return document.defaultView } });
       foo === this`,
      object,
    );
  },

  'descriptors of the object’s properties': (vm) => {
    const symbol = Symbol('d');
    const object = { a: 'a', symbol };
    Object.defineProperties(object, {
      b: { value: 'b' },
      c: { value: 'c', writable: true, enumerable: true },
      e: { value: 'e', configurable: true },
      f: {},
      [symbol]: { value: 'd' },
      g: { get: () => 'g', configurable: true },
    });
    const context = vm.createContext(object);
    return ['a', 'b', 'c', 'e', 'f', 'g', 'missing'].map((key) => [
      key,
      vm.runInContext(
        `(() => { const d = Object.getOwnPropertyDescriptor(this, '${key}');
           return d && [d.value, typeof d.get, typeof d.set, d.writable, d.enumerable, d.configurable] })()`,
        context,
      ),
    ]);
  },

  'a symbol’s descriptor': (vm) => {
    const symbol = Symbol('d');
    const context = vm.createContext(Object.defineProperty({ symbol }, symbol, { value: 'd' }));
    return vm.runInContext('Object.getOwnPropertyDescriptor(this, symbol)', context);
  },

  'properties defined in the guest': (vm) => {
    const context = vm.createContext({ e: 1 });
    vm.runInContext(
      `Object.defineProperty(this, 'h', { value: 'h' });
       Object.defineProperty(this, 'i', {});
       Object.defineProperty(this, 'j', { get() { return 'j' } });
       let kValue = 0;
       Object.defineProperty(this, 'k', { get() { return kValue }, set(value) { kValue = value } });
       Object.defineProperty(this, 99, { value: 20, enumerable: true });
       Object.defineProperty(this, 'e', { value: 'new' });
       Object.defineProperty(this, 'encodeURI', { value: 42 });`,
      context,
    );
    const all = ['h', 'i', 'j', 'k', '99', 'e', 'encodeURI'].map((key) => [
      key,
      flags(context, key),
    ]);
    context.k = 1;
    const before = vm.runInContext('k', context);
    vm.runInContext('k = 2', context);
    return [all, before, context.k, vm.runInContext('[encodeURI, this[99]]', context)];
  },

  'what is read-only cannot be redefined': (vm) => {
    const context = vm.createContext(Object.defineProperty({}, 'f', {}));
    return [
      kindThrown(() => vm.runInContext('Object.defineProperty(this, "f", { value: 1 })', context)),
      kindThrown(() => vm.runInContext('"use strict"; f = 1', context)),
    ];
  },

  'read-only properties made in the guest': (vm) => {
    const context = vm.createContext();
    vm.runInContext('Object.defineProperty(this, "x", { value: 42 })', context);
    return [
      context.x,
      vm.runInContext('x = 0; x', context),
      kindThrown(() => vm.runInContext('"use strict"; x = 0', context)),
      vm.runInContext('delete x', context),
      context.x,
    ];
  },

  'an accessor of two variables': (vm) => {
    const x = {};
    const context = vm.createContext({ x });
    const result = vm.runInContext(
      `Object.defineProperty(this, 'f', {
         get() { return x }, set(k) { x = k }, configurable: true, enumerable: true });
       g = f; f`,
      context,
    );
    return [result === x, context.f === x, Object.keys(context)];
  },

  'a setter that throws': (vm) => {
    const context = vm.createContext();
    Object.defineProperty(context, 'prop', {
      get: () => undefined,
      set() {
        throw new Error('test error');
      },
    });
    return thrown(() => vm.runInContext('prop = 42', context));
  },

  'deleted properties are gone': (vm) => {
    const context = vm.createContext({ given: 1 });
    return [
      vm.runInContext(
        'this.x = 1; delete this.x; Object.getOwnPropertyDescriptor(this, "x")',
        context,
      ),
      vm.runInContext('delete given; typeof given', context),
      vm.runInContext('"given" in this', context),
      Object.keys(context),
      vm.runInContext('delete globalThis.Array; typeof Array', context),
    ];
  },

  'functions can be declared again': (vm) => {
    const context = vm.createContext();
    vm.runInContext('function test() { return 0 }', context);
    vm.runInContext('function test() { return 1 }', context);
    return [vm.runInContext('test()', context), context.test()];
  },

  'var keeps what the realm has itself': (vm) => {
    const context = vm.createContext();
    const script = new vm.Script('var Map, Reflect; typeof Map + typeof Reflect');
    return [
      vm.runInContext('var JSON; typeof JSON', context),
      vm.runInContext('var console; typeof console', context),
      script.runInContext(context),
      vm.runInContext(
        'var Reflect; (function (own) { own.mine = 1 })(Reflect || (Reflect = {}))',
        context,
      ),
      vm.runInContext('typeof Reflect.get + Reflect.mine', context),
      Object.keys(context),
      vm.runInContext('var Map = 5; Map', context),
      vm.runInContext('Map = 6; var Map; Map', context),
      vm.runInContext('delete this.JSON; typeof JSON', context),
      Object.keys(context),
    ];
  },

  'var without a value is the realm’s': (vm) => {
    const context = vm.createContext();
    const before = [
      vm.runInContext('var x; function f() { return x } typeof x', context),
      vm.runInContext('"x" in this', context),
      Object.keys(context),
      vm.runInContext('delete this.x', context),
    ];
    vm.runInContext('x = 1', context);
    const given = [Object.keys(context), context.x, context.f()];
    context.y = 2;
    return [
      before,
      given,
      vm.runInContext('var y; y', context),
      vm.runInContext('var x; x', context),
    ];
  },

  'var keeps what is there': (vm) => {
    const context = vm.createContext({ a: 1 });
    return [
      vm.runInContext('var a; var b; [a, b]', context),
      vm.runInContext('var a = 2; a', context),
      context.a,
    ];
  },

  'strict assignment to what the object has': (vm) => {
    const context = vm.createContext({ x: 42 });
    vm.runInContext('"use strict"; x = 1', context);
    return [context.x, kindThrown(() => vm.runInContext('"use strict"; missing = 1', context))];
  },

  'a function keeps this': (vm) => {
    const symbol = Symbol('own');
    function Document() {
      this[symbol] = 'foo';
    }
    Document.prototype.getSymbolValue = function () {
      return this[symbol];
    };
    const context = vm.createContext(new Document());
    return [context.getSymbolValue(), vm.runInContext('this.getSymbolValue()', context)];
  },

  'keys of the global object': (vm) => {
    const [one, two] = [Symbol('1'), Symbol('2')];
    const object = { a: true, [one]: true };
    Object.defineProperty(object, 'b', { value: true });
    Object.defineProperty(object, two, { value: true });
    const context = vm.createContext(object);
    const native = vm.runInNewContext('Reflect.ownKeys(this)');
    const all = vm.runInContext('Reflect.ownKeys(this)', context);
    return [
      all.filter((key) => !native.includes(key))[0],
      vm.runInContext('Object.keys(this)', context),
      vm.runInContext('const found = []; for (const key in this) found.push(key); found', context),
    ];
  },

  'hidden keys of the global object': differs({ value: ["'b'", 'Symbol(1)'] }, (vm) => {
    const object = { [Symbol('1')]: true };
    Object.defineProperty(object, 'b', { value: true });
    const context = vm.createContext(object);
    const native = vm.runInNewContext('Reflect.ownKeys(this)');
    return vm.runInContext('Reflect.ownKeys(this)', context).filter((key) => !native.includes(key));
  }),

  'a proxy’s traps are not asked for nothing': (vm) => {
    const asked = [];
    const handler = {
      getOwnPropertyDescriptor() {
        asked.push('getOwnPropertyDescriptor');
        throw new Error('whoops');
      },
    };
    vm.runInContext('', vm.createContext(new Proxy({ foo: 'bar' }, handler)));
    return asked;
  },

  'what the host does to the global object': (vm) => {
    const global = vm.runInContext('this', vm.createContext());
    Object.defineProperty(global, 'x', { value: '1', configurable: true });
    const first = global.x;
    Object.defineProperty(global, 'x', { value: '2', configurable: true });
    global.y = 3;
    const symbol = Symbol.for('toto');
    global[symbol] = 4;
    const had = [symbol in global, Object.getOwnPropertySymbols(global).includes(symbol)];
    delete global[symbol];
    return [first, global.x, global.y, had, symbol in global, Object.keys(global)];
  },

  'the prototype of the global object': (vm) => {
    const context = vm.createContext();
    Object.setPrototypeOf(vm.runInContext('this', context), null);
    return vm.runInContext('1 + 1', context);
  },

  'intrinsics passed in': differs({ value: ["'function'", 'false', 'false'] }, (vm) => [
    typeof vm.runInNewContext('this.Proxy = Proxy', { Proxy }),
    vm.runInNewContext('Error', { Error }) === Error,
    vm.runInNewContext('Map', { Map }) === Map,
  ]),

  'an object that refers to itself': (vm) => {
    const object = {};
    object.window = object;
    vm.createContext(object);
    return vm.runInContext('window.window.window === window', object);
  },

  'a context of the global object': (vm) => {
    vm.createContext(globalThis);
    return [
      vm.runInContext('!function () { var x = console.log }()', globalThis),
      vm.runInContext('typeof process.env.PATH', globalThis),
    ];
  },

  'the environment is readable': (vm) =>
    vm.runInContext(
      'process.env["PATH"] === path',
      vm.createContext({ process, path: process.env.PATH }),
    ),

  'timers of the host': async (vm) => {
    const context = vm.createContext({ setTimeout });
    vm.runInContext('setTimeout(() => { x = 3 }, 0)', context);
    await new Promise((resolve) => setTimeout(resolve, 30));
    return context.x;
  },

  'getters of options that throw': (vm) => {
    const throwing = (name) => ({
      get [name]() {
        throw new Error('xyz');
      },
    });
    return [
      ...['filename', 'cachedData', 'produceCachedData', 'lineOffset', 'columnOffset'].map((name) =>
        thrown(() => vm.createScript('', throwing(name))),
      ),
      ...['breakOnSigint', 'timeout', 'displayErrors'].map((name) =>
        thrown(() => vm.createScript('').runInThisContext(throwing(name))),
      ),
    ];
  },

  'low on stack': (vm) => {
    const deep = () => {
      try {
        return deep();
      } catch {
        return vm.runInNewContext('() => 42')();
      }
    };
    return deep();
  },

  'globalThis comes out as the object itself': differs({ value: 'true' }, (vm) => {
    const context = vm.createContext();
    return vm.runInContext('globalThis', context) === context;
  }),
};
