'use strict';

// Values as JSON that two runs can be compared by: what a program of the host can see of them,
// less what no two runs have in common (times, random ids).

const path = require('node:path');
const { types } = require('node:util');

/** A run takes well under an hour; the scenario's own dates lie years back. */
const NOW_WITHIN = 60 * 60 * 1000;
const ISO_DATE = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z/g;
const TIME_UUID = /[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;

/** Objects of the engine that reach everything: named, not walked. */
const OPAQUE = /^(?:App[A-Z]\w*Manager|AppManager|UIActionButtonManager|\w*Bridges?|ProxiedApp)$/;

const isNow = (time) => Math.abs(time - Date.now()) < NOW_WITHIN;

function text(value) {
  return value
    .replace(ISO_DATE, (date) => (isNow(Date.parse(date)) ? '<now>' : date))
    .replace(TIME_UUID, '<uuid>');
}

/** The name that a class has, of either side; undefined for objects without a prototype. */
function className(value) {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null ? undefined : prototype.constructor?.name;
}

/** Where a frame of a stack lies: the app's or the engine's file and line; not the engine's path. */
function place(frame) {
  const found = /\(?([^()\s]+?):(\d+)(?::\d+)?\)?$/.exec(frame.trim());
  if (!found) return undefined;
  const [, file, line] = found;
  const inEngine = file.split(path.sep).join('/').split('@rocket.chat/apps-engine/')[1];
  if (inEngine) return `apps-engine/${inEngine}:${line}`;
  if (/^node:|[\\/]/.test(file)) return 'elsewhere';
  return `${file}:${line}`;
}

/** The places that a stack names, from the innermost; `elsewhere` for the host's own files. */
function frames(stack) {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map(place)
    .filter((found) => found !== undefined);
}

function describeError(error, describe) {
  const stack = typeof error.stack === 'string' ? error.stack : undefined;
  const description = {
    $error: className(error),
    name: error.name,
    message: text(String(error.message)),
    at: stack && frames(stack)[0],
  };
  for (const key of ['code', 'cause', 'errors']) {
    if (key in error) description[key] = describe(error[key]);
  }
  const own = Object.keys(error).filter((key) => !(key in description) && key !== 'stack');
  if (own.length > 0) {
    description.own = Object.fromEntries(own.sort().map((key) => [key, describe(error[key])]));
  }
  return description;
}

/** What Object.keys sees of an object, with its class. */
function describeObject(value, describe) {
  const name = className(value);
  if (OPAQUE.test(name ?? '')) return { $opaque: name };
  const fields = Object.fromEntries(Object.keys(value).map((key) => [key, describe(value[key])]));
  return name === 'Object' ? fields : { $class: name ?? null, ...fields };
}

/** The log keeps errors as JSON texts; their stacks are shortened like any other. */
function describeText(value) {
  if (!/^\{.*"stack":"/.test(value)) return text(value);
  const shorten = (key, item) => {
    if (key === 'stack') return frames(item)[0];
    return typeof item === 'string' ? text(item) : item;
  };
  return { $json: JSON.parse(value, shorten) };
}

function describePrimitive(value) {
  if (typeof value === 'string') return describeText(value);
  if (typeof value === 'number' && (Object.is(value, -0) || !Number.isFinite(value))) {
    return { $number: Object.is(value, -0) ? '-0' : String(value) };
  }
  if (['undefined', 'bigint', 'symbol'].includes(typeof value)) {
    return { [`$${typeof value}`]: String(value) };
  }
  return value;
}

/** Describes one value; what it holds is described by `describe`. */
function describeReference(value, describe) {
  if (typeof value === 'function') return { $function: value.name, length: value.length };
  if (types.isDate(value)) {
    const time = value.getTime();
    return { $date: isNow(time) ? '<now>' : Number.isNaN(time) ? 'invalid' : value.toISOString() };
  }
  if (types.isNativeError(value)) return describeError(value, describe);
  if (types.isPromise(value)) return { $promise: true };
  if (types.isRegExp(value)) return { $regexp: String(value), lastIndex: value.lastIndex };
  if (types.isMap(value)) {
    return { $map: [...value].map(([key, item]) => [describe(key), describe(item)]) };
  }
  if (types.isSet(value)) return { $set: [...value].map(describe) };
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
    const bytes = Buffer.from(value.buffer ?? value, value.byteOffset ?? 0, value.byteLength);
    const kind = Object.prototype.toString.call(value).slice(8, -1);
    return { $bytes: Buffer.isBuffer(value) ? 'Buffer' : kind, hex: bytes.toString('hex') };
  }
  if (Array.isArray(value)) return Array.from(value, describe);
  return describeObject(value, describe);
}

function describe(value) {
  const path = [];
  const visit = (item) => {
    if (item === null || !['object', 'function'].includes(typeof item)) {
      return describePrimitive(item);
    }
    // How far up the same object lies; a shared one that is no cycle is written out again.
    const up = path.lastIndexOf(item);
    if (up >= 0) return { $cycle: path.length - up };
    path.push(item);
    try {
      return describeReference(item, visit);
    } finally {
      path.pop();
    }
  };
  return visit(value);
}

module.exports = { describe, frames, text };
