//! The allocator: cuts, merges and counts the blocks of one region.
//!
//! QuickJS hands out its small blocks from arenas of 4 KB itself, so what arrives
//! here are arenas, blocks above half a kilobyte, and growing arrays and strings.
//! For such a mix one mechanism does: blocks with boundary tags that merge the
//! moment they are freed, found by size class, and a top that moves up only when
//! nothing below it fits and back down when the last block goes.
#![allow(unsafe_code)]

use std::ptr::NonNull;

use super::bins::{Bins, MAX_SIZE};
use super::block::{Block, GRAIN, OVERHEAD};
use super::region::Region;
use super::{shadow, HeapLimits, Host, Pressure};

/// Sizes in this range become its upper end. QuickJS' arenas take between 3,624 and
/// 4,096 bytes depending on what they hold; made equal, a freed one fits any other.
const ARENA_SIZES: std::ops::RangeInclusive<usize> = 3_616..=4_128;

/// At most so many bytes are kept from large requests.
const MOST_KEPT: usize = 64 << 10;

/// Freed blocks from this size on, in bytes, can set off a [trim](Allocator::trim), and
/// free ones are included in it.
const RETURN_FROM: usize = 64 << 10;

/// This part of the cap may stay resident while not in use, and at least as much as is
/// in use: a garbage collected program swings by that much as it goes, and to fault the
/// same pages in again each time cost up to a third of the run time.
const IDLE_PART_OF_LIMIT: usize = 2;

/// The state of a heap, at the start of its region.
///
/// Every byte of it that matters is in there or in the blocks, so that copying the
/// region's used span away and back takes the heap back with everything in it. What
/// describes the mapping and not its contents is in the [`Host`], and stays as it is.
#[repr(C, align(64))]
pub(super) struct Allocator {
    host: NonNull<Host>,
    limit: usize,
    /// Use above this many bytes draws on the reserve.
    threshold: usize,
    /// Large requests are refused beyond this many bytes: what the engine needs to raise an
    /// error about that is still there then.
    ceiling: usize,
    used: usize,
    /// Bytes elsewhere that count as used, see [`Allocator::charge`].
    charged: usize,
    peak: usize,
    /// Where the next block starts if no free one fits. The block before it is in use.
    top: Block,
    /// Bytes in free blocks marked as returned.
    returned: usize,
    bins: Bins,
}

/// Bytes of the region before the first block.
const PREFIX: usize = (size_of::<Allocator>() + OVERHEAD).next_multiple_of(GRAIN);

