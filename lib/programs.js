'use strict';

const mailbox = require('./mailbox.js');
const { sourceLimitError } = require('./errors.js');
const { Finalizer } = require('./finalizer.js');
const { Script, bytecodeOf, sizeOf, writeSource } = require('./script.js');

/** What a sandbox is given to run: source text, or scripts, which its guest knows by number. */
class Programs {
  #native;
  #name;
  #limit;
  #numbers;
  #forgotten;

  /** @param native the addon's sandbox */
  constructor(native, { name, sourceLimitKb }) {
    this.#native = native;
    this.#name = name;
    this.#limit = sourceLimitKb * 1024;
  }

  /**
   * @param {string | Script} code
   * @param {object} origin where a string comes from
   * @returns {{ isScript: boolean, filename: string, write: () => void }}
   */
  of(code, origin) {
    if (code instanceof Script) {
      const number = this.#numberOf(code);
      this.admit(code, code.filename);
      return { isScript: true, filename: code.filename, write: () => mailbox.u32(number) };
    }
    if (typeof code !== 'string') {
      throw new TypeError(`code must be a string or a Script; got ${typeof code}`);
    }
    const filename = origin.filename ?? `${this.#name}.js`;
    this.admit(code, filename);
    return { isScript: false, filename, write: () => writeSource(code, { ...origin, filename }) };
  }

  /** Refuses source text, or a script made of some, that is longer than this sandbox takes. */
  admit(code, filename) {
    if (this.#limit === Infinity) return;
    const bytes = sizeOf(code);
    if (bytes > this.#limit) throw sourceLimitError(this.#name, filename, bytes, this.#limit);
  }

  #numberOf(script) {
    const bytecode = bytecodeOf(script);
    if (bytecode === undefined) throw new TypeError('code must be a string or a Script');
    this.#numbers ??= new WeakMap();
    let number = this.#numbers.get(bytecode);
    if (number === undefined) {
      number = this.#native.addScript(bytecode);
      this.#numbers.set(bytecode, number);
      this.#forgotten ??= new Finalizer((gone) => this.#native.dropScript(gone));
      this.#forgotten.watch(bytecode, number);
    }
    return number;
  }
}

module.exports = { Programs };
