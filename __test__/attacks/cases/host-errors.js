'use strict';

const fs = require('node:fs');
const { execSync, execFile, spawnSync } = require('node:child_process');
const path = require('node:path');

const SYSTEM = 'of the system’s errors the code and what it means cross, made anew from the number';
const ALL = `
  const show = (error) => {
    for (const key of Reflect.ownKeys(error)) take(String(error[key]));
    take(error.message); take(String(error)); take(JSON.stringify(error)); take(error.stack);
  };`;

/** An error as Node makes it when a connection fails. */
const refused = (address, port) =>
  Object.assign(new Error(`connect ECONNREFUSED ${address}:${port}`), {
    errno: -111,
    code: 'ECONNREFUSED',
    syscall: 'connect',
    address,
    port,
  });

const throwing = (make) => ({
  act() {
    throw make();
  },
});

module.exports = [
  {
    id: 'tells-a-path',
    technique: 'The message and the fields of an error about a file',
    fails: SYSTEM,
    given: ({ secret }) => ({ act: () => fs.readFileSync(path.join('/srv', secret)) }),
    guest: `${ALL} show(attempt(act));`,
  },
  {
    id: 'tells-two-paths',
    technique: 'The same of a call with two paths',
    fails: SYSTEM,
    given: ({ secret }) => ({ act: () => fs.renameSync('/srv/none', path.join('/srv', secret)) }),
    guest: `${ALL} show(attempt(act));`,
  },
  {
    id: 'tells-an-address',
    technique: 'The address of a service inside, by a refused connection',
    fails: SYSTEM,
    given: ({ secret }) => throwing(() => refused(`${secret}.internal`, 5432)),
    guest: `${ALL} show(attempt(act));`,
  },
  {
    id: 'tells-a-host-name',
    technique: 'The name of a host inside, by a failed look-up',
    fails: SYSTEM,
    given: ({ secret }) =>
      throwing(() =>
        Object.assign(new Error(`getaddrinfo ENOTFOUND ${secret}.internal`), {
          errno: -3008,
          code: 'ENOTFOUND',
          syscall: 'getaddrinfo',
          hostname: `${secret}.internal`,
        }),
      ),
    guest: `${ALL} show(attempt(act));`,
  },
  {
    id: 'tells-a-program',
    technique: 'The program and the arguments of a process that could not be started',
    fails: SYSTEM,
    given: ({ secret }) => throwing(() => spawnSync(`/opt/${secret}`, [`--key=${secret}`]).error),
    guest: `${ALL} show(attempt(act));`,
  },
  {
    id: 'tells-a-command',
    technique: 'The command line and the output of a shell command that failed',
    fails: 'of a failed command its exit and signal cross',
    given: ({ secret }) => ({
      act: () => execSync(`echo ${secret}; exit 3`, { stdio: ['ignore', 'pipe', 'ignore'] }),
    }),
    guest: `${ALL} show(attempt(act));`,
  },
  {
    id: 'tells-a-command-later',
    technique: 'The same of a command that has run meanwhile',
    fails: 'of a failed command its exit and signal cross',
    given: ({ secret }) => ({
      act: () =>
        new Promise((_resolve, reject) => {
          const child = execFile(process.execPath, ['-e', `/*${secret}*/process.exit(3)`], reject);
          child.emit(
            'error',
            Object.assign(new Error(`Command failed: ${secret}`), { cmd: secret }),
          );
        }),
    }),
    guest: `${ALL} act().catch(show);`,
  },
  {
    id: 'tells-who-required',
    technique: 'The files that led to a module that `require` does not find',
    fails: 'of errors about the host’s modules the code crosses',
    given: () => ({ act: () => require('no-such-module-at-all') }),
    guest: `${ALL} show(attempt(act));`,
  },
  {
    id: 'tells-who-imported',
    technique: 'The file that led to a module that `import` does not find',
    fails: 'of errors about the host’s modules the code crosses',
    given: () => ({ act: () => import('./no-such-module-at-all.mjs') }),
    guest: `${ALL} act().catch(show);`,
  },
  {
    id: 'tells-by-a-cause',
    technique: 'A path in the cause of an error of the host’s own words',
    fails: SYSTEM,
    given: ({ secret }) => ({
      act() {
        try {
          fs.readFileSync(path.join('/srv', secret));
        } catch (cause) {
          throw new Error('no settings', { cause });
        }
      },
    }),
    guest: `${ALL} show(attempt(act).cause);`,
  },
  {
    id: 'tells-by-a-list',
    technique: 'Addresses in the errors of an AggregateError, as `net.connect` throws',
    fails: SYSTEM,
    given: ({ secret }) => throwing(() => new AggregateError([refused(secret, 1)])),
    guest: `${ALL} attempt(act).errors.forEach(show);`,
  },
  {
    id: 'tells-by-a-callback',
    technique: 'An error as the first argument of a callback',
    fails: SYSTEM,
    given: ({ secret }) => ({ act: (f) => f(refused(secret, 1), null) }),
    guest: `${ALL} act((error) => show(error));`,
  },
  {
    id: 'tells-by-an-event',
    technique: 'An error in a field of an event',
    fails: SYSTEM,
    given: ({ secret }) => ({ event: { type: 'error', error: refused(secret, 1) } }),
    guest: `${ALL} show(event.error);`,
  },
];
