'use strict';

// node bench/dos/run.js [--peer name] [--entry a,b] [--only text] [--timeout ms] [--grace ms]
// [--worker] [--json | --document]: every program through every entry, each with its time to
// return beyond the deadline and the memory that it took. `--document` writes that to
// docs/denial-of-service.md.

const { fork } = require('node:child_process');
const { once } = require('node:events');
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { describeMachine, machine } = require('../machine.js');
const { programs } = require('./programs');
const { summary, table } = require('./report.js');

const { values: options } = parseArgs({
  options: {
    peer: { type: 'string', default: 'quickvm' },
    entry: { type: 'string' },
    only: { type: 'string', default: '' },
    timeout: { type: 'string', default: '50' },
    grace: { type: 'string', default: '20' },
    worker: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    document: { type: 'boolean', default: false },
  },
});

/** Behind this, the document is what a run has printed. */
const MARK = '<!-- node bench/dos/run.js --timeout 20 --document -->';

/** Whoever has not answered by then will not. */
const PATIENCE = 5000;

const limits = { timeout: Number(options.timeout), graceMs: Number(options.grace) };

/** A process that runs programs, until one of them hangs or kills it. */
async function startChild() {
  const args = [options.peer, ...(options.worker ? ['worker'] : [])];
  const child = fork(path.join(__dirname, 'child.js'), args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let complaint = '';
  child.stderr.on('data', (data) => {
    complaint = (complaint + data).slice(-2000);
  });
  const ended = once(child, 'exit').then(() => undefined);
  const [message] = (await Promise.race([once(child, 'message'), ended])) ?? [];
  if (message === undefined)
    throw new Error(`the peer ${options.peer} did not start\n${complaint}`);
  return { child, ended, entries: message.entries };
}

async function ask({ child, ended }, task) {
  let patience;
  const tired = new Promise((resolve) => {
    patience = setTimeout(resolve, limits.timeout + limits.graceMs + PATIENCE);
  });
  child.send({ ...task, limits });
  const [answer] = (await Promise.race([once(child, 'message'), ended, tired])) ?? [];
  clearTimeout(patience);
  if (answer !== undefined) return { ...answer, late: answer.took - limits.timeout };
  const died = child.exitCode !== null || child.signalCode !== null;
  child.kill('SIGKILL');
  const cause = child.signalCode ?? `exit code ${child.exitCode}`;
  return { verdict: died ? `process died: ${cause}` : 'never returned', expected: false };
}

async function main() {
  if (!existsSync(path.join(__dirname, 'peers', `${options.peer}.js`))) {
    throw new Error(`no such peer: ${options.peer}`);
  }
  let runner = await startChild();
  const entries = options.entry?.split(',') ?? runner.entries;
  const results = [];
  for (const entry of entries) {
    for (const program of programs) {
      if (!`${program.group}: ${program.name}`.includes(options.only)) continue;
      const result = await ask(runner, { program, entry });
      results.push({
        entry,
        group: program.group,
        name: program.name,
        kind: program.kind,
        ...result,
      });
      if (result.took === undefined) runner = await startChild();
    }
  }
  runner.child.disconnect();
  runner.child.kill();
  if (options.json) {
    console.log(JSON.stringify({ machine: machine(), ...options, limits, results }, null, 2));
    return;
  }
  const text = [`${describeMachine()}\n`, summary(results, limits), table(results), ''].join('\n');
  if (options.document) publish(text);
  else console.log(text);
}

/** Puts the figures in the place of those in the documentation. */
function publish(text) {
  const file = path.join(__dirname, '../../docs/denial-of-service.md');
  const [prose] = readFileSync(file, 'utf8').split(MARK);
  writeFileSync(file, `${prose}${MARK}\n\n${text}`);
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
