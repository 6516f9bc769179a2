//! Nothing is known of a heap but what its blocks say.

use super::allocator::Allocator;
use super::block::Block;

/// Bytes at the end of each block that nobody may use.
pub(super) const REDZONE: usize = 0;

/// Bytes of a block that its user may use.
pub(super) fn lent(block: Block) -> usize {
    block.capacity()
}

/// Notes that a block is in use, of which its user has asked for `size` bytes.
pub(super) fn lend(_block: Block, _size: usize) {}

/// Notes that a range of bytes is nobody's.
pub(super) fn close(_start: *const u8, _size: usize) {}

/// Notes that a range of bytes may be used by anybody.
pub(super) fn open(_start: *const u8, _size: usize) {}

/// Notes what is whose, in a heap that was replaced as a whole.
pub(super) fn describe(_state: &Allocator) {}

/// Blocks that have been freed and are not to be used again for a while.
pub(super) struct Quarantine;

impl Quarantine {
    pub(super) fn new() -> Self {
        Self
    }

    /// Takes a block; answers those that may be used again.
    pub(super) fn exchange(&self, block: Block) -> Option<Block> {
        Some(block)
    }

    /// Gives all blocks back.
    pub(super) fn empty(&self) -> Option<Block> {
        None
    }

    /// Bytes in blocks.
    #[cfg(any(test, feature = "inject"))]
    pub(super) fn size(&self) -> usize {
        0
    }
}
