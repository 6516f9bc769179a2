// Checked by `npm run lint:types`; never run. What a program with `import` sees.

import quickvm, { Sandbox, type SandboxOptions, type Script } from '../../index.mjs';

const options: SandboxOptions = { name: 'app' };
const sandbox: Sandbox = new quickvm.Sandbox(options);
sandbox.dispose();
const script: Script = new quickvm.Script('1');
new Sandbox().run<number>(script);

// @ts-expect-error it has no such export
quickvm.copy();
