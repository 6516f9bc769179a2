'use strict';

// The rules of ARCHITECTURE.md that a compiler does not check, read off the sources:
// who may name whom, where `unsafe` may stand, and how long a file may grow.

const fs = require('node:fs');
const path = require('node:path');

const root = path.dirname(__dirname);

/** The only files with `unsafe`. ARCHITECTURE.md names the same under "The unsafe fence". */
const UNSAFE_FENCE = [
  'src/addon/mailbox.rs',
  'src/addon/weak.rs',
  'src/engine/array_buffer.rs',
  'src/engine/builtin.rs',
  'src/engine/builtins.rs',
  'src/engine/callback.rs',
  'src/engine/checkpoint.rs',
  'src/engine/exception.rs',
  'src/engine/global.rs',
  'src/engine/global/cache.rs',
  'src/engine/global/hooks.rs',
  'src/engine/guard/callbacks.rs',
  'src/engine/guard/calls.rs',
  'src/engine/guard/mod.rs',
  'src/engine/guard/watchdog.rs',
  'src/engine/heap/allocator.rs',
  'src/engine/heap/block.rs',
  'src/engine/heap/functions.rs',
  'src/engine/heap/image.rs',
  'src/engine/heap/mod.rs',
  'src/engine/heap/pool.rs',
  'src/engine/heap/region.rs',
  'src/engine/heap/shadow/asan.rs',
  'src/engine/heap/sys/unix.rs',
  'src/engine/heap/sys/windows.rs',
  'src/engine/heap/tests.rs',
  'src/engine/import.rs',
  'src/engine/intrinsics.rs',
  'src/engine/jobs.rs',
  'src/engine/key.rs',
  'src/engine/layout.rs',
  'src/engine/limits.rs',
  'src/engine/object.rs',
  'src/engine/pins.rs',
  'src/engine/poll.rs',
  'src/engine/promise.rs',
  'src/engine/proxy.rs',
  'src/engine/random.rs',
  'src/engine/realm.rs',
  'src/engine/runtime.rs',
  'src/engine/script.rs',
  'src/engine/slots.rs',
  'src/engine/source.rs',
  'src/engine/stack.rs',
  'src/engine/string.rs',
  'src/engine/value.rs',
  'tests/faults.rs',
];

/** Each layer may name only lower ones; a module of `src/` that is not listed is a plain one. */
const RANK = { addon: 4, sandbox: 3, membrane: 2, guest: 2, engine: 1 };
const PLAIN = 0;

const LINES_WANTED = 400;
const LINES_ALLOWED = 450;

// Detectors. Each takes text and returns what it found, so that it can itself be tested.

/** Blanks comments and the contents of literals; lines stay where they are. */
function stripRust(source) {
  const comment = /\/\/[^\n]*|\/\*[\s\S]*?\*\//;
  const rawString = /(?<!\w)[bc]?r(?<hashes>#*)"[\s\S]*?"\k<hashes>/;
  const string = /"(?:\\[\s\S]|[^"\\])*"/;
  const char = /'(?:\\u\{\w+\}|\\x\w\w|\\.|[^'\\\n])'/;
  const opaque = [comment, rawString, string, char].map((part) => part.source).join('|');
  return source.replace(new RegExp(opaque, 'gu'), (text) =>
    text.startsWith('/') ? text.replace(/[^\n]/g, ' ') : `"${text.replace(/[^\n]/g, '')}"`,
  );
}

/** `a::{b::{c, d}, e}` → `a::b::c, a::b::d, a::e` */
function expandUseGroups(code) {
  const innermost = /((?:\w+\s*::\s*)+)\{([^{}]*)\}/;
  for (let found = innermost.exec(code); found; found = innermost.exec(code)) {
    const [group, prefix, items] = found;
    const expanded = items.split(',').filter((item) => item.trim());
    code = code.replace(group, () => expanded.map((item) => prefix + item.trim()).join(', '));
  }
  return code;
}

