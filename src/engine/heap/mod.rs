//! The memory of one QuickJS runtime.
//!
//! A [`Heap`] reserves a region of address space, and everything of the runtime lives
//! in it: `JSRuntime`, contexts, every value, and the allocator's own state. That gives
//! an exact cap, a truthful word on memory pressure, disposal that frees no value one
//! by one, and a used span that can be copied away and back as a whole.
//!
//! ```text
//!  base                      high water          committed              end
//!  | state | blocks, used and free | not used now  | reserved addresses   |
//! ```
//!
//! From the bottom: `sys` asks the system for pages, `region` commits them as the
//! heap grows, `pool` keeps some for the next heap, `block` and `bins` are the
//! layout and the free lists, `allocator` cuts and counts, `functions` is what
//! QuickJS calls. `inject`, `check` and `shadow` are for tests.
#![allow(unsafe_code)]

mod allocator;
mod bins;
mod block;
#[cfg(any(test, feature = "inject"))]
mod check;
mod functions;
mod image;
#[cfg(feature = "inject")]
pub mod inject;
mod pool;
mod region;
#[cfg(test)]
mod tests;

#[cfg_attr(not(feature = "asan"), path = "shadow/none.rs")]
#[cfg_attr(feature = "asan", path = "shadow/asan.rs")]
mod shadow;

#[cfg_attr(unix, path = "sys/unix.rs")]
#[cfg_attr(windows, path = "sys/windows.rs")]
mod sys;

use std::cell::Cell;
use std::ffi::c_void;
use std::io;
use std::ptr::NonNull;

use allocator::Allocator;
pub use image::Image;
use region::Region;
use rquickjs::qjs::JSMallocFunctions;

/// How much a heap may hold.
#[derive(Clone, Copy, Debug)]
pub struct HeapLimits {
    /// The cap in bytes. [`Heap::used`] never exceeds it but by a charge; one too small for the heap's own
    /// state, some 4 KB, refuses everything.
    pub limit: usize,
    /// The last bytes of the cap, granted like the rest but announced by
    /// [`Pressure::Reserve`]: room for the guest to be stopped in the ordinary way. The
    /// very last part of it is not for large requests.
    pub reserve: usize,
}

/// What the guest's demand for memory has come to since [`Heap::clear_pressure`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Pressure {
    /// Everything fitted.
    None,
    /// Use grew into the reserve.
    Reserve,
    /// A request was refused; the engine got `NULL`.
    Refused,
}

/// The memory of one QuickJS runtime, for one thread at a time.
///
/// Dropping it releases the region, whatever the engine still keeps in there. Nothing
/// of the runtime may be touched after that, and nothing of it needs to be freed before.
pub struct Heap {
    host: NonNull<Host>,
    state: NonNull<Allocator>,
}

/// The part of a heap outside its region: what stays as it is when the region's
/// contents are replaced.
struct Host {
    region: Region,
    pressure: Cell<Pressure>,
    alarm: Cell<Option<(Alarm, *mut c_void)>>,
    quarantine: shadow::Quarantine,
}

/// Called with the new pressure and what was given with it, in the middle of an
/// allocation: it must not come back to the heap.
pub type Alarm = fn(Pressure, *mut c_void);

// SAFETY: the pointers lead to memory that this heap alone owns, and nothing in it is
// bound to a thread. It is not `Sync`: the counters are plain.
unsafe impl Send for Heap {}

impl Heap {
    /// Reserves the region for a heap with these limits; pages are taken as it grows.
    ///
    /// # Errors
    /// If the system has no room for the region, or if the limit is beyond what any
    /// region could hold.
    pub fn new(limits: HeapLimits) -> io::Result<Heap> {
        let region = pool::acquire(Region::size_for(limits.limit)?)?;
        let host = NonNull::from(Box::leak(Box::new(Host {
            region,
            pressure: Cell::new(Pressure::None),
            alarm: Cell::new(None),
            quarantine: shadow::Quarantine::new(),
        })));
        // SAFETY: a region fresh from the system or the pool is zero and empty. Host and
        // region live until this heap is dropped, or until just below.
        match unsafe { Allocator::start(host, limits) } {
            Some(state) => Ok(Heap { host, state }),
            None => {
                // SAFETY: the host was leaked above, and nothing refers to it any more.
                drop(unsafe { Box::from_raw(host.as_ptr()) });
                Err(io::ErrorKind::OutOfMemory.into())
            }
        }
    }

