import type {
  IMessageBuilder,
  IMessageExtender,
  IModify,
  IPersistence,
  IRead,
  IHttp,
  IRoomBuilder,
  IRoomExtender,
} from '@rocket.chat/apps-engine/definition/accessors';
import {
  FileUploadNotAllowedException,
  UserNotAllowedException,
} from '@rocket.chat/apps-engine/definition/exceptions';
import type { IMessage } from '@rocket.chat/apps-engine/definition/messages';
import { AppMethod } from '@rocket.chat/apps-engine/definition/metadata';
import type { IRoom } from '@rocket.chat/apps-engine/definition/rooms';
import type { IFileUploadContext } from '@rocket.chat/apps-engine/definition/uploads';

import { WardenBase } from '../events/WardenBase';

export class WardenApp extends WardenBase {
  public async checkPreMessageDeletePrevent(message: IMessage): Promise<boolean> {
    return message.text !== 'unchecked';
  }

  public async executePreMessageDeletePrevent(message: IMessage): Promise<boolean> {
    return message.text === 'keep this';
  }

  public async executePreMessageUpdatedPrevent(message: IMessage): Promise<boolean> {
    message.text = `${message.text} (seen)`;
    return message.text === 'never';
  }

  public async executePreMessageUpdatedExtend(
    message: IMessage,
    extend: IMessageExtender,
  ): Promise<IMessage> {
    extend.addAttachments([{ text: 'edited' }, { text: 'again' }]);
    return message;
  }

  public async executePreMessageUpdatedModify(
    message: IMessage,
    builder: IMessageBuilder,
  ): Promise<IMessage> {
    const found = builder.getAttachments();
    if (found.length > 1) {
      builder.removeAttachment(1);
    }
    return builder.replaceAttachment(0, { ...found[0], color: 'red' }).getMessage();
  }

  public async executePreRoomCreatePrevent(room: IRoom): Promise<boolean> {
    return room.slugifiedName.startsWith('forbidden');
  }

  public async executePreRoomCreateExtend(
    room: IRoom,
    extend: IRoomExtender,
    read: IRead,
  ): Promise<IRoom> {
    extend.addCustomField('by', (await read.getUserReader().getById('u-alice')).username);
    return extend.getRoom();
  }

  public async executePreRoomCreateModify(room: IRoom, builder: IRoomBuilder): Promise<IRoom> {
    return builder.setDisplayName(`${room.displayName}!`).setReadOnly(true).getRoom();
  }

  public async executePostRoomCreate(room: IRoom, ...rest: Array<unknown>): Promise<void> {
    this.journal.note('room created', room.displayName, room.usernames, rest.length);
  }

  public async executePreRoomDeletePrevent(room: IRoom): Promise<boolean> {
    return room.isDefault === true;
  }

  public async executePostRoomDeleted(room: IRoom): Promise<void> {
    this.journal.note('room deleted', room.id);
  }

  public async [AppMethod.EXECUTE_PRE_ROOM_USER_JOINED](context: any): Promise<void> {
    if (context.joiningUser.username === 'bob') {
      throw new UserNotAllowedException(`${context.joiningUser.name} may not join`);
    }
    context.room.displayName;
    this.journal.note('joining', context.inviter?.name ?? 'nobody');
  }

  public async [AppMethod.EXECUTE_POST_ROOM_USER_JOINED](context: any): Promise<void> {
    this.journal.note('joined', context.room.slugifiedName);
  }

  public [AppMethod.EXECUTE_PRE_ROOM_USER_LEAVE](context: any): Promise<void> {
    // Not async: it throws before there is a promise.
    if (context.room.isDefault) {
      throw new UserNotAllowedException('Nobody leaves');
    }
    return Promise.resolve();
  }

  public async [AppMethod.EXECUTE_POST_ROOM_USER_LEAVE](context: any): Promise<void> {
    this.journal.note('left', context.leavingUser.username);
  }

  public async [AppMethod.EXECUTE_PRE_FILE_UPLOAD](
    { file, content }: IFileUploadContext,
    read: IRead,
    http: IHttp,
    persis: IPersistence,
    modify: IModify,
  ): Promise<void> {
    const text = String.fromCharCode.apply(null, content as never);
    this.journal.note('upload', file, content.length, Buffer.isBuffer(content), text.slice(0, 4));
    if (content.readUInt32BE(0) === 0x7f454c46) {
      throw new FileUploadNotAllowedException(`${file.name} is a program`);
    }
    if (file.type === 'text/plain') {
      const rev = Buffer.from(content).reverse();
      const room = (await read.getRoomReader().getById(file.rid)) as never;
      await modify
        .getCreator()
        .getUploadCreator()
        .uploadBuffer(rev, { filename: 'reversed', room });
      await persis.create({ content, rev, size: file.size });
    }
  }

  public async [AppMethod.EXECUTE_PRE_EMAIL_SENT]({ email, context }: any): Promise<any> {
    return {
      ...email,
      subject: `[${context.kind}] ${email.subject}`,
      to: [...email.to, 'cc@x.test'],
    };
  }

  public async executePostExternalComponentOpened(component: any): Promise<void> {
    this.journal.note('opened', component.name, Object.isFrozen(component));
  }

  public async [AppMethod.EXECUTE_POST_LIVECHAT_ROOM_STARTED](room: any): Promise<void> {
    this.journal.note('livechat started', room.visitor.name);
  }

  public async [AppMethod.EXECUTE_POST_LIVECHAT_AGENT_ASSIGNED](context: any): Promise<void> {
    this.journal.note('assigned', context.agent.username);
  }

  public async [AppMethod.UIKIT_LIVECHAT_BLOCK_ACTION](context: any): Promise<any> {
    const { visitor, value } = context.getInteractionData();
    this.journal.note('visitor acts', visitor.name, value);
    return context.getInteractionResponder().successResponse();
  }
}
