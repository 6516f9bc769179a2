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
  example,
} from '@rocket.chat/apps-engine/definition/api';

import { TicketStore } from '../lib/TicketStore';

export class TicketsEndpoint extends ApiEndpoint {
  public path = 'tickets';

  @example({ query: { by: 'alice' } })
  public async get(
    request: IApiRequest,
    endpoint: IApiEndpointInfo,
    read: IRead,
    modify: IModify,
    http: IHttp,
    persis: IPersistence,
  ): Promise<IApiResponse> {
    const tickets = await new TicketStore(read.getPersistenceReader(), persis).list();
    const { by } = request.query;
    return this.json({
      status: HttpStatusCode.OK,
      headers: { 'x-total': `${tickets.length}`, 'x-agent': request.headers['user-agent'] },
      content: { tickets: tickets.filter((ticket) => !by || ticket.by === by), endpoint },
    });
  }

  public async post(
    request: IApiRequest,
    endpoint: IApiEndpointInfo,
    read: IRead,
    modify: IModify,
    http: IHttp,
    persis: IPersistence,
  ): Promise<IApiResponse> {
    const { title, tags } = request.content ?? {};
    if (typeof title !== 'string' || !Array.isArray(tags)) {
      return { status: HttpStatusCode.UNPROCESSABLE_ENTITY, content: { missing: 'title or tags' } };
    }
    const store = new TicketStore(read.getPersistenceReader(), persis);
    const ticket = await store.open(title, request.user?.username ?? 'nobody', [...tags, ...'ab']);
    return this.success(ticket);
  }

  /** Answers without being async, as the engine allows. */
  public put(request: IApiRequest): Promise<IApiResponse> {
    return { status: HttpStatusCode.ACCEPTED, content: request.content } as never;
  }

  public async delete(): Promise<IApiResponse> {
    throw Object.assign(new Error('Tickets stay'), { status: HttpStatusCode.FORBIDDEN });
  }
}
