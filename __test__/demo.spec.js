'use strict';

// The example is what a new user runs first: it must work, and show what it promises.

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');

const root = path.join(__dirname, '..');

/** What a part of the example prints. Fails unless all of its checks hold, for it then exits with 1. */
async function play(file) {
  const program = path.join(root, 'examples', 'rocketchat', file);
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    cwd: root,
    timeout: 100_000,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  });
  return stdout;
}

describe('the Rocket.Chat demo', () => {
  let output;

  beforeAll(async () => {
    output = await play('demo.js');
  }, 120_000);

  test.each([
    ['packages the apps', /poll\S*_\d+\.\d+\.\d+\.zip/],
    ['enables the poll app', /status auto_enabled/],
    ['opens a poll', /Where is lunch\?[\s\S]*\(open\)/],
    ['counts votes', /2\. Noodle bar: 2/],
    ['answers the endpoint', /GET +results\?room=general/],
    ['closes the poll by its job', /\(closed\)/],
    ['stops the endless app', /ERR_SANDBOX_TIMEOUT/],
    ['stops the hungry app', /ERR_SANDBOX_MEMORY_LIMIT/],
    ['shows the error of the broken app', /SyntaxError: Line 2: expected 2 fields, found 1/],
    [
      'names the files of the broken app',
      /broken-app\/lib\/parser\.js:\d+:\d+[\s\S]*broken-app\/services\/ImportService\.js:\d+:\d+[\s\S]*broken-app\/commands\/ImportCommand\.js:\d+:\d+/,
    ],
    ['goes on with the poll app', /Same again tomorrow\?/],
  ])('%s', (_, pattern) => {
    expect(output).toMatch(pattern);
  });

  test('keeps all of its promises', () => {
    expect(output).toMatch(/All \d+ checks passed\./);
    expect(output).not.toContain('NOT SO');
  });
});

describe('the same through the Apps-Engine', () => {
  let output;

  beforeAll(async () => {
    output = await play('engine.js');
  }, 120_000);

  test.each([
    ['opens a poll', /Where is lunch\?[\s\S]*\(open\)/],
    ['answers the endpoint', /\{ option: 'Noodle bar', votes: 2 \}/],
    ['closes the poll by its job', /\(closed\)/],
    ['stops a loop as vm does', /\/spin\n.*ERR_SCRIPT_EXECUTION_TIMEOUT/],
    ['stops a loop that vm could not', /\/spin later\n.*ERR_SANDBOX_TIMEOUT/],
    ['stops the hungry app', /\/eat\n.*ERR_SANDBOX_MEMORY_LIMIT/],
    ['shows the error of the broken app', /Line 2: expected 2 fields, found 1/],
    ['goes on with the poll app', /Poll: still there[\s\S]*\(closed\)/],
  ])('%s', (_, pattern) => {
    expect(output).toMatch(pattern);
  });

  test('keeps all of its promises', () => {
    expect(output).toMatch(/All \d+ checks passed\./);
    expect(output).not.toContain('NOT SO');
  });
});
