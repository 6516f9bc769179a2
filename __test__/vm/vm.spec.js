'use strict';

// `quickvm/vm` beside `node:vm`: the same programs, and the same comes of them.

const { execFileSync } = require('node:child_process');
const path = require('node:path');
const { cases } = require('./cases');

function outcomesOn(module) {
  const program = path.join(__dirname, 'run.js');
  const options = { encoding: 'utf8', maxBuffer: 2 ** 26, stdio: ['ignore', 'pipe', 'pipe'] };
  return JSON.parse(execFileSync(process.execPath, [program, module], options));
}

const expected = outcomesOn('node:vm');
// Others have other messages, and other corners.
const hasTheReference = process.version.startsWith('v20.');
const actual = outcomesOn(path.join(__dirname, '..', '..', 'vm.js'));

(hasTheReference ? test : test.skip).each(Object.keys(cases))('%s', (title) => {
  const { differs } = cases[title];
  if (differs === undefined) {
    expect(actual[title]).toEqual(expected[title]);
  } else {
    // Where it no longer differs, the mark and the documentation are to go.
    expect(actual[title]).not.toEqual(expected[title]);
    expect(actual[title]).toEqual(differs);
  }
});
