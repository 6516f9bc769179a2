'use strict';

// Tests of the engine with all C under the address sanitizer, in a build of its own. It takes
// GCC with its sanitizer's runtime, and says so where that is not there. What is given as
// arguments goes to `cargo test`; QUICKVM_INJECT and QUICKVM_SOAK make the tests longer.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { root } = require('./npm.js');

/** Not of the stack: to be left by a signal is none of what the sanitizer expects of it. */
const FLAGS = ['--param', 'asan-stack=0', '--param', 'asan-instrument-allocas=0'];

/** Not those that measure memory or time, of both of which the sanitizer takes much. */
const RUNS = [
  ['--lib', 'shadow'],
  ['runtime', 'contexts', 'inject', 'soak'].flatMap((name) => ['--test', name]),
  ['--test', 'guard', '--', 'source_text', 'frame', 'nested'],
];

/** Whether a program can be built and run with the sanitizer. */
function isAvailable() {
  if (process.platform !== 'linux') return false;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quickvm-'));
  try {
    const out = path.join(folder, 'program');
    const args = [...FLAGS, '-fsanitize=address', '-x', 'c', '-', '-o', out, '-lasan'];
    const input = 'int main(void) { return 0; }';
    const built = spawnSync(process.env.CC ?? 'cc', args, { input, encoding: 'utf8' });
    return built.status === 0 && spawnSync(out).status === 0;
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

if (isAvailable()) {
  const given = process.argv.slice(2);
  const build = [
    ...['test', '--no-default-features', '--features', 'inject,asan'],
    // Little is gained by more, which takes the compiler five times as long.
    ...['--config', 'profile.dev.package.rquickjs-sys.opt-level=1'],
  ];
  const env = {
    ...process.env,
    CARGO_CFG_SANITIZE: 'address', // what the engine's build asks for
    CARGO_TARGET_DIR: path.join(root, 'target', 'asan'),
    CFLAGS: [process.env.CFLAGS, ...FLAGS].filter(Boolean).join(' '),
    // Heaps go as a whole, with pointers to what is outside of them.
    ASAN_OPTIONS: ['detect_leaks=0', process.env.ASAN_OPTIONS].filter(Boolean).join(':'),
  };
  for (const run of given.length > 0 ? [given] : RUNS) {
    const options = { cwd: root, stdio: 'inherit', env };
    const { status, error } = spawnSync('cargo', [...build, ...run], options);
    if (error) throw error;
    if (status !== 0) process.exitCode = 1;
  }
} else {
  console.log('address sanitizer: skipped, for this machine has no GCC with its runtime (libasan)');
}
