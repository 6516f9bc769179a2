'use strict';

// Every program of the suite, through `run` and one more way into the guest: each is stopped in
// time and with the right verdict, and the sandbox is as good as before or says that it is gone.

const { entries, attempt, isExpected } = require('../bench/dos/entries.js');
const { programs } = require('../bench/dos/programs');
const { errorOf } = require('./support.js');

const LIMITS = { timeout: 10, graceMs: 5 };
/** What a busy machine may add, in ms. */
const SLACK = 3000;

/** What of `program` is not as it should be. */
async function complaint(program, entry) {
  const { box, verdict, took } = await attempt(program, entry, LIMITS);
  try {
    if (!isExpected(program, entry, verdict)) return `ended by ${verdict}`;
    if (took > LIMITS.timeout + LIMITS.graceMs + SLACK) return `took ${took} ms`;
    const usable = () => box.run('6 * 7', { timeout: SLACK });
    if (box.state === 'active') return usable() === 42 ? undefined : 'broke the sandbox';
    const { code } = errorOf(usable);
    return code === 'ERR_SANDBOX_TERMINATED' ? undefined : `left ${code}`;
  } finally {
    box.dispose();
  }
}

const [run, ...others] = entries;
const numbered = programs.map((program, i) => ({ program, other: others[i % others.length] }));
const groups = [...new Set(programs.map(({ group }) => group))];

test.each(groups)('%s', async (group) => {
  const complaints = [];
  for (const { program, other } of numbered) {
    if (program.group !== group) continue;
    for (const entry of [run, other]) {
      const found = await complaint(program, entry);
      if (found !== undefined) complaints.push(`${program.name}, through ${entry}: ${found}`);
    }
  }
  expect(complaints).toEqual([]);
});

test('the suite is a large one', () => {
  expect(programs.length).toBeGreaterThan(150);
  expect(new Set(programs.map(({ group, name }) => `${group}: ${name}`)).size).toBe(
    programs.length,
  );
});
