'use strict';

/** Most messages have few objects: to look through these is faster than to hash one. */
const FEW = 8;

/** The objects of a message, numbered as they appear. */
class Numbers {
  #objects = [];
  #numbers = [];
  #more;

  get(object) {
    const index = this.#objects.indexOf(object);
    return index < 0 ? this.#more?.get(object) : this.#numbers[index];
  }

  set(object, number) {
    if (this.#objects.length < FEW) {
      this.#objects.push(object);
      this.#numbers.push(number);
    } else {
      this.#more ??= new Map();
      this.#more.set(object, number);
    }
  }

  /** Forgets those from that number on. */
  truncate(count) {
    while (this.#numbers.at(-1) >= count) {
      this.#objects.pop();
      this.#numbers.pop();
    }
    for (const [object, number] of this.#more ?? []) {
      if (number >= count) this.#more.delete(object);
    }
  }
}

module.exports = { Numbers };
