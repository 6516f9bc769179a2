'use strict';

// What of the host's objects a guest may see and do.

const { Sandbox, SandboxError, copy, readonly, only } = require('..');
const { sandbox, expectNoLeaks, errorOf } = require('./support.js');

afterEach(expectNoLeaks);

/** What guest code says of values, as JSON. */
const ask = (box, source, ...values) =>
  JSON.parse(
    box.run(`'use strict'; (...values) => JSON.stringify((${source})(...values))`)(...values),
  );

/** The same, with the name of an error in place of an answer. */
const attempt = (box, source, ...values) =>
  ask(
    box,
    `(...values) => { try { return (${source})(...values); } catch (e) { return e.code ?? e.name; } }`,
    ...values,
  );

class Base {
  inherited() {
    return 'inherited';
  }
}

class Service extends Base {
  manager = { secret: 1 };
  shared = 'own field';
  #private = 2;
  constructor() {
    super();
    this.bound = this.method.bind(this);
  }
  method(...args) {
    return [this.#private, this.manager.secret, ...args];
  }
  get accessor() {
    return `got ${this.shared}`;
  }
  set accessor(value) {
    this.shared = value;
  }
  get onlyRead() {
    return 1;
  }
  _hidden() {}
  '#odd'() {}
  static create() {
    return new Service();
  }
}

describe('safe, the default', () => {
  test.each([
    ['a method', 'o.method(3)', [2, 1, 3]],
    ['an inherited method', 'o.inherited()', 'inherited'],
    ['an accessor', 'o.accessor', 'got own field'],
    ['an own field', 'typeof o.manager', 'undefined'],
    ['another', 'typeof o.shared', 'undefined'],
    ['an own function', 'typeof o.bound', 'undefined'],
    ['what begins with _', 'typeof o._hidden', 'undefined'],
    ['what begins with #', 'typeof o["#odd"]', 'undefined'],
    ['own keys', 'Reflect.ownKeys(o)', []],
    [
      'enumeration',
      '(() => { const keys = []; for (const key in o) keys.push(key); return keys; })()',
      [],
    ],
    [
      'in',
      '["method", "inherited", "accessor", "manager", "_hidden", "toString", "nothing"].map((key) => key in o)',
      [true, true, true, false, false, true, false],
    ],
    [
      'a descriptor of a field',
      'Object.getOwnPropertyDescriptor(o, "manager") === undefined',
      true,
    ],
    ['hasOwn', 'Object.hasOwn(o, "manager")', false],
    ['constructor', 'o.constructor === Object', true],
    ['the prototype', 'Object.getPrototypeOf(o) === Object.prototype', true],
    ['__proto__', 'o.__proto__ === Object.prototype', true],
    ['__proto__ by another object', 'Reflect.get({}, "__proto__", o) === Object.prototype', true],
    ['toString', 'String(o)', '[object Object]'],
    ['JSON', 'JSON.parse(JSON.stringify(o))', {}],
    ['spread', 'Object.keys({ ...o })', []],
    ['setting an accessor', '(o.accessor = "set", o.accessor)', 'got set'],
    ['setting what can only be read', 'o.onlyRead = 2', 'TypeError'],
    ['setting a field', 'o.manager = 1', 'TypeError'],
    ['setting a new property', 'o.fresh = 1', 'TypeError'],
    ['replacing a method', 'o.method = () => "evil"', 'TypeError'],
    ['defining', 'Object.defineProperty(o, "x", { value: 1 })', 'TypeError'],
    ['deleting a field', '(delete o.shared, o.accessor)', 'TypeError'],
    ['setPrototypeOf', 'Object.setPrototypeOf(o, {})', 'TypeError'],
    ['freeze', 'Object.freeze(o)', 'TypeError'],
  ])('an instance: %s', (_what, source, answer) => {
    const service = new Service();
    expect(attempt(sandbox(), `(o) => ${source}`, service)).toEqual(answer);
    expect(service.manager).toEqual({ secret: 1 });
    expect(service.method()).toEqual([2, 1]);
    expect(Object.isExtensible(service)).toBe(true);
  });

  test.each([
    ['own properties', '[o.a, o.list[1], o.list.length, o.nested.b]', [1, 2, 2, 2]],
    ['keys', 'Object.keys(o)', ['a', 'list', 'nested', 'add', 'x']],
    ['what is not enumerable', 'typeof o.hidden', 'undefined'],
    ['in', '["a", "hidden", "toString"].map((key) => key in o)', [true, false, true]],
    ['a getter', 'o.x', 1],
    ['a setter', '(o.x = 5, o.a)', 5],
    ['a method', 'o.add(2)', 3],
    ['set', '(o.a = 9, o.a)', 9],
    ['a new property', '(o.fresh = { deep: 1 }, o.fresh.deep)', 1],
    ['delete', '(delete o.a, "a" in o)', false],
    [
      'define a value',
      '(Object.defineProperty(o, "v", { value: 7, enumerable: true, configurable: true }), o.v)',
      7,
    ],
    ['define an accessor', 'Object.defineProperty(o, "v", { get: () => 1 })', 'TypeError'],
    ['change what is hidden', 'o.hidden = 2', 'TypeError'],
    ['array methods', '(o.list.push(3), o.list.map((n) => 2 * n))', [2, 4, 6]],
    ['the length of an array', '(o.list.length = 1, o.list)', [1]],
    ['Array.isArray', '[Array.isArray(o.list), Array.isArray(o)]', [true, false]],
    ['spread', '({ ...o.nested })', { b: 2 }],
    [
      'the prototype',
      '[Object.getPrototypeOf(o) === Object.prototype, Object.getPrototypeOf(o.list) === Array.prototype]',
      [true, true],
    ],
    ['another prototype', 'Object.setPrototypeOf(o, { evil: 1 })', 'TypeError'],
    [
      'another __proto__',
      '(() => { try { o.__proto__ = { evil: 1 }; } catch {} return [typeof o.evil, Object.keys(o).includes("__proto__")]; })()',
      ['undefined', false],
    ],
    ['freeze', 'Object.freeze(o)', 'TypeError'],
  ])('a plain object: %s', (_what, source, answer) => {
    const o = Object.defineProperty(
      {
        a: 1,
        list: [1, 2],
        nested: { b: 2 },
        add(by) {
          return this.a + by;
        },
        get x() {
          return this.a;
        },
        set x(value) {
          this.a = value;
        },
      },
      'hidden',
      { value: 1, writable: true, configurable: true },
    );
    expect(attempt(sandbox(), `(o) => ${source}`, o)).toEqual(answer);
    expect(o.hidden).toBe(1);
    expect(Object.getPrototypeOf(o)).toBe(Object.prototype);
    expect(Object.isExtensible(o)).toBe(true);
  });

  test.each([
    ['own keys', 'Reflect.ownKeys(f)', ['length', 'name']],
    [
      'fields',
      '[typeof f.secret, typeof f.create, typeof f.prototype]',
      ['undefined', 'undefined', 'undefined'],
    ],
    ['name and length', '[f.name, f.length]', ['Service', 0]],
    ['new', 'new f().method(7)', [2, 1, 7]],
    ['call', 'f()', 'TypeError'],
    [
      'constructor',
      '[f.constructor === Function, Object.getPrototypeOf(f) === Function.prototype]',
      [true, true],
    ],
    [
      'caller and arguments',
      '[Object.hasOwn(f, "caller"), Object.hasOwn(f, "arguments")]',
      [false, false],
    ],
  ])('a class: %s', (_what, source, answer) => {
    class Handed extends Service {
      static secret = 1;
    }
    Object.defineProperty(Handed, 'name', { value: 'Service' });
    expect(attempt(sandbox(), `(f) => ${source}`, Handed)).toEqual(answer);
  });

  test('an object without a prototype has none of its properties', () => {
    const o = Object.assign(Object.create(null), { a: 1 });
    expect(
      ask(
        sandbox(),
        '(o) => [o.a, typeof o.toString, "toString" in o, Object.getPrototypeOf(o) === null]',
        o,
      ),
    ).toEqual([1, 'undefined', false, true]);
  });

  test('does not give a guest the host’s prototypes to write to', () => {
    function Old() {}
    Old.prototype.method = () => 'good';
    const box = sandbox();
    attempt(box, '(o) => (o.__proto__.method = () => "evil", 1)', new Old());
    attempt(box, '(o) => (o.__proto__.polluted = 1)', new Service());
    attempt(
      box,
      '(o) => (Object.getPrototypeOf(o).polluted = o.constructor.prototype.polluted = 1)',
      new Service(),
    );
    expect([
      new Old().method(),
      new Service().polluted,
      {}.polluted,
      'polluted' in Base.prototype,
    ]).toEqual(['good', undefined, undefined, false]);
  });

  test('is what hosts see of guests, too: nothing is hidden from the host', () => {
    const o = sandbox().run('new (class Guest { field = 1; _hidden() { return 2; } })()');
    expect([o.field, o._hidden(), o.constructor.name]).toEqual([1, 2, 'Guest']);
  });

  test('host code may still write to its own objects that inherit from a guest’s', () => {
    const child = Object.create(sandbox().run('({ a: 1 })'));
    child.fresh = 2;
    child.a = 3;
    expect(Object.entries(child)).toEqual([
      ['fresh', 2],
      ['a', 3],
    ]);
  });
});

describe('transparent', () => {
  test('shows what vm would show', () => {
    const box = sandbox({ policy: 'transparent' });
    const service = new Service();
    expect(
      ask(
        box,
        `(o, Service) => [o.manager.secret, o.shared, typeof o._hidden, typeof o.bound, o.constructor === Service, o instanceof Service,
        Object.getPrototypeOf(o) === Service.prototype, Object.keys(o), Service.create() instanceof Service]`,
        service,
        Service,
      ),
    ).toEqual([
      1,
      'own field',
      'function',
      'function',
      true,
      true,
      true,
      ['manager', 'shared', 'bound'],
      true,
    ]);
    expect(
      ask(
        box,
        '(o) => { o.manager.secret = 5; o.fresh = 1; delete o.shared; return o.method(); }',
        service,
      ),
    ).toEqual([2, 5]);
    expect([service.fresh, 'shared' in service]).toEqual([1, false]);
  });
});

describe('prototypes stay as they are', () => {
  const snapshot = () =>
    [Object, Function, Array, Error, Promise, Map, RegExp, String, Symbol, Date].map((f) => [
      f.name,
      Reflect.ownKeys(f).length,
      Reflect.ownKeys(f.prototype).map(
        (key) => Object.getOwnPropertyDescriptor(f.prototype, key).value,
      ),
    ]);

  test.each(['safe', 'transparent'])('the host’s, whatever a guest does (%s)', (policy) => {
    const before = snapshot();
    const box = sandbox({ policy });
    box.run(`(values) => {
      for (const value of values) {
        const attempts = [
          () => { value.__proto__.polluted = 1; },
          () => { value.constructor.prototype.polluted = 1; },
          () => { Object.getPrototypeOf(Object.getPrototypeOf(value)).polluted = 1; },
          () => { Object.defineProperty(value.__proto__, 'toString', { value: () => 'evil' }); },
          () => { value['__proto__']['__proto__'].polluted = 1; },
          () => { delete value.__proto__.hasOwnProperty; },
          () => { Object.setPrototypeOf(value.__proto__, { polluted: 1 }); },
          () => { value.constructor.polluted = 1; },
        ];
        for (const attempt of attempts) try { attempt(); } catch {}
      }
    }`)([
      {},
      [],
      () => {},
      function* () {},
      new Error('x'),
      new Map(),
      /x/,
      new Date(),
      Promise.resolve(),
      'text',
    ]);
    box.dispose();
    expect(snapshot()).toEqual(before);
    expect([{}.polluted, [].polluted, (() => {}).polluted, `${{}}`]).toEqual([
      undefined,
      undefined,
      undefined,
      '[object Object]',
    ]);
  });

  test('the guest’s, whatever the host does to what it was given', () => {
    const box = sandbox();
    const before = Object.keys(Object.prototype).length;
    const o = box.run('({})');
    Object.getPrototypeOf(o).polluted = 1;
    const cleanUp = delete Object.prototype.polluted;
    expect([cleanUp, box.run('({}).polluted'), Object.keys(Object.prototype).length]).toEqual([
      true,
      undefined,
      before,
    ]);
  });

  test('by keys named __proto__ in what crosses', () => {
    const evil = '{ "__proto__": { "polluted": 1 } }';
    const box = sandbox();
    const there = box.run(`JSON.parse('${evil}')`);
    expect([
      there.polluted,
      Object.keys(there),
      copy(there).polluted,
      Object.keys(copy(there)),
    ]).toEqual([undefined, ['__proto__'], undefined, ['__proto__']]);
    expect(ask(box, '(o) => [typeof o.polluted, Object.keys(o)]', copy(JSON.parse(evil)))).toEqual([
      'undefined',
      ['__proto__'],
    ]);
    expect({}.polluted).toBeUndefined();
  });
});

describe('a policy function', () => {
  test('is asked once for each object, and not about the rest', () => {
    const asked = [];
    const root = { child: { list: [1] }, date: new Date(0), text: 'x' };
    const box = sandbox({
      policy(object) {
        asked.push(object);
        return 'safe';
      },
    });
    const look = box.run('(o) => o.child.list[0] + o.child.list.length');
    expect([look(root), look(root)]).toEqual([2, 2]);
    expect(asked).toHaveLength(3);
    expect([asked[0] === root, asked[1] === root.child, asked[2] === root.child.list]).toEqual([
      true,
      true,
      true,
    ]);
  });

  test.each([
    ['safe', 'safe', ['undefined', 'function', true]],
    ['transparent', 'transparent', ['object', 'function', true]],
    ['copy', 'copy', ['object', 'undefined', false]],
    ['readonly', 'readonly', ['undefined', 'function', true]],
    [
      'an exposure',
      { policy: 'transparent', only: ['accessor'] },
      ['undefined', 'undefined', true],
    ],
    ['an exposure that says nothing', {}, ['undefined', 'function', true]],
  ])('answers %s', (_name, answer, expected) => {
    const service = new Service();
    delete service.bound; // a function does not fit a copy's purpose
    const box = sandbox({ policy: (o) => (o === service ? answer : 'safe') });
    const look = '(o, is) => [typeof o.manager, typeof o.method, is(o)]';
    expect(ask(box, look, service, (o) => o === service)).toEqual(expected);
  });

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['a wrong word', 'opaque'],
    ['true', true],
    ['a promise', Promise.resolve('safe')],
    ['a wrong policy', { policy: 'opaque' }],
    ['an unknown part', { polcy: 'transparent' }],
    ['wrong names', { only: 'method' }],
  ])('must not answer %s', (_name, answer) => {
    const error = errorOf(() => sandbox({ policy: () => answer }).run('(o) => o.a')({ a: 1 }));
    expect([error.code, error instanceof SandboxError]).toEqual(['ERR_SANDBOX_OPTIONS', true]);
  });

