//! What a runtime may use, and the decision to stop the guest.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::time::Instant;

use rquickjs::qjs;

use super::guard::watchdog;
use super::heap::Pressure;
use super::{guard, poll, sigint, stack, Runtime, Stop};

/// What a runtime may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Cap on the heap, in bytes, all included.
    pub memory: usize,
    /// Cap on the native stack below the outermost entry, in bytes.
    pub stack: usize,
}

/// Garbage that a small heap may gather: a few milliseconds' worth of allocation.
const MOST_GARBAGE: usize = 4 << 20;

impl Limits {
    /// The last part of the cap. It carries a guest that has reached it to its next
    /// interrupt check, which comes at once, and the one built-in that may be at work
    /// until then.
    pub(super) fn reserve(&self) -> usize {
        self.memory / 8
    }

    fn soft(&self) -> usize {
        self.memory - self.reserve()
    }
}

impl Runtime {
    /// Makes ready for an outermost entry.
    pub(super) fn begin(&self) {
        self.stop.set(None);
        if self.is_condemned() {
            return;
        }
        self.heap.clear_pressure();
        for context in self.orphans.take() {
            // SAFETY: a reference that its realm has left to us; no entry uses it now.
            unsafe { guard::JS_FreeContext(context.as_ptr()) };
        }
        if self.heap.used() > self.limits.soft().max(self.kept.get() + self.limits.reserve() / 8) {
            // What the entry before has left behind must not stop this one; but what none
            // of them could collect is not looked through at each.
            self.collect();
            self.kept.set(self.heap.used());
        } else if self.heap.used() < self.limits.soft() {
            self.kept.set(0);
        }
        // A heap kept full must still let the guest make room in it.
        let some = self.heap.used() + self.limits.reserve() / 2;
        self.allowance.set(some.max(self.limits.soft()));
        self.tune_collector();
        // SAFETY: no guest frame is on the stack, so its top may be set anew.
        unsafe { qjs::JS_UpdateStackTop(self.raw()) };
        self.stack_top.set(stack::here());
        self.give_stack();
    }

    /// Lets the guest go on that an inner entry's deadline has stopped.
    pub(super) fn resume(&self) {
        self.stop.set(None);
        self.give_stack();
    }

    fn give_stack(&self) {
        let size = stack::budget(self.limits.stack);
        self.stack_end.set(self.stack_top.get().saturating_sub(size));
        // SAFETY: sets a number in a live runtime.
        unsafe { qjs::JS_SetMaxStackSize(self.raw(), size as _) };
    }

    /// Bytes of stack that guest code called now would have.
    pub(super) fn stack_left(&self) -> usize {
        stack::here().saturating_sub(self.stack_end.get())
    }

    /// Leaves the guest no stack to run on: every further call of a function fails at
    /// once. Built-ins that swallow the engine's uncatchable exception, such as the
    /// Promise constructor, would else give a stopped guest control back.
    pub(super) fn take_stack(&self) {
        // SAFETY: as above; a stack of one byte makes each call fail its own check.
        unsafe { qjs::JS_SetMaxStackSize(self.raw(), 1) };
    }

    /// Gives a guest that has been told to stop the grace to do so.
    pub(super) fn give_grace(&self) {
        watchdog::told_to_stop(Instant::now(), self.grace.get());
    }

    /// The reason to stop the guest now, if there is one; remembered until the
    /// outermost entry ends.
    pub(super) fn check(&self) -> Option<Stop> {
        self.check_at(Instant::now)
    }

    /// The same, for who has just read the clock.
    pub(super) fn check_at(&self, clock: impl FnOnce() -> Instant) -> Option<Stop> {
        if self.stop.get().is_none() {
            let reason = if self.ending.is_over() {
                Some(Stop::Terminated)
            } else if let Some(reason) = self.guard.condemned() {
                Some(reason)
            } else if self.is_out_of_memory() {
                Some(Stop::MemoryLimit)
            } else if sigint::has_come() {
                Some(Stop::Interrupted)
            } else if self.deadline.passed(clock) {
                Some(Stop::Timeout)
            } else {
                None
            };
            if reason.is_some() {
                self.stop.set(reason);
                self.take_stack();
                self.give_grace();
            }
        }
        self.stop.get()
    }

    /// Stops the guest for want of memory that it would have needed.
    pub fn run_out_of_memory(&self) {
        self.stop.set(Some(Stop::MemoryLimit));
        self.take_stack();
    }

