import { Priority, Status } from '../enum/Status';

export interface ITicket {
  number: number;
  title: string;
  status: Status;
  priority: Priority;
  by: string;
  tags: Array<string>;
  openedAt: Date;
}

/** A record with behaviour: accessors, a private field, iteration, a JSON form of its own. */
export class Ticket implements Iterable<string> {
  static count = 0;
  #notes: Array<string> = [];

  public static from(data: ITicket): Ticket {
    const ticket = new this(data.number, data.title, data.by);
    return Object.assign(ticket, { ...data, openedAt: new Date(data.openedAt) });
  }

  public status = Status.OPEN;
  public priority = Priority.LOW;
  public tags: Array<string> = [];
  public openedAt = new Date('2021-03-04T05:06:07.089Z');

  constructor(
    public readonly number: number,
    public title: string,
    public readonly by: string,
  ) {
    Ticket.count += 1;
  }

  get label(): string {
    return `#${this.number} ${this.title} (${this.status})`;
  }

  set label(title: string) {
    this.title = title;
  }

  public note(text: string): this {
    this.#notes.push(text);
    return this;
  }

  public *[Symbol.iterator](): Iterator<string> {
    yield this.title;
    yield* this.#notes;
  }

  public toJSON(): ITicket {
    const { number, title, status, priority, by, tags, openedAt } = this;
    return { number, title, status, priority, by, tags, openedAt };
  }
}
