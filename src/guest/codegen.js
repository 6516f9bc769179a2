// Takes from a realm what makes code from strings. Called with its original global object.
(realm) => {
  'use strict';

  const { defineProperty } = Object;
  const OwnError = realm.EvalError;
  const refuse = () => {
    throw new OwnError('Code generation from strings disallowed for this context');
  };
  const hide = (object, name, value) =>
    defineProperty(object, name, {
      __proto__: null,
      value,
      writable: true,
      enumerable: false,
      configurable: true,
    });

  hide(realm, 'eval', { eval: () => refuse() }.eval);
  const samples = [() => {}, function* () {}, async () => {}, async function* () {}];
  for (let i = 0; i < 4; i++) {
    const { prototype, name } = samples[i].constructor;
    const Refusing = function () {
      refuse(new.target);
    };
    defineProperty(Refusing, 'prototype', { __proto__: null, value: prototype });
    defineProperty(Refusing, 'name', { __proto__: null, value: name });
    hide(prototype, 'constructor', Refusing);
    if (i === 0) hide(realm, 'Function', Refusing);
  }
};
