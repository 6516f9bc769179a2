//! What a sandbox may use beside its memory, and what it has used.

use std::time::Duration;

use super::{timeout, Sandbox};

/// Figures about a sandbox.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs)]
pub struct Usage {
    pub memory: usize,
    pub memory_peak: usize,
    pub memory_limit: usize,
    pub guest: Duration,
    pub wall: Duration,
    pub entries: u64,
    pub timeouts: u64,
    pub guest_handles: usize,
}

impl Sandbox {
    /// See [`Runtime::set_grace`].
    pub fn set_grace(&self, milliseconds: f64) {
        self.runtime.set_grace(timeout(milliseconds));
    }

    /// Counts memory of the host's that is there because of the guest against its cap; less
    /// than nothing for what is gone.
    pub fn charge(&self, bytes: f64) {
        match bytes >= 0.0 {
            true => self.runtime.heap().charge(bytes as usize),
            false => self.runtime.heap().discharge(-bytes as usize),
        }
    }

    /// See [`Runtime::set_random_seed`].
    pub fn set_random_seed(&self, seed: u64) {
        self.runtime.set_random_seed(seed);
    }

    /// See [`Runtime::set_source_limit`].
    pub fn set_source_limit(&self, bytes: usize) {
        self.runtime.set_source_limit(bytes);
    }

    /// Figures, at no cost to the guest.
    pub fn usage(&self) -> Usage {
        let (heap, counters) = (self.runtime.heap(), self.runtime.counters());
        Usage {
            memory: heap.used(),
            memory_peak: heap.peak(),
            memory_limit: heap.limit(),
            guest: counters.inside.saturating_sub(counters.host),
            wall: counters.wall,
            entries: counters.entries,
            timeouts: counters.timeouts,
            guest_handles: self.runtime.slot_count(),
        }
    }
}
