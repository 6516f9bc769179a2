'use strict';

// What each bridge answers, from the world's data.

const { createLivechat } = require('./livechat.js');
const { createPersistence } = require('./persistence.js');
const { toDocument } = require('./document.js');

/** The methods of each bridge, by the bridge's name. */
function createServices(world) {
  return {
    ...createRegistries(world),
    ...createPeople(world),
    ...createContent(world),
    ...createSettings(world),
    LivechatBridge: createLivechat(world),
    PersistenceBridge: createPersistence(world),
  };
}

/** Where apps register commands, endpoints, processors and providers. */
function createRegistries({ commands, apis, processors, jobs, providers, conferences, newId }) {
  const schedule = (kind) => async (job, appId) => {
    const id = newId('job');
    jobs.set(id, { kind, appId, ...toDocument(job) });
    return id;
  };
  return {
    CommandBridge: {
      doesCommandExist: (command) => commands.has(command),
      enableCommand: (command) => void Object.assign(commands.get(command), { enabled: true }),
      disableCommand: (command) => void Object.assign(commands.get(command), { enabled: false }),
      modifyCommand: (command) => void commands.set(command.command, command),
      registerCommand: (command) => void commands.set(command.command, command),
      unregisterCommand: (command) => void commands.delete(command),
    },
    ApiBridge: {
      registerApi: (api, appId) => void apis.set(`${appId}/${api.endpoint.path}`, api),
      unregisterApis(appId) {
        for (const path of apis.keys()) if (path.startsWith(`${appId}/`)) apis.delete(path);
      },
    },
    SchedulerBridge: {
      async registerProcessors(list) {
        for (const processor of list) processors.set(processor.id, processor);
        const started = list.filter(({ startupSetting }) => startupSetting);
        return started.map(({ id, startupSetting: { type, data } }) => {
          const job = newId('job');
          jobs.set(job, { kind: type, id, data: toDocument(data) });
          return job;
        });
      },
      scheduleOnce: schedule('once'),
      scheduleRecurring: schedule('recurring'),
      async cancelJob(wanted) {
        for (const [key, { id }] of jobs) if (key === wanted || id === wanted) jobs.delete(key);
      },
      async cancelAllJobs(appId) {
        for (const [key, job] of jobs) if (job.id.endsWith(appId)) jobs.delete(key);
      },
    },
    VideoConferenceBridge: {
      async create(call) {
        const id = newId('conference');
        conferences.set(id, { ...toDocument(call), _id: id });
        return id;
      },
      getById: async (id) => conferences.get(id),
      update: async (call) => void conferences.set(call._id, toDocument(call)),
      registerProvider: async (provider) => void providers.set(provider.name, provider),
      unRegisterProvider: async (provider) => void providers.delete(provider.name),
    },
    AppActivationBridge: {
      appAdded: async () => undefined,
      appUpdated: async () => undefined,
      appRemoved: async () => undefined,
      appStatusChanged: async () => undefined,
      actionsChanged: async () => undefined,
    },
    AppDetailChangesBridge: { onAppSettingsChange: () => undefined },
    ListenerBridge: {
      messageEvent: async () => undefined,
      roomEvent: async () => undefined,
    },
  };
}

