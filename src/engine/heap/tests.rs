//! The heap against a model, through the functions QuickJS calls.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ptr::null_mut;

use super::{Heap, HeapLimits, Pressure};

const MB: usize = 1 << 20;

/// A heap with the C functions as methods.
struct Rig {
    heap: Heap,
}

impl Rig {
    fn new(limit: usize, reserve: usize) -> Rig {
        Rig { heap: Heap::new(HeapLimits { limit, reserve }).expect("a region") }
    }

    fn malloc(&self, size: usize) -> *mut u8 {
        // SAFETY: the heap is alive.
        unsafe { Heap::functions().js_malloc.unwrap()(self.heap.opaque(), size as _) }.cast()
    }

    fn calloc(&self, count: usize, size: usize) -> *mut u8 {
        // SAFETY: the heap is alive.
        unsafe { Heap::functions().js_calloc.unwrap()(self.heap.opaque(), count as _, size as _) }
            .cast()
    }

    fn realloc(&self, pointer: *mut u8, size: usize) -> *mut u8 {
        // SAFETY: the tests pass pointers this heap gave out and did not free.
        unsafe {
            Heap::functions().js_realloc.unwrap()(self.heap.opaque(), pointer.cast(), size as _)
        }
        .cast()
    }

    fn free(&self, pointer: *mut u8) {
        // SAFETY: as for `realloc`.
        unsafe { Heap::functions().js_free.unwrap()(self.heap.opaque(), pointer.cast()) }
    }

    fn usable(pointer: *mut u8) -> usize {
        // SAFETY: as for `realloc`.
        unsafe {
            Heap::functions().js_malloc_usable_size.unwrap()(pointer.cast::<c_void>()) as usize
        }
    }

    /// All the bytes the caller may use.
    #[allow(clippy::mut_from_ref)] // A block is no part of the rig it comes from.
    fn bytes(&self, pointer: *mut u8) -> &mut [u8] {
        // SAFETY: the block is in use and this long; the tests hold one slice at a time,
        // of memory that `malloc` left readable.
        unsafe { std::slice::from_raw_parts_mut(pointer, Self::usable(pointer)) }
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: usize) -> usize {
        ((self.next() >> 33) as usize) % bound
    }

    /// Sizes as QuickJS asks for them: arenas, blocks of some hundred bytes, buffers.
    fn size(&mut self) -> usize {
        match self.below(20) {
            0..8 => 3_600 + self.below(500),
            8..17 => 1 + self.below(2_000),
            17..19 => 1 + self.below(60_000),
            _ => 1 + self.below(2 * MB),
        }
    }
}

/// Address, requested size and fill byte of each block in use.
#[derive(Default)]
struct Model(BTreeMap<usize, (usize, u8)>);

impl Model {
    fn add(&mut self, rig: &Rig, pointer: *mut u8, size: usize, fill: u8) {
        let (start, usable) = (pointer as usize, Rig::usable(pointer));
        assert_eq!(start % 16, 0, "alignment");
        assert!(usable >= size && usable < size + size / 7 + 600, "{usable} usable of {size}");
        if let Some((&before, _)) = self.0.range(..start).next_back() {
            assert!(before + Rig::usable(before as *mut u8) < start, "overlap");
        }
        if let Some((&after, _)) = self.0.range(start..).next() {
            assert!(start + usable < after, "overlap");
        }
        let base = rig.heap.opaque() as usize;
        assert!(start >= base && start + usable <= base + rig.heap.high_water());
        rig.bytes(pointer).fill(fill);
        self.0.insert(start, (size, fill));
    }

    fn pick(&mut self, random: &mut Random) -> Option<(*mut u8, usize, u8)> {
        let at = random.below(self.0.len().max(1));
        let (&start, &(size, fill)) = self.0.iter().nth(at)?;
        self.0.remove(&start);
        Some((start as *mut u8, size, fill))
    }

    /// Payload and tags of all blocks: what `used` is made of, but for a constant.
    fn in_use(&self) -> usize {
        self.0.keys().map(|&start| Rig::usable(start as *mut u8) + size_of::<usize>()).sum()
    }
}

