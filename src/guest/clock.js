// A clock that stands still, in UTC. Called with a realm's original global object before guest
// code runs there; nothing that it uses can be replaced later, and the engine's `Date`, which
// reads the real clock, is out of reach afterwards.
(realm, now) => {
  'use strict';

  const { apply, construct } = realm.Reflect;
  const { defineProperty, getOwnPropertyDescriptor } = realm.Object;
  const { slice, indexOf } = realm.String.prototype;
  const { exec } = realm.RegExp.prototype;
  const { toPrimitive } = realm.Symbol;
  const { Date: NativeDate, TypeError: OwnTypeError, String: toText } = realm;
  const { UTC, parse } = NativeDate;
  const { prototype } = NativeDate;
  const { getTime, toUTCString, getUTCMonth, getUTCHours, getUTCFullYear } = prototype;
  const { setTime, setUTCFullYear } = prototype;

  const { isNaN: isNone } = realm.Number;
  const isNumber = (number) => !isNone(number);

  const hide = (object, name, value) =>
    defineProperty(object, name, {
      __proto__: null,
      value,
      writable: true,
      enumerable: false,
      configurable: true,
    });
  const define = (object, methods, names) => {
    for (let i = 0; i < names.length; i++) {
      const { length } = object[names[i]];
      const method = methods[names[i]];
      defineProperty(method, 'length', { __proto__: null, value: length });
      hide(object, names[i], method);
    }
  };
  const part = (text, from, to) => apply(slice, text, [from, to]);
  const two = (number) => part('0' + number, -2);

  // What is local time elsewhere is UTC here.
  const fields = ['FullYear', 'Month', 'Date', 'Hours', 'Minutes', 'Seconds', 'Milliseconds'];
  const alias = (name, utcName) => {
    const utc = prototype[utcName];
    const method = {
      [name](...args) {
        return apply(utc, this, args);
      },
    };
    define(prototype, method, [name]);
  };
  for (let i = 0; i < fields.length; i++) {
    alias('get' + fields[i], 'getUTC' + fields[i]);
    alias('set' + fields[i], 'setUTC' + fields[i]);
  }
  alias('getDay', 'getUTCDay');

  /** The parts of a date as text; `whole` is all there is of an invalid one. */
  const partsOf = (date) => {
    const text = apply(toUTCString, date, []);
    if (text[3] !== ',') return { whole: text };
    const year = part(text, 12, apply(indexOf, text, [' ', 12]));
    const clock = part(text, 13 + year.length, 21 + year.length);
    const hours = apply(getUTCHours, date, []);
    return {
      whole: undefined,
      date: part(text, 0, 3) + ' ' + part(text, 8, 11) + ' ' + part(text, 5, 7) + ' ' + year,
      time: clock + ' GMT+0000',
      numbers: two(apply(getUTCMonth, date, []) + 1) + '/' + part(text, 5, 7) + '/' + year,
      half: two(((hours + 11) % 12) + 1) + part(clock, 2) + (hours < 12 ? ' AM' : ' PM'),
    };
  };
  const shown = {
    toString() {
      const { whole, date, time } = partsOf(this);
      return whole ?? date + ' ' + time;
    },
    toDateString() {
      const { whole, date } = partsOf(this);
      return whole ?? date;
    },
    toTimeString() {
      const { whole, time } = partsOf(this);
      return whole ?? time;
    },
    toLocaleString() {
      const { whole, numbers, half } = partsOf(this);
      return whole ?? numbers + ', ' + half;
    },
    toLocaleDateString() {
      const { whole, numbers } = partsOf(this);
      return whole ?? numbers;
    },
    toLocaleTimeString() {
      const { whole, half } = partsOf(this);
      return whole ?? half;
    },
    getTimezoneOffset() {
      const time = apply(getTime, this, []);
      return isNumber(time) ? 0 : time;
    },
    getYear() {
      return apply(getUTCFullYear, this, []) - 1900;
    },
    setYear(year) {
      apply(getTime, this, []);
      const number = +year;
      if (!isNumber(number)) return apply(setTime, this, [number]);
      const short = number > -1 && number < 100;
      return apply(setUTCFullYear, this, [short ? 1900 + (number - (number % 1)) : number]);
    },
  };
  define(prototype, shown, [
    ...['toString', 'toDateString', 'toTimeString', 'toLocaleString', 'toLocaleDateString'],
    ...['toLocaleTimeString', 'getTimezoneOffset', 'getYear', 'setYear'],
  ]);

  // Text without an offset means local time, but for dates alone.
  const iso = /^(?:\d{4}|[+-]\d{6})(?:-\d\d(?:-\d\d)?)?(T\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(.*)$/;
  const offset = /^(?:Z|[+-]\d\d:?\d\d)$/;
  const parseText = (text) => {
    const form = apply(exec, iso, [text]);
    if (form !== null && form[2] === '') return parse(text + (form[1] ? 'Z' : 'T00:00Z'));
    if (form !== null && apply(exec, offset, [form[2]]) !== null) return parse(text);
    // What names a zone later in the text has the last word.
    return parse('UTC ' + text);
  };

  const isObject = (value) =>
    (typeof value === 'object' && value !== null) || typeof value === 'function';
  const primitiveOf = (value) => {
    if (!isObject(value)) return value;
    const convert = value[toPrimitive];
    if (convert !== undefined && convert !== null) {
      const result = apply(convert, value, ['default']);
      if (!isObject(result)) return result;
    } else {
      for (let i = 0; i < 2; i++) {
        const method = i === 0 ? value.valueOf : value.toString;
        const result = typeof method === 'function' ? apply(method, value, []) : value;
        if (!isObject(result)) return result;
      }
    }
    throw new OwnTypeError('toPrimitive');
  };
  const timeOf = (value) => {
    try {
      return apply(getTime, value, []);
    } catch {
      const primitive = primitiveOf(value);
      return typeof primitive === 'string' ? parseText(primitive) : primitive;
    }
  };

  const StillDate = function (...args) {
    if (new.target === undefined) return apply(shown.toString, construct(NativeDate, [now]), []);
    let time = now;
    if (args.length === 1) time = timeOf(args[0]);
    else if (args.length > 1) time = apply(UTC, undefined, args);
    return construct(NativeDate, [time], new.target);
  };
  const statics = {
    now: () => now,
    parse: (text) => parseText(toText(text)),
  };
  hide(StillDate, 'now', statics.now);
  hide(StillDate, 'parse', statics.parse);
  hide(StillDate, 'UTC', UTC);
  for (const [name, value] of [
    ['length', NativeDate.length],
    ['name', 'Date'],
  ]) {
    defineProperty(StillDate, name, { __proto__: null, value });
  }
  defineProperty(StillDate, 'prototype', { __proto__: null, value: prototype, writable: false });
  hide(prototype, 'constructor', StillDate);
  hide(realm, 'Date', StillDate);

  const measured = getOwnPropertyDescriptor(realm, 'performance');
  if (measured !== undefined) {
    measured.__proto__ = null;
    measured.value = { now: () => 0, timeOrigin: now };
    defineProperty(realm, 'performance', measured);
  }
};
