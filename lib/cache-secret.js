'use strict';

// The secret that cached data is sealed with: this user's on this machine, so that data which came
// from anywhere else is told from our own. Guests never see it, nor anything made of it but seals.

const { Buffer } = require('node:buffer');
const { createHash, randomBytes } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { optionsError } = require('./errors.js');

const VARIABLE = 'QUICKVM_CACHE_SECRET';
const SHORTEST = 16;
const LENGTH = 32;
const isWindows = process.platform === 'win32';

/** Where programs keep state of a user that belongs to one machine. */
function stateDirectory() {
  const home = os.homedir();
  const { LOCALAPPDATA, XDG_STATE_HOME = '' } = process.env;
  if (isWindows) return LOCALAPPDATA || path.join(home, 'AppData', 'Local');
  if (process.platform === 'darwin') return path.join(home, 'Library', 'Application Support');
  // A relative one is not to be used.
  return path.isAbsolute(XDG_STATE_HOME) ? XDG_STATE_HOME : path.join(home, '.local', 'state');
}

/** Says what is wrong if others than this user could have written or read. */
function assertOwn(stat, what, forbidden) {
  if (isWindows) return; // a user's directories are the user's there
  if (stat.uid !== process.getuid()) throw new Error(`${what} belongs to another user`);
  if ((stat.mode & forbidden) !== 0) throw new Error(`${what} is open to other users`);
}

function read(file) {
  // A link could lead anywhere, and a pipe would keep us waiting.
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
  const descriptor = fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = fs.fstatSync(descriptor);
    if (!stat.isFile() || stat.size !== LENGTH) throw new Error(`${file} holds no secret of ours`);
    assertOwn(stat, file, 0o077);
    assertOwn(fs.lstatSync(path.dirname(file)), path.dirname(file), 0o022);
    const secret = Buffer.alloc(LENGTH);
    if (fs.readSync(descriptor, secret, 0, LENGTH, 0) !== LENGTH) throw new Error(`${file} is cut`);
    return secret;
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Makes the file as a whole or not at all; if another process is faster, its file stays. */
function create(file) {
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const own = `${file}.${process.pid}.${randomBytes(8).toString('hex')}`;
  const descriptor = fs.openSync(own, 'wx', 0o600);
  try {
    try {
      fs.writeSync(descriptor, randomBytes(LENGTH));
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.linkSync(own, file);
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  } finally {
    fs.unlinkSync(own);
  }
}

function ofThisMachine() {
  const file = path.join(stateDirectory(), 'quickvm', 'cache-secret');
  try {
    return read(file);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  create(file);
  return read(file);
}

function load() {
  const given = process.env[VARIABLE];
  if (given) {
    if (given.length < SHORTEST) {
      const wanted = `at least ${SHORTEST} characters, which nobody can guess`;
      throw optionsError(`the environment variable ${VARIABLE} must have ${wanted}`);
    }
    return createHash('sha256').update(given).digest();
  }
  try {
    return ofThisMachine();
  } catch (error) {
    process.emitWarning(
      `cached data is good for this process only: ${error.message}. Set ${VARIABLE} to a secret.`,
      { type: 'QuickvmWarning', code: 'QUICKVM_CACHE_SECRET' },
    );
    return randomBytes(LENGTH);
  }
}

let secret;

module.exports = {
  cacheSecret() {
    secret ??= load();
    return secret;
  },
};
