'use strict';

const { entries, attempt, isExpected } = require('../entries.js');

module.exports = {
  start: async () => entries,
  attempt: async (program, entry, limits) => {
    const { box, verdict, took } = await attempt(program, entry, limits);
    const heap = box.usage().memoryPeakBytes;
    const expected = isExpected(program, entry, verdict);
    const { state } = box;
    return { verdict, expected, took, heap, state, dispose: () => box.dispose() };
  },
};
