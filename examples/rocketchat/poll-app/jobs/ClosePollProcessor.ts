import type {
  IHttp,
  IModify,
  IPersistence,
  IRead,
} from '@rocket.chat/apps-engine/definition/accessors';
import type { IJobContext, IProcessor } from '@rocket.chat/apps-engine/definition/scheduler';

import { renderPoll } from '../lib/Poll';
import { PollStore } from '../lib/PollStore';

export const CLOSE_POLL = 'close-poll';

export class ClosePollProcessor implements IProcessor {
  public id = CLOSE_POLL;

  public async processor(
    { roomId }: IJobContext,
    read: IRead,
    modify: IModify,
    http: IHttp,
    persistence: IPersistence,
  ): Promise<void> {
    const store = new PollStore(read.getPersistenceReader(), persistence);
    const room = await read.getRoomReader().getById(roomId);
    const poll = await store.find(roomId);
    if (!room || !poll) {
      return;
    }

    poll.open = false;
    await store.save(poll);

    const message = modify.getCreator().startMessage().setRoom(room).setText(renderPoll(poll));
    await modify.getCreator().finish(message);
  }
}
