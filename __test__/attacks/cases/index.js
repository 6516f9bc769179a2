'use strict';

/**
 * An attack.
 * @typedef {object} Attack
 * @property {string} id
 * @property {string} technique what the guest does
 * @property {string} fails why it fails here
 * @property {string} [known] where it is known from
 * @property {(tools: object) => object} [given] what the host passes, by name; from a secret that
 *   the guest must not get
 * @property {string} guest its program: what it gets hold of, it puts to `take`
 * @property {(tools: object) => unknown} [host] what the host does after that, with the program's
 *   `result` among others; true if it sees that the attack has succeeded
 * @property {object} [options] of the sandbox
 * @property {Record<string, string>} [except] places that it is not for, and why
 */

/** By file: the title of the group, and its cases. */
const groups = [
  ['constructors', 'From an object to what makes code'],
  ['errors', 'Errors of the host'],
  ['host-errors', 'What errors tell of the host’s machine'],
  ['functions', 'Functions of the host'],
  ['hooks', 'Hooks that the host’s own reads call'],
  ['inspection', 'Node’s inspection'],
  ['pollution', 'Prototypes and shared objects'],
  ['modules', 'Modules'],
  ['promises', 'Promises, generators and iterators'],
  ['natives', 'Dates, collections, buffers'],
  ['node', 'Timers, console, streams'],
  ['safe', 'Past the policy `safe`'],
  ['marks', 'Past `readonly`, `only`, `copy` and `revoke`'],
  ['membrane', 'The membrane itself'],
  ['deputies', 'Host functions as deputies'],
  ['neighbours', 'Other sandboxes'],
  ['engine', 'The engine'],
].map(([file, title]) => ({ file, title, cases: require(`./${file}.js`) }));

module.exports = { groups, cases: groups.flatMap(({ cases }) => cases) };
