const { App } = require('@rocket.chat/apps-engine/definition/App');
class WithoutSuperApp extends App {
  constructor() {
    this.early = true;
  }
}
exports.WithoutSuperApp = WithoutSuperApp;
