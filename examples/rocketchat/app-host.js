'use strict';

const { Sandbox } = require('../..');

const { readAppPackage } = require('./app-package');
const { createModuleLoader, RUNTIME } = require('./module-loader');

/** What one app may use. A real server would have these in its settings. */
const LIMITS = { memoryLimitMb: 32, timeout: 500 };

/** One app in its own sandbox: the host's half. The other half is guest/runtime.js. */
class AppHost {
  #sandbox;
  #app;
  #settings = new Map();
  #jobs = new Map();

  /** Loads the app in `zipFile`, lets it configure itself and enables it. */
  static async start(zipFile, workspace) {
    const host = new AppHost(readAppPackage(zipFile));
    try {
      await host.#load(workspace);
    } catch (error) {
      host.dispose();
      throw error;
    }
    return host;
  }

  constructor(appPackage) {
    const { info, languages } = appPackage;
    this.info = info;
    this.languages = languages;
    this.limits = LIMITS;
    this.log = [];
    this.#sandbox = new Sandbox({
      name: info.nameSlug,
      modules: createModuleLoader(appPackage),
      ...LIMITS,
    });
  }

  async #load(workspace) {
    const { info } = this;
    const { createApp } = this.#sandbox.require(`${RUNTIME}/runtime.js`);
    this.#app = createApp({
      info,
      mainModule: `${info.nameSlug}/${info.classFile}`,
      bridges: workspace.createBridges({
        info,
        settings: this.#settings,
        jobs: this.#jobs,
        log: (level, items) => void this.log.push({ level, text: items.join(' ') }),
      }),
    });

    /** The settings, commands, endpoints and processors that the app provides. */
    this.configuration = await this.#app.initialize();
    for (const setting of this.configuration.settings) {
      this.#settings.set(setting.id, setting);
    }
    await this.#app.enable();
  }

  get status() {
    return this.#app.getStatus();
  }

  /** Runs `/command …` as a user types it. */
  runCommand(text, { sender, room }) {
    const [command, ...params] = text.slice(1).split(' ');
    return this.#app.executeCommand(command, { sender, room, params });
  }

  callEndpoint(method, path, query = {}) {
    const request = { method, query, headers: {}, params: {}, content: {} };
    return this.#app.callEndpoint(path, request);
  }

  get jobs() {
    return [...this.#jobs.values()];
  }

  /** Runs the jobs that are due at `now` and returns how many there were. */
  async runJobs(now) {
    const due = [...this.#jobs].filter(([, job]) => job.when <= now);
    for (const [jobId, { id, data }] of due) {
      this.#jobs.delete(jobId);
      await this.#app.runJob(id, JSON.parse(data));
    }
    return due.length;
  }

  usage() {
    return this.#sandbox.usage();
  }

  dispose() {
    this.#sandbox.dispose();
  }
}

module.exports = { AppHost };
