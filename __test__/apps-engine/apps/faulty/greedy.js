const { App } = require('@rocket.chat/apps-engine/definition/App');
class GreedyApp extends App {
  async onEnable(environment, configuration, more) {
    return Boolean(more);
  }
}
exports.GreedyApp = GreedyApp;
