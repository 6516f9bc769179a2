'use strict';

const mailbox = require('./mailbox.js');
const native = require('./native.js');
const { Bridge } = require('./bridge.js');
const { SandboxError, faultError } = require('./errors.js');
const { compileOptions } = require('./options.js');
const { WORD } = require('./source.js');
const { op } = require('./wire.js');

/** What a compilation without a sandbox may use: parsing is the only thing that runs there. */
const COMPILER_MEMORY = 256 * 1024 * 1024;
const COMPILER_STACK = 512 * 1024;
/** Milliseconds, as sandboxes have them by default. */

/** Bytecode by script. Not a field: whoever can reach the script must not reach the bytecode. */
const compiled = new WeakMap();
/** Source text by script, or the words in it, once somebody has asked. */
const sources = new WeakMap();

/** Code compiled once, for any sandbox. */
class Script {
  constructor(code, options) {
    const origin = compileOptions(options);
    origin.filename ??= 'sandbox.js';
    const compiler = new native.NativeSandbox(
      mailbox.channel,
      COMPILER_MEMORY,
      COMPILER_STACK,
      Infinity,
      false,
      false,
      false,
    );
    try {
      const bridge = new Bridge(compiler, 'compiler', {
        services: [],
        condemned: () => {},
        stopError: (kind, _entry, signal) => {
          const { filename } = origin;
          if (kind === 'fault') return faultError(`in compiling ${filename}`, signal, { filename });
          const message = `the script ${filename} is too large`;
          return new SandboxError('ERR_SANDBOX_MEMORY_LIMIT', message);
        },
      });
      compiled.set(this, compile(bridge, code, origin, Infinity));
      sources.set(this, code);
    } finally {
      compiler.dispose();
    }
    Object.defineProperty(this, 'filename', { value: origin.filename, enumerable: true });
  }

  /** A script whose bytecode is there already. */
  static of(bytecode, filename, source) {
    const script = Object.create(Script.prototype);
    compiled.set(script, bytecode);
    sources.set(script, source);
    Object.defineProperty(script, 'filename', { value: filename, enumerable: true });
    return script;
  }
}

/** Writes source text with its origin, as `op.RUN` and `op.COMPILE` take it. */
function writeSource(code, { filename, lineOffset, columnOffset }) {
  mailbox.string(filename);
  mailbox.u32(lineOffset);
  mailbox.u32(columnOffset);
  mailbox.string(code);
}

/** Compiles in the bridge's sandbox, within its limits. */
function compile(bridge, code, origin, timeout) {
  if (typeof code !== 'string') {
    throw new TypeError(`code must be a string; got ${typeof code}`);
  }
  const { filename } = origin;
  bridge.request(op.COMPILE, { timeout, filename }, () => writeSource(code, origin));
  return bridge.native.takeCompiled();
}

/** A function that tells whether source text (or a script's) may contain an identifier. */
function mentions(code) {
  if (typeof code === 'string') {
    const hasEscapes = code.includes('\\u');
    return (name) => hasEscapes || code.includes(name);
  }
  let words = sources.get(code);
  if (typeof words === 'string') {
    words = words.includes('\\u') ? undefined : new Set(words.match(WORD));
    sources.set(code, words);
  }
  return (name) => words === undefined || words.has(name);
}

module.exports = {
  Script,
  compile,
  writeSource,
  mentions,
  bytecodeOf: (script) => compiled.get(script),
};
