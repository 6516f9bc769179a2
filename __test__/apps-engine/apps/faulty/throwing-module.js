const { fail } = require('./lib/fail');
fail('while loading');
