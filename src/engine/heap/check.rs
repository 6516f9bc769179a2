//! Whether a heap is in order: its blocks lie side by side, and its lists and figures say
//! what they do. For tests.

use super::allocator::Allocator;
use super::block::Block;
use super::Heap;

impl Heap {
    /// Says what is wrong with the heap, if anything is.
    pub fn check(&self) -> Result<(), String> {
        let state = self.state();
        let mut binned = state.binned();
        let (mut used, mut before) = (Allocator::prefix(), None::<Block>);
        let mut block = state.first();
        while block < state.top() {
            let wrong = |what: &str| Err(format!("{what} at {:?}", block.payload()));
            let next = block.offset(block.size());
            if block.size() == 0 || next > state.top() {
                return wrong("a size that leads astray");
            }
            if block.prev_if_free() != before.filter(|before| before.is_free()) {
                return wrong("a block that mistakes the one before it");
            }
            if block.is_free() && before.is_some_and(Block::is_free) {
                return wrong("two free blocks that were not merged");
            }
            if block.is_free() != binned.remove(&block) {
                return wrong("a block that is in a list but not free, or the reverse");
            }
            used += if block.is_free() { 0 } else { block.size() };
            before = Some(block);
            block = next;
        }
        if let Some(stray) = binned.first() {
            return Err(format!("in a list, but no block: {:?}", stray.payload()));
        }
        if used != self.used() {
            return Err(format!("{used} bytes in use, {} counted", self.used()));
        }
        Ok(())
    }
}
