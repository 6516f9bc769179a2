'use strict';

const os = require('node:os');
const { version } = require('../package.json');

/** What figures depend on. */
function machine() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
    quickvm: version,
  };
}

function describeMachine() {
  const { cpu, cores, platform, node, v8, quickvm } = machine();
  return `${cpu}, ${cores} cores, ${platform}; node ${node} (V8 ${v8}), quickvm ${quickvm}`;
}

module.exports = { machine, describeMachine };
