//! Stand-ins that live as long as the host's objects they stand for.
//!
//! What a guest's class adds to an object that a host's class made (private fields, entries
//! in a WeakMap) hangs on the stand-in. So the stand-in of such an object is pinned: this
//! table refers to it. While nobody else in the guest does, the host is asked to hold its
//! object weakly, and to say when that is gone.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::OnceLock;

use rquickjs::qjs;

use super::{guard, Runtime, Scope, Value};

/// The pinned stand-ins, by the host's slot.
#[derive(Default)]
pub(super) struct Pins {
    /// Those that the guest may refer to.
    held: RefCell<HashMap<u32, qjs::JSValue>>,
    /// Those that only this table refers to.
    idle: RefCell<HashMap<u32, qjs::JSValue>>,
    /// How often the first have not been looked through since they were.
    skipped: Cell<usize>,
}

/// So many pins are looked through at each opportunity; more the less often, the more there
/// are, so that each opportunity costs about as much.
const FEW: usize = 32;

impl<'a> Scope<'a> {
    /// Pins the stand-in of the host object in `slot`.
    pub fn pin(self, slot: u32, stand_in: &Value<'a>) {
        let pins = &self.runtime().pins;
        if !pins.idle.borrow().contains_key(&slot) {
            pins.held.borrow_mut().entry(slot).or_insert_with(|| stand_in.clone().into_raw());
        }
    }

    /// The guest gets the stand-in for the host object in `slot` again.
    pub fn wake(self, slot: u32) {
        let pins = &self.runtime().pins;
        let woken = pins.idle.borrow_mut().remove(&slot);
        if let Some(raw) = woken {
            pins.held.borrow_mut().insert(slot, raw);
        }
    }
}

impl Runtime {
    /// The slots of those pinned stand-ins that nobody refers to any more. Until one of them
    /// is woken, the host need not keep its object.
    pub fn take_idle(&self) -> Vec<u32> {
        let mut held = self.pins.held.borrow_mut();
        let skipped = &self.pins.skipped;
        if held.len() > FEW * (1 + skipped.get()) || held.is_empty() {
            skipped.set(skipped.get() + 1);
            return Vec::new();
        }
        skipped.set(0);
        let mut idle = self.pins.idle.borrow_mut();
        let lonely = |raw: &qjs::JSValue| count_of(*raw) == Some(1);
        let slots: Vec<_> =
            held.iter().filter(|(_, raw)| lonely(raw)).map(|(&slot, _)| slot).collect();
        for slot in &slots {
            idle.extend(held.remove(slot).map(|raw| (*slot, raw)));
        }
        slots
    }

    /// The host's object in `slot` is gone.
    pub fn unpin(&self, slot: u32) {
        let raw = self.pins.idle.borrow_mut().remove(&slot);
        if let (Some(raw), false) = (raw, self.is_abandoned()) {
            // SAFETY: the table owned this reference and has just given it up.
            unsafe { guard::JS_FreeValueRT(self.raw(), raw) };
        }
    }

    /// Forgets them all: their heap is about to be replaced.
    pub(super) fn forget_pins(&self) {
        self.pins.held.borrow_mut().clear();
        self.pins.idle.borrow_mut().clear();
    }
}

/// How many references there are to an object, where that can be told.
fn count_of(object: qjs::JSValue) -> Option<i32> {
    // SAFETY: a live object.
    unsafe { count_at(qjs::JS_VALUE_GET_PTR(object)) }
}

/// How many references there are to what the engine's collector sees at this address.
///
/// # Safety
/// It is an object or a realm's record, and alive.
pub(super) unsafe fn count_at(address: *const c_void) -> Option<i32> {
    let offset = (*OFFSET.get()?)?;
    // SAFETY: the caller vouches for the address; all that the collector sees has its count
    // at the same distance, as was found out below.
    Some(unsafe { address.byte_offset(offset).cast::<i32>().read() })
}

/// Where an object's reference count is, seen from its address. The engine has no function
/// that tells the count, so it is found by watching which number follows it.
static OFFSET: OnceLock<Option<isize>> = OnceLock::new();

/// Finds the count of references, by means of a realm that has run no code yet.
pub(super) fn find(context: *mut qjs::JSContext) {
    OFFSET.get_or_init(|| {
        // SAFETY: a live context; the object gives back each reference that it gets. What is
        // read is inside the object's block or the header in front of it.
        unsafe {
            let object = guard::JS_NewObject(context);
            if !qjs::JS_IsObject(object) {
                return None;
            }
            let read = |offset| {
                qjs::JS_VALUE_GET_PTR(object).byte_offset(offset).cast::<i32>().read_volatile()
            };
            let follows = |&offset: &isize| {
                let before = read(offset);
                let copies = [(); 3].map(|()| qjs::JS_DupValue(context, object));
                let after = read(offset);
                copies.into_iter().for_each(|copy| guard::JS_FreeValue(context, copy));
                before == 1 && after == 4 && read(offset) == 1
            };
            let found = [-4, 0, -8, 4].into_iter().find(follows);
            guard::JS_FreeValue(context, object);
            found
        }
    });
}

#[cfg(test)]
mod tests {
    use crate::engine::{Limits, Realm, Runtime};

    #[test]
    fn this_engine_keeps_its_counts_where_they_can_be_found() {
        let runtime = Runtime::new(Limits { memory: 8 << 20, stack: 256 << 10 }).unwrap();
        let realm = Realm::new(&runtime).unwrap();
        assert!(super::OFFSET.get().is_some_and(Option::is_some));
        drop(realm);
    }
}
