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
}

/// The deadline in force. Nested entries may only tighten it.
#[derive(Default)]
pub(super) struct Deadline {
    at: Cell<Option<Instant>>,
}

impl Deadline {
    /// Arms the earlier of the deadline in force and `now + timeout`, and
    /// returns what was in force, for [`Deadline::restore`].
    pub(super) fn tighten(&self, now: Instant, timeout: Option<Duration>) -> Option<Instant> {
        let outer = self.at.get();
        // A timeout too large for the clock is no deadline at all.
        let own = timeout.and_then(|t| now.checked_add(t));
        self.at.set(match (outer, own) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        });
        outer
    }

    pub(super) fn restore(&self, outer: Option<Instant>) {
        self.at.set(outer);
    }

    /// Whether the deadline in force has passed. Reads the clock only when armed.
    pub(super) fn passed(&self) -> bool {
        self.at.get().is_some_and(|at| Instant::now() >= at)
    }
}
