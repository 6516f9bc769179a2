'use strict';

const { RoomType } = require('@rocket.chat/apps-engine/definition/rooms');
const { SettingType } = require('@rocket.chat/apps-engine/definition/settings');

const LONG_AGO = new Date('2020-02-02T02:02:02.020Z');

/** The server's data: what bridges read and write. */
function createWorld() {
  const user = (id, name, roles = ['user']) => ({
    id,
    username: name.toLowerCase(),
    name,
    emails: [{ address: `${name.toLowerCase()}@example.com`, verified: true }],
    roles,
    type: 'user',
    status: 'online',
    createdAt: LONG_AGO,
  });
  const alice = user('u-alice', 'Alice', ['admin', 'user']);
  const bob = user('u-bob', 'Bob');
  const room = (id, name, members) => ({
    id,
    slugifiedName: name,
    displayName: name,
    type: RoomType.CHANNEL,
    creator: alice,
    isDefault: id === 'r-general',
    messageCount: 3,
    createdAt: LONG_AGO,
    customFields: { members: members.length },
    userIds: members.map(({ id }) => id),
  });
  const setting = (id, value) => ({
    id,
    value,
    packageValue: value,
    type: SettingType.STRING,
    required: false,
    public: true,
    i18nLabel: id,
  });

  const lastIds = new Map();
  return {
    users: byId([alice, bob]),
    rooms: byId([room('r-general', 'general', [alice, bob]), room('r-quiet', 'quiet', [bob])]),
    messages: new Map(),
    uploads: new Map(),
    documents: new Map(),
    commands: new Map([['builtin', { command: 'builtin', enabled: true }]]),
    apis: new Map(),
    processors: new Map(),
    jobs: new Map(),
    providers: new Map(),
    visitors: new Map(),
    conferences: new Map(),
    oauthApps: new Map(),
    settings: byId([setting('Site_Name', 'Quick Chat'), setting('Site_Url', 'https://chat.test')]),
    environment: new Map([['HOME', '/home/chat']]),
    newId(kind) {
      lastIds.set(kind, (lastIds.get(kind) ?? 0) + 1);
      return `${kind}-${lastIds.get(kind)}`;
    },
  };
}

const byId = (items) => new Map(items.map((item) => [item.id, item]));

module.exports = { createWorld, LONG_AGO };
