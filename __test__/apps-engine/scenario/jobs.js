'use strict';

// The scheduler: what apps have scheduled, and the server running it.

module.exports = async ({ step, world }) => {
  await step('scheduled', () => [...world.jobs.values()]);
  const run = (name, id, data) =>
    step(name, () => {
      const found = [...world.processors].find(([key]) => key.startsWith(id));
      return found[1].processor(data);
    });
  await run('run', 'escalate', { jobId: 'j-1', number: 1, watchers: ['u-alice', 'u-bob'] });
  await run('run, which throws', 'escalate', { number: 77 });
  await run('run without data', 'digest', {});
  await run('cancel', 'digest', { cancel: 'digest' });
  await step('still scheduled', () => [...world.jobs.values()]);
};
