// The guest's half of the bridge: intrinsics captured before any guest code runs, so
// that nothing a guest replaces or adds to a prototype can change how values cross.
// The order of the returned functions is that of `Helper` in helpers.rs.
(() => {
  'use strict';

  const { call, bind } = Function.prototype;
  const uncurry = bind.bind(call);
  const { getOwnPropertyDescriptor, getPrototypeOf, defineProperty } = Object;
  const getter = (object, name) => uncurry(getOwnPropertyDescriptor(object, name).get);
  const method = (object, name) => uncurry(object[name]);

  const mapForEach = method(Map.prototype, 'forEach');
  const mapSet = method(Map.prototype, 'set');
  const setForEach = method(Set.prototype, 'forEach');
  const setAdd = method(Set.prototype, 'add');
  const dateTime = method(Date.prototype, 'getTime');
  const regexpSource = getter(RegExp.prototype, 'source');
  // The getter of `flags` asks the object for each flag, where the guest may answer.
  const regexpFlags = [];
  const flagNames = [
    ['hasIndices', 'd'],
    ['global', 'g'],
    ['ignoreCase', 'i'],
    ['multiline', 'm'],
    ['dotAll', 's'],
    ['unicode', 'u'],
    ['unicodeSets', 'v'],
    ['sticky', 'y'],
  ];
  const bigintText = method(BigInt.prototype, 'toString');
  const viewBuffer = getter(DataView.prototype, 'buffer');
  const viewOffset = getter(DataView.prototype, 'byteOffset');
  const viewLength = getter(DataView.prototype, 'byteLength');
  const weakGet = method(WeakMap.prototype, 'get');
  const weakSet = method(WeakMap.prototype, 'set');
  const symbolDescription = getter(Symbol.prototype, 'description');
  const symbolKey = Symbol.keyFor;
  const symbolFor = Symbol.for;
  const unbox = [
    method(Number.prototype, 'valueOf'),
    method(String.prototype, 'valueOf'),
    method(Boolean.prototype, 'valueOf'),
    method(BigInt.prototype, 'valueOf'),
    method(Symbol.prototype, 'valueOf'),
  ];
  const push = (array, value) =>
    defineProperty(array, array.length, {
      __proto__: null,
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  for (const [name, letter] of flagNames) {
    push(regexpFlags, { __proto__: null, isSet: getter(RegExp.prototype, name), letter });
  }
  const NativeBigInt = BigInt;
  const NativeMap = Map;
  const NativeSet = Set;
  const NativeDate = Date;
  const NativeRegExp = RegExp;
  const NativeDataView = DataView;
  const NativeObject = Object;
  const NativeString = String;
  const NativeSymbol = Symbol;
  const NativeWeakRef = WeakRef;
  const weakDeref = method(WeakRef.prototype, 'deref');

  const wellKnown = [
    Symbol.iterator,
    Symbol.asyncIterator,
    Symbol.hasInstance,
    Symbol.isConcatSpreadable,
    Symbol.match,
    Symbol.matchAll,
    Symbol.replace,
    Symbol.search,
    Symbol.species,
    Symbol.split,
    Symbol.toPrimitive,
    Symbol.toStringTag,
    Symbol.unscopables,
    Symbol.dispose,
    Symbol.asyncDispose,
  ];

  // The order of `ERROR_CLASSES` in lib/wire.js.
  const errorClasses = [
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
    AggregateError,
  ];
  // An iterable that asks no prototype of the guest's.
  const noErrors = {
    __proto__: null,
    [Symbol.iterator]: () => ({ __proto__: null, next: () => ({ __proto__: null, done: true }) }),
  };
  const errorPrototypes = [];
  for (const errorClass of errorClasses) push(errorPrototypes, errorClass.prototype);

  // An own or inherited data or accessor property as text; errors in getters are the
  // guest's own business and must not hide the error that is on its way.
  const text = (object, name) => {
    try {
      const value = object[name];
      return typeof value === 'string' ? value : value === undefined ? '' : NativeString(value);
    } catch {
      return '';
    }
  };

  const classOf = (error) => {
    for (let proto = getPrototypeOf(error); proto !== null; proto = getPrototypeOf(proto)) {
      for (let i = 0; i < errorPrototypes.length; i++) if (proto === errorPrototypes[i]) return i;
    }
    return 0;
  };

  // Guest objects that are twins of host ones (errors, promises), with the token that
  // keeps the host one alive.
  const twins = new WeakMap();
  const objects = new WeakMap();

  // Stacks in V8's form: the engine writes the frames only.
  const rawStack = getOwnPropertyDescriptor(Error.prototype, 'stack');
  const readStack = uncurry(rawStack.get);
  const isFrames = (value) =>
    typeof value === 'string' && (value === '' || (value[0] === ' ' && value[4] === 'a'));
  const indexOf = method(String.prototype, 'indexOf');
  const slice = method(String.prototype, 'slice');
  // Our own scripts are none of the guest's business.
  const isInternal = (line) => indexOf(line, '(quickvm:') >= 0;
  const withHeader = (error, frames) => {
    const name = error.name === undefined ? 'Error' : text(error, 'name');
    const message = text(error, 'message');
    let stack = name === '' ? message : message === '' ? name : name + ': ' + message;
    for (let start = 0; start < frames.length; ) {
      let end = indexOf(frames, '\n', start);
      if (end < 0) end = frames.length;
      const line = slice(frames, start, end);
      if (line !== '' && !isInternal(line)) stack += '\n' + line;
      start = end + 1;
    }
    return stack;
  };
  defineProperty(Error.prototype, 'stack', {
    __proto__: null,
    configurable: true,
    enumerable: false,
    get: {
      get stack() {
        const frames = readStack(this);
        return isFrames(frames) ? withHeader(this, frames) : frames;
      },
    }.__lookupGetter__('stack'),
    set: rawStack.set,
  });
  const { captureStackTrace } = Error;
  defineProperty(Error, 'captureStackTrace', {
    __proto__: null,
    configurable: true,
    enumerable: false,
    writable: true,
    value: {
      captureStackTrace(target, hide = this.captureStackTrace) {
        captureStackTrace(target, hide);
        const own = getOwnPropertyDescriptor(target, 'stack');
        if (own !== undefined && isFrames(own.value)) {
          own.value = withHeader(target, own.value);
          own.__proto__ = null;
          defineProperty(target, 'stack', own);
        }
      },
    }.captureStackTrace,
  });

  return [
    // MapEntries: [key, value, key, value, …]
    (map) => {
      const entries = [];
      mapForEach(map, (value, key) => {
        push(entries, key);
        push(entries, value);
      });
      return entries;
    },
    // SetValues
    (set) => {
      const values = [];
      setForEach(set, (value) => push(values, value));
      return values;
    },
    // NewMap
    () => new NativeMap(),
    // MapSet
    (map, key, value) => mapSet(map, key, value),
    // NewSet
    () => new NativeSet(),
    // SetAdd
    (set, value) => setAdd(set, value),
    // DateTime
    (date) => dateTime(date),
    // NewDate
    (time) => new NativeDate(time),
    // RegExpSource
    (regexp) => regexpSource(regexp),
    // RegExpFlags
    (regexp) => {
      let flags = '';
      for (let i = 0; i < regexpFlags.length; i++) {
        if (regexpFlags[i].isSet(regexp)) flags += regexpFlags[i].letter;
      }
      return flags;
    },
    // NewRegExp
    (source, flags) => new NativeRegExp(source, flags),
    // BigIntHex: digits only; the sign goes apart
    (value) => bigintText(value < 0n ? -value : value, 16),
    // BigIntNegative
    (value) => value < 0n,
    // NewBigInt
    (hex, negative) => {
      const value = NativeBigInt('0x' + hex);
      return negative ? -value : value;
    },
    // ErrorClass
    classOf,
    // ErrorText
    text,
    // ErrorCause: the own property, wrapped, or undefined
    (error, name) => getOwnPropertyDescriptor(error, name),
    // NewError
    (index, message, name) => {
      const ErrorClass = errorClasses[index];
      const error = index === 7 ? new ErrorClass(noErrors, message) : new ErrorClass(message);
      if (index === 7) delete error.errors;
      if (error.name !== name) {
        defineProperty(error, 'name', {
          __proto__: null,
          value: name,
          writable: true,
          enumerable: false,
          configurable: true,
        });
      }
      return error;
    },
    // ViewBuffer
    (view) => viewBuffer(view),
    // ViewOffset
    (view) => viewOffset(view),
    // ViewLength
    (view) => viewLength(view),
    // NewDataView
    (buffer, offset, length) => new NativeDataView(buffer, offset, length),
    // Box
    (primitive) => NativeObject(primitive),
    // Unbox
    (object) => {
      for (let i = 0; i < unbox.length; i++) {
        try {
          return unbox[i](object);
        } catch {}
      }
      return undefined;
    },
    // TwinGet
    (object) => weakGet(twins, object),
    // TwinSet
    (object, token) => {
      weakSet(twins, object, token);
      weakSet(objects, token, new NativeWeakRef(object));
    },
    // TwinOf: the object whose token it is, while it lives
    (token) => {
      const object = weakGet(objects, token);
      return object === undefined ? undefined : weakDeref(object);
    },
    // SymbolIndex: which well-known symbol it is, or -1
    (symbol) => {
      for (let i = 0; i < wellKnown.length; i++) if (wellKnown[i] === symbol) return i;
      return -1;
    },
    // SymbolKey: its key in the registry, or undefined
    (symbol) => symbolKey(symbol),
    // SymbolDescription
    (symbol) => symbolDescription(symbol),
    // NewSymbol
    (description) => NativeSymbol(description),
    // WellKnownSymbol
    (index) => wellKnown[index],
    // RegisteredSymbol
    (key) => symbolFor(key),
    // OwnText: an own data property that is a string, else ''. Runs no getter.
    (object, name) => {
      const own = getOwnPropertyDescriptor(object, name);
      return own !== undefined && typeof own.value === 'string' ? own.value : '';
    },
    // OwnNumber: an own data property that is a number, else 0. Runs no getter.
    (object, name) => {
      const own = getOwnPropertyDescriptor(object, name);
      return own !== undefined && typeof own.value === 'number' ? own.value : 0;
    },
    // ClassName: the name of the nearest constructor that is a plain data property
    (object) => {
      for (let o = object; o !== null; o = getPrototypeOf(o)) {
        const own = getOwnPropertyDescriptor(o, 'constructor');
        if (own !== undefined && typeof own.value === 'function') {
          const name = getOwnPropertyDescriptor(own.value, 'name');
          return name !== undefined && typeof name.value === 'string' ? name.value : '';
        }
      }
      return '';
    },
  ];
})();