  // Out here, where it does not share its scope with what the test holds.
  const refusing = (object) => {
    if (object.forbidden) throw new RangeError('not this one');
    return 'safe';
  };

  test('that throws: nothing crosses', () => {
    const box = sandbox({ policy: refusing });
    const look = box.run('(o) => typeof o.inner');
    expect(look({ inner: {} })).toBe('object');
    expect(() => look({ forbidden: true })).toThrow(RangeError);
    expect(() => look({ inner: { forbidden: true } })).toThrow(RangeError);
    expect(
      box.run('(o) => { try { o.inner; } catch (e) { return e.message; } }')({
        inner: { forbidden: true },
      }),
    ).toBe('not this one');
  });

  test('is asked about what is reached through readonly objects, too', () => {
    const root = { child: { n: 1 } };
    const policy = (o) => (o === root ? { policy: 'transparent', readonly: true } : 'copy');
    expect(
      ask(
        sandbox({ policy }),
        '(o) => { const c = o.child; c.n = 2; return [c.n, o.child === c]; }',
        root,
      ),
    ).toEqual([2, false]);
    expect(root.child.n).toBe(1);
  });

  test.each([['opaque'], [true], [{}]])('the option itself is not %p', (policy) => {
    const error = errorOf(() => new Sandbox({ policy }));
    expect([error.code, error.message.includes("'policy'")]).toEqual(['ERR_SANDBOX_OPTIONS', true]);
  });
});

