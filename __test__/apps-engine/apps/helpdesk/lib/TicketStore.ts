import type { IPersistence, IPersistenceRead } from '@rocket.chat/apps-engine/definition/accessors';
import {
  RocketChatAssociationModel,
  RocketChatAssociationRecord,
} from '@rocket.chat/apps-engine/definition/metadata';

import { Status } from '../enum/Status';
import { type ITicket, Ticket } from './Ticket';

const ALL = new RocketChatAssociationRecord(RocketChatAssociationModel.MISC, 'tickets');

export class TicketStore {
  constructor(
    private readonly reader: IPersistenceRead,
    private readonly writer: IPersistence,
  ) {}

  private keys(number: number): Array<RocketChatAssociationRecord> {
    return [ALL, new RocketChatAssociationRecord(RocketChatAssociationModel.MISC, `${number}`)];
  }

  public async list(): Promise<Array<Ticket>> {
    const rows = (await this.reader.readByAssociation(ALL)) as Array<ITicket>;
    return rows.map((row) => Ticket.from(row)).sort((a, b) => a.number - b.number);
  }

  public async find(number: number): Promise<Ticket | undefined> {
    const [row] = (await this.reader.readByAssociations(this.keys(number))) as Array<ITicket>;
    return row && Ticket.from(row);
  }

  public async open(title: string, by: string, tags: Array<string> = []): Promise<Ticket> {
    const number = (await this.list()).length + 1;
    const ticket = new Ticket(number, title, by);
    ticket.tags.push(...tags);
    await this.writer.createWithAssociations(ticket, this.keys(number));
    return ticket;
  }

  public async save(ticket: Ticket): Promise<string> {
    return this.writer.updateByAssociations(this.keys(ticket.number), ticket, true);
  }

  public async clear(): Promise<number> {
    const removed = await this.writer.removeByAssociation(ALL);
    return removed.length;
  }

  /** Yields the open tickets one by one, as a cursor would. */
  public async *cursor(): AsyncGenerator<Ticket, number> {
    let skipped = 0;
    for (const ticket of await this.list()) {
      if (ticket.status === Status.CLOSED) {
        skipped += 1;
        continue;
      }
      yield ticket;
    }
    return skipped;
  }
}
