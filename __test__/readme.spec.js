'use strict';

// What the documentation shows is true: each js block of README.md and docs/, and each
// @example of the declarations, runs as a program of its own, and prints what its `// → …` comments say.

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');

const root = path.dirname(__dirname);
const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');

/** The fenced js blocks of a text, with the lines they start in. */
function blocksOf(markdown) {
  return [...markdown.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map((match) => ({
    code: match[1],
    line: markdown.slice(0, match.index).split('\n').length + 1,
  }));
}

/** Takes the frame of documentation comments off; lines stay where they are. */
function uncomment(declarations) {
  return declarations.replace(/^ *\/?\*+(?:\/$| ?)/gm, '');
}

/** What a program says that it prints. */
function announced(code) {
  return [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => text);
}

/** Runs a program as a module that finds the package by its name; answers the lines it prints. */
async function linesPrinted(code) {
  const args = ['--input-type=module', '--eval', code];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  return stdout.split('\n').slice(0, -1);
}

const documents = ['README.md', 'docs/vm.md'];
const declarationFiles = ['index.d.ts', 'vm.d.ts'];

const programs = [
  ...documents.flatMap((file) => blocksOf(read(file)).map((block) => ({ file, ...block }))),
  ...declarationFiles.flatMap((file) =>
    blocksOf(uncomment(read(file))).map((block) => ({ file, ...block })),
  ),
];

test.each(programs)('$file:$line', async ({ code }) => {
  expect(announced(code)).not.toEqual([]);
  expect(await linesPrinted(code)).toEqual(announced(code));
});

test('every example is among them', () => {
  const count = (file) => programs.filter((program) => program.file === file).length;
  for (const [files, mark] of [
    [declarationFiles, /@example/g],
    [documents, /^```js$/gm],
  ]) {
    for (const file of files) {
      expect(count(file)).toBe(read(file).match(mark).length);
      expect(count(file)).toBeGreaterThan(0);
    }
  }
});

test('every error code and option is in both', () => {
  const readme = read('README.md');
  const declarations = read('index.d.ts');
  const codes = [...new Set(declarations.match(/\bERR_SANDBOX_\w+/g))];
  const options = declarations.match(/interface SandboxOptions \{[\s\S]*?^\}/m)[0];
  const names = [...options.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(5);
  expect([...codes, ...names].filter((name) => !readme.includes(`| \`${name}\``))).toEqual([]);
});
