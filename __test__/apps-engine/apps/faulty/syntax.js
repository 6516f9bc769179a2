const App = require('@rocket.chat/apps-engine/definition/App').App;
class SyntaxApp extends App {
  broken( { return 1; }
}
exports.SyntaxApp = SyntaxApp;
