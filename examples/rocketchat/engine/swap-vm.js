'use strict';

const Module = require('node:module');
const path = require('node:path');

const engineFolder = path.dirname(require.resolve('@rocket.chat/apps-engine/package.json'));

/**
 * Answers `require('vm')` with `replacement` when a file of the Apps-Engine asks for it, and
 * nobody else: the package itself stays as npm has it. To be called before the engine is loaded.
 * Returns the set of those files, which fills as they do.
 */
function swapVm(replacement) {
  const askedBy = new Set();
  const load = Module._load;
  Module._load = function (request, parent, isMain) {
    const file = parent?.filename;
    if (/^(?:node:)?vm$/.test(request) && file?.startsWith(engineFolder + path.sep)) {
      askedBy.add(path.relative(engineFolder, file).split(path.sep).join('/'));
      return replacement;
    }
    return load.call(this, request, parent, isMain);
  };
  return askedBy;
}

module.exports = { swapVm };
