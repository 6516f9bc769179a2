exports.Arrow = () => 'no constructor';