describe('copy', () => {
  test('of a host value: the guest’s own, each time', () => {
    const shared = { s: 1 };
    const o = copy({
      a: { b: [1, { c: 2 }] },
      m: new Map([['k', { v: 1 }]]),
      one: shared,
      two: shared,
      d: new Date(5),
      f: () => 'called',
      big: 1n,
    });
    o.self = o;
    const box = sandbox();
    expect(
      ask(
        box,
        `(o, again) => { o.a.b[1].c = 9; o.fresh = 1;
        return [o === again, again.a.b[1].c, o.one === o.two, o.self === o, o.m.get('k').v, o.d.getTime(), o.f(), typeof o.big,
          Object.getPrototypeOf(o) === Object.prototype, Object.isFrozen(o)]; }`,
        o,
        [o][0],
      ),
    ).toEqual([true, 9, true, true, 1, 5, 'called', 'bigint', true, false]);
    expect([o.a.b[1].c, 'fresh' in o]).toEqual([2, false]);
    expect(ask(box, '(o) => o.a.b[1].c', o)).toBe(2);
    // What is only reached is copied, too.
    expect(
      ask(box, '({ inner }) => { inner.x = 1; return inner.x; }', { inner: copy({ x: 0 }) }),
    ).toBe(1);
  });

  test('of a guest value: the host’s own', () => {
    const box = sandbox();
    const there =
      box.run(`globalThis.o = { a: [1, , { b: 2 }], m: new Map([[1, { x: 1 }]]), s: new Set([1]), d: new Date(5),
      e: new RangeError('x'), f: () => 'called', t: new Uint8Array([1, 2]), get now() { return this.a.length; } }; o.self = o; o`);
    const here = copy(there);
    box.run('o.a[2].b = 3; o.late = 1');
    expect([
      here.a[2].b,
      1 in here.a,
      here.m.get(1).x,
      here.s.has(1),
      here.d.getTime(),
      here.now,
      'late' in here,
    ]).toEqual([2, false, 1, true, 5, 3, false]);
    expect([here.self === here, here.e instanceof RangeError, here.f(), [...here.t]]).toEqual([
      true,
      true,
      'called',
      [1, 2],
    ]);
    expect(Object.getPrototypeOf(here)).toBe(Object.prototype);
    delete here.f;
    expect(structuredClone(here).a[2].b).toBe(2);
    expect(copy(box.run('[1, [2]]'))).toEqual([1, [2]]);
  });

  test('of an instance takes its own fields; one inside is refused', () => {
    const box = sandbox();
    expect(copy(box.run('new (class Point { x = 1; #y = 2; m() {} })()'))).toEqual({ x: 1 });
    const error = errorOf(() => copy(box.run('({ list: [new (class Point {})()] })')));
    expect([error.code, error.path]).toEqual(['ERR_SANDBOX_CROSSING', 'result.list[0]']);
    const refused = errorOf(() => box.run('(o) => o')(copy({ deep: [new Service()] })));
    expect([refused.code, refused.path]).toEqual(['ERR_SANDBOX_CROSSING', 'args[0].deep[0]']);
  });

  test('of what has no live form is itself', () => {
    const f = () => {};
    expect([copy(1), copy('x'), copy(null), copy(undefined), copy(f)]).toEqual([
      1,
      'x',
      null,
      undefined,
      f,
    ]);
  });
});

