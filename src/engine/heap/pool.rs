//! Regions of disposed heaps, kept for the next ones.
//!
//! What a short-lived heap costs is its pages: the system zeroes and maps each, then
//! unmaps it. Clearing and reusing them costs a fraction of that. A region is
//! cleared as it enters, so a heap never sees a byte of an earlier one, and the pool
//! holds nobody's data.
#![allow(unsafe_code)]

use std::io;

use parking_lot::Mutex;

use super::region::Region;

/// Regions with more bytes committed than this go straight back to the system.
const MOST_COMMITTED: usize = 512 << 10;

/// Regions kept at most, so at most 8 MB are held.
const MOST_REGIONS: usize = 16;

static POOL: Mutex<Vec<Region>> = Mutex::new(Vec::new());

/// An empty region of `size` bytes of address space.
pub(super) fn acquire(size: usize) -> io::Result<Region> {
    let kept = {
        let mut pool = POOL.lock();
        let fitting = pool.iter().rposition(|region| region.reserved() == size);
        fitting.map(|index| pool.remove(index))
    };
    kept.map_or_else(|| Region::reserve(size), Ok)
}

/// Takes a region whose heap is gone.
pub(super) fn release(region: Region) {
    if region.committed() > MOST_COMMITTED {
        return;
    }
    // SAFETY: the heap in there is gone, by what this function is for.
    unsafe { region.clear_above(0) };
    let mut pool = POOL.lock();
    // The oldest goes, so that sizes no longer in demand do not stay for good.
    let evicted = (pool.len() == MOST_REGIONS).then(|| pool.remove(0));
    pool.push(region);
    drop(pool);
    drop(evicted);
}
