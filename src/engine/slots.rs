//! Guest values that the host holds on to, by number.

use std::cell::RefCell;
use std::collections::HashMap;

use rquickjs::qjs;

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
    values: Vec<Option<(qjs::JSValue, usize)>>,
    free: Vec<Slot>,
    by_address: HashMap<usize, Slot>,
}

impl Slots {
    pub(super) fn len(&self) -> usize {
        self.table.borrow().by_address.len()
    }

    /// Removes a value; the caller now owns its reference.
    pub(super) fn take(&self, slot: Slot) -> Option<qjs::JSValue> {
        let mut table = self.table.borrow_mut();
        let (raw, address) = table.values.get_mut(slot as usize)?.take()?;
        table.by_address.remove(&address);
        table.free.push(slot);
        Some(raw)
    }

    fn raw(&self, slot: Slot) -> Option<qjs::JSValue> {
        self.table
            .borrow()
            .values
            .get(slot as usize)?
            .map(|(raw, _)| raw)
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
        let entry = Some((value.clone().into_raw(), address));
        let slot = match table.free.pop() {
            Some(slot) => {
                table.values[slot as usize] = entry;
                slot
            }
            None => {
                table.values.push(entry);
                (table.values.len() - 1) as Slot
            }
        };
        table.by_address.insert(address, slot);
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
