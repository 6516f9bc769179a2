'use strict';

const {
  AppPermissions,
  defaultPermissions,
} = require('@rocket.chat/apps-engine/server/permissions/AppPermissions');

// Installs the apps, as a workspace's owner does, and shows what has come of it.

module.exports = async ({ step, packages, manager, ids, alice }) => {
  await step('load without apps', () => manager.load());
  const helpdeskMay = [...defaultPermissions, AppPermissions.ui.registerButtons];
  await step('install in loose files', async () =>
    outcome(await manager.add(packages.helpdesk, { user: alice, permissionsGranted: helpdeskMay })),
  );
  await step('install a bundle', async () =>
    outcome(await manager.add(packages.toolbox, { user: alice, enable: false })),
  );
  const { user, room, persistence, upload } = AppPermissions;
  const wardenMay = [user.read, room.read, persistence.default, upload.read, upload.write];
  await step('install with few permissions', async () =>
    outcome(await manager.add(packages.warden, { user: alice, permissionsGranted: wardenMay })),
  );
  await step('enable the bundle', () => manager.enable(ids.toolbox));
  await step('install twice', () => manager.add(packages.toolbox, { user: alice }));

  await step('list', () => manager.get().map(overview));
  await step('by name', () => manager.get({ name: /^H/ }).map((app) => app.getID()));
  await step('enabled', () => manager.get({ enabled: true }).map((app) => app.getName()));
  await step('languages', () => manager.getLanguageContent());
  await step('implemented', () => manager.getOneById(ids.warden).getImplementationList());
  await step('endpoints', () => manager.getApiManager().listApis(ids.helpdesk));
  await step('buttons', () => manager.getUIActionButtonManager().getAllActionButtons());
};

const outcome = (fulfillment) => ({
  info: fulfillment.getAppInfo(),
  storageError: fulfillment.getStorageError(),
  userError: fulfillment.getAppUserError(),
  status: fulfillment.getApp()?.getStatus(),
});

/** All that a server reads of an app, by the engine's and by the app's own methods. */
function overview(app) {
  const own = app.getApp();
  return {
    ...Object.fromEntries(
      ['ID', 'Name', 'NameSlug', 'Version', 'Status', 'AuthorInfo', 'AppUserUsername'].map(
        (what) => [what, app[`get${what}`]()],
      ),
    ),
    class: own.constructor.name,
    fields: Object.keys(own),
    methods: ['initialize', 'onEnable', 'executePostMessageSent', 'nothing'].map((name) =>
      app.hasMethod(name),
    ),
    initialize: own.initialize.length,
  };
}
