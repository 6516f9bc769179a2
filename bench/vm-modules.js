'use strict';

// Node's `vm`, ours, and vm2 where somebody has installed it (`npm install --no-save vm2`).

function vm2() {
  try {
    return require('vm2');
  } catch {
    return undefined;
  }
}

module.exports = { vm: require('node:vm'), quickvm: require('../vm.js'), vm2: vm2() };
