'use strict';

const { peer, MEMORY_MB } = require('./peer.js');

module.exports = peer(
  () => require('isolated-vm'),
  (ivm, entry, code, { timeout }) => {
    const isolate = new ivm.Isolate({ memoryLimit: MEMORY_MB });
    const context = isolate.createContextSync();
    const dispose = () => {
      if (!isolate.isDisposed) isolate.dispose();
    };
    const run = (source, options) => context.evalSync(source, { timeout, ...options });
    if (entry === 'run') return { dispose, start: () => run(`(() => { ${code}\n})(); 1`) };
    if (entry === 'function') {
      const call = run(`() => { ${code}\n}`, { reference: true });
      return { dispose, start: () => call.applySync(undefined, [], { timeout }) };
    }
    context.global.setSync('later', new ivm.Reference(async () => {}));
    const source = `(async () => {
      await later.apply(undefined, [], { result: { promise: true } });
      return (() => { ${code}\n})();
    })()`;
    return { dispose, start: () => context.eval(source, { timeout, promise: true, copy: true }) };
  },
);
