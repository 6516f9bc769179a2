'use strict';

// One program at a time, as asked: run.js starts this with a peer's name and ends it when it
// does not answer. Answers what came of it, the time that took, and the memory.

const fs = require('node:fs');
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');

/** Makes the process forget its peak; where that cannot be, the peak is the process's own. */
function resetPeak() {
  try {
    fs.writeFileSync('/proc/self/clear_refs', '5');
  } catch {}
}

function peakRss() {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'latin1'))[1]) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}

async function serve(peerName, receive, send) {
  const peer = require(`./peers/${peerName}.js`);
  const entries = await peer.start();
  receive(async ({ program, entry, limits }) => {
    resetPeak();
    const before = process.memoryUsage.rss();
    const { dispose, ...result } = await peer.attempt(program, entry, limits);
    const rss = Math.max(0, peakRss() - before);
    const disposing = performance.now();
    dispose();
    send({ ...result, rss, disposed: performance.now() - disposing });
  });
  send({ entries });
}

const [, , peerName, where] = process.argv;
if (!isMainThread) {
  serve(
    workerData,
    (answer) => parentPort.on('message', answer),
    (message) => parentPort.postMessage(message),
  );
} else if (where === 'worker') {
  const worker = new Worker(__filename, { workerData: peerName });
  worker.on('message', (message) => process.send(message));
  process.on('message', (message) => worker.postMessage(message));
} else {
  serve(
    peerName,
    (answer) => process.on('message', answer),
    (message) => process.send(message),
  );
}