fn churn(seed: u64, limit: usize, steps: usize) {
    let rig = Rig::new(limit, limit / 8);
    let (mut model, mut random) = (Model::default(), Random(seed));
    let empty = rig.heap.used();
    let mut refused = 0;
    for step in 0..steps {
        let fill = step as u8;
        let before = rig.heap.used();
        rig.heap.clear_pressure();
        match random.below(if step / 500 % 2 == 0 { 8 } else { 12 }) {
            0..3 => {
                let size = random.size();
                let pointer = rig.malloc(size);
                if pointer.is_null() {
                    let kept = limit / 8 / 4;
                    assert!(before + size + 600 + size / 7 > limit - kept, "refused too early");
                    assert_eq!(rig.heap.pressure(), Pressure::Refused);
                    refused += 1;
                } else {
                    model.add(&rig, pointer, size, fill);
                }
            }
            3 => {
                let (count, size) = (1 + random.below(7), random.size());
                let pointer = rig.calloc(count, size);
                if !pointer.is_null() {
                    assert!(rig.bytes(pointer)[..count * size].iter().all(|&byte| byte == 0));
                    model.add(&rig, pointer, count * size, fill);
                }
            }
            4..6 => {
                let Some((pointer, old, mark)) = model.pick(&mut random) else {
                    continue;
                };
                let kept = Rig::usable(pointer);
                let size = if random.below(2) == 0 { old + old / 2 } else { random.size() };
                let moved = rig.realloc(pointer, size);
                if moved.is_null() {
                    assert!(rig.bytes(pointer)[..kept].iter().all(|&byte| byte == mark));
                    model.add(&rig, pointer, old, mark);
                } else {
                    assert!(rig.bytes(moved)[..kept.min(size)].iter().all(|&byte| byte == mark));
                    model.add(&rig, moved, size, fill);
                }
            }
            _ => {
                let Some((pointer, _, mark)) = model.pick(&mut random) else {
                    continue;
                };
                assert!(rig.bytes(pointer).iter().all(|&byte| byte == mark), "overwritten");
                rig.free(pointer);
            }
        }
        let used = rig.heap.used();
        assert_eq!(used, empty + model.in_use());
        if step % 16 == 0 {
            assert_eq!(rig.heap.check(), Ok(()));
        }
        assert!(used <= limit && rig.heap.peak() >= used);
        if used > before && used > limit - limit / 8 {
            assert!(rig.heap.pressure() >= Pressure::Reserve);
        }
    }
    assert!(refused > 0, "the cap was never met");
    while let Some((pointer, _, mark)) = model.pick(&mut random) {
        assert!(rig.bytes(pointer).iter().all(|&byte| byte == mark), "overwritten");
        rig.free(pointer);
    }
    assert_eq!(rig.heap.used(), empty);
    assert_eq!(rig.heap.high_water(), empty, "everything merged back into the top");
}

#[test]
fn agrees_with_a_model() {
    for seed in 1..=4 {
        churn(seed, 6 * MB, 4_000);
    }
    churn(5, MB, 4_000);
}

#[test]
fn grants_up_to_the_cap_exactly() {
    let rig = Rig::new(4 * MB, 64 << 10);
    let mut announced_at = None;
    while !rig.malloc(1000).is_null() {
        if rig.heap.pressure() == Pressure::Reserve && announced_at.is_none() {
            announced_at = Some(rig.heap.used());
        }
    }
    let room = rig.heap.limit() - rig.heap.used();
    assert!(room < 1000 + 40, "{room} bytes left unused");
    let announced_at = announced_at.expect("the reserve to be announced");
    assert!((4 * MB - (64 << 10)..).contains(&(announced_at - 1)));
    assert_eq!(rig.heap.pressure(), Pressure::Refused);
    rig.heap.clear_pressure();
    assert_eq!(rig.heap.pressure(), Pressure::None);
    let last = rig.malloc(room - 40);
    assert!(last.is_null() || rig.heap.pressure() == Pressure::Reserve);
}