impl Allocator {
    /// Sets up an empty heap in `host`'s region and returns its state.
    ///
    /// # Safety
    /// The region must read as zeros and hold nothing yet; it and `host` must outlive
    /// every use of the state.
    pub(super) unsafe fn start(host: NonNull<Host>, limits: HeapLimits) -> Option<NonNull<Self>> {
        // SAFETY: the caller vouches for `host`.
        let region = unsafe { host.as_ref() }.region();
        if !region.grow(PREFIX) {
            return None;
        }
        let state = region.base().cast::<Allocator>();
        // SAFETY: the region is page aligned, committed up to PREFIX and zero, which is
        // the empty state of the bins; the other fields are written before anyone reads
        // them. The first block's payload is at PREFIX, inside the region.
        unsafe {
            let first = Block::from_payload(region.base().add(PREFIX));
            let this = state.as_ptr();
            (&raw mut (*this).host).write(host);
            (&raw mut (*this).limit).write(limits.limit);
            (&raw mut (*this).threshold).write(limits.limit.saturating_sub(limits.reserve));
            let kept = (limits.reserve / 4).min(MOST_KEPT);
            (&raw mut (*this).ceiling).write(limits.limit.saturating_sub(kept));
            (&raw mut (*this).used).write(PREFIX);
            (&raw mut (*this).charged).write(0);
            (&raw mut (*this).peak).write(PREFIX);
            (&raw mut (*this).top).write(first);
        }
        Some(state)
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    pub(super) fn used(&self) -> usize {
        self.used + self.charged
    }

    /// Counts memory against the cap that lies elsewhere. It is there already, so it is not
    /// refused; beyond the cap the pressure is as after a refusal.
    pub(super) fn charge(&mut self, bytes: usize) {
        self.charged += bytes;
        self.peak = self.peak.max(self.used());
        if self.used() > self.limit {
            self.host().press(Pressure::Refused);
        } else if self.used() > self.threshold {
            self.host().press(Pressure::Reserve);
        }
    }

    /// What was charged is gone.
    pub(super) fn discharge(&mut self, bytes: usize) {
        self.charged = self.charged.saturating_sub(bytes);
    }

    pub(super) fn peak(&self) -> usize {
        self.peak
    }

    /// Bytes from the region's base to the end of the last block.
    pub(super) fn high_water(&self) -> usize {
        self.offset_of(self.top)
    }

    /// At least `size` bytes, or `None` beyond the cap.
    pub(super) fn allocate(&mut self, size: usize) -> Option<NonNull<u8>> {
        let block = self.admit(0, size).and_then(|whole| self.place(whole))?;
        shadow::lend(block, size);
        Some(block.payload())
    }

    /// The same, with the first `size` bytes zero.
    pub(super) fn allocate_zeroed(&mut self, size: usize) -> Option<NonNull<u8>> {
        let untouched = self.host().region().touched().max(self.high_water());
        let payload = self.allocate(size)?;
        let start = payload.addr().get() - self.host().region().base().addr().get();
        let dirty = untouched.saturating_sub(start).min(size);
        // SAFETY: the block was just carved, is at least `size` bytes and has no other
        // user. Beyond the mark the system's zeros are still there.
        unsafe { payload.write_bytes(0, dirty) };
        Some(payload)
    }

    /// Frees a block.
    ///
    /// # Safety
    /// `payload` must come from this heap and not have been freed since.
    pub(super) unsafe fn free(&mut self, payload: NonNull<u8>) {
        // SAFETY: passed on.
        let block = unsafe { self.block(payload) };
        self.used -= block.size();
        self.retire(block);
    }

    /// Resizes a block, in place where its neighbour allows, and returns where it is.
    /// `None` leaves it as it was.
    ///
    /// The verdict depends on the net growth only, never on whether the block has to
    /// move: for the time of the copy both places are in memory, and one is charged.
    ///
    /// # Safety
    /// As for [`Allocator::free`].
    pub(super) unsafe fn resize(
        &mut self,
        payload: NonNull<u8>,
        size: usize,
    ) -> Option<NonNull<u8>> {
        // SAFETY: passed on.
        let block = unsafe { self.block(payload) };
        let old = block.size();
        let new = self.admit(old, size)?;
        if new <= old {
            self.shrink(block, new);
            shadow::lend(block, size);
            return Some(payload);
        }
        if self.extend(block, new) {
            shadow::lend(block, size);
            return Some(payload);
        }
        self.used -= old;
        let Some(moved) = self.place(new) else {
            self.used += old;
            return None;
        };
        shadow::lend(moved, size);
        // SAFETY: the new block is larger than the old, and both are in use, hence apart.
        unsafe { moved.payload().copy_from_nonoverlapping(payload, shadow::lent(block)) };
        self.retire(block);
        Some(moved.payload())
    }

    /// Gives the pages of all large free blocks back, and those above the top.
    pub(super) fn trim(&mut self) {
        // SAFETY: as in `host`; borrowed apart from `self`, whose bins are walked.
        let region = unsafe { self.host.as_ref() }.region();
        let high_water = self.high_water();
        let returned = &mut self.returned;
        self.bins.each_from(RETURN_FROM, |block| {
            if !block.is_returned() {
                *returned += give_back(region, block);
            }
        });
        // SAFETY: nothing above the top is in use.
        unsafe { region.discard_above(high_water) };
    }

    /// The block size for a request of `size` bytes, if the cap lets a block of `old`
    /// bytes become, or with 0 a new one be, that large.
    fn admit(&self, old: usize, size: usize) -> Option<usize> {
        let host = self.host();
        let admitted = block_size(size).filter(|&new| {
            let most = if is_large(new) { self.ceiling } else { self.limit };
            self.used() - old + new <= most || new <= old
        });
        #[cfg(feature = "inject")]
        let admitted = admitted.filter(|&new| new <= old || !super::inject::refuses(is_large(new)));
        match admitted {
            None => host.press(Pressure::Refused),
            Some(new) if new > old && self.used() - old + new > self.threshold => {
                host.press(Pressure::Reserve);
            }
            Some(_) => {}
        }
        admitted
    }

    /// Finds a place for a block that was admitted, and counts it.
    fn place(&mut self, size: usize) -> Option<Block> {
        let block = match self.bins.take(size) {
            Some(block) => {
                self.cut(block, block.size(), size, block.is_returned());
                block
            }
            None => {
                let block = self.top;
                if !self.raise_top(block, size) {
                    return None;
                }
                block.start_in_use(size);
                block
            }
        };
        self.count(size);
        Some(block)
    }

    /// Puts the top `size` bytes after `block`, the last one there will be.
    fn raise_top(&mut self, block: Block, size: usize) -> bool {
        let end = self.offset_of(block) + size;
        if !self.host().region().grow(end) {
            self.host().press(Pressure::Refused);
            return false;
        }
        self.top = block.offset(size);
        true
    }

    /// Puts the first `size` of the `whole` bytes at `block` to use and bins the rest.
    /// The bytes beyond are in no bin, and a block in use follows.
    fn cut(&mut self, block: Block, whole: usize, size: usize, returned: bool) {
        block.set_in_use(size);
        let rest = block.offset(size);
        if whole == size {
            rest.set_prev_free(false);
        } else {
            rest.set_free(whole - size, returned);
            self.bins.insert(rest);
        }
        if returned {
            self.returned -= size;
        }
    }

    /// Grows a block without moving it, if what follows it has the room.
    fn extend(&mut self, block: Block, size: usize) -> bool {
        let old = block.size();
        let next = block.offset(old);
        if next == self.top {
            if !self.raise_top(block, size) {
                return false;
            }
            block.set_in_use(size);
        } else if next.is_free() && old + next.size() >= size {
            let whole = old + self.detach(next);
            self.cut(block, whole, size, false);
        } else {
            return false;
        }
        self.count(size - old);
        true
    }

    /// Frees a block that is no longer counted.
    fn retire(&mut self, block: Block) {
        // SAFETY: as in `host`; borrowed apart from `self`.
        let host = unsafe { self.host.as_ref() };
        let free = host.quarantine.exchange(block);
        free.into_iter().for_each(|block| self.release(block, block.size()));
    }

    /// Frees all blocks that have been freed.
    pub(super) fn settle(&mut self) {
        // SAFETY: as above.
        let host = unsafe { self.host.as_ref() };
        let free = host.quarantine.empty();
        free.into_iter().for_each(|block| self.release(block, block.size()));
    }

    fn shrink(&mut self, block: Block, size: usize) {
        let tail = block.size() - size;
        if tail > 0 {
            block.set_in_use(size);
            let rest = block.offset(size);
            rest.start_in_use(tail);
            shadow::close(rest.payload().as_ptr(), rest.capacity());
            self.used -= tail;
            self.release(rest, tail);
        }
    }

    /// Merges a block no longer in use with its free neighbours, and with the top.
    fn release(&mut self, block: Block, size: usize) {
        let (mut start, mut end) = (block, block.offset(size));
        if end != self.top && end.is_free() {
            end = end.offset(self.detach(end));
        }
        if let Some(prev) = block.prev_if_free() {
            self.detach(prev);
            start = prev;
        }
        if end == self.top {
            self.top = start;
        } else {
            start.set_free(self.offset_of(end) - self.offset_of(start), false);
            end.set_prev_free(true);
            self.bins.insert(start);
        }
        if size >= RETURN_FROM && self.idle() > self.used.max(self.limit / IDLE_PART_OF_LIMIT) {
            self.trim();
        }
    }

    /// Takes a free block out of the bins and returns its size.
    fn detach(&mut self, block: Block) -> usize {
        let size = block.size();
        self.bins.remove(block);
        if block.is_returned() {
            self.returned -= size;
        }
        size
    }

    /// Bytes not in use whose pages may still be resident.
    pub(super) fn idle(&self) -> usize {
        self.host().region().touched().saturating_sub(self.used + self.returned)
    }

    fn count(&mut self, growth: usize) {
        self.used += growth;
        self.peak = self.peak.max(self.used());
    }

    fn offset_of(&self, block: Block) -> usize {
        block.payload().addr().get() - self.host().region().base().addr().get()
    }

    fn host(&self) -> &Host {
        // SAFETY: `start`'s caller keeps the host alive for as long as the state is used,
        // and only shared references to it exist.
        unsafe { self.host.as_ref() }
    }

    /// # Safety
    /// As for [`Allocator::free`].
    unsafe fn block(&self, payload: NonNull<u8>) -> Block {
        // SAFETY: the caller hands back what was given out.
        let block = unsafe { Block::from_payload(payload) };
        debug_assert!(payload.addr().get().is_multiple_of(GRAIN), "misaligned pointer");
        debug_assert!(block < self.top && self.offset_of(block) >= PREFIX, "foreign pointer");
        debug_assert!(!block.is_free(), "freed twice");
        debug_assert!(
            block.size() >= GRAIN && block.offset(block.size()) <= self.top,
            "corrupt tag"
        );
        block
    }
}

/// What [`Heap::check`](super::Heap::check) looks at.
#[cfg(any(test, feature = "inject", feature = "asan"))]
impl Allocator {
    pub(super) fn prefix() -> usize {
        PREFIX
    }

