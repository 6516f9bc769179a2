import { Buffer as RequiredBuffer } from 'buffer';
import * as crypto from 'crypto';
import * as os from 'os';
import * as path from 'path';
import * as querystring from 'querystring';
import { Readable, Transform } from 'stream';
import * as url from 'url';
import * as util from 'util';
import * as zlib from 'zlib';

import { attempt, kind, type Probe } from './Probe';

/** Out of the bundler's sight: the engine is to be asked. */
const load = require;

/** Node's modules, those that the engine lets an app require. */
export const nodeModules: Record<string, Probe> = {
  crypto: () => [
    crypto.createHash('sha256').update('text').digest('hex'),
    crypto.createHmac('sha1', 'key').update(Buffer.from('text')).digest('base64'),
    crypto.randomBytes(16).length,
    crypto
      .createHash('md5')
      .update('a')
      .update(new Uint8Array([98]))
      .digest(),
    crypto.pbkdf2Sync('password', 'salt', 10, 8, 'sha512'),
    attempt(() => crypto.createHash('nonsense')),
    crypto.getHashes().includes('sha256'),
    typeof crypto.randomUUID(),
  ],
  cipher: () => {
    const key = Buffer.alloc(32, 'k');
    const iv = Buffer.alloc(16, 'i');
    const cipher = crypto.createCipheriv('aes-256-cbc', key, iv);
    const secret = Buffer.concat([cipher.update('secret', 'utf8'), cipher.final()]);
    const decipher = crypto.createDecipheriv('aes-256-cbc', key, iv);
    return [secret, `${decipher.update(secret).toString()}${decipher.final('utf8')}`];
  },
  'crypto callback': () =>
    new Promise((resolve, reject) => {
      crypto.randomBytes(4, (error, bytes) =>
        error ? reject(error) : resolve([error, Buffer.isBuffer(bytes), bytes.length]),
      );
    }),
  path: () => [path.join('a', '..', 'b', 'c.js'), path.extname('x.tar.gz'), path.parse('/a/b.c')],
  url: () => [
    url.parse('https://user@host.test:8080/p/a?x=1#h', true).query,
    url.format({ protocol: 'https', host: 'a.test', pathname: '/b', query: { c: 'd e' } }),
    new url.URL('../x?y=z', 'https://a.test/b/c').href,
    [...new url.URLSearchParams('a=1&b=2&a=3').entries()],
    attempt(() => new url.URL('not a url')),
  ],
  querystring: () => [
    querystring.parse('a=1&b=2&a=3'),
    querystring.stringify({ x: [1, 2], y: 'ä' }),
  ],
  util: async () => {
    const promised = util.promisify((value: number, done: (e: Error | null, v: number) => void) =>
      done(null, value * 2),
    );
    return [
      util.format('%s=%d %j', 'a', 5, { b: 1 }),
      util.inspect({ a: [1, { b: 'c' }], d: new Map([['e', 1]]), f: () => 1 }),
      await promised(21),
      util.types.isDate(new Date()),
      util.isDeepStrictEqual({ a: [1] }, { a: [1] }),
      kind(new util.TextEncoder().encode('é')),
      typeof util.inherits,
    ];
  },
  zlib: async () => {
    const packed = zlib.gzipSync(Buffer.from('text '.repeat(50)));
    const unpacked = await new Promise<Buffer>((resolve, reject) =>
      zlib.gunzip(packed, (error, data) => (error ? reject(error) : resolve(data))),
    );
    return [
      Buffer.isBuffer(packed),
      unpacked.toString().length,
      zlib.inflateSync(zlib.deflateSync('x')).toString(),
      attempt(() => zlib.gunzipSync(Buffer.from('not gzip'))),
    ];
  },
  buffer: () => [RequiredBuffer === Buffer, RequiredBuffer.from('a') instanceof Buffer],
  stream: () =>
    new Promise((resolve, reject) => {
      const chunks: Array<string> = [];
      const upper = new Transform({
        transform(chunk, _encoding, done) {
          done(null, chunk.toString().toUpperCase());
        },
      });
      Readable.from(['one ', 'two'])
        .pipe(upper)
        .on('data', (chunk) => chunks.push(String(chunk)))
        .on('error', reject)
        .on('end', () => resolve(chunks));
    }),
  'stream class': () => {
    class Numbers extends Readable {
      private next = 0;
      override _read() {
        this.push(this.next < 3 ? `${this.next++}` : null);
      }
    }
    const numbers = new Numbers();
    return new Promise((resolve) => {
      let text = '';
      numbers.on('data', (chunk) => {
        text += chunk;
      });
      numbers.on('end', () =>
        resolve([text, numbers instanceof Readable, numbers instanceof Numbers]),
      );
    });
  },
  os: () => [typeof os.platform, typeof os, attempt(() => os.cpus())],
  servers: () => {
    // Required late: while an app is being loaded, it has no permissions yet.
    const [http, https, net] = ['http', 'https', 'net'].map((name) => load(name));
    return [
      attempt(() => http.createServer),
      attempt(() => new net.Server()),
      attempt(() => typeof https.request),
      attempt(() => typeof http.STATUS_CODES[404]),
      attempt(() => net.isIP('127.0.0.1')),
    ];
  },
  forbidden: () =>
    ['fs', 'child_process', 'vm', 'node:fs', 'process', 'module', 'no-such-thing', './missing'].map(
      (name) => [name, attempt(() => typeof load(name))],
    ),
  definition: () => {
    const { App } = load('@rocket.chat/apps-engine/definition/App');
    return [
      App.name,
      load('@rocket.chat/apps-engine/definition/App').App === App,
      load('@rocket.chat/apps-ts-definition/App').App === App,
      attempt(() => typeof load('@rocket.chat/apps-engine/definition/nothing')),
    ];
  },
};
