//! The memory through which messages pass.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::rc::Rc;

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

/// A typed array that both sides read and write, one for each Node environment.
///
/// A message is written by one side and read whole by the other before control goes
/// on, so nested exchanges share it like a stack: each works behind its `base`.
#[napi]
pub struct Mailbox {
    pub(super) memory: Rc<RefCell<Uint8Array>>,
}

#[napi]
impl Mailbox {
    /// A mailbox over `memory`.
    #[napi(constructor)]
    pub fn new(memory: Uint8Array) -> Self {
        Self { memory: Rc::new(RefCell::new(memory)) }
    }

    /// Puts larger (or smaller) memory in its place.
    #[napi]
    pub fn replace(&self, memory: Uint8Array) {
        *self.memory.borrow_mut() = memory;
    }
}

/// Copies a message out of the mailbox.
pub(super) fn read(memory: &RefCell<Uint8Array>, base: u32, length: u32) -> Option<Vec<u8>> {
    let memory = memory.borrow();
    let end = base.checked_add(length)?;
    memory.get(base as usize..end as usize).map(<[u8]>::to_vec)
}

/// Copies a message into the mailbox; answers whether it fits.
pub(super) fn write(memory: &RefCell<Uint8Array>, base: u32, message: &[u8]) -> bool {
    let mut memory = memory.borrow_mut();
    // SAFETY: the slice lives only for the copy below, during which no JavaScript and
    // no other Rust code runs; the RefCell rules out a second borrow on this thread,
    // and a plain ArrayBuffer is not shared with another.
    let bytes = unsafe { memory.as_mut() };
    let place = bytes.get_mut(base as usize..).and_then(|rest| rest.get_mut(..message.len()));
    place.map(|place| place.copy_from_slice(message)).is_some()
}