    pub(super) fn charged(&self) -> usize {
        self.charged
    }

    /// All blocks, side by side.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Block> + use<'_> {
        // SAFETY: where `start` has put the first block, or the top.
        let first = unsafe { Block::from_payload(self.host().region().base().add(PREFIX)) };
        let before_top = move |&block: &Block| block < self.top && block.size() > 0;
        std::iter::successors(Some(first).filter(before_top), move |block| {
            Some(block.offset(block.size())).filter(before_top)
        })
    }

    pub(super) fn top(&self) -> Block {
        self.top
    }

    /// The blocks in the free lists.
    pub(super) fn binned(&self) -> std::collections::BTreeSet<Block> {
        let mut blocks = std::collections::BTreeSet::new();
        self.bins.each_from(GRAIN, |block| {
            blocks.insert(block);
        });
        blocks
    }
}

/// The block size for a request, or `None` if no region could hold it.
fn block_size(size: usize) -> Option<usize> {
    let block = size.checked_add(OVERHEAD + shadow::REDZONE)?.checked_next_multiple_of(GRAIN)?;
    let block = if ARENA_SIZES.contains(&block) { *ARENA_SIZES.end() } else { block };
    (block < MAX_SIZE).then_some(block.max(GRAIN))
}

/// Whether a block is larger than the engine's arenas.
fn is_large(size: usize) -> bool {
    size > *ARENA_SIZES.end()
}

/// Gives the pages inside a free block to the system and returns the block's size.
fn give_back(region: &Region, block: Block) -> usize {
    let size = block.size();
    let start = block.payload().addr().get() - region.base().addr().get();
    // SAFETY: nobody uses the payload of a free block but for its first two words and its
    // last, which are left out.
    unsafe { region.discard(start + 2 * OVERHEAD, start + size - 2 * OVERHEAD) };
    block.set_returned();
    size
}
