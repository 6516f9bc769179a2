const { helper } = require('./lib/nothing');
exports.Missing = helper;
