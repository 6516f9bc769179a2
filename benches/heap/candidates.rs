//! The allocators compared. Each but glibc's lives in one region of its own.
#![allow(unsafe_code)]

use std::alloc::Layout;
use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::{copy_nonoverlapping, null_mut, NonNull};

use quickvm::engine::heap::{Heap, HeapLimits};
use rquickjs::qjs::{size_t, JSMallocFunctions};

/// Address space for a candidate that cannot grow into more.
const REGION_LAYOUT: Layout = match Layout::from_size_align(1 << 30, 16) {
    Ok(layout) => layout,
    Err(_) => panic!(),
};

/// What an engine can be run on.
pub trait Candidate {
    fn name(&self) -> &'static str;
    /// `None` is the engine's default, malloc.
    fn functions(&self) -> Option<(JSMallocFunctions, *mut c_void)>;
    /// Whether memory goes as a whole, without the engine freeing each value.
    fn frees_whole(&self) -> bool;
    /// Ours, for its counters.
    fn heap(&self) -> Option<&Heap> {
        None
    }
}

pub type Make = fn() -> Box<dyn Candidate>;

/// The baseline first.
pub const ALL: [Make; 5] = [
    || Box::new(Malloc),
    || ours(128 << 20),
    || Box::new(Boxed::<Talc>::new("talc")),
    || Box::new(Boxed::<Rlsf>::new("rlsf")),
    || Box::new(Boxed::<Dlmalloc>::new("dlmalloc")),
];

pub fn ours(limit: usize) -> Box<dyn Candidate> {
    let limits = HeapLimits { limit, reserve: 64 << 10 };
    Box::new(Ours(Heap::new(limits).expect("address space")))
}

pub struct Malloc;

impl Candidate for Malloc {
    fn name(&self) -> &'static str {
        "malloc"
    }
    fn functions(&self) -> Option<(JSMallocFunctions, *mut c_void)> {
        None
    }
    fn frees_whole(&self) -> bool {
        false
    }
}

struct Ours(Heap);

impl Candidate for Ours {
    fn name(&self) -> &'static str {
        "ours"
    }
    fn functions(&self) -> Option<(JSMallocFunctions, *mut c_void)> {
        Some((Heap::functions(), self.0.opaque()))
    }
    fn frees_whole(&self) -> bool {
        true
    }
    fn heap(&self) -> Option<&Heap> {
        Some(&self.0)
    }
}

/// What the crates have in common. They want to be told sizes or do not tell them, so
/// a header in front of each block keeps the size; that is what using them would take.
trait Crate {
    fn over(region: &'static mut [u8]) -> Self;
    unsafe fn allocate(&mut self, layout: Layout) -> *mut u8;
    unsafe fn free(&mut self, block: *mut u8, layout: Layout);
    unsafe fn resize(&mut self, block: *mut u8, old: Layout, new: usize) -> *mut u8;
}

struct Boxed<C> {
    name: &'static str,
    inner: NonNull<C>,
    region: *mut u8,
}

const HEADER: usize = 16;

impl<C: Crate> Boxed<C> {
    fn new(name: &'static str) -> Self {
        // SAFETY: as large a block is fresh from the system, zero and not yet resident.
        // It is freed when the candidate, the only user, is dropped.
        unsafe {
            let region = std::alloc::alloc_zeroed(REGION_LAYOUT);
            assert!(!region.is_null());
            let bytes = std::slice::from_raw_parts_mut(region, REGION_LAYOUT.size());
            let inner = NonNull::from(Box::leak(Box::new(C::over(bytes))));
            Boxed { name, inner, region }
        }
    }

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size.saturating_add(HEADER), 16).unwrap_or(Layout::new::<u128>())
    }

    unsafe extern "C" fn malloc(opaque: *mut c_void, size: size_t) -> *mut c_void {
        let layout = Self::layout(size as usize);
        // SAFETY: `opaque` is `inner`, and the block has room for the header.
        unsafe {
            let block = (*opaque.cast::<C>()).allocate(layout);
            if block.is_null() {
                return null_mut();
            }
            block.cast::<usize>().write(layout.size());
            block.add(HEADER).cast()
        }
    }

    unsafe extern "C" fn calloc(o: *mut c_void, count: size_t, size: size_t) -> *mut c_void {
        // SAFETY: as `malloc`; the block is at least this long.
        unsafe {
            let size = count * size;
            let block = Self::malloc(o, size);
            if !block.is_null() {
                block.write_bytes(0, size as usize);
            }
            block
        }
    }

    unsafe extern "C" fn free(opaque: *mut c_void, pointer: *mut c_void) {
        if pointer.is_null() {
            return;
        }
        // SAFETY: the engine frees what it got from `malloc`, which wrote the header.
        unsafe {
            let block = pointer.cast::<u8>().sub(HEADER);
            let layout = Self::layout(block.cast::<usize>().read() - HEADER);
            (*opaque.cast::<C>()).free(block, layout);
        }
    }

    unsafe extern "C" fn realloc(o: *mut c_void, pointer: *mut c_void, n: size_t) -> *mut c_void {
        // SAFETY: as `malloc` and `free`.
        unsafe {
            if pointer.is_null() {
                return Self::malloc(o, n);
            }
            let block = pointer.cast::<u8>().sub(HEADER);
            let old = Self::layout(block.cast::<usize>().read() - HEADER);
            let new = Self::layout(n as usize).size();
            let block = (*o.cast::<C>()).resize(block, old, new);
            if block.is_null() {
                return null_mut();
            }
            block.cast::<usize>().write(new);
            block.add(HEADER).cast()
        }
    }

    unsafe extern "C" fn usable(pointer: *const c_void) -> size_t {
        // SAFETY: as `free`.
        unsafe { (pointer.cast::<u8>().sub(HEADER).cast::<usize>().read() - HEADER) as size_t }
    }
}

