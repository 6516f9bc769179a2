//! Guest values that the host holds on to, by number.

use std::cell::RefCell;
use std::collections::HashMap;

use rquickjs::qjs;

use super::heap::Heap;
use super::{Scope, Value};

/// The number under which the host holds a guest value.
pub type Slot = u32;

/// Values kept alive for the host. An object has one slot however often it is
/// added, which is what keeps its identity on the other side.
#[derive(Default)]
pub(super) struct Slots {
    pub(super) table: RefCell<Table>,
}

#[derive(Clone, Default)]
pub(super) struct Table {
    values: HashMap<Slot, (qjs::JSValue, usize)>,
    by_address: HashMap<usize, Slot>,
    /// Numbers are not used again soon: whoever still has an old one finds nothing.
    next: Slot,
}

/// What a slot takes in the host, in bytes: its places in the tables on both sides, and what
/// stands there for the guest's value. It counts against the guest's cap.
const SIZE: usize = 512;

/// Slots have room for two bits beside them.
const SLOTS: Slot = 1 << 30;

impl Slots {
    pub(super) fn len(&self) -> usize {
        self.table.borrow().by_address.len()
    }

    /// Removes a value of the guest in `heap`; the caller now owns its reference.
    pub(super) fn take(&self, slot: Slot, heap: &Heap) -> Option<qjs::JSValue> {
        let mut table = self.table.borrow_mut();
        let (raw, address) = table.values.remove(&slot)?;
        table.by_address.remove(&address);
        heap.discharge(SIZE);
        Some(raw)
    }

    fn raw(&self, slot: Slot) -> Option<qjs::JSValue> {
        self.table.borrow().values.get(&slot).map(|&(raw, _)| raw)
    }
}

impl<'a> Scope<'a> {
    /// Keeps an object or symbol alive until [`Runtime::release`](super::Runtime::release),
    /// under the slot it already has, if any. Tells whether the slot is new.
    pub fn keep(self, value: &Value<'a>) -> (Slot, bool) {
        let mut table = self.runtime.slots.table.borrow_mut();
        let address = value.address();
        if let Some(&slot) = table.by_address.get(&address) {
            return (slot, false);
        }
        let mut slot = table.next % SLOTS;
        while table.values.contains_key(&slot) {
            slot = (slot + 1) % SLOTS;
        }
        table.next = slot + 1;
        table.values.insert(slot, (value.clone().into_raw(), address));
        table.by_address.insert(address, slot);
        self.runtime.heap.charge(SIZE);
        (slot, true)
    }

    /// The value kept in `slot`.
    #[allow(unsafe_code)]
    pub fn kept(self, slot: Slot) -> Option<Value<'a>> {
        let raw = self.runtime.slots.raw(slot)?;
        // SAFETY: the table holds a reference of its own to a value of this runtime.
        Some(unsafe { self.dup(raw) })
    }
}
