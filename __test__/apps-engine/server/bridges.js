'use strict';

// All bridges of the Apps-Engine over one world in memory. Each call is recorded with its
// arguments and its result.

const bases = require('@rocket.chat/apps-engine/server/bridges');
const { OAuthAppsBridge } = require('@rocket.chat/apps-engine/server/bridges/OAuthAppsBridge');
const { InternalBridge } = require('@rocket.chat/apps-engine/server/bridges/InternalBridge');
const { ListenerBridge } = require('@rocket.chat/apps-engine/server/bridges/ListenerBridge');

const { describe } = require('./describe.js');
const { createServices } = require('./services.js');

/** `AppBridges` asks for each by a getter of this name. */
const BASES = { ...bases, OAuthAppsBridge, InternalBridge, ListenerBridge };

/** `answer`, with `recorder` getting to see each call and its end. */
function recorded(recorder, call, answer) {
  if (!recorder) return answer;
  const done = (value) => {
    recorder.record('bridge', { call, returned: describe(value) });
    return value;
  };
  const failed = (error) => {
    recorder.record('bridge', { call, threw: describe(error) });
    throw error;
  };
  return function (...args) {
    recorder.record('bridge', { call, args: args.map(describe) });
    try {
      const value = answer.apply(this, args);
      return value instanceof Promise ? value.then(done, failed) : done(value);
    } catch (error) {
      return failed(error);
    }
  };
}

/** An object of the engine's abstract class `name` that answers with `methods`. */
function createBridge(recorder, name, methods) {
  const bridge = new (class extends BASES[name] {})();
  for (const [method, answer] of Object.entries(methods)) {
    const call = `${name.replace(/Bridge$/, '')}.${method}`;
    Object.defineProperty(bridge, method, { value: recorded(recorder, call, answer) });
  }
  return bridge;
}

class MemoryBridges extends bases.AppBridges {}

function createBridges(recorder, world) {
  const bridges = new MemoryBridges();
  for (const [name, methods] of Object.entries(createServices(world))) {
    const bridge = createBridge(recorder, name, methods);
    bridges[`get${name}`] = () => bridge;
  }
  return bridges;
}

module.exports = { createBridges };