impl<C: Crate> Candidate for Boxed<C> {
    fn name(&self) -> &'static str {
        self.name
    }
    fn functions(&self) -> Option<(JSMallocFunctions, *mut c_void)> {
        let functions = JSMallocFunctions {
            js_calloc: Some(Self::calloc),
            js_malloc: Some(Self::malloc),
            js_free: Some(Self::free),
            js_realloc: Some(Self::realloc),
            js_malloc_usable_size: Some(Self::usable),
        };
        Some((functions, self.inner.as_ptr().cast()))
    }
    fn frees_whole(&self) -> bool {
        true
    }
}

impl<C> Drop for Boxed<C> {
    fn drop(&mut self) {
        // SAFETY: the engine is gone; the allocator goes before the region it describes.
        unsafe {
            drop(Box::from_raw(self.inner.as_ptr()));
            std::alloc::dealloc(self.region, REGION_LAYOUT);
        }
    }
}

struct Talc(talc::base::Talc<talc::source::Manual, talc::base::binning::DefaultBinning>);

impl Crate for Talc {
    fn over(region: &'static mut [u8]) -> Self {
        let mut talc = talc::base::Talc::new(talc::source::Manual);
        // SAFETY: the region is the allocator's alone.
        unsafe { talc.claim(region.as_mut_ptr(), region.len()) }.expect("room for its lists");
        Talc(talc)
    }
    unsafe fn allocate(&mut self, layout: Layout) -> *mut u8 {
        // SAFETY: the layout has a header's size at least.
        unsafe { self.0.try_allocate(layout) }.map_or(null_mut(), NonNull::as_ptr)
    }
    unsafe fn free(&mut self, block: *mut u8, layout: Layout) {
        // SAFETY: passed on.
        unsafe { self.0.deallocate(block, layout) }
    }
    unsafe fn resize(&mut self, block: *mut u8, old: Layout, new: usize) -> *mut u8 {
        // SAFETY: passed on; the new block is apart from the old while both are in use.
        unsafe {
            if self.0.try_realloc_in_place(block, old, new) {
                return block;
            }
            let moved = self.allocate(Layout::from_size_align_unchecked(new, 16));
            if !moved.is_null() {
                copy_nonoverlapping(block, moved, old.size().min(new));
                self.free(block, old);
            }
            moved
        }
    }
}

struct Rlsf(rlsf::Tlsf<'static, u32, u32, 25, 32>);

impl Crate for Rlsf {
    fn over(region: &'static mut [u8]) -> Self {
        let mut tlsf = rlsf::Tlsf::new();
        // SAFETY: the region is the allocator's alone.
        unsafe { tlsf.insert_free_block_ptr(NonNull::from(region)) }.expect("a pool");
        Rlsf(tlsf)
    }
    unsafe fn allocate(&mut self, layout: Layout) -> *mut u8 {
        self.0.allocate(layout).map_or(null_mut(), NonNull::as_ptr)
    }
    unsafe fn free(&mut self, block: *mut u8, layout: Layout) {
        // SAFETY: passed on.
        unsafe { self.0.deallocate(NonNull::new_unchecked(block), layout.align()) }
    }
    unsafe fn resize(&mut self, block: *mut u8, old: Layout, new: usize) -> *mut u8 {
        // SAFETY: passed on.
        unsafe {
            let layout = Layout::from_size_align_unchecked(new, old.align());
            let moved = self.0.reallocate(NonNull::new_unchecked(block), layout);
            moved.map_or(null_mut(), NonNull::as_ptr)
        }
    }
}

struct Dlmalloc(dlmalloc::Dlmalloc<Bump>);

/// Hands dlmalloc ever more of one region, which it joins to what it has.
struct Bump {
    next: Cell<usize>,
    region: NonNull<u8>,
}

// SAFETY: used on one thread.
unsafe impl Send for Bump {}

// SAFETY: every range is handed out once, zero, inside the region.
unsafe impl dlmalloc::Allocator for Bump {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let at = self.next.get();
        let size = size.next_multiple_of(256 << 10);
        if at + size > REGION_LAYOUT.size() {
            return (null_mut(), 0, 0);
        }
        self.next.set(at + size);
        // SAFETY: inside the region, as was just checked.
        (unsafe { self.region.as_ptr().add(at) }, size, 0)
    }
    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        null_mut()
    }
    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }
    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }
    fn can_release_part(&self, _: u32) -> bool {
        false
    }
    fn allocates_zeros(&self) -> bool {
        true
    }
    fn page_size(&self) -> usize {
        4096
    }
}

impl Crate for Dlmalloc {
    fn over(region: &'static mut [u8]) -> Self {
        let bump = Bump { next: Cell::new(0), region: NonNull::from(region).cast() };
        Dlmalloc(dlmalloc::Dlmalloc::new_with_allocator(bump))
    }
    unsafe fn allocate(&mut self, layout: Layout) -> *mut u8 {
        // SAFETY: passed on.
        unsafe { self.0.malloc(layout.size(), layout.align()) }
    }
    unsafe fn free(&mut self, block: *mut u8, layout: Layout) {
        // SAFETY: passed on.
        unsafe { self.0.free(block, layout.size(), layout.align()) }
    }
    unsafe fn resize(&mut self, block: *mut u8, old: Layout, new: usize) -> *mut u8 {
        // SAFETY: passed on.
        unsafe { self.0.realloc(block, old.size(), old.align(), new) }
    }
}
