// Checked by `npm run lint:types`; never run. What a program that used `node:vm` sees.

import { Sandbox } from '../../index.mjs';
import vm, { type Context, type RunningScriptOptions, Script } from '../../vm.mjs';

const context: Context = vm.createContext({ a: 1 });
const options: RunningScriptOptions = { timeout: 100, displayErrors: false, breakOnSigint: true };
const script: Script = new vm.Script('a', { filename: 'a.js', produceCachedData: true });
const result: number = script.runInContext(context, options);
script.runInNewContext();
script.runInNewContext({ a: result }, { contextName: 'x', microtaskMode: 'afterEvaluate' });
script.runInThisContext({ timeout: 5 });
new Script('a', { cachedData: script.createCachedData() }).cachedDataRejected satisfies
  | boolean
  | undefined;
vm.runInContext('a', context, 'a.js');
vm.runInNewContext('a', { a: 1 }, { contextCodeGeneration: { strings: false } });
vm.runInThisContext('a');
vm.isContext(context) satisfies boolean;
vm.compileFunction('return a', ['a'], { parsingContext: context, contextExtensions: [{}] })(1);
vm.createContext(vm.constants.DONT_CONTEXTIFY);
const { total }: { total: { jsMemoryEstimate: number } } = await vm.measureMemory();
total.jsMemoryEstimate.toFixed();
vm.configure({ memoryLimitMb: 32 });

const own = new Sandbox().vm;
own.runInNewContext('1', {});
new own.Script('1').runInThisContext();

// @ts-expect-error the sandbox has its limits already
own.configure({});
// @ts-expect-error not a mode
vm.createContext({}, { microtaskMode: 'later' });
// @ts-expect-error milliseconds
vm.runInThisContext('1', { timeout: '5' });
