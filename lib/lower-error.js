'use strict';

// Lowering of errors: what the guest is told of one.

const mailbox = require('./mailbox.js');
const { isStandIn } = require('./handles.js');
const { placeOf } = require('./intrinsics.js');
const { tag, ERROR_CLASSES } = require('./wire.js');

const ERROR_INDEX = new Map(ERROR_CLASSES.map((errorClass, index) => [errorClass.name, index]));
/** Fields of a system error that tell about the host's machine. */
const SYSTEM_FIELDS = new Set(['path', 'dest', 'address', 'port', 'info', 'errno', 'syscall']);

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
  const system = isSystem(error);
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
    if (system && SYSTEM_FIELDS.has(key)) continue;
    const start = mailbox.position;
    mailbox.string(key);
    if (lower.attempt(error[key])) count++;
    else mailbox.position = start;
  }
  mailbox.patchU32(counted, count);
  const prototype = Object.getPrototypeOf(error);
  const own = lower.bridge.exposures.of(error).policy === 'transparent';
  if (own && prototype !== null && placeOf(prototype) === undefined) lower.value(prototype);
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
  return isSystem(error) ? systemMessage(error) : textOf(error, 'message');
}

const isSystem = (error) =>
  typeof Object.getOwnPropertyDescriptor(error, 'syscall')?.value === 'string';

/** `ENOENT: no such file or directory, open '/srv/…'` without the call and the path. */
function systemMessage(error) {
  const message = textOf(error, 'message');
  const end = message.indexOf(`, ${error.syscall}`);
  return end < 0 ? message : message.slice(0, end);
}

module.exports = { lowerError, isDomException, sentMessage };