    /// The functions to make a QuickJS runtime with, together with [`Heap::opaque`].
    pub fn functions() -> JSMallocFunctions {
        functions::table()
    }

    /// What QuickJS passes to [`Heap::functions`]: valid, at the same address, until the
    /// heap is dropped.
    pub fn opaque(&self) -> *mut c_void {
        self.state.as_ptr().cast()
    }

    /// Bytes in use now, each block with its rounding and its tag, the heap's own state, and
    /// what is [charged](Heap::charge): what the limit is compared with.
    pub fn used(&self) -> usize {
        self.state().used()
    }

    /// Counts `bytes` as used that lie outside, because of the guest. They are there
    /// already: beyond the cap the pressure is as after a refusal, and use exceeds it by
    /// what was charged last.
    pub fn charge(&self, bytes: usize) {
        // SAFETY: as in `trim`.
        unsafe { (*self.state.as_ptr()).charge(bytes) }
    }

    /// What was charged is gone.
    pub fn discharge(&self, bytes: usize) {
        // SAFETY: as in `trim`.
        unsafe { (*self.state.as_ptr()).discharge(bytes) }
    }

    /// The most bytes that were in use at once.
    pub fn peak(&self) -> usize {
        self.state().peak()
    }

    /// The cap in bytes.
    pub fn limit(&self) -> usize {
        self.state().limit()
    }

    /// Bytes from [`Heap::opaque`], where the region begins, to the end of the last block
    /// in use: the span that holds the whole heap.
    pub fn high_water(&self) -> usize {
        self.state().high_water()
    }

    /// The strongest pressure since the last [`Heap::clear_pressure`].
    pub fn pressure(&self) -> Pressure {
        self.host().pressure.get()
    }

    /// Forgets the pressure. If use is in the reserve still, the next growth says so again.
    pub fn clear_pressure(&self) {
        self.host().pressure.set(Pressure::None);
    }

    /// Has `alarm` called, with `data`, each time that the pressure rises.
    pub fn on_pressure(&self, alarm: Alarm, data: *mut c_void) {
        self.host().alarm.set(Some((alarm, data)));
    }

    /// Bytes that are not in use but may still occupy physical memory: what
    /// [`Heap::trim`] could give back, short of what lies in small pieces.
    pub fn idle(&self) -> usize {
        self.state().idle()
    }

    /// Gives physical pages that hold nothing back to the system, for a guest that has
    /// come to rest. While it runs, the heap keeps up to half of the cap, or as much
    /// as is in use if that is more, and gives the rest back by itself.
    pub fn trim(&self) {
        // SAFETY: alive until `drop`; no function is running, and no reference is held
        // beyond a call (see `state`).
        unsafe { (*self.state.as_ptr()).trim() }
    }

    fn host(&self) -> &Host {
        // SAFETY: alive until `drop`, and only ever shared.
        unsafe { self.host.as_ref() }
    }

    fn state(&self) -> &Allocator {
        // SAFETY: alive until `drop`. The functions borrow it mutably while they run; they
        // call nothing that could lead back here, and other threads have no access.
        unsafe { self.state.as_ref() }
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        // SAFETY: the host was leaked in `new` and is freed here only. What refers to it
        // lies in the region, which goes to the pool or the system with it.
        let host = unsafe { Box::from_raw(self.host.as_ptr()) };
        pool::release(host.region);
    }
}

impl Host {
    fn region(&self) -> &Region {
        &self.region
    }

    /// Raises the pressure to `level`; only the owner of the heap lowers it.
    fn press(&self, level: Pressure) {
        if level > self.pressure.get() {
            self.pressure.set(level);
            if let Some((alarm, data)) = self.alarm.get() {
                alarm(level, data);
            }
        }
    }
}
