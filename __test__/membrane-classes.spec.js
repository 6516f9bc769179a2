'use strict';

// Classes extended across the border, in both directions, and the errors among them.

const { EventEmitter } = require('node:events');
const { Readable, Transform, Writable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const { inspect } = require('node:util');
const { sandbox, expectNoLeaks, errorOf, collect, turn } = require('./support.js');
const { evaluate } = require('./membrane-cases.js');

afterEach(expectNoLeaks);

const open = (options) => sandbox({ policy: 'transparent', timeout: 10_000, ...options });

/** Each: a class, a function from it to a derived one, and a function of both that answers text. */
const PROGRAMS = {
  'methods and super': [
    `class Base { constructor(a) { this.a = a; } who() { return 'base ' + this.a; } }`,
    `(Base) => class Derived extends Base { who() { return 'derived ' + super.who(); } }`,
    `(Base, Derived) => { const d = new Derived(1); return [d.who(), Base.prototype.who.call(d), new Base(2).who(), Object.keys(d)]; }`,
  ],
  'a default constructor': [
    `class Base { constructor(...args) { this.args = args; } }`,
    `(Base) => class extends Base {}`,
    `(Base, Derived) => [new Derived(1, 'two', [3]).args, new Derived().args.length, Derived.length, Base.length]`,
  ],
  fields: [
    `class Base { a = 1; static made = 'static'; b = this.a + 1; ['computed'] = 3; arrow = () => this.b; }`,
    `(Base) => class Derived extends Base { c = this.a + this.b; a = 'over'; static own = super.made + '!'; }`,
    `(Base, Derived) => { const d = new Derived(); return [d.a, d.b, d.c, d.computed, d.arrow(), Derived.made, Derived.own, Object.keys(d), Object.keys(Derived)]; }`,
  ],
  'private members of the base': [
    `class Base { #a = 1; static #count = 0; static { this.ready = true; } static get count() { return Base.#count; }
      constructor() { Base.#count++; } get a() { return this.#a; } set a(v) { this.#a = v; } #twice() { return 2 * this.#a; }
      twice() { return this.#twice(); } static is(x) { return #a in x; } }`,
    `(Base) => class Derived extends Base { get a() { return 'got ' + super.a; } set a(v) { super.a = v + 1; } }`,
    `(Base, Derived) => { const d = new Derived(); d.a = 4; return [d.a, d.twice(), Base.is(d), Derived.is(d), Base.is({}), Base.count, Derived.count, Base.ready, Object.keys(d)]; }`,
  ],
  'private members of the derived': [
    `class Base { constructor() { this.log = []; } run() { return this.step(); } }`,
    `(Base) => class Derived extends Base { #n = 0; static is(x) { return #n in x; } step() { return ++this.#n; } get n() { return this.#n; } #hidden() { return 'hidden ' + this.#n; } show() { return this.#hidden(); } }`,
    `(Base, Derived) => { const d = new Derived(); return [d.step(), d.run(), d.n, d.show(), Derived.is(d), Derived.is(new Base()), Object.keys(d)]; }`,
  ],
  'a constructor that calls what the derived class has': [
    `class Base { constructor() { this.result = this.make?.(); } }`,
    `(Base) => class Derived extends Base { make() { return 'made ' + (this instanceof Derived) + (this instanceof Base); } }`,
    `(Base, Derived) => [new Derived().result, new Base().result]`,
  ],
  'new.target': [
    `class Base { constructor() { this.direct = new.target === Base; this.target = new.target.name; this.kind = new.target.kind; } static kind = 'base'; }`,
    `(Base) => class Derived extends Base { static kind = 'derived'; }`,
    `(Base, Derived) => [new Base(), new Derived()].map(({ direct, target, kind }) => [direct, target, kind])`,
  ],
  'a constructor that answers another object': [
    `class Base { constructor() { return { other: true }; } }`,
    `(Base) => class Derived extends Base { own = 1; #stamp = 2; static stamped(x) { return #stamp in x; } }`,
    `(Base, Derived) => { const d = new Derived(); return [d.other, d.own, d instanceof Derived, Derived.stamped(d)]; }`,
  ],
  statics: [
    `class Base { static create(...args) { return new this(...args); } static get label() { return 'label of ' + this.name; } static shared = { n: 1 }; }`,
    `(Base) => class Derived extends Base { static create(a) { const d = super.create(); d.a = a; return d; } static get label() { return '<' + super.label + '>'; } }`,
    `(Base, Derived) => { Derived.shared.n++; return [Derived.create(5).a, Derived.create(5) instanceof Derived, Base.create() instanceof Derived, Derived.label, Base.shared.n, Object.getPrototypeOf(Derived) === Base]; }`,
  ],
  'instanceof and prototypes': [
    `class Base {}`,
    `(Base) => class Derived extends Base {}`,
    `(Base, Derived) => { const d = new Derived(), b = new Base(), p = Object.getPrototypeOf; return [d instanceof Derived, d instanceof Base, b instanceof Derived, d instanceof Object,
      p(d) === Derived.prototype, p(Derived.prototype) === Base.prototype, d.constructor === Derived, b.constructor === Base, Base.prototype.isPrototypeOf(d), Base[Symbol.hasInstance](d), Derived.name, p(d).constructor.name]; }`,
  ],
  accessors: [
    `class Base { get x() { return this._x ?? 'none'; } set x(v) { this._x = v; } get only() { return 1; } }`,
    `(Base) => class Derived extends Base { set x(v) { super.x = v * 2; } get x() { return super.x; } }`,
    `(Base, Derived) => { 'use strict'; const d = new Derived(); d.x = 4; let refused; try { d.only = 2; } catch (e) { refused = e.name; } return [d.x, d._x, d.only, refused, Object.keys(d)]; }`,
  ],
  'symbols, generators and async methods': [
    `class Base { *[Symbol.iterator]() { yield* this.items(); } *items() { yield 1; } get [Symbol.toStringTag]() { return 'Tag'; } [Symbol.toPrimitive](hint) { return hint + '!'; } async later() { return 1; } }`,
    `(Base) => class Derived extends Base { *items() { yield* super.items(); yield 2; } async later() { return (await super.later()) + 1; } }`,
    `(Base, Derived) => { const d = new Derived(); return [[...d], Object.prototype.toString.call(d), \`\${d}\`, typeof d.later().then]; }`,
  ],
  'members put on later': [
    `class Base { }`,
    `(Base) => class Derived extends Base {}`,
    `(Base, Derived) => { const d = new Derived(); Base.prototype.late = function () { return 'late ' + (this === d); }; Derived.stat = 1; d.own = { x: 1 }; const first = d.late(); delete Base.prototype.late; return [first, d.late, Derived.stat, d.own.x]; }`,
  ],
  'a function as a class': [
    `function Base(a) { 'use strict'; this.a = a; }`,
    `(Base) => { Base.prototype.hi = function () { return 'hi ' + this.a; };
      function Derived(a) { 'use strict'; Base.call(this, a + 1); } Derived.prototype = Object.create(Base.prototype, { constructor: { value: Derived } }); Object.setPrototypeOf(Derived, Base); return Derived; }`,
    `(Base, Derived) => { const d = new Derived(1); return [d.hi(), d instanceof Base, d instanceof Derived, Object.keys(d), d.constructor === Derived]; }`,
  ],
  'a mixin': [
    `class Base { get() { return 'base'; } }`,
    `(Base) => { const mixin = (Super) => class Mixed extends Super { get() { return 'mixed ' + super.get(); } }; return class Derived extends mixin(Base) { get() { return 'derived ' + super.get(); } }; }`,
    `(Base, Derived) => [new Derived().get(), new Derived() instanceof Base]`,
  ],
  'a derived array': [
    `class Base extends Array { sum() { return this.reduce((a, b) => a + b, 0); } }`,
    `(Base) => class Derived extends Base { sum() { return 10 * super.sum(); } }`,
    `(Base, Derived) => { const d = Derived.of(1, 2, 3); return [d.sum(), d.length, Array.isArray(d), d.map((x) => 2 * x).sum(), d instanceof Array, JSON.stringify(d)]; }`,
  ],
  'a derived function without new': [
    `class Base {}`,
    `(Base) => class Derived extends Base {}`,
    `(Base, Derived) => [Derived, Base].map((Class) => { try { return Class(); } catch (e) { return e.name; } })`,
  ],
  'Reflect.construct': [
    `class Base { constructor(a) { this.a = a; this.target = new.target.name; } }`,
    `(Base) => class Derived extends Base {}`,
    `(Base, Derived) => { class Other {} const o = Reflect.construct(Derived, [1], Other); return [o.a, o.target, o instanceof Other, o instanceof Base]; }`,
  ],
};

const SIDES = ['host', 'guest'];
const PLACES = SIDES.flatMap((base) =>
  SIDES.flatMap((derived) => SIDES.map((use) => [base, derived, use])),
)
  // All on one side is what the others are compared to.
  .filter((sides) => new Set(sides).size > 1);

describe.each(PLACES)('base in the %s, derived in the %s, used in the %s:', (...sides) => {
  test.each(Object.entries(PROGRAMS))('%s', (_name, parts) => {
    const box = open();
    const make = (side, source) => (side === 'host' ? evaluate(source) : box.run(`(${source})`));
    // As text, which is the same in both engines.
    const run = ([base, derived, use]) => {
      const Base = make(base, parts[0]);
      const Derived = make(derived, parts[1])(Base);
      return make(use, `(Base, Derived) => JSON.stringify((${parts[2]})(Base, Derived))`)(
        Base,
        Derived,
      );
    };
    const expected = run(['host', 'host', 'host']);
    const answer = run(sides);
    // The classes refer to each other through both sides, which lasts until then.
    box.dispose();
    expect(answer).toBe(expected);
  });
});

describe('what a class adds to objects of the other side', () => {
  test('a guest class’s private fields, when only the host holds the object', async () => {
    class Base {
      hook() {
        return this.get();
      }
    }
    const box = open();
    const made = box.run(`(Base) => {
      class App extends Base { #n = 1; #add() { return ++this.#n; } get() { return this.#add(); } }
      return new App();
    }`)(Base);
    for (let i = 2; i < 5; i++) {
      expect(made.hook()).toBe(i);
      box.run('for (let i = 0; i < 1000; i++) ({ i })');
      collect();
      await turn();
    }
    box.dispose();
  });

  test('a host class’s private fields, when only the guest holds the object', async () => {
    const box = open();
    const Base = box.run('(class Base { hook() { return this.get(); } })');
    class App extends Base {
      #n = 1;
      get() {
        return ++this.#n;
      }
    }
    const use = box.run(
      'globalThis.kept = []; (x) => { if (x) kept.push(x); return kept[0].hook(); }',
    );
    expect(use(new App())).toBe(2);
    for (let i = 3; i < 6; i++) {
      collect();
      await turn();
      expect(use()).toBe(i);
    }
    box.dispose();
  });

  test('is still collected when nobody holds the object', async () => {
    class Base {}
    const box = open({ memoryLimitMb: 32 });
    const make = box.run(
      '(Base) => { class App extends Base { #data = new Array(1000).fill(0); get() { return this.#data.length; } } return () => new App(); }',
    )(Base);
    for (let i = 0; i < 200; i++) {
      for (let j = 0; j < 50; j++) expect(make().get()).toBe(1000);
      collect();
      await turn();
    }
    expect(box.usage().hostHandles).toBeLessThan(2_000);
    box.dispose();
  });
});

describe('Node’s own classes in the guest', () => {
  test('stream.Transform', async () => {
    const box = open();
    const Upper = box.run(`(Transform) => class Upper extends Transform {
      constructor(mark) { super({ decodeStrings: false, encoding: 'utf8' }); this.mark = mark; this.count = 0; }
      _transform(chunk, encoding, done) {
        this.count++;
        this.push(String(chunk).toUpperCase() + this.mark);
        done();
      }
      _flush(done) { done(null, 'end'); }
    }`)(Transform);
    const upper = new Upper('!');
    expect(upper).toBeInstanceOf(Transform);
    let text = '';
    await pipeline(
      Readable.from(['a', 'b']),
      upper,
      new Writable({
        write(chunk, _encoding, done) {
          text += chunk;
          done();
        },
      }),
    );
    expect([text, upper.count]).toEqual(['A!B!end', 2]);
    const failing = box.run(`(Transform) => new (class extends Transform {
      _transform(chunk, encoding, done) { done(new RangeError('not ' + chunk)); }
    })()`)(Transform);
    await expect(pipeline(Readable.from(['this']), failing, new Writable())).rejects.toThrow(
      'not this',
    );
    box.dispose();
  });

  test('EventEmitter', () => {
    const box = open();
    const counter = box.run(`(EventEmitter) => {
      class Counter extends EventEmitter {
        #n = 0;
        constructor() { super(); this.on('add', this.#add); }
        #add(by) { this.#n += by; this.emit('changed', this.#n, this); }
        get n() { return this.#n; }
      }
      return new Counter();
    }`)(EventEmitter);
    const seen = [];
    counter.on('changed', (n, from) => seen.push([n, from === counter]));
    counter.emit('add', 2);
    counter.emit('add', 3);
    expect([seen, counter.n]).toEqual([
      [
        [2, true],
        [5, true],
      ],
      5,
    ]);
    expect(counter).toBeInstanceOf(EventEmitter);
    const loud = box.run('new RangeError("loud")');
    expect(errorOf(() => counter.emit('error', loud)).message).toContain('loud');
    expect(inspect(counter)).toMatch(/^Counter \{/);
    box.dispose();
  });
});

describe('errors', () => {
  /** A class of errors, and what is asked of one of its instances. */
  const HTTP_ERROR = `class HttpError extends Error {
    constructor(status, options) { super('status ' + status, options); this.name = 'HttpError'; this.status = status; this.tags = ['http']; }
    describe() { return this.status + ' ' + this.message; }
    static from(e) { return new this(500, { cause: e }); }
  }`;
  const ASK = `(HttpError, error) => [error instanceof HttpError, error instanceof Error, error.name, error.message, error.status,
    error.describe?.(), error.tags?.join(), error.constructor === HttpError, error.cause?.message, String(error),
    typeof error.stack, 'status' in error, Object.keys(error).filter((key) => key !== 'name').join()]`;

  test.each([
    ['host', 'guest'],
    ['guest', 'host'],
  ])('of a class of the %s, in the %s', (home, away) => {
    const box = open();
    const make = (side, source) => (side === 'host' ? evaluate(source) : box.run(`(${source})`));
    const HttpError = make(home, HTTP_ERROR);
    const ask = (side) => make(side, `(...args) => JSON.stringify((${ASK})(...args))`);
    const error = make(home, '(HttpError) => HttpError.from(new TypeError("because"))')(HttpError);
    expect(ask(away)(HttpError, error)).toBe(ask(home)(HttpError, error));
    const caught = make(away, '(f, is) => { try { f(); } catch (e) { return is(e); } }');
    const raise = make(home, '(error) => () => { throw error; }')(error);
    expect(caught(raise, make(home, '(error) => (e) => e === error')(error))).toBe(true);
    box.dispose();
  });

  test.each(PLACES.filter(([, , use]) => use === 'host'))(
    'a class of the %s, derived in the %s, thrown and caught in the %s',
    (base, derived) => {
      const box = open();
      const make = (side, source) => (side === 'host' ? evaluate(source) : box.run(`(${source})`));
      const HttpError = make(base, HTTP_ERROR);
      const NotFound = make(
        derived,
        `(HttpError) => class NotFound extends HttpError {
        constructor(what) { super(404); this.what = what; } describe() { return super.describe() + ': ' + this.what; } }`,
      )(HttpError);
      for (const side of SIDES) {
        const thrown = errorOf(() =>
          make(side, '(NotFound) => { throw new NotFound("page"); }')(NotFound),
        );
        expect([
          thrown instanceof NotFound,
          thrown instanceof HttpError,
          thrown instanceof Error,
        ]).toEqual([true, true, true]);
        expect([thrown.message, thrown.status, thrown.what, thrown.describe()]).toEqual([
          'status 404',
          404,
          'page',
          '404 status 404: page',
        ]);
      }
      box.dispose();
    },
  );

  test('a host class that extends a bare one of the guest', () => {
    const box = open({ timeout: 500 });
    const AppError = box.run('globalThis.AppError = class AppError extends Error {}');
    class Mine extends AppError {
      field = 1;
    }
    const mine = new Mine('x');
    expect([mine instanceof AppError, mine.message, mine.field, mine.name]).toEqual([
      true,
      'x',
      1,
      'Error',
    ]);
    // Its field stays here: what the guest sees is the error that its own class made.
    expect(box.run('(e) => e instanceof AppError')(mine)).toBe(true);
    box.dispose();
  });

  test('of the host come home as themselves, with what the guest put on them', () => {
    const box = open();
    const error = Object.assign(new Error('first'), { list: [1], code: 'E_ONE' });
    const cause = new RangeError('deep');
    error.cause = cause;
    const back = box.run(`(error) => {
      error.code = 'E_TWO';
      error.added = { x: 1 };
      error.message += ', second';
      return { error, cause: error.cause, list: error.list };
    }`)(error);
    expect([back.error === error, back.cause === cause]).toEqual([true, true]);
    expect([error.code, error.added.x, error.message]).toEqual(['E_TWO', 1, 'first, second']);
    expect(errorOf(() => box.run('(e) => { throw e.cause; }')(error))).toBe(cause);
    // The host's error refers to the guest, which lets go of its twin only later.
    box.dispose();
  });

  test('of the guest can be read when its sandbox is gone', () => {
    const box = open();
    const error = errorOf(() =>
      box.run(
        `
        class AppError extends Error { constructor(m) { super(m); this.details = { list: [1, { a: 2 }] }; } get name() { return 'AppError'; } }
        throw new AppError('gone')`,
        'app.js',
      ),
    );
    box.dispose();
    expect([error.message, error.name, error.details]).toEqual([
      'gone',
      'AppError',
      { list: [1, { a: 2 }] },
    ]);
    expect(error).toBeInstanceOf(Error);
    expect(error.stack).toMatch(/^AppError: gone\n {4}at .*app\.js:2/);
    expect(inspect(error)).toContain('gone');
  });

  test('an AggregateError, and causes that go round', () => {
    const box = open();
    const aggregate = errorOf(() =>
      box.run('throw new AggregateError([new RangeError("one"), { two: 2 }], "all")'),
    );
    expect(aggregate).toBeInstanceOf(AggregateError);
    expect([aggregate.errors[0] instanceof RangeError, aggregate.errors[1].two]).toEqual([true, 2]);
    const round = errorOf(() =>
      box.run('const e = new Error("round"); e.cause = e; e.list = [e]; throw e'),
    );
    expect([round.cause === round, round.list[0] === round]).toEqual([true, true]);
    const there = box.run('(e) => [e.cause === e, e instanceof Error, e.message].join()');
    const mine = new Error('mine');
    mine.cause = mine;
    expect(there(mine)).toBe('true,true,mine');
  });
});
