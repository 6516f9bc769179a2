'use strict';

const { AppInterface } = require('@rocket.chat/apps-engine/definition/metadata');

const { LONG_AGO } = require('../server/world.js');

// A message on its way: prevented, extended, modified, sent; then updated, deleted and the rest.

module.exports = async ({ step, manager, world, alice, bob, general }) => {
  const listen = (name, event, data) =>
    step(name, () => manager.getListenerManager().executeListener(AppInterface[event], data));
  const message = (text, more) => ({
    id: 'm-1',
    text,
    room: general,
    sender: alice,
    createdAt: LONG_AGO,
    ...more,
  });
  world.messages.set('m-1', message('as stored'));
  const quiet = world.rooms.get('r-quiet');

  await listen('prevent', 'IPreMessageSentPrevent', message('BUY NOW and save'));
  await listen('do not prevent', 'IPreMessageSentPrevent', message('hello'));
  await listen('not checked', 'IPreMessageSentPrevent', message('buy now', { room: quiet }));
  const draft = message('which color?', { sender: bob, attachments: [{ text: 'first' }] });
  await listen('extend', 'IPreMessageSentExtend', draft);
  await listen('modify', 'IPreMessageSentModify', draft);
  await listen('extend again, which throws', 'IPreMessageSentExtend', draft);
  await listen('not modified', 'IPreMessageSentModify', message('ticket: already'));
  await step('the draft', () => draft);
  await listen('sent', 'IPostMessageSent', message('how long is this?'));
  await listen('sent, without text', 'IPostMessageSent', message(undefined, { id: undefined }));

  await listen('update, prevented', 'IPreMessageUpdatedPrevent', message('never'));
  const edited = message('edited', { editor: bob, editedAt: LONG_AGO });
  await listen('update, extended', 'IPreMessageUpdatedExtend', edited);
  await listen('update, modified', 'IPreMessageUpdatedModify', edited);
  await step('the edited message', () => edited);
  await listen('updated', 'IPostMessageUpdated', edited);
  await listen('updated, which nobody awaits', 'IPostMessageUpdated', message('refuse'));
  await listen('delete, prevented', 'IPreMessageDeletePrevent', message('keep this'));
  await listen('delete, not checked', 'IPreMessageDeletePrevent', message('unchecked'));
  await listen('deleted', 'IPostMessageDeleted', { message: message('gone'), user: bob });

  const about = { user: bob, message: message('that') };
  await listen('reacted', 'IPostMessageReacted', { ...about, reaction: ':+1:', isReacted: true });
  await listen('followed', 'IPostMessageFollowed', { ...about, isFollowed: false });
  await listen('pinned', 'IPostMessagePinned', { ...about, isPinned: true });
  await listen('starred', 'IPostMessageStarred', { ...about, isStarred: true });
  await listen('reported, which throws', 'IPostMessageReported', { ...about, reason: 'spam' });
};
