'use strict';

// Lowering of errors: what the guest is told of one.

const { getSystemErrorMap } = require('node:util');
const mailbox = require('./mailbox.js');
const { isStandIn } = require('./handles.js');
const { placeOf } = require('./intrinsics.js');
const { tag, ERROR_CLASSES } = require('./wire.js');

const ERROR_INDEX = new Map(ERROR_CLASSES.map((errorClass, index) => [errorClass.name, index]));

/**
 * Errors whose message Node has made of what the host's machine is like: by which own field they
 * are known, which fields tell of it, and what is said instead of the message.
 */
const TELLING = [
  {
    mark: 'syscall',
    fields: [
      'path',
      'dest',
      'address',
      'port',
      'info',
      'errno',
      'syscall',
      'hostname',
      'spawnargs',
    ],
    message: systemMessage,
  },
  {
    mark: 'requireStack',
    fields: ['requireStack', 'path'],
    message: () => 'a module of the host is not there',
  },
  ...['cmd', 'output'].map((mark) => ({
    mark,
    fields: ['cmd', 'pid', 'output', 'stdout', 'stderr'],
    message: () => 'a command of the host failed',
  })),
].map(({ fields, ...kind }) => ({ ...kind, fields: new Set(fields) }));

/** What `import` and `require` say of modules that they cannot load, with the paths to them. */
const LOADING = {
  fields: new Set(['url', 'path']),
  message: () => 'a module of the host could not be loaded',
};
const LOADING_CODES = new Set([
  ...['ERR_MODULE_NOT_FOUND', 'ERR_UNSUPPORTED_DIR_IMPORT', 'ERR_PACKAGE_PATH_NOT_EXPORTED'],
  ...['ERR_PACKAGE_IMPORT_NOT_DEFINED', 'ERR_INVALID_PACKAGE_TARGET', 'ERR_DLOPEN_FAILED'],
  ...['ERR_INVALID_PACKAGE_CONFIG', 'ERR_REQUIRE_ESM', 'ERR_UNKNOWN_FILE_EXTENSION'],
]);

/** The kind of an error that tells of the host's machine, if it does. */
function tellingKind(error) {
  const own = (name) => Object.getOwnPropertyDescriptor(error, name)?.value;
  return (
    TELLING.find(({ mark }) => own(mark) !== undefined) ??
    (LOADING_CODES.has(own('code')) ? LOADING : undefined)
  );
}

/** The prototypes of an object as far as they are on this side: the guest is not asked. */
function* prototypes(object) {
  for (let o = Object.getPrototypeOf(object); o !== null && !isStandIn(o); ) {
    yield o;
    o = Object.getPrototypeOf(o);
  }
}

function isDomException(value) {
  if (typeof DOMException !== 'function') return false;
  for (const prototype of prototypes(value)) if (prototype === DOMException.prototype) return true;
  return false;
}

function errorIndex(error) {
  for (const o of prototypes(error)) {
    const made = Object.getOwnPropertyDescriptor(o, 'constructor')?.value;
    const index = typeof made === 'function' ? ERROR_INDEX.get(made.name) : undefined;
    if (index !== undefined) return index;
  }
  return 0;
}

/** An error's message and fields. Its stack stays here: it tells of the host's files. */
function lowerError(lower, error) {
  mailbox.byte(tag.ERROR);
  mailbox.byte(errorIndex(error));
  mailbox.u32(lower.keep(error));
  mailbox.string(textOf(error, 'name'));
  const telling = tellingKind(error)?.fields;
  mailbox.string(sentMessage(error));
  const cause = mailbox.position;
  mailbox.byte(1);
  if (!Object.hasOwn(error, 'cause') || !lower.attempt(error.cause)) {
    mailbox.position = cause;
    mailbox.byte(0);
  }
  const keys = Object.keys(error).filter((key) => !['message', 'stack', 'cause'].includes(key));
  if (Object.hasOwn(error, 'errors') && !keys.includes('errors')) keys.push('errors');
  if (isDomException(error) && typeof error.code === 'number') keys.push('code');
  const counted = mailbox.position;
  let count = 0;
  mailbox.u32(0);
  for (const key of keys) {
    if (telling?.has(key)) continue;
    const start = mailbox.position;
    mailbox.string(key);
    if (lower.attempt(error[key])) count++;
    else mailbox.position = start;
  }
  mailbox.patchU32(counted, count);
  const prototype = Object.getPrototypeOf(error);
  // Its class may have methods that tell the rest.
  const shown = telling === undefined && lower.bridge.exposures.of(error).policy === 'transparent';
  if (shown && prototype !== null && placeOf(prototype) === undefined) lower.value(prototype);
  else mailbox.byte(tag.UNDEFINED);
}

/** An error's text, as far as it is on this side. */
function textOf(error, name) {
  for (const o of [error, ...prototypes(error)]) {
    const descriptor = Object.getOwnPropertyDescriptor(o, name);
    if (descriptor !== undefined) return asText(Reflect.get(o, name, error));
  }
  return '';
}

function asText(text) {
  return typeof text === 'string' ? text : text === undefined ? '' : String(text);
}

/** What the guest is told of an error. */
function sentMessage(error) {
  return tellingKind(error)?.message(error) ?? textOf(error, 'message');
}

/** `ENOENT: no such file or directory` for `ENOENT: no such file or directory, open '/srv/…'`. */
function systemMessage({ errno, code }) {
  const [, description = 'a system call failed'] = getSystemErrorMap().get(errno) ?? [];
  return `${code}: ${description}`;
}

module.exports = { lowerError, isDomException, sentMessage };
