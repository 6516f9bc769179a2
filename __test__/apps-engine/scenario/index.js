'use strict';

// What happens on the server, from the first app to the last: one program for every variant.

const PARTS = [
  require('./install.js'),
  require('./commands.js'),
  require('./failures.js'),
  require('./endpoints.js'),
  require('./messages.js'),
  require('./interactions.js'),
  require('./jobs.js'),
  require('./settings.js'),
  require('./events.js'),
  require('./probes.js'),
  require('./values.js'),
  require('./faulty.js'),
  require('./life.js'),
];

const ids = {
  helpdesk: '0a6d3c2e-4b53-4d0c-9e30-7d5a1c3c0001',
  toolbox: '0a6d3c2e-4b53-4d0c-9e30-7d5a1c3c0002',
  warden: '0a6d3c2e-4b53-4d0c-9e30-7d5a1c3c0003',
};

/** Plays all parts in turn; each begins where the one before it ended. */
async function play({ recorder, packages, manager, world }) {
  const step = (name, work) => recorder.step(name, work);
  const { alice, bob } = { alice: world.users.get('u-alice'), bob: world.users.get('u-bob') };
  const general = world.rooms.get('r-general');
  for (const part of PARTS) {
    await part({ step, recorder, packages, manager, world, ids, alice, bob, general });
  }
}

module.exports = { play };
