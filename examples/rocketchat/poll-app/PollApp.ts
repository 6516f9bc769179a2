import { App } from '@rocket.chat/apps-engine/definition/App';
import type {
  IAppAccessors,
  IConfigurationExtend,
  ILogger,
} from '@rocket.chat/apps-engine/definition/accessors';
import { ApiSecurity, ApiVisibility } from '@rocket.chat/apps-engine/definition/api';
import type { IAppInfo } from '@rocket.chat/apps-engine/definition/metadata';

import { PollCommand } from './commands/PollCommand';
import { ResultsEndpoint } from './endpoints/ResultsEndpoint';
import { ClosePollProcessor } from './jobs/ClosePollProcessor';
import { settings } from './settings';

export class PollApp extends App {
  constructor(info: IAppInfo, logger: ILogger, accessors: IAppAccessors) {
    super(info, logger, accessors);
  }

  protected async extendConfiguration(configuration: IConfigurationExtend): Promise<void> {
    for (const setting of settings) {
      await configuration.settings.provideSetting(setting);
    }
    await configuration.slashCommands.provideSlashCommand(new PollCommand(this));
    await configuration.scheduler.registerProcessors([new ClosePollProcessor()]);
    await configuration.api.provideApi({
      visibility: ApiVisibility.PUBLIC,
      security: ApiSecurity.UNSECURE,
      endpoints: [new ResultsEndpoint(this)],
    });
  }
}
