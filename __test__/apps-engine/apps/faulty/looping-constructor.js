const { App } = require('@rocket.chat/apps-engine/definition/App');
class LoopingApp extends App {
  constructor(info, logger, accessors) {
    super(info, logger, accessors);
    for (;;);
  }
}
exports.LoopingApp = LoopingApp;
