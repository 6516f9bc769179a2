import type { ISlashCommand } from '@rocket.chat/apps-engine/definition/slashcommands';

export class EatCommand implements ISlashCommand {
  public command = 'eat';
  public i18nParamsExample = '';
  public i18nDescription = 'eat_command_description';
  public providesPreview = false;

  public async executor(): Promise<void> {
    const eaten: Array<object> = [];
    while (true) {
      try {
        eaten.push({ meal: eaten.length, leftovers: new Array(1000).fill('crumb') });
      } catch {
        // It will not even stop when it is told that there is nothing left.
      }
    }
  }
}
