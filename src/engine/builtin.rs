//! Builtins made as the engine makes its own: properties that come into being when they
//! are first looked at. Until then one is an entry in a table and no object of the heap.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::panic::{catch_unwind, AssertUnwindSafe};

use rquickjs::qjs;

use super::guard::{self, runtime_of};
use super::{Args, Scope, Thrown, Value};

/// A property of a builtin. Everything in it is static, for the engine comes back to it.
#[repr(transparent)]
pub struct Builtin(qjs::JSCFunctionListEntry);

// SAFETY: nothing in a Builtin is ever written, and its pointers lead to statics.
unsafe impl Sync for Builtin {}

type Definition = qjs::JSCFunctionListEntry__bindgen_ty_1;
type Function = qjs::JSCFunctionListEntry__bindgen_ty_1__bindgen_ty_1;
type List = qjs::JSCFunctionListEntry__bindgen_ty_1__bindgen_ty_4;

const SHOWN: u8 =
    (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE | qjs::JS_PROP_ENUMERABLE) as u8;
const HIDDEN: u8 = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE) as u8;
const FIXED: u8 = qjs::JS_PROP_CONFIGURABLE as u8;

impl Builtin {
    /// An enumerable function. When it is called, [`Host::builtin`](super::Host::builtin)
    /// is asked, by `id`.
    pub const fn function(name: &'static CStr, length: u8, id: u8) -> Self {
        let cproto = qjs::JSCFunctionEnum_JS_CFUNC_generic_magic as u8;
        let cfunc = qjs::JSCFunctionType { generic_magic: Some(guard::builtin) };
        let func = Function { length, cproto, cfunc };
        Self::new(name, SHOWN, qjs::JS_DEF_CFUNC, id, Definition { func })
    }

    /// A plain object, which enumeration of its owner does not show.
    pub const fn object(name: &'static CStr, list: &'static [Builtin]) -> Self {
        let prop_list = List { tab: list.as_ptr().cast(), len: list.len() as i32 };
        Self::new(name, HIDDEN, qjs::JS_DEF_OBJECT, 0, Definition { prop_list })
    }

    /// The `Symbol.toStringTag` of its owner.
    pub const fn to_string_tag(tag: &'static CStr) -> Self {
        let definition = Definition { str_: tag.as_ptr() };
        Self::new(c"[Symbol.toStringTag]", FIXED, qjs::JS_DEF_PROP_STRING, 0, definition)
    }

    const fn new(name: &'static CStr, prop_flags: u8, kind: u32, id: u8, u: Definition) -> Self {
        let (name, def_type, magic) = (name.as_ptr(), kind as u8, id as i16);
        Self(qjs::JSCFunctionListEntry { name, prop_flags, def_type, magic, u })
    }

    /// Its name.
    pub fn name(&self) -> &'static CStr {
        // SAFETY: every constructor takes the name from a static string.
        unsafe { CStr::from_ptr(self.0.name) }
    }
}

impl<'a> Value<'a> {
    /// Defines builtins on this object, in place of properties of the same name.
    pub fn define_builtins(&self, list: &'static [Builtin]) -> Result<(), Thrown<'a>> {
        // The engine aborts the process where there is one already.
        for builtin in list {
            self.delete(&self.scope().key_utf8(builtin.name().to_bytes())?)?;
        }
        // SAFETY: the object is live; a Builtin is laid out as the engine's entry, and the
        // list stays where it is for ever.
        let status = unsafe {
            let (first, len) = (list.as_ptr().cast(), list.len() as i32);
            guard::JS_SetPropertyFunctionList(self.scope().context, self.raw(), first, len)
        };
        self.scope().truth(status).map(drop)
    }
}

#[no_mangle]
pub(super) unsafe extern "C" fn quickvm_on_builtin(
    context: *mut qjs::JSContext,
    this: qjs::JSValue,
    argc: i32,
    argv: *mut qjs::JSValue,
    id: i32,
) -> qjs::JSValue {
    // SAFETY: the engine calls with live values of a live context of one of our runtimes.
    let (scope, args) = unsafe {
        let scope = Scope { runtime: runtime_of(qjs::JS_GetRuntime(context)), context };
        (scope, Args::new(scope, this, argc, argv))
    };
    // A panic must not unwind into C frames.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        scope.runtime.with_host(|host| host.builtin(scope, id as u8, args))
    }));
    match outcome {
        Ok(Some(Ok(value))) => value.into_raw(),
        Ok(Some(Err(thrown))) => scope.throw(thrown),
        _ => scope.throw(scope.type_error("the builtin failed")),
    }
}
