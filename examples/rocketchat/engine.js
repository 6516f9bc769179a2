'use strict';

/**
 * Runs the same zips as demo.js through Rocket.Chat's own Apps-Engine, as npm has it: only its
 * `require('vm')` is answered by `quickvm/vm`.
 *
 *   node examples/rocketchat/engine.js
 */

const fs = require('node:fs');
const { inspect } = require('node:util');

const vm = require('quickvm/vm');
const { swapVm } = require('./engine/swap-vm');

/** What each app may use: contexts that belong together share a heap. */
const LIMITS = { memoryLimitMb: 32, timeout: 500 };
vm.configure(LIMITS);
const askedBy = swapVm(vm);

const { SlashCommandContext } = require('@rocket.chat/apps-engine/definition/slashcommands');

const { createServer } = require('./engine/server');
const { packageApps } = require('./package');
const { check, heading, say, summarize } = require('./report');
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
const { manager, logs, processors, jobs } = createServer(workspace);

async function main() {
  const zips = packageApps();
  await manager.load();
  const poll = await install(zips.poll);
  check('the engine asked for vm', askedBy.has('server/ProxiedApp.js'));
  await usePoll(poll);
  for (const name of ['endless', 'hungry', 'broken']) await install(zips[name]);
  await stopRogues();
  await usePollAgain();
  for (const app of manager.get()) await manager.remove(app.getID(), { user: alice });
  check('all apps are gone', manager.get().length === 0);
}

async function install(zip) {
  const begin = performance.now();
  const added = await manager.add(fs.readFileSync(zip), { user: alice });
  const elapsed = performance.now() - begin;

  const app = added.getApp();
  heading(`${app.getName()}: ${app.getDescription()}`);
  say('installed in', `${elapsed.toFixed(0)} ms, status ${app.getStatus()}`);
  check(`${app.getName()} is enabled`, app.getStatus() === 'auto_enabled');
  return app;
}

/** Types a slash command as a user and returns the text of the app's last answer. */
async function type(sender, text) {
  say(sender.username, text);
  const before = messages.length;
  const [command, ...params] = text.slice(1).split(' ');
  const context = new SlashCommandContext(sender, room, params);
  await manager.getCommandManager().executeCommand(command, context);
  return messages.slice(before).at(-1)?.text;
}

async function usePoll(poll) {
  const created = await type(alice, '/poll create "Where is lunch?" Pizza "Noodle bar" Soup');
  check('the poll opens', created?.includes('(open)') && created.includes('30 minutes'));
  await type(alice, '/poll vote 2');
  await type(bob, '/poll vote 2');
  const shown = await type(bob, '/poll show');
  check('the votes are counted', shown?.includes('2. Noodle bar: 2'));

  say('GET', `results?room=${room.id}`);
  const request = { method: 'get', query: { room: room.id }, headers: {}, params: {}, content: {} };
  const { status, content } = await manager
    .getApiManager()
    .executeApi(poll.getID(), 'results', request);
  say(String(status), inspect(content, { compact: 3, breakLength: 100 }));
  check('the endpoint gives the results', content.results[1].votes === 2);

  const [job] = jobs.values();
  say('scheduler', `30 minutes later: ${job.data}`);
  await processors.get(job.id).processor(JSON.parse(job.data));
  check('the job closes the poll', messages.at(-1).text.includes('(closed)'));
  const logged = logs.entries.some(({ args }) => String(args[0]).includes('New poll'));
  check('what the app logs is kept', logged);
}

async function stopRogues() {
  heading('The rogue apps');
  for (const text of ['/spin', '/spin later', '/eat', '/import Ann, ann@example.com; Ben']) {
    const before = logs.entries.length;
    const begin = performance.now();
    await type(alice, text);
    const elapsed = performance.now() - begin;

    const failed = logs.entries.slice(before).find(({ severity }) => severity === 'error');
    const { code, message } = failed ? JSON.parse(failed.args[0]) : {};
    say('✗', `${code ?? 'Error'}: ${message}`);
    say('after', `${elapsed.toFixed(0)} ms`);
    check(`${text} fails`, failed !== undefined);
    check(`${text} fails in time`, elapsed < 5000);
  }
}

async function usePollAgain() {
  heading('Poll: still there');
  const shown = await type(bob, '/poll show');
  check('the poll app answers after the rogue apps', shown?.includes('(closed)'));
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
