//! The boundary tags: how blocks lie side by side in the region.
//!
//! ```text
//!            tag     payload                          tag     payload
//!  in use  | size  | the caller's bytes .......... | | size  | ...
//!  free    | size  | next | prev | .......... size | | size  | ...
//!                  ^ Block, 32-byte aligned    foot          ^ Block + size
//! ```
//!
//! One word of overhead a block. The size is the distance to the next block, a
//! multiple of [`GRAIN`], which leaves the low bits of the tag for flags. A free
//! block repeats its size in its last word, so that the block after it can find
//! where it starts; a block in use lends that word to the caller.
#![allow(unsafe_code)]

use std::ptr::NonNull;

/// Block sizes and payload addresses are multiples of this many bytes.
///
/// It is also the least size that holds what a free block stores, so cutting any
/// block to any size leaves either nothing or another whole block: a caller is
/// never given, nor charged for, more than its rounded request.
pub(super) const GRAIN: usize = 32;

/// Bytes of a block the caller cannot use.
pub(super) const OVERHEAD: usize = size_of::<usize>();

const FREE: usize = 1;
const PREV_FREE: usize = 2;
const RETURNED: usize = 4;
const FLAGS: usize = GRAIN - 1;

/// The address of a block's payload.
///
/// Holding one claims that a block of this heap starts there (or that it is the
/// heap's top, see [`Block::start_in_use`]). Only the allocator makes them, from
/// addresses it carved or was handed back, and drops them within one call; the
/// `SAFETY` comments below rest on that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Block(NonNull<u8>);

impl Block {
    /// # Safety
    /// `payload` must be the payload address of a block, or the top, of a heap
    /// that stays mapped and is used by no other thread while the block is.
    pub(super) unsafe fn from_payload(payload: NonNull<u8>) -> Block {
        Block(payload)
    }

    pub(super) fn payload(self) -> NonNull<u8> {
        self.0
    }

    /// Makes the block a lone one in use. Its predecessor must be in use too.
    pub(super) fn start_in_use(self, size: usize) {
        self.set_tag(size);
    }

    pub(super) fn size(self) -> usize {
        self.tag() & !FLAGS
    }

    /// Bytes the caller may use.
    pub(super) fn capacity(self) -> usize {
        self.size() - OVERHEAD
    }

    pub(super) fn is_free(self) -> bool {
        self.tag() & FREE != 0
    }

    /// Whether the pages inside this free block were given back to the system.
    pub(super) fn is_returned(self) -> bool {
        self.tag() & RETURNED != 0
    }

    pub(super) fn set_returned(self) {
        self.set_tag(self.tag() | RETURNED);
    }

    /// Keeps only the flag that speaks of the block before this one.
    pub(super) fn set_in_use(self, size: usize) {
        self.set_tag(size | self.tag() & PREV_FREE);
    }

    /// Tags the block free. Blocks before a free block are always in use,
    /// because neighbours merge at once.
    pub(super) fn set_free(self, size: usize, returned: bool) {
        self.set_tag(size | FREE | if returned { RETURNED } else { 0 });
        // SAFETY: the last word before the next block's tag belongs to this block,
        // and a free block has no caller who uses it.
        unsafe { self.0.add(size - 2 * OVERHEAD).cast::<usize>().write(size) };
    }

    pub(super) fn set_prev_free(self, free: bool) {
        let tag = self.tag() & !PREV_FREE;
        self.set_tag(tag | if free { PREV_FREE } else { 0 });
    }

    /// The block, or the top, `bytes` further on.
    pub(super) fn offset(self, bytes: usize) -> Block {
        // SAFETY: callers pass this block's size or a part of it, so the address is
        // inside the region or just at the top, where the next block would start.
        Block(unsafe { self.0.add(bytes) })
    }

    /// The block before this one, if that one is free.
    pub(super) fn prev_if_free(self) -> Option<Block> {
        if self.tag() & PREV_FREE == 0 {
            return None;
        }
        // SAFETY: the flag says that a free block ends right before our tag, so its
        // last word is its size and that far back lies its start.
        Some(Block(unsafe {
            let foot = self.0.sub(2 * OVERHEAD).cast::<usize>().read();
            self.0.sub(foot)
        }))
    }

    pub(super) fn link(self, next: Option<Block>, prev: Option<Block>) {
        self.set_link_next(next);
        self.set_link_prev(prev);
    }

    pub(super) fn link_next(self) -> Option<Block> {
        debug_assert!(self.is_free());
        // SAFETY: a free block's first word is this link; it was written when the
        // block entered its list.
        unsafe { self.0.cast::<Option<Block>>().read() }
    }

    pub(super) fn link_prev(self) -> Option<Block> {
        debug_assert!(self.is_free());
        // SAFETY: as above, the second word.
        unsafe { self.0.cast::<Option<Block>>().add(1).read() }
    }

    pub(super) fn set_link_next(self, next: Option<Block>) {
        // SAFETY: the block is free, so its payload (a word short of GRAIN at least)
        // is ours to write.
        unsafe { self.0.cast::<Option<Block>>().write(next) }
    }

    pub(super) fn set_link_prev(self, prev: Option<Block>) {
        // SAFETY: as above, the second word.
        unsafe { self.0.cast::<Option<Block>>().add(1).write(prev) }
    }

    fn tag(self) -> usize {
        // SAFETY: the word before the payload is the block's tag, written when the
        // block was carved.
        unsafe { self.0.sub(OVERHEAD).cast::<usize>().read() }
    }

    fn set_tag(self, tag: usize) {
        // SAFETY: the word before the payload is the allocator's alone; callers never
        // get a pointer that covers it.
        unsafe { self.0.sub(OVERHEAD).cast::<usize>().write(tag) }
    }
}
