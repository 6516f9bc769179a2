import type { IRead } from '@rocket.chat/apps-engine/definition/accessors';
import type {
  ISlashCommand,
  SlashCommandContext,
} from '@rocket.chat/apps-engine/definition/slashcommands';

export class SpinCommand implements ISlashCommand {
  public command = 'spin';
  public i18nParamsExample = 'spin_command_params';
  public i18nDescription = 'spin_command_description';
  public providesPreview = false;

  public async executor(context: SlashCommandContext, read: IRead): Promise<void> {
    const [when] = context.getArguments();
    if (when === 'later') {
      // The harder case: by the time the loop starts, the call that led to it has returned.
      await read.getRoomReader().getById(context.getRoom().id);
    }
    this.spin();
  }

  private spin(): void {
    let turns = 0;
    while (turns >= 0) {
      turns += 1;
    }
  }
}
