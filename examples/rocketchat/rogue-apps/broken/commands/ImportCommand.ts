import type {
  ISlashCommand,
  SlashCommandContext,
} from '@rocket.chat/apps-engine/definition/slashcommands';

import { ImportService } from '../services/ImportService';

export class ImportCommand implements ISlashCommand {
  public command = 'import';
  public i18nParamsExample = 'import_command_params';
  public i18nDescription = 'import_command_description';
  public providesPreview = false;

  private readonly service = new ImportService();

  public async executor(context: SlashCommandContext): Promise<void> {
    this.service.importUsers(context.getArguments().join(' '));
  }
}
