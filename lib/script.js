'use strict';

const { Buffer } = require('node:buffer');
const mailbox = require('./mailbox.js');
const native = require('./native.js');
const { Bridge } = require('./bridge.js');
const { SandboxError } = require('./errors.js');
const { compileOptions } = require('./options.js');
const { WORD, looksTraceless } = require('./source.js');
const { op } = require('./wire.js');

/** What a compilation without a sandbox may use: parsing is the only thing that runs there. */
const COMPILER = {
  memoryBytes: 256 * 1024 * 1024,
  stackBytes: 512 * 1024,
  graceMs: Infinity,
  console: false,
  timers: false,
  modules: false,
  contexts: false,
  codeGeneration: true,
  without: [],
  sourceLimitBytes: Infinity,
};

/**
 * What is behind each script: bytecode, source text. No fields: whoever can reach the script must
 * not reach the bytecode.
 */
const compiled = new WeakMap();

/** Code compiled once, for any sandbox. */
class Script {
  constructor(code, options) {
    const origin = compileOptions(options);
    origin.filename ??= 'sandbox.js';
    const compiler = new native.NativeSandbox(mailbox.channel, COMPILER);
    try {
      const bridge = new Bridge(compiler, 'compiler', {
        services: [],
        condemned: () => {},
        stopError: () =>
          new SandboxError(
            'ERR_SANDBOX_MEMORY_LIMIT',
            `the script ${origin.filename} is too large`,
          ),
      });
      compiled.set(this, { bytecode: compile(bridge, code, origin, Infinity), text: code });
    } finally {
      compiler.dispose();
    }
    Object.defineProperty(this, 'filename', { value: origin.filename, enumerable: true });
  }

  /** A script whose bytecode is there already. */
  static of(bytecode, filename, text) {
    const script = Object.create(Script.prototype);
    compiled.set(script, { bytecode, text });
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

/** How long source text (or a script's) is, in bytes of UTF-8; 0 for what is neither. */
function sizeOf(code) {
  if (typeof code === 'string') return Buffer.byteLength(code);
  const script = compiled.get(code);
  if (script === undefined) return 0;
  script.size ??= Buffer.byteLength(script.text);
  return script.size;
}

/**
 * What source text (or a script's) tells by its look: whether a run of it may leave something in
 * its realm, and which names it may contain.
 */
function lookAt(code) {
  if (typeof code === 'string') {
    const hasEscapes = code.includes('\\u');
    return {
      isTraceless: looksTraceless(code),
      mentions: (name) => hasEscapes || code.includes(name),
    };
  }
  const script = compiled.get(code);
  const { text } = script;
  script.words ??= text.includes('\\u') ? { has: () => true } : new Set(text.match(WORD));
  return { isTraceless: looksTraceless(text), mentions: (name) => script.words.has(name) };
}

module.exports = {
  Script,
  compile,
  writeSource,
  lookAt,
  sizeOf,
  bytecodeOf: (script) => compiled.get(script)?.bytecode,
};
