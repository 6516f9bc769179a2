'use strict';

/**
 * Marks a case in which another engine cannot do as V8 does; docs/vm.md says so.
 * @param ours what comes of it here
 */
const differs = (ours, run) => ({ run, differs: ours });

module.exports = { differs };
