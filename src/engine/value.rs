//! A counted reference to a guest value.
#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::sync::OnceLock;

use rquickjs::qjs;

use super::{guard, GlobalId, Scope, Shape, Thrown};

/// A guest value, kept alive for as long as this handle is. Good only inside the
/// scope it came from.
pub struct Value<'a> {
    pub(super) scope: Scope<'a>,
    raw: qjs::JSValue,
}

/// What a value is, seen from outside: one variant for each way of crossing.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Kind {
    Undefined,
    Null,
    Boolean(bool),
    Integer(i32),
    Number(f64),
    BigInt,
    String,
    Symbol,
    /// A function of the guest, also a Proxy of one.
    Function,
    /// A function that is part of the engine.
    NativeFunction,
    /// A stand-in for an object or function of the host's: its slot on the host's side.
    Host(u32),
    Array,
    Error,
    Promise,
    Date,
    RegExp,
    Map,
    Set,
    ArrayBuffer,
    TypedArray,
    DataView,
    /// A Number, String, Boolean, Symbol or BigInt object.
    Boxed,
    Proxy,
    /// A WeakMap, WeakSet or WeakRef.
    Weak,
    /// A global object that mirrors an object of the host.
    Global(GlobalId),
    /// Any other object: plain, or an instance of a class.
    Object,
}

impl Kind {
    /// Whether this is a value of the host's, which it alone may keep alive.
    pub fn is_host(self) -> bool {
        matches!(self, Kind::Host(_) | Kind::Global(_))
    }

    /// Whether an object of this kind crosses as a copy, so that what comes back is another.
    pub fn is_copied(self) -> bool {
        use Kind::*;
        matches!(self, Date | RegExp | Map | Set | ArrayBuffer | TypedArray | DataView | Boxed)
    }
}

impl<'a> Value<'a> {
    pub(super) fn from_raw(scope: Scope<'a>, raw: qjs::JSValue) -> Self {
        Self { scope, raw }
    }

    pub(super) fn raw(&self) -> qjs::JSValue {
        self.raw
    }

    pub(super) fn into_raw(self) -> qjs::JSValue {
        ManuallyDrop::new(self).raw
    }

    /// The scope this value belongs to.
    pub fn scope(&self) -> Scope<'a> {
        self.scope
    }

    /// Classifies the value. Runs no guest code.
    pub fn kind(&self) -> Kind {
        if self.scope.runtime.is_condemned() {
            return Kind::Undefined;
        }
        // SAFETY: reads tags and class ids of a live value; none of these calls runs
        // guest code, and each accepts any value.
        unsafe {
            match qjs::JS_VALUE_GET_NORM_TAG(self.raw) {
                qjs::JS_TAG_UNDEFINED => Kind::Undefined,
                qjs::JS_TAG_NULL => Kind::Null,
                qjs::JS_TAG_BOOL => Kind::Boolean(qjs::JS_VALUE_GET_BOOL(self.raw)),
                qjs::JS_TAG_INT => Kind::Integer(qjs::JS_VALUE_GET_INT(self.raw)),
                qjs::JS_TAG_FLOAT64 => Kind::Number(qjs::JS_VALUE_GET_FLOAT64(self.raw)),
                qjs::JS_TAG_BIG_INT | qjs::JS_TAG_SHORT_BIG_INT => Kind::BigInt,
                qjs::JS_TAG_STRING | qjs::JS_TAG_STRING_ROPE => Kind::String,
                qjs::JS_TAG_SYMBOL => Kind::Symbol,
                qjs::JS_TAG_OBJECT => self.object_kind(),
                // Only code of this crate can see the engine's internal tags.
                _ => Kind::Undefined,
            }
        }
    }

    fn object_kind(&self) -> Kind {
        let raw = self.raw;
        let boxed = boxed_classes(self.scope);
        // SAFETY: as in `kind`; `raw` is a live object.
        unsafe {
            let class = qjs::JS_GetClassID(raw);
            if class == CLASS_OBJECT {
                return Kind::Object;
            }
            if class == native_function_class(self.scope) {
                return Kind::NativeFunction;
            }
            let slot = self.scope.host_function_slot(raw);
            if let Some(slot) = slot.or_else(|| self.scope.host_proxy_slot(raw)) {
                return Kind::Host(slot);
            }
            if let Some(id) = self.scope.global_id(raw) {
                return Kind::Global(id);
            }
            match () {
                _ if qjs::JS_IsArray(raw) => Kind::Array,
                _ if qjs::JS_IsFunction(self.scope.context, raw) => Kind::Function,
                _ if qjs::JS_IsError(raw) => Kind::Error,
                _ if qjs::JS_IsPromise(raw) => Kind::Promise,
                _ if qjs::JS_IsDate(raw) => Kind::Date,
                _ if qjs::JS_IsRegExp(raw) => Kind::RegExp,
                _ if qjs::JS_IsMap(raw) => Kind::Map,
                _ if qjs::JS_IsSet(raw) => Kind::Set,
                _ if qjs::JS_GetTypedArrayType(raw) >= 0 => Kind::TypedArray,
                _ if qjs::JS_IsArrayBuffer(raw) => Kind::ArrayBuffer,
                _ if qjs::JS_IsDataView(raw) => Kind::DataView,
                _ if qjs::JS_IsProxy(raw) => Kind::Proxy,
                _ if boxed.contains(&class) => Kind::Boxed,
                _ if qjs::JS_IsWeakMap(raw) || qjs::JS_IsWeakSet(raw) || qjs::JS_IsWeakRef(raw) => {
                    Kind::Weak
                }
                _ => Kind::Object,
            }
        }
    }

    /// What this object is to those tests that a proxy of it cannot answer.
    pub fn shape(&self) -> Shape {
        let (mut object, mut proxies) = (self.clone(), 0);
        // SAFETY: reads class ids and flags of live values; the target's reference is ours.
        unsafe {
            if qjs::JS_IsFunction(self.scope.context, self.raw) {
                return match qjs::JS_IsConstructor(self.scope.context, self.raw) {
                    true => Shape::Constructor,
                    false => Shape::Function,
                };
            }
            // A chain of proxies that is longer means harm.
            while qjs::JS_IsProxy(object.raw) && proxies < 100 {
                let target = guard::JS_GetProxyTarget(self.scope.context, object.raw);
                // A revoked one has none.
                let Ok(target) = self.scope.result(target) else { break };
                object = target;
                proxies += 1;
            }
            if qjs::JS_IsArray(object.raw) {
                Shape::Array
            } else {
                Shape::Object
            }
        }
    }

    /// Whether this is an object, functions included.
    pub fn is_object(&self) -> bool {
        // SAFETY: reads the tag of a live value.
        unsafe { qjs::JS_IsObject(self.raw) }
    }

    /// Whether this is `undefined`.
    pub fn is_undefined(&self) -> bool {
        self.kind() == Kind::Undefined
    }

    /// Whether both are the same object, or the same primitive by identity.
    pub fn is_same(&self, other: &Value<'a>) -> bool {
        // SAFETY: compares two live values without running guest code.
        unsafe { guard::JS_IsSameValue(self.scope.context, self.raw, other.raw) }
    }

    /// An address that tells this object apart from every other live one.
    pub fn address(&self) -> usize {
        // SAFETY: reads the pointer of a counted value; it is not dereferenced.
        unsafe { qjs::JS_VALUE_GET_PTR(self.raw) as usize }
    }

    /// ToNumber. May run guest code.
    pub fn to_number(&self) -> Result<f64, Thrown<'a>> {
        let mut number = 0.0;
        // SAFETY: the context and the value are live.
        let status = unsafe { guard::JS_ToFloat64(self.scope.context, &mut number, self.raw) };
        self.scope.truth(status).map(|_| number)
    }
}

