'use strict';

const { AppInterface } = require('@rocket.chat/apps-engine/definition/metadata');
const { UIKitIncomingInteractionType } = require('@rocket.chat/apps-engine/definition/uikit');

// Dialogs and buttons: what users do with the UIKit surfaces that apps have opened.

module.exports = async ({ step, manager, world, ids, alice, general }) => {
  const act = (name, type, data, event = 'IUIKitInteractionHandler') =>
    step(name, () =>
      manager.getListenerManager().executeListener(AppInterface[event], {
        appId: ids.helpdesk,
        type: UIKitIncomingInteractionType[type],
        user: alice,
        room: general,
        triggerId: 'trigger-2',
        ...data,
      }),
    );
  const container = { type: 'view', id: 'view-1' };
  const payload = { blockId: 'intro', value: 'all' };
  const message = { id: 'm-2', text: 'about that', room: general, sender: alice };
  await act('block action', 'BLOCK', { actionId: 'refresh', container, payload, message });
  await act('another block action', 'BLOCK', { actionId: 'choose', container, payload });

  const view = (title) => ({
    view: { id: 'view-1', title: { text: 'Tickets' }, blocks: [], state: { ticket: { title } } },
  });
  await act('submit', 'VIEW_SUBMIT', { actionId: 'save', payload: view('From a dialog') });
  await act('submit nothing', 'VIEW_SUBMIT', { actionId: 'save', payload: view('') });
  await act('close', 'VIEW_CLOSED', { payload: { ...view(''), isCleared: true } });
  const button = { actionId: 'make-ticket', payload: { context: 'messageAction' }, message };
  await act('action button, which throws', 'ACTION_BUTTON', button);
  await act('an app without handler', 'BLOCK', { appId: ids.toolbox, container, payload });
  await act('no app', 'BLOCK', { appId: 'nobody', container, payload });
  const visitor = { id: 'v-1', name: 'Guest', token: 'fixed' };
  const livechat = { appId: ids.warden, actionId: 'yes', container, payload, visitor };
  await act('visitor', 'BLOCK', livechat, 'IUIKitLivechatInteractionHandler');

  const video = manager.getVideoConfProviderManager();
  const call = { _id: 'c-1', type: 'videoconference', rid: general.id, createdBy: alice };
  await step('conference providers', () => [...world.providers.values()]);
  await step('is configured', () => video.isFullyConfigured('toolbox calls'));
  await step('generate', () => video.generateUrl('toolbox calls', { ...call, title: 'a b' }));
  const made = { ...call, url: 'https://calls.test/a' };
  const options = { mic: true, cam: false };
  await step('customize', () => video.customizeUrl('toolbox calls', made, alice, options));
  await step('customize, which throws', () => video.customizeUrl('toolbox calls', made));
  await step('unknown provider', () => video.generateUrl('nothing', call));
};