#[test]
fn counts_what_is_charged_as_used() {
    let rig = Rig::new(4 * MB, 512 << 10);
    let empty = rig.heap.used();
    rig.heap.charge(3 * MB);
    assert_eq!(rig.heap.used(), empty + 3 * MB);
    assert_eq!(rig.heap.pressure(), Pressure::None);
    assert!(rig.malloc(MB).is_null(), "there is no room beside the charge");
    rig.heap.clear_pressure();
    rig.heap.charge(600 << 10);
    assert_eq!(rig.heap.pressure(), Pressure::Reserve);
    let image = rig.heap.image();
    rig.heap.charge(MB);
    assert_eq!(rig.heap.pressure(), Pressure::Refused);
    assert!(rig.malloc(16).is_null(), "the charge is beyond the cap");
    // SAFETY: no engine runs here, and nothing has been allocated.
    unsafe { rig.heap.restore(&image) };
    assert_eq!(rig.heap.used(), empty + 3 * MB + (600 << 10));
    rig.heap.discharge(3 * MB + (600 << 10));
    assert_eq!(rig.heap.used(), empty);
    assert!(!rig.malloc(MB).is_null());
    assert!(rig.heap.peak() >= 4 * MB - (512 << 10));
    assert_eq!(rig.heap.check(), Ok(()));
}

#[test]
fn charges_a_resize_for_its_net_growth() {
    let rig = Rig::new(4 * MB, 0);
    let large = rig.malloc(2 * MB);
    rig.bytes(large).fill(7);
    let _behind = rig.malloc(600);
    let moved = rig.realloc(large, 3 * MB);
    assert!(!moved.is_null() && moved != large);
    assert!(rig.bytes(moved)[..2 * MB].iter().all(|&byte| byte == 7));
    assert!(rig.heap.used() < 4 * MB);
}

#[test]
fn resizes_in_place_where_it_can() {
    let rig = Rig::new(8 * MB, 0);
    let last = rig.malloc(5_000);
    assert_eq!(rig.realloc(last, MB), last, "into the top");
    let behind = rig.malloc(100_000);
    let _wall = rig.malloc(600);
    rig.free(behind);
    assert_eq!(rig.realloc(last, MB + 90_000), last, "into a free neighbour");
    let used = rig.heap.used();
    assert_eq!(rig.realloc(last, 1_000), last, "shrunk");
    assert!(rig.heap.used() < used - MB);
}

#[test]
fn refuses_absurd_sizes() {
    let rig = Rig::new(MB, 0);
    let block = rig.malloc(600);
    let used = rig.heap.used();
    for size in [usize::MAX, usize::MAX - 7, usize::MAX - 40, usize::MAX / 2, 1 << 40, MB] {
        rig.heap.clear_pressure();
        assert!(rig.malloc(size).is_null());
        assert_eq!(rig.heap.pressure(), Pressure::Refused);
        assert!(rig.realloc(block, size).is_null());
        assert!(rig.calloc(size, 1).is_null());
        assert!(rig.calloc(size, size).is_null());
    }
    assert!(rig.calloc(usize::MAX / 2 + 2, 2).is_null(), "the product wraps to 2");
    assert_eq!(rig.heap.used(), used);
    assert!(Heap::new(HeapLimits { limit: usize::MAX, reserve: 0 }).is_err());
}

#[test]
fn follows_c_where_sizes_and_pointers_are_nothing() {
    let rig = Rig::new(MB, 0);
    let used = rig.heap.used();
    let block = rig.realloc(null_mut(), 700);
    assert!(Rig::usable(block) >= 700);
    assert!(rig.realloc(block, 0).is_null());
    rig.free(null_mut());
    assert_eq!(Rig::usable(null_mut()), 0);
    assert_eq!(rig.heap.used(), used);
}

#[test]
fn a_limit_too_small_refuses_everything() {
    for limit in [0, 1, 4_000] {
        let rig = Rig::new(limit, 0);
        assert!(rig.malloc(1).is_null());
        assert_eq!(rig.heap.pressure(), Pressure::Refused);
    }
}

#[test]
fn a_recycled_region_is_all_zeros() {
    // A size no other test uses, so that the pool has this region only.
    let limit = 7 * MB;
    let mut seen = Vec::new();
    for _ in 0..5 {
        let rig = Rig::new(limit, 0);
        seen.push(rig.heap.opaque());
        for size in [600, 4_096, 30_000, 100_000] {
            let block = rig.malloc(size);
            assert!(rig.bytes(block)[..size - 64].iter().all(|&byte| byte == 0));
            rig.bytes(block).fill(0xAB);
        }
    }
    assert!(seen[1..].contains(&seen[0]), "nothing was recycled");
}

