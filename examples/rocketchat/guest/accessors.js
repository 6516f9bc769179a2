'use strict';

const { MessageBuilder } = require('@rocket.chat/apps-engine/server/accessors/MessageBuilder');
const { BlockBuilder } = require('@rocket.chat/apps-engine/definition/uikit');

/**
 * Builds the accessors that Rocket.Chat passes to an app (`read`, `modify`, `persistence`, …) on
 * top of the bridges: a few flat host functions. Accessors run inside the sandbox, so only the
 * calls that do something for real cross over to the host.
 */
function createAccessors(info, bridges) {
  const environment = {
    getSettings: () => ({
      getById: (id) => bridges.settings.getById(id),
      getValueById: async (id) => {
        const setting = await bridges.settings.getById(id);
        return setting.value === undefined ? setting.packageValue : setting.value;
      },
    }),
  };

  const notifier = {
    getMessageBuilder: () => new MessageBuilder(),
    notifyUser: (user, message) => bridges.messages.notifyUser(user, message),
    notifyRoom: (room, message) => bridges.messages.notifyRoom(room, message),
  };

  const read = {
    getEnvironmentReader: () => environment,
    getNotifier: () => notifier,
    getPersistenceReader: () => ({
      read: (id) => bridges.persistence.read(id),
      readByAssociation: (association) => bridges.persistence.readByAssociations([association]),
      readByAssociations: (associations) => bridges.persistence.readByAssociations(associations),
    }),
    getRoomReader: () => ({ getById: (id) => bridges.rooms.getById(id) }),
    getUserReader: () => ({ getById: (id) => bridges.users.getById(id) }),
  };

  const modify = {
    getCreator: () => ({
      startMessage: (data) => new MessageBuilder(data),
      getBlockBuilder: () => new BlockBuilder(info.id),
      finish: (builder) => bridges.messages.send(builder.getMessage()),
    }),
    getNotifier: () => notifier,
    getScheduler: () => bridges.scheduler,
  };

  return {
    environment,
    read,
    modify,
    logger: createLogger(bridges.log),
    http: createHttp(),
    persistence: createPersistence(bridges.persistence),
  };
}

function createPersistence(bridge) {
  return {
    create: (data) => bridge.create(data, []),
    createWithAssociation: (data, association) => bridge.create(data, [association]),
    createWithAssociations: (data, associations) => bridge.create(data, associations),
    update: (id, data) => bridge.update(id, data),
    updateByAssociation: (association, data, upsert) =>
      bridge.updateByAssociations([association], data, upsert),
    updateByAssociations: (associations, data, upsert) =>
      bridge.updateByAssociations(associations, data, upsert),
    remove: (id) => bridge.remove(id),
    removeByAssociation: (association) => bridge.removeByAssociations([association]),
    removeByAssociations: (associations) => bridge.removeByAssociations(associations),
  };
}

function createLogger(log) {
  const levels = ['debug', 'info', 'log', 'warn', 'error', 'success'];
  return Object.fromEntries(levels.map((level) => [level, (...items) => log(level, items)]));
}

/** The demo works offline. A server would bridge these to its own HTTP client. */
function createHttp() {
  const refuse = async (url) => {
    throw new Error(`This workspace allows no HTTP requests (${url})`);
  };
  return { get: refuse, post: refuse, put: refuse, patch: refuse, del: refuse };
}

module.exports = { createAccessors };
