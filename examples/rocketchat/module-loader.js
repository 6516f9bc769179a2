'use strict';

const fs = require('node:fs');
const path = require('node:path');

const ENGINE = '@rocket.chat/apps-engine';
const engineFolder = path.dirname(require.resolve(`${ENGINE}/package.json`));
const guestFolder = path.join(__dirname, 'guest');

/** Where our own guest-side modules live among the module ids. */
const RUNTIME = 'app-runtime';

/** What the definition modules require from npm, and our stand-in for it. */
const standIns = new Map([['uuid/v1', `${RUNTIME}/uuid.js`]]);

/**
 * Decides what `require` finds inside an app's sandbox: the app's own files, the Apps-Engine's
 * definition modules and our runtime. Nothing else exists there, so `require('fs')` fails.
 *
 * A module's id is also its file name in stack traces. That is why an app's files are called
 * `<slug>/<path in the zip>`: in a server's log one sees at once which app a frame belongs to.
 */
function createModuleLoader({ info, files }) {
  const slug = info.nameSlug;

  /** The source of a module, or undefined if there is no such module. */
  function read(id) {
    // Windows would take a backslash for a way out of the folder.
    if (id.includes('\\')) {
      return undefined;
    }
    if (id.startsWith(`${slug}/`)) {
      return files.get(id.slice(slug.length + 1));
    }
    if (id.startsWith(`${RUNTIME}/`)) {
      return readFile(path.join(guestFolder, id.slice(RUNTIME.length + 1)));
    }
    if (isEngineModule(id)) {
      return readFile(path.join(engineFolder, id.slice(ENGINE.length + 1)));
    }
    return undefined;
  }

  return {
    resolve(specifier, referrer) {
      const relative = /^\.\.?(\/|$)/.test(specifier);
      const folder = relative ? path.posix.dirname(String(referrer)) : '';
      // join() also takes out every `..`, so no specifier climbs out of the three trees above.
      const base = standIns.get(specifier) ?? path.posix.join(folder, specifier);

      const id = [base, `${base}.js`, `${base}/index.js`].find(
        (candidate) => candidate.endsWith('.js') && read(candidate) !== undefined,
      );
      if (id === undefined) {
        throw new Error(`Cannot find module '${specifier}'`);
      }
      return id;
    },
    load: read,
  };
}

/**
 * Besides the definitions, the runtime uses the engine's own message builder, so that apps get the
 * very builder that Rocket.Chat gives them.
 */
function isEngineModule(id) {
  return (
    id.startsWith(`${ENGINE}/definition/`) || id === `${ENGINE}/server/accessors/MessageBuilder.js`
  );
}

/** All apps load the same modules, so each file is read once. */
const texts = new Map();

function readFile(file) {
  if (!texts.has(file)) {
    texts.set(file, fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined);
  }
  return texts.get(file);
}

module.exports = { createModuleLoader, RUNTIME };
