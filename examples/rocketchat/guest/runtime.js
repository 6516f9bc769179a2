'use strict';

const { App } = require('@rocket.chat/apps-engine/definition/App');
const { AppStatus } = require('@rocket.chat/apps-engine/definition/AppStatus');
const {
  SlashCommandContext,
} = require('@rocket.chat/apps-engine/definition/slashcommands/SlashCommandContext');

const { createAccessors } = require('./accessors');
const { toPlain, withPlainArguments } = require('./to-plain');

/**
 * Runs inside the sandbox, beside the app. It makes the app and keeps it here, with its commands,
 * endpoints and job processors; the host gets plain functions that work on them by name.
 */
function createApp({ info, mainModule, bridges }) {
  const accessors = createAccessors(info, withPlainArguments(bridges));
  const { environment, read, modify, logger, http, persistence } = accessors;

  const AppClass = findAppClass(require(mainModule), mainModule);
  const app = new AppClass(info, logger, {
    environmentReader: environment,
    reader: read,
    http,
    providedApiEndpoints: [],
  });
  const configuration = createConfiguration();

  return {
    getStatus: () => app.getStatus(),

    /** Lets the app extend the configuration; returns what it asked for. */
    async initialize() {
      await app.initialize(configuration.extend, environment);
      await app.setStatus(AppStatus.INITIALIZED);
      return configuration.describe();
    },

    async enable() {
      const enabled = await app.onEnable(environment, {});
      await app.setStatus(enabled ? AppStatus.AUTO_ENABLED : AppStatus.DISABLED);
      return enabled;
    },

    async executeCommand(name, { sender, room, params }) {
      const command = get(configuration.commands, name, 'slash command');
      const context = new SlashCommandContext(sender, room, params);
      await command.executor(context, read, modify, http, persistence);
    },

    async callEndpoint(path, request) {
      const endpoint = get(configuration.endpoints, path, 'endpoint');
      const fullPath = `/api/apps/public/${info.id}/${path}`;
      const endpointInfo = { basePath: path, fullPath, appId: info.id };
      return toPlain(
        await endpoint[request.method](request, endpointInfo, read, modify, http, persistence),
      );
    },

    async runJob(id, data) {
      const processor = get(configuration.processors, id, 'job processor');
      await processor.processor(data, read, modify, http, persistence);
    },
  };
}

/** The `configurationExtend` that an app gets, and what the app put into it. */
function createConfiguration() {
  const settings = [];
  const commands = new Map();
  const endpoints = new Map();
  const processors = new Map();

  return {
    commands,
    endpoints,
    processors,
    extend: {
      settings: { provideSetting: async (setting) => void settings.push(setting) },
      slashCommands: {
        provideSlashCommand: async (command) => void commands.set(command.command, command),
      },
      api: {
        provideApi: async (api) => {
          for (const endpoint of api.endpoints) {
            endpoints.set(endpoint.path, endpoint);
          }
        },
      },
      scheduler: {
        registerProcessors: async (added) => {
          for (const processor of added) {
            processors.set(processor.id, processor);
          }
        },
      },
    },
    describe: () => ({
      settings: toPlain(settings),
      commands: [...commands.values()].map(({ command, i18nParamsExample, i18nDescription }) => ({
        command,
        i18nParamsExample,
        i18nDescription,
      })),
      endpoints: [...endpoints.keys()],
      processors: [...processors.keys()],
    }),
  };
}

function findAppClass(exported, mainModule) {
  const AppClass = Object.values(exported).find(
    (value) => typeof value === 'function' && value.prototype instanceof App,
  );
  if (!AppClass) {
    throw new Error(`${mainModule} exports no class that extends App`);
  }
  return AppClass;
}

function get(map, name, kind) {
  if (!map.has(name)) {
    throw new Error(`The app has no ${kind} "${name}"`);
  }
  return map.get(name);
}

module.exports = { createApp };
