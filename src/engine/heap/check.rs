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
        for block in state.blocks() {
            let wrong = |what: &str| Err(format!("{what} at {:?}", block.payload()));
            if block.offset(block.size()) > state.top() {
                return wrong("a size that leads astray");
            }
            let free_before = before.filter(|before| before.is_free());
            if block.prev_if_free() != free_before {
                return wrong("a block that mistakes the one before it");
            }
            if block.is_free() && free_before.is_some() {
                return wrong("two free blocks that were not merged");
            }
            if block.is_free() != binned.remove(&block) {
                return wrong("a block that is in a list but not free, or the reverse");
            }
            used += if block.is_free() { 0 } else { block.size() };
            before = Some(block);
        }
        let end = before.map(|last| last.offset(last.size()));
        if end.is_some_and(|end| end != state.top()) {
            return Err("the blocks end before the top".into());
        }
        if let Some(stray) = binned.first() {
            return Err(format!("in a list, but no block: {:?}", stray.payload()));
        }
        // Those in quarantine are no longer counted; what is charged is in no block.
        let counted = self.used() - state.charged() + self.host().quarantine.size();
        match used == counted {
            true => Ok(()),
            false => Err(format!("{used} bytes in use, {counted} counted")),
        }
    }
}
