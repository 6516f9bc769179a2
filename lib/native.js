'use strict';

// The one place that loads the addon.
module.exports = require('../binding.js');
