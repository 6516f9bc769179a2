//! Strings. Guest strings are UTF-16 and may hold lone surrogates, so
//! they never travel as Rust `str`.
#![allow(unsafe_code)]

use rquickjs::qjs;

use super::{guard, Scope, Thrown, Value};

/// The text of a guest string while it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text<'t> {
    /// Only code units below 0x80.
    Ascii(&'t [u8]),
    /// Any code units.
    Utf16(&'t [u16]),
}

impl<'a> Scope<'a> {
    /// A string from ASCII bytes, or from UTF-8 of which surrogates may be part.
    pub fn string_utf8(self, bytes: &[u8]) -> Result<Value<'a>, Thrown<'a>> {
        // SAFETY: the engine copies `len` bytes from a live slice.
        unsafe {
            self.result(guard::JS_NewStringLen(
                self.context,
                bytes.as_ptr().cast(),
                bytes.len() as _,
            ))
        }
    }

    /// A string from UTF-16 code units, of which surrogates need not pair up.
    pub fn string_utf16(self, units: &[u16]) -> Result<Value<'a>, Thrown<'a>> {
        // The engine expects strings in their narrowest form.
        if units.iter().all(|&unit| unit < 0x80) {
            let ascii: Vec<u8> = units.iter().map(|&unit| unit as u8).collect();
            return self.string_utf8(&ascii);
        }
        if units.iter().all(|&unit| unit < 0x100) {
            return self.string_utf8(String::from_utf16_lossy(units).as_bytes());
        }
        // SAFETY: the engine copies `len` units from a live slice.
        unsafe {
            self.result(guard::JS_NewStringUTF16(self.context, units.as_ptr(), units.len() as _))
        }
    }
}

impl<'a> Value<'a> {
    /// Reads this string. Other values are converted first, which may run guest code.
    pub fn with_text<R>(&self, read: impl FnOnce(Text<'_>) -> R) -> Result<R, Thrown<'a>> {
        let context = self.scope.context;
        let mut len = Default::default();
        // SAFETY: on success the engine returns `len` readable bytes (units) that stay
        // put until they are given back, which happens below on every path; `read`
        // cannot free them, for they are counted.
        unsafe {
            let bytes = guard::JS_ToCStringLen2(context, &mut len, self.raw(), false);
            if bytes.is_null() {
                return Err(self.scope.take_exception());
            }
            let guard = Borrowed { context, bytes };
            let ascii = std::slice::from_raw_parts(bytes.cast::<u8>(), len as usize);
            if ascii.is_ascii() {
                return Ok(read(Text::Ascii(ascii)));
            }
            drop(guard);
            let units = guard::JS_ToCStringLenUTF16(context, &mut len, self.raw());
            if units.is_null() {
                return Err(self.scope.take_exception());
            }
            // Both kinds of borrowed string are the same engine string underneath.
            let _guard = Borrowed { context, bytes: units.cast() };
            Ok(read(Text::Utf16(std::slice::from_raw_parts(units, len as usize))))
        }
    }

    /// Reads this string as UTF-8, of which lone surrogates are part.
    pub fn with_utf8<R>(&self, read: impl FnOnce(&[u8]) -> R) -> Result<R, Thrown<'a>> {
        let context = self.scope.context;
        let mut len = Default::default();
        // SAFETY: as in `with_text`.
        unsafe {
            let bytes = guard::JS_ToCStringLen2(context, &mut len, self.raw(), false);
            if bytes.is_null() {
                return Err(self.scope.take_exception());
            }
            let _guard = Borrowed { context, bytes };
            Ok(read(std::slice::from_raw_parts(bytes.cast::<u8>(), len as usize)))
        }
    }

    /// This string (or what converts to one) as Rust text; lone surrogates are replaced.
    pub fn to_text(&self) -> Result<String, Thrown<'a>> {
        self.with_text(|text| match text {
            Text::Ascii(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Text::Utf16(units) => String::from_utf16_lossy(units),
        })
    }
}

/// A string that the engine has lent out.
struct Borrowed {
    context: *mut qjs::JSContext,
    bytes: *const std::ffi::c_char,
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        // SAFETY: given back once, to the context that lent it, which is entered.
        unsafe { guard::JS_FreeCString(self.context, self.bytes) };
    }
}
