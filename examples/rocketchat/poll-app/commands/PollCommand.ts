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

import { CLOSE_POLL } from '../jobs/ClosePollProcessor';
import { type IPoll, renderPoll } from '../lib/Poll';
import { PollStore } from '../lib/PollStore';
import { splitArguments } from '../lib/splitArguments';
import { POLL_MINUTES } from '../settings';

export class PollCommand implements ISlashCommand {
  public command = 'poll';
  public i18nParamsExample = 'poll_command_params';
  public i18nDescription = 'poll_command_description';
  public providesPreview = false;

  constructor(private readonly app: App) {}

  public async executor(
    context: SlashCommandContext,
    read: IRead,
    modify: IModify,
    http: IHttp,
    persistence: IPersistence,
  ): Promise<void> {
    const store = new PollStore(read.getPersistenceReader(), persistence);
    const [action, ...values] = splitArguments(context.getArguments());

    switch (action) {
      case 'create':
        return this.create(context, read, modify, store, values);
      case 'vote':
        return this.vote(context, modify, store, Number(values[0]));
      case 'show':
        return this.show(context, modify, store);
      default:
        return this.whisper(context, modify, 'Try `create`, `vote` or `show`.');
    }
  }

  private async create(
    context: SlashCommandContext,
    read: IRead,
    modify: IModify,
    store: PollStore,
    [question, ...options]: Array<string>,
  ): Promise<void> {
    const roomId = context.getRoom().id;
    const current = await store.find(roomId);
    if (current?.open) {
      return this.whisper(context, modify, `“${current.question}” is still open.`);
    }
    if (!question || options.length < 2) {
      return this.whisper(context, modify, 'A poll needs a question and two options.');
    }

    const poll: IPoll = { roomId, question, options, votes: {}, open: true };
    await store.save(poll);

    const minutes = await read.getEnvironmentReader().getSettings().getValueById(POLL_MINUTES);
    await modify.getScheduler().scheduleOnce({
      id: CLOSE_POLL,
      when: new Date(Date.now() + minutes * 60 * 1000),
      data: { roomId },
    });

    this.app.getLogger().info(`New poll: ${question}`);
    return this.post(
      context,
      modify,
      `${renderPoll(poll)}\nVotes are taken for ${minutes} minutes.`,
    );
  }

  private async vote(
    context: SlashCommandContext,
    modify: IModify,
    store: PollStore,
    choice: number,
  ): Promise<void> {
    const poll = await store.find(context.getRoom().id);
    if (!poll?.open) {
      return this.whisper(context, modify, 'There is no open poll here.');
    }
    const option = poll.options[choice - 1];
    if (option === undefined) {
      return this.whisper(context, modify, `Choose a number from 1 to ${poll.options.length}.`);
    }

    poll.votes[context.getSender().id] = choice - 1;
    await store.save(poll);
    return this.whisper(context, modify, `You voted for ${option}.`);
  }

  private async show(
    context: SlashCommandContext,
    modify: IModify,
    store: PollStore,
  ): Promise<void> {
    const poll = await store.find(context.getRoom().id);
    if (!poll) {
      return this.whisper(context, modify, 'There is no poll here.');
    }
    return this.post(context, modify, renderPoll(poll));
  }

  /** Writes for everybody in the room. */
  private async post(context: SlashCommandContext, modify: IModify, text: string): Promise<void> {
    const message = modify.getCreator().startMessage().setRoom(context.getRoom()).setText(text);
    await modify.getCreator().finish(message);
  }

  /** Writes for the sender's eyes only. */
  private async whisper(
    context: SlashCommandContext,
    modify: IModify,
    text: string,
  ): Promise<void> {
    const notifier = modify.getNotifier();
    const message = notifier.getMessageBuilder().setRoom(context.getRoom()).setText(text);
    await notifier.notifyUser(context.getSender(), message.getMessage());
  }
}
