'use strict';

// The engine's three storages, in memory.

const {
  AppLogStorage,
  AppMetadataStorage,
  AppSourceStorage,
} = require('@rocket.chat/apps-engine/server/storage');
const { AppConsole } = require('@rocket.chat/apps-engine/server/logging');

const { describe } = require('./describe.js');
const { toDocument } = require('./document.js');

class MemoryMetadataStorage extends AppMetadataStorage {
  #items = new Map();
  #recorder;

  constructor(recorder) {
    super('memory');
    this.#recorder = recorder;
  }

  async create(item) {
    item.createdAt = item.updatedAt = new Date();
    item._id = `stored-${this.#items.size + 1}`;
    return this.#write('create', item);
  }

  async update(item) {
    item.updatedAt = new Date();
    return this.#write('update', item);
  }

  #write(what, item) {
    this.#items.set(item.id, toDocument(item));
    const { status, settings, implemented } = this.#items.get(item.id);
    const events = Object.keys(implemented).filter((name) => implemented[name]);
    this.#recorder?.record('storage', {
      what,
      app: item.id,
      written: describe({ status, settings, events }),
    });
    return item;
  }

  async retrieveOne(id) {
    return toDocument(this.#items.get(id));
  }

  async retrieveAll() {
    return new Map([...this.#items].map(([id, item]) => [id, toDocument(item)]));
  }

  async remove(id) {
    this.#recorder?.record('storage', { what: 'remove', app: id });
    return { success: this.#items.delete(id) };
  }
}

class MemorySourceStorage extends AppSourceStorage {
  #zips = new Map();

  async store(item, zip) {
    this.#zips.set(item.id, zip);
    return `/${item.id}.zip`;
  }

  async fetch(item) {
    return this.#zips.get(item.id);
  }

  async update(item, zip) {
    return this.store(item, zip);
  }

  async remove(item) {
    this.#zips.delete(item.id);
  }
}

class MemoryLogStorage extends AppLogStorage {
  #entries = [];
  #recorder;

  constructor(recorder) {
    super('memory');
    this.#recorder = recorder;
  }

  async storeEntries(appId, logger) {
    const entry = toDocument(AppConsole.toStorageEntry(appId, logger));
    this.#recorder?.record('log', {
      app: appId,
      method: entry.method,
      lines: describe(
        entry.entries.map(({ severity, caller, args }) => ({ severity, caller, args })),
      ),
    });
    this.#entries.push(entry);
    return entry;
  }

  async find(query) {
    return this.#entries.filter((entry) => entry.appId === query.appId);
  }

  async getEntriesFor(appId) {
    return this.find({ appId });
  }

  async removeEntriesFor(appId) {
    this.#entries = this.#entries.filter((entry) => entry.appId !== appId);
  }
}

module.exports = { MemoryLogStorage, MemoryMetadataStorage, MemorySourceStorage };
