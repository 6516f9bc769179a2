import { App } from '@rocket.chat/apps-engine/definition/App';
import { UserNotAllowedException } from '@rocket.chat/apps-engine/definition/exceptions';
import type { IMessage } from '@rocket.chat/apps-engine/definition/messages';
import { AppMethod } from '@rocket.chat/apps-engine/definition/metadata';
import type { IUser } from '@rocket.chat/apps-engine/definition/users';

import { Journal } from './Journal';

/** The part of the app that only listens; a class between the engine's and the app's. */
export abstract class WardenBase extends App {
  protected readonly journal = new Journal(() => this.getLogger());

  public async executePostMessageDeleted(message: IMessage, ...rest: Array<any>): Promise<void> {
    this.journal.note('deleted', message.text, rest.length, rest.at(-1)?.user?.username);
  }

  public async executePostMessageUpdated(message: IMessage): Promise<void> {
    this.journal.note('updated', message.text, message.editedAt);
    if (message.text === 'refuse') {
      throw new UserNotAllowedException('Too late');
    }
  }

  public async [AppMethod.EXECUTE_POST_MESSAGE_REACTED](context: any): Promise<void> {
    this.journal.note('reacted', context.reaction, context.isReacted, Object.keys(context));
  }

  public async [AppMethod.EXECUTE_POST_MESSAGE_FOLLOWED](context: any): Promise<void> {
    this.journal.note('followed', context.isFollowed);
  }

  public async [AppMethod.EXECUTE_POST_MESSAGE_PINNED](context: any): Promise<void> {
    this.journal.note('pinned', context.isPinned);
  }

  public async [AppMethod.EXECUTE_POST_MESSAGE_STARRED](context: any): Promise<void> {
    this.journal.note('starred', context.isStarred);
  }

  public async [AppMethod.EXECUTE_POST_MESSAGE_REPORTED](context: any): Promise<void> {
    throw new Error(`Reported for ${context.reason}`);
  }

  public async [AppMethod.EXECUTE_POST_USER_CREATED](context: any): Promise<void> {
    this.journal.note('user created', context.user.name, context.performedBy?.name);
  }

  public async [AppMethod.EXECUTE_POST_USER_UPDATED](context: any): Promise<void> {
    this.journal.note('user updated', context.user.name, context.previousData);
  }

  public async [AppMethod.EXECUTE_POST_USER_DELETED](context: any): Promise<void> {
    this.journal.note('user deleted', context.user.name);
  }

  public async [AppMethod.EXECUTE_POST_USER_LOGGED_IN](user: IUser): Promise<void> {
    this.journal.note('logged in', user.username, user.createdAt.getUTCFullYear());
  }

  public async [AppMethod.EXECUTE_POST_USER_LOGGED_OUT](user: IUser): Promise<void> {
    this.journal.note('logged out', user.username, user.roles.includes('admin'));
  }

  public async [AppMethod.EXECUTE_POST_USER_STATUS_CHANGED](context: any): Promise<void> {
    this.journal.note('status', context.currentStatus, context.previousStatus);
  }
}