#[test]
fn zeroes_what_was_used_and_given_back() {
    let rig = Rig::new(64 * MB, 0);
    for round in 0..4 {
        let wall = (round % 2 == 1).then(|| (rig.malloc(9 * MB), rig.malloc(600)));
        let first = rig.malloc(9 * MB);
        rig.bytes(first).fill(0xCD);
        rig.free(first);
        if let Some((large, small)) = wall {
            rig.bytes(large).fill(0xEF);
            rig.free(large);
            let again = rig.calloc(1, 8 * MB);
            assert!(rig.bytes(again)[..8 * MB].iter().all(|&byte| byte == 0));
            rig.free(again);
            rig.free(small);
        }
        let again = rig.calloc(3, 3 * MB);
        assert!(rig.bytes(again)[..9 * MB].iter().all(|&byte| byte == 0));
        rig.free(again);
    }
}

#[test]
fn trims_what_is_free_and_keeps_the_rest() {
    let rig = Rig::new(64 * MB, 0);
    let free = rig.malloc(4 * MB);
    let kept = rig.malloc(MB);
    rig.bytes(free).fill(1);
    rig.bytes(kept).fill(2);
    let top = rig.malloc(4 * MB);
    rig.bytes(top).fill(3);
    rig.free(top);
    rig.free(free);
    assert!(rig.heap.idle() >= 8 * MB);
    rig.heap.trim();
    assert!(rig.heap.idle() < 100_000, "{} bytes idle", rig.heap.idle());
    assert!(rig.bytes(kept).iter().all(|&byte| byte == 2));
    let part = rig.malloc(MB);
    rig.bytes(part).fill(4);
    rig.free(part);
    assert!((MB..5 * MB).contains(&rig.heap.idle()), "{} bytes idle", rig.heap.idle());
    let zeroed = rig.calloc(1, 3 * MB);
    assert!(rig.bytes(zeroed)[..3 * MB].iter().all(|&byte| byte == 0));
}

/// What a checkpoint relies on.
#[test]
fn the_used_span_is_the_whole_heap() {
    let rig = Rig::new(16 * MB, 0);
    let (mut model, mut random) = (Model::default(), Random(9));
    for fill in 0..60 {
        let size = random.size() / 8;
        model.add(&rig, rig.malloc(size + 1), size + 1, fill);
        if fill % 3 == 0 {
            rig.free(model.pick(&mut random).expect("a block").0);
        }
    }
    let (used, span) = (rig.heap.used(), rig.heap.high_water());
    let base = rig.heap.opaque().cast::<u8>();
    // SAFETY: the span is committed, and nothing writes to it meanwhile.
    let saved = unsafe { std::slice::from_raw_parts(base, span) }.to_vec();

    for &start in model.0.keys() {
        rig.free(start as *mut u8);
    }
    rig.heap.trim();
    let other = rig.malloc(5 * MB);
    rig.bytes(other).fill(0xFF);

    // SAFETY: the same span, of which nobody holds a reference.
    unsafe { base.copy_from_nonoverlapping(saved.as_ptr(), span) };
    assert_eq!((rig.heap.used(), rig.heap.high_water()), (used, span));
    let zeroed = rig.calloc(1, 6 * MB);
    assert!(rig.bytes(zeroed)[..6 * MB].iter().all(|&byte| byte == 0));
    while let Some((pointer, _, mark)) = model.pick(&mut random) {
        assert!(rig.bytes(pointer).iter().all(|&byte| byte == mark));
        rig.free(pointer);
    }
}

#[test]
fn many_heaps_live_side_by_side() {
    let rigs: Vec<Rig> = (0..500).map(|_| Rig::new(32 * MB, 64 << 10)).collect();
    let blocks: Vec<*mut u8> = rigs.iter().map(|rig| rig.malloc(5_000)).collect();
    for (index, (rig, &block)) in rigs.iter().zip(&blocks).enumerate() {
        rig.bytes(block).fill(index as u8);
    }
    for (index, (rig, &block)) in rigs.iter().zip(&blocks).enumerate() {
        assert!(rig.bytes(block).iter().all(|&byte| byte == index as u8));
    }
}

#[test]
fn moves_between_threads() {
    let rig = Rig::new(MB, 0);
    let block = rig.malloc(600);
    rig.bytes(block).fill(1);
    let (heap, address) = (rig.heap, block as usize);
    std::thread::spawn(move || {
        let rig = Rig { heap };
        assert!(rig.bytes(address as *mut u8).iter().all(|&byte| byte == 1));
        rig.free(address as *mut u8);
    })
    .join()
    .expect("no panic");
}
