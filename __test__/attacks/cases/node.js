'use strict';

const { Console } = require('node:console');
const { EventEmitter } = require('node:events');
const { PassThrough, Writable } = require('node:stream');
const { notInVm, sandboxOnly } = require('./reasons.js');

const PRIVATE = 'private parts of what Node has made are hidden, whatever the policy';
const NODES = 'what belongs to Node itself is not a guest’s to change, whatever the policy';

/** A delay that no other timer has: timers of one delay are in one list. */
const DELAY = 86_400_123;

module.exports = [
  {
    id: 'timer-neighbours',
    technique:
      'From a timer of the host’s to the next one of the same delay: its function and arguments',
    fails: PRIVATE,
    given({ secret }) {
      const timers = [];
      const start = (...args) => timers[timers.push(setTimeout(...args)) - 1].unref();
      start(() => {}, DELAY, secret);
      return { start, stop: () => timers.forEach(clearTimeout) };
    },
    guest: `
      const timer = start(() => {}, ${DELAY});
      for (let next = timer; next; next = next._idlePrev === timer ? null : next._idlePrev) {
        take(String(next._timerArgs));
        take(next._onTimeout?.constructor);
        if (next !== timer && next._idlePrev === timer) break;
      }`,
    host: ({ given }) => given.stop(),
  },
  {
    id: 'timer-function-replaced',
    technique: 'The function of a timer of the host’s, replaced by one of the guest’s',
    fails: PRIVATE,
    given: () => ({ timer: setTimeout(() => {}, DELAY) }),
    guest: `
      attempt(() => { timer._onTimeout = () => 'guest'; });
      attempt(() => Object.defineProperty(timer, '_repeat', { value: 1 }));
      attempt(() => { delete timer._idleNext; });`,
    host({ given: { timer } }) {
      const changed = timer._onTimeout() === 'guest' || timer._repeat === 1;
      if ('_idleNext' in timer) clearTimeout(timer);
      return changed;
    },
    except: notInVm('it breaks the list of timers, and with it the runner'),
  },
  {
    id: 'timer-class',
    technique: 'Up from a timer of the host’s',
    fails: 'its class is a stand-in; behind it are the guest’s own',
    given: () => ({ later: (f) => setTimeout(f, 0) }),
    guest: 'take(later(() => {}).constructor.constructor); take(later(() => {}).unref.constructor)',
  },
  {
    id: 'timer-class-changed',
    technique: 'A method of all timers replaced',
    fails: NODES,
    given: () => ({ later: (f) => setTimeout(f, 0) }),
    guest: 'attempt(() => { Object.getPrototypeOf(later(() => {})).unref = () => take; })',
    host: () =>
      setTimeout(() => {}, 0).unref() === undefined ||
      !!Object.getPrototypeOf(setTimeout(() => {}, 0)).evil ||
      typeof setTimeout(() => {}, 0).unref() === 'function',
    except: notInVm(
      'it succeeds there for good, so the next attacks would not have what they need',
    ),
  },
  {
    id: 'timer-this',
    technique: '`this` in a function that the host’s timer calls',
    fails: 'receivers cross as everything does, and its private parts are hidden',
    given: ({ secret }) => ({ later: (f) => setTimeout(f, 0, { secret }) && undefined }),
    guest: `later(function () { take(this?.constructor.constructor); take(String(this?._timerArgs?.[0]?.constructor?.constructor)); })`,
  },
  {
    id: 'own-timer',
    technique: 'Up from what the guest’s own `setTimeout` answers, and by its prototype',
    fails: 'timers are objects of the guest’s; the host only has their numbers',
    guest: `
      const timer = setTimeout(() => {}, 0);
      take(timer.constructor.constructor); take(timer.ref.constructor);
      for (const key of Reflect.ownKeys(timer)) take(timer[key]?.constructor);`,
    except: sandboxOnly('there are no timers but those that the host passes'),
  },
  {
    id: 'own-timer-callback-this',
    technique: '`this` and the caller of a function that a timer runs',
    fails: 'timers are run by the guest’s own code',
    guest: `
      setTimeout(function () { take(this?.constructor?.constructor); take(arguments.callee.caller?.constructor); }, 0);
      queueMicrotask(function () { take(arguments.callee.caller?.constructor); });`,
    except: sandboxOnly('there are no timers but those that the host passes'),
  },
  {
    id: 'console-streams',
    technique: 'The streams of the host’s console, and from there files and sockets',
    fails: PRIVATE,
    given: () => ({ console }),
    guest: `
      for (const name of ['_stdout', '_stderr']) {
        const stream = console[name] ?? Object.getOwnPropertyDescriptor(console, name)?.get?.call(console);
        if (typeof stream?.write === 'function') take('HOST stream');
        take(stream?.constructor?.constructor);
      }`,
  },
  {
    id: 'console-streams-of-a-logger',
    technique: 'The same of a Console that the host has made',
    fails: PRIVATE,
    given: () => ({ logger: new Console(new PassThrough()) }),
    guest: `
      if (typeof logger._stdout?.write === 'function') take('HOST stream');
      for (const key of Reflect.ownKeys(logger)) {
        const value = attempt(() => logger[key]);
        if (typeof value?.write === 'function') take('HOST stream');
      }`,
  },
  {
    id: 'console-replaced',
    technique: 'A method of the host’s console replaced: the guest gets what others log',
    fails: NODES,
    given: () => ({ console }),
    guest: 'attempt(() => { console.log = (...values) => take(String(values)); })',
  },
  {
    id: 'console-class',
    technique: 'Up from the console',
    fails: 'its methods are stand-ins, behind which are the guest’s own',
    given: () => ({ logger: console }),
    guest: 'take(logger.log.constructor); take(logger.constructor?.constructor)',
  },
  {
    id: 'stream-handle',
    technique: 'What is under a stream of the host’s: its state, its handle',
    fails: PRIVATE,
    given({ secret }) {
      const stream = new PassThrough();
      stream.write(secret);
      return { stream };
    },
    guest: `
      const state = stream._readableState;
      take(String(state?.buffer?.[0] ?? state?.buffer?.head?.data ?? ''));
      take(String(state?.buffer?.toString?.() ?? ''));
      take(state?.constructor?.constructor);
      if (state !== undefined) take('HOST state');`,
  },
  {
    id: 'stream-listeners',
    technique: 'The listeners that others have on an emitter of the host’s, past its methods',
    fails: PRIVATE,
    given({ secret }) {
      const bus = new EventEmitter();
      bus.on('key', () => secret);
      return { bus };
    },
    guest:
      'take(String(attempt(() => bus._events.key()))); take(bus._events?.constructor?.constructor)',
  },
  {
    id: 'stream-private-symbols',
    technique: 'The same by the symbols that Node keeps its private parts under',
    fails: PRIVATE,
    given: () => ({ signal: AbortSignal.timeout(DELAY), stream: new Writable() }),
    guest: `
      for (const object of [signal, stream]) {
        for (const key of Object.getOwnPropertySymbols(object)) {
          const value = attempt(() => object[key]);
          if (typeof value === 'object' || typeof value === 'function') take('HOST ' + String(key));
          take(value?.constructor?.constructor);
        }
      }`,
  },
  {
    id: 'emitter-domain',
    technique:
      'Internal methods of a stream: destroyed under the host, with an error of the guest’s',
    fails: 'of a policy’s `safe` instances, what begins with `_` is hidden',
    given: () => ({ out: new Writable({ destroy: (_error, done) => done(null) }) }),
    guest: `attempt(() => { out._destroy(new Error('guest'), take); }); attempt(() => { out._writableState.destroyed = true; })`,
    host: ({ given }) => given.out._writableState.destroyed,
  },
  {
    id: 'symbol-registry',
    technique:
      'Symbols of the registry that Node uses, on what the host makes of the guest’s object',
    fails: 'they are names like others on an object of the guest’s',
    guest: `({
      [Symbol.for('nodejs.util.inspect.custom')]: (depth, options, inspect) => { take(inspect.constructor); return ''; },
      [Symbol.for('nodejs.util.promisify.custom')]: (f) => take(f?.constructor),
      [Symbol.for('nodejs.rejection')]: (error) => take(error?.constructor?.constructor),
      [Symbol.for('nodejs.dispose')]: (hint) => take(hint?.constructor),
    })`,
    host({ result }) {
      const { format } = require('node:util');
      format('%s %j %O', result, result, result);
      new Console(new PassThrough()).log(result, [result]);
    },
  },
  {
    id: 'console-of-the-sandbox',
    technique: 'Getters, Proxies and traps in what the guest’s console shows',
    fails: 'what is only shown crosses as a copy: Proxies and getters are not asked by the host',
    options: { console: { log: (...values) => require('node:util').format(...values) } },
    guest: `
      console.log(new Proxy({}, { get: (_, key, receiver) => take(receiver?.constructor?.constructor) }));
      console.log('%o %j %d %s', { get x() { take(this); return 1; }, toJSON: take, toString: take });`,
    except: sandboxOnly('the console there is the host’s, if it passes one'),
  },
];
