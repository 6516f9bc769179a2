const { App } = require('@rocket.chat/apps-engine/definition/App');
class RefusingApp extends App {
  async onEnable() {
    return false;
  }
}
exports.default = RefusingApp;
