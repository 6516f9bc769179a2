const { App } = require('@rocket.chat/apps-engine/definition/App');
const { AppsEngineException } = require('@rocket.chat/apps-engine/definition/exceptions');
class ThrowingInitializeApp extends App {
  async extendConfiguration() {
    throw new AppsEngineException('Cannot be configured');
  }
}
exports.ThrowingInitializeApp = ThrowingInitializeApp;
