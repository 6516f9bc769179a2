'use strict';

// What can be told of source text by its look.

const WORD = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/gu;

/** Tokens of simple statements; none for what opens a literal, a block or an index. */
const TOKEN = new RegExp(
  [
    String.raw`(?<space>\s+)`,
    `(?<word>${WORD.source})`,
    String.raw`(?<number>\d[\d.]*)`,
    String.raw`(?<string>'[^'\\\r\n]*'|"[^"\\\r\n]*")`,
    String.raw`(?<operator>===?|!==?|<<(?!=)|>>>?(?![>=])|(?<![<>])[<>]=?|&&|\|\||\?\?|\?\.(?!\d)|\*\*|[-+*%!~&|^?:.,();](?![=])|=(?![=>]))`,
  ].join('|'),
  'uy',
);

/** Words that declare or reach what a realm has of its own, and the names of that. */
const OWN_WORDS = new Set([
  ...['async', 'await', 'class', 'const', 'delete', 'eval', 'export', 'for', 'function', 'import'],
  ...['let', 'new', 'this', 'using', 'var', 'with', 'yield', 'InternalError', 'Iterator'],
  ...Object.getOwnPropertyNames(globalThis),
]);
const REACHING = new Set([
  ...['constructor', 'prototype', '__proto__', '__defineGetter__', '__defineSetter__'],
  ...['__lookupGetter__', '__lookupSetter__'],
]);
/** What can stand before a name to which something is assigned. */
const BEFORE_TARGET = new Set([undefined, ';', '(', ',', '=']);

/**
 * Whether source text, by its look alone, can neither declare anything nor change what its realm
 * has of its own: then another context may have the realm after it. What it assigns to names is
 * the contextified object's.
 */
function isTraceless(code) {
  const tokens = [];
  let line = false;
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < code.length; ) {
    const groups = TOKEN.exec(code)?.groups;
    if (groups === undefined) return false;
    const { space, word, operator } = groups;
    if (space !== undefined) {
      line ||= /[\n\r\u2028\u2029]/.test(space);
      continue;
    }
    const [target, before] = [tokens.at(-1), tokens.at(-2)];
    if (word !== undefined) {
      const owned = target === '.' || target === '?.' ? REACHING : OWN_WORDS;
      if (owned.has(word) || REACHING.has(word)) return false;
    } else if (operator === '=') {
      // To a property would be to something that may be the realm's.
      if (!/^[\p{ID_Start}$_]/u.test(target ?? '') || !BEFORE_TARGET.has(before)) return false;
    } else if ((operator === '+' || operator === '-') && target === operator) {
      return false;
    }
    // What begins a line may begin a statement.
    const goesOn = target === '.' || target === '?.';
    if (line && operator === undefined && !goesOn) tokens.push(';');
    line = false;
    tokens.push(word ?? operator ?? '0');
  }
  return true;
}

/** Answers for short texts, the latest of them: programs run the same few again and again. */
const known = new Map();
const MOST_KNOWN = 200;
const LONGEST_KNOWN = 400;

/** See {@link isTraceless}. Longer texts are hardly ever, and not worth the look. */
function looksTraceless(code) {
  if (code.length > LONGEST_KNOWN) return false;
  let answer = known.get(code);
  if (answer === undefined) {
    answer = isTraceless(code);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(code, answer);
  }
  return answer;
}

module.exports = { WORD, looksTraceless };
