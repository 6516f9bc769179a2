'use strict';

// What a user installs: entry points, packed files, platform packages, versions.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { npm, root } = require('../scripts/npm.js');

const manifest = require('../package.json');

const readJson = (file) => JSON.parse(fs.readFileSync(path.join(root, file), 'utf8'));

/** The manifest of each platform package below a folder. */
const manifestsIn = (folder) =>
  fs
    .readdirSync(folder)
    .sort()
    .map((name) => JSON.parse(fs.readFileSync(path.join(folder, name, 'package.json'), 'utf8')));

/** All file names in a (nested) `exports` map. */
const targets = (entry) =>
  typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(targets);

describe('entry points', () => {
  const entries = [...targets(manifest.exports), manifest.main, manifest.types];

  test.each([...new Set(entries.map((file) => path.normalize(file)))])('%s exists', (file) => {
    expect(fs.existsSync(path.join(root, file))).toBe(true);
  });

  test('require and import give the same Sandbox', () => {
    // A module of its own, as a user's would be; the package finds itself by name.
    const program = `
      import { createRequire } from 'node:module';
      import * as imported from 'quickvm';
      const require = createRequire(process.cwd() + '/');
      const required = require('quickvm');
      console.log(JSON.stringify({
        type: typeof imported.Sandbox,
        same: imported.Sandbox === required.Sandbox,
        missing: Object.keys(required).filter((name) => imported[name] !== required[name]),
        version: require('quickvm/package.json').version,
      }));
    `;
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(JSON.parse(output)).toEqual({
      type: 'function',
      same: true,
      missing: [],
      version: manifest.version,
    });
  });
});

describe('npm pack', () => {
  const output = npm(['pack', '--dry-run', '--json', '--ignore-scripts'], { stdio: 'pipe' });
  const packed = JSON.parse(output)[0].files.map((file) => file.path);

  test('takes along all that is needed', () => {
    const entries = [...targets(manifest.exports), 'binding.js', 'binding.d.ts'];
    const needed = [...entries, 'LICENSE', 'README.md', 'lib/native.js'];
    expect(packed).toEqual(expect.arrayContaining(needed.map((file) => file.replace('./', ''))));
  });

  test('takes along nothing else', () => {
    const wanted = [
      /^(?:package\.json|LICENSE|README\.md|ATTACKS\.md)$/,
      /^(?:index|vm|binding)\.(?:m?js|d\.m?ts)$/,
      /^docs\/[\w-]+\.md$/,
      /^lib\/(?:[\w-]+\/)*[\w-]+\.m?js$/,
    ];
    expect(packed.filter((file) => !wanted.some((pattern) => pattern.test(file)))).toEqual([]);
  });
});

describe('platform packages', () => {
  const { binaryName, packageName, targets: triples } = manifest.napi;
  const folders = fs.readdirSync(path.join(root, 'npm'));

  test('are those that the targets of package.json give', () => {
    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'quickvm-'));
    try {
      fs.copyFileSync(path.join(root, 'package.json'), path.join(scratch, 'package.json'));
      fs.mkdirSync(path.join(scratch, 'npm'));
      npm(['exec', '--', 'napi', 'create-npm-dirs', '--cwd', scratch], { stdio: 'pipe' });
      expect(manifestsIn(path.join(root, 'npm'))).toEqual(manifestsIn(path.join(scratch, 'npm')));
    } finally {
      fs.rmSync(scratch, { recursive: true });
    }
    expect(folders).toHaveLength(triples.length);
  });

  test.each(folders)('%s is what binding.js looks for', (platform) => {
    const { name, main, version } = readJson(`npm/${platform}/package.json`);
    expect({ name, main, version }).toEqual({
      name: `${packageName}-${platform}`,
      main: `${binaryName}.${platform}.node`,
      version: manifest.version,
    });
    const binding = fs.readFileSync(path.join(root, 'binding.js'), 'utf8');
    expect(binding).toContain(`require('${name}')`);
    expect(binding).toContain(`require('./${main}')`);
  });
});

test('Cargo.toml and package-lock.json have the version of package.json', () => {
  const cargo = fs.readFileSync(path.join(root, 'Cargo.toml'), 'utf8');
  expect(/^\[package\][^[]*?^version = "(.+)"/m.exec(cargo)?.[1]).toBe(manifest.version);
  expect(readJson('package-lock.json').version).toBe(manifest.version);
});

test('package-lock.json does not name the registry it was made with', () => {
  const { packages } = readJson('package-lock.json');
  expect(Object.values(packages).filter((entry) => 'resolved' in entry)).toEqual([]);
});
