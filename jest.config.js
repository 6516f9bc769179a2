'use strict';

// Tests leave no secret in the home directory of whoever runs them.
process.env.QUICKVM_CACHE_SECRET ??= 'of no value outside of the tests';

module.exports = {
  testMatch: ['**/__test__/**/*.spec.js'],
  transform: {},
  // Neither build output nor the platform packages are sources.
  modulePathIgnorePatterns: ['<rootDir>/target/', '<rootDir>/npm/'],
  reporters: ['default', './scripts/jest-totals.js'],
  // Deadlines are tested on busy machines too.
  testTimeout: 30_000,
};
