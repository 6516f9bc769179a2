'use strict';

// The memory through which messages pass, one for each Node environment. Exchanges nest (host,
// guest, host …), so it is used like a stack: whoever writes starts at `position`.

const { Buffer } = require('node:buffer');
const native = require('./native.js');
const { tag } = require('./wire.js');

const INITIAL_SIZE = 64 * 1024;
/** Memory beyond this is given back once the outermost exchange is over. */
const KEPT_SIZE = 4 * 1024 * 1024;
/** Up to this length a loop is faster than a call into Buffer. */
const SHORT = 24;
/** What the addon answers when a message does not fit. */
const TOO_LARGE = 0xffffffff;

let memory = new Uint8Array(INITIAL_SIZE);
let buffer = Buffer.from(memory.buffer);
let view = new DataView(memory.buffer);
const channel = new native.Mailbox(memory, (id) => mailbox.ended(id));

const mailbox = {
  /** The addon's end. */
  channel,
  /** Makes a request: `(sandbox's id, base, length, dispatch)` to the reply's length. */
  enter: channel.enter(),
  /** Told of a sandbox's id when another thread has ended it. */
  ended: undefined,
  /** Where the next byte is written, and behind which everything is free. */
  position: 0,
  /** Where the next byte is read. */
  cursor: 0,
};

function replace(size, keep) {
  const next = new Uint8Array(size);
  next.set(memory.subarray(0, keep));
  memory = next;
  buffer = Buffer.from(memory.buffer);
  view = new DataView(memory.buffer);
  channel.replace(memory);
}

function reserve(count) {
  const needed = mailbox.position + count;
  if (needed > memory.length) replace(Math.max(needed, memory.length * 2), mailbox.position);
}

/** Gives back the memory of an unusually large message. */
mailbox.shrink = () => {
  if (mailbox.position === 0 && memory.length > KEPT_SIZE) replace(INITIAL_SIZE, 0);
};

/** Makes the message at `base` readable, fetching it first if it did not fit; answers its length. */
mailbox.receive = (base, length) => {
  mailbox.cursor = base;
  if (length !== TOO_LARGE) return length;
  const size = channel.fetchSize();
  if (base + size > memory.length) replace(Math.max(base + size, memory.length * 2), base);
  channel.fetch(base);
  return size;
};

mailbox.byte = (value) => {
  reserve(1);
  memory[mailbox.position++] = value;
};

mailbox.u32 = (value) => {
  reserve(4);
  view.setUint32(mailbox.position, value, true);
  mailbox.position += 4;
};

mailbox.f64 = (value) => {
  reserve(8);
  view.setFloat64(mailbox.position, value, true);
  mailbox.position += 8;
};

/** Overwrites an earlier u32, such as a count that was not known yet. */
mailbox.patchU32 = (position, value) => view.setUint32(position, value, true);

mailbox.bytes = (bytes) => {
  mailbox.u32(bytes.length);
  reserve(bytes.length);
  memory.set(bytes, mailbox.position);
  mailbox.position += bytes.length;
};

mailbox.string = (text) => {
  const { length } = text;
  if (length <= SHORT) {
    reserve(5 + length);
    let at = mailbox.position + 5;
    let i = 0;
    for (; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0xff) break;
      memory[at++] = unit;
    }
    if (i === length) {
      memory[mailbox.position] = tag.LATIN1;
      view.setUint32(mailbox.position + 1, length, true);
      mailbox.position = at;
      return;
    }
  }
  reserve(5 + 2 * length);
  memory[mailbox.position] = tag.UTF16;
  view.setUint32(mailbox.position + 1, length, true);
  buffer.write(text, mailbox.position + 5, 2 * length, 'utf16le');
  mailbox.position += 5 + 2 * length;
};

mailbox.readByte = () => memory[mailbox.cursor++];

mailbox.readU32 = () => {
  const value = view.getUint32(mailbox.cursor, true);
  mailbox.cursor += 4;
  return value;
};

mailbox.readI32 = () => {
  const value = view.getInt32(mailbox.cursor, true);
  mailbox.cursor += 4;
  return value;
};

mailbox.readF64 = () => {
  const value = view.getFloat64(mailbox.cursor, true);
  mailbox.cursor += 8;
  return value;
};

/** A copy of the next block, in an ArrayBuffer of its own. */
mailbox.readBytes = () => {
  const length = mailbox.readU32();
  const bytes = memory.slice(mailbox.cursor, mailbox.cursor + length);
  mailbox.cursor += length;
  return bytes;
};

mailbox.readString = () => mailbox.readText(mailbox.readByte());

mailbox.readText = (kind) => {
  const length = mailbox.readU32();
  const start = mailbox.cursor;
  if (kind === tag.LATIN1) {
    mailbox.cursor += length;
    if (length <= SHORT) return recall(start, length);
    return buffer.latin1Slice(start, start + length);
  }
  mailbox.cursor += 2 * length;
  return buffer.ucs2Slice(start, start + 2 * length);
};

// Property names and short strings repeat; finding one again is cheaper than making it.
const RECALL_SIZE = 4096;
const recalled = new Array(RECALL_SIZE).fill('');

function recall(start, length) {
  if (length === 0) return '';
  let hash = length;
  for (let i = 0; i < length; i++) hash = (Math.imul(hash, 31) + memory[start + i]) | 0;
  hash = (hash ^ (hash >>> 15)) & (RECALL_SIZE - 1);
  const known = recalled[hash];
  if (known.length === length) {
    let i = 0;
    while (i < length && known.charCodeAt(i) === memory[start + i]) i++;
    if (i === length) return known;
  }
  const text = buffer.latin1Slice(start, start + length);
  recalled[hash] = text;
  return text;
}

module.exports = mailbox;