describe('readonly', () => {
  const CHANGES = {
    set: 'o.a = 2',
    add: 'o.fresh = 1',
    delete: 'delete o.a',
    define: 'Object.defineProperty(o, "a", { value: 2 })',
    setter: 'o.x = 2',
    'setter by its descriptor': 'Object.getOwnPropertyDescriptor(o, "x")?.set?.call(o, 2)',
    'setter by lookup': 'o.__lookupSetter__("x")?.call(o, 2)',
    prototype: 'Object.setPrototypeOf(o, {})',
    __proto__: 'o.__proto__ = {}',
    freeze: 'Object.freeze(o)',
    nested: 'o.inner.b = 2',
    'nested in a list': 'o.list[0].c = 2',
    push: 'o.list.push(1)',
    sort: 'o.list.sort()',
    'length of a list': 'o.list.length = 0',
    'by a descriptor': 'Object.getOwnPropertyDescriptor(o, "inner").value.b = 2',
    'by values': 'Object.values(o)[1].b = 2',
    'by spread': '({ ...o }).inner.b = 2',
    'by an iterator': 'for (const each of o.list) each.c = 2',
    'by a callback': 'o.list.forEach((each) => { each.c = 2; })',
    'Object.assign': 'Object.assign(o, { a: 2 })',
    'as a receiver': 'Reflect.set({}, "a", 2, o) || (() => { throw new TypeError(); })()',
  };
  test.each(
    Object.entries(CHANGES).flatMap(([name, source]) =>
      ['safe', 'transparent'].map((policy) => [name, policy, source]),
    ),
  )('%s (%s)', (_name, policy, source) => {
    const o = readonly({
      a: 1,
      inner: { b: 1 },
      list: [{ c: 1 }, 0],
      get x() {
        return this.a;
      },
      set x(value) {
        this.a = value;
      },
    });
    const before = JSON.stringify(o);
    attempt(sandbox({ policy }), `(o) => { ${source}; return 'done'; }`, o);
    expect(JSON.stringify(o)).toBe(before);
    expect([Object.getPrototypeOf(o) === Object.prototype, Object.isFrozen(o)]).toEqual([
      true,
      false,
    ]);
  });

  test('can be read, is live, and is the same object', () => {
    const o = readonly({ n: 1, list: [1, 2], f: () => 'f' });
    const box = sandbox({ globals: { o } });
    o.n = 2;
    expect(
      ask(box, '() => [o.n, o.list.length, o.f(), Object.keys(o), o.list === o.list, [...o.list]]'),
    ).toEqual([2, 2, 'f', ['n', 'list', 'f'], true, [1, 2]]);
    expect(box.run('o')).toBe(o);
  });
});

