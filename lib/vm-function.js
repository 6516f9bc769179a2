'use strict';

// `compileFunction`: a function whose body is the source text, made as an expression of a script.

const { cachedDataOf, scriptFrom } = require('./script.js');
const { Source } = require('./vm-stack.js');

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
  if (cached === undefined) realm.compile(methodText(body), place, new Source(code, origin), below);
  const script =
    cached ?? (produceCachedData ? realm.compile(text, place, source, below) : undefined);
  const outermost = realm.run(script ?? text, source, { displayErrors: true }, below);
  const made = contextExtensions.reduce((around, extension) => around(extension), outermost);
  if (cachedData !== undefined) made.cachedDataRejected = cached === undefined;
  if (produceCachedData) {
    made.cachedData = cachedDataOf(script, 'function');
    made.cachedDataProduced = true;
  }
  return made;
}

module.exports = { functionIn };
