'use strict';

// What ARCHITECTURE.md says under "Leaving by a jump" of how the engine may be called: behind
// the guard, but for functions that neither run guest code nor allocate nor free.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.dirname(__dirname);
const guard = path.join(root, 'src/engine/guard');
const read = (file) => fs.readFileSync(file, 'utf8');

/** Functions that only read or write numbers, pointers and counters of live things. */
const HARMLESS = [
  /^JS_(?:MK\w+|VALUE_\w+|NewFloat64)$/, // make and take apart values, in Rust
  /^JS_Is(?!SameValue)\w+$/,
  /^JS_(?:Get|Set)(?:Runtime|Context)?Opaque$/,
  /^JS_(?:GetAnyOpaque|GetClassID|GetRuntime|GetTypedArrayType|PromiseState)$/,
  /^JS_(?:DupValue|DupAtom|SetConstructorBit|SetCanBlock)$/,
  /^JS_(?:UpdateStackTop|SetMaxStackSize|GetGCThreshold|SetGCThreshold)$/,
  /^JS_(?:SetInterruptHandler|SetHostPromiseRejectionTracker|SetModuleLoaderFunc)$/,
  /^JS_GetVersion$/,
  /^JS_(?:GetClassProto|MarkValue)$/, // count references; tell the collector
];

/** Of a runtime that is being made and has no guard yet; refusals are errors there. */
const AT_THE_START = ['JS_NewRuntime2', 'JS_NewClassID', 'JS_NewClass'];

const isFree = (name) => AT_THE_START.includes(name) || HARMLESS.some((free) => free.test(name));

/** The names of the functions of the engine's that Rust code calls directly. */
function directCalls(source) {
  const code = source.replace(/\/\/[^\n]*/g, '');
  return [...code.matchAll(/\bqjs::(js_\w+|JS_\w+)\s*\(/g)].map(([, name]) => name);
}

function rustFiles(folder) {
  return fs
    .readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.rs'))
    .map((file) => path.join(folder, file));
}

test('what may run guest code, allocate or free is called behind the guard', () => {
  const unguarded = rustFiles(path.join(root, 'src/engine')).flatMap((file) =>
    directCalls(read(file))
      .filter((name) => !isFree(name))
      .map((name) => `${path.relative(root, file)} calls qjs::${name}`),
  );
  expect(unguarded).toEqual([]);
});

test('the detector sees calls', () => {
  expect(directCalls('unsafe { qjs::JS_Call(a) }; qjs::js_free (b); qjs::JS_NULL')).toEqual([
    'JS_Call',
    'js_free',
  ]);
  expect(directCalls('// qjs::JS_Call(a)')).toEqual([]);
  expect(['JS_IsArray', 'JS_DupValue', 'JS_NewClass'].filter(isFree)).toHaveLength(3);
  expect(['JS_Call', 'JS_IsSameValue', 'JS_FreeValue', 'JS_GetProperty'].filter(isFree)).toEqual(
    [],
  );
});

test('each guarded function has a line on both sides', () => {
  const names = (file, line) => [...read(path.join(guard, file)).matchAll(line)].map((m) => m[1]);
  const c = names('calls.h', /^(?:FRAGILE_)?CALL\(\w+, [^,]+, (\w+)|^VOID_CALL\(\w+, (\w+)/gm);
  const both = [...read(path.join(guard, 'calls.h')).matchAll(/^VOID_CALL\(\w+, (\w+)/gm)];
  const inC = [...c.filter(Boolean), ...both.map((m) => m[1])].sort();
  const inRust = names('calls.rs', /\bfn ((?:JS|js|throw)_\w+)\(/g).sort();
  expect(inC).toEqual(inRust);
  expect(inC.length).toBeGreaterThan(50);
});

/** Where Cargo keeps the engine's sources. */
function engineSources() {
  const args = ['metadata', '--format-version', '1', '--offline', '--manifest-path', 'Cargo.toml'];
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 };
  const { packages } = JSON.parse(execFileSync('cargo', args, options));
  const { manifest_path: manifest } = packages.find(({ name }) => name === 'rquickjs-sys');
  return path.join(path.dirname(manifest), 'quickjs');
}

const compiler = process.platform === 'win32' ? undefined : (process.env.CC ?? 'cc');

(compiler ? test : test.skip)('the guard declares functions as quickjs.h does', () => {
  const flags = ['-std=c11', '-D_GNU_SOURCE', '-fsyntax-only', '-I', engineSources()];
  const compile = (source) => {
    const args = [...flags, '-include', 'quickjs.h', '-I', guard, '-x', 'c', '-'];
    execFileSync(compiler, args, { input: source, stdio: ['pipe', 'ignore', 'pipe'] });
  };
  for (const file of ['guard.c', 'parser.c', 'builtins.c']) {
    compile(`#include "${path.join(guard, file)}"`);
  }
  expect(() => compile('int JS_Call(void);')).toThrow(/conflicting types/);
});
