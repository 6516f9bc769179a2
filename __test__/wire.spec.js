'use strict';

const fs = require('node:fs');
const path = require('node:path');
const wire = require('../lib/wire.js');

const source = (file) => fs.readFileSync(path.join(__dirname, '..', 'src', file), 'utf8');

/** The constants of `pub mod name { … }` in Rust source text, by name. */
function constantsOf(text, name) {
  const body = new RegExp(`^pub mod ${name} \\{\\n(.*?)^\\}`, 'ms').exec(text)?.[1] ?? '';
  const constants = body.matchAll(/^ {4}pub const (\w+): u\d+ = (\d+);$/gm);
  return Object.fromEntries([...constants].map(([, key, value]) => [key, Number(value)]));
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
  test.each(['tag', 'op', 'status', 'service'])('are all different: %s', (name) => {
    const numbers = Object.values(wire[name]);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  test('leave the slots below the last service to services', () => {
    const { END, ...services } = wire.service;
    expect(Math.max(...Object.values(services))).toBeLessThan(END);
  });
});

test('each typed array’s size of an element is that of the language', () => {
  const text = source('engine/array_buffer.rs');
  const sizes = [...text.matchAll(/name:\s*"(\w+)",\s*element:\s*(\d+)/g)];
  expect(sizes).toHaveLength(wire.TYPED_ARRAYS.length);
  for (const [, name, size] of sizes) {
    if (globalThis[name])
      expect([name, Number(size)]).toEqual([name, globalThis[name].BYTES_PER_ELEMENT]);
  }
});
