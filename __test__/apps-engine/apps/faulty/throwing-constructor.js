const { App } = require('@rocket.chat/apps-engine/definition/App');
class ThrowingApp extends App {
  constructor(info, logger, accessors) {
    super(info, logger, accessors);
    throw new TypeError(`Not today, ${this.getName()}`);
  }
}
exports.ThrowingApp = ThrowingApp;
