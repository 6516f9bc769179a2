import type { App } from '@rocket.chat/apps-engine/definition/App';
import type {
  IHttp,
  IModify,
  IPersistence,
  IRead,
} from '@rocket.chat/apps-engine/definition/accessors';
import type {
  ISlashCommand,
  SlashCommandContext,
} from '@rocket.chat/apps-engine/definition/slashcommands';

export interface ICall {
  context: SlashCommandContext;
  read: IRead;
  modify: IModify;
  http: IHttp;
  persis: IPersistence;
}

/** What all commands share: the engine calls `executor`, the subclass answers `run`. */
export abstract class BaseCommand implements ISlashCommand {
  public abstract command: string;
  public abstract i18nParamsExample: string;
  public abstract i18nDescription: string;
  public providesPreview = false;
  protected calls = 0;

  constructor(protected readonly app: App) {}

  public async executor(
    context: SlashCommandContext,
    read: IRead,
    modify: IModify,
    http: IHttp,
    persis: IPersistence,
  ): Promise<void> {
    this.calls += 1;
    const answer = await this.run({ context, read, modify, http, persis });
    if (answer) {
      await this.whisper(context, modify, `${answer} [call ${this.calls}]`);
    }
  }

  protected abstract run(call: ICall): Promise<string | undefined>;

  protected async whisper(
    context: SlashCommandContext,
    modify: IModify,
    text: string,
  ): Promise<void> {
    const notifier = modify.getNotifier();
    const message = notifier.getMessageBuilder().setRoom(context.getRoom()).setText(text);
    await notifier.notifyUser(context.getSender(), message.getMessage());
  }
}
