'use strict';

// Two transcripts side by side: where they differ, by step and by path.

const { normalise } = require('./wording.js');

/**
 * The steps of a transcript, in one wording: `outcome` is how the step ended, `entries` what went on
 * meanwhile and until nothing more came. What the engine does not await goes on beside the outcome,
 * so these are two threads, each in its own order.
 */
function stepsOf(transcript, variant) {
  const steps = [];
  for (const { kind, ...data } of normalise(transcript, variant)) {
    if (kind === 'step') steps.push({ name: data.name, entries: [] });
    else if (kind === 'outcome') steps.at(-1).outcome = data;
    else steps.at(-1)?.entries.push({ [kind]: data });
  }
  return steps;
}

/** Paths at which two values made of JSON differ, with both values. */
function differences(vm, quickvm, path = '') {
  if (Object.is(vm, quickvm)) return [];
  const walkable = [vm, quickvm].every((value) => value !== null && typeof value === 'object');
  if (!walkable || Array.isArray(vm) !== Array.isArray(quickvm)) return [{ path, vm, quickvm }];
  const keys = [Object.keys(vm), Object.keys(quickvm)];
  const found = [...new Set(keys.flat())].flatMap((key) =>
    differences(vm[key], quickvm[key], path ? `${path}.${key}` : key),
  );
  if (found.length > 0 || keys[0].join() === keys[1].join()) return found;
  return [{ path: `${path} (order of keys)`, vm: keys[0], quickvm: keys[1] }];
}

/** All differences between the transcripts, each with the name of its step. */
function compare({ vm, quickvm }) {
  const [ours, theirs] = [stepsOf(quickvm, 'quickvm'), stepsOf(vm, 'vm')];
  return Array.from({ length: Math.max(ours.length, theirs.length) }, (_, i) =>
    differences(theirs[i] ?? {}, ours[i] ?? {}).map((difference) => ({
      step: theirs[i]?.name ?? `after the end: ${ours[i].name}`,
      ...difference,
    })),
  ).flat();
}

module.exports = { compare };
