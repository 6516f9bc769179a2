'use strict';

const { sandbox, expectNoLeaks, errorOf } = require('./support.js');

afterEach(expectNoLeaks);

test('a guest function is a function of the host', () => {
  const add = sandbox().run('(function add(a, b) { return a + b })');
  expect(add(2, 3)).toBe(5);
  expect(add.name).toBe('add');
  expect(add.length).toBe(2);
});

test('the error a host function throws comes home as the same object', () => {
  const mine = new TypeError('mine');
  const call = sandbox().run('(f) => f()');
  const caught = errorOf(() =>
    call(() => {
      throw mine;
    }),
  );
  expect(caught).toBe(mine);
});
