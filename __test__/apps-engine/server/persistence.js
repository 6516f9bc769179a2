'use strict';

const { toDocument } = require('./document.js');

/** The persistence bridge: documents of each app, found by id or by associations. */
function createPersistence({ documents, newId }) {
  const keysOf = (associations) =>
    Array.from(associations, (record) => `${record.getModel()}/${record.getID()}`);
  const matching = (associations, appId) => {
    const wanted = keysOf(associations);
    return [...documents.values()].filter(
      (entry) => entry.appId === appId && wanted.every((key) => entry.keys.includes(key)),
    );
  };
  const put = (id, data, keys, appId) => {
    if (data === null || typeof data !== 'object') {
      throw new TypeError('Attempted to store an invalid data type, it must be an object.');
    }
    documents.set(id, { id, appId, keys, data: toDocument(data) });
    return id;
  };
  const read = ({ data }) => toDocument(data);
  const drop = (entry) => {
    documents.delete(entry.id);
    return read(entry);
  };

  return {
    async purge(appId) {
      for (const { id, appId: owner } of documents.values()) {
        if (owner === appId) documents.delete(id);
      }
    },
    create: async (data, appId) => put(newId('document'), data, [], appId),
    createWithAssociations: async (data, associations, appId) =>
      put(newId('document'), data, keysOf(associations), appId),
    readById: async (id) => documents.has(id) && read(documents.get(id)),
    readByAssociations: async (associations, appId) => matching(associations, appId).map(read),
    remove: async (id) => documents.has(id) && drop(documents.get(id)),
    removeByAssociations: async (associations, appId) => matching(associations, appId).map(drop),
    async update(id, data, upsert, appId) {
      if (!documents.has(id) && !upsert) throw new Error(`No document ${id}`);
      return put(id, data, documents.get(id)?.keys ?? [], appId);
    },
    async updateByAssociations(associations, data, upsert, appId) {
      const [found] = matching(associations, appId);
      if (!found && !upsert) throw new Error('No document with these associations');
      return put(found?.id ?? newId('document'), data, keysOf(associations), appId);
    },
  };
}

module.exports = { createPersistence };
