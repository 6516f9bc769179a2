'use strict';

// Where an app on quickvm/vm still sees, or shows, something else than on Node's vm. Each is a
// promise: nothing but this differs, and all of this does; what is mended leaves the list.

const PROMISED = [
  {
    what: 'a logger’s caller: the guest’s frames are none of V8’s, which the engine looks at',
    steps: /./,
    path: /^entries\.\d+\.log\.lines\.\d+\.caller$/,
  },
  {
    what: 'an error that a class of the host made for the guest: it has the host’s place, and no stack there',
    steps:
      /^(?:\/fail (?:user|essential|exception)(?: caught)?|updated, which nobody awaits|refused|.*, forbidden|install throwing-initialize|load)$/,
    path: /(?:\.stack|\.at|\.hasStack|bridge\.args\.1\.text)$/,
  },
  {
    what: 'the place of an error with a class of the guest: its constructor, not its `new`',
    steps: /^(?:\/fail custom|run, which throws)$/,
    path: /(?:\.stack|\.at)$/,
  },
  {
    what: 'the place in text that is evaluated or parsed',
    steps: /^\/fail (?:reference|syntax|json)$/,
    path: /\.stack$/,
  },
  {
    what: 'the place where text that is no program fails: a frame of the guest’s, too',
    steps: /^(?:install syntax|update to what does not compile(?:, again)?|load)$/,
    path: /(?:\.stack|\.at)$/,
  },
  {
    what: 'the place of errors that the engine throws itself',
    steps: /^(?:a class without new|install missing-file)$/,
    path: /^outcome\.threw\.at$/,
  },
  {
    what: 'rejections that nobody listens to stay in the guest',
    steps: /^probe engine\/floating$/,
    path: /^entries\.[12]$/,
  },
  {
    what: 'no Intl, no WebAssembly',
    steps: /^probe (?:language\/intl|realm\/globals)$/,
    path: /content\.(?:[0-5]|Intl|WebAssembly)\b/,
  },
  {
    what: 'an error’s stack is no property of its own',
    steps: /^probe language\/errors$/,
    path: /content\.4\.2$/,
  },
  {
    what: 'dates, maps, sets, bytes, patterns and boxes are copied: another object comes back',
    steps: /^back from the app: (?:date|map|set|buffer|bytes|regexp|boxed)$/,
    path: /\.same$/,
  },
  {
    what: 'what is done to a copy is not done to the original',
    steps: /^send live (?:map|bytes)$/,
    path: /^outcome\.returned\.after\./,
  },
  {
    what: 'copied bytes and promises are instances of the guest’s own classes',
    steps: /^send instances$/,
    path: /answer\.(?:bytes|promise)\.0$/,
  },
  {
    what: 'the source text of the host’s functions is not shown',
    steps: /^look at (?:function|class)$/,
    path: /text\.value$/,
  },
  {
    what: 'arguments objects of the host are plain objects',
    steps: /^look at arguments$/,
    path: /(?:kind|text\.value)$/,
  },
  {
    what: 'accessors of the host’s objects look like data',
    steps: /^send accessors$/,
    path: /^outcome\.returned\.1$/,
  },
];

const isPromised = (difference) =>
  PROMISED.some(({ steps, path }) => steps.test(difference.step) && path.test(difference.path));

module.exports = { PROMISED, isPromised };
