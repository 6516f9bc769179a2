'use strict';

const { spawnSync } = require('node:child_process');
const path = require('node:path');

const root = path.dirname(__dirname);

/**
 * Runs npm in the project root and returns what it wrote to a piped stdout.
 *
 * Under `npm run` the path of npm's own script is known: running that with this Node needs
 * neither a shell nor `npm.cmd` on Windows. (`npm_execpath` may also be another manager.)
 */
function npm(args, options = {}) {
  const script = process.env.npm_execpath ?? '';
  const isNpm = /npm-cli\.[cm]?js$/.test(script);
  const [command, ...rest] = isNpm ? [process.execPath, script, ...args] : ['npm', ...args];
  const result = spawnSync(command, rest, {
    cwd: root,
    encoding: 'utf8',
    stdio: 'inherit',
    shell: !isNpm && process.platform === 'win32',
    ...options,
  });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    const line = ['npm', ...args].join(' ');
    throw new Error(`${line} failed (${result.status})\n${result.stderr ?? ''}`.trim());
  }
  return result.stdout;
}

module.exports = { npm, root };
