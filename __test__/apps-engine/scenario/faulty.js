'use strict';

// Apps that cannot be installed, started or enabled.

module.exports = async ({ step, packages, manager, alice }) => {
  const names = Object.keys(packages).filter((name) => !/^(?:helpdesk|toolbox|warden)/.test(name));
  for (const name of names.sort()) {
    await step(`install ${name}`, async () => {
      const added = await manager.add(packages[name], { user: alice });
      return {
        status: added.getApp().getStatus(),
        class: added.getApp().getApp().constructor.name,
      };
    });
  }
  await step('no zip', () => manager.add(Buffer.from('not a zip'), { user: alice }));
  await step('statuses', () =>
    manager.get().map((app) => [app.getNameSlug(), app.getStatus(), app.getPreviousStatus()]),
  );
  await step('enable the refusing one', () => {
    const refusing = manager.get({ name: 'Faulty: refusing' })[0];
    return manager.enable(refusing.getID());
  });
};
