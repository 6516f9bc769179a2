'use strict';

// Stacks as Node's `vm` shows them: the engine's frames in V8's form, the host's below them, and
// in front of all the line of source with a caret under the place.

const { isNativeError } = require('node:util/types');
const { isStandIn } = require('./handles.js');

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

  /**
   * The place in the text that a frame names, if it does: the start of the frame up to the line's
   * number, row and column, the text's line and the index in it.
   */
  place(frame) {
    const [end, row, column, bracket] = /:(-?\d+):(\d+)(\)?)$/.exec(frame) ?? [''];
    const start = frame.slice(0, frame.length - end.length);
    // A file's name may have anything in it.
    const named = bracket ? start.endsWith(` (${this.filename}`) : start === this.#unnamed;
    if (!named) return undefined;
    this.#lines ??= this.code.split(/\r?\n/);
    const number = Number(row) - 1 - this.lineOffset;
    const line = this.#lines[number];
    const index = Number(column) - 1 - (number === 0 ? this.columnOffset : 0);
    if (!(index >= 0 && index <= line?.length)) return undefined;
    return { start, row, column, bracket, line, index };
  }

  get #unnamed() {
    return `    at ${this.filename}`;
  }

  /** Whether a frame is all that the engine gives of what it cannot parse; what runs has a name. */
  isUnparsed(frame) {
    return this.place(frame)?.bracket === '';
  }
}

/** V8 places a construction at its `new`, the engine at the class. */
function atNew(frame, source) {
  const place = source.place(frame);
  const before = place && /new\s+$/.exec(place.line.slice(0, place.index));
  if (!before) return frame;
  return `${place.start}:${place.row}:${place.column - before[0].length}${place.bracket}`;
}

/** `file:line`, the source line and a caret, as Node puts them in front of a stack. */
function arrow(frame, source, compiling) {
  const place = source.place(frame);
  if (place === undefined) return '';
  const { row, line, index } = place;
  // What is thrown is shown from `throw` on.
  const before = line.slice(0, index).replace(/throw\s+$/, '');
  const token = compiling ? /^[\w$]+/.exec(line.slice(index)) : null;
  const carets = '^'.repeat(token ? token[0].length : 1);
  return `${source.filename}:${row}\n${line}\n${before.replace(/[^\t]/g, ' ')}${carets}\n\n`;
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
  const compiling = error instanceof SyntaxError && source.isUnparsed(guest[0]);
  const frames = guest.map((line) => atNew(inV8Form(line), source));
  const top = frames.find((line) => !line.endsWith('(<anonymous>)')) ?? '';
  const decoration = display || compiling ? arrow(top, source, compiling) : '';
  const above = lines.slice(0, first);
  error.stack = decoration + [...above, ...frames, ...hostFrames(below)].join('\n');
}

module.exports = { Source, show };
