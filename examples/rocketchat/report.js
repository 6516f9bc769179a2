'use strict';

/** Prints the demo's story and keeps count of what it promised. */

const MB = 1024 * 1024;

const failures = [];
let checks = 0;

function heading(text) {
  console.log(`\n${text}\n${'─'.repeat(text.length)}`);
}

/** One line (or several) of a conversation: `who` on the left, the text on the right. */
function say(who, text) {
  const [first, ...rest] = text.split('\n');
  console.log(`  ${who.padEnd(22)} ${first}`);
  for (const line of rest) {
    console.log(`  ${' '.repeat(22)} ${line}`);
  }
}

function showUsage({ memoryBytes, memoryPeakBytes, memoryLimitBytes, cpuMs, wallMs }) {
  const [now, peak, limit] = [memoryBytes, memoryPeakBytes, memoryLimitBytes].map(megabytes);
  say('memory', `${now} now, ${peak} at most, ${limit} allowed`);
  say('time', `${cpuMs.toFixed(1)} ms CPU, ${wallMs.toFixed(1)} ms in all`);
}

function megabytes(bytes) {
  return `${(bytes / MB).toFixed(1)} MB`;
}

/** The demo's promise: it says nothing when kept, and fails the demo when not. */
function check(promise, kept) {
  checks += 1;
  if (!kept) {
    failures.push(promise);
    say('✗ NOT SO', promise);
  }
}

/** Prints the last word and returns the exit code. */
function summarize() {
  heading('Summary');
  if (failures.length === 0) {
    console.log(`  All ${checks} checks passed.`);
    return 0;
  }
  console.log(`  ${failures.length} of ${checks} checks failed:`);
  for (const failure of failures) {
    console.log(`  ✗ ${failure}`);
  }
  return 1;
}

module.exports = { check, heading, say, showUsage, summarize };
