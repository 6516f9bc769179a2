'use strict';

// What no policy shows of a host object: what functions are called with at the moment, where errors
// come from, and what Node keeps on its own objects.

const { isStandIn } = require('./handles.js');
const { isPrivate } = require('./platform.js');

const own = Reflect.getOwnPropertyDescriptor;

/** Sloppy functions of the host would show who called them, and with what. */
const isActivation = (object, key) =>
  typeof object === 'function' && (key === 'caller' || key === 'arguments');

const native = /\{\s*\[native code\]\s*\}$/;

/** A stack trace, which tells of the host's files. Also what is no error may have one. */
function isTrace(object, key) {
  if (key !== 'stack') return false;
  for (let o = object; o !== null && !isStandIn(o); o = Object.getPrototypeOf(o)) {
    const descriptor = own(o, key);
    if (descriptor === undefined) continue;
    if (descriptor.enumerable) return false;
    return 'value' in descriptor
      ? typeof descriptor.value === 'string'
      : native.test(Function.prototype.toString.call(descriptor.get ?? isTrace));
  }
  return false;
}

const isHidden = (object, key) => isTrace(object, key) || isPrivate(object, key);

module.exports = { isActivation, isHidden };
