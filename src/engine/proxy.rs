//! Guest proxies that stand for host objects: whatever guest code does to one is asked
//! of the host.
#![allow(unsafe_code)]

use std::ffi::CStr;

use rquickjs::qjs;

use super::guard::{self, runtime_of};
use super::{Args, Realm, Scope, Thrown, Value};

/// The operations on an object that a proxy sees, by the names that `Reflect` has for
/// them. Calls are not among them: they go to the proxy's target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Trap {
    Get,
    Set,
    Has,
    DeleteProperty,
    GetOwnPropertyDescriptor,
    DefineProperty,
    OwnKeys,
    GetPrototypeOf,
    SetPrototypeOf,
    IsExtensible,
    PreventExtensions,
}

/// Every trap, in the order of their numbers.
pub const TRAPS: [(Trap, &CStr); 11] = [
    (Trap::Get, c"get"),
    (Trap::Set, c"set"),
    (Trap::Has, c"has"),
    (Trap::DeleteProperty, c"deleteProperty"),
    (Trap::GetOwnPropertyDescriptor, c"getOwnPropertyDescriptor"),
    (Trap::DefineProperty, c"defineProperty"),
    (Trap::OwnKeys, c"ownKeys"),
    (Trap::GetPrototypeOf, c"getPrototypeOf"),
    (Trap::SetPrototypeOf, c"setPrototypeOf"),
    (Trap::IsExtensible, c"isExtensible"),
    (Trap::PreventExtensions, c"preventExtensions"),
];

/// What an object is to those tests that no trap answers: `typeof`, `Array.isArray`,
/// `new`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Shape {
    Object,
    Array,
    Function,
    Constructor,
}

impl Realm {
    /// Gives the runtime the prototype of all handlers, if it has none yet.
    pub(super) fn install_traps(&self) -> Result<(), ()> {
        let runtime = self.runtime();
        let scope = self.scope(runtime);
        let context = scope.context;
        // SAFETY: a live context that runs no code here. The runtime owns the object for
        // as long as its heap lives, which is why it is never freed by itself.
        unsafe {
            if qjs::JS_IsObject(runtime.classes.traps.get()) {
                return Ok(());
            }
            let traps =
                scope.result(guard::JS_NewObjectProto(context, qjs::JS_NULL)).or(Err(()))?;
            for (trap, name) in TRAPS {
                let magic = trap as i32;
                let none = std::ptr::null_mut();
                let function = guard::JS_NewCFunctionData2(
                    context,
                    Some(guard::trap),
                    name.as_ptr(),
                    0,
                    magic,
                    0,
                    none,
                );
                let function = scope.result(function).or(Err(()))?;
                let name = name.as_ptr();
                if guard::JS_SetPropertyStr(context, traps.raw(), name, function.into_raw()) < 0 {
                    return Err(());
                }
            }
            runtime.classes.traps.set(traps.into_raw());
        }
        Ok(())
    }
}

impl<'a> Scope<'a> {
    /// The proxy that stands for the host object in `slot`.
    pub fn host_proxy(self, slot: u32, shape: Shape) -> Result<Value<'a>, Thrown<'a>> {
        if let Some(existing) = self.live_host_object(slot) {
            return Ok(existing);
        }
        let classes = &self.runtime.classes;
        // SAFETY: the context is live, the results are ours, and the engine takes
        // references of its own to target and handler.
        unsafe {
            let target = match shape {
                Shape::Object => {
                    self.result(guard::JS_NewObjectProto(self.context, qjs::JS_NULL))?
                }
                Shape::Array => self.array()?,
                Shape::Function => self.callable(slot, false)?,
                Shape::Constructor => self.callable(slot, true)?,
            };
            let traps = classes.traps.get();
            let handler =
                self.result(guard::JS_NewObjectProtoClass(self.context, traps, classes.handler))?;
            self.set_slot(&handler, slot);
            let proxy =
                self.result(guard::JS_NewProxy(self.context, target.raw(), handler.raw()))?;
            self.bind(&proxy, &handler, slot);
            Ok(proxy)
        }
    }

    /// The slot of the host object that this proxy stands for, if it is one of ours. Guest
    /// code cannot make one: it has no handler of our class.
    pub(super) fn host_proxy_slot(self, raw: qjs::JSValue) -> Option<u32> {
        // SAFETY: accepts any live value; the reference to the handler is given back.
        unsafe {
            if !qjs::JS_IsProxy(raw) {
                return None;
            }
            // A revoked proxy of the guest has none.
            let handler = self.result(guard::JS_GetProxyHandler(self.context, raw)).ok()?;
            self.opaque_slot(handler.raw(), self.runtime.classes.handler)
        }
    }
}

#[no_mangle]
pub(super) unsafe extern "C" fn quickvm_on_trap(
    context: *mut qjs::JSContext,
    handler: qjs::JSValue,
    argc: i32,
    argv: *mut qjs::JSValue,
    magic: i32,
    _data: *mut qjs::JSValue,
) -> qjs::JSValue {
    // SAFETY: the engine calls with live values of a live context, and `argc` arguments
    // (the pointer may dangle when there are none).
    let (scope, list) = unsafe {
        let runtime = runtime_of(qjs::JS_GetRuntime(context));
        let list: &[qjs::JSValue] =
            if argc > 0 { std::slice::from_raw_parts(argv, argc as usize) } else { &[] };
        (Scope { runtime, context }, list)
    };
    let slot = scope.opaque_slot(handler, scope.runtime.classes.handler);
    let (Some(slot), Some(&(trap, _))) = (slot, TRAPS.get(magic as usize)) else {
        return scope.throw(scope.type_error("not a proxy of a host object"));
    };
    let args = Args { scope, this: handler, list, constructing: false };
    match scope.ask_host(|host| host.reflect(scope, slot, trap, args)) {
        Ok(value) => value.into_raw(),
        Err(thrown) => scope.throw(thrown),
    }
}
