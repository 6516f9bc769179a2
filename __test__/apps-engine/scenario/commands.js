'use strict';

const { SlashCommandContext } = require('@rocket.chat/apps-engine/definition/slashcommands');

// Slash commands: execution, previews, and a command that is modified or unknown.

module.exports = async ({ step, manager, ids, alice, bob, general }) => {
  const commands = manager.getCommandManager();
  const context = (text, sender = alice, triggerId) =>
    new SlashCommandContext(sender, general, text.split(' '), undefined, triggerId);
  const run = (name, text, ...rest) =>
    step(`/${name} ${text}`, () => commands.executeCommand(name, context(text, ...rest)));

  await run('ticket', 'new The printer is on fire');
  await run('ticket', 'new Ünïcode 💩 title', bob);
  await run('TICKET ', 'list');
  await run('ticket', 'close 2');
  await run('ticket', 'close 99');
  await run('ticket', 'list');
  await run('ticket', 'unknown');
  await run('ticket', 'dialog');
  await run('ticket', 'dialog', bob, 'trigger-1');
  await run('nothing', 'at all');

  await step('preview', () => commands.getPreviews('ticket', context('PRINT')));
  await step('preview of nothing', () => commands.getPreviews('ticket', context('xyz')));
  await step('execute a preview', () => {
    const item = { id: '1', type: 'text', value: 'The printer is on fire' };
    return commands.executePreview('ticket', item, context(''));
  });
  await step('preview of a command without', () => commands.getPreviews('fail', context('')));
  await step('disable a command', () => commands.disableCommand(ids.helpdesk, 'ticket'));
  await run('ticket', 'list');
  await step('enable a command', () => commands.enableCommand(ids.helpdesk, 'ticket'));
  await run('ticket', 'list');
};
