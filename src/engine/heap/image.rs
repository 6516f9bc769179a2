//! The contents of a heap, copied away and back.
#![allow(unsafe_code)]

use super::{shadow, Heap};

/// A copy of all that a heap held at one moment. Good only for that very heap: the
/// pointers in it lead to the heap's own addresses.
pub struct Image {
    base: usize,
    bytes: Box<[u8]>,
}

impl Heap {
    /// Copies the contents.
    pub fn image(&self) -> Image {
        let base = self.opaque().cast::<u8>();
        // SAFETY: as in `trim`.
        unsafe { (*self.state.as_ptr()).settle() };
        shadow::open(base, self.high_water());
        // SAFETY: the used span is committed, and nothing writes to it during the copy.
        let bytes = unsafe { std::slice::from_raw_parts(base, self.high_water()) };
        let image = Image { base: base.addr(), bytes: bytes.into() };
        shadow::describe(self.state());
        image
    }

    /// Puts the contents back as they were; what has been written since is gone, also
    /// beyond them.
    ///
    /// # Safety
    /// No code of the engine may be running in this heap, and every pointer into it that
    /// was not there when `image` was made must never be used again.
    pub unsafe fn restore(&self, image: &Image) {
        assert_eq!(self.opaque().addr(), image.base, "the image of another heap");
        let region = self.host().region();
        let _ = self.host().quarantine.empty();
        shadow::open(region.base().as_ptr(), image.bytes.len());
        // SAFETY: the image lies at the region's start, where it was committed when it
        // was made and has been since; nobody uses what is there, by the contract.
        unsafe {
            region
                .base()
                .as_ptr()
                .copy_from_nonoverlapping(image.bytes.as_ptr(), image.bytes.len());
            region.clear_above(image.bytes.len());
        }
        shadow::describe(self.state());
        self.clear_pressure();
    }
}
