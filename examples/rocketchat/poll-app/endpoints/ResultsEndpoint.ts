import {
  HttpStatusCode,
  type IHttp,
  type IModify,
  type IPersistence,
  type IRead,
} from '@rocket.chat/apps-engine/definition/accessors';
import {
  ApiEndpoint,
  type IApiEndpointInfo,
  type IApiRequest,
  type IApiResponse,
} from '@rocket.chat/apps-engine/definition/api';

import { countVotes } from '../lib/Poll';
import { PollStore } from '../lib/PollStore';

/** GET results?room=… answers with the room's poll as JSON. */
export class ResultsEndpoint extends ApiEndpoint {
  public path = 'results';

  public async get(
    request: IApiRequest,
    endpoint: IApiEndpointInfo,
    read: IRead,
    modify: IModify,
    http: IHttp,
    persistence: IPersistence,
  ): Promise<IApiResponse> {
    const store = new PollStore(read.getPersistenceReader(), persistence);
    const poll = await store.find(request.query.room);
    if (!poll) {
      return this.json({ status: HttpStatusCode.NOT_FOUND, content: { error: 'no poll' } });
    }
    const { question, open } = poll;
    return this.json({
      status: HttpStatusCode.OK,
      content: { question, open, results: countVotes(poll) },
    });
  }
}