function createPeople({ users, rooms, newId }) {
  const members = (room) => room.userIds.map((id) => users.get(id));
  const named = (name) => [...rooms.values()].find((room) => room.slugifiedName === name);
  const appUser = (appId) => [...users.values()].find((user) => user.appId === appId);
  return {
    UserBridge: {
      getById: async (id) => users.get(id),
      getByUsername: async (name) => [...users.values()].find((user) => user.username === name),
      getAppUser: async (appId) => appUser(appId),
      getActiveUserCount: async () => users.size,
      getUserUnreadMessageCount: async () => 7,
      async create(data) {
        const id = newId('user');
        users.set(id, { ...toDocument(data), id });
        return id;
      },
      remove: async ({ id }) => users.delete(id),
      async update({ id }, updates) {
        users.set(id, { ...users.get(id), ...toDocument(updates) });
        return true;
      },
    },
    RoomBridge: {
      async create(room, usernames) {
        const id = newId('room');
        rooms.set(id, { ...toDocument(room), id, userIds: [], usernames: [...usernames] });
        return id;
      },
      getById: async (id) => rooms.get(id),
      getByName: async (name) => named(name),
      getCreatorById: async (id) => rooms.get(id)?.creator,
      getCreatorByName: async (name) => named(name)?.creator,
      getDirectByUsernames: async () => undefined,
      getMembers: async (id) => members(rooms.get(id)),
      update: async (room) => void rooms.set(room.id, toDocument(room)),
      async createDiscussion(room) {
        const id = newId('discussion');
        rooms.set(id, { ...toDocument(room), id, userIds: [] });
        return id;
      },
      delete: async (id) => void rooms.delete(id),
    },
    InternalBridge: {
      getUsernamesOfRoomById: (id) => members(rooms.get(id)).map(({ username }) => username),
      getWorkspacePublicKey: async () => ({ id: 'key', value: 'no key' }),
    },
  };
}

function createContent({ messages, uploads, newId }) {
  return {
    MessageBridge: {
      async create(message) {
        const id = newId('message');
        messages.set(id, { ...toDocument(message), id });
        return id;
      },
      update: async (message) => void messages.set(message.id, toDocument(message)),
      notifyUser: async () => undefined,
      notifyRoom: async () => undefined,
      typing: async () => undefined,
      getById: async (id) => messages.get(id),
    },
    UploadBridge: {
      getById: async (id) => uploads.get(id)?.upload,
      getBuffer: async ({ id }) => uploads.get(id).buffer,
      async createUpload(details, buffer) {
        const upload = { ...toDocument(details), id: newId('upload'), complete: true };
        uploads.set(upload.id, { upload, buffer: Buffer.from(buffer) });
        return upload;
      },
    },
    UiInteractionBridge: { notifyUser: async () => undefined },
    HttpBridge: {
      async call({ method, url, request }) {
        if (url.endsWith('/unreachable')) {
          throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
        }
        const data = { method, url, headers: { ...request.headers }, sent: request.data ?? null };
        const headers = { 'content-type': 'application/json' };
        const content = JSON.stringify(data);
        return { url, method, statusCode: 200, headers, data: JSON.parse(content), content };
      },
    },
  };
}

function createSettings({ settings, environment, oauthApps, newId }) {
  return {
    ServerSettingBridge: {
      getAll: async () => [...settings.values()],
      getOneById: async (id) => settings.get(id),
      hideGroup: async () => undefined,
      hideSetting: async () => undefined,
      isReadableById: async (id) => settings.has(id),
      updateOne: async (setting) => void settings.set(setting.id, toDocument(setting)),
      incrementValue: async () => undefined,
    },
    EnvironmentalVariableBridge: {
      getValueByName: async (name) => environment.get(name),
      isReadable: async (name) => environment.has(name),
      isSet: async (name) => environment.has(name),
    },
    CloudWorkspaceBridge: {
      getWorkspaceToken: async (scope) => ({ token: `token for ${scope}`, expiresAt: new Date(0) }),
    },
    OAuthAppsBridge: {
      async create(app) {
        const id = newId('oauth');
        oauthApps.set(id, { ...toDocument(app), id });
        return id;
      },
      getById: async (id) => oauthApps.get(id) ?? null,
      getByName: async (name) => [...oauthApps.values()].filter((app) => app.name === name),
      update: async (app, id) => void oauthApps.set(id, { ...toDocument(app), id }),
      delete: async (id) => void oauthApps.delete(id),
      purge: async () => oauthApps.clear(),
    },
  };
}

module.exports = { createServices };
