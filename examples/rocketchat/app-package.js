'use strict';

const AdmZip = require('adm-zip');

/**
 * Reads an app's zip.
 *
 * @param {string} file
 * @returns {{ info: object, files: Map<string, string>, languages: Record<string, object> }}
 *   `info` is app.json, `files` the text of each .js file by its path in the zip, `languages` the
 *   translations by language.
 */
function readAppPackage(file) {
  const entries = new AdmZip(file).getEntries().filter((entry) => !entry.isDirectory);
  const text = (entry) => entry.getData().toString('utf8');

  const manifest = entries.find((entry) => entry.entryName === 'app.json');
  if (!manifest) {
    throw new Error(`${file} is not an app: it has no app.json`);
  }
  const info = JSON.parse(text(manifest));
  // Developers name the TypeScript file; what is in the zip is its compiled twin.
  info.classFile = info.classFile.replace(/\.ts$/, '.js');

  const files = new Map();
  const languages = {};
  for (const entry of entries) {
    const name = entry.entryName;
    const language = /^i18n\/([a-z-]+)\.json$/i.exec(name);
    if (language) {
      languages[language[1]] = JSON.parse(text(entry));
    } else if (name.endsWith('.js')) {
      files.set(name, text(entry));
    }
  }

  if (!files.has(info.classFile)) {
    throw new Error(`${file} is not an app: it has no ${info.classFile}`);
  }
  return { info, files, languages };
}

module.exports = { readAppPackage };
