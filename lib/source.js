'use strict';

// What can be told of source text by its look.

const WORD = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/gu;

/** Names, calls and nothing else. */
const CALLS = /^[\p{ID_Start}\p{ID_Continue}$\s.,()]*;?\s*$/u;
const NOT_CALLS = /(?:^|[^\p{ID_Continue}$.\s])\s*\d|\.\s*(?:constructor|prototype)\b/u;
/** Words that declare, and names of what a realm has of its own. */
const OWN_WORDS = new Set([
  ...['async', 'await', 'class', 'const', 'delete', 'eval', 'export', 'function', 'import', 'let'],
  ...['this', 'using', 'var', 'with', 'yield', ...Object.getOwnPropertyNames(globalThis)],
]);

/**
 * Whether source text, by its look alone, can neither declare anything nor change what its realm
 * has of its own: then another context may have the realm after it.
 */
function isTraceless(code) {
  if (typeof code !== 'string' || !CALLS.test(code) || NOT_CALLS.test(code)) return false;
  return !(code.match(WORD) ?? []).some((word) => OWN_WORDS.has(word));
}

module.exports = { WORD, isTraceless };
