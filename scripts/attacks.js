'use strict';

// Writes ATTACKS.md from the cases of `__test__/attacks`: `npm run generate:attacks`.

const fs = require('node:fs');
const path = require('node:path');
const { groups, cases } = require('../__test__/attacks/cases');
const { places } = require('../__test__/attacks/places.js');
const { root } = require('./npm.js');

const file = path.join(root, 'ATTACKS.md');
const REFERENCE = 'node:vm';

/** The same reason is given once. */
function footnotes() {
  const reasons = [];
  return {
    number(reason) {
      if (!reasons.includes(reason)) reasons.push(reason);
      return reasons.indexOf(reason) + 1;
    },
    text: () => reasons.map((reason, index) => `${index + 1}. ${sentence(reason)}`).join('\n'),
  };
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;
const cell = (text) => text.replaceAll('|', '\\|');

function table(group, notes) {
  const rows = group.cases.map(({ id, technique, fails, known, except = {} }) => {
    const outcome = (place) => {
      if (except[place] !== undefined) return `– (${notes.number(except[place])})`;
      return place === REFERENCE ? 'succeeds' : 'fails';
    };
    const what = known === undefined ? technique : `${technique} _(${known})_`;
    return [`\`${id}\``, cell(what), cell(fails), ...Object.keys(places).map(outcome)];
  });
  const head = ['attack', 'technique', 'why it fails here', ...Object.keys(places)];
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = head.map(() => '---');
  const title = `## ${group.title}\n\nTests: \`__test__/attacks/cases/${group.file}.js\`\n\n`;
  return title + [head, rule, ...rows].map(line).join('\n');
}

function text() {
  const notes = footnotes();
  const tables = groups.map((group) => table(group, notes));
  const shown = cases.filter(({ except }) => except?.[REFERENCE] === undefined).length;
  const introduction = fs.readFileSync(path.join(__dirname, 'attacks.md'), 'utf8');
  const counts = { ATTACKS: cases.length, SHOWN: shown };
  return `${[
    '<!-- Made by scripts/attacks.js from __test__/attacks and scripts/attacks.md. -->',
    introduction.trim().replace(/\{(\w+)\}/g, (_, name) => counts[name]),
    ...tables,
    `## Notes\n\n${notes.text()}`,
  ].join('\n\n')}\n`;
}

if (require.main === module) fs.writeFileSync(file, text());

module.exports = { file, text };
