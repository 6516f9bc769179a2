'use strict';

// Stacks as Node's `vm` shows them: the engine's frames in V8's form, the host's below them, and
// in front of all the line of source with a caret under the place.

const { isNativeError } = require('node:util/types');
const { isStandIn } = require('./handles.js');

const FRAME = /^ {4}at (?:(.*?) \()?(.*?):(-?\d+):(\d+)\)?$/;

/** Errors that have been through here: what a guest throws twice must not grow. */
const shown = new WeakSet();

/** `at <eval> (file:1:1)` → `at file:1:1`: V8 leaves out what a script's own code is called. */
function inV8Form(line) {
  return line
    .replace(/^( {4}at )<(?:eval|anonymous)> \((.*:-?\d+:\d+)\)$/, '$1$2')
    .replace(/^( {4}at .*) \(native\)$/, '$1 (<anonymous>)');
}

/** The text of a script, by line and column as they are in stacks. */
class Source {
  #lines;
  constructor(code, { filename, lineOffset, columnOffset }) {
    this.code = code;
    this.filename = filename;
    this.lineOffset = lineOffset;
    this.columnOffset = columnOffset;
  }

  /** The line that a frame is in, and the index of its column there; nothing if in no such line. */
  at(file, line, column) {
    if (file !== this.filename) return undefined;
    this.#lines ??= this.code.split(/\r?\n/);
    const number = line - 1 - this.lineOffset;
    const text = this.#lines[number];
    const index = column - 1 - (number === 0 ? this.columnOffset : 0);
    return index >= 0 && index <= text?.length ? { text, index } : undefined;
  }
}

/** V8 places a construction at its `new`, the engine at the class. */
function atNew(line, source) {
  const [, name, file, row, column] = FRAME.exec(line) ?? [];
  const place = source.at(file, Number(row), Number(column));
  const before = place && /new\s+$/.exec(place.text.slice(0, place.index));
  if (!before) return line;
  const where = `${file}:${row}:${column - before[0].length}`;
  return name === undefined ? `    at ${where}` : `    at ${name} (${where})`;
}

/** `file:line`, the source line and a caret, as Node puts them in front of a stack. */
function arrow(line, source, compiling) {
  const [, , file, row, column] = FRAME.exec(line) ?? [];
  const place = source.at(file, Number(row), Number(column));
  if (place === undefined) return '';
  // What is thrown is shown from `throw` on.
  const before = place.text.slice(0, place.index).replace(/throw\s+$/, '');
  const token = compiling ? /^[\w$]+/.exec(place.text.slice(place.index)) : null;
  const carets = '^'.repeat(token ? token[0].length : 1);
  return `${file}:${row}\n${place.text}\n${before.replace(/[^\t]/g, ' ')}${carets}\n\n`;
}

/** The host's frames from the caller of `below` on. */
function hostFrames(below) {
  const holder = {};
  Error.captureStackTrace(holder, below);
  return holder.stack.split('\n').filter((line) => line.startsWith('    at '));
}

/**
 * Gives an error that has come out of a guest the stack that it would have in Node.
 * @param {unknown} error what was thrown; nothing is touched but errors of the guest's
 * @param {Source} source what was run
 * @param {boolean} display whether the place is to be shown; where source text does not parse, it
 *   always is
 * @param {Function} below the function of ours that the host called
 */
function show(error, source, display, below) {
  if (!isNativeError(error) || !isStandIn(error) || shown.has(error)) return;
  shown.add(error);
  if (typeof error.stack !== 'string') return;
  const lines = error.stack.split('\n');
  const first = lines.findIndex((line) => line.startsWith('    at '));
  if (first < 0) return;
  const guest = lines.slice(first);
  // The engine gives nothing but the place of what it cannot parse; all that runs has a name.
  const compiling = error instanceof SyntaxError && FRAME.exec(guest[0])?.[1] === undefined;
  const frames = guest.map((line) => atNew(inV8Form(line), source));
  const top = frames.find((line) => !line.endsWith('(<anonymous>)')) ?? '';
  const decoration = display || compiling ? arrow(top, source, compiling) : '';
  const above = lines.slice(0, first);
  error.stack = decoration + [...above, ...frames, ...hostFrames(below)].join('\n');
}

module.exports = { Source, show };
