//! Why and when a guest is stopped: the monotonic deadline and the verdict.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Why the guest was stopped. Always the engine's own judgement, never read
/// from an error's text, so a guest can neither forge nor hide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The entry ran past its deadline.
    Timeout,
    /// The heap reached its cap.
    MemoryLimit,
    /// The host asked for it ([`Runtime::terminate`](super::Runtime::terminate)).
    Terminated,
    /// The engine failed, by this signal of the system's.
    #[allow(missing_docs)]
    Fault { signal: i32 },
}

thread_local! {
    /// The deadline of the innermost entry on this thread, of whichever runtime: a guest
    /// that the host calls on behalf of another one has no more time than that.
    static INNERMOST: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The deadline in force. Nested entries may only tighten it.
#[derive(Default)]
pub(super) struct Deadline {
    at: Cell<Option<Instant>>,
}

/// What was in force around an entry.
pub(super) struct Outer {
    own: Option<Instant>,
    innermost: Option<Instant>,
}

impl Deadline {
    /// Arms the earliest of the deadlines in force and `now + timeout`, and returns what
    /// was in force, for [`Deadline::restore`].
    pub(super) fn tighten(&self, now: Instant, timeout: Option<Duration>) -> Outer {
        let outer = Outer { own: self.at.get(), innermost: INNERMOST.get() };
        // A timeout too large for the clock is no deadline at all.
        let new = timeout.and_then(|timeout| now.checked_add(timeout));
        let earliest = [outer.own, outer.innermost, new].into_iter().flatten().min();
        self.at.set(earliest);
        INNERMOST.set(earliest);
        outer
    }

    /// The deadline in force.
    pub(super) fn at(&self) -> Option<Instant> {
        self.at.get()
    }

    pub(super) fn restore(&self, outer: &Outer) {
        self.at.set(outer.own);
        INNERMOST.set(outer.innermost);
    }

    /// Whether the deadline in force has passed. The clock is asked only when armed: on
    /// some machines that is what a call costs most.
    pub(super) fn passed(&self, clock: impl FnOnce() -> Instant) -> bool {
        self.at.get().is_some_and(|at| clock() >= at)
    }
}
