'use strict';

const { AppManager } = require('@rocket.chat/apps-engine/server/AppManager');

const { createBridges } = require('./bridges.js');
const { MemoryLogStorage, MemoryMetadataStorage, MemorySourceStorage } = require('./storages.js');
const { createWorld } = require('./world.js');

/**
 * The Apps-Engine as a Rocket.Chat server sets it up, over a world in memory.
 *
 * @param {import('./recorder.js').Recorder} [recorder] is told of all that happens
 */
function createServer(recorder) {
  const world = createWorld();
  const manager = new AppManager({
    metadataStorage: new MemoryMetadataStorage(recorder),
    logStorage: new MemoryLogStorage(recorder),
    sourceStorage: new MemorySourceStorage(),
    bridges: createBridges(recorder, world),
  });
  return { manager, world };
}

module.exports = { createServer };
