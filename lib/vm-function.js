'use strict';

// `compileFunction`: a function whose body is the source text, made as an expression of a script.

const { cachedDataFields } = require('./vm-cached-data.js');
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
  const { origin, contextExtensions } = checked;
  assertIdentifiers(params);
  // The first line has no column offset of its own in there; indenting has the same effect.
  const body = ' '.repeat(origin.columnOffset) + code;
  const text = functionText(body, params, contextExtensions.length);
  const place = { ...origin, columnOffset: 0, lineOffset: origin.lineOffset - 1 };
  const own = new Source(code, origin);
  realm.compile(methodText(body), place, own, below);
  const outermost = realm.run(text, new Source(text, place), { displayErrors: true }, below);
  return Object.assign(
    contextExtensions.reduce((around, extension) => around(extension), outermost),
    cachedDataFields(code, checked),
  );
}

module.exports = { functionIn };
