'use strict';

// Makes a fresh clone ready to run: installs the packages the lock file names, unless they are
// there, and builds the addon. Needs nothing but Node and Rust, so it may use no package.

const fs = require('node:fs');
const path = require('node:path');
const { npm, root } = require('./npm.js');

function readPackages(file) {
  const { packages } = JSON.parse(fs.readFileSync(path.join(root, file), 'utf8'));
  delete packages['']; // the project itself
  return packages;
}

/**
 * Whether node_modules holds what package-lock.json asks for. npm keeps a lock file of what it
 * has installed; contents are compared, since a checkout alone changes the times.
 */
function isInstalled() {
  let installed;
  try {
    installed = readPackages('node_modules/.package-lock.json');
  } catch {
    return false;
  }
  const wanted = readPackages('package-lock.json');
  return Object.keys(wanted).every(
    (name) =>
      installed[name]
        ? installed[name].integrity === wanted[name].integrity
        : wanted[name].optional === true, // for another platform
  );
}

try {
  // Not `npm ci`: it refuses a lock file without the optional packages of every platform, and
  // npm leaves out those it did not find. With the lock file there, this installs the same.
  if (!isInstalled()) npm(['install', '--no-save', '--include=dev', '--no-audit', '--no-fund']);
  // Always: cargo knows what is up to date, and does nothing then.
  npm(['run', '--silent', 'build']);
} catch (error) {
  console.error(`setup: ${error.message}`);
  process.exitCode = 1;
}
