import quickvm from './index.js';

export const { Sandbox, Script, SandboxError, copy, readonly, only } = quickvm;
export default quickvm;
