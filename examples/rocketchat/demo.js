'use strict';

/**
 * Runs a Rocket.Chat app and three rogue ones, each in its own sandbox.
 *
 *   node examples/rocketchat/demo.js
 */

const fs = require('node:fs');
const path = require('node:path');
const { inspect } = require('node:util');

const { SandboxError } = require('../..');

const { AppHost } = require('./app-host');
const { packageApps } = require('./package');
const { check, heading, say, showUsage, summarize } = require('./report');
const { Workspace } = require('./workspace');

const alice = { id: 'u1', username: 'alice', name: 'Alice' };
const bob = { id: 'u2', username: 'bob', name: 'Bob' };
const room = { id: 'general', slugifiedName: 'general', type: 'c', creator: alice };

const messages = [];
const workspace = new Workspace({
  users: [alice, bob],
  rooms: [room],
  onMessage(message) {
    messages.push(message);
    const { sender, audience, text } = message;
    say(audience === 'everyone' ? sender : `${sender} → ${audience}`, text);
  },
});

async function main() {
  const zips = packageAll();
  const poll = await load(zips.poll);
  try {
    await usePoll(poll);
    await stopEndless(zips.endless);
    await stopHungry(zips.hungry);
    await reportBroken(zips.broken);
    await usePollAgain(poll);
  } finally {
    poll.dispose();
  }
}

function packageAll() {
  heading('Packaging the apps');
  const zips = packageApps();
  for (const zip of Object.values(zips)) {
    say(path.basename(zip), `${(fs.statSync(zip).size / 1024).toFixed(1)} KB`);
  }
  return zips;
}

async function load(zip) {
  const begin = performance.now();
  const host = await AppHost.start(zip, workspace);
  const elapsed = performance.now() - begin;

  const { info, configuration, languages } = host;
  heading(`${info.name}: ${info.description}`);
  say('loaded in', `${elapsed.toFixed(0)} ms, status ${host.status}`);
  for (const { command, i18nParamsExample, i18nDescription } of configuration.commands) {
    const usage = `/${command} ${languages.en[i18nParamsExample] ?? ''}`;
    say('slash command', `${usage.trim()}\n${languages.en[i18nDescription]}`);
  }
  for (const { id, packageValue } of configuration.settings) {
    say('setting', `${id} = ${packageValue}`);
  }
  for (const endpoint of configuration.endpoints) {
    say('endpoint', endpoint);
  }
  for (const processor of configuration.processors) {
    say('job processor', processor);
  }
  console.log();
  check(`${info.name} is enabled`, host.status === 'auto_enabled');
  return host;
}

/** Types a slash command as a user and returns the text of the app's last answer. */
async function type(host, sender, text) {
  say(sender.username, text);
  const before = messages.length;
  await host.runCommand(text, { sender, room });
  return messages.slice(before).at(-1)?.text;
}

async function getResults(host) {
  say('GET', `results?room=${room.id}`);
  const { status, content } = await host.callEndpoint('get', 'results', { room: room.id });
  say(String(status), inspect(content, { compact: 3, breakLength: 100 }));
  return content;
}

async function usePoll(poll) {
  const { configuration } = poll;
  check('the poll app has a command', configuration.commands[0]?.command === 'poll');
  check('the poll app has a setting', configuration.settings[0]?.id === 'poll-minutes');
  check('the poll app has an endpoint', configuration.endpoints[0] === 'results');
  check('the poll app has a processor', configuration.processors[0] === 'close-poll');

  const created = await type(poll, alice, '/poll create "Where is lunch?" Pizza "Noodle bar" Soup');
  check(
    'the poll opens with its setting',
    created.includes('(open)') && created.includes('30 minutes'),
  );
  const voted = await type(poll, alice, '/poll vote 2');
  check('a vote is answered', voted === 'You voted for Noodle bar.');
  await type(poll, bob, '/poll vote 2');
  const refused = await type(poll, bob, '/poll vote 9');
  check('a wrong vote is refused', refused === 'Choose a number from 1 to 3.');
  const shown = await type(poll, bob, '/poll show');
  check('the votes are counted', shown.includes('2. Noodle bar: 2'));

  const { open, results } = await getResults(poll);
  check('the endpoint gives the results', open && results[1].votes === 2);

  const [job] = poll.jobs;
  say('scheduler', `30 minutes later: ${job.id} ${job.data}`);
  check('nothing is due before its time', (await poll.runJobs(new Date())) === 0);
  check('the job runs at its time', (await poll.runJobs(job.when)) === 1);
  check('the job closes the poll', messages.at(-1).text.includes('(closed)'));
  check(
    'the app logs to the host',
    poll.log.some(({ text }) => text.includes('New poll')),
  );

  console.log();
  showUsage(poll.usage());
}

