'use strict';

// One Apps-Engine on one kind of vm, in a process of its own; does what it is told by messages.

const { swapVm } = require('../../examples/rocketchat/engine/swap-vm.js');
const { collect } = require('../measure.js');
const { variants } = require('./variants.js');

swapVm(variants[process.argv[2]]());

const { AppInterface } = require('@rocket.chat/apps-engine/definition/metadata');
const { SlashCommandContext } = require('@rocket.chat/apps-engine/definition/slashcommands');
const { createServer } = require('../../__test__/apps-engine/server/server.js');
const { small, large } = require('./packages.js');

const { manager, world } = createServer();
const [alice, general] = [world.users.get('u-alice'), world.rooms.get('r-general')];
const log = manager.getLogStorage();

/** What is repeated, with the answer that it must give. */
const WORK = {
  'an event handler': {
    run: () =>
      manager.getListenerManager().executeListener(AppInterface.IPreMessageSentPrevent, {
        text: 'hello',
        room: general,
        sender: alice,
      }),
    check: (answer) => answer === false,
  },
  'a slash command': {
    run: () =>
      manager
        .getCommandManager()
        .executeCommand('small', new SlashCommandContext(alice, general, ['a', 'b'])),
    check: (answer) => answer === undefined,
  },
  'an API endpoint': {
    run: () =>
      manager.getApiManager().executeApi(small.id, 'small', {
        method: 'post',
        headers: {},
        query: {},
        params: {},
        content: { numbers: [1, 2, 3, 4] },
      }),
    check: (answer) => answer.content.total === 10,
  },
};

const seconds = (start) => Number(process.hrtime.bigint() - start) / 1e9;

/** Resident bytes once all garbage is gone. */
async function resident() {
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage.rss();
}

const actions = {
  async load({ size }) {
    const { buffer } = { small, large }[size];
    const before = await resident();
    const start = process.hrtime.bigint();
    const added = await manager.add(buffer, { user: alice });
    const taken = seconds(start);
    if (added.getApp().getStatus() !== 'auto_enabled') throw new Error(`${size} did not load`);
    return { seconds: taken, bytes: (await resident()) - before };
  },
  async repeat({ name, count }) {
    collect();
    const { run, check } = WORK[name];
    const start = process.hrtime.bigint();
    for (let i = 0; i < count; i++) if (!check(await run())) throw new Error(`wrong: ${name}`);
    const taken = seconds(start) / count;
    await log.removeEntriesFor(small.id);
    return { seconds: taken };
  },
};

process.on('message', async ({ action, ...data }) => {
  try {
    process.send({ result: await actions[action](data) });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
