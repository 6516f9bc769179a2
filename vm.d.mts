// The same API for `import`: vm.mjs re-exports what vm.js has.
import * as vm from './vm.js';

export * from './vm.js';
export default vm;
