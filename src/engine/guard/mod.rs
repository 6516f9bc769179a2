//! Leaving the engine by a jump, and the borders where that is possible.
//!
//! Two things cannot be had in the ordinary way: that the engine's parser survives a
//! refused allocation, and that each of its built-in functions asks for interrupts. In
//! both cases, and when the engine itself fails, the engine's frames are skipped and its runtime is *condemned*: no code of
//! the engine runs in it again, unless its heap is replaced as a whole.
//!
//! So nothing here calls what may run guest code, allocate or free as `qjs::JS_…`, but as
//! `guard::JS_…` ([`calls`]), and the engine gets no function of ours but behind a
//! trampoline ([`callbacks`]). To add one, add its line on both sides:
//!
//! | | C | Rust |
//! | --- | --- | --- |
//! | a function of the engine's | `calls.h` | `calls.rs` |
//! | a function of ours | `callbacks.h` | `callbacks.rs` |
//!
//! What only reads or writes a number or a counter stays `qjs::JS_…`.
#![allow(unsafe_code)]

mod callbacks;
mod calls;
pub(super) mod terminator;
pub(super) mod watchdog;

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::AtomicBool;
use std::sync::OnceLock;
use std::time::Duration;

use rquickjs::qjs;

pub(super) use callbacks::*;
pub(super) use calls::*;
use terminator::Ending;

use super::{poll, Runtime, Stop};

/// What the shim and the signal's handler know of a runtime. It outlives the runtime's
/// heap, and stays where it is.
#[repr(C)]
pub(super) struct Guard {
    // The same as `struct quickvm_guard`.
    frame: Cell<*mut c_void>,
    condemned: Cell<i32>,
    fragile: Cell<i32>,
    missed: Cell<i32>,
    fault: Cell<i32>,
    is_over: *const AtomicBool,
    grace: Cell<i64>,
    memory: Cell<qjs::JSMallocFunctions>,
    heap: *mut c_void,
    // Rust's own.
    owner: Cell<*const c_void>,
}

extern "C" {
    fn quickvm_guard_memory(guard: *const Guard, functions: *mut qjs::JSMallocFunctions);
    fn quickvm_find_eval(
        context: *mut qjs::JSContext,
        size: usize,
        interrupt_count: usize,
    ) -> usize;
    fn quickvm_watch_parser(context: *mut qjs::JSContext, offset: usize);
}

impl Guard {
    /// A guard for the runtime that will live in the heap `heap`.
    /// `ending` must live as long as the runtime.
    pub(super) fn new(heap: *mut c_void, ending: &Ending) -> Self {
        Self {
            frame: Cell::new(ptr::null_mut()),
            condemned: Cell::new(0),
            fragile: Cell::new(0),
            missed: Cell::new(0),
            fault: Cell::new(0),
            is_over: &ending.is_over,
            grace: Cell::new(0),
            memory: Cell::new(qjs::JSMallocFunctions {
                js_calloc: None,
                js_malloc: None,
                js_free: None,
                js_realloc: None,
                js_malloc_usable_size: None,
            }),
            heap,
            owner: Cell::new(ptr::null()),
        }
    }

    /// Puts itself between the engine and its heap's `functions`; answers those to give to
    /// the engine, with [`Guard::opaque`].
    pub(super) fn memory(&self, mut functions: qjs::JSMallocFunctions) -> qjs::JSMallocFunctions {
        // SAFETY: both are live, and the guard has the shape that the shim expects.
        unsafe { quickvm_guard_memory(self, &mut functions) };
        functions
    }

    /// What the engine keeps as the runtime's opaque, and passes to the memory functions.
    pub(super) fn opaque(&self) -> *mut c_void {
        ptr::from_ref(self).cast_mut().cast()
    }

    /// Says whose guard it is.
    pub(super) fn set_owner(&self, owner: *const Runtime) {
        self.owner.set(owner.cast());
    }

    /// Says what a guest that is ended from another thread has to stop.
    pub(super) fn set_grace(&self, grace: Option<Duration>) {
        self.grace.set(watchdog::nanoseconds(grace));
    }

    /// Why the runtime was left by a jump, if it was.
    pub(super) fn condemned(&self) -> Option<Stop> {
        match self.condemned.get() {
            0 => None,
            1 => Some(Stop::MemoryLimit),
            2 => Some(Stop::Timeout),
            _ => Some(Stop::Fault { signal: self.fault.get() }),
        }
    }

    /// Told by the interrupt handler: what runs is guest code, not the parser.
    pub(super) fn guest_runs(&self) {
        self.fragile.set(0);
    }

    /// Makes the runtime good again, now that its heap has been replaced.
    pub(super) fn pardon(&self) {
        self.condemned.set(0);
        self.fragile.set(0);
    }
}

/// The runtime that owns `raw`.
///
/// # Safety
/// `raw` belongs to a live [`Runtime`], which outlives `'a`.
pub(super) unsafe fn runtime_of<'a>(raw: *mut qjs::JSRuntime) -> &'a Runtime {
    // SAFETY: Runtime::new stored the guard, and in it itself, before any object could be
    // made.
    unsafe { &*(*qjs::JS_GetRuntimeOpaque(raw).cast::<Guard>()).owner.get().cast::<Runtime>() }
}

/// Has the parser watched in a realm that has run no code yet.
///
/// Should the engine not keep its parser where it is looked for, a refused allocation would
/// meet the parser unprepared; the tests say so.
pub(super) fn watch_parser(context: *mut qjs::JSContext) {
    /// Where the pointer to the parser is in a realm's record.
    static OFFSET: OnceLock<usize> = OnceLock::new();
    // SAFETY: a live realm that nobody has entered. Its record is the first thing that it
    // allocates, so there is more of the heap behind it than is searched.
    unsafe {
        let offset = match OFFSET.get() {
            Some(&known) => known,
            None => quickvm_find_eval(context, poll::SEARCHED, poll::offset().unwrap_or(0)),
        };
        if offset != 0 {
            if poll::offset().is_some() {
                OFFSET.get_or_init(|| offset);
            }
            quickvm_watch_parser(context, offset);
        }
        #[cfg(test)]
        assert_ne!(offset, 0, "the engine keeps its parser elsewhere");
    }
}
