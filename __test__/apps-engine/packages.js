'use strict';

// The apps as Rocket.Chat gets them: compiled and zipped, in loose files or as one bundle.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const AdmZip = require('adm-zip');
const esbuild = require('esbuild');

const sources = path.join(__dirname, 'apps');

/** Compiles all apps into `folder`. */
function compileApps(folder) {
  const tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  for (const project of [sources, path.join(sources, 'toolbox')]) {
    try {
      const options = ['--project', project, '--outDir', folder];
      execFileSync(process.execPath, [tsc, ...options], { stdio: 'pipe' });
    } catch (error) {
      throw new Error(`The apps do not compile:\n${error.stdout || error.message}`);
    }
  }
}

/** The scripts of an app, by their path in the zip. */
function readScripts(folder, at = '') {
  if (!fs.existsSync(folder)) return {};
  const scripts = {};
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const name = at + entry.name;
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) Object.assign(scripts, readScripts(file, `${name}/`));
    else if (name.endsWith('.js')) scripts[name] = fs.readFileSync(file, 'utf8');
  }
  return scripts;
}

/** One script for all, by the bundler and with the options that Rocket.Chat's packager uses. */
function bundle(folder, mainFile) {
  const { outputFiles } = esbuild.buildSync({
    write: false,
    bundle: true,
    minify: true,
    platform: 'node',
    target: ['node20'],
    define: { 'global.Promise': 'Promise' },
    external: ['@rocket.chat/apps-engine/*'],
    absWorkingDir: folder,
    stdin: {
      contents: fs.readFileSync(path.join(folder, mainFile), 'utf8'),
      sourcefile: mainFile,
      resolveDir: folder,
    },
  });
  return { [mainFile]: outputFiles[0].text };
}

function zip(name, info, scripts) {
  const source = path.join(sources, name);
  const archive = new AdmZip();
  archive.addFile('app.json', Buffer.from(JSON.stringify(info)));
  for (const extra of [info.iconFile, 'i18n'].filter(Boolean)) {
    const file = path.join(source, extra);
    if (!fs.existsSync(file)) continue;
    if (fs.statSync(file).isDirectory()) archive.addLocalFolder(file, extra);
    else archive.addLocalFile(file);
  }
  for (const [file, text] of Object.entries(scripts)) archive.addFile(file, Buffer.from(text));
  return archive.toBuffer();
}

/**
 * Packages the app in `apps/<name>`.
 *
 * @param {{ bundled?: boolean, info?: object, replace?: Record<string, string> }} options
 *   `info` overrides app.json, `replace` whole scripts
 */
function packageApp(compiled, name, { bundled = false, info: other, replace } = {}) {
  const info = { ...JSON.parse(fs.readFileSync(path.join(sources, name, 'app.json'))), ...other };
  const folder = path.join(compiled, name);
  const plain = readScripts(path.join(sources, name));
  const scripts = bundled
    ? bundle(folder, info.classFile.replace(/\.ts$/, '.js'))
    : { ...readScripts(folder), ...plain };
  return zip(name, info, { ...scripts, ...replace });
}

/** One package for each script in `apps/faulty`: an app that something is wrong with. */
function packageFaulty() {
  const folder = path.join(sources, 'faulty');
  const names = fs.readdirSync(folder).filter((file) => file.endsWith('.js'));
  return Object.fromEntries(
    names.map((file, index) => {
      const name = path.basename(file, '.js');
      const info = {
        id: `0a6d3c2e-4b53-4d0c-9e30-7d5a1c3c01${String(index).padStart(2, '0')}`,
        name: `Faulty: ${name}`,
        nameSlug: `faulty-${name}`,
        version: '0.0.1',
        requiredApiVersion: '*',
        author: { name: 'quickvm tests' },
        classFile: file,
      };
      const scripts = { [file]: fs.readFileSync(path.join(folder, file), 'utf8') };
      return [name, zip('faulty', info, { ...scripts, ...readScripts(`${folder}/lib`, 'lib/') })];
    }),
  );
}

/** Every package that the scenario installs, by name. */
function packageAll(folder) {
  compileApps(folder);
  const second = { 'lib/version.js': "exports.VERSION = 'second';\n" };
  return {
    helpdesk: packageApp(folder, 'helpdesk'),
    'helpdesk bundled': packageApp(folder, 'helpdesk', { bundled: true }),
    'helpdesk second': packageApp(folder, 'helpdesk', {
      info: { version: '2.0.0' },
      replace: second,
    }),
    'helpdesk broken': packageApp(folder, 'helpdesk', {
      info: { version: '3.0.0' },
      replace: { 'lib/version.js': 'exports.VERSION = ;\n' },
    }),
    toolbox: packageApp(folder, 'toolbox', { bundled: true }),
    warden: packageApp(folder, 'warden'),
    ...packageFaulty(),
  };
}

module.exports = { packageAll };