describe('only', () => {
  test('names what can be reached', () => {
    const service = only(new Service(), ['method', 'shared']);
    const box = sandbox({ policy: 'transparent' });
    expect(
      ask(
        box,
        `(o) => [o.method(1), o.shared, typeof o.manager, typeof o.accessor, typeof o.inherited, Reflect.ownKeys(o), 'manager' in o, 'method' in o,
        o.constructor === Object, Object.getPrototypeOf(o) === Object.prototype, o.__proto__ === Object.prototype]`,
        service,
      ),
    ).toEqual([
      [2, 1, 1],
      'own field',
      'undefined',
      'undefined',
      'undefined',
      ['shared'],
      false,
      true,
      true,
      true,
      true,
    ]);
    expect(attempt(box, '(o) => (o.other = 1)', service)).toBe('TypeError');
    expect('other' in service).toBe(false);
  });

  test('on functions, plain objects, arrays and symbols', () => {
    const key = Symbol('key');
    const box = sandbox();
    const f = only(
      Object.assign((a) => a, { shown: 1, hidden: 2 }),
      ['shown'],
    );
    expect(ask(box, '(f) => [f(3), f.shown, typeof f.hidden, typeof f.name]', f)).toEqual([
      3,
      1,
      'undefined',
      'string',
    ]);
    const o = only({ a: 1, b: 2, [key]: 3 }, ['a', key]);
    expect(
      ask(box, '(o, key) => [o.a, typeof o.b, o[key], Object.keys(o), (o.a = 5, o.a)]', o, key),
    ).toEqual([1, 'undefined', 3, ['a'], 5]);
    expect(o.a).toBe(5);
    expect(
      ask(box, '(list) => [list[0], typeof list[1], list.length]', only([1, 2], ['0', 'length'])),
    ).toEqual([1, 'undefined', 2]);
    box.dispose(); // for the symbol: those of the host stay in the guest
  });

  test('with readonly: both hold', () => {
    const o = readonly(only({ a: 1, b: 2 }, ['a']));
    expect(attempt(sandbox(), '(o) => (o.a = 2)', o)).toBe('TypeError');
    expect(ask(sandbox(), '(o) => [o.a, typeof o.b]', o)).toEqual([1, 'undefined']);
  });

  test.each([['a'], [{ a: 1 }], [undefined], [[1]], [[null]]])(
    'wants an array of names, not %p',
    (names) => {
      expect(() => only({}, names)).toThrow(TypeError);
    },
  );
});

