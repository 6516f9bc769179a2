'use strict';

const vm = require('node:vm');

/** Node's own symbols where it has them, so that programs may take them from either module. */
const constants = Object.freeze({
  __proto__: null,
  USE_MAIN_CONTEXT_DEFAULT_LOADER:
    vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER ??
    Symbol('vm_dynamic_import_main_context_default'),
  DONT_CONTEXTIFY: vm.constants?.DONT_CONTEXTIFY ?? Symbol('vm_context_no_contextify'),
});

module.exports = { constants };
