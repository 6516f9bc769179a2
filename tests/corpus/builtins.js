// Every function that can be reached from the global object, and values to call it with: large
// ones, so that what each asks memory for is not all small. Its value is a function that
// exercises the one at a path; `paths` are all there are.
(() => {
  const N = 300;
  const text = 'ab-€'.repeat(2 * N);
  const list = () => Array.from({ length: N }, (_, i) => i % 7);
  const object = () => Object.fromEntries(list().map((value, i) => [`key${i}`, value]));
  const entries = () => list().map((value, i) => [`k${i}`, value]);
  const buffer = () => new ArrayBuffer(16 * N, { maxByteLength: 32 * N });
  function* numbers() {
    yield* list();
  }
  async function* later() {
    yield* [1, 2, 3];
  }

  /** Receivers for the methods of a prototype. */
  const receivers = new Map([
    [Array.prototype, list],
    [String.prototype, () => text],
    [
      Function.prototype,
      () =>
        (...args) =>
          args.length,
    ],
    [Object.prototype, object],
    [BigInt.prototype, () => 1n << 50000n],
    [Map.prototype, () => new Map(entries())],
    [Set.prototype, () => new Set(list().map((_, i) => i))],
    [WeakMap.prototype, () => new WeakMap(list().map((value) => [{}, value]))],
    [WeakSet.prototype, () => new WeakSet([{}, {}])],
    [Date.prototype, () => new Date(1e12)],
    [RegExp.prototype, () => /(b)(?<name>c)?/g],
    [Promise.prototype, () => Promise.resolve(1)],
    [ArrayBuffer.prototype, buffer],
    [SharedArrayBuffer.prototype, () => new SharedArrayBuffer(8 * N)],
    [DataView.prototype, () => new DataView(buffer())],
    [Object.getPrototypeOf(Int8Array.prototype), () => new Float64Array(list())],
    [Error.prototype, () => new Error(text)],
    [Symbol.prototype, () => Symbol(text)],
    [Number.prototype, () => 12345.678],
    [WeakRef.prototype, () => new WeakRef({})],
    [FinalizationRegistry.prototype, () => new FinalizationRegistry(() => {})],
    [Iterator.prototype, numbers],
    [Object.getPrototypeOf(numbers.prototype), numbers],
    [Object.getPrototypeOf(later.prototype), later],
    [Object.getPrototypeOf([].values()), () => list().values()],
    [Object.getPrototypeOf(new Map().keys()), () => new Map(entries()).entries()],
    [Object.getPrototypeOf(new Set().keys()), () => new Set(list()).values()],
    [Object.getPrototypeOf(''.matchAll(/./g)), () => text.matchAll(/b/g)],
    [Object.getPrototypeOf(numbers().map((x) => x)), () => numbers().map((x) => x + 1)],
  ]);

  const argumentLists = [
    () => [],
    () => [N, 2],
    () => [text, '-', 3],
    () => [/(b)(?<name>c)?/g, '[$1$<name>]'],
    () => [(a, b) => a - b, 0],
    () => [list(), list()],
    () => [object(), object()],
    () => [new Map(entries()), 'get', 1],
    () => [buffer(), 8, 16],
    () => [new Int32Array(2 * N), 1, 2],
    () => [64, 1n << 50000n],
    () => [JSON.stringify([object(), text]), (_, value) => value],
    () => [numbers(), (x) => x],
    () => [function f() {}, list(), Array],
  ];

  // A path leads from one of these by keys, `^` being the prototype, to a part of a property.
  const roots = [globalThis, ...receivers.keys()];
  const names = new Map(Reflect.ownKeys(Symbol).map((key) => [Symbol[key], `@@${key}`]));
  const step = (key) => (typeof key === 'symbol' ? (names.get(key) ?? key.toString()) : key);

  const findAll = () => {
    const paths = [];
    const seen = new Set();
    const visit = (holder, path) => {
      if (Object(holder) !== holder || seen.has(holder)) return;
      seen.add(holder);
      for (const key of Reflect.ownKeys(holder)) {
        const descriptor = Reflect.getOwnPropertyDescriptor(holder, key);
        for (const part of ['value', 'get', 'set']) {
          const f = descriptor[part];
          const here = `${path}/${step(key)}`;
          if (typeof f === 'function' && !seen.has(f)) paths.push(`${here}/${part}`);
          if (part === 'value') visit(f, here);
          else if (f) seen.add(f);
        }
      }
      visit(Object.getPrototypeOf(holder), `${path}/^`);
    };
    for (const [index, root] of roots.entries()) visit(root, String(index));
    return paths;
  };

  const find = (path) => {
    const steps = path.split('/');
    const part = steps.pop();
    const last = steps.pop();
    const follow = (holder, wanted) => {
      if (wanted === '^') return Object.getPrototypeOf(holder);
      return holder[Reflect.ownKeys(holder).find((key) => step(key) === wanted)];
    };
    const holder = steps.reduce((at, wanted, i) => (i ? follow(at, wanted) : roots[wanted]), null);
    const key = Reflect.ownKeys(holder).find((each) => step(each) === last);
    return [holder, Reflect.getOwnPropertyDescriptor(holder, key)[part]];
  };

  const exercise = (path) => {
    const [holder, f] = find(path);
    const receiver = receivers.get(holder) ?? (() => holder);
    for (const list of argumentLists) {
      try {
        String(Reflect.apply(f, receiver(), list())).slice(0, 5);
      } catch {}
      if (!Object.hasOwn(f, 'prototype')) continue;
      try {
        Reflect.construct(f, list());
      } catch {}
    }
    return 'done';
  };
  Object.defineProperty(exercise, 'paths', { get: () => findAll().join() });
  return exercise;
})();
