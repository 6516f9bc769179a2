// Only an app's main file has it as a global.
import { Buffer } from 'buffer';
import { createHmac, timingSafeEqual } from 'crypto';

import type {
  IHttp,
  IModify,
  IPersistence,
  IRead,
} from '@rocket.chat/apps-engine/definition/accessors';
import {
  ApiEndpoint,
  type IApiEndpointInfo,
  type IApiRequest,
  type IApiResponse,
} from '@rocket.chat/apps-engine/definition/api';

import { Setting } from '../settings';

/** A webhook that checks its sender's signature, as those of code hosts do. */
export class HookEndpoint extends ApiEndpoint {
  public path = 'hook/:source';
  public examples = { ping: { params: { source: 'ci' }, content: { ping: true } } };

  public async post(
    request: IApiRequest,
    endpoint: IApiEndpointInfo,
    read: IRead,
    modify: IModify,
    http: IHttp,
    persis: IPersistence,
  ): Promise<IApiResponse> {
    const settings = read.getEnvironmentReader().getSettings();
    const secret = (await settings.getValueById(Setting.TOKEN)) ?? 'secret';
    const body = Buffer.from(JSON.stringify(request.content), 'utf8');
    const expected = createHmac('sha256', secret).update(body).digest();
    const given = Buffer.from(request.headers['x-signature'] ?? '', 'hex');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      return { status: 401, content: { expected: expected.toString('hex') } };
    }

    const answer = await http.post('https://ci.test/status', {
      headers: { authorization: `Bearer ${body.toString('base64').slice(0, 8)}` },
      data: { source: request.params.source, build: request.content.build },
    });
    await modify
      .getUpdater()
      .getUserUpdater()
      .updateStatusText?.((await read.getUserReader().getById('u-bob')) as never, 'building');
    return { status: answer.statusCode as never, headers: answer.headers, content: answer.data };
  }
}
