//! Which of the guest's objects are intrinsics, by address: they never cross, but stand
//! for their like on the other side.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::collections::HashMap;

use rquickjs::qjs;

use super::{guard, GlobalId, Scope, Thrown, Value};

/// The intrinsics of every realm of a runtime, by their place in the main realm's list.
#[derive(Default)]
pub(super) struct Intrinsics {
    by_address: RefCell<HashMap<usize, u32>>,
    /// The addresses of those of other realms than the main one.
    by_realm: RefCell<HashMap<GlobalId, Vec<usize>>>,
}

/// Addresses and what they are, by realm.
pub(super) type Others = Vec<(GlobalId, Vec<(usize, u32)>)>;

impl Intrinsics {
    /// Forgets those of the realm that mirrors `global`: it is gone.
    pub fn forget(&self, global: GlobalId) {
        let mut table = self.by_address.borrow_mut();
        for address in self.by_realm.borrow_mut().remove(&global).into_iter().flatten() {
            table.remove(&address);
        }
    }

    /// The realm that mirrored `from` mirrors `to` from here on.
    pub fn rename(&self, from: GlobalId, to: GlobalId) {
        let mut realms = self.by_realm.borrow_mut();
        if let Some(addresses) = realms.remove(&from) {
            realms.insert(to, addresses);
        }
    }

    /// Those of all realms but the main one, for a checkpoint.
    pub fn others(&self) -> Others {
        let table = self.by_address.borrow();
        let with_index = |&address: &usize| Some((address, *table.get(&address)?));
        let realms = self.by_realm.borrow();
        realms.iter().map(|(&id, all)| (id, all.iter().filter_map(with_index).collect())).collect()
    }

    /// Has `others` be all but those of the main realm.
    pub fn reset_others(&self, others: &Others) {
        let mut table = self.by_address.borrow_mut();
        let mut realms = self.by_realm.borrow_mut();
        for address in realms.drain().flat_map(|(_, addresses)| addresses) {
            table.remove(&address);
        }
        for (id, all) in others {
            table.extend(all.iter().copied());
            realms.insert(*id, all.iter().map(|(address, _)| *address).collect());
        }
    }
}

/// In place of a place: an intrinsic that the list does not have, since not all hosts have it.
pub const UNLISTED: u32 = u32::MAX;

impl<'a> Scope<'a> {
    /// Makes the elements of `list` known as intrinsics, each by its index. What is not an
    /// object is skipped. The caller keeps the list alive as long as the runtime.
    pub fn add_intrinsics(self, list: &Value<'a>) -> Result<(), Thrown<'a>> {
        for index in 0..list.length()? {
            let value = list.get_index(index)?;
            if value.is_object() {
                self.runtime.intrinsics.by_address.borrow_mut().insert(value.address(), index);
            }
        }
        // The engine's own, which it has for as long as the realm.
        for class in 1..self.runtime.classes.function {
            // SAFETY: a live context, and a class id below those registered; the reference is ours.
            let prototype =
                unsafe { self.own(qjs::JS_GetClassProto(self.context, class as qjs::JSClassID)) };
            if prototype.is_object() {
                let mut known = self.runtime.intrinsics.by_address.borrow_mut();
                known.entry(prototype.address()).or_insert(UNLISTED);
            }
        }
        Ok(())
    }

    /// Makes the prototypes of the realm that mirrors `global` known as what their like in
    /// this realm are; also `more`, pairs of one there and the like of it here.
    pub fn adopt_intrinsics(self, global: GlobalId, more: &[(Value<'a>, Value<'a>)]) {
        let Some(other) = self.within(global) else { return };
        // The classes registered by this crate come after all of the engine's own.
        for class in 1..self.runtime.classes.function {
            // SAFETY: live contexts of one runtime, and a class id below those registered;
            // the references are ours.
            let (here, there) = unsafe {
                let prototype =
                    |context| self.own(qjs::JS_GetClassProto(context, class as qjs::JSClassID));
                (prototype(self.context), prototype(other.context))
            };
            self.adopt_intrinsic(&there, &here, global);
        }
        // SAFETY: as above.
        let (here, there) = unsafe {
            let prototype = |context| self.own(guard::JS_GetFunctionProto(context));
            (prototype(self.context), prototype(other.context))
        };
        self.adopt_intrinsic(&there, &here, global);
        for (there, here) in more {
            self.adopt_intrinsic(there, here, global);
        }
    }

    fn adopt_intrinsic(self, there: &Value<'a>, here: &Value<'a>, global: GlobalId) {
        if let (true, Some(index)) = (there.is_object(), self.intrinsic_place(here)) {
            let known = &self.runtime.intrinsics;
            known.by_address.borrow_mut().insert(there.address(), index);
            known.by_realm.borrow_mut().entry(global).or_default().push(there.address());
        }
    }

    /// The place of this object in the list of intrinsics.
    pub fn intrinsic_index(self, value: &Value<'a>) -> Option<u32> {
        self.intrinsic_place(value).filter(|&place| place != UNLISTED)
    }

    /// The same; [`UNLISTED`] for intrinsics that are not in the list.
    pub fn intrinsic_place(self, value: &Value<'a>) -> Option<u32> {
        self.runtime.intrinsics.by_address.borrow().get(&value.address()).copied()
    }
}