/** `src/engine/heap/region.rs` → `['engine', 'heap', 'region']` */
function modulePath(file) {
  const parts = file.replace(/\.rs$/, '').split('/').slice(1);
  return ['mod', 'lib'].includes(parts.at(-1)) ? parts.slice(0, -1) : parts;
}

/**
 * The modules at the crate's root that a file names, by `crate::` or by way of `super::`.
 * An inline module has one `super` more than counted here: such a path counts from nearer the
 * root than it is, so a step out of the layer is never missed.
 */
function rootModulesNamed(file, source) {
  const code = expandUseGroups(stripRust(source)).replace(/\s*::\s*/g, '::');
  const paths = code.matchAll(/(?<![\w:])(?:crate|self|super)(?:::(?:\w+|\*))+/g);
  const named = new Set();
  for (const [text] of paths) {
    const here = modulePath(file);
    for (const segment of text.split('::')) {
      if (segment === 'crate') here.length = 0;
      else if (segment === 'super') here.pop();
      else if (segment !== 'self') here.push(segment);
    }
    named.add(here[0]);
  }
  return [...named];
}

/** Root modules that a file may not name, or that it names by a re-export or a glob. */
function upwardImports(file, source) {
  const [own] = modulePath(file);
  if (own === undefined) return []; // lib.rs puts the layers together
  const rank = (module) => RANK[module] ?? PLAIN;
  return rootModulesNamed(file, source).filter(
    (named) =>
      named !== own &&
      (!/^[a-z]\w*$/.test(named) ||
        rank(named) > rank(own) ||
        (rank(named) === rank(own) && named in RANK)),
  );
}

function namesNapi(source) {
  return /\bnapi(?:_derive|_build|_sys)?\b/.test(stripRust(source));
}

function usesUnsafe(source) {
  const code = stripRust(source);
  return /\bunsafe\b/.test(code) || /\b(?:allow|expect|warn)\s*\([^)]*\bunsafe_code\b/.test(code);
}

