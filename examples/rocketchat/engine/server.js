'use strict';

const { AppManager } = require('@rocket.chat/apps-engine/server/AppManager');
const {
  AppLogStorage,
  AppMetadataStorage,
  AppSourceStorage,
} = require('@rocket.chat/apps-engine/server/storage');

const { createBridges } = require('./bridges');

class MetadataStorage extends AppMetadataStorage {
  #items = new Map();

  async create(item) {
    item._id = item.id;
    return this.update(item);
  }

  async update(item) {
    this.#items.set(item.id, item);
    return item;
  }

  async retrieveOne(id) {
    return this.#items.get(id);
  }

  async retrieveAll() {
    return this.#items;
  }

  async remove(id) {
    return { success: this.#items.delete(id) };
  }
}

/** Apps are loaded once and not again, so their zips need not be kept. */
class SourceStorage extends AppSourceStorage {
  async store({ id }) {
    return `/${id}.zip`;
  }

  async remove() {}
}

/** Keeps what apps log, and what the engine logs about them. */
class LogStorage extends AppLogStorage {
  entries = [];

  async storeEntries(appId, logger) {
    for (const { severity, args } of logger.getEntries()) {
      this.entries.push({ appId, severity, args });
    }
  }
}

/** The Apps-Engine on a workspace, as a Rocket.Chat server sets it up. */
function createServer(workspace) {
  const { bridges, processors, jobs } = createBridges(workspace);
  const logs = new LogStorage('memory');
  const manager = new AppManager({
    metadataStorage: new MetadataStorage('memory'),
    sourceStorage: new SourceStorage(),
    logStorage: logs,
    bridges,
  });
  return { manager, logs, processors, jobs };
}

module.exports = { createServer };
