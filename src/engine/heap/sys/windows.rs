//! Pages from Windows.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::io;
use std::ptr::{null_mut, NonNull};

const MEM_COMMIT: u32 = 0x1000;
const MEM_RESERVE: u32 = 0x2000;
const MEM_RELEASE: u32 = 0x8000;
const MEM_RESET: u32 = 0x8_0000;
const PAGE_NOACCESS: u32 = 0x01;
const PAGE_READWRITE: u32 = 0x04;

#[link(name = "kernel32")]
unsafe extern "system" {
    fn VirtualAlloc(address: *mut c_void, size: usize, kind: u32, protection: u32) -> *mut c_void;
    fn VirtualFree(address: *mut c_void, size: usize, kind: u32) -> i32;
}

/// Bytes a page has on every architecture Windows runs on; all ranges below are made
/// of whole pages.
pub(in super::super) fn page_size() -> usize {
    4096
}

/// Sets addresses aside. They count for nothing until committed.
pub(in super::super) fn reserve(len: usize) -> io::Result<NonNull<u8>> {
    // SAFETY: a new reservation, away from all others.
    let base = unsafe { VirtualAlloc(null_mut(), len, MEM_RESERVE, PAGE_NOACCESS) };
    NonNull::new(base.cast()).ok_or_else(io::Error::last_os_error)
}

/// Makes pages accessible; false if the system has none to promise.
///
/// # Safety
/// The range must be part of what [`reserve`] returned.
pub(in super::super) unsafe fn commit(start: NonNull<u8>, len: usize) -> bool {
    // SAFETY: pages of a reservation of ours; those committed already stay as they are.
    !unsafe { VirtualAlloc(start.as_ptr().cast(), len, MEM_COMMIT, PAGE_READWRITE) }.is_null()
}

/// Would ask for the physical pages now; here they come when touched.
///
/// # Safety
/// The range must be committed.
pub(in super::super) unsafe fn prefault(_start: NonNull<u8>, _len: usize) {}

/// Gives the physical pages back; the range stays accessible and reads as zeros.
///
/// # Safety
/// The range must be committed and its contents of no use to anyone.
pub(in super::super) unsafe fn discard(start: NonNull<u8>, len: usize) {
    // Decommitting could fail to be undone later. A reset keeps the pages and lets the
    // system drop what is in them; it promises no zeros by itself, but with zeros in
    // there beforehand both outcomes are the same.
    // SAFETY: committed pages of ours whose contents may go.
    unsafe {
        start.write_bytes(0, len);
        VirtualAlloc(start.as_ptr().cast(), len, MEM_RESET, PAGE_READWRITE);
    }
}

/// Ends a reservation.
///
/// # Safety
/// `start` and `len` must be those of [`reserve`], and nothing may use the range again.
pub(in super::super) unsafe fn release(start: NonNull<u8>, _len: usize) {
    // SAFETY: the base of a reservation of ours, whole and no longer used.
    let released = unsafe { VirtualFree(start.as_ptr().cast(), 0, MEM_RELEASE) };
    debug_assert!(released != 0, "VirtualFree refused a range it once reserved");
}
