'use strict';

// The example is what a new user runs first: it must work, and show what it promises.

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');

const root = path.join(__dirname, '..');

describe('the Rocket.Chat demo', () => {
  let output;

  beforeAll(async () => {
    const demo = path.join(root, 'examples', 'rocketchat', 'demo.js');
    // Fails unless it exits with 0, which the demo does only if all its checks hold.
    const { stdout } = await promisify(execFile)(process.execPath, [demo], {
      cwd: root,
      timeout: 100_000,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    });
    output = stdout;
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
