//! ArrayBuffers and the views on them. Bytes are always copied.
#![allow(unsafe_code)]

use rquickjs::qjs;

use super::{guard, Scope, Thrown, Value};

/// A kind of typed array: its name and the size of an element in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypedArrayKind {
    /// The constructor's name.
    pub name: &'static str,
    /// Bytes per element.
    pub element: usize,
}

/// Every kind, in the order of the engine's enumeration.
pub const TYPED_ARRAY_KINDS: [TypedArrayKind; 12] = [
    TypedArrayKind { name: "Uint8ClampedArray", element: 1 },
    TypedArrayKind { name: "Int8Array", element: 1 },
    TypedArrayKind { name: "Uint8Array", element: 1 },
    TypedArrayKind { name: "Int16Array", element: 2 },
    TypedArrayKind { name: "Uint16Array", element: 2 },
    TypedArrayKind { name: "Int32Array", element: 4 },
    TypedArrayKind { name: "Uint32Array", element: 4 },
    TypedArrayKind { name: "BigInt64Array", element: 8 },
    TypedArrayKind { name: "BigUint64Array", element: 8 },
    TypedArrayKind { name: "Float16Array", element: 2 },
    TypedArrayKind { name: "Float32Array", element: 4 },
    TypedArrayKind { name: "Float64Array", element: 8 },
];

impl<'a> Scope<'a> {
    /// An ArrayBuffer with a copy of `bytes`.
    pub fn array_buffer(self, bytes: &[u8]) -> Result<Value<'a>, Thrown<'a>> {
        // SAFETY: the engine copies `len` bytes from a live slice.
        unsafe {
            let (data, len) = (bytes.as_ptr(), bytes.len() as _);
            self.result(guard::JS_NewArrayBufferCopy(self.context, data, len))
        }
    }

    /// A typed array of the kind at `kind` in [`TYPED_ARRAY_KINDS`] over `buffer`.
    pub fn typed_array(
        self,
        kind: usize,
        buffer: &Value<'a>,
        offset: usize,
        length: usize,
    ) -> Result<Value<'a>, Thrown<'a>> {
        if kind >= TYPED_ARRAY_KINDS.len() {
            return Err(self.type_error("no such kind of typed array"));
        }
        let mut args =
            [buffer.raw(), qjs::JS_NewFloat64(offset as f64), qjs::JS_NewFloat64(length as f64)];
        // SAFETY: three live arguments and a kind that the engine knows.
        unsafe {
            self.result(guard::JS_NewTypedArray(self.context, 3, args.as_mut_ptr(), kind as _))
        }
    }
}

impl<'a> Value<'a> {
    /// Reads the bytes of an ArrayBuffer; none when it is detached.
    pub fn with_bytes<R>(&self, read: impl FnOnce(&[u8]) -> R) -> Result<R, Thrown<'a>> {
        let mut len = Default::default();
        // SAFETY: the engine returns null or `len` readable bytes, which stay put while
        // no guest code runs. `read` runs none: at most it asks whether the guest must stop,
        // which may collect garbage, and this buffer is none.
        unsafe {
            let data = guard::JS_GetArrayBuffer(self.scope.context, &mut len, self.raw());
            if data.is_null() {
                // Empty, detached, or no ArrayBuffer: only the last two raise.
                drop(self.scope.take_exception());
                return Ok(read(&[]));
            }
            Ok(read(std::slice::from_raw_parts(data, len as usize)))
        }
    }

    /// The index in [`TYPED_ARRAY_KINDS`] of this typed array's kind.
    pub fn typed_array_kind(&self) -> Option<usize> {
        // SAFETY: accepts any live value.
        usize::try_from(unsafe { qjs::JS_GetTypedArrayType(self.raw()) }).ok()
    }

    /// A typed array's buffer, and its offset and length in bytes.
    pub fn typed_array_view(&self) -> Result<(Value<'a>, usize, usize), Thrown<'a>> {
        let (mut offset, mut length, mut element) = Default::default();
        // SAFETY: the engine fills three locals and returns a reference of ours, or raises.
        unsafe {
            let buffer = guard::JS_GetTypedArrayBuffer(
                self.scope.context,
                self.raw(),
                &mut offset,
                &mut length,
                &mut element,
            );
            Ok((self.scope.result(buffer)?, offset as usize, length as usize))
        }
    }
}
