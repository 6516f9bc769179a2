'use strict';

// node run.js vm|quickvm|MODULE FOLDER FILE: plays the scenario with the packages in FOLDER, on
// Node's vm, on ours or on any of its kind, and writes the transcript to FILE as JSON lines. In a process of its own, so that
// nothing but Node is around the engine.

const fs = require('node:fs');
const path = require('node:path');

const { swapVm } = require('../../examples/rocketchat/engine/swap-vm.js');

const [variant, folder, transcript] = process.argv.slice(2);
const MODULES = { vm: 'node:vm', quickvm: 'quickvm/vm' };
const askedBy = swapVm(require(MODULES[variant] ?? variant));

const { Recorder } = require('./server/recorder.js');
const { createServer } = require('./server/server.js');
const { play } = require('./scenario/index.js');

const packages = Object.fromEntries(
  fs
    .readdirSync(folder)
    .map((file) => [path.basename(file, '.zip'), fs.readFileSync(path.join(folder, file))]),
);

async function main() {
  const recorder = new Recorder();
  recorder.captureConsole();
  recorder.captureStray();
  try {
    await play({ recorder, packages, ...createServer(recorder) });
  } finally {
    recorder.record('swapped', { files: [...askedBy].sort() });
    const lines = recorder.entries.map((entry) => JSON.stringify(entry));
    fs.writeFileSync(transcript, `${lines.join('\n')}\n`);
  }
}

main().then(
  () => process.exit(0),
  (error) => {
    fs.writeSync(2, `${error?.stack ?? error}\n`);
    process.exit(1);
  },
);
