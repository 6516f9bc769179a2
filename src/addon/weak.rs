//! Objects of the host, held weakly.
//!
//! V8 may collect in the middle of a long synchronous run, but Node calls finalizers only
//! when that is over, and a `WeakRef` of the language keeps its object until then. A weak
//! reference of Node-API is empty at once.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::ptr;

use napi::bindgen_prelude::Object;
use napi::{check_status, sys, Env, JsValue};
use napi_derive::napi;

/// One object. To be dropped on its environment's thread, while that lives.
pub(super) struct Weak {
    env: sys::napi_env,
    reference: sys::napi_ref,
}

impl Weak {
    pub fn new(env: &Env, object: &Object) -> napi::Result<Self> {
        let mut reference = ptr::null_mut();
        // SAFETY: both handles are valid for the length of this call; without a count the
        // reference is a weak one.
        check_status!(unsafe {
            sys::napi_create_reference(env.raw(), object.raw(), 0, &mut reference)
        })?;
        Ok(Self { env: env.raw(), reference })
    }

    /// The environment that it belongs to.
    pub fn env(&self) -> Env {
        Env::from_raw(self.env)
    }

    /// The object, while there is one. `env` is the one that it belongs to.
    pub fn get<'env>(&self, env: &'env Env) -> napi::Result<Option<Object<'env>>> {
        let mut object = ptr::null_mut();
        // SAFETY: the reference is deleted by `drop` only.
        check_status!(unsafe {
            sys::napi_get_reference_value(env.raw(), self.reference, &mut object)
        })?;
        Ok((!object.is_null()).then(|| Object::from_raw(env.raw(), object)))
    }
}

impl Drop for Weak {
    fn drop(&mut self) {
        // SAFETY: the reference was made in `new`, and is deleted nowhere else.
        unsafe { sys::napi_delete_reference(self.env, self.reference) };
    }
}

/// Objects that their table does not keep alive, by number.
#[napi]
#[derive(Default)]
pub struct WeakTable {
    objects: HashMap<u32, Weak>,
}

#[napi]
impl WeakTable {
    /// An empty table.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts an object under a number.
    #[napi]
    pub fn set(&mut self, env: &Env, number: u32, object: Object) -> napi::Result<()> {
        self.objects.insert(number, Weak::new(env, &object)?);
        Ok(())
    }

    /// The object of that number, while there is one.
    #[napi]
    pub fn get<'env>(&self, env: &'env Env, number: u32) -> napi::Result<Option<Object<'env>>> {
        self.objects.get(&number).map_or(Ok(None), |object| object.get(env))
    }

    /// Takes the numbers of objects that are gone off the table.
    #[napi]
    pub fn sweep(&mut self, env: &Env) -> napi::Result<Vec<u32>> {
        let mut gone = Vec::new();
        for (&number, object) in &self.objects {
            if object.get(env)?.is_none() {
                gone.push(number);
            }
        }
        gone.iter().for_each(|number| drop(self.objects.remove(number)));
        Ok(gone)
    }

    /// How many objects were there when last looked.
    #[napi(getter)]
    pub fn size(&self) -> u32 {
        self.objects.len() as u32
    }

    /// Takes a number off the table.
    #[napi]
    pub fn delete(&mut self, number: u32) {
        self.objects.remove(&number);
    }
}
