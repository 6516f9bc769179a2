//! Compiled code in the host's hands.

use napi_derive::napi;

use crate::engine::Script;

/// Bytecode, opaque to JavaScript.
#[napi]
pub struct NativeScript {
    pub(super) script: Script,
}

#[napi]
impl NativeScript {
    /// The size of the bytecode in bytes.
    #[napi(getter)]
    pub fn size(&self) -> u32 {
        u32::try_from(self.script.size()).unwrap_or(u32::MAX)
    }
}
