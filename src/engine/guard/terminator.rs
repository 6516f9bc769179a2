//! Ending a runtime from any thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use super::watchdog::{self, Watched};

/// Ends a runtime, wherever it is in use, also when it is no more.
#[derive(Clone)]
pub struct Terminator(pub(in crate::engine) Arc<Ending>);

/// What the threads that share it know of a runtime's end.
pub(in crate::engine) struct Ending {
    /// Set for good, unless the heap is replaced as a whole.
    pub(super) is_over: AtomicBool,
    is_entered: AtomicBool,
    /// The runtime's thread, if it can be signalled.
    pub(super) thread: Option<Arc<Watched>>,
}

impl Ending {
    /// For a runtime of the calling thread.
    pub(in crate::engine) fn new() -> Arc<Self> {
        Arc::new(Self {
            is_over: AtomicBool::new(false),
            is_entered: AtomicBool::new(false),
            thread: watchdog::this_thread(),
        })
    }

    /// Notes that the runtime is entered, or left; answers whether it is over.
    pub(in crate::engine) fn set_entered(&self, entered: bool) -> bool {
        // Sequentially consistent, as in `terminate`: either that sees the note, or this the
        // end.
        self.is_entered.store(entered, Ordering::SeqCst);
        self.is_over.load(Ordering::SeqCst)
    }

    pub(in crate::engine) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    pub(in crate::engine) fn set_over(&self, over: bool) {
        self.is_over.store(over, Ordering::Relaxed);
    }

    /// Whether its guest runs and is to be stopped.
    pub(super) fn is_due(&self) -> bool {
        self.is_entered.load(Ordering::SeqCst) && self.is_over.load(Ordering::SeqCst)
    }
}

impl Terminator {
    /// Makes the entry under way, if any, and each later one end with
    /// [`Stop::Terminated`](crate::engine::Stop::Terminated), as soon as after a deadline.
    pub fn terminate(&self) {
        self.0.is_over.store(true, Ordering::SeqCst);
        if self.0.is_due() {
            watchdog::call(self.0.clone());
        }
    }

    /// Whether the runtime has come to its end.
    pub fn is_over(&self) -> bool {
        self.0.is_over()
    }
}
