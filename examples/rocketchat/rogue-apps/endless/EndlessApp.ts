import { App } from '@rocket.chat/apps-engine/definition/App';
import type { IConfigurationExtend } from '@rocket.chat/apps-engine/definition/accessors';

import { SpinCommand } from './commands/SpinCommand';

export class EndlessApp extends App {
  protected async extendConfiguration(configuration: IConfigurationExtend): Promise<void> {
    await configuration.slashCommands.provideSlashCommand(new SpinCommand());
  }
}
