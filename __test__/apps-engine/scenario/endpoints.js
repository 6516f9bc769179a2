'use strict';

// API endpoints: public and private, with headers, query, parameters and content.

const request = (method, more) => ({
  method,
  headers: { 'user-agent': 'scenario' },
  query: {},
  params: {},
  content: undefined,
  ...more,
});

module.exports = async ({ step, manager, world, ids, bob }) => {
  const call = (name, path, data) =>
    step(name, () => manager.getApiManager().executeApi(ids.helpdesk, path, data));

  await call('GET', 'tickets', request('get'));
  await call('GET by', 'tickets', request('get', { query: { by: 'bob' } }));
  const content = { title: 'By endpoint', tags: ['x', 'y'], extra: { ignored: [true] } };
  await call('POST', 'tickets', request('post', { content, user: bob }));
  await call('POST, incomplete', 'tickets', request('post', { content: { title: 5 } }));
  await call('PUT', 'tickets', request('put', { content: { echo: [1, { two: 2 }] } }));
  await call('DELETE, which throws', 'tickets', request('delete'));
  await call('PATCH, which is not there', 'tickets', request('patch'));
  await call('an unknown path', 'nothing', request('get'));

  const hook = 'hook/:source';
  const body = { build: 42, ok: true, text: 'ü' };
  const signature = require('node:crypto')
    .createHmac('sha256', 'secret')
    .update(JSON.stringify(body))
    .digest('hex');
  const { _id: privateHash } = manager.getOneById(ids.helpdesk).getStorageItem();
  const hookRequest = (headers, more) =>
    request('post', { content: body, params: { source: 'ci' }, headers, privateHash, ...more });
  await call('a private hook', hook, hookRequest({ 'x-signature': signature }));
  await call('a wrong signature', hook, hookRequest({ 'x-signature': '00' }));
  await call('a wrong hash', hook, hookRequest({}, { privateHash: 'guess' }));
  await step('what is registered', () =>
    [...world.apis.values()].map(({ computedPath, implementedMethods, endpoint }) => ({
      computedPath,
      implementedMethods,
      examples: endpoint.examples,
    })),
  );
};
