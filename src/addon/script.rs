//! Compiled code in the host's hands.

use napi::bindgen_prelude::Buffer;
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

    /// See [`Script::seal`].
    #[napi]
    pub fn seal(&self, key: &[u8], source: &[u8]) -> Buffer {
        self.script.seal(key, source).into()
    }

    /// See [`Script::unseal`].
    #[napi]
    pub fn unseal(sealed: &[u8], key: &[u8], source: &[u8]) -> Option<NativeScript> {
        Script::unseal(sealed, key, source).map(|script| NativeScript { script })
    }
}
