import {
  EssentialAppDisabledException,
  UserNotAllowedException,
} from '@rocket.chat/apps-engine/definition/exceptions';

import { TicketError, TicketNotAllowedException } from '../lib/errors';
import { BaseCommand, type ICall } from './BaseCommand';

const swallowed = { finallyRan: false };

function deep(level: number): never {
  if (level > 0) {
    deep(level - 1);
  }
  throw new RangeError(`From the deep`);
}

/** Each way to fail that the engine may meet, by the command's first argument. */
export const failures: Record<string, (call: ICall) => unknown> = {
  error: () => {
    throw new Error('Plain');
  },
  deep: () => deep(5),
  type: () => (undefined as any).title,
  call: () => (({ title: 'no function' }) as any).titel(),
  reference: () => (globalThis as any).eval('missing + 1'),
  syntax: () => new Function('return return'),
  json: () => JSON.parse('{"a": }'),
  range: () => new Array(-1),
  uri: () => decodeURIComponent('%'),
  constant: () => {
    (Object.freeze(['fixed']) as Array<string>).push('more');
  },
  custom: () => {
    throw new TicketError('Custom', { number: 5, tags: ['a', 'b'] });
  },
  cause: () => {
    try {
      deep(1);
    } catch (error) {
      throw Object.assign(new Error('Wrapped'), { cause: error, code: 'E_WRAPPED' });
    }
  },
  aggregate: () => {
    throw new AggregateError([new Error('one'), new TypeError('two')], 'Several');
  },
  string: () => {
    throw 'just text';
  },
  null: () => {
    throw null;
  },
  undefined: () => {
    throw undefined;
  },
  object: () => {
    throw { message: 'looks like one', stack: 'at nowhere', status: 418 };
  },
  frozen: () => {
    throw Object.freeze(new Error('Frozen'));
  },
  rejection: () => Promise.reject(new Error('Rejected')),
  later: async ({ read }) => {
    for (const id of ['u-alice', 'u-bob']) {
      await read.getUserReader().getById(id);
    }
    throw new Error('Later');
  },
  // Only an app's main file has timers.
  timer: () => setTimeout(() => {}, 1),
  callback: ({ read }) =>
    read
      .getRoomReader()
      .getById('r-general')
      .then((room) => {
        throw new Error(`After ${room?.displayName}`);
      }),
  host: ({ persis }) => persis.create('no object' as never),
  missing: ({ persis }) => persis.update('no such document', { a: 1 }),
  builder: ({ modify }) => modify.getCreator().startMessage().getMessage(),
  field: ({ modify }) => modify.getCreator().startMessage().addCustomField('a.b', 1),
  user: () => {
    throw new UserNotAllowedException('Not you');
  },
  essential: async () => {
    throw new EssentialAppDisabledException('Not now');
  },
  exception: () => {
    throw new TicketNotAllowedException('Not this');
  },
  stack: () => {
    const recurse = (): number => recurse() + 1;
    return recurse();
  },
  loop: () => {
    for (;;) {}
  },
  'loop-caught': () => {
    try {
      for (;;) {}
    } catch (error) {
      return error;
    } finally {
      swallowed.finallyRan = true;
    }
  },
};

export class FailCommand extends BaseCommand {
  public command = 'fail';
  public i18nParamsExample = 'fail_params';
  public i18nDescription = 'fail_description';

  protected async run(call: ICall): Promise<string | undefined> {
    const [how, ...rest] = call.context.getArguments();
    if (rest.includes('caught')) {
      return this.caught(how, call);
    }
    if (how === 'finally') {
      return `finally ran: ${swallowed.finallyRan}`;
    }
    const value = await failures[how](call);
    return `Did not fail: ${value}`;
  }

  /** What the app itself sees of a failure. */
  private async caught(how: string, call: ICall): Promise<string> {
    try {
      return `Did not fail: ${await failures[how](call)}`;
    } catch (error) {
      const seen = {
        text: `${error}`,
        isError: error instanceof Error,
        isTypeError: error instanceof TypeError,
        isTicketError: error instanceof TicketError,
        class: error?.constructor?.name,
        code: error?.code,
        cause: error?.cause?.message,
        keys: Object.keys(Object(error)),
        hasStack: typeof error?.stack,
      };
      this.app.getLogger().warn(seen);
      return JSON.stringify(seen);
    }
  }
}
