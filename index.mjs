import quickvm from './index.js';

export const { Sandbox, Script, SandboxError } = quickvm;
export default quickvm;
