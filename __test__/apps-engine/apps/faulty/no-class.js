exports.settings = { nothing: 'to run' };
