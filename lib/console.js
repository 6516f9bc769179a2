'use strict';

/**
 * Forwards the guest's console to `target`, each line tagged with the sandbox's name.
 * @returns {(method: string, ...values: unknown[]) => void}
 */
function forwardConsole(target, name) {
  const prefix = `[${name}]`;
  const escaped = prefix.replaceAll('%', '%%');
  return (method, ...values) => {
    const write = typeof target[method] === 'function' ? target[method] : target.log;
    // These take a value, not a line.
    const plain = method === 'table' || method === 'dir' || method === 'groupEnd';
    if (!plain) {
      // A format string keeps its place at the front.
      // A name with a % in it is none.
      const safe = values.length > 1 || typeof values[0] !== 'string' ? escaped : prefix;
      if (typeof values[0] === 'string') values[0] = `${safe} ${values[0]}`;
      else values.unshift(values.length > 0 ? safe : prefix);
    }
    write.apply(target, values);
  };
}

module.exports = { forwardConsole };
