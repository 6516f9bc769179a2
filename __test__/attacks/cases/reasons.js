'use strict';

// Why an attack is not for a place.

const PASSED = 'with this policy what is passed is the guest’s to read and to change, as in `vm`';

/** Only the policy `safe` promises it. */
const safeOnly = { transparent: PASSED, 'quickvm/vm': PASSED };
/** Nothing for Node's `vm`, because of `reason`. */
const notInVm = (reason) => ({ 'node:vm': reason });
/** About something that only a `Sandbox` has. */
const sandboxOnly = (reason) => ({ 'node:vm': reason, 'quickvm/vm': reason });

module.exports = { safeOnly, notInVm, sandboxOnly };
