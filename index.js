'use strict';

const { Sandbox } = require('./lib/sandbox.js');
const { SandboxError } = require('./lib/errors.js');
const { Script } = require('./lib/script.js');

module.exports = { Sandbox, Script, SandboxError };
