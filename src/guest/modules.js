// CommonJS: `require` with a cache, cycles and JSON. The host says what a specifier
// means (`resolve`) and gives the text (`load`); code runs only here.
(resolve, load, compile) => {
  'use strict';

  const { apply } = Reflect;
  const { parse } = JSON;
  const modules = new Map();
  const mapGet = Map.prototype.get;
  const mapSet = Map.prototype.set;
  const mapDelete = Map.prototype.delete;
  const endsWith = String.prototype.endsWith;
  const lastIndexOf = String.prototype.lastIndexOf;
  const slice = String.prototype.slice;
  const { defineProperty } = Object;
  const mapForEach = Map.prototype.forEach;

  const directoryOf = (id) => {
    const end = apply(lastIndexOf, id, ['/']);
    return end < 0 ? '.' : end === 0 ? '/' : apply(slice, id, [0, end]);
  };

  class Module {
    constructor(id, parent) {
      this.id = id;
      this.path = directoryOf(id);
      this.exports = {};
      this.filename = id;
      this.loaded = false;
      this.parent = parent;
      this.children = [];
      if (parent !== undefined) parent.children[parent.children.length] = this;
      defineProperty(this, 'require', {
        __proto__: null,
        value: requireFrom(this),
        writable: true,
        enumerable: false,
        configurable: true,
      });
    }
  }

  /** The modules that led here, innermost first, for errors. */
  const trail = (module) => {
    let ids = '';
    for (let m = module; m !== undefined; m = m.parent) ids += '\n- ' + m.id;
    return ids;
  };

  const requireFrom = (parent) => {
    const referrer = parent === undefined ? undefined : parent.id;
    const require = (specifier) => {
      if (typeof specifier !== 'string' || specifier === '') {
        const error = new TypeError(
          'The "id" argument must be a non-empty string. Received ' + typeof specifier,
        );
        error.code = 'ERR_INVALID_ARG_TYPE';
        throw error;
      }
      return loadModule(resolve(specifier, referrer, trail(parent)), parent).exports;
    };
    require.resolve = (specifier) => resolve(specifier, referrer, trail(parent));
    return require;
  };

  const loadModule = (id, parent) => {
    const known = apply(mapGet, modules, [id]);
    if (known !== undefined) return known;
    let source = load(id);
    if (source[0] === '\ufeff') source = apply(slice, source, [1]);
    const module = new Module(id, parent);
    apply(mapSet, modules, [id, module]);
    let complete = false;
    try {
      if (apply(endsWith, id, ['.json'])) {
        module.exports = parseJson(source, id);
      } else {
        const body = compile(source, id);
        apply(body, module.exports, [module.exports, module.require, module, id, module.path]);
      }
      complete = true;
    } finally {
      // A module that failed is tried again next time, as Node does.
      if (!complete) apply(mapDelete, modules, [id]);
    }
    module.loaded = true;
    return module;
  };

  const parseJson = (source, id) => {
    try {
      return parse(source);
    } catch (error) {
      error.message = id + ': ' + error.message;
      throw error;
    }
  };

  // What a stopped guest was in the middle of loading; no `finally` of its has run.
  const forgetUnfinished = () => {
    const unfinished = [];
    apply(mapForEach, modules, [
      (module, id) => {
        if (!module.loaded) unfinished[unfinished.length] = id;
      },
    ]);
    for (let i = 0; i < unfinished.length; i++) apply(mapDelete, modules, [unfinished[i]]);
  };

  return [requireFrom(undefined), forgetUnfinished];
};
