import { attempt, kind, type Probe } from './Probe';

declare const promises: any;

/** The timers that the engine puts into an app's world are the server's own. */
export const timers: Record<string, Probe> = {
  timeout: () =>
    new Promise((resolve) => setTimeout((a, b) => resolve([a, b, 'done']), 1, 'one', { two: 2 })),
  order: () =>
    new Promise((resolve) => {
      const order: Array<string> = [];
      setTimeout(() => resolve([...order, 'timeout']), 5);
      setImmediate(() => order.push('immediate'));
      Promise.resolve().then(() => order.push('promise'));
      order.push('sync');
    }),
  interval: () =>
    new Promise((resolve) => {
      let ticks = 0;
      const timer = setInterval(() => {
        ticks += 1;
        if (ticks === 3) {
          clearInterval(timer);
          resolve(ticks);
        }
      }, 1);
    }),
  cleared: () =>
    new Promise((resolve) => {
      const seen: Array<string> = [];
      clearTimeout(setTimeout(() => seen.push('never'), 1));
      clearImmediate(setImmediate(() => seen.push('never')));
      setTimeout(() => resolve(seen), 10);
    }),
  handles: () => {
    const timer: any = setTimeout(() => {}, 60_000);
    const seen = [
      kind(timer),
      typeof timer.unref,
      timer.hasRef?.(),
      attempt(() => timer.unref() === timer),
    ];
    clearTimeout(timer);
    return seen;
  },
  'throwing callback': () => {
    setTimeout(() => {
      throw new RangeError('in a timer of the app');
    }, 1);
  },
  promises: async () => [typeof promises, attempt(() => Object.keys(promises).sort())],
  'async sleep': async () => {
    const start = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 15));
    return Date.now() - start >= 10;
  },
};
