'use strict';

/**
 * Stands in for the npm package `uuid`, which needs Node's crypto. The block builder names its
 * blocks with it: those names must be unique, not unguessable.
 */
module.exports = function uuid() {
  const digit = () => Math.floor(Math.random() * 16).toString(16);
  return 'xxxxxxxx-xxxx-1xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, digit);
};
