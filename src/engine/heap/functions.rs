//! The allocation functions as QuickJS calls them.
//!
//! Each borrows the heap's state for its own duration only. The allocator never calls
//! into the engine, so a call cannot begin while another is under way; nor can one be
//! cut short, as a guest is stopped by a jump only while the engine's own code runs.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr::{null_mut, NonNull};

use rquickjs::qjs::{size_t, JSMallocFunctions};

use super::allocator::Allocator;
use super::block::Block;
use super::shadow;

pub(super) fn table() -> JSMallocFunctions {
    JSMallocFunctions {
        js_calloc: Some(calloc),
        js_malloc: Some(malloc),
        js_free: Some(free),
        js_realloc: Some(realloc),
        js_malloc_usable_size: Some(usable_size),
    }
}

/// # Safety
/// `opaque` must be a live heap's [`Heap::opaque`](super::Heap::opaque), and the result
/// must be gone before that heap is used again.
unsafe fn state<'a>(opaque: *mut c_void) -> &'a mut Allocator {
    // SAFETY: the pointer is valid until the heap is dropped, and exclusive for as long
    // as one of the functions below runs, as the module's comment argues.
    unsafe { &mut *opaque.cast::<Allocator>() }
}

fn to_c(payload: Option<NonNull<u8>>) -> *mut c_void {
    payload.map_or(null_mut(), |payload| payload.as_ptr().cast())
}

unsafe extern "C" fn malloc(opaque: *mut c_void, size: size_t) -> *mut c_void {
    // SAFETY: QuickJS passes the pointer its runtime was made with.
    to_c(unsafe { state(opaque) }.allocate(size as usize))
}

unsafe extern "C" fn calloc(opaque: *mut c_void, count: size_t, size: size_t) -> *mut c_void {
    // A product that overflows becomes a size no heap can hold, and is refused as such.
    let size = (count as usize).saturating_mul(size as usize);
    // SAFETY: as in `malloc`.
    to_c(unsafe { state(opaque) }.allocate_zeroed(size))
}

unsafe extern "C" fn free(opaque: *mut c_void, pointer: *mut c_void) {
    if let Some(payload) = NonNull::new(pointer.cast()) {
        // SAFETY: as in `malloc`; and QuickJS frees what it got from here, once.
        unsafe { state(opaque).free(payload) };
    }
}

unsafe extern "C" fn realloc(
    opaque: *mut c_void,
    pointer: *mut c_void,
    size: size_t,
) -> *mut c_void {
    // SAFETY: as in `malloc` and `free`.
    unsafe {
        match NonNull::new(pointer.cast()) {
            None => malloc(opaque, size),
            Some(_) if size == 0 => {
                free(opaque, pointer);
                null_mut()
            }
            Some(payload) => to_c(state(opaque).resize(payload, size as usize)),
        }
    }
}

unsafe extern "C" fn usable_size(pointer: *const c_void) -> size_t {
    match NonNull::new(pointer.cast_mut().cast()) {
        // SAFETY: QuickJS asks about blocks it holds; the answer is in the block itself.
        Some(payload) => shadow::lent(unsafe { Block::from_payload(payload) }) as size_t,
        None => 0,
    }
}
