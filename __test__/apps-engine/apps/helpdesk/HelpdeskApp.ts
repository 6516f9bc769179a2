import { App } from '@rocket.chat/apps-engine/definition/App';
import type {
  IAppAccessors,
  IAppInstallationContext,
  IAppUninstallationContext,
  IConfigurationExtend,
  IConfigurationModify,
  IEnvironmentRead,
  IHttp,
  ILogger,
  IMessageBuilder,
  IMessageExtender,
  IModify,
  IPersistence,
  IRead,
} from '@rocket.chat/apps-engine/definition/accessors';
import { ApiSecurity, ApiVisibility } from '@rocket.chat/apps-engine/definition/api';
import { InvalidSettingValueException } from '@rocket.chat/apps-engine/definition/exceptions';
import type {
  IMessage,
  IPostMessageSent,
  IPreMessageSentExtend,
  IPreMessageSentModify,
  IPreMessageSentPrevent,
} from '@rocket.chat/apps-engine/definition/messages';
import type { IAppInfo } from '@rocket.chat/apps-engine/definition/metadata';
import type { ISetting } from '@rocket.chat/apps-engine/definition/settings';
import type { ISettingUpdateContext } from '@rocket.chat/apps-engine/definition/settings/ISettingUpdateContext';
import { RoomTypeFilter, UIActionButtonContext } from '@rocket.chat/apps-engine/definition/ui';
import type {
  IUIKitInteractionHandler,
  IUIKitResponse,
  UIKitActionButtonInteractionContext,
  UIKitBlockInteractionContext,
  UIKitViewCloseInteractionContext,
  UIKitViewSubmitInteractionContext,
} from '@rocket.chat/apps-engine/definition/uikit';

import { FailCommand } from './commands/FailCommand';
import { TicketCommand } from './commands/TicketCommand';
import { HookEndpoint } from './endpoints/HookEndpoint';
import { TicketsEndpoint } from './endpoints/TicketsEndpoint';
import { digest, EscalateProcessor } from './jobs/EscalateProcessor';
import { MessageHandler } from './lib/messages';
import { TicketStore } from './lib/TicketStore';
import { VERSION } from './lib/version';
import { Setting, settings } from './settings';
import { ticketModal } from './ui/modals';

