'use strict';

// `compileFunction`: a function whose body is the source text, made as an expression of a script.

const { cachedDataOf, scriptFrom } = require('./script.js');
const { Source, syntaxError } = require('./vm-stack.js');

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

function assertIdentifiers(params) {
  for (const param of params) {
    if (!IDENTIFIER.test(param)) throw new SyntaxError(`Invalid parameter name: ${param}`);
  }
}

/**
 * The body begins in a line of its own, as V8 has it, so that its lines and columns are the
 * caller's. Extensions are objects around it as `with` puts them, handed in from the outermost on,
 * and named by nothing that the body could see. Behind the function there can be no comma.
 */
function functionText(body, params, depth) {
  const around = 'function () { with (arguments[0]) return '.repeat(depth);
  const own = `1 ? function (${params.join(', ')}) {\n${body}\n} : 0`;
  return `(${around}${own}${' }'.repeat(depth)})`;
}

/**
 * What compiles only if the body is one. Text that ends one function and begins another could go
 * unnoticed in any one place; but behind a method there can be nothing else than a comma.
 */
const methodText = (body) => `({ method() {\n${body}\n} })`;

/** What is missing when a body has closed the method, or the object around it, too. */
const CLOSINGS = ['\n})', '\n)'];

/** A body has hardly more braces in comments behind the one that ends it. */
const MOST_BRACES = 16;

/**
 * The brace by which a body that does not parse ends the function itself, if that is what is wrong:
 * the engine complains of what comes next, V8 of the brace.
 * @param {number} index where the engine gave up
 * @param {(text: string) => boolean} parses
 */
function braceTooMany(body, index, parses) {
  const ends = (text, closing) => parses(`({ method() {\n${text}${closing}`);
  const before = body.slice(0, index);
  if (!CLOSINGS.some((closing) => ends(before, closing))) return undefined;
  let brace = before.lastIndexOf('}');
  for (let tries = MOST_BRACES; brace >= 0 && tries > 0; tries--) {
    if (ends(body.slice(0, brace + 1), '})')) return brace;
    brace = brace === 0 ? -1 : before.lastIndexOf('}', brace - 1);
  }
  return undefined;
}

/** The error of a body that does not parse, as it should be. */
function bodyError(error, realm, body, source, below) {
  if (!(error instanceof SyntaxError)) return error;
  const index = source.indexOf(error) ?? body.length;
  const parses = (text) => {
    try {
      return realm.sandbox.compile(text, source.filename) !== undefined;
    } catch (problem) {
      if (problem instanceof SyntaxError) return false;
      throw problem;
    }
  };
  const brace = braceTooMany(body, index, parses);
  return brace === undefined ? error : syntaxError("Unexpected token '}'", source, brace, below);
}

/**
 * @param {Realm} realm where the function is made
 * @param {object} checked what vm-options.js made of the options
 * @param {Function} below the function of ours that the host called
 */
function functionIn(realm, code, params, checked, below) {
  const { origin, contextExtensions, cachedData, produceCachedData } = checked;
  assertIdentifiers(params);
  // The first line has no column offset of its own in there; indenting has the same effect.
  const body = ' '.repeat(origin.columnOffset) + code;
  const text = functionText(body, params, contextExtensions.length);
  const place = { ...origin, columnOffset: 0, lineOffset: origin.lineOffset - 1 };
  const source = new Source(text, place);
  // Data that is good was made of text that has been checked.
  const cached = cachedData && scriptFrom(cachedData, { text, origin: place, use: 'function' });
  let script = cached;
  let outermost;
  try {
    if (script === undefined) {
      realm.compile(methodText(body), place, new Source(code, origin), below);
      if (produceCachedData) script = realm.compile(text, place, source, below);
    }
    outermost = realm.run(script ?? text, source, { displayErrors: true }, below);
  } catch (error) {
    throw bodyError(error, realm, code, new Source(code, origin), below);
  }
  const made = contextExtensions.reduce((around, extension) => around(extension), outermost);
  if (cachedData !== undefined) made.cachedDataRejected = cached === undefined;
  if (produceCachedData) {
    made.cachedData = cachedDataOf(script, 'function');
    made.cachedDataProduced = true;
  }
  return made;
}

module.exports = { functionIn };
