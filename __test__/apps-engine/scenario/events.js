'use strict';

const { AppInterface } = require('@rocket.chat/apps-engine/definition/metadata');

const { LONG_AGO } = require('../server/world.js');

// Rooms, users, uploads, mail: what the warden listens to, and what it forbids.

module.exports = async ({ step, manager, world, alice, bob, general }) => {
  const listen = (name, event, data) =>
    step(name, () => manager.getListenerManager().executeListener(AppInterface[event], data));
  const room = (name, more) => ({ ...general, id: `r-${name}`, slugifiedName: name, ...more });
  const quiet = world.rooms.get('r-quiet');

  await listen('create, prevented', 'IPreRoomCreatePrevent', room('forbidden-zone'));
  await listen('create', 'IPreRoomCreatePrevent', room('garden'));
  const garden = room('garden', { customFields: {} });
  await listen('create, extended', 'IPreRoomCreateExtend', garden);
  await listen('create, modified', 'IPreRoomCreateModify', garden);
  await step('the room', () => garden);
  await listen('created', 'IPostRoomCreate', general);
  await listen('delete, prevented', 'IPreRoomDeletePrevent', general);
  await listen('deleted', 'IPostRoomDeleted', quiet);
  const join = (joiningUser, inviter) => ({ room: quiet, joiningUser, inviter });
  await listen('join', 'IPreRoomUserJoined', join(alice));
  await listen('join, forbidden', 'IPreRoomUserJoined', join(bob, alice));
  await listen('joined', 'IPostRoomUserJoined', join(alice, bob));
  const leave = (from) => ({ room: from, leavingUser: bob });
  await listen('leave', 'IPreRoomUserLeave', leave({ ...quiet }));
  await listen('leave, forbidden', 'IPreRoomUserLeave', leave({ ...general }));
  await listen('left', 'IPostRoomUserLeave', leave({ ...quiet }));

  const upload = (name, type, content) => ({
    file: { name, type, size: content.length, rid: 'r-general', userId: 'u-bob' },
    content,
  });
  const text = upload('notes.txt', 'text/plain', Buffer.from('plain text'));
  await listen('upload', 'IPreFileUpload', text);
  await step('the upload', () => text);
  const program = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 2, 3]);
  await listen('upload, forbidden', 'IPreFileUpload', upload('a.out', 'x/y', program));
  await listen('upload, too short', 'IPreFileUpload', upload('a', 'x/y', Buffer.alloc(1)));
  await step('stored documents', () => [...world.documents.values()].at(-1));

  const email = { to: ['a@x.test'], from: 'b@x.test', subject: 'Hi', text: 'text', headers: {} };
  await listen('mail', 'IPreEmailSent', { context: { kind: 'reset' }, email });
  const user = { id: 'u-eve', name: 'Eve', username: 'eve', createdAt: LONG_AGO, roles: [] };
  await listen('user created', 'IPostUserCreated', { user: { ...user }, performedBy: alice });
  const previousData = { name: 'Eva', customFields: { a: [1] } };
  await listen('user updated', 'IPostUserUpdated', { user: { ...user }, previousData });
  await listen('user deleted', 'IPostUserDeleted', { user: { ...user } });
  await listen('logged in', 'IPostUserLoggedIn', { ...user });
  await listen('logged out', 'IPostUserLoggedOut', { ...user });
  const status = { user, currentStatus: 'away', previousStatus: 'online' };
  await listen('status changed', 'IPostUserStatusChanged', status);

  const component = { appId: 'x', name: 'board', state: { currentUser: { ...bob } } };
  await listen('component', 'IPostExternalComponentOpened', component);
  const livechat = { id: 'l-1', visitor: { name: 'Guest', token: 't' }, type: 'l' };
  await listen('livechat', 'IPostLivechatRoomStarted', livechat);
  await listen('assigned', 'IPostLivechatAgentAssigned', { agent: bob, room: livechat });
  await listen('nobody listens', 'IPostLivechatGuestSaved', 'visitor-1');
  await step('an unknown event', () => manager.getListenerManager().executeListener('INothing'));
};
