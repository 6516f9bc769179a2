'use strict';

module.exports = require('./lib/vm-home.js').vm;
