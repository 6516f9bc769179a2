'use strict';

// The arguments of `vm`'s functions, checked in Node's order with Node's errors.

const { isArrayBufferView } = require('node:util/types');
const { invalidArgType, invalidArgValue, outOfRange } = require('./vm-errors.js');
const { constants } = require('./vm-constants.js');

const DEFAULT_FILENAME = 'evalmachine.<anonymous>';
const MAX_INT32 = 2 ** 31 - 1;
const MAX_UINT32 = 2 ** 32 - 1;
/** What a sandbox takes: a timer's range, and how far a first line can be indented. */
const MAX_TIMEOUT = MAX_INT32;
const MAX_COLUMN_OFFSET = 2 ** 20;

function typed(type) {
  return (value, name) => {
    if (typeof value !== type) throw invalidArgType(name, `of type ${type}`, value);
    return value;
  };
}

const string = typed('string');
const boolean = typed('boolean');

function integer(value, name, minimum, maximum) {
  typed('number')(value, name);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < minimum || value > maximum) {
    throw outOfRange(name, `>= ${minimum} && <= ${maximum}`, value);
  }
  return value;
}

const int32 = (value, name) => integer(value, name, -MAX_INT32 - 1, MAX_INT32);

function objectOrArray(value, name) {
  if (value === null || typeof value !== 'object') {
    throw invalidArgType(name, 'of type object', value);
  }
}

function object(value, name) {
  if (Array.isArray(value)) throw invalidArgType(name, 'of type object', value);
  objectOrArray(value, name);
}

function array(value, name) {
  if (!Array.isArray(value)) throw invalidArgType(name, 'an instance of Array', value);
}

function oneOf(value, name, choices) {
  if (!choices.includes(value)) throw invalidArgValue(name, choices, value);
}

function optional(check, value, name) {
  if (value !== undefined) check(value, name);
}

function cachedBytes(value, name) {
  if (!isArrayBufferView(value)) {
    throw invalidArgType(name, 'an instance of Buffer, TypedArray, or DataView', value);
  }
}

function importer(value) {
  if (value === undefined || value === constants.USE_MAIN_CONTEXT_DEFAULT_LOADER) return;
  typed('function')(value, 'options.importModuleDynamically');
}

/** A file name alone may stand for options. */
const withFilename = (options) => (typeof options === 'string' ? { filename: options } : options);

/** Where source text comes from, in the ranges that a sandbox takes. */
function origin(filename, lineOffset, columnOffset) {
  return {
    // As V8 calls code without a name, in stacks.
    filename: filename || '<anonymous>',
    // One line is kept free in front: a function's body begins in its second one.
    lineOffset: Math.min(Math.max(lineOffset, -MAX_INT32), MAX_INT32 - 1),
    columnOffset: Math.min(Math.max(columnOffset, 0), MAX_COLUMN_OFFSET),
  };
}

/** Options of `new Script`. */
function scriptOptions(options = {}) {
  object(withFilename(options), 'options');
  const {
    filename = DEFAULT_FILENAME,
    lineOffset = 0,
    columnOffset = 0,
    cachedData,
    produceCachedData = false,
    importModuleDynamically,
  } = withFilename(options);
  string(filename, 'options.filename');
  int32(lineOffset, 'options.lineOffset');
  int32(columnOffset, 'options.columnOffset');
  optional(cachedBytes, cachedData, 'options.cachedData');
  boolean(produceCachedData, 'options.produceCachedData');
  importer(importModuleDynamically);
  return { origin: origin(filename, lineOffset, columnOffset), cachedData, produceCachedData };
}

/** Options of `script.runIn…`. */
function runOptions(options = {}) {
  object(options, 'options');
  const { timeout, displayErrors = true, breakOnSigint = false } = options;
  if (timeout !== undefined) integer(timeout, 'options.timeout', 1, MAX_UINT32);
  boolean(displayErrors, 'options.displayErrors');
  boolean(breakOnSigint, 'options.breakOnSigint');
  return { timeout: timeout > MAX_TIMEOUT ? Infinity : timeout, displayErrors, breakOnSigint };
}

/** Options of `createContext`. */
function contextOptions(options) {
  object(options, 'options');
  const { name = '', origin, codeGeneration, microtaskMode, importModuleDynamically } = options;
  string(name, 'options.name');
  optional(string, origin, 'options.origin');
  optional(object, codeGeneration, 'options.codeGeneration');
  const { strings = true, wasm = true } = codeGeneration ?? {};
  boolean(strings, 'options.codeGeneration.strings');
  boolean(wasm, 'options.codeGeneration.wasm');
  oneOf(microtaskMode, 'options.microtaskMode', ['afterEvaluate', undefined]);
  importer(importModuleDynamically);
  return { strings, microtaskMode };
}

/** What the options of a run say about the context that is to be made for it. */
function newContextOptions(options) {
  if (!options) return {};
  const {
    contextName: name,
    contextOrigin: origin,
    contextCodeGeneration: codeGeneration,
    microtaskMode,
  } = options;
  optional(string, name, 'options.contextName');
  optional(string, origin, 'options.contextOrigin');
  if (codeGeneration !== undefined) {
    object(codeGeneration, 'options.contextCodeGeneration');
    const { strings, wasm } = codeGeneration;
    optional(boolean, strings, 'options.contextCodeGeneration.strings');
    optional(boolean, wasm, 'options.contextCodeGeneration.wasm');
  }
  optional(string, microtaskMode, 'options.microtaskMode');
  return { name, origin, codeGeneration, microtaskMode };
}

/**
 * Arguments of `compileFunction`.
 * @param {(value: object) => boolean} isContext
 */
function functionOptions(code, params, options, isContext) {
  string(code, 'code');
  object(options, 'options');
  if (params !== undefined) {
    array(params, 'params');
    params.forEach((param, i) => {
      string(param, `params[${i}]`);
    });
  }
  const {
    filename = '',
    columnOffset = 0,
    lineOffset = 0,
    cachedData,
    produceCachedData = false,
    parsingContext,
    contextExtensions = [],
    importModuleDynamically,
  } = options;
  string(filename, 'options.filename');
  int32(columnOffset, 'options.columnOffset');
  int32(lineOffset, 'options.lineOffset');
  optional(cachedBytes, cachedData, 'options.cachedData');
  boolean(produceCachedData, 'options.produceCachedData');
  if (parsingContext !== undefined) {
    const known = typeof parsingContext === 'object' && parsingContext !== null;
    if (!known || !isContext(parsingContext)) {
      throw invalidArgType('options.parsingContext', 'an instance of Context', parsingContext);
    }
  }
  array(contextExtensions, 'options.contextExtensions');
  contextExtensions.forEach((extension, i) => {
    object(extension, `options.contextExtensions[${i}]`);
  });
  importer(importModuleDynamically);
  return {
    origin: origin(filename, lineOffset, columnOffset),
    cachedData,
    produceCachedData,
    parsingContext,
    contextExtensions,
  };
}

/** Options of `measureMemory`. */
function measureOptions(options) {
  object(options, 'options');
  const { mode = 'summary', execution = 'default' } = options;
  oneOf(mode, 'options.mode', ['summary', 'detailed']);
  oneOf(execution, 'options.execution', ['default', 'eager']);
  return { mode };
}

module.exports = {
  objectOrArray,
  withFilename,
  scriptOptions,
  runOptions,
  contextOptions,
  newContextOptions,
  functionOptions,
  measureOptions,
};
