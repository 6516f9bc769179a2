//! The free lists: one per class of sizes, with bitmaps to find a fit in constant time.
//!
//! Two levels, as in TLSF (Masmano et al., 2004): a row per power of two, sixteen
//! columns in it, so the sizes of one class differ by 6 % at most.

use super::block::{Block, GRAIN};

const COLUMN_BITS: u32 = 4;
const COLUMNS: usize = 1 << COLUMN_BITS;
const ROWS: usize = 32;

/// Blocks must be smaller than this many bytes.
#[cfg(target_pointer_width = "64")]
pub(super) const MAX_SIZE: usize = GRAIN << (ROWS as u32 + COLUMN_BITS - 1);
#[cfg(target_pointer_width = "32")]
pub(super) const MAX_SIZE: usize = 1 << 31;

/// How many blocks of a request's own class are looked at before a larger class is
/// taken. Programs free and ask for the same sizes over and over, so the first is
/// mostly an exact fit; the bound keeps a long list of misfits cheap.
const TRIES: usize = 8;

/// All free blocks. All zeros is the empty state.
pub(super) struct Bins {
    /// Bit r: row r has a block.
    rows: u32,
    /// Bit c of entry r: the list at (r, c) has a block.
    columns: [u16; ROWS],
    heads: [[Option<Block>; COLUMNS]; ROWS],
}

#[derive(Clone, Copy)]
struct Class {
    row: usize,
    column: usize,
}

impl Class {
    /// The class that `size` belongs to.
    fn of(size: usize) -> Class {
        let grains = size / GRAIN;
        if grains < COLUMNS {
            return Class { row: 0, column: grains };
        }
        let shift = grains.ilog2() - COLUMN_BITS;
        Class { row: shift as usize + 1, column: (grains >> shift) % COLUMNS }
    }
}

impl Bins {
    pub(super) fn insert(&mut self, block: Block) {
        let Class { row, column } = Class::of(block.size());
        let head = &mut self.heads[row][column];
        block.link(*head, None);
        if let Some(old) = head.replace(block) {
            old.set_link_prev(Some(block));
        }
        self.rows |= 1 << row;
        self.columns[row] |= 1 << column;
    }

    pub(super) fn remove(&mut self, block: Block) {
        let (next, prev) = (block.link_next(), block.link_prev());
        if let Some(next) = next {
            next.set_link_prev(prev);
        }
        match prev {
            Some(prev) => prev.set_link_next(next),
            None => {
                let Class { row, column } = Class::of(block.size());
                debug_assert!(self.heads[row][column] == Some(block));
                self.heads[row][column] = next;
                if next.is_none() {
                    self.columns[row] &= !(1 << column);
                    if self.columns[row] == 0 {
                        self.rows &= !(1 << row);
                    }
                }
            }
        }
    }

    /// Takes out a free block of at least `size` bytes.
    pub(super) fn take(&mut self, size: usize) -> Option<Block> {
        let class = Class::of(size);
        let block = self.in_class(class, size).or_else(|| self.above(class))?;
        self.remove(block);
        Some(block)
    }

    /// Visits the free blocks of `size` bytes and more, and some a little smaller.
    pub(super) fn each_from(&self, size: usize, mut visit: impl FnMut(Block)) {
        let Class { row, column } = Class::of(size);
        for mut candidate in self.heads[row..].as_flattened()[column..].iter().copied() {
            while let Some(block) = candidate {
                visit(block);
                candidate = block.link_next();
            }
        }
    }

    fn in_class(&self, class: Class, size: usize) -> Option<Block> {
        let mut candidate = self.heads[class.row][class.column];
        for _ in 0..TRIES {
            let block = candidate?;
            if block.size() >= size {
                return Some(block);
            }
            candidate = block.link_next();
        }
        None
    }

    /// A block of the next class that has one; every one of those is large enough.
    fn above(&self, class: Class) -> Option<Block> {
        let right = u32::from(self.columns[class.row]) & (!1 << class.column);
        let (row, columns) = if right != 0 {
            (class.row, right)
        } else {
            let below = self.rows & (!1u32).checked_shl(class.row as u32)?;
            let row = below.trailing_zeros() as usize;
            (row, u32::from(*self.columns.get(row)?))
        };
        self.heads[row][columns.trailing_zeros() as usize]
    }
}
