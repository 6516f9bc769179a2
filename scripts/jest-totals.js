'use strict';

/** A Jest reporter: the totals on a plain line, which any reader of logs can count on. */
class Totals {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numPendingTests }) {
    process.stderr.write(
      `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped\n`,
    );
  }
}

module.exports = Totals;
