//! A runtime as it was at one moment of rest, to go back to.
//!
//! Everything of a runtime lies in its heap, so going back is a copy: no value is
//! freed, nothing in the heap is trusted, and it does not matter what state the guest
//! left it in.
#![allow(unsafe_code)]

use std::collections::HashMap;

use rquickjs::qjs;

use super::callback::Live;
use super::global::Pristine;
use super::heap::Image;
use super::intrinsics::Others;
use super::slots::Table;
use super::{random, Counters, Runtime};

/// See [`Runtime::checkpoint`].
pub struct Checkpoint {
    image: Image,
    /// What the host's side knows of the heap.
    slots: Table,
    live: HashMap<u32, Live>,
    realms: Vec<(u32, *mut qjs::JSContext)>,
    globals: Vec<Pristine>,
    intrinsics: Others,
}

impl Runtime {
    /// Remembers the runtime as it is now. Realms that mirror objects of the host must not
    /// have run foreign code.
    ///
    /// # Panics
    /// If somebody has entered it: a running guest's state is partly on the stack.
    pub fn checkpoint(&self) -> Checkpoint {
        assert!(!self.is_entered(), "a checkpoint of a running guest");
        Checkpoint {
            image: self.heap().image(),
            slots: self.slots.table.borrow().clone(),
            live: self.classes.live.borrow().clone(),
            realms: self.realms.borrow().clone(),
            globals: self.globals.pristine(),
            intrinsics: self.intrinsics.others(),
        }
    }

    /// Goes back to `checkpoint`, whatever happened since. Figures start anew. Realms that
    /// mirror objects of the host lose their handles, see [`super::Realm::of_global`].
    ///
    /// # Panics
    /// If somebody has entered it, if the checkpoint is another runtime's, or if a realm
    /// has been made or dropped since: its handle would lead nowhere.
    pub fn restore(&self, checkpoint: &Checkpoint) {
        assert!(!self.is_entered(), "a restore under a running guest");
        assert_eq!(*self.realms.borrow(), checkpoint.realms, "realms have come or gone");
        // SAFETY: nobody runs in the heap. The pointers into it that outlive an entry are
        // those of the slots, the live host objects, the realms that mirror objects of the
        // host, their intrinsics, the pins and the pending rejections, which are replaced or
        // forgotten below, and those of the other realms, which are the same as then.
        unsafe { self.heap().restore(&checkpoint.image) };
        self.slots.table.borrow_mut().clone_from(&checkpoint.slots);
        self.classes.live.borrow_mut().clone_from(&checkpoint.live);
        self.globals.reset(&checkpoint.globals);
        self.intrinsics.reset_others(&checkpoint.intrinsics);
        self.orphans.borrow_mut().clear();
        self.rejections.borrow_mut().clear();
        self.released.borrow_mut().clear();
        self.forget_pins();
        self.random.set(random::seed());
        self.reset(Counters::default());
    }
}