/** Lines of `unsafe {` blocks without a SAFETY comment in the six lines above them. */
function unarguedUnsafe(source) {
  const lines = source.split('\n');
  const unargued = [];
  stripRust(source)
    .split('\n')
    .forEach((line, index) => {
      if (!/\bunsafe\s*(?:\{|$)/.test(line)) return;
      if (!argument(lines, index)) unargued.push(index + 1);
    });
  return unargued;
}

function argument(lines, index) {
  // A long argument is welcome: the lines of a comment do not count.
  for (let line = index, left = 6; line >= 0 && left >= 0; line--) {
    if (/\/\/.*\bSAFETY:/.test(lines[line])) return true;
    if (!/^\s*\/\//.test(lines[line])) left--;
  }
  return false;
}

/** Lines up to the unit tests that a Rust file may end with. */
function lengthWithoutTests(source) {
  return source
    .split(/^#\[cfg\(test\)\]\s*mod \w+ \{/m)[0]
    .trimEnd()
    .split('\n').length;
}

function requiresBinding(source) {
  return /['"`](?:\.{1,2}\/)+(?:binding(?:\.js)?|[^'"`\n]*\.node)['"`]/.test(source);
}

/** The paths of the list under the heading "The unsafe fence". */
function documentedFence(markdown) {
  const section = markdown.split(/^#+ The unsafe fence\s*$/m)[1]?.split(/^#/m)[0] ?? '';
  return [...section.matchAll(/^[-*] `([^`]+)`/gm)].map(([, file]) => file);
}

// The tree.

const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');

/** Files below `folder` (none when it does not exist), by their path from the project root. */
function files(folder, extension) {
  const start = path.join(root, folder);
  if (!fs.existsSync(start)) return [];
  return fs
    .readdirSync(start, { withFileTypes: true })
    .filter((entry) => !['node_modules', 'target', 'dist'].includes(entry.name))
    .flatMap((entry) => {
      const file = path.posix.join(folder, entry.name);
      if (entry.isDirectory()) return files(file, extension);
      return extension.test(file) ? [file] : [];
    });
}

const sources = files('src', /\.rs$/);
// Benchmarks are left out: they are not shipped, and compare other allocators.
const allRust = ['build.rs', ...sources, ...files('tests', /\.rs$/)];
const rootScripts = fs
  .readdirSync(root)
  .filter((file) => /\.[cm]?js$/.test(file) && file !== 'binding.js');

describe('layers', () => {
  test('there are sources to check', () => {
    const found = new Set(sources.map((file) => modulePath(file)[0]));
    expect([...found]).toEqual(expect.arrayContaining(['addon', 'engine']));
    expect(rootScripts).toContain('index.js');
  });

  test('napi is named only in src/addon/', () => {
    const named = sources.filter((file) => namesNapi(read(file)));
    expect(named.filter((file) => modulePath(file)[0] !== 'addon')).toEqual([]);
    expect(named).not.toEqual([]);
  });

  test('imports run downward only', () => {
    const upward = sources.flatMap((file) =>
      upwardImports(file, read(file)).map((named) => `${file} names crate::${named}`),
    );
    expect(upward).toEqual([]);
  });

  test('only lib/native.js loads the generated binding', () => {
    const scripts = [
      ...rootScripts,
      ...files('lib', /\.[cm]?js$/),
      ...files('examples', /\.[cm]?js$/),
      ...files('bench', /\.[cm]?js$/),
    ];
    expect(scripts.filter((file) => requiresBinding(read(file)))).toEqual(['lib/native.js']);
  });
});

describe('the unsafe fence', () => {
  test('holds all files with unsafe, and no other', () => {
    const unfenced = allRust.filter((file) => usesUnsafe(read(file)));
    expect(unfenced.sort()).toEqual([...UNSAFE_FENCE].sort());
  });

  test('lies in the engine, but for what Node-API has no safe way to do', () => {
    const outside = UNSAFE_FENCE.filter((file) => !file.startsWith('src/engine/'));
    expect(outside).toEqual(['src/addon/mailbox.rs', 'src/addon/weak.rs', 'tests/faults.rs']);
  });

  test('is the one that ARCHITECTURE.md names', () => {
    expect(documentedFence(read('ARCHITECTURE.md')).sort()).toEqual([...UNSAFE_FENCE].sort());
  });

  test.each(UNSAFE_FENCE)('each unsafe block of %s is argued for', (file) => {
    expect(unarguedUnsafe(read(file))).toEqual([]);
  });
});

describe('file length', () => {
  const isTest = (file) => /(?:^|\/)(?:tests?|__test__)(?:\/|\.rs$)|_tests?\.rs$/.test(file);
  const measured = [...sources, ...files('src', /\.js$/), ...files('lib', /\.js$/), ...rootScripts]
    .filter((file) => !isTest(file))
    .map((file) => ({ file, lines: lengthWithoutTests(read(file)) }));

  test(`stays within ${LINES_ALLOWED} lines`, () => {
    const long = measured.filter(({ lines }) => lines > LINES_WANTED);
    for (const { file, lines } of long) {
      console.warn(`${file} has ${lines} lines: time to split it (${LINES_WANTED} wanted)`);
    }
    expect(long.filter(({ lines }) => lines > LINES_ALLOWED)).toEqual([]);
  });
});

// A check that finds nothing looks just like a check that cannot find anything.
describe('the detectors', () => {
  test('strip comments and literals, and keep lifetimes and lines', () => {
    expect(stripRust('a // unsafe\nb /* unsafe\n */ c')).toMatch(/^a +\nb +\n +c$/);
    expect(stripRust('f("unsafe \\" {", r#"un"safe"#, b"x")')).toBe('f("", "", b"")');
    expect(stripRust(`'"' unsafe '"'`)).toBe('"" unsafe ""');
    expect(stripRust(`fn f<'a>(x: &'a str, c: '\\u{1F600}')`)).toBe(`fn f<'a>(x: &'a str, c: "")`);
  });

  test.each([
    ['use crate::membrane::Lift;', ['membrane']],
    ['use crate::{\n  engine::{Heap, Value},\n  guest,\n};', ['engine', 'guest']],
    ['use super::super::sandbox::Sandbox;', ['sandbox']],
    ['use super::super::super::sandbox::Sandbox;', ['sandbox']],
    ['use super::{region, super::{addon}};', ['engine', 'addon']],
    ['fn f() { crate::addon::call() }', ['addon']],
    ['use crate::*;', ['*']],
    ['use super::region; use self::inner::X;', ['engine']],
    ['// use crate::membrane;\nlet s = "crate::guest";', []],
  ])('see the modules that %j names', (source, named) => {
    expect(rootModulesNamed('src/engine/heap.rs', source)).toEqual(named);
  });

  test.each([
    ['src/engine/heap/mod.rs', 'use crate::membrane::x;', ['membrane']],
    ['src/engine/heap/mod.rs', 'use super::super::sandbox::x;', ['sandbox']],
    ['src/engine/heap/mod.rs', 'use crate::Sandbox;', ['Sandbox']],
    ['src/engine/heap/mod.rs', 'use crate::{error::Error, engine::Heap};', []],
    ['src/guest/console.rs', 'use crate::{engine, sandbox};', ['sandbox']],
    ['src/guest/console.rs', 'use crate::membrane::lift;', ['membrane']],
    ['src/membrane/lift.rs', 'use crate::{addon, engine};', ['addon']],
    ['src/sandbox.rs', 'use crate::{addon, guest, membrane, engine};', ['addon']],
    ['src/addon/mod.rs', 'use crate::{sandbox, engine};', []],
    ['src/error.rs', 'use crate::engine::Heap;', ['engine']],
    ['src/lib.rs', 'pub use crate::sandbox::Sandbox;', []],
  ])('see upward imports: %s, %j', (file, source, upward) => {
    expect(upwardImports(file, source)).toEqual(upward);
  });

  test('see napi', () => {
    expect(namesNapi('use napi::Env;')).toBe(true);
    expect(namesNapi('use napi_derive::napi;')).toBe(true);
    expect(namesNapi('// as napi does\nlet napier = "napi";')).toBe(false);
  });

  test('see unsafe', () => {
    expect(usesUnsafe('unsafe impl Send for X {}')).toBe(true);
    expect(usesUnsafe('#![allow(clippy::all, unsafe_code)]')).toBe(true);
    expect(usesUnsafe('#![deny(unsafe_code)] // unsafe\nlet s = "unsafe";')).toBe(false);
  });

  test('see unsafe blocks without an argument', () => {
    const far = `// SAFETY: no.\n${'f();\n'.repeat(7)}`;
    const long = `// SAFETY: yes,\n${'// and so on\n'.repeat(7)}`;
    expect(unarguedUnsafe('// SAFETY: it is ours.\nunsafe { f() }')).toEqual([]);
    expect(unarguedUnsafe(`${long}unsafe { f() }`)).toEqual([]);
    expect(unarguedUnsafe('f();\nunsafe { f() }')).toEqual([2]);
    expect(unarguedUnsafe(`${far}unsafe { f() }`)).toEqual([9]);
    expect(unarguedUnsafe('let s = "SAFETY: no";\nunsafe {\n}')).toEqual([2]);
  });

  test('count lines up to the tests', () => {
    expect(lengthWithoutTests('a\nb\n\n#[cfg(test)]\nmod tests {\n  c\n}\n')).toBe(2);
    expect(lengthWithoutTests('a\n#[cfg(test)]\nuse b;\nc\n')).toBe(4);
  });

  test('see who loads the binding', () => {
    expect(requiresBinding("require('../binding.js')")).toBe(true);
    expect(requiresBinding("import x from './binding'")).toBe(true);
    expect(requiresBinding("require('./quickvm.linux-x64-gnu.node')")).toBe(true);
    expect(requiresBinding("require('./native.js') // the binding")).toBe(false);
  });

  test('read the fence from the documentation', () => {
    const text =
      '## The unsafe fence\n\n- `src/a.rs` does x\n- `src/b.rs`: y\n\n## Next\n\n- `src/c.rs`\n';
    expect(documentedFence(text)).toEqual(['src/a.rs', 'src/b.rs']);
    expect(documentedFence('- `src/a.rs`')).toEqual([]);
  });
});
