//! Which of the guest's objects are intrinsics, by address: they never cross, but stand
//! for their like on the other side.

use std::cell::RefCell;
use std::collections::HashMap;

use super::{Scope, Thrown, Value};

/// The intrinsics of every realm of a runtime.
#[derive(Default)]
pub(super) struct Intrinsics {
    by_address: RefCell<HashMap<usize, u32>>,
}

impl<'a> Scope<'a> {
    /// Makes the elements of `list` known as intrinsics, each by its index. What is not an
    /// object is skipped. The caller keeps the list alive as long as the realm.
    pub fn add_intrinsics(self, list: &Value<'a>) -> Result<(), Thrown<'a>> {
        for index in 0..list.length()? {
            let value = list.get_index(index)?;
            if value.is_object() {
                let mut table = self.runtime().intrinsics.by_address.borrow_mut();
                table.insert(value.address(), index);
            }
        }
        Ok(())
    }

    /// Forgets them again, before the realm goes.
    pub fn remove_intrinsics(self, list: &Value<'a>) -> Result<(), Thrown<'a>> {
        for index in 0..list.length()? {
            let value = list.get_index(index)?;
            self.runtime().intrinsics.by_address.borrow_mut().remove(&value.address());
        }
        Ok(())
    }

    /// The index of this object among the intrinsics of its realm.
    pub fn intrinsic_index(self, value: &Value<'a>) -> Option<u32> {
        self.runtime().intrinsics.by_address.borrow().get(&value.address()).copied()
    }
}
