'use strict';

const { SlashCommandContext } = require('@rocket.chat/apps-engine/definition/slashcommands');

// An app's settings: read, changed by the owner, refused by the app.

module.exports = async ({ step, manager, world, ids, alice, general }) => {
  const settings = manager.getSettingsManager();
  const setting = (id, value) => ({ ...settings.getAppSetting(ids.helpdesk, id), value });

  await step('all settings', () => settings.getAppSettings(ids.helpdesk));
  await step('one setting', () => settings.getAppSetting(ids.helpdesk, 'level'));
  await step('an unknown setting', () => settings.getAppSetting(ids.helpdesk, 'nothing'));
  await step('settings are frozen', () => {
    const { values } = settings.getAppSetting(ids.helpdesk, 'level');
    values.push('more');
  });
  await step('change', () =>
    settings.updateAppSetting(ids.helpdesk, setting('prefix', '  ask:  ')),
  );
  await step('refused', () => settings.updateAppSetting(ids.helpdesk, setting('minutes', -1)));
  await step('change a number', () =>
    settings.updateAppSetting(ids.helpdesk, setting('minutes', 5)),
  );
  await step('change the unknown', () =>
    settings.updateAppSetting(ids.helpdesk, { id: 'nothing', value: 1 }),
  );
  await step('after', () => settings.getAppSettings(ids.helpdesk));
  await step('the server command', () => world.commands.get('builtin').command);
  await step('which is the app’s now', () =>
    manager
      .getCommandManager()
      .executeCommand('builtin', new SlashCommandContext(alice, general, ['list'])),
  );
};
