import { App } from '@rocket.chat/apps-engine/definition/App';
import { AppStatus, AppStatusUtils } from '@rocket.chat/apps-engine/definition/AppStatus';
import { RoomType } from '@rocket.chat/apps-engine/definition/rooms';

import { attempt, kind, type Probe } from './Probe';

/** The engine's own objects, as apps use them. */
export const engine: Record<string, Probe> = {
  app: ({ app }) => [
    app instanceof App,
    app.getStatus(),
    AppStatusUtils.isEnabled(app.getStatus()),
    app.getStatus() === AppStatus.AUTO_ENABLED,
    Object.keys(app),
    app.getInfo().implements,
    app.getAuthorInfo(),
    Object.getPrototypeOf(Object.getPrototypeOf(app)) === App.prototype,
    kind(app.getAccessors()),
    app.getAccessors().providedApiEndpoints,
  ],
  logger: ({ app }) => {
    const logger = app.getLogger();
    const named = () => logger.warn('from an arrow function');
    function plain() {
      logger.error(new Error('logged'));
    }
    class Logs {
      method() {
        logger.success('from a method');
      }
      static create() {
        logger.info('from a static method', [1, { a: 2 }], undefined, true);
      }
    }
    logger.debug('from a property', { toJSON: () => 'own json' }, new Date(0), Symbol('s'));
    const nothing = attempt(() => logger.debug(null));
    logger.log('two\nlines', Number.NaN, new Map([[1, 2]]), () => 1);
    named();
    plain();
    new Logs().method();
    Logs.create();
    [1].forEach(() => logger.info('from a callback'));
    const circular: any = {};
    circular.self = circular;
    return [nothing, attempt(() => logger.log(circular)), attempt(() => logger.log(5n))];
  },
  'stack trace': ({ app }) => {
    const error = new Error('here');
    const lines = String(error.stack).split('\n');
    const prepared: any = {};
    (Error as any).captureStackTrace?.(prepared);
    app.getLogger().debug(lines[0]);
    return [
      lines[0],
      lines.length > 2,
      typeof (Error as any).captureStackTrace,
      typeof prepared.stack,
    ];
  },
  floating: () => {
    void Promise.reject(new TypeError('nobody listens'));
    void (async () => {
      await null;
      throw new Error('nobody listens here either');
    })();
    Promise.reject(new Error('handled late')).catch(() => {});
  },
  settings: async ({ app, read }) => {
    const { environmentReader, reader } = app.getAccessors();
    return [
      await environmentReader.getServerSettings().getValueById('Site_Url'),
      kind(reader),
      attempt(() => read.getEnvironmentReader().getServerSettings().getAll()),
      await environmentReader.getEnvironmentVariables().getValueByName('HOME').catch(String),
      await environmentReader.getEnvironmentVariables().isReadable('SECRET'),
    ];
  },
  'unreadable setting': ({ read }) =>
    read.getEnvironmentReader().getServerSettings().getOneById('Nothing'),
  http: async ({ http }) => {
    const answer = await http.get('https://service.test/a', {
      params: { q: 'ü' },
      headers: { accept: 'application/json' },
    });
    const others = await Promise.all([
      http.put('https://service.test/b', { data: { list: [1, { two: 2 }] } }),
      http.del('https://service.test/c'),
      http.patch('https://service.test/d', { content: 'text' }),
    ]);
    return [answer, others.map(({ statusCode }) => statusCode), answer.data.headers.accept];
  },
  'http failure': async ({ http }) => {
    try {
      return await http.get('https://service.test/unreachable');
    } catch (error) {
      return [error instanceof Error, error.message, error.code, kind(error)];
    }
  },
  room: async ({ modify, read }) => {
    const creator = modify.getCreator();
    const alice = await read.getUserReader().getByUsername('alice');
    const builder = creator
      .startRoom()
      .setType(RoomType.PRIVATE_GROUP)
      .setCreator(alice)
      .setSlugifiedName('made-by-app')
      .setDisplayName('Made by an app')
      .setMembersToBeAddedByUsernames(['alice', 'bob'])
      .setCustomFields({ purpose: { text: 'test', tags: ['a'] } });
    const id = await creator.finish(builder);
    const room = await read.getRoomReader().getById(id);
    const extender = await modify.getExtender().extendRoom(id, alice);
    extender.addCustomField('added', [1, 2]).addMember(alice);
    const again = attempt(() => extender.addCustomField('added', 3));
    await modify.getExtender().finish(extender);
    await modify.getDeleter().deleteRoom(id);
    return [id, room, again, await read.getRoomReader().getById(id)];
  },
  incomplete: ({ modify }) => modify.getCreator().finish(modify.getCreator().startRoom()),
  discussion: async ({ modify, read }) => {
    const alice = await read.getUserReader().getByUsername('alice');
    const parent = await read.getRoomReader().getByName('general');
    const discussion = modify
      .getCreator()
      .startDiscussion()
      .setReply('Let us')
      .setParentRoom(parent as never);
    discussion.setCreator(alice).setSlugifiedName('talk').setDisplayName('Talk');
    return modify.getCreator().finish(discussion);
  },
  upload: async ({ modify, read }) => {
    const room = (await read.getRoomReader().getById('r-general')) as never;
    const upload = await modify
      .getCreator()
      .getUploadCreator()
      .uploadBuffer(Buffer.from('file content'), { filename: 'file.txt', room });
    const buffer = await read.getUploadReader().getBufferById(upload.id);
    return [upload, Buffer.isBuffer(buffer), buffer.toString(), kind(buffer)];
  },
  livechat: async ({ modify, read }) => {
    const livechat = modify.getCreator().getLivechatCreator();
    const token = livechat.createToken();
    const id = await livechat.createVisitor({ token: 'fixed', name: 'Guest', phone: [] } as never);
    const visitor = await read.getLivechatReader().getLivechatVisitorByToken('fixed');
    const agent = await read.getUserReader().getById('u-bob');
    const room = await livechat.createRoom(visitor as never, agent);
    const message = modify.getCreator().startLivechatMessage().setRoom(room).setText('Hi');
    const sent = await modify.getCreator().finish(message.setVisitor(visitor as never));
    await modify
      .getUpdater()
      .getLivechatUpdater()
      .closeRoom(room, 'done', agent as never);
    return [typeof token, id, room.id, sent, await read.getLivechatReader().isOnlineAsync()];
  },
  conference: async ({ modify, read }) => {
    const call = modify
      .getCreator()
      .startVideoConference({ rid: 'r-general', createdBy: 'u-alice', title: 'Call' } as never)
      .setProviderName('toolbox calls');
    const id = await modify.getCreator().finish(call);
    const extender = await modify.getExtender().extendVideoConference(id);
    await modify.getExtender().finish(extender.setProviderData({ url: { deep: ['x'] } }));
    return read.getVideoConferenceReader().getById(id);
  },
  'without permission': ({ app, modify }) => {
    const data = { name: 'x', active: true, redirectUri: 'y' };
    return modify.getOAuthAppsModifier().createOAuthApp(data, app.getID());
  },
  cloud: async ({ read }) => read.getCloudWorkspaceReader().getWorkspaceToken('scope'),
  users: async ({ modify, read }) => {
    const user = await read.getUserReader().getByUsername('bob');
    const updated = await modify
      .getUpdater()
      .getUserUpdater()
      .updateStatusText(user, 'busy' as never);
    return [user, updated, (await read.getUserReader().getById('u-bob')).statusText];
  },
  identity: async ({ app, read, request }) => {
    const reader = read.getUserReader();
    const [one, two] = await Promise.all([reader.getById('u-bob'), reader.getById('u-bob')]);
    return [
      one === two,
      read.getUserReader() === reader,
      app.getAccessors().reader === read,
      app.getAccessors() === app.getAccessors(),
      request.content === request.content,
    ];
  },
  concurrency: async ({ read }) => {
    const ids = Array.from({ length: 25 }, (_, i) => (i % 2 ? 'u-alice' : 'u-bob'));
    const users = await Promise.all(ids.map((id) => read.getUserReader().getById(id)));
    return new Set(users.map(({ name }) => name));
  },
};
