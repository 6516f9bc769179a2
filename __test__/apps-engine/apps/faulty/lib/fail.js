exports.fail = (when) => {
  throw new RangeError(`Failed ${when}`);
};
