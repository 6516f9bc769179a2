import { AppsEngineException } from '@rocket.chat/apps-engine/definition/exceptions';

export class TicketError extends Error {
  public readonly code = 'TICKET';

  constructor(
    message: string,
    public readonly ticket: { number: number; tags: Array<string> },
  ) {
    super(message);
    this.name = 'TicketError';
  }

  get summary(): string {
    return `#${this.ticket.number}: ${this.message}`;
  }
}

export class TicketNotAllowedException extends AppsEngineException {
  public override name = 'TicketNotAllowedException';
}
