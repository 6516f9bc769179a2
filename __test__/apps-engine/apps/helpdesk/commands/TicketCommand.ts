import {
  type ISlashCommandPreview,
  type ISlashCommandPreviewItem,
  type SlashCommandContext,
  SlashCommandPreviewItemType,
} from '@rocket.chat/apps-engine/definition/slashcommands';
import type {
  IHttp,
  IModify,
  IPersistence,
  IRead,
} from '@rocket.chat/apps-engine/definition/accessors';

import { Priority, Status } from '../enum/Status';
import { ESCALATE } from '../jobs/EscalateProcessor';
import { TicketStore } from '../lib/TicketStore';
import { Setting } from '../settings';
import { ticketModal } from '../ui/modals';
import { BaseCommand, type ICall } from './BaseCommand';

export class TicketCommand extends BaseCommand {
  public command = 'Ticket ';
  public i18nParamsExample = 'ticket_params';
  public i18nDescription = 'ticket_description';
  public override providesPreview = true;

  protected async run(call: ICall): Promise<string | undefined> {
    const [action = 'help', ...rest] = call.context.getArguments();
    const store = new TicketStore(call.read.getPersistenceReader(), call.persis);
    const actions: Record<string, () => Promise<string | undefined>> = {
      new: () => this.open(call, store, rest.join(' ')),
      list: () => this.list(call, store),
      close: () => this.close(store, Number.parseInt(rest[0], 10)),
      dialog: () => this.dialog(call, store),
      clear: async () => `${await store.clear()} gone`,
    };
    return actions[action]?.() ?? `Usage: ${Object.keys(actions).join(', ')}`;
  }

  private async open({ context, read, modify }: ICall, store: TicketStore, title: string) {
    const sender = context.getSender();
    const ticket = await store.open(title, sender.username, ['new', context.getRoom().id]);
    const minutes = await read.getEnvironmentReader().getSettings().getValueById(Setting.MINUTES);
    const job = await modify.getScheduler().scheduleOnce({
      id: ESCALATE,
      when: new Date(ticket.openedAt.getTime() + minutes * 60_000),
      data: { number: ticket.number, watchers: [sender.id] },
    });
    this.app.getLogger().info(`Opened ${ticket.label}`, ticket, job);
    return `${ticket.label}: ${minutes} minutes`;
  }

  private async list({ context, read, modify }: ICall, store: TicketStore) {
    const lines: Array<string> = [];
    for await (const ticket of store.cursor()) {
      lines.push(
        `${ticket.label} ${[...ticket.note('seen')].join('/')} ${Priority[ticket.priority]}`,
      );
    }
    const creator = modify.getCreator();
    const builder = creator
      .startMessage()
      .setSender((await read.getUserReader().getAppUser()) as never)
      .setRoom(context.getRoom())
      .setText(lines.join('\n'))
      .setGroupable(false)
      .addAttachment({ title: { value: 'Tickets' }, color: '#00ff00', fields: [] });
    const id = await creator.finish(builder);
    const updater = await modify.getUpdater().message(id, context.getSender());
    updater.setText(`${updater.getText()} (${lines.length})`).setEditor(context.getSender());
    await modify.getUpdater().finish(updater);
    return undefined;
  }

  private async close(store: TicketStore, number: number) {
    const ticket = await store.find(number);
    if (!ticket) {
      return `No ticket ${number}`;
    }
    ticket.status = Status.CLOSED;
    ticket.label = `${ticket.title}!`;
    await store.save(ticket);
    return ticket.label;
  }

  private async dialog({ context, modify }: ICall, store: TicketStore) {
    const triggerId = context.getTriggerId();
    if (!triggerId) {
      return 'No dialog here';
    }
    const view = ticketModal(modify, await store.list());
    await modify.getUiController().openModalView(view, { triggerId }, context.getSender());
    return undefined;
  }

  public async previewer(
    context: SlashCommandContext,
    read: IRead,
    modify: IModify,
    http: IHttp,
    persis: IPersistence,
  ): Promise<ISlashCommandPreview> {
    const tickets = await new TicketStore(read.getPersistenceReader(), persis).list();
    const wanted = context.getArguments().join(' ').toLowerCase();
    return {
      i18nTitle: 'tickets',
      items: tickets
        .filter(({ title }) => title.toLowerCase().includes(wanted))
        .map(({ number, label }) => ({
          id: String(number),
          type: SlashCommandPreviewItemType.TEXT,
          value: label,
        })),
    };
  }

  public async executePreviewItem(
    item: ISlashCommandPreviewItem,
    context: SlashCommandContext,
    read: IRead,
    modify: IModify,
    http: IHttp,
    persis: IPersistence,
  ): Promise<void> {
    const store = new TicketStore(read.getPersistenceReader(), persis);
    await this.whisper(context, modify, await this.close(store, Number(item.id)));
  }
}
