'use strict';

// What the guest's `require` asks of the host: which module a specifier means, and its text.

const { posix } = require('node:path');
const { inspect, types } = require('node:util');

const EXTENSIONS = ['', '.js', '.cjs', '.json'];

/** @param {string} [trail] the modules that led there, a line each */
function notFound(specifier, trail) {
  const from = trail ? `\nRequire stack:${trail}` : '';
  const error = new Error(`Cannot find module '${specifier}'${from}`);
  error.code = 'MODULE_NOT_FOUND';
  return error;
}

const isRelative = (specifier) => /^\.\.?(?:\/|$)/.test(specifier);

/** A map of files, resolved as Node resolves files: extensions, index files, package.json. */
class FileMap {
  #files = new Map();

  constructor(files) {
    for (const [name, source] of Object.entries(files)) {
      this.#files.set(posix.normalize(name), source);
    }
  }

  resolve(specifier, referrer, trail) {
    const base = isRelative(specifier) && referrer !== undefined ? posix.dirname(referrer) : '';
    const candidates = [posix.join(base, specifier)];
    if (!isRelative(specifier) && !specifier.startsWith('/')) {
      candidates.push(posix.join('node_modules', specifier));
    }
    for (const candidate of candidates) {
      const id = this.#file(candidate) ?? this.#directory(candidate);
      if (id !== undefined) return id;
    }
    throw notFound(specifier, trail);
  }

  load(id) {
    return this.#files.get(id);
  }

  #file(path) {
    const extension = EXTENSIONS.find((suffix) => this.#files.has(path + suffix));
    return extension === undefined ? undefined : path + extension;
  }

  #directory(path) {
    const manifest = this.#files.get(posix.join(path, 'package.json'));
    const main = manifest === undefined ? undefined : mainOf(manifest, path);
    if (typeof main === 'string') {
      const target = posix.join(path, main);
      const id = this.#file(target) ?? this.#file(posix.join(target, 'index'));
      if (id !== undefined) return id;
    }
    return this.#file(posix.join(path, 'index'));
  }
}

function mainOf(manifest, directory) {
  try {
    return JSON.parse(manifest)?.main;
  } catch (error) {
    error.message = `${posix.join(directory, 'package.json')}: ${error.message}`;
    throw error;
  }
}

/** A loader of the caller's own, its answers checked: a mistake there must be easy to see. */
class CustomLoader {
  #loader;

  constructor(loader) {
    this.#loader = loader;
  }

  resolve(specifier, referrer, trail) {
    const id = this.#loader.resolve(specifier, referrer);
    if (typeof id === 'string') return id;
    if (id === undefined || id === null) throw notFound(specifier, trail);
    throw notAString('resolve', id);
  }

  load(id) {
    const source = this.#loader.load(id);
    if (typeof source === 'string') return source;
    if (source === undefined || source === null) throw notFound(id);
    throw notAString('load', source);
  }
}

function notAString(part, answer) {
  // What becomes of a promise is nobody's business any more.
  if (types.isPromise(answer)) answer.catch(() => {});
  return new TypeError(
    `modules.${part} must answer a string, at once; got ${inspect(answer, { depth: 0 })}`,
  );
}

/** @param {object} modules the sandbox's option, checked */
function moduleLoader(modules) {
  return typeof modules.load === 'function' ? new CustomLoader(modules) : new FileMap(modules);
}

module.exports = { moduleLoader, notFound };
