'use strict';

const { Sandbox } = require('./lib/sandbox.js');
const { SandboxError } = require('./lib/errors.js');
const { Script } = require('./lib/script.js');
const { copy, readonly, only } = require('./lib/marks.js');

module.exports = { Sandbox, Script, SandboxError, copy, readonly, only };
