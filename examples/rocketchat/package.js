'use strict';

/**
 * Compiles the example apps and zips each one the way `rc-apps package` does: app.json at the top,
 * the compiled files, the icon and the translations at the paths the developer gave them.
 *
 *   node examples/rocketchat/package.js
 */

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const AdmZip = require('adm-zip');

const root = __dirname;
const dist = path.join(root, 'dist');
const build = path.join(dist, 'build');

const apps = {
  poll: 'poll-app',
  endless: 'rogue-apps/endless',
  hungry: 'rogue-apps/hungry',
  broken: 'rogue-apps/broken',
};

/** Packages every app and returns the path of each zip by the app's short name. */
function packageApps() {
  // Start clean, or a source file that is gone would live on in the zip.
  fs.rmSync(dist, { recursive: true, force: true });
  compile();
  return Object.fromEntries(Object.entries(apps).map(([name, folder]) => [name, writeZip(folder)]));
}

/** One run compiles all the apps: they share one tsconfig.json. */
function compile() {
  const typescript = path.dirname(require.resolve('typescript/package.json'));
  const tsc = path.join(typescript, 'bin', 'tsc');
  try {
    execFileSync(process.execPath, [tsc, '--project', root, '--outDir', build], { stdio: 'pipe' });
  } catch (error) {
    throw new Error(`The example apps do not compile:\n${error.stdout || error.message}`);
  }
}

function writeZip(folder) {
  const source = path.join(root, folder);
  const info = JSON.parse(fs.readFileSync(path.join(source, 'app.json'), 'utf8'));
  const zip = new AdmZip();

  zip.addLocalFile(path.join(source, 'app.json'));
  zip.addLocalFile(path.join(source, info.iconFile));
  zip.addLocalFolder(path.join(source, 'i18n'), 'i18n');
  zip.addLocalFolder(path.join(build, folder));

  const file = path.join(dist, `${info.nameSlug}_${info.version}.zip`);
  zip.writeZip(file);
  return file;
}

module.exports = { packageApps };

if (require.main === module) {
  for (const file of Object.values(packageApps())) {
    console.log(path.relative(process.cwd(), file));
  }
}