/// `JS_CLASS_OBJECT`, the engine's first class: the test for plain objects is hot.
const CLASS_OBJECT: u32 = 1;

/// The class ids of wrapper objects; the engine has no predicate for them. They are
/// the same in every runtime of the process.
fn boxed_classes(scope: Scope<'_>) -> &'static [u32; 5] {
    static CLASSES: OnceLock<[u32; 5]> = OnceLock::new();
    CLASSES.get_or_init(|| {
        // SAFETY: wraps primitives of the live context in objects, which are freed at
        // once; JS_GetClassID answers 0, no class, should there be no memory.
        unsafe {
            let primitives = [
                qjs::JS_MKVAL(qjs::JS_TAG_INT, 0),
                qjs::JS_MKVAL(qjs::JS_TAG_BOOL, 0),
                guard::JS_AtomToString(scope.context, qjs::JS_ATOM_NULL),
                // A description that is a number would crash the engine; this is none.
                guard::JS_NewSymbol(scope.context, c"probe".as_ptr(), false),
                guard::JS_NewBigInt64(scope.context, 0),
            ];
            primitives.map(|primitive| {
                let object = guard::JS_ToObject(scope.context, primitive);
                let class = qjs::JS_GetClassID(object);
                guard::JS_FreeValue(scope.context, object);
                guard::JS_FreeValue(scope.context, primitive);
                class
            })
        }
    })
}

/// The class id of functions written in C, the same in every runtime of the process.
fn native_function_class(scope: Scope<'_>) -> u32 {
    static CLASS: OnceLock<u32> = OnceLock::new();
    *CLASS.get_or_init(|| {
        // SAFETY: the context is live; `Function.prototype` is itself such a function.
        unsafe {
            let function = scope.own(guard::JS_GetFunctionProto(scope.context));
            qjs::JS_GetClassID(function.raw)
        }
    })
}

impl<'a> Scope<'a> {
    /// `undefined`.
    pub fn undefined(self) -> Value<'a> {
        Value::from_raw(self, qjs::JS_UNDEFINED)
    }

    /// `null`.
    pub fn null(self) -> Value<'a> {
        Value::from_raw(self, qjs::JS_NULL)
    }

    /// `true` or `false`.
    pub fn boolean(self, value: bool) -> Value<'a> {
        Value::from_raw(self, if value { qjs::JS_TRUE } else { qjs::JS_FALSE })
    }

    /// An integral number.
    pub fn integer(self, value: i32) -> Value<'a> {
        Value::from_raw(self, qjs::JS_MKVAL(qjs::JS_TAG_INT, value))
    }

    /// Any number; −0 and NaN are kept.
    pub fn number(self, value: f64) -> Value<'a> {
        Value::from_raw(self, qjs::JS_NewFloat64(value))
    }
}

impl Clone for Value<'_> {
    fn clone(&self) -> Self {
        // SAFETY: adds a reference to a live value.
        unsafe { self.scope.dup(self.raw) }
    }
}

impl Drop for Value<'_> {
    fn drop(&mut self) {
        // SAFETY: reads the tag; and gives up the one reference this handle owns, in a live
        // heap. Finalizers that run here are this crate's and touch only host tables.
        unsafe {
            if qjs::JS_VALUE_HAS_REF_COUNT(self.raw) && !self.scope.runtime.is_abandoned() {
                guard::JS_FreeValue(self.scope.context, self.raw);
            }
        }
    }
}

impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.kind())
    }
}
