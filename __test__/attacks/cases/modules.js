'use strict';

const path = require('node:path');
const fs = require('node:fs');
const { safeOnly, sandboxOnly } = require('./reasons.js');

const NODES = 'what belongs to Node itself is not a guest’s to change, whatever the policy';
const noModules = sandboxOnly('there is no `require` but what the host passes');
const FILES = { 'main.js': 'exports.ok = 1', 'lib/index.js': 'exports.ok = 2' };
const all = (ids) =>
  `for (const id of ${JSON.stringify(ids)}) { const found = attempt(() => require(id)); take(found); take(found?.constructor?.constructor); if (found?.code === undefined) take('HOST module ' + id); }`;

module.exports = [
  {
    id: 'module-of-nodes-changed',
    technique: 'A function of one of Node’s modules replaced, where the host passes the module',
    fails: NODES,
    given: () => ({ path }),
    guest: `attempt(() => { path.join = () => '/etc'; }); attempt(() => { path.posix.join = 0; })`,
  },
  {
    id: 'module-of-nodes-redefined',
    technique: 'The same by `defineProperty`, `delete` and `setPrototypeOf`',
    fails: NODES,
    given: () => ({ fs: { promises: fs.promises, constants: fs.constants }, path }),
    guest: `
      attempt(() => Object.defineProperty(path, 'sep', { value: 'x' }));
      attempt(() => delete path.basename);
      attempt(() => { fs.promises.readFile = async () => 'guest'; });
      attempt(() => Object.setPrototypeOf(path, { evil: 1 }));`,
  },
  {
    id: 'module-environment',
    technique: 'The environment of the process changed, where the host passes it',
    fails: NODES,
    given: () => ({ env: process.env }),
    guest: `attempt(() => { env.NODE_OPTIONS_OF_GUEST = '--require=evil'; delete env.PATH; })`,
  },
  {
    id: 'module-object-of-the-host',
    technique: '`module` of the host’s: its class loads any module',
    fails: 'of an instance the class and the own fields are hidden',
    known: 'vm2 CVE-2026-43999',
    given: () => ({ module }),
    guest: `
      take(attempt(() => module.constructor._load('node:process')));
      take(attempt(() => module.paths.join()));
      take(attempt(() => String(module.filename)));`,
    except: safeOnly,
  },
  {
    id: 'module-main',
    technique: '`process.mainModule`, by whatever leads to `process`',
    fails: 'there is no `process`, and nothing leads to the host’s',
    known: 'the end of most escapes',
    given: () => ({ version: process.versions }),
    guest: `
      take(attempt(() => process.mainModule));
      take(attempt(() => globalThis.process));
      take(version.constructor.constructor);`,
  },
  {
    id: 'module-node-ids',
    technique: '`require` of Node’s modules, by all spellings',
    fails: 'only the host’s map is looked at',
    known: 'vm2 CVE-2026-47140',
    options: { modules: FILES },
    guest: all([
      'fs',
      'node:fs',
      'process',
      'inspector/promises',
      'node:sqlite',
      'module',
      '_tls_wrap',
    ]),
    except: noModules,
  },
  {
    id: 'module-traversal',
    technique: 'Relative and absolute paths out of the map',
    fails: 'paths are names in the map, never files',
    options: { modules: FILES },
    guest: all([
      '../package.json',
      '/etc/passwd',
      './../../../../etc/hosts',
      'lib/../../x',
      'file:///etc/hosts',
    ]),
    except: noModules,
  },
  {
    id: 'module-named-like-an-inherited-property',
    technique: 'Names that every object has: `__proto__`, `constructor`, `toString`',
    fails: 'the map is a Map',
    options: { modules: FILES },
    guest: all([
      '__proto__',
      'constructor',
      'toString',
      'lib/__proto__',
      './constructor',
      'hasOwnProperty',
    ]),
    except: noModules,
  },
  {
    id: 'module-manifest-out-of-the-map',
    technique: 'A package’s `main` that leads out of it, or is no string',
    fails: 'it is resolved in the map like any other path',
    options: {
      modules: {
        'node_modules/a/package.json': '{"main":"../../../../etc/hosts"}',
        'node_modules/b/package.json': '{"main":{"toString":1}}',
        'node_modules/c/package.json': '{"__proto__":{"main":"/etc/hosts"}}',
      },
    },
    guest: all(['a', 'b', 'c']),
    except: noModules,
  },
  {
    id: 'module-id-that-is-no-string',
    technique: 'An id that becomes another text each time it is looked at',
    fails: 'what is no string is refused before anything else',
    options: { modules: FILES },
    guest: `
      let n = 0;
      const id = { toString: () => (n++ ? 'fs' : 'main.js'), startsWith: take, length: 1 };
      take(attempt(() => require(id)).constructor.constructor);
      take(attempt(() => require.resolve(id))?.constructor.constructor);`,
    except: noModules,
  },
  {
    id: 'module-loader-that-fails',
    technique: 'An error of the host’s loader, with the path that it tried',
    fails: 'it crosses as all errors of the system',
    options: {
      modules: {
        resolve: (id) => id,
        load: (id) => fs.readFileSync(path.join(__dirname, id), 'utf8'),
      },
    },
    guest: `
      const error = attempt(() => require('none.js'));
      take(error.message); take(error.path ?? ''); take(error.stack);
      take(error.constructor.constructor);`,
    except: noModules,
  },
  {
    id: 'module-parents',
    technique: 'Up from `module`: its parent, `require.main`, `require.cache`, its class',
    fails: 'modules are objects of the guest’s, and the first one has no parent',
    options: { modules: { 'main.js': 'exports.module = module; exports.require = require' } },
    guest: `
      const { module, require: inner } = require('main.js');
      for (const value of [module.parent, module.constructor, inner.main, inner.cache, inner.extensions, module.children]) {
        take(value); take(value?.constructor?.constructor);
      }
      take(attempt(() => module.constructor._load('fs')));
      take(attempt(() => new module.constructor('fs').require('fs')).constructor.constructor);`,
    except: noModules,
  },
  {
    id: 'module-wrapper-closed',
    technique: 'Text that ends the function around a module and goes on outside of it',
    fails: 'outside is the guest’s realm as well: there is nothing to find',
    options: {
      modules: {
        'main.js': '});\ntake(this.constructor.constructor); take(typeof load); (function () {',
      },
    },
    guest: `attempt(() => require('main.js'))`,
    except: noModules,
  },
];
