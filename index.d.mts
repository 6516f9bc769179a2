// The same API for `import`: index.mjs re-exports what index.js has.
import quickvm from './index.js';

export {
  type CodeGeneration,
  type CodeOrigin,
  type CompileOptions,
  type ConsoleLike,
  copy,
  type Deterministic,
  type Exposure,
  type GuestGlobal,
  type ModuleLoader,
  only,
  type Policy,
  type RemovableIntrinsic,
  type RunOptions,
  readonly,
  Sandbox,
  type SandboxBuiltin,
  SandboxError,
  type SandboxErrorCode,
  type SandboxEvents,
  type SandboxOptions,
  type SandboxState,
  type SandboxUsage,
  Script,
} from './index.js';
export default quickvm;
