const { App } = require('@rocket.chat/apps-engine/definition/App');
class DuplicateApp extends App {
  async extendConfiguration(configuration) {
    const command = { command: 'ticket', executor: async () => {} };
    await configuration.slashCommands.provideSlashCommand(command);
  }
}
exports.DuplicateApp = DuplicateApp;
