'use strict';

module.exports = {
  testMatch: ['**/__test__/**/*.spec.js'],
  transform: {},
  // Neither build output nor the platform packages are sources.
  modulePathIgnorePatterns: ['<rootDir>/target/', '<rootDir>/npm/'],
  reporters: ['default', './scripts/jest-totals.js'],
  // Deadlines are tested on busy machines too.
  testTimeout: 30_000,
};
