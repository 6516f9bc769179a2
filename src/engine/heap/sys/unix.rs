//! Pages from a unix system.
#![allow(unsafe_code)]

use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes a page has; all ranges below are made of whole pages.
pub(in super::super) fn page_size() -> usize {
    static SIZE: AtomicUsize = AtomicUsize::new(0);
    match SIZE.load(Ordering::Relaxed) {
        0 => {
            // SAFETY: a question without side effects.
            let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
            SIZE.store(size, Ordering::Relaxed);
            size
        }
        size => size,
    }
}

/// Sets addresses aside. They count for nothing, not even where the system refuses
/// to promise more memory than it has, until committed.
pub(in super::super) fn reserve(len: usize) -> io::Result<NonNull<u8>> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_NORESERVE;
    // SAFETY: a new mapping, away from all others.
    let base = unsafe { libc::mmap(std::ptr::null_mut(), len, libc::PROT_NONE, flags, -1, 0) };
    if base == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    NonNull::new(base.cast()).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
}

/// Makes pages accessible; false if the system has none to promise.
///
/// # Safety
/// The range must be part of what [`reserve`] returned.
pub(in super::super) unsafe fn commit(start: NonNull<u8>, len: usize) -> bool {
    // SAFETY: access is only added, to pages that are the caller's.
    unsafe { libc::mprotect(start.as_ptr().cast(), len, libc::PROT_READ | libc::PROT_WRITE) == 0 }
}

/// Asks for the physical pages now. Only a hint: without it they come when touched.
///
/// # Safety
/// The range must be committed.
pub(in super::super) unsafe fn prefault(start: NonNull<u8>, len: usize) {
    #[cfg(target_os = "linux")]
    // SAFETY: populating leaves the contents as they are. Kernels before 5.14 say EINVAL.
    unsafe {
        libc::madvise(start.as_ptr().cast(), len, libc::MADV_POPULATE_WRITE);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (start, len);
}

/// Gives the physical pages back; the range stays accessible and reads as zeros.
///
/// # Safety
/// The range must be committed and its contents of no use to anyone.
pub(in super::super) unsafe fn discard(start: NonNull<u8>, len: usize) {
    #[cfg(target_os = "linux")]
    // SAFETY: the contents may go, and on Linux zeros are what replaces them.
    let failed = unsafe { libc::madvise(start.as_ptr().cast(), len, libc::MADV_DONTNEED) != 0 };
    // Elsewhere DONTNEED promises nothing; a new mapping over the old does.
    #[cfg(not(target_os = "linux"))]
    // SAFETY: it replaces pages of ours, whose contents may go.
    let failed = unsafe {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_FIXED;
        let access = libc::PROT_READ | libc::PROT_WRITE;
        libc::mmap(start.as_ptr().cast(), len, access, flags, -1, 0) == libc::MAP_FAILED
    };
    if failed {
        // SAFETY: committed, and the contents may go. Callers rely on the zeros.
        unsafe { start.write_bytes(0, len) };
    }
}

/// Ends a reservation.
///
/// # Safety
/// `start` and `len` must be those of [`reserve`], and nothing may use the range again.
pub(in super::super) unsafe fn release(start: NonNull<u8>, len: usize) {
    // SAFETY: the mapping is the caller's, whole, and no longer used.
    let result = unsafe { libc::munmap(start.as_ptr().cast(), len) };
    debug_assert!(result == 0, "munmap refused a range it once mapped");
}
