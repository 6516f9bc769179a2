//! How much native stack the current thread has left.
//!
//! QuickJS checks its own use of the stack against a limit that we set at each
//! outermost entry. That limit must also fit in what the host has left over: a
//! worker thread that is already deep in JavaScript may have less than the
//! sandbox was promised.
#![allow(unsafe_code)]

use std::cell::Cell;

/// Kept free below the guest's limit for native frames that do not check
/// (allocator, signal handlers, the host callback's first frames).
const MARGIN: usize = 96 * 1024;

/// Where the thread's stack ends when the platform cannot say: assume this much.
const FALLBACK: usize = 512 * 1024;

/// The stack, in bytes, that a guest entered now may use, at most `wanted`.
pub(super) fn budget(wanted: usize) -> usize {
    wanted.min(remaining().saturating_sub(MARGIN)).max(1)
}

/// About where the stack pointer is.
#[inline(always)]
pub(super) fn here() -> usize {
    let marker = 0u8;
    std::ptr::addr_of!(marker) as usize
}

/// Bytes between the stack pointer and the end of this thread's stack.
pub fn remaining() -> usize {
    thread_local!(static LOWEST: Cell<usize> = const { Cell::new(0) });
    let here = here();
    LOWEST.with(|lowest| {
        if lowest.get() == 0 {
            lowest.set(lowest_address().unwrap_or_else(|| here.saturating_sub(FALLBACK)));
        }
        here.saturating_sub(lowest.get())
    })
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn lowest_address() -> Option<usize> {
    // SAFETY: `attr` is initialised by pthread_getattr_np before it is read and
    // destroyed exactly once; the calls read only the current thread's attributes.
    unsafe {
        let mut attr = std::mem::MaybeUninit::<libc::pthread_attr_t>::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), attr.as_mut_ptr()) != 0 {
            return None;
        }
        let mut address = std::ptr::null_mut();
        let mut size = 0;
        let status = libc::pthread_attr_getstack(attr.as_ptr(), &mut address, &mut size);
        libc::pthread_attr_destroy(attr.as_mut_ptr());
        (status == 0).then_some(address as usize)
    }
}

#[cfg(target_os = "macos")]
fn lowest_address() -> Option<usize> {
    // SAFETY: both calls only read the current thread's own description.
    unsafe {
        let this = libc::pthread_self();
        let top = libc::pthread_get_stackaddr_np(this) as usize;
        Some(top - libc::pthread_get_stacksize_np(this))
    }
}

#[cfg(windows)]
fn lowest_address() -> Option<usize> {
    #[link(name = "kernel32")]
    extern "system" {
        fn GetCurrentThreadStackLimits(low: *mut usize, high: *mut usize);
    }
    let (mut low, mut high) = (0, 0);
    // SAFETY: the call writes two words to the two locals it is given.
    unsafe { GetCurrentThreadStackLimits(&mut low, &mut high) };
    Some(low)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos", windows)))]
fn lowest_address() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_thread_has_a_small_budget() {
        let budget = std::thread::Builder::new()
            .stack_size(256 * 1024)
            .spawn(|| budget(512 * 1024))
            .unwrap()
            .join()
            .unwrap();
        assert!(budget < 256 * 1024, "{budget}");
    }

    #[test]
    fn remaining_shrinks_with_depth() {
        #[inline(never)]
        fn deep(n: u32, from: usize) -> usize {
            let pad = std::hint::black_box([0u8; 4096]);
            if n == 0 {
                from - remaining()
            } else {
                deep(n - 1, from) + pad[0] as usize
            }
        }
        assert!(deep(8, remaining()) >= 8 * 4096);
    }
}
