'use strict';

const fs = require('node:fs');
const path = require('node:path');
const wire = require('../lib/wire.js');
const { sandbox, expectNoLeaks } = require('./support.js');

afterEach(expectNoLeaks);

const text = (file) => fs.readFileSync(path.join(__dirname, '..', file), 'utf8');
const source = (file) => text(path.join('src', file));

/** The constants of `pub mod name { … }` in Rust source text, by name. */
function constantsOf(text, name) {
  const body = new RegExp(`^pub mod ${name} \\{\\n(.*?)^\\}`, 'ms').exec(text)?.[1] ?? '';
  const constants = body.matchAll(/^ {4}pub const (\w+): u\d+ = (\d+);$/gm);
  return Object.fromEntries([...constants].map(([, key, value]) => [key, Number(value)]));
}

/** The variants of `pub enum name { … }` in Rust source text, which has no numbers of its own. */
function variantsOf(text, name) {
  const body = new RegExp(`^pub enum ${name} \\{\\n(.*?)^\\}`, 'ms').exec(text)?.[1] ?? '';
  const lines = body.split('\n').filter((line) => line.trim() !== '' && !/^\s*\/\//.test(line));
  return lines.map((line) => /^ {4}(\w+),$/.exec(line)[1]);
}

/** The names in the array literal that follows `start` in the text. */
function listAfter(text, start, item) {
  const from = text.indexOf(start);
  if (from < 0) return [];
  const end = text.indexOf('];', from);
  return [...text.slice(from + start.length, end).matchAll(item)].map(([, name]) => name);
}

describe('both halves of the bridge agree on', () => {
  const protocol = source('membrane/wire.rs');

  test.each(['tag', 'op', 'names', 'property', 'change', 'status'])('every %s', (name) => {
    const constants = constantsOf(protocol, name);
    expect(Object.keys(constants).length).toBeGreaterThan(2);
    expect(wire[name]).toEqual(constants);
  });

  test('every service of the guest’s builtins', () => {
    const constants = constantsOf(source('guest/mod.rs'), 'service');
    expect(Object.keys(constants).length).toBeGreaterThan(3);
    expect(wire.service).toEqual(constants);
  });

  test('the numbers of the traps, everywhere they are listed', () => {
    const proxy = source('engine/proxy.rs');
    const lower = (name) => name[0].toLowerCase() + name.slice(1);
    const variants = variantsOf(proxy, 'Trap');
    expect(variants).toContain('GetOwnPropertyDescriptor');
    expect(wire.TRAPS).toEqual(variants.map(lower));
    expect(wire.trap).toEqual(Object.fromEntries(wire.TRAPS.map((name, i) => [name, i])));
    for (const item of [/Trap::(\w+), c"/g, /, c"(\w+)"\)/g]) {
      expect(listAfter(proxy, 'pub const TRAPS', item).map(lower)).toEqual(wire.TRAPS);
    }
    const helpers = listAfter(
      source('membrane/helpers.js'),
      'const reflect = [',
      /reflection\.(\w+),/g,
    );
    expect(helpers).toEqual(wire.TRAPS);
    for (const name of wire.TRAPS) expect(typeof Reflect[name]).toBe('function');
  });

  test('the numbers of the shapes', () => {
    const variants = variantsOf(source('engine/proxy.rs'), 'Shape');
    expect(variants).toContain('Constructor');
    expect(wire.shape).toEqual(
      Object.fromEntries(variants.map((name, number) => [name.toUpperCase(), number])),
    );
  });

  test('the mark of idle slots', () => {
    const [, number] = /^pub const IDLE: u32 = (0x[\da-f_]+);$/m.exec(source('sandbox/mod.rs'));
    expect(wire.IDLE).toBe(Number(number.replaceAll('_', '')));
  });

  test('the numbers of the helpers', () => {
    const variants = variantsOf(source('membrane/helpers.rs'), 'Helper');
    const cases = [
      ...source('membrane/helpers.js').matchAll(/case (\d+):\s*(?:\{\s*)?\/\/ (\w+)/g),
    ].map(([, number, name]) => [Number(number), name]);
    expect(cases.length).toBeGreaterThan(20);
    // The last one is what the others are not.
    expect(cases).toEqual(variants.slice(0, -1).map((name, number) => [number, name]));
  });

  test('the places of the intrinsics', () => {
    const code = `(() => {
      const module = {};
      ${text('lib/realm.js')}
      const named = (value) => {
        if (typeof value !== 'object') return String(value.name ?? value);
        const own = (key) => Object.getOwnPropertyDescriptor(value, key)?.value;
        return ['prototype', own('constructor')?.name, own(Symbol.toStringTag)].join(' ');
      };
      return JSON.stringify(module.exports().map(named));
    })()`;
    const places = JSON.parse(new Function(`return ${code}`)());
    expect(places).toEqual(expect.arrayContaining(['Object', 'prototype Map Map']));
    expect(JSON.parse(sandbox().run(code))).toEqual(places);
  });

  test('the order of the typed arrays', () => {
    const kinds = listAfter(
      source('engine/array_buffer.rs'),
      'TYPED_ARRAY_KINDS: ',
      /name: "(\w+)"/g,
    );
    expect(kinds).toContain('Uint8Array');
    expect(wire.TYPED_ARRAYS).toEqual(kinds);
  });

  test('the order of the well-known symbols', () => {
    const helpers = source('membrane/helpers.js');
    const names = listAfter(helpers, 'const wellKnown = [', /Symbol\.(\w+),/g);
    expect(names).toContain('iterator');
    expect(wire.WELL_KNOWN_SYMBOLS).toEqual(names.map((name) => Symbol[name]));
  });

  test('the order of the error classes', () => {
    const helpers = source('membrane/helpers.js');
    const names = listAfter(helpers, 'const errorClasses = [', /(\w+),/g);
    expect(names).toContain('TypeError');
    expect(wire.ERROR_CLASSES.map(({ name }) => name)).toEqual(names);
  });
});

describe('the numbers of one kind', () => {
  test.each(['tag', 'op', 'names', 'property', 'change', 'status', 'service', 'trap', 'shape'])(
    'are all different: %s',
    (name) => {
      const numbers = Object.values(wire[name]);
      expect(new Set(numbers).size).toBe(numbers.length);
    },
  );

  test('leave the slots below the last service to services', () => {
    const { END, ...services } = wire.service;
    expect(Math.max(...Object.values(services))).toBeLessThan(END);
  });
});

test('each typed array’s size of an element is that of the language', () => {
  const kinds = source('engine/array_buffer.rs');
  const sizes = [...kinds.matchAll(/name:\s*"(\w+)",\s*element:\s*(\d+)/g)];
  expect(sizes).toHaveLength(wire.TYPED_ARRAYS.length);
  for (const [, name, size] of sizes) {
    if (globalThis[name])
      expect([name, Number(size)]).toEqual([name, globalThis[name].BYTES_PER_ELEMENT]);
  }
});
