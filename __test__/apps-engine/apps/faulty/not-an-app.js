class NotAnApp {
  constructor(info) {
    this.info = info;
  }
}
exports.NotAnApp = NotAnApp;
