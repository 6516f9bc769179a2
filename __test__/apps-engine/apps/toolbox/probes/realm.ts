import { attempt, kind, type Probe } from './Probe';

declare const process: any;

/** The world around an app: globals, and what they are. */
export const realm: Record<string, Probe> = {
  globals: () => {
    const names = [
      'process',
      'require',
      'exports',
      'module',
      'global',
      'globalThis',
      'window',
      'self',
      'console',
      'Buffer',
      'setTimeout',
      'setInterval',
      'setImmediate',
      'clearTimeout',
      'clearInterval',
      'clearImmediate',
      'queueMicrotask',
      'promises',
      'structuredClone',
      'URL',
      'URLSearchParams',
      'TextEncoder',
      'TextDecoder',
      'fetch',
      'AbortController',
      'Event',
      'performance',
      'atob',
      'btoa',
      'WebAssembly',
      'SharedArrayBuffer',
      'Atomics',
      'Intl',
      'WeakRef',
      'FinalizationRegistry',
      'escape',
      'unescape',
      'eval',
      'Function',
      'Symbol',
      'Reflect',
      'Proxy',
      'BigInt64Array',
      'AggregateError',
      '__dirname',
      '__filename',
    ];
    return Object.fromEntries(names.map((name) => [name, attempt(() => typeof (0, eval)(name))]));
  },
  'global names': () => Object.keys(globalThis).sort(),
  process: () => [typeof process, attempt(() => Object.keys(process)), attempt(() => process.exit)],
  this: () => {
    const sloppy = new Function('return typeof this');
    return [sloppy(), attempt(() => (globalThis as any).constructor.name)];
  },
  eval: () => {
    const local = 5;
    void local;
    return [
      (0, eval)('typeof local'),
      (0, eval)('var evaluated = 3; evaluated'),
      (globalThis as any).evaluated,
      new Function('a', 'b', 'return a + b')(1, 2),
    ];
  },
  'implicit globals': () => {
    new Function('leaked = 1')();
    (globalThis as any).assigned = { deep: true };
    const seen = ['leaked' in globalThis, (0, eval)('assigned.deep')];
    delete (globalThis as any).assigned;
    return [...seen, 'assigned' in globalThis];
  },
  buffer: () => {
    const buffer = Buffer.from('héllo wörld', 'utf8');
    return [
      kind(buffer),
      Buffer.isBuffer(buffer),
      buffer instanceof Uint8Array,
      buffer.toString('base64'),
      buffer.slice(1, 3),
      Buffer.concat([buffer.subarray(0, 1), Buffer.alloc(2, 7)]),
      Buffer.byteLength('ü'),
      buffer.indexOf('w'),
      buffer.readUInt16BE(0),
      String.fromCharCode.apply(null, Buffer.from('bytes') as never),
      [...Buffer.from([1, 2, 300])],
      JSON.stringify(Buffer.from('json')),
      buffer.equals(Buffer.from(buffer)),
      new Uint8Array(Buffer.from([1, 2])).length,
      Buffer.from(new Uint16Array([1, 256]).buffer),
    ];
  },
  'typed arrays': () => {
    const floats = Float64Array.of(1.5, -0, Number.NaN);
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat32(0, 1.25);
    return { floats, view, bytes: new Uint8Array([1, 2, 3]), clamped: Uint8ClampedArray.of(300) };
  },
  console: () => {
    console.log('from the app', { nested: [1, 2] }, new Map([['a', 1]]), new Error('shown'));
    console.warn('%s and %d', 'text', 5);
    return [typeof console, kind(console), attempt(() => typeof console.table)];
  },
  'new things': () => [
    typeof structuredClone,
    attempt(() => new (globalThis as any).URL('https://a.test/b?c=d').searchParams.get('c')),
    attempt(() => (globalThis as any).btoa('hello')),
    attempt(() => new (globalThis as any).TextEncoder().encode('é')),
  ],
  shadowing: () => {
    // Apps polyfill; what one realm changes must not show anywhere else.
    (Array.prototype as any).polyfilled = () => 'yes';
    (Object.prototype as any).everywhere = 1;
    const seen = [([] as any).polyfilled(), ({} as any).everywhere];
    delete (Array.prototype as any).polyfilled;
    delete (Object.prototype as any).everywhere;
    return [...seen, 'polyfilled' in [], 'everywhere' in {}];
  },
};
