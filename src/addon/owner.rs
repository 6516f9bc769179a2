//! The JavaScript object that a sandbox belongs to, held weakly.
//!
//! V8 may collect in the middle of a long synchronous run, but Node calls finalizers only
//! when that is over, and a `WeakRef` of the language holds its target until then. A weak
//! reference of Node-API is empty at once.
#![allow(unsafe_code)]

use std::ptr;

use napi::bindgen_prelude::Object;
use napi::{sys, Env, Error, JsValue, Result, Status};

/// About what a sandbox takes of the process' memory, so that V8 knows why to collect.
const RESIDENT: i64 = 256 * 1024;

/// A weak reference to an owner, which counts for V8 as long as it is there.
pub(super) struct Owner {
    env: sys::napi_env,
    reference: sys::napi_ref,
}

impl Owner {
    /// To be dropped on the thread of `env`, while that lives.
    pub fn new(env: &Env, object: &Object) -> Result<Self> {
        let mut reference = ptr::null_mut();
        // SAFETY: both handles come from the call that is running; the reference has a
        // count of none, so it is weak.
        let status =
            unsafe { sys::napi_create_reference(env.raw(), object.raw(), 0, &mut reference) };
        if status != sys::Status::napi_ok {
            return Err(Error::new(Status::from(status), "the owner cannot be referred to"));
        }
        adjust(env.raw(), RESIDENT);
        Ok(Self { env: env.raw(), reference })
    }

    /// The owner, if it has not been collected.
    pub fn get(&self) -> Option<Object<'_>> {
        let mut value = ptr::null_mut();
        // SAFETY: called by JavaScript of this environment, so it has a scope for the
        // handle; the reference is deleted by `drop` only.
        let status = unsafe { sys::napi_get_reference_value(self.env, self.reference, &mut value) };
        let there = status == sys::Status::napi_ok && !value.is_null();
        there.then(|| Object::from_raw(self.env, value))
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // SAFETY: the reference was created in `new`, and is deleted nowhere else.
        unsafe { sys::napi_delete_reference(self.env, self.reference) };
        adjust(self.env, -RESIDENT);
    }
}

fn adjust(env: sys::napi_env, change: i64) {
    let mut total = 0;
    // SAFETY: the environment lives as long as its owners, and the total is a place of ours.
    unsafe { sys::napi_adjust_external_memory(env, change, &mut total) };
}
