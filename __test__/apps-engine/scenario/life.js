'use strict';

const { AppInterface } = require('@rocket.chat/apps-engine/definition/metadata');
const { SlashCommandContext } = require('@rocket.chat/apps-engine/definition/slashcommands');

// Disabling, updating, restarting the server, removing.

module.exports = async ({ step, packages, manager, world, ids, alice, bob, general }) => {
  const listen = (event, data) =>
    manager.getListenerManager().executeListener(AppInterface[event], data);
  const command = (text) =>
    manager
      .getCommandManager()
      .executeCommand('ticket', new SlashCommandContext(alice, general, text.split(' ')));
  const status = (id) => manager.getOneById(id)?.getStatus();

  await step('disable an essential app', () => manager.disable(ids.warden));
  await step('what needs it', () =>
    listen('IPreRoomUserJoined', { room: general, joiningUser: alice }),
  );
  await step('enable it', () => manager.changeStatus(ids.warden, 'manually_enabled'));
  await step('what needed it', () =>
    listen('IPreRoomUserJoined', { room: general, joiningUser: alice }),
  );
  await step('enable twice', () => manager.changeStatus(ids.warden, 'manually_enabled'));

  await step('disable', () => manager.changeStatus(ids.helpdesk, 'manually_disabled'));
  await step('a command of it', () => command('list'));
  await step('an endpoint of it', () =>
    manager.getApiManager().executeApi(ids.helpdesk, 'tickets', { method: 'get' }),
  );
  await step('enable', () => manager.enable(ids.helpdesk));

  await step('update', async () => {
    const updated = await manager.update(packages['helpdesk second']);
    return [updated.getApp().getVersion(), updated.getApp().getStatus()];
  });
  await step('a command after it', () => command('list'));
  await step('update to what does not compile', () => manager.update(packages['helpdesk broken']));
  await step('which leaves', () => [
    status(ids.helpdesk),
    manager.getOneById(ids.helpdesk).getVersion(),
  ]);
  await step('update to a bundle', async () => {
    const updated = await manager.update(packages['helpdesk bundled']);
    return [updated.getApp().getVersion(), updated.getApp().getStatus()];
  });
  await step('a command of the bundle', () => command('list'));
  await step('its failure', () =>
    manager
      .getCommandManager()
      .executeCommand('fail', new SlashCommandContext(bob, general, ['deep'])),
  );
  await step('update what is not there', () => manager.update(packages['not-an-app']));

  await step('update to what does not compile, again', () =>
    manager.update(packages['helpdesk broken']),
  );
  await step('unload', () => manager.unload(false));
  await step('nothing is left', () => [manager.get().length, [...world.commands.keys()]]);
  await step('load', async () => {
    const loaded = await manager.load();
    return loaded.map((each) => [each.getAppInfo().nameSlug, each.getApp().getStatus()]);
  });
  await step('an app that did not load', () => manager.enable(ids.helpdesk));
  await step('is repaired', async () => {
    const updated = await manager.update(packages['helpdesk second']);
    return [updated.getApp().getVersion(), updated.getApp().getStatus()];
  });
  await step('a command after loading', () => command('list'));
  await step('load one', async () => (await manager.loadOne(ids.toolbox)).getStatus());

  await step('remove', async () => {
    const removed = await manager.remove(ids.helpdesk, { user: alice });
    return removed.getStatus();
  });
  await step('remove the rest', async () => {
    for (const app of manager.get()) await manager.remove(app.getID(), { user: bob });
  });
  await step('the world after', () => ({
    commands: [...world.commands.keys()],
    apis: [...world.apis.keys()],
    jobs: [...world.jobs.values()],
    users: [...world.users.keys()],
    documents: [...world.documents.keys()],
    providers: [...world.providers.keys()],
  }));
};
