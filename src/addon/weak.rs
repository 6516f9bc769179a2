//! Objects of the host by number, held weakly.
//!
//! A `WeakRef` keeps its object until the running JavaScript has come to an end, so that a
//! loop could use up any memory. This one does not.
#![allow(unsafe_code)]

use std::collections::HashMap;
use std::ptr;

use napi::bindgen_prelude::{Object, ObjectFinalize};
use napi::{check_status, sys, Env, JsValue};
use napi_derive::napi;

/// Objects that their table does not keep alive.
#[napi(custom_finalize)]
#[derive(Default)]
pub struct WeakTable {
    references: HashMap<u32, sys::napi_ref>,
}

#[napi]
impl WeakTable {
    /// An empty table.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts an object under a number that has none.
    #[napi]
    pub fn set(&mut self, env: Env, number: u32, object: Object) -> napi::Result<()> {
        let mut reference = ptr::null_mut();
        // SAFETY: both handles are valid for the length of this call; without a count the
        // reference is a weak one.
        check_status!(unsafe {
            sys::napi_create_reference(env.raw(), object.raw(), 0, &mut reference)
        })?;
        self.references.insert(number, reference);
        Ok(())
    }

    /// The object of that number, while there is one.
    #[napi]
    pub fn get<'env>(&self, env: &'env Env, number: u32) -> napi::Result<Option<Object<'env>>> {
        let Some(&reference) = self.references.get(&number) else { return Ok(None) };
        let mut object = ptr::null_mut();
        // SAFETY: the table owns the reference, which it has not deleted yet.
        check_status!(unsafe { sys::napi_get_reference_value(env.raw(), reference, &mut object) })?;
        Ok((!object.is_null()).then(|| Object::from_raw(env.raw(), object)))
    }

    /// Takes the numbers of objects that are gone off the table.
    #[napi]
    pub fn sweep(&mut self, env: Env) -> napi::Result<Vec<u32>> {
        let mut gone = Vec::new();
        for &number in self.references.keys() {
            if self.get(&env, number)?.is_none() {
                gone.push(number);
            }
        }
        gone.iter().try_for_each(|&number| self.delete(env, number))?;
        Ok(gone)
    }

    /// Takes a number off the table.
    #[napi]
    pub fn delete(&mut self, env: Env, number: u32) -> napi::Result<()> {
        if let Some(reference) = self.references.remove(&number) {
            // SAFETY: the table owned the reference, and has just given it up.
            check_status!(unsafe { sys::napi_delete_reference(env.raw(), reference) })?;
        }
        Ok(())
    }
}

impl ObjectFinalize for WeakTable {
    fn finalize(mut self, env: Env) -> napi::Result<()> {
        let numbers: Vec<_> = self.references.keys().copied().collect();
        numbers.into_iter().try_for_each(|number| self.delete(env, number))
    }
}
