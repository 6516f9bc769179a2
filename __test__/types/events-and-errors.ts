// Checked by `npm run lint:types`; never run.

import type { EventEmitter } from 'node:events';
import { Sandbox, SandboxError, type SandboxErrorCode } from '../../index.js';

/** Fails to compile unless the value has type `T`. */
const type = <T>(value: T): T => value;

const sandbox = new Sandbox();
type<EventEmitter<any>>(sandbox);

sandbox.on('unhandledRejection', (reason) => {
  // @ts-expect-error a guest can reject with anything
  type<string>(reason.message);
});
sandbox.once('uncaughtException', (error) => {
  // @ts-expect-error a guest can throw anything
  type<string>(error.message);
});
sandbox.on('terminated', (reason) => void reason).off('terminated', () => {});
// @ts-expect-error there is no such event
sandbox.on('exit', () => {});
// @ts-expect-error a listener gets one value
sandbox.on('terminated', (reason, more) => void [reason, more]);

try {
  sandbox.run('x');
} catch (error) {
  if (error instanceof SandboxError) {
    type<Error>(error);
    type<(string | undefined)[]>([error.sandbox, error.filename, error.path, error.signal]);
    type<(code: SandboxErrorCode) => string>((code) => {
      // Complete, or there would be no return value.
      switch (code) {
        case 'ERR_SANDBOX_TIMEOUT':
          return 'late';
        case 'ERR_SANDBOX_MEMORY_LIMIT':
          return 'full';
        case 'ERR_SANDBOX_CROSSING':
          return 'odd';
        case 'ERR_SANDBOX_REVOKED':
          return 'taken';
        case 'ERR_SANDBOX_FAULT':
          return 'broken';
        case 'ERR_SANDBOX_TERMINATED':
        case 'ERR_SANDBOX_DISPOSED':
          return 'over';
        case 'ERR_SANDBOX_SOURCE_LIMIT':
          return 'long';
        case 'ERR_SANDBOX_OPTIONS':
          return 'wrong';
      }
    });
    // @ts-expect-error there is no such code
    type<boolean>(error.code === 'ERR_SANDBOX_OTHER');
    // @ts-expect-error what it says stays so
    error.code = 'ERR_SANDBOX_TIMEOUT';
  }
}
// @ts-expect-error only the package makes them
new SandboxError('ERR_SANDBOX_TIMEOUT', 'late');
