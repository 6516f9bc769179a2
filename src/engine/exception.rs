//! Exceptions: what the guest threw, taken out of the engine, and how to raise one.
#![allow(unsafe_code)]

use rquickjs::qjs;

use super::{guard, Scope, Value};

/// What guest code threw. Any value can be thrown, not only errors.
pub struct Thrown<'a>(pub Value<'a>);

/// The native error classes that this crate raises inside the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ErrorClass {
    Type,
    Range,
}

impl<'a> Scope<'a> {
    /// Takes the pending exception out of the engine.
    pub(super) fn take_exception(self) -> Thrown<'a> {
        // SAFETY: the context is live; the engine passes ownership of the exception.
        // It is `null` when the engine had no memory to build an error.
        Thrown(unsafe { self.own(guard::JS_GetException(self.context)) })
    }

    /// A guest TypeError with `message`.
    pub fn type_error(self, message: &str) -> Thrown<'a> {
        self.new_error(ErrorClass::Type, message)
    }

    /// A guest RangeError with `message`.
    pub fn range_error(self, message: &str) -> Thrown<'a> {
        self.new_error(ErrorClass::Range, message)
    }

    fn new_error(self, class: ErrorClass, message: &str) -> Thrown<'a> {
        // A C string ends at its first NUL; nothing after it may be lost silently.
        let message = std::ffi::CString::new(message.replace('\0', "\u{fffd}")).unwrap_or_default();
        // SAFETY: the context is live and reads exactly one C string. The engine cuts long
        // messages; out of memory it raises `null`, which is a value too.
        unsafe {
            match class {
                ErrorClass::Type => guard::throw_type_error(self.context, message.as_ptr()),
                ErrorClass::Range => guard::throw_range_error(self.context, message.as_ptr()),
            };
        }
        self.take_exception()
    }

    /// An exception that guest code can neither catch nor see pass: `catch` and
    /// `finally` are skipped. Used to leave the guest once it must stop.
    pub fn uncatchable(self) -> Thrown<'a> {
        let thrown = self.new_error(ErrorClass::Range, "interrupted");
        // SAFETY: marks a live error object; on anything else the call does nothing.
        unsafe { guard::JS_SetUncatchableError(self.context, thrown.0.raw()) };
        thrown
    }

    /// Puts `thrown` back as the pending exception and returns the engine's marker.
    pub(super) fn throw(self, thrown: Thrown<'a>) -> qjs::JSValue {
        // SAFETY: the context is live and takes over our reference.
        unsafe { guard::JS_Throw(self.context, thrown.0.into_raw()) }
    }
}

impl std::fmt::Debug for Thrown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Thrown({:?})", self.0)
    }
}
