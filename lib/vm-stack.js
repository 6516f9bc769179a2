'use strict';

// Stacks as Node's `vm` shows them: the engine's frames in V8's form, the host's below them, and
// in front of all the line of source with a caret under the place.

const { sep } = require('node:path');
const { isNativeError } = require('node:util/types');
const { isStandIn } = require('./handles.js');

/** Errors that have been through here: what a guest throws twice must not grow. */
const shown = new WeakSet();

/** Source texts that ran last, by file name, for the places of what is thrown later. */
const recent = new Map();
const MOST_RECENT = 32;
const LONGEST_RECENT = 100_000;

/** How many frames V8 shows of an error of a new context. */
const FRAMES = 10;

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

  /** The index in the text that an error's first frame in it names. */
  indexOf(error) {
    for (const frame of error.stack.split('\n')) {
      const place = this.place(frame);
      if (place === undefined) continue;
      return this.#start(Number(place.row) - 1 - this.lineOffset) + place.index;
    }
    return undefined;
  }

  /** The frame that names an index in the text. */
  frameAt(index) {
    const number = this.code.slice(0, index).split(/\r?\n/).length - 1;
    const column = index - this.#start(number) + 1 + (number === 0 ? this.columnOffset : 0);
    return `${this.#unnamed}:${number + 1 + this.lineOffset}:${column}`;
  }

  /** Where a line begins. */
  #start(number) {
    let start = 0;
    for (let line = 0; line < number; line++) start = this.code.indexOf('\n', start) + 1;
    return start;
  }

  get #unnamed() {
    return `    at ${this.filename}`;
  }

  /** Whether a frame is all that the engine gives of what it cannot parse; what runs has a name. */
  isUnparsed(frame) {
    return this.place(frame)?.bracket === '';
  }
}

/** What may be called later has a place in `source`. */
function remember(source) {
  recent.delete(source.filename);
  if (source.code.length > LONGEST_RECENT) return;
  recent.set(source.filename, source);
  if (recent.size > MOST_RECENT) recent.delete(recent.keys().next().value);
}

/** The text that a frame's file name stands for. */
function recentSource(frame) {
  const [, filename] = /^ {4}at (?:.*? \()?(.*):-?\d+:\d+\)?$/.exec(frame) ?? [];
  return recent.get(filename);
}

/** What an expression follows that V8 does not give a place of its own. */
const NEW = /new\s+$/;
const STATEMENT = /\b(?:return|throw|if|switch)\b[\s(!]*(?:new\s+)?$/;

/**
 * V8 places a construction at its `new`, the engine at the class; and what is the first that a
 * statement evaluates, at the statement.
 * @param {boolean} isFirst whether an unknown name may have been that first
 */
function placed(frame, source, isFirst) {
  const place = source?.place(frame);
  if (place === undefined) return frame;
  const text = place.line.slice(0, place.index);
  const before = (isFirst && STATEMENT.exec(text)) || NEW.exec(text);
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

/** The host's frames below `below`, or below this library's own. */
function hostFrames(below, limit) {
  const holder = {};
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = below === undefined ? limit + FRAMES : limit;
  Error.captureStackTrace(holder, below);
  Error.stackTraceLimit = stackTraceLimit;
  const frames = holder.stack.split('\n').filter((line) => line.startsWith('    at '));
  if (below !== undefined) return frames;
  const first = frames.findIndex((line) => !line.includes(`${__dirname}${sep}`));
  return first < 0 ? [] : frames.slice(first, first + limit);
}

/** The head of an error's stack and its frames, if it is one that has not been shown yet. */
function unshown(error) {
  if (!isNativeError(error) || !isStandIn(error) || shown.has(error)) return undefined;
  shown.add(error);
  if (typeof error.stack !== 'string') return undefined;
  const lines = error.stack.split('\n');
  const first = lines.findIndex((line) => line.startsWith('    at '));
  return first < 0 ? undefined : { head: lines.slice(0, first), frames: lines.slice(first) };
}

/** A stack of the guest's frames and, as far as the limit goes, the host's. */
function stackOf(head, frames, below, isOwn) {
  const limit = isOwn ? Error.stackTraceLimit : Math.max(FRAMES, frames.length);
  const shownFrames = frames.slice(0, limit);
  const rest = limit - shownFrames.length;
  const host = rest > 0 ? hostFrames(below, rest) : [];
  return [...head, ...shownFrames, ...host].join('\n');
}

/**
 * Gives an error that has come out of a run the stack that it would have in Node.
 * @param {unknown} error what was thrown; nothing is touched but errors of the guest's
 * @param {Source} source what was run
 * @param {boolean} display whether the place is to be shown; where source text does not parse, it
 *   always is
 * @param {Function} below the function of ours that the host called
 * @param {boolean} isOwn whether it ran on the host's own global object, and so with its limit
 */
function show(error, source, display, below, isOwn) {
  const found = unshown(error);
  if (found === undefined) return;
  const compiling = error instanceof SyntaxError && source.isUnparsed(found.frames[0]);
  const frames = found.frames.map((line, index) =>
    placed(inV8Form(line), source, index === 0 && error instanceof ReferenceError),
  );
  const top = frames.find((line) => !line.endsWith('(<anonymous>)')) ?? '';
  const decoration = display || compiling ? arrow(top, source, compiling) : '';
  error.stack = decoration + stackOf(found.head, frames, below, isOwn);
}

/** An error of source text that does not parse there. */
function syntaxError(message, source, index, below) {
  const error = new SyntaxError(message);
  const frame = source.frameAt(index);
  const stack = stackOf([`SyntaxError: ${message}`], [frame], below, true);
  error.stack = arrow(frame, source, true) + stack;
  return error;
}

/** As `show`, for what a function of the guest has thrown that the host has called. */
function showCalled(error, isOwn) {
  const found = unshown(error);
  if (found === undefined) return;
  const frames = found.frames.map((line, index) => {
    const frame = inV8Form(line);
    return placed(frame, recentSource(frame), index === 0 && error instanceof ReferenceError);
  });
  error.stack = stackOf(found.head, frames, undefined, isOwn);
}

module.exports = { Source, remember, show, showCalled, syntaxError };
