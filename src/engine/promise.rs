//! Native promises.
#![allow(unsafe_code)]

use rquickjs::qjs;

use super::{guard, Scope, Thrown, Value};

/// What has become of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PromiseState {
    Pending,
    Fulfilled,
    Rejected,
}

impl<'a> Scope<'a> {
    /// A new promise with its `resolve` and `reject` functions.
    pub fn promise(self) -> Result<(Value<'a>, Value<'a>, Value<'a>), Thrown<'a>> {
        let mut functions = [qjs::JS_UNDEFINED; 2];
        // SAFETY: on success the engine fills both functions; all three are ours.
        unsafe {
            let promise =
                self.result(guard::JS_NewPromiseCapability(self.context, functions.as_mut_ptr()))?;
            Ok((promise, self.own(functions[0]), self.own(functions[1])))
        }
    }
}

impl<'a> Value<'a> {
    /// Registers reactions on this native promise, as its original `then` does.
    pub fn then(&self, fulfilled: &Value<'a>, rejected: &Value<'a>) -> Result<(), Thrown<'a>> {
        // SAFETY: all three values are live; the derived promise is dropped.
        unsafe {
            let derived = guard::JS_PromiseThen(
                self.scope.context,
                self.raw(),
                fulfilled.raw(),
                rejected.raw(),
            );
            self.scope.result(derived).map(drop)
        }
    }

    /// What has become of this promise, with its value or reason once it is settled.
    pub fn promise_state(&self) -> (PromiseState, Value<'a>) {
        // SAFETY: both calls accept any live value and run no guest code.
        unsafe {
            let state = match qjs::JS_PromiseState(self.scope.context, self.raw()) {
                qjs::JSPromiseStateEnum_JS_PROMISE_FULFILLED => PromiseState::Fulfilled,
                qjs::JSPromiseStateEnum_JS_PROMISE_REJECTED => PromiseState::Rejected,
                _ => PromiseState::Pending,
            };
            let result = guard::JS_PromiseResult(self.scope.context, self.raw());
            let result = if state == PromiseState::Pending {
                self.scope.undefined()
            } else {
                self.scope.own(result)
            };
            (state, result)
        }
    }
}