async function stopEndless(zip) {
  const endless = await load(zip);
  try {
    for (const text of ['/spin', '/spin later']) {
      const begin = performance.now();
      const error = await failure(endless, text);
      const elapsed = performance.now() - begin;

      showError(error);
      say('stopped after', `${elapsed.toFixed(0)} ms, ${endless.limits.timeout} allowed`);
      check(`${text} is stopped by its deadline`, isSandboxError(error, 'ERR_SANDBOX_TIMEOUT'));
      // An awaited answer begins a turn of its own, with a deadline of its own.
      check(`${text} is stopped in time`, elapsed < 3 * endless.limits.timeout);
    }
    finish(endless);
  } finally {
    endless.dispose();
  }
}

async function stopHungry(zip) {
  const hungry = await load(zip);
  try {
    const error = await failure(hungry, '/eat');
    showError(error);
    check('/eat is stopped by its limit', isSandboxError(error, 'ERR_SANDBOX_MEMORY_LIMIT'));
    finish(hungry);
  } finally {
    hungry.dispose();
  }
}

async function reportBroken(zip) {
  const broken = await load(zip);
  try {
    const error = await failure(broken, '/import Ann, ann@example.com; Ben');
    showError(error);
    check('the error keeps its class', error instanceof SyntaxError);
    check('the error keeps its message', error.message === 'Line 2: expected 2 fields, found 1');
    check(
      'the stack names the three files, innermost first',
      inOrder(error.stack, [
        'broken-app/lib/parser.js:',
        'broken-app/services/ImportService.js:',
        'broken-app/commands/ImportCommand.js:',
      ]),
    );
    finish(broken);
  } finally {
    broken.dispose();
  }
}

async function usePollAgain(poll) {
  heading('Poll: still there');
  const shown = await type(poll, bob, '/poll show');
  check('the poll app answers after the rogue apps', shown.includes('(closed)'));
  const created = await type(poll, bob, '/poll create "Same again tomorrow?" Yes No');
  check('the poll app still works', created.includes('(open)'));
  showUsage(poll.usage());
}

/** Types a command that is bound to fail and returns the error. */
async function failure(host, text) {
  try {
    await type(host, alice, text);
  } catch (error) {
    return error;
  }
  return new Error(`${text} did not fail`);
}

function isSandboxError(error, code) {
  return error instanceof SandboxError && error.code === code;
}

function inOrder(text, parts) {
  const places = parts.map((part) => text.indexOf(part));
  return places.every((place, i) => place > (places[i - 1] ?? -1));
}

function showError(error) {
  say('✗', `${error.code ?? error.name}: ${error.message}`);
  // What lies below the app's own frames (the runtime) says nothing to the app's developer.
  const frames = String(error.stack)
    .split('\n')
    .filter((line) => /^\s+at .*-app\//.test(line));
  for (const frame of frames.slice(0, 5)) {
    say('', frame.trim());
  }
}

/** After all it did, a stopped app's sandbox still answers. */
function finish(host) {
  check(`${host.info.name} still answers`, host.status === 'auto_enabled');
  console.log();
  showUsage(host.usage());
}

main()
  .then(
    () => summarize(),
    (error) => {
      console.error(error);
      return 1;
    },
  )
  .then((code) => {
    process.exitCode = code;
  });
