'use strict';

// What guests have tried elsewhere, and what they could try here. Each attack is shown to succeed
// against Node's `vm`, where it applies, and to fail in all places of ours. ATTACKS.md lists them.

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { cases } = require('./cases');
const { places } = require('./places.js');
const { file, text } = require('../../scripts/attacks.js');

/** What came of each attack in a place, by its id: what the guest got, or nothing. */
function outcomesIn(place) {
  const program = path.join(__dirname, 'run.js');
  const options = { maxBuffer: 2 ** 26 };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, place], options, (error, output) =>
      error === null ? resolve(JSON.parse(output)) : reject(error),
    );
  });
}

const outcomes = Object.fromEntries(Object.keys(places).map((place) => [place, outcomesIn(place)]));
const isFor = (place) => (attack) => attack.except?.[place] === undefined;

const reference = 'node:vm';
// What Node's `vm` lets happen is another matter in other versions of Node.
const hasTheReference = process.version.startsWith('v20.');
(hasTheReference ? describe : describe.skip)(`${reference}: succeeds`, () => {
  test.each(cases.filter(isFor(reference)).map(({ id }) => id))('%s', async (id) => {
    expect((await outcomes[reference])[id]).not.toEqual([]);
  });
});

const ours = Object.keys(places).filter((place) => place !== reference);
describe.each(ours)('%s: fails', (place) => {
  test.each(cases.filter(isFor(place)).map(({ id }) => id))('%s', async (id) => {
    expect((await outcomes[place])[id]).toEqual([]);
  });
});

test('no two attacks have a name in common, and each says what it is', () => {
  expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
  const known = [
    'id',
    'technique',
    'fails',
    'known',
    'given',
    'guest',
    'host',
    'options',
    'except',
  ];
  for (const attack of cases) {
    expect(known).toEqual(expect.arrayContaining(Object.keys(attack)));
    expect(attack).toMatchObject({
      id: expect.stringMatching(/^[a-z-]+$/),
      technique: expect.stringMatching(/^\S.{12,}[^.]$/),
      fails: expect.stringMatching(/^\S.{3,}[^.]$/),
      guest: expect.any(String),
    });
    expect(ours.some((place) => isFor(place)(attack))).toBe(true);
  }
});

test('ATTACKS.md is current; `npm run generate:attacks` writes it', () => {
  expect(fs.readFileSync(file, 'utf8')).toBe(text());
});
