import { App } from '@rocket.chat/apps-engine/definition/App';
import type { IConfigurationExtend } from '@rocket.chat/apps-engine/definition/accessors';

import { ImportCommand } from './commands/ImportCommand';

export class BrokenApp extends App {
  protected async extendConfiguration(configuration: IConfigurationExtend): Promise<void> {
    await configuration.slashCommands.provideSlashCommand(new ImportCommand());
  }
}
