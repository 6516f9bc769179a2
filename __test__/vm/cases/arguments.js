'use strict';

// What is refused, with which error.

const { thrown } = require('../describe.js');

const NOT_OBJECTS = [null, 42, 'text', true, Symbol('s'), 7n, () => {}, function named() {}];
const NOT_STRINGS = [null, 42, true, {}, [], Symbol('s'), new Date(0), Object.create(null)];
const NOT_NUMBERS = [null, '1', true, {}, [1], 10n, Number];
const NOT_BOOLEANS = [null, 0, 'true', {}, []];
const NOT_INT32 = [1.5, Number.NaN, Infinity, 2 ** 31, -(2 ** 31) - 1, 2 ** 40, -(2 ** 53)];
const NOT_BYTES = [null, 'text', 1, {}, [0], new ArrayBuffer(8)];

/** Each way of running takes the same options. */
const RUNS = {
  'script.runInContext': (vm, options) =>
    new vm.Script('1').runInContext(vm.createContext(), options),
  'script.runInNewContext': (vm, options) => new vm.Script('1').runInNewContext({}, options),
  'script.runInThisContext': (vm, options) => new vm.Script('1').runInThisContext(options),
  runInContext: (vm, options) => vm.runInContext('1', vm.createContext(), options),
  runInNewContext: (vm, options) => vm.runInNewContext('1', {}, options),
  runInThisContext: (vm, options) => vm.runInThisContext('1', options),
};

const COMPILATIONS = {
  'new Script': (vm, options) => typeof new vm.Script('1', options),
  createScript: (vm, options) => typeof vm.createScript('1', options),
  compileFunction: (vm, options) => typeof vm.compileFunction('1', [], options),
};

const cases = {};

/** One case for each value: what the use of it says. */
function each(title, values, use) {
  cases[title] = (vm) => values.map((value) => thrown(() => use(vm, value)));
}

for (const [name, run] of Object.entries(RUNS)) {
  each(`${name}: options`, [...NOT_OBJECTS, [], undefined, {}], run);
  const option = (key) => (vm, value) => run(vm, { [key]: value });
  each(`${name}: timeout`, NOT_NUMBERS, option('timeout'));
  each(
    `${name}: timeout out of range`,
    [0, -1, 1.5, Number.NaN, 2 ** 32, 2 ** 53],
    option('timeout'),
  );
  each(`${name}: timeout within`, [1000, 2 ** 32 - 1, undefined], option('timeout'));
  each(
    `${name}: displayErrors`,
    [...NOT_BOOLEANS, true, false, undefined],
    option('displayErrors'),
  );
  each(
    `${name}: breakOnSigint`,
    [...NOT_BOOLEANS, true, false, undefined],
    option('breakOnSigint'),
  );
}

for (const name of ['runInContext', 'runInNewContext', 'runInThisContext']) {
  const option = (key) => (vm, value) => RUNS[name](vm, { [key]: value });
  each(`${name}: filename`, NOT_STRINGS, option('filename'));
  each(`${name}: lineOffset`, NOT_INT32, option('lineOffset'));
  each(`${name}: cachedData`, NOT_BYTES, option('cachedData'));
}

for (const [name, compile] of Object.entries(COMPILATIONS)) {
  each(`${name}: options`, [null, 42, true, [], () => {}, undefined, {}], compile);
  const option = (key) => (vm, value) => compile(vm, { [key]: value });
  each(`${name}: filename`, [...NOT_STRINGS, '', 'f.js', undefined], option('filename'));
  each(`${name}: lineOffset`, [...NOT_NUMBERS, ...NOT_INT32, -3, 5], option('lineOffset'));
  each(`${name}: columnOffset`, [...NOT_NUMBERS, ...NOT_INT32, -3, 5], option('columnOffset'));
  each(`${name}: cachedData`, [...NOT_BYTES, undefined], option('cachedData'));
  each(`${name}: produceCachedData`, [...NOT_BOOLEANS, undefined], option('produceCachedData'));
  each(
    `${name}: importModuleDynamically`,
    [null, 1, 'x', {}, undefined, () => {}],
    option('importModuleDynamically'),
  );
}

