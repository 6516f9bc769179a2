'use strict';

const files = ['arguments', 'scripts', 'contexts', 'globals', 'stacks', 'functions', 'timing'];

/** Title → `{ run, differs }`. */
const cases = {};
for (const file of files) {
  for (const [title, entry] of Object.entries(require(`./${file}.js`))) {
    cases[`${file}: ${title}`] = typeof entry === 'function' ? { run: entry } : entry;
  }
}

module.exports = { cases };
