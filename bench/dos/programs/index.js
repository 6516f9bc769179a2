'use strict';

/**
 * The programs, each the body of a function, and what is to become of them:
 * `endless` ones are stopped for time; `growing` ones for time or memory, whichever they use up
 * first; `ending` ones end by themselves, with an error most of them, unless they are stopped before.
 */

const VERDICTS = {
  endless: ['ERR_SANDBOX_TIMEOUT'],
  growing: ['ERR_SANDBOX_TIMEOUT', 'ERR_SANDBOX_MEMORY_LIMIT'],
  ending: ['value', 'error', 'ERR_SANDBOX_TIMEOUT', 'ERR_SANDBOX_MEMORY_LIMIT'],
};

const GROUPS = [
  require('./code.js'),
  require('./arrays.js'),
  require('./typed-arrays.js'),
  require('./strings.js'),
  require('./numbers.js'),
  require('./json-and-regexp.js'),
  require('./collections.js'),
  require('./objects.js'),
  require('./storms.js'),
];

/** @typedef {{ group: string, name: string, kind: string, code: string, verdicts: string[] }} Program */

/** @type {Program[]} */
const programs = GROUPS.flatMap(({ group, ...kinds }) =>
  Object.entries(kinds).flatMap(([kind, list]) =>
    Object.entries(list).map(([name, code]) => ({
      group,
      name,
      kind,
      code,
      verdicts: VERDICTS[kind],
    })),
  ),
);

module.exports = { programs };