    /// How the entry ends.
    pub(super) fn verdict(&self) -> Option<Stop> {
        // A guest that caught its refused allocation still ran out of memory; one
        // that finished just after its deadline, with nobody stopping it, did finish.
        if self.stop.get().is_none() {
            let out_of_memory = || self.is_out_of_memory().then_some(Stop::MemoryLimit);
            self.stop.set(self.guard.condemned().or_else(out_of_memory));
        }
        if self.ending.is_over() {
            self.stop.set(Some(Stop::Terminated));
        }
        self.stop.get()
    }

    /// A refusal is final. Use of the reserve is forgiven when it was only garbage.
    fn is_out_of_memory(&self) -> bool {
        match self.heap.pressure() {
            Pressure::None => false,
            Pressure::Refused => true,
            Pressure::Reserve => {
                self.collect();
                self.tune_collector();
                let used = self.heap.used();
                if used <= self.limits.soft() {
                    self.heap.clear_pressure();
                }
                used > self.allowance.get()
            }
        }
    }

    /// Whether the heap has no room for `size` bytes, garbage put aside.
    pub(super) fn is_short_of(&self, size: usize) -> bool {
        let is_short = || self.heap.used() + size > self.limits.memory;
        is_short() && {
            self.collect();
            is_short()
        }
    }

    /// Collects garbage.
    pub fn collect(&self) {
        // SAFETY: the collector may run wherever the engine may allocate, and entries
        // and interrupt checks are such places; every value in use is counted.
        unsafe { guard::JS_RunGC(self.raw()) };
    }

    /// Decides how much garbage may gather before the next collection.
    ///
    /// After each collection the engine allows half of what lives. For a small heap that
    /// is too little, it would collect all the time; one that grows, it would look through
    /// twice as often as need be. Near the cap it is more than there is, and garbage alone
    /// would stop the guest.
    fn tune_collector(&self) {
        let (soft, used) = (self.limits.soft(), self.heap.used());
        // SAFETY: plain accessors of a live runtime.
        unsafe {
            let current = qjs::JS_GetGCThreshold(self.raw()) as usize;
            let wanted = match current == self.gc_threshold.get() {
                true => current,
                // The engine has collected since, and set its own: a half more than lives.
                false => (current / 3)
                    .saturating_mul(4)
                    .max(used + (self.limits.memory / 16).min(MOST_GARBAGE)),
            };
            // Before the reserve is touched; but once it is near, not at every allocation.
            let threshold = wanted.min(soft.max(used + self.limits.reserve() / 4));
            if threshold != current {
                qjs::JS_SetGCThreshold(self.raw(), threshold as _);
            }
            self.gc_threshold.set(threshold);
        }
    }
}

/// Asked by the engine now and then: whether to stop the guest.
#[no_mangle]
pub(super) unsafe extern "C" fn quickvm_on_interrupt(
    _: *mut qjs::JSRuntime,
    opaque: *mut c_void,
) -> i32 {
    // SAFETY: `opaque` is the Runtime that registered this handler; it is borrowed by
    // the entry under way, and everything touched here is in cells.
    let runtime = unsafe { &*opaque.cast::<Runtime>() };
    runtime.guard.guest_runs();
    runtime.tune_collector();
    let stop = runtime.check().is_some();
    if stop {
        // A built-in may swallow this; then the next check must come at once.
        runtime.hurry();
    }
    i32::from(stop)
}

/// Told by the heap, in the middle of an allocation, that it is running out.
pub(super) fn on_pressure(pressure: Pressure, opaque: *mut c_void) {
    // SAFETY: `opaque` is the Runtime that owns the heap. Nothing here allocates, and
    // what it writes are numbers that the engine reads afresh each time.
    let runtime = unsafe { &*opaque.cast::<Runtime>() };
    runtime.hurry();
    if pressure == Pressure::Refused {
        // Until the guest is stopped: the engine raises errors while it has objects
        // taken apart, and a collection would walk into them.
        // SAFETY: sets a number in a live runtime.
        unsafe { qjs::JS_SetGCThreshold(runtime.raw(), usize::MAX as _) };
    }
}

impl Runtime {
    /// Makes the next interrupt check come at once, wherever the guest is. Also called in
    /// the middle of anything, by a signal.
    pub(super) fn hurry(&self) {
        if let Ok(realms) = self.realms.try_borrow() {
            realms.iter().for_each(|&(_, context)| poll::hurry(context));
        }
        for context in self.globals.contexts() {
            poll::hurry(context);
        }
    }
}
