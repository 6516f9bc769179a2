//! What the address sanitizer is told of a heap, so that it sees who reads or writes past the
//! end of a block, or after it was freed. To it the region is one piece of memory.
//!
//! Only the engine and the guard, which are C, are checked. How much of a block was asked for
//! is in its last word.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::c_void;

use super::allocator::Allocator;
use super::block::Block;

/// Bytes at the end of each block that nobody may use.
pub(super) const REDZONE: usize = 32;

/// Freed blocks are kept until there are so many bytes of them.
const KEPT: usize = 256 << 10;

extern "C" {
    fn __asan_poison_memory_region(start: *const c_void, size: usize);
    fn __asan_unpoison_memory_region(start: *const c_void, size: usize);
}

fn note(block: Block) -> *mut usize {
    block.payload().as_ptr().wrapping_add(block.capacity() - size_of::<usize>()).cast()
}

/// Bytes of a block that its user may use.
pub(super) fn lent(block: Block) -> usize {
    // SAFETY: the last word of a block in use, written by `lend`; no user has it.
    unsafe { note(block).read() }
}

/// Notes that a block is in use, of which its user has asked for `size` bytes.
pub(super) fn lend(block: Block, size: usize) {
    let start = block.payload().as_ptr();
    close(start, block.capacity());
    open(start, size);
    // SAFETY: the word is in the redzone, which ends the block.
    unsafe { note(block).write(size) };
}

/// Notes that a range of bytes is nobody's.
pub(super) fn close(start: *const u8, size: usize) {
    // SAFETY: changes what the sanitizer knows of memory that is this heap's, not the memory.
    unsafe { __asan_poison_memory_region(start.cast(), size) };
}

/// Notes that a range of bytes may be used by anybody.
pub(super) fn open(start: *const u8, size: usize) {
    // SAFETY: as above.
    unsafe { __asan_unpoison_memory_region(start.cast(), size) };
}

/// Notes what is whose, in a heap that was replaced as a whole.
pub(super) fn describe(state: &Allocator) {
    for block in state.blocks() {
        if block.is_free() {
            close(block.payload().as_ptr(), block.capacity());
        } else {
            lend(block, lent(block));
        }
    }
}

/// Blocks that have been freed and are not to be used again for a while.
pub(super) struct Quarantine {
    blocks: RefCell<VecDeque<Block>>,
    size: Cell<usize>,
}

impl Quarantine {
    pub(super) fn new() -> Self {
        Self { blocks: RefCell::default(), size: Cell::new(0) }
    }

    /// Takes a block; answers those that may be used again.
    pub(super) fn exchange(&self, block: Block) -> Vec<Block> {
        close(block.payload().as_ptr(), block.capacity());
        self.size.set(self.size.get() + block.size());
        let mut blocks = self.blocks.borrow_mut();
        blocks.push_back(block);
        let mut free = Vec::new();
        while self.size.get() > KEPT {
            let Some(oldest) = blocks.pop_front() else { break };
            self.size.set(self.size.get() - oldest.size());
            free.push(oldest);
        }
        free
    }

    /// Gives all blocks back.
    pub(super) fn empty(&self) -> VecDeque<Block> {
        self.size.set(0);
        self.blocks.take()
    }

    /// Bytes in blocks.
    #[cfg(any(test, feature = "inject"))]
    pub(super) fn size(&self) -> usize {
        self.size.get()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Heap, HeapLimits};
    use super::c_void;

    extern "C" {
        fn __asan_address_is_poisoned(address: *const c_void) -> i32;
    }

    #[test]
    fn what_is_not_lent_is_closed() {
        let heap = Heap::new(HeapLimits { limit: 1 << 20, reserve: 0 }).unwrap();
        let functions = Heap::functions();
        let is_closed = |start: *mut c_void, at: usize| {
            // SAFETY: only asks.
            unsafe { __asan_address_is_poisoned(start.wrapping_byte_add(at)) != 0 }
        };
        // SAFETY: the functions of a live heap, which get what they have given out.
        let (first, second) = unsafe {
            let malloc = functions.js_malloc.unwrap();
            (malloc(heap.opaque(), 100), malloc(heap.opaque(), 5000))
        };
        assert!(!is_closed(first, 0) && !is_closed(first, 99) && !is_closed(second, 4999));
        assert!(
            is_closed(first, 100)
                && is_closed(second, 5000)
                && is_closed(second, 0usize.wrapping_sub(1))
        );
        let image = heap.image();
        // SAFETY: as above; what was there when the image was made is there again.
        unsafe {
            functions.js_free.unwrap()(heap.opaque(), first);
            assert!(is_closed(first, 0) && !is_closed(second, 0));
            heap.restore(&image);
        }
        assert!(!is_closed(first, 99) && is_closed(first, 100));
    }
}
