import type { ILogger } from '@rocket.chat/apps-engine/definition/accessors';

/** Writes what it is told of to the app's log. */
export class Journal {
  public constructor(private readonly logger: () => ILogger) {}

  public note(event: string, ...details: Array<unknown>): void {
    this.logger().info(event, ...details);
  }
}
