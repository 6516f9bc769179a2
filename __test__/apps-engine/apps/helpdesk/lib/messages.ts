import type {
  IMessageBuilder,
  IMessageExtender,
  IModify,
  IRead,
} from '@rocket.chat/apps-engine/definition/accessors';
import type { IMessage } from '@rocket.chat/apps-engine/definition/messages';

/** What the app does with messages, apart from the class that listens. */
export class MessageHandler {
  private readonly seen = new Map<string, number>();

  public isSpam({ text = '', sender }: IMessage): boolean {
    const count = (this.seen.get(sender.username) ?? 0) + 1;
    this.seen.set(sender.username, count);
    return /\bbuy now\b/i.test(text);
  }

  public extend(message: IMessage, extend: IMessageExtender): IMessage {
    const count = this.seen.get(message.sender.username);
    extend.addCustomField('count', count).addAttachment({ text: `Message ${count}` });
    return extend.getMessage();
  }

  public modify(message: IMessage, builder: IMessageBuilder, prefix: string): IMessage {
    const text = (message.text ?? '').replace(/\b(colou?r)\b/gu, '_$1_');
    return builder
      .setText(`${prefix}${text}`)
      .addCustomField('members', message.room.customFields)
      .getMessage();
  }

  public async answer(message: IMessage, read: IRead, modify: IModify): Promise<void> {
    const { room, sender, text, id } = message;
    const stop = await modify.getNotifier().typing({ id: room.id, username: 'helpdesk.bot' });
    const names = room.usernames.map((name) => `@${name}`).join(' ');
    const { value } = (await read
      .getEnvironmentReader()
      .getServerSettings()
      .getOneById('Site_Name')) as { value: string };
    const stored = id ? await read.getMessageReader().getById(id) : undefined;
    await modify.getCreator().finish(
      modify
        .getCreator()
        .startMessage({ room, sender, text: `${sender.name}: ${text?.length} of ${stored?.text}` })
        .setUsernameAlias(value)
        .setThreadId(names),
    );
    await stop();
  }
}
