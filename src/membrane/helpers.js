// The guest's half of the bridge: intrinsics captured before any guest code runs, so
// that nothing a guest replaces or adds to a prototype can change how values cross.
(() => {
  'use strict';

  // Methods are called by `apply`: functions bound to it would take more of the heap.
  const { apply } = Reflect;
  const { getOwnPropertyDescriptor, getPrototypeOf, defineProperty } = Object;
  const getter = (object, name) => getOwnPropertyDescriptor(object, name).get;

  const mapForEach = Map.prototype.forEach;
  const mapSet = Map.prototype.set;
  const setForEach = Set.prototype.forEach;
  const setAdd = Set.prototype.add;
  const dateTime = Date.prototype.getTime;
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
  const bigintText = BigInt.prototype.toString;
  const viewBuffer = getter(DataView.prototype, 'buffer');
  const viewOffset = getter(DataView.prototype, 'byteOffset');
  const viewLength = getter(DataView.prototype, 'byteLength');
  const weakGet = WeakMap.prototype.get;
  const weakSet = WeakMap.prototype.set;
  const symbolDescription = getter(Symbol.prototype, 'description');
  const symbolKey = Symbol.keyFor;
  const symbolFor = Symbol.for;
  const unbox = [
    Number.prototype.valueOf,
    String.prototype.valueOf,
    Boolean.prototype.valueOf,
    BigInt.prototype.valueOf,
    Symbol.prototype.valueOf,
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
  const weakDeref = WeakRef.prototype.deref;

  const { toStringTag } = Symbol;

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
  const AGGREGATE = 7;
  const errorNames = [];
  // By the prototypes of all realms.
  const errorIndex = new WeakMap();
  for (let i = 0; i < errorClasses.length; i++) {
    push(errorNames, errorClasses[i].name);
    apply(weakSet, errorIndex, [errorClasses[i].prototype, i]);
  }

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

  // Guest objects that are twins of host ones (errors, promises), with the token that
  // keeps the host one alive.
  const twins = new WeakMap();
  const objects = new WeakMap();

  // Stacks in V8's form: the engine writes the frames only.
  const rawStack = getOwnPropertyDescriptor(Error.prototype, 'stack');
  const readStack = rawStack.get;
  const isFrames = (value) =>
    typeof value === 'string' && (value === '' || (value[0] === ' ' && value[4] === 'a'));
  const indexOf = String.prototype.indexOf;
  const slice = String.prototype.slice;
  // Our own scripts are none of the guest's business.
  const isInternal = (line) => apply(indexOf, line, ['(quickvm:']) >= 0;
  const withHeader = (error, frames) => {
    const name = error.name === undefined ? 'Error' : text(error, 'name');
    const message = text(error, 'message');
    let stack = name === '' ? message : message === '' ? name : name + ': ' + message;
    for (let start = 0; start < frames.length; ) {
      let end = apply(indexOf, frames, ['\n', start]);
      if (end < 0) end = frames.length;
      const line = apply(slice, frames, [start, end]);
      if (line !== '' && !isInternal(line)) stack += '\n' + line;
      start = end + 1;
    }
    return stack;
  };
  const ownStack = {
    __proto__: null,
    configurable: true,
    enumerable: false,
    get: {
      get stack() {
        const frames = apply(readStack, this, []);
        return isFrames(frames) ? withHeader(this, frames) : frames;
      },
    }.__lookupGetter__('stack'),
    set: rawStack.set,
  };
  defineProperty(Error.prototype, 'stack', ownStack);
  const { captureStackTrace } = Error;
  const ownCapture = {
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
  };
  defineProperty(Error, 'captureStackTrace', ownCapture);

  const global = globalThis;
  const { Reflect: reflection } = globalThis;
  // By the numbers of `Trap`.
  const reflect = [
    reflection.get,
    reflection.set,
    reflection.has,
    reflection.deleteProperty,
    reflection.getOwnPropertyDescriptor,
    reflection.defineProperty,
    reflection.ownKeys,
    reflection.getPrototypeOf,
    reflection.setPrototypeOf,
    reflection.isExtensible,
    reflection.preventExtensions,
  ];

  // One function for all: each function of its own costs the heap more than its code does.
  // The numbers are those of `Helper` in helpers.rs.
  const help = (helper, a, b, c) => {
    switch (helper) {
      case 0: {
        // MapEntries: [key, value, key, value, …]
        const entries = [];
        apply(mapForEach, a, [
          (value, key) => {
            push(entries, key);
            push(entries, value);
          },
        ]);
        return entries;
      }
      case 1: {
        // SetValues
        const values = [];
        apply(setForEach, a, [(value) => push(values, value)]);
        return values;
      }
      case 2: // NewMap
        return new NativeMap();
      case 3: // MapSet
        return apply(mapSet, a, [b, c]);
      case 4: // NewSet
        return new NativeSet();
      case 5: // SetAdd
        return apply(setAdd, a, [b]);
      case 6: // DateTime
        return apply(dateTime, a, []);
      case 7: // NewDate
        return new NativeDate(a);
      case 8: // RegExpSource
        return apply(regexpSource, a, []);
      case 9: {
        // RegExpFlags
        let flags = '';
        for (let i = 0; i < regexpFlags.length; i++) {
          if (apply(regexpFlags[i].isSet, a, [])) flags += regexpFlags[i].letter;
        }
        return flags;
      }
      case 10: // NewRegExp
        return new NativeRegExp(a, b);
      case 11: // BigIntHex: digits only; the sign goes apart
        return apply(bigintText, a < 0n ? -a : a, [16]);
      case 12: // BigIntNegative
        return a < 0n;
      case 13: {
        // NewBigInt: digits, whether negative
        const value = NativeBigInt('0x' + a);
        return b ? -value : value;
      }
      case 14: // ErrorClass
        for (let proto = getPrototypeOf(a); proto !== null; proto = getPrototypeOf(proto)) {
          const index = apply(weakGet, errorIndex, [proto]);
          if (index !== undefined) return index;
        }
        return 0;
      case 15: // ErrorText
        return text(a, b);
      case 16: // OwnProperty: its descriptor, or undefined
        return getOwnPropertyDescriptor(a, b);
      case 17: {
        // NewError: class, message, name
        const ErrorClass = errorClasses[a];
        const error = a === AGGREGATE ? new ErrorClass(noErrors, b) : new ErrorClass(b);
        if (a === AGGREGATE) delete error.errors;
        if (c !== '' && error.name !== c) {
          defineProperty(error, 'name', {
            __proto__: null,
            value: c,
            writable: true,
            enumerable: false,
            configurable: true,
          });
        }
        return error;
      }
      case 18: // ViewBuffer
        return apply(viewBuffer, a, []);
      case 19: // ViewOffset
        return apply(viewOffset, a, []);
      case 20: // ViewLength
        return apply(viewLength, a, []);
      case 21: // NewDataView
        return new NativeDataView(a, b, c);
      case 22: // Box
        return NativeObject(a);
      case 23: // Unbox
        for (let i = 0; i < unbox.length; i++) {
          try {
            return apply(unbox[i], a, []);
          } catch {}
        }
        return undefined;
      case 24: // TwinGet
        return apply(weakGet, twins, [a]);
      case 25: // TwinSet: object, token
        apply(weakSet, twins, [a, b]);
        return apply(weakSet, objects, [b, new NativeWeakRef(a)]);
      case 26: {
        // TwinOf: the object whose token it is, while it lives
        const object = apply(weakGet, objects, [a]);
        return object === undefined ? undefined : apply(weakDeref, object, []);
      }
      case 27: // SymbolIndex: which well-known symbol it is, or -1
        for (let i = 0; i < wellKnown.length; i++) if (wellKnown[i] === a) return i;
        return -1;
      case 28: // SymbolKey: its key in the registry, or undefined
        return symbolKey(a);
      case 29: // SymbolDescription
        return apply(symbolDescription, a, []);
      case 30: // NewSymbol
        return NativeSymbol(a);
      case 31: // WellKnownSymbol
        return wellKnown[a];
      case 32: // RegisteredSymbol
        return symbolFor(a);
      case 33: {
        // OwnText: an own data property that is a string, else ''. Runs no getter.
        const own = getOwnPropertyDescriptor(a, b);
        return own !== undefined && typeof own.value === 'string' ? own.value : '';
      }
      case 34: {
        // OwnNumber: an own data property that is a number, else 0. Runs no getter.
        const own = getOwnPropertyDescriptor(a, b);
        return own !== undefined && typeof own.value === 'number' ? own.value : 0;
      }
      case 35:
        // ClassName: the name of the nearest constructor that is a plain data property
        for (let o = a; o !== null; o = getPrototypeOf(o)) {
          const own = getOwnPropertyDescriptor(o, 'constructor');
          if (own !== undefined && typeof own.value === 'function') {
            const name = getOwnPropertyDescriptor(own.value, 'name');
            return name !== undefined && typeof name.value === 'string' ? name.value : '';
          }
        }
        return '';
      case 36: {
        // AdoptRealm: its original global object. Its errors are known and shown as ours; the
        // prototypes of theirs and ours are answered, in turn. What the engine adds to the
        // language goes.
        delete a.queueMicrotask;
        delete a[toStringTag];
        const prototypes = [];
        for (let i = 0; i < errorClasses.length; i++) {
          const { prototype } = a[errorNames[i]];
          apply(weakSet, errorIndex, [prototype, i]);
          push(prototypes, prototype);
          push(prototypes, errorClasses[i].prototype);
        }
        defineProperty(a.Error.prototype, 'stack', ownStack);
        defineProperty(a.Error, 'captureStackTrace', ownCapture);
        return prototypes;
      }
      default: {
        // Member: what the intrinsics `a` have at the index `b` under the key `c`
        const holder = b === a.length ? global : a[b];
        if (c === undefined || holder === undefined) return holder;
        const own = getOwnPropertyDescriptor(holder, c);
        return own === undefined ? undefined : own.value;
      }
    }
  };
  return [help, reflect];
})();