for (const name of ['contextName', 'contextOrigin', 'microtaskMode']) {
  each(`runInNewContext: ${name}`, [...NOT_STRINGS, 'other', undefined], (vm, value) =>
    vm.runInNewContext('1', {}, { [name]: value }),
  );
}

for (const [name, create] of Object.entries({
  codeGeneration: (vm, value) => typeof vm.createContext({}, { codeGeneration: value }),
  contextCodeGeneration: (vm, value) =>
    vm.runInNewContext('1', {}, { contextCodeGeneration: value }),
})) {
  each(name, [...NOT_OBJECTS, [], undefined, {}], create);
  each(`${name}.strings`, NOT_BOOLEANS, (vm, strings) => create(vm, { strings }));
  each(`${name}.wasm`, NOT_BOOLEANS, (vm, wasm) => create(vm, { wasm }));
}

const created = (vm, options) => typeof vm.createContext({}, options);
each('createContext: options', [...NOT_OBJECTS, [], undefined, {}], created);
each('createContext: name', [...NOT_STRINGS, '', 'x', undefined], (vm, name) =>
  created(vm, { name }),
);
each('createContext: origin', [...NOT_STRINGS, '', 'x'], (vm, origin) => created(vm, { origin }));
each('createContext: microtaskMode', [null, 1, 'later', 'afterEvaluate', undefined], (vm, value) =>
  created(vm, { microtaskMode: value }),
);
each('createContext: object', [...NOT_OBJECTS], (vm, object) => vm.createContext(object));
each('isContext: object', [...NOT_OBJECTS, undefined, {}, []], (vm, object) =>
  vm.isContext(object),
);

const NOT_CONTEXTS = [...NOT_OBJECTS, undefined, {}, [], new Map()];
each('runInContext: contextifiedObject', NOT_CONTEXTS, (vm, object) =>
  vm.runInContext('1', object),
);
each('script.runInContext: contextifiedObject', NOT_CONTEXTS, (vm, object) =>
  new vm.Script('1').runInContext(object),
);
each('runInNewContext: contextObject', NOT_OBJECTS, (vm, object) =>
  vm.runInNewContext('1', object),
);
each('script.runInNewContext: contextObject', NOT_OBJECTS, (vm, object) =>
  new vm.Script('1').runInNewContext(object),
);

each('compileFunction: code', [...NOT_STRINGS, undefined], (vm, code) => vm.compileFunction(code));
each('compileFunction: params', [null, 'a', 1, {}, [1], ['a', null], [undefined]], (vm, params) =>
  vm.compileFunction('', params),
);
each(
  'compileFunction: parsingContext',
  NOT_CONTEXTS.filter((value) => value !== undefined),
  (vm, value) => vm.compileFunction('', [], { parsingContext: value }),
);
each('compileFunction: contextExtensions', [null, 1, {}, [1], ['a'], [[]]], (vm, value) =>
  vm.compileFunction('', [], { contextExtensions: value }),
);

each(
  'measureMemory: options',
  [null, 1, 'x', [], { mode: 'x' }, { mode: null }, { execution: 1 }],
  (vm, options) => vm.measureMemory(options),
);

cases['code is made a string'] = (vm) => [
  vm.runInNewContext({ toString: () => '6 * 7' }),
  vm.runInNewContext(42),
  thrown(() => vm.runInNewContext(Symbol('s'))),
  thrown(() => new vm.Script({ toString: () => Promise.reject.call(undefined) })),
];
cases['Script has to be constructed'] = (vm) => thrown(() => vm.Script('1'));
cases['the error has its code in its stack'] = (vm) => {
  try {
    new vm.Script('1', 42);
  } catch (error) {
    return [error.stack.split('\n')[0], String(error), Object.keys(error)];
  }
  return undefined;
};

module.exports = cases;
