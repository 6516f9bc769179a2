'use strict';

const { SlashCommandContext } = require('@rocket.chat/apps-engine/definition/slashcommands');

// Everything that an app can throw: at the engine, which logs it, and at itself.

const WAYS = [
  'error',
  'deep',
  'type',
  'call',
  'reference',
  'syntax',
  'json',
  'range',
  'uri',
  'constant',
  'custom',
  'cause',
  'aggregate',
  'string',
  'null',
  'undefined',
  'object',
  'frozen',
  'rejection',
  'later',
  'timer',
  'callback',
  'host',
  'missing',
  'builder',
  'field',
  'user',
  'essential',
  'exception',
  'stack',
];

module.exports = async ({ step, manager, alice, general }) => {
  const fail = (...words) =>
    step(`/fail ${words.join(' ')}`, () =>
      manager
        .getCommandManager()
        .executeCommand('fail', new SlashCommandContext(alice, general, words)),
    );
  for (const way of WAYS) {
    await fail(way);
    await fail(way, 'caught');
  }
  await fail('loop');
  await fail('loop-caught');
  await fail('finally');
  await fail('no such way');
};
