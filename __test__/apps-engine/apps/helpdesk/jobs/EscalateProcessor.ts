import type {
  IHttp,
  IModify,
  IPersistence,
  IRead,
} from '@rocket.chat/apps-engine/definition/accessors';
import {
  type IJobContext,
  type IProcessor,
  StartupType,
} from '@rocket.chat/apps-engine/definition/scheduler';

import { Priority, Status } from '../enum/Status';
import { TicketError } from '../lib/errors';
import { TicketStore } from '../lib/TicketStore';

export const ESCALATE = 'escalate';

export class EscalateProcessor implements IProcessor {
  public id = ESCALATE;

  // The engine calls it with null as `this`.
  public processor = async (
    context: IJobContext,
    read: IRead,
    modify: IModify,
    http: IHttp,
    persis: IPersistence,
  ): Promise<void> => {
    const store = new TicketStore(read.getPersistenceReader(), persis);
    const ticket = await store.find(context.number);
    if (!ticket) {
      throw new TicketError('Cannot escalate', { number: context.number, tags: [] });
    }
    ticket.status = Status.ESCALATED;
    ticket.priority = Priority.HIGH;
    await store.save(ticket);
    for (const id of context.watchers ?? []) {
      const user = await read.getUserReader().getById(id);
      const room = await read.getRoomReader().getByName('general');
      await modify.getNotifier().notifyRoom(room as never, {
        room: room as never,
        sender: user,
        text: ticket.label,
      });
    }
  };
}

export const digest: IProcessor = {
  id: 'digest',
  startupSetting: {
    type: StartupType.RECURRING,
    interval: '0 9 * * 1',
    data: { weekdays: [1], at: new Date(0) },
  },
  async processor(this: unknown, context, read, modify) {
    const total = await read.getUserReader().getUserUnreadMessageCount('u-alice');
    await modify.getScheduler().scheduleRecurring({ id: 'digest', interval: '1 hour' });
    await modify.getScheduler().cancelJob(context.cancel ?? 'nothing');
    if (this !== null && this !== undefined && !('setTimeout' in (this as object))) {
      throw new Error(`Unexpected this among ${total}`);
    }
  },
};
