// Checked by `npm run lint:types`; never run. What a program with `import` sees.

import quickvm, {
  copy,
  type Exposure,
  only,
  type Policy,
  readonly,
  Sandbox,
  type SandboxOptions,
  type Script,
} from '../../index.mjs';

const options: SandboxOptions = { name: 'app' };
const sandbox: Sandbox = new quickvm.Sandbox(options);
sandbox.dispose();
const script: Script = new quickvm.Script('1');
new Sandbox().run<number>(script);

const policy: Policy = 'safe';
const exposure: Exposure = { policy, only: ['name'] };
new Sandbox({ policy: () => exposure });
readonly(only(quickvm.copy(copy({ name: 'x' })), ['name']));

// @ts-expect-error it has no such export
quickvm.expose();
