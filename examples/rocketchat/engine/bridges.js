'use strict';

const bases = require('@rocket.chat/apps-engine/server/bridges');
const { InternalBridge } = require('@rocket.chat/apps-engine/server/bridges/InternalBridge');
const { OAuthAppsBridge } = require('@rocket.chat/apps-engine/server/bridges/OAuthAppsBridge');

/** The engine's doors to the workspace, as a server implements them: one class for each. */
function createBridges(workspace) {
  const doors = createDoors(workspace);
  const processors = new Map();
  const jobs = new Map();

  const own = {
    CommandBridge: {
      doesCommandExist: () => false,
      registerCommand() {},
      unregisterCommand() {},
    },
    ApiBridge: { registerApi() {}, unregisterApis() {} },
    SchedulerBridge: {
      async registerProcessors(list) {
        for (const processor of list) processors.set(processor.id, processor);
      },
      async scheduleOnce({ id, when, data }) {
        const jobId = `job-${jobs.size + 1}`;
        jobs.set(jobId, { id, when: new Date(when), data: JSON.stringify(data ?? {}) });
        return jobId;
      },
      cancelJob: async (jobId) => void jobs.delete(jobId),
      cancelAllJobs: async () => undefined,
    },
    PersistenceBridge: {
      purge: async () => undefined,
      readByAssociations: (keys, app) => doors(app).persistence.readByAssociations(keys),
      createWithAssociations: (data, keys, app) => doors(app).persistence.create(data, keys),
      updateByAssociations: (keys, data, upsert, app) =>
        doors(app).persistence.updateByAssociations(keys, data, upsert),
    },
    MessageBridge: {
      create: (message, app) => doors(app).messages.send(message),
      notifyUser: (user, message, app) => doors(app).messages.notifyUser(user, message),
      notifyRoom: (room, message, app) => doors(app).messages.notifyRoom(room, message),
    },
    RoomBridge: { getById: (id, app) => doors(app).rooms.getById(id) },
    UserBridge: {
      getById: (id, app) => doors(app).users.getById(id),
      getAppUser: async (app) => ({ id: app, username: 'app.bot' }),
      remove: async () => true,
    },
    AppActivationBridge: {
      async appAdded() {},
      async appRemoved() {},
      async appStatusChanged() {},
      async actionsChanged() {},
    },
  };

  class Bridges extends bases.AppBridges {}
  const names = [...Object.keys(bases), 'InternalBridge', 'OAuthAppsBridge'];
  const known = { ...bases, InternalBridge, OAuthAppsBridge };
  for (const name of names.filter((each) => each !== 'AppBridges')) {
    const Bridge = class extends known[name] {};
    const bridge = Object.assign(new Bridge(), own[name]);
    Bridges.prototype[`get${name}`] = () => bridge;
  }
  return { bridges: new Bridges(), processors, jobs };
}

/** The workspace's functions for one app, by its id. */
function createDoors(workspace) {
  const doors = new Map();
  return (appId) => {
    if (!doors.has(appId)) {
      const info = { nameSlug: 'app' };
      doors.set(appId, workspace.createBridges({ info, settings: new Map(), jobs: new Map() }));
    }
    return doors.get(appId);
  };
}

module.exports = { createBridges };