export class HelpdeskApp
  extends App
  implements
    IPreMessageSentPrevent,
    IPreMessageSentExtend,
    IPreMessageSentModify,
    IPostMessageSent,
    IUIKitInteractionHandler
{
  private readonly messages = new MessageHandler();
  private prefix = '';

  constructor(info: IAppInfo, logger: ILogger, accessors: IAppAccessors) {
    super(info, logger, accessors);
    logger.debug(`Made ${this.getName()} ${VERSION}`, Object.keys(accessors));
  }

  protected override async extendConfiguration(
    configuration: IConfigurationExtend,
    environment: IEnvironmentRead,
  ): Promise<void> {
    await Promise.all(settings.map((setting) => configuration.settings.provideSetting(setting)));
    await configuration.slashCommands.provideSlashCommand(new TicketCommand(this));
    await configuration.slashCommands.provideSlashCommand(new FailCommand(this));
    await configuration.api.provideApi({
      visibility: ApiVisibility.PUBLIC,
      security: ApiSecurity.UNSECURE,
      endpoints: [new TicketsEndpoint(this)],
    });
    await configuration.api.provideApi({
      visibility: ApiVisibility.PRIVATE,
      security: ApiSecurity.UNSECURE,
      endpoints: [new HookEndpoint(this)],
    });
    await configuration.scheduler.registerProcessors([new EscalateProcessor(), digest]);
    configuration.http.provideDefaultHeaders({ 'x-app': this.getNameSlug() });
    configuration.http.provideDefaultParam('app', this.getVersion());
    configuration.http.providePreRequestHandler({
      executePreHttpRequest: async (url, request) => ({
        ...request,
        headers: { ...request.headers, 'x-url-length': `${url.length}` },
      }),
    });
    configuration.ui.registerButton({
      actionId: 'make-ticket',
      labelI18n: 'make_ticket',
      context: UIActionButtonContext.MESSAGE_ACTION,
      when: { roomTypes: [RoomTypeFilter.PUBLIC_CHANNEL], hasOneRole: ['admin'] },
    });
    const home = await environment.getEnvironmentVariables().getValueByName('HOME');
    this.getLogger().debug('Configured', home, await environment.getSettings().getById('prefix'));
  }

  public override async onEnable(
    environment: IEnvironmentRead,
    configurationModify: IConfigurationModify,
  ): Promise<boolean> {
    this.prefix = await environment.getSettings().getValueById(Setting.PREFIX);
    await configurationModify.serverSettings.hideGroup('Livechat');
    return this.prefix.length > 0;
  }

  public override async onDisable(): Promise<void> {
    this.getLogger().success(`Disabled ${VERSION}`);
  }

  public override async onInstall(
    context: IAppInstallationContext,
    read: IRead,
    http: IHttp,
    persistence: IPersistence,
    modify: IModify,
  ): Promise<void> {
    const [first] = await read.getRoomReader().getMembers('r-general');
    await modify.getNotifier().notifyUser(context.user, {
      room: (await read.getRoomReader().getById('r-general')) as never,
      text: `Hello ${first?.name}, I am ${this.getAppUserUsername()}`,
    } as never);
  }

  public override async onUninstall(
    context: IAppUninstallationContext,
    read: IRead,
    http: IHttp,
    persistence: IPersistence,
  ): Promise<void> {
    const cleared = await new TicketStore(read.getPersistenceReader(), persistence).clear();
    this.getLogger().warn(`${context.user?.username} removed ${cleared} tickets`);
  }

  public override async onPreSettingUpdate({
    newSetting,
    oldSetting,
  }: ISettingUpdateContext): Promise<ISetting> {
    if (newSetting.id === Setting.MINUTES && !(newSetting.value > 0)) {
      throw new InvalidSettingValueException(
        `${newSetting.value} minutes after ${oldSetting.value}`,
      );
    }
    return { ...newSetting, value: String(newSetting.value).trim() };
  }

  public override async onSettingUpdated(
    setting: ISetting,
    configurationModify: IConfigurationModify,
    read: IRead,
  ): Promise<void> {
    if (setting.id === Setting.PREFIX) {
      this.prefix = await read.getEnvironmentReader().getSettings().getValueById(setting.id);
      const builtin = new TicketCommand(this);
      builtin.command = 'builtin';
      await configurationModify.slashCommands.modifySlashCommand(builtin);
    }
  }

  public async checkPreMessageSentPrevent(message: IMessage): Promise<boolean> {
    return message.room.slugifiedName !== 'quiet';
  }

  public async executePreMessageSentPrevent(message: IMessage): Promise<boolean> {
    return this.messages.isSpam(message);
  }

  public async executePreMessageSentExtend(
    message: IMessage,
    extend: IMessageExtender,
  ): Promise<IMessage> {
    return this.messages.extend(message, extend);
  }

  public async checkPreMessageSentModify(message: IMessage): Promise<boolean> {
    return message.text?.startsWith(this.prefix) === false;
  }

  public async executePreMessageSentModify(
    message: IMessage,
    builder: IMessageBuilder,
  ): Promise<IMessage> {
    return this.messages.modify(message, builder, `${this.prefix} `);
  }

  public async executePostMessageSent(
    message: IMessage,
    read: IRead,
    http: IHttp,
    persistence: IPersistence,
    modify: IModify,
  ): Promise<void> {
    await this.messages.answer(message, read, modify);
  }

  public async executeBlockActionHandler(
    context: UIKitBlockInteractionContext,
    read: IRead,
    http: IHttp,
    persistence: IPersistence,
    modify: IModify,
  ): Promise<IUIKitResponse> {
    const { actionId, value, user, container } = context.getInteractionData();
    const responder = context.getInteractionResponder();
    if (actionId !== 'refresh') {
      return responder.errorResponse();
    }
    const store = new TicketStore(read.getPersistenceReader(), persistence);
    await store.open(`${value} in ${container.type}`, user.username);
    return responder.updateModalViewResponse(ticketModal(modify, await store.list()));
  }

  public async executeViewSubmitHandler(
    context: UIKitViewSubmitInteractionContext,
    read: IRead,
    http: IHttp,
    persistence: IPersistence,
  ): Promise<IUIKitResponse> {
    const { view, user } = context.getInteractionData();
    const { title } = (view.state as { ticket: { title?: string } }).ticket;
    if (!title) {
      return context.getInteractionResponder().viewErrorResponse({
        viewId: view.id,
        errors: { title: 'Say what it is about' },
      });
    }
    await new TicketStore(read.getPersistenceReader(), persistence).open(title, user.username);
    return context.getInteractionResponder().successResponse();
  }

  public async executeViewClosedHandler(
    context: UIKitViewCloseInteractionContext,
  ): Promise<IUIKitResponse> {
    const { isCleared } = context.getInteractionData();
    return { success: isCleared };
  }

  public async executeActionButtonHandler(
    context: UIKitActionButtonInteractionContext,
  ): Promise<IUIKitResponse> {
    const { buttonContext, message } = context.getInteractionData();
    throw new Error(`No ${buttonContext} for ${message?.text}`);
  }
}
