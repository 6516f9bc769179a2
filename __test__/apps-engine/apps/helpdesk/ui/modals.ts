import type { IModify } from '@rocket.chat/apps-engine/definition/accessors';
import {
  BlockElementType,
  ButtonStyle,
  TextObjectType,
} from '@rocket.chat/apps-engine/definition/uikit';
import type { IUIKitModalViewParam } from '@rocket.chat/apps-engine/definition/uikit/UIKitInteractionResponder';

import type { Ticket } from '../lib/Ticket';

export function ticketModal(modify: IModify, tickets: Array<Ticket>): IUIKitModalViewParam {
  const block = modify.getCreator().getBlockBuilder();
  block
    .addSectionBlock({
      blockId: 'intro',
      text: block.newMarkdownTextObject(`*${tickets.length}* tickets`),
      accessory: block.newButtonElement({
        actionId: 'refresh',
        text: block.newPlainTextObject('Refresh', true),
        value: 'all',
        style: ButtonStyle.PRIMARY,
      }),
    })
    .addDividerBlock()
    .addInputBlock({
      blockId: 'ticket',
      label: block.newPlainTextObject('Title'),
      element: block.newPlainTextInputElement({ actionId: 'title', multiline: false }),
    })
    .addActionsBlock({
      blockId: 'choose',
      elements: [
        block.newStaticSelectElement({
          actionId: 'number',
          placeholder: block.newPlainTextObject('Number'),
          options: tickets.map(({ number, title }) => ({
            value: `${number}`,
            text: { type: TextObjectType.PLAINTEXT, text: title },
          })),
        }),
      ],
    });
  return {
    title: block.newPlainTextObject('Tickets'),
    submit: {
      type: BlockElementType.BUTTON,
      actionId: 'save',
      text: block.newPlainTextObject('Save'),
    },
    blocks: block.getBlocks(),
  };
}
