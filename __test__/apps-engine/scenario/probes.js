'use strict';

// What an app finds around it: the language, the globals, Node's modules, the engine's accessors.

module.exports = async ({ step, manager, ids }) => {
  const api = manager.getApiManager();
  const call = (method, query = {}) =>
    api.executeApi(ids.toolbox, 'probe', { method, query, headers: {}, params: {}, content: {} });
  const { content: names } = await call('get');
  for (const path of names) {
    const [group, name] = path.split('/');
    if (group !== 'arguments') {
      await step(`probe ${path}`, () => call('post', { group, name }));
    }
  }
};
