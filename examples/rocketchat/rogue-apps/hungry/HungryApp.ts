import { App } from '@rocket.chat/apps-engine/definition/App';
import type { IConfigurationExtend } from '@rocket.chat/apps-engine/definition/accessors';

import { EatCommand } from './commands/EatCommand';

export class HungryApp extends App {
  protected async extendConfiguration(configuration: IConfigurationExtend): Promise<void> {
    await configuration.slashCommands.provideSlashCommand(new EatCommand());
  }
}
