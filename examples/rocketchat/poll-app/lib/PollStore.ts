import type { IPersistence, IPersistenceRead } from '@rocket.chat/apps-engine/definition/accessors';
import {
  RocketChatAssociationModel,
  RocketChatAssociationRecord,
} from '@rocket.chat/apps-engine/definition/metadata';

import type { IPoll } from './Poll';

/** Keeps one poll for each room. */
export class PollStore {
  constructor(
    private readonly reader: IPersistenceRead,
    private readonly persistence: IPersistence,
  ) {}

  public async find(roomId: string): Promise<IPoll | undefined> {
    const [poll] = await this.reader.readByAssociations(this.associations(roomId));
    return poll as IPoll | undefined;
  }

  public async save(poll: IPoll): Promise<void> {
    await this.persistence.updateByAssociations(this.associations(poll.roomId), poll, true);
  }

  private associations(roomId: string): Array<RocketChatAssociationRecord> {
    return [
      new RocketChatAssociationRecord(RocketChatAssociationModel.MISC, 'poll'),
      new RocketChatAssociationRecord(RocketChatAssociationModel.ROOM, roomId),
    ];
  }
}
