'use strict';

// Sandboxes that a synchronous program forgets, in a process of its own.

const { execFileSync } = require('node:child_process');
const path = require('node:path');

const program = `
  const { Sandbox } = require(${JSON.stringify(path.dirname(__dirname))});
  const sandboxes = 3000;
  let most = 0;
  for (let i = 0; i < sandboxes; i++) {
    new Sandbox({ builtins: false }).run('1 + 1');
    if (i % 50 === 0) most = Math.max(most, process.memoryUsage.rss());
  }
  console.log(most / 2 ** 20);
`;

test('3,000 sandboxes in one synchronous run do not add up', () => {
  const most = Number(execFileSync(process.execPath, ['--eval', program], { encoding: 'utf8' }));
  expect(most).toBeGreaterThan(20);
  // All of them would take 700.
  expect(most).toBeLessThan(350);
});
