'use strict';

// Run after the generators: fails when they changed a file that is committed, or made one that
// is not. Outside a git checkout there is nothing to compare with.

const { spawnSync } = require('node:child_process');
const { root } = require('./npm.js');

const generated = ['binding.js', 'binding.d.ts', 'npm'];

const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });

if (git('rev-parse', '--is-inside-work-tree').status !== 0) {
  console.log('generated files: not a git checkout, not compared');
} else {
  const changed = git('diff', '--exit-code', '--', ...generated);
  const untracked = git('ls-files', '--others', '--exclude-standard', '--', ...generated);
  if (changed.status !== 0 || untracked.status !== 0 || untracked.stdout !== '') {
    console.error(changed.stdout + changed.stderr + untracked.stdout + untracked.stderr);
    console.error('generated files are not current: run `npm run generate` and commit the result');
    process.exitCode = 1;
  } else {
    console.log('generated files: current');
  }
}
