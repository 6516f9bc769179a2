'use strict';

// The kinds of vm that the engine is run on. vm2 is not among them: by its proxies the engine's
// base class does not see what an app overrides, so no app gets as far as to be configured.

module.exports = {
  variants: {
    vm: () => require('node:vm'),
    'quickvm/vm': () => require('quickvm/vm'),
  },
};
