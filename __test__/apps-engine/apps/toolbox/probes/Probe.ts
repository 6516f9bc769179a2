import type { App } from '@rocket.chat/apps-engine/definition/App';
import type {
  IHttp,
  IModify,
  IPersistence,
  IRead,
} from '@rocket.chat/apps-engine/definition/accessors';
import type { IApiRequest } from '@rocket.chat/apps-engine/definition/api';

export interface ProbeContext {
  app: App;
  request: IApiRequest;
  read: IRead;
  modify: IModify;
  http: IHttp;
  persis: IPersistence;
}

/** Looks at one thing; what it returns goes to the host and into the transcript. */
export type Probe = (context: ProbeContext) => unknown;

/** The outcome of something that may throw, as data. */
export function attempt(action: () => unknown): unknown {
  try {
    return { value: action() };
  } catch (error) {
    return { threw: error?.constructor?.name, message: error?.message };
  }
}

/** What kind of thing a value is, as code of the app sees it. */
export function kind(value: any): string {
  const tag = Object.prototype.toString.call(value);
  return `${typeof value} ${tag} ${value?.constructor?.name}`;
}
