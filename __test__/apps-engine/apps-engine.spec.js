'use strict';

// The Apps-Engine as npm has it, with real apps, on Node's vm and on ours: whatever happens must be
// the same.

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');

const { compare } = require('./compare.js');
const { PROMISED, isPromised } = require('./differences.js');
const { packageAll } = require('./packages.js');

const program = path.join(__dirname, 'run.js');

let folder;

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quickvm-apps-'));
  const packages = path.join(folder, 'packages');
  fs.mkdirSync(packages);
  for (const [name, zip] of Object.entries(packageAll(path.join(folder, 'compiled')))) {
    fs.writeFileSync(path.join(packages, `${name}.zip`), zip);
  }
}, 60_000);

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Plays the scenario in a process of its own and returns its transcript. */
async function play(variant, name = variant) {
  const transcript = path.join(folder, `${name}.jsonl`);
  const options = { timeout: 90_000, env: { ...process.env, NODE_ENV: 'production', TZ: 'UTC' } };
  // On vm it would put a `gc` into every context.
  const flags = variant === 'quickvm' ? ['--expose-gc'] : [];
  const args = [...flags, program, variant, path.join(folder, 'packages'), transcript];
  await promisify(execFile)(process.execPath, args, options);
  const lines = fs.readFileSync(transcript, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line));
}

const steps = (transcript) => transcript.filter(({ kind }) => kind === 'step');
const outcome = (transcript, wanted) =>
  transcript.find(({ kind, name }) => kind === 'outcome' && name === wanted);

let vm;
let quickvm;
let differences;

beforeAll(async () => {
  // One after the other: the engine gives each call of an app one second of real time.
  vm = await play('vm');
  quickvm = await play('quickvm');
  differences = compare({ vm, quickvm });
}, 200_000);

describe('the scenario', () => {
  test('is played to its end', () => {
    expect(steps(vm).length).toBeGreaterThan(380);
    expect(steps(vm).at(-1).name).toBe('the world after');
    expect(outcome(vm, 'remove the rest')).not.toHaveProperty('threw');
  });

  test('is the same each time', async () => {
    expect(compare({ vm, quickvm: await play('vm', 'again') })).toEqual([]);
  }, 100_000);

  test('reaches every bridge', () => {
    const calls = vm.filter(({ kind }) => kind === 'bridge').map(({ call }) => call);
    const reached = new Set(calls.map((call) => call.split('.')[0]));
    expect([...reached].sort()).toEqual(
      [
        ...['Api', 'AppActivation', 'AppDetailChanges', 'Command', 'EnvironmentalVariable', 'Http'],
        ...['Internal', 'Livechat', 'Message', 'Persistence', 'Room', 'Scheduler'],
        ...['ServerSetting', 'UiInteraction', 'Upload', 'User', 'VideoConference'],
      ].sort(),
    );
  });
});

describe('quickvm/vm', () => {
  test('is what the engine gets for vm', () => {
    expect(quickvm.at(-1).files).toEqual([
      'server/ProxiedApp.js',
      'server/compiler/AppCompiler.js',
      'server/misc/Utilities.js',
    ]);
  });

  test('makes no other difference than the promised ones', () => {
    expect(differences.filter((each) => !isPromised(each))).toEqual([]);
  });

  test.each(PROMISED)('still differs: $what', ({ steps: where, path: at }) => {
    expect(differences.some(({ step, path: place }) => where.test(step) && at.test(place))).toBe(
      true,
    );
  });
});
