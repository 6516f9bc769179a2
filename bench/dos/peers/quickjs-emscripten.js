'use strict';

const { peer, MEMORY_MB } = require('./peer.js');

module.exports = peer(
  async () => {
    const { getQuickJS, shouldInterruptAfterDeadline } = require('quickjs-emscripten');
    return { quickjs: await getQuickJS(), shouldInterruptAfterDeadline };
  },
  ({ quickjs, shouldInterruptAfterDeadline }, entry, code, { timeout }) => {
    const runtime = quickjs.newRuntime();
    runtime.setMemoryLimit(MEMORY_MB << 20);
    runtime.setMaxStackSize(512 << 10);
    const context = runtime.newContext();
    // Its own check, after as many steps as it has.
    const arm = () => {
      runtime.setInterruptHandler(shouldInterruptAfterDeadline(Date.now() + timeout));
    };
    const dispose = () => {
      // It ends the process if a handle is left, as one is after an interruption.
    };
    const finish = (result) => {
      const value = context.unwrapResult(result);
      value.dispose();
      const jobs = runtime.executePendingJobs();
      if (jobs.error) throw new Error('a job failed');
    };
    if (entry === 'run') {
      const start = () => {
        arm();
        finish(context.evalCode(`(() => { ${code}\n})()`));
      };
      return { dispose, start };
    }
    if (entry === 'function') {
      const call = context.unwrapResult(context.evalCode(`(() => { ${code}\n})`));
      const start = () => {
        arm();
        finish(context.callFunction(call, context.undefined));
      };
      return { dispose, start };
    }
    const later = context.newPromise();
    context.setProp(context.global, 'later', later.handle);
    const source = `(async () => { await later; return (() => { ${code}\n})() })()`;
    const outcome = context.unwrapResult(context.evalCode(source));
    const start = () => {
      arm();
      later.resolve();
      const jobs = runtime.executePendingJobs();
      // What stops a continuation is a rejection there.
      const rejected = context.getPromiseState(outcome).type === 'rejected';
      if (jobs.error || rejected) throw new Error('a job failed');
    };
    return { dispose, start };
  },
);
