import { App } from '@rocket.chat/apps-engine/definition/App';
import type {
  IConfigurationExtend,
  IHttp,
  IModify,
  IPersistence,
  IRead,
} from '@rocket.chat/apps-engine/definition/accessors';
import {
  ApiEndpoint,
  ApiSecurity,
  ApiVisibility,
  type IApiEndpointInfo,
  type IApiRequest,
  type IApiResponse,
} from '@rocket.chat/apps-engine/definition/api';

import { arguments_ } from './probes/arguments';
import { engine } from './probes/engine';
import { language } from './probes/language';
import { nodeModules } from './probes/nodeModules';
import { realm } from './probes/realm';
import type { Probe, ProbeContext } from './probes/Probe';
import { timers } from './probes/timers';
import { ToolboxProvider } from './provider';

const groups: Record<string, Record<string, Probe>> = {
  arguments: arguments_,
  engine,
  language,
  modules: nodeModules,
  realm,
  timers,
};

class ProbeEndpoint extends ApiEndpoint {
  public path = 'probe';

  public async get(): Promise<IApiResponse> {
    const names = Object.entries(groups).flatMap(([group, probes]) =>
      Object.keys(probes).map((name) => `${group}/${name}`),
    );
    return this.success(names);
  }

  public async post(
    request: IApiRequest,
    endpoint: IApiEndpointInfo,
    read: IRead,
    modify: IModify,
    http: IHttp,
    persis: IPersistence,
  ): Promise<IApiResponse> {
    const { group, name } = request.query;
    const context: ProbeContext = { app: this.app as App, request, read, modify, http, persis };
    return this.success(await groups[group][name](context));
  }
}

export class ToolboxApp extends App {
  protected override async extendConfiguration(configuration: IConfigurationExtend) {
    await configuration.api.provideApi({
      visibility: ApiVisibility.PUBLIC,
      security: ApiSecurity.UNSECURE,
      endpoints: [new ProbeEndpoint(this)],
    });
    await configuration.videoConfProviders.provideVideoConfProvider(new ToolboxProvider());
  }
}
