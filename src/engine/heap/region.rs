//! A range of reserved addresses, committed from its start as the heap grows.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::io;
use std::ptr::NonNull;

use super::bins::MAX_SIZE;
use super::{shadow, sys};

/// Address space reserved per byte of the cap. Blocks lie scattered between free ones, so
/// the span they take can exceed their sum; addresses cost nothing, and pages of large
/// free blocks are given back.
const ADDRESSES_PER_BYTE: usize = 4;
const RESERVE_UNIT: usize = 1 << 20;

/// Bytes committed at once beyond what is asked for: at first about what a fresh runtime
/// with one realm fills; then nothing while the heap is small, for thousands of such heaps
/// must not waste much each; then a part of what there is. What is committed is faulted in
/// by one call, far cheaper than page by page.
const FIRST_STEP: usize = 208 << 10;
const SMALL: usize = 320 << 10;
const STEP_PART: usize = 16;
const MOST_STEP: usize = 1 << 20;

/// Up to this many bytes are cheaper to overwrite than to fault in again.
const MOST_CLEARED: usize = 512 << 10;

/// See the [module](self).
pub(super) struct Region {
    base: NonNull<u8>,
    reserved: usize,
    /// Bytes from the base that may be accessed.
    committed: Cell<usize>,
    /// Bytes from the base that may have been written since they last were zero.
    touched: Cell<usize>,
}

// SAFETY: a region owns its addresses, and they belong to no thread.
unsafe impl Send for Region {}

impl Region {
    /// Bytes of address space for a heap capped at `limit` bytes.
    pub(super) fn size_for(limit: usize) -> io::Result<usize> {
        limit
            .checked_mul(ADDRESSES_PER_BYTE)
            .and_then(|size| size.checked_next_multiple_of(RESERVE_UNIT))
            .filter(|&size| size < MAX_SIZE)
            .ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }

    /// Reserves `size` bytes of address space, all zeros when committed.
    pub(super) fn reserve(size: usize) -> io::Result<Region> {
        let size = size.max(RESERVE_UNIT);
        let base = sys::reserve(size)?;
        Ok(Region { base, reserved: size, committed: Cell::new(0), touched: Cell::new(0) })
    }

    pub(super) fn base(&self) -> NonNull<u8> {
        self.base
    }

    pub(super) fn reserved(&self) -> usize {
        self.reserved
    }

    pub(super) fn committed(&self) -> usize {
        self.committed.get()
    }

    /// Beyond this many bytes from the base everything is zero.
    pub(super) fn touched(&self) -> usize {
        self.touched.get()
    }

    /// Makes the first `end` bytes accessible; false if that cannot be.
    pub(super) fn grow(&self, end: usize) -> bool {
        if end > self.touched.get() {
            if end > self.committed.get() && !self.commit(end) {
                return false;
            }
            self.touched.set(end);
        }
        true
    }

    #[cold]
    fn commit(&self, end: usize) -> bool {
        if end > self.reserved {
            return false;
        }
        let from = self.committed.get();
        let step = match from {
            0 => FIRST_STEP,
            _ if end <= SMALL => 0,
            _ => (end / STEP_PART).min(MOST_STEP),
        };
        let to = (end + step).next_multiple_of(sys::page_size()).min(self.reserved);
        // SAFETY: the range lies in this region, page aligned, beyond what is committed.
        unsafe {
            let start = self.base.add(from);
            if !sys::commit(start, to - from) {
                return false;
            }
            // A single large request is left to fault: it may be a sparse buffer.
            if to - from <= 2 * MOST_STEP {
                sys::prefault(start, to - from);
            }
        }
        self.committed.set(to);
        shadow::close(self.base.as_ptr().wrapping_add(from), to - from);
        true
    }

    /// Gives the pages wholly inside `start..end` back; they are zero when next read.
    ///
    /// # Safety
    /// Nobody may rely on what is in the range, which must be inside the touched part.
    pub(super) unsafe fn discard(&self, start: usize, end: usize) {
        let page = sys::page_size();
        let (start, end) = (start.next_multiple_of(page), end / page * page);
        if start < end {
            // SAFETY: whole committed pages of this region, whose contents nobody needs.
            unsafe { sys::discard(self.base.add(start), end - start) };
        }
    }

    /// Gives the pages from `start` on back.
    ///
    /// # Safety
    /// Nobody may rely on anything from there on.
    pub(super) unsafe fn discard_above(&self, start: usize) {
        let page = sys::page_size();
        let (start, end) =
            (start.next_multiple_of(page), self.touched.get().next_multiple_of(page));
        if start < end {
            // SAFETY: as above.
            unsafe { sys::discard(self.base.add(start), end - start) };
            self.touched.set(start);
        }
    }

    /// Makes everything from `start` on zero, as new: by overwriting it, or where there
    /// is much of it by giving it back.
    ///
    /// # Safety
    /// Nobody may use the contents from there on any more.
    pub(super) unsafe fn clear_above(&self, start: usize) {
        let kept = self.touched.get().min(start + MOST_CLEARED);
        // SAFETY: the touched part is committed, and from `start` on free of users by the
        // contract.
        unsafe {
            self.discard_above(kept);
            // What was discarded ends the touched part at a page's boundary.
            let size = self.touched.get().saturating_sub(start);
            let start = self.base.add(start).as_ptr();
            shadow::open(start, size);
            start.write_bytes(0, size);
            shadow::close(start, size);
        }
        self.touched.set(self.touched.get().min(start));
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        shadow::open(self.base.as_ptr(), self.committed.get());
        // SAFETY: the addresses were reserved by `reserve`, and whoever drops the region
        // has no use for its contents.
        unsafe { sys::release(self.base, self.reserved) };
    }
}
