'use strict';

// Two apps of Rocket.Chat's kind, packaged: a small one to call, a large one to load.

const AdmZip = require('adm-zip');

const info = (number, name) => ({
  id: `0b6d3c2e-4b53-4d0c-9e30-7d5a1c3c000${number}`,
  name,
  nameSlug: name.toLowerCase(),
  version: '1.0.0',
  requiredApiVersion: '*',
  author: { name: 'quickvm benchmarks' },
  classFile: 'main.js',
  implements: ['IPreMessageSentPrevent'],
});

function zip(appInfo, files) {
  const archive = new AdmZip();
  archive.addFile('app.json', Buffer.from(JSON.stringify(appInfo)));
  for (const [file, text] of Object.entries(files)) archive.addFile(file, Buffer.from(text));
  return { id: appInfo.id, buffer: archive.toBuffer() };
}

const DEFINITION = '@rocket.chat/apps-engine/definition';

/** Answers in as few steps as an app can, so that what is measured is the way to it and back. */
const small = zip(info(1, 'Small'), {
  'main.js': `
    const { App } = require('${DEFINITION}/App');
    class SmallApp extends App {
      async checkPreMessageSentPrevent(message) {
        return message.text.startsWith('/');
      }
      async extendConfiguration(configuration) {
        await configuration.slashCommands.provideSlashCommand({
          command: 'small',
          providesPreview: false,
          async executor(context, read, modify) {
            const notifier = modify.getNotifier();
            const builder = notifier.getMessageBuilder().setRoom(context.getRoom());
            await notifier.notifyUser(context.getSender(), builder.setText('hello').getMessage());
          },
        });
        await configuration.api.provideApi({
          visibility: 0,
          security: 0,
          endpoints: [
            {
              path: 'small',
              async post(request) {
                const total = request.content.numbers.reduce((sum, n) => sum + n, 0);
                return { status: 200, content: { total } };
              },
            },
          ],
        });
      }
    }
    exports.SmallApp = SmallApp;`,
});

/**
 * 96 files in the layers that large apps have. The engine evaluates a file anew, in a context of
 * its own, for each `require` of it: close to 800 contexts until the app is there.
 */
function createLayers() {
  const layers = [
    { folder: 'commands', count: 15, uses: [['handlers', 4]] },
    {
      folder: 'handlers',
      count: 20,
      uses: [
        ['views', 2],
        ['stores', 2],
      ],
    },
    { folder: 'views', count: 20, uses: [['lib', 2]] },
    { folder: 'stores', count: 20, uses: [['lib', 2]] },
    { folder: 'lib', count: 20, uses: [] },
  ];
  const counts = Object.fromEntries(layers.map(({ folder, count }) => [folder, count]));
  const files = {};
  for (const { folder, count, uses } of layers) {
    for (let i = 0; i < count; i++) {
      const imports = uses.flatMap(([other, times]) =>
        Array.from({ length: times }, (_, n) => `${other}/part${(i * times + n) % counts[other]}`),
      );
      files[`${folder}/part${i}.js`] = layerFile(folder, i, imports);
    }
  }
  const commands = Array.from({ length: counts.commands }, (_, i) => `./commands/part${i}`);
  files['main.js'] = `
    const { App } = require('${DEFINITION}/App');
    ${commands.map((file, i) => `const command${i} = require('${file}');`).join('\n    ')}
    class LargeApp extends App {
      parts() {
        return [${commands.map((_, i) => `new command${i}.Part(this)`).join(', ')}];
      }
    }
    exports.LargeApp = LargeApp;`;
  return files;
}

const layerFile = (folder, index, imports) => `
  "use strict";
  Object.defineProperty(exports, "__esModule", { value: true });
  exports.Part = exports.options = void 0;
  ${imports.map((file, i) => `const part${i} = require("../${file}");`).join('\n  ')}
  exports.options = { name: "${folder} ${index}", values: [1, 2, 3], labels: { en: "Part" } };
  class Part {
    constructor(app) {
      this.app = app;
      this.parts = [${imports.map((_, i) => `part${i}`).join(', ')}];
    }
    async run(context, read, modify) {
      const name = this.describe();
      for (const { options } of this.parts) {
        if (options.values.includes(context.value)) return name;
      }
      const message = modify.getCreator().startMessage().setText(\`\${name}: \${context.value}\`);
      return modify.getCreator().finish(message);
    }
    describe() {
      return exports.options.name.toUpperCase().split(" ").reverse().join("-");
    }
  }
  exports.Part = Part;
`;

const largeFiles = createLayers();
const large = zip(info(2, 'Large'), largeFiles);

module.exports = { small, large, largeFileCount: Object.keys(largeFiles).length };
