'use strict';

const { Buffer } = require('node:buffer');
const mailbox = require('./mailbox.js');
const native = require('./native.js');
const { Bridge } = require('./bridge.js');
const { createCachedData, openCachedData } = require('./cached-data.js');
const { SandboxError, faultError } = require('./errors.js');
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
 * What is behind each script: its bytecode and what that was compiled from. No fields: whoever can
 * reach the script must not reach the bytecode.
 * @type {WeakMap<Script, { bytecode: NativeScript, source: import('./cached-data.js').Source }>}
 */
const compiled = new WeakMap();

/** Code compiled once, for any sandbox. */
class Script {
  constructor(code, options) {
    const checked = compileOptions(options);
    checked.filename ??= 'sandbox.js';
    fill(this, code, checked, compileAlone);
  }

  createCachedData() {
    return cachedDataOf(this, 'script');
  }
}

/**
 * Gives a script what is behind it: out of cached data if that is good, else by compiling.
 * @param {(text: string, origin: object) => NativeScript} compileAs
 */
function fill(script, text, { cachedData, ...origin }, compileAs) {
  assertText(text);
  const source = { text, origin, use: 'script' };
  const cached = cachedData && openCachedData(cachedData, source);
  compiled.set(script, { bytecode: cached ?? compileAs(text, origin), source });
  Object.defineProperty(script, 'filename', { value: origin.filename, enumerable: true });
  if (cachedData !== undefined) script.cachedDataRejected = cached === undefined;
  return script;
}

/** A script whose text is compiled by `compileAs`, unless there is good cached data. */
const scriptOf = (text, options, compileAs) =>
  fill(Object.create(Script.prototype), text, options, compileAs);

/** Cached data of a script that was checked as what is to be used as `use`. */
function cachedDataOf(script, use) {
  const { bytecode, source } = compiled.get(script) ?? {};
  if (bytecode === undefined) throw new TypeError('createCachedData is a method of scripts');
  return createCachedData(bytecode, { ...source, use });
}

/** The script in cached data that was made of `source`; undefined if it was not. */
function scriptFrom(cachedData, source) {
  const bytecode = openCachedData(cachedData, source);
  if (bytecode === undefined) return undefined;
  return scriptOf(source.text, source.origin, () => bytecode);
}

/** Compiles in a heap of its own. */
function compileAlone(text, origin) {
  const compiler = new native.NativeSandbox(mailbox.channel, COMPILER);
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
    return compile(bridge, text, origin, Infinity);
  } finally {
    compiler.dispose();
  }
}

/** Writes source text with its origin, as `op.RUN` and `op.COMPILE` take it. */
function writeSource(code, { filename, lineOffset, columnOffset }) {
  mailbox.string(filename);
  mailbox.u32(lineOffset);
  mailbox.u32(columnOffset);
  mailbox.string(code);
}

function assertText(code) {
  if (typeof code !== 'string') throw new TypeError(`code must be a string; got ${typeof code}`);
}

/** Compiles in the bridge's sandbox, within its limits. */
function compile(bridge, code, origin, timeout) {
  const { filename } = origin;
  bridge.request(op.COMPILE, { timeout, filename }, () => writeSource(code, origin));
  return bridge.native.takeCompiled();
}

/** How long source text (or a script's) is, in bytes of UTF-8; 0 for what is neither. */
function sizeOf(code) {
  if (typeof code === 'string') return Buffer.byteLength(code);
  const script = compiled.get(code);
  if (script === undefined) return 0;
  script.size ??= Buffer.byteLength(script.source.text);
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
  const { text } = script.source;
  script.words ??= text.includes('\\u') ? { has: () => true } : new Set(text.match(WORD));
  return { isTraceless: looksTraceless(text), mentions: (name) => script.words.has(name) };
}

module.exports = {
  Script,
  scriptOf,
  scriptFrom,
  cachedDataOf,
  compile,
  writeSource,
  lookAt,
  sizeOf,
  bytecodeOf: (script) => compiled.get(script)?.bytecode,
};