describe('revoke', () => {
  const USES = {
    get: 'o.a',
    set: 'o.a = 1',
    has: '"a" in o',
    delete: 'delete o.a',
    keys: 'Object.keys(o)',
    descriptor: 'Object.getOwnPropertyDescriptor(o, "a")',
    define: 'Object.defineProperty(o, "a", { value: 1 })',
    prototype: 'Object.getPrototypeOf(o)',
    setPrototypeOf: 'Object.setPrototypeOf(o, null)',
    isExtensible: 'Object.isExtensible(o)',
    freeze: 'Object.freeze(o)',
    call: 'o()',
    new: 'new o()',
    method: 'm()',
  };

  test.each(['safe', 'transparent'])('every use of it fails (%s)', (policy) => {
    function o() {}
    o.m = () => 'still there';
    const target = only(o, ['m', 'a']);
    const box = sandbox({ policy, globals: { o: target } });
    box.run('globalThis.m = o.m');
    box.revoke(target);
    const answers = Object.fromEntries(
      Object.entries(USES).map(([name, source]) => [
        name,
        attempt(box, `() => { ${source}; return 'done'; }`),
      ]),
    );
    const expected = Object.fromEntries(
      Object.keys(USES).map((name) => [name, 'ERR_SANDBOX_REVOKED']),
    );
    // What was reached before is an object of its own.
    expect(answers).toEqual({ ...expected, method: 'done' });
    expect(target.m()).toBe('still there');
  });

  test('of a plain function, in one sandbox only, and for good', () => {
    const f = () => 1;
    const [one, two] = [sandbox({ globals: { f } }), sandbox({ globals: { f } })];
    one.revoke(f);
    const error = errorOf(() => one.run('f()'));
    expect([error.code, error.sandbox, error instanceof SandboxError]).toEqual([
      'ERR_SANDBOX_REVOKED',
      one.name,
      true,
    ]);
    expect(two.run('f()')).toBe(1);
    one.globalThis.again = f;
    expect(errorOf(() => one.run('again()')).code).toBe('ERR_SANDBOX_REVOKED');
    expect(one.run('(f) => typeof f')(f)).toBe('function');
  });

  test('the guest can see why', () => {
    const o = {};
    const box = sandbox({ globals: { o } });
    box.revoke(o);
    expect(
      ask(box, '() => { try { o.a; } catch (e) { return [e.code, e.name, e instanceof Error]; } }'),
    ).toEqual(['ERR_SANDBOX_REVOKED', 'SandboxError', true]);
  });
});
