'use strict';

// Where V8 and QuickJS say the same in other words. Each pair is turned into one wording before
// transcripts are compared; whatever is not listed here must be equal.

const PAIRS = [
  {
    what: 'a property of nothing',
    v8: /Cannot read properties of (undefined|null) \(reading '([^']+)'\)/g,
    quickjs: /cannot read property '(?<name>[^']+)' of (?<of>undefined|null)/g,
  },
  {
    what: 'a call of what is no function',
    v8: /(?:\{\(intermediate value\)\}|[\w$])[\w$.[\]]* is not a (?:function|constructor)/g,
    quickjs: /(?<!is )not a (?:function|constructor)/g,
  },
  {
    what: 'text that is no program',
    v8: /Unexpected (?:token '.', .*? is not valid JSON|token '[^']+'|number)/g,
    quickjs: /(?:unexpected token(?: in expression)?: '[^']+'|invalid destructuring target)/g,
  },
  { what: 'a length', v8: /Invalid array length/g, quickjs: /invalid array length/g },
  { what: 'a URI', v8: /URI malformed/g, quickjs: /expecting hex digit/g },
  {
    what: 'a fixed object',
    v8: /Cannot (?:add property \w+, object is not extensible|(?:assign to read only|delete) property '\w+' of (?:object ')?\[object Object\]'?)/g,
    quickjs:
      /(?<!, )object is not extensible|proxy: cannot set property|could not delete property/g,
  },
  {
    what: 'a class that is called',
    v8: /Class constructor \w+ cannot be invoked without 'new'/g,
    quickjs: /class constructors must be invoked with 'new'/g,
  },
  {
    what: 'nothing to take apart',
    v8: /Cannot destructure property '\w+' of '[^']+' as it is undefined\./g,
    quickjs: /Cannot convert undefined or null to object/g,
  },
  {
    what: 'this before super()',
    v8: /Must call super constructor in derived class before accessing 'this' or returning from derived constructor/g,
    quickjs: /this is not initialized/g,
  },
  {
    what: 'a BigInt as JSON',
    v8: /Do not know how to serialize a BigInt/g,
    quickjs: /BigInt are forbidden in JSON\.stringify/g,
  },
  {
    what: 'no primitive value',
    v8: /Cannot convert object to primitive value/g,
    quickjs: /^toPrimitive$/g,
  },
  { what: 'no date', v8: /Invalid time value/g, quickjs: /Date value is NaN/g },
  {
    what: 'a module of the host that is not there, without the host’s files',
    v8: /Cannot find module '[^']+'\nRequire stack:(?:\n- .*)+/g,
    quickjs: /a module of the host is not there/g,
  },
  { what: 'a time zone’s name', v8: / \(Coordinated Universal Time\)/g, quickjs: /(?!)/g, as: '' },
];

/** The engines that speak in a variant's transcript: the host's is always V8. */
const SPEAKERS = { vm: ['v8'], quickvm: ['v8', 'quickjs'] };

/** `value` with every listed wording in it replaced by what the engines have in common. */
function normalise(value, variant) {
  const speakers = SPEAKERS[variant];
  const inText = (text) =>
    PAIRS.reduce(
      (result, { what, as = `<${what}>`, ...wordings }) =>
        speakers.reduce((each, speaker) => each.replace(wordings[speaker], as), result),
      text,
    );
  const visit = (item) => {
    if (typeof item === 'string') return inText(item);
    if (item === null || typeof item !== 'object') return item;
    if (Array.isArray(item)) return item.map(visit);
    return Object.fromEntries(Object.entries(item).map(([key, inner]) => [key, visit(inner)]));
  };
  return visit(value);
}

module.exports = { normalise };
