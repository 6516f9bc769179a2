'use strict';

/**
 * A Rocket.Chat server in miniature: users, rooms, messages, a database and scheduled jobs, all in
 * memory. `createBridges` gives an app its doors to them.
 */
class Workspace {
  #users;
  #rooms;
  #onMessage;

  /** @param {{ users: object[], rooms: object[], onMessage: (message) => void }} options */
  constructor({ users, rooms, onMessage }) {
    this.#users = new Map(users.map((user) => [user.id, user]));
    this.#rooms = new Map(rooms.map((room) => [room.id, room]));
    this.#onMessage = onMessage;
  }

  /**
   * The host functions of one app. `settings` and `jobs` belong to the app's host, which fills the
   * first and runs the second; `log` takes what the app logs.
   */
  createBridges({ info, settings, jobs, log }) {
    const bot = { id: `${info.nameSlug}.bot`, username: `${info.nameSlug}.bot` };
    const deliver = (message, audience) => {
      const { username } = message.sender || bot;
      this.#onMessage({ sender: username, audience, text: message.text });
    };

    return {
      log,
      persistence: createStore(),
      scheduler: createScheduler(jobs),
      settings: { getById: async (id) => settings.get(id) },
      rooms: { getById: async (id) => this.#rooms.get(id) },
      users: { getById: async (id) => this.#users.get(id) },
      messages: {
        send: async (message) => {
          deliver(message, 'everyone');
          return newId();
        },
        notifyRoom: async (_room, message) => deliver(message, 'everyone'),
        notifyUser: async (user, message) => deliver(message, user.username),
      },
    };
  }
}

/**
 * The database of one app. It keeps text, as a database would: what an app reads later is never an
 * object that it (or another app) still holds.
 */
function createStore() {
  const rows = new Map();

  const keysOf = (associations) => associations.map(({ model, id }) => `${model}:${id}`);
  const idsWith = (associations) => {
    const wanted = keysOf(associations);
    return [...rows.keys()].filter((id) => wanted.every((key) => rows.get(id).keys.has(key)));
  };
  const put = (id, data, keys) => {
    rows.set(id, { text: JSON.stringify(data), keys });
    return id;
  };
  const read = (id) => (rows.has(id) ? JSON.parse(rows.get(id).text) : undefined);
  const remove = (id) => {
    const data = read(id);
    rows.delete(id);
    return data;
  };

  return {
    read: async (id) => read(id),
    readByAssociations: async (associations) => idsWith(associations).map(read),
    create: async (data, associations) => put(newId(), data, new Set(keysOf(associations))),
    update: async (id, data) => put(id, data, rows.get(id)?.keys ?? new Set()),
    updateByAssociations: async (associations, data, upsert) => {
      const [id] = idsWith(associations);
      if (id === undefined && !upsert) {
        throw new Error('There is no such record');
      }
      return put(id ?? newId(), data, new Set(keysOf(associations)));
    },
    remove: async (id) => remove(id),
    removeByAssociations: async (associations) => idsWith(associations).map(remove),
  };
}

/** Only notes the jobs; the app's host runs those that are due. */
function createScheduler(jobs) {
  return {
    scheduleOnce: async ({ id, when, data }) => {
      const jobId = newId();
      jobs.set(jobId, { id, when: new Date(when), data: JSON.stringify(data ?? {}) });
      return jobId;
    },
    cancelJob: async (jobId) => void jobs.delete(jobId),
    cancelAllJobs: async () => jobs.clear(),
  };
}

let lastId = 0;

function newId() {
  lastId += 1;
  return `id-${lastId}`;
}

module.exports = { Workspace };
