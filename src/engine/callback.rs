//! Host functions inside the guest, and the way out through them.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::io;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::{self, NonNull};
use std::time::Instant;

use rquickjs::qjs;

use super::{guard, GlobalId, Key, Names, Property, Scope, Thrown, Trap, Value};

/// What the engine asks of its embedder. Slots here number the *host's* values.
pub trait Host {
    /// The guest called (or with `new`, constructed) the host function in `slot`.
    fn call<'a>(
        &self,
        scope: Scope<'a>,
        slot: u32,
        args: Args<'a>,
    ) -> Result<Value<'a>, Thrown<'a>>;

    /// The guest did what `trap` names to the proxy of the host object in `slot`. The
    /// arguments are those of the proxy's trap, its target first.
    fn reflect<'a>(
        &self,
        scope: Scope<'a>,
        slot: u32,
        trap: Trap,
        args: Args<'a>,
    ) -> Result<Value<'a>, Thrown<'a>> {
        let _ = (slot, trap, args);
        Err(scope.type_error("the host has no objects here"))
    }

    /// The guest called the [`Builtin`](super::Builtin) function `id`.
    fn builtin<'a>(
        &self,
        scope: Scope<'a>,
        _id: u8,
        _args: Args<'a>,
    ) -> Result<Value<'a>, Thrown<'a>> {
        Err(scope.type_error("this host has no builtins"))
    }

    /// What the host's object that a global object mirrors has by the name `key`.
    fn global_property<'a>(
        &self,
        scope: Scope<'a>,
        global: GlobalId,
        key: &Key<'a>,
    ) -> Result<(Names<'a>, Property<'a>), Thrown<'a>> {
        let _ = (scope, global, key);
        Ok((Names::Unknown, Property::Absent))
    }

    /// All that it has, in order.
    fn global_properties<'a>(
        &self,
        scope: Scope<'a>,
        global: GlobalId,
    ) -> Result<Vec<(Key<'a>, Property<'a>)>, Thrown<'a>> {
        let _ = (scope, global);
        Ok(Vec::new())
    }
}

/// What a host function is called with.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    pub(super) scope: Scope<'a>,
    pub(super) this: qjs::JSValue,
    pub(super) list: &'a [qjs::JSValue],
    /// Whether the guest wrote `new`; `this` is then `new.target`.
    pub constructing: bool,
}

impl<'a> Args<'a> {
    /// # Safety
    /// `argc` values at `argv` (which may dangle when there are none), and `this`, must be
    /// live in `scope`'s runtime for `'a`.
    pub(super) unsafe fn new(
        scope: Scope<'a>,
        this: qjs::JSValue,
        argc: i32,
        argv: *mut qjs::JSValue,
    ) -> Self {
        let list: &[_] = match argc {
            // SAFETY: the caller vouches for it.
            1.. => unsafe { std::slice::from_raw_parts(argv, argc as usize) },
            _ => &[],
        };
        Self { scope, this, list, constructing: false }
    }

    /// The receiver.
    pub fn this(&self) -> Value<'a> {
        // SAFETY: the engine keeps the receiver alive for the length of the call.
        unsafe { self.scope.dup(self.this) }
    }

    /// The arguments, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Value<'a>> + '_ {
        // SAFETY: the engine keeps the arguments alive for the length of the call.
        self.list.iter().map(|&raw| unsafe { self.scope.dup(raw) })
    }
}

/// The classes whose objects stand for host values.
pub(super) struct HostClasses {
    /// Callable: a host function.
    pub(super) function: qjs::JSClassID,
    /// Inert: marks a guest object (an error, a promise) as the twin of a host value.
    token: qjs::JSClassID,
    /// The handler of a proxy that stands for a host object.
    pub(super) handler: qjs::JSClassID,
    /// The prototype of all handlers: an object with the traps.
    pub(super) traps: Cell<qjs::JSValue>,
    /// What stands for each slot, not counted: the finalizer removes it. Keeps a host
    /// value the same object however often it crosses.
    pub(super) live: RefCell<HashMap<u32, Live>>,
}

/// What a host value that the guest holds takes in the tables of both sides, in bytes. It
/// counts against the guest's cap; the value itself does not.
const HOST_VALUE: usize = 256;

/// An object that stands for a host value.
#[derive(Clone, Copy)]
pub(super) struct Live {
    /// What guest code sees.
    pub(super) object: *mut c_void,
    /// Whose finalizer lets go of the slot: the object itself, or a proxy's handler.
    pub(super) owner: *mut c_void,
}

impl HostClasses {
    pub(super) fn register(runtime: NonNull<qjs::JSRuntime>) -> io::Result<Self> {
        let mut classes = Self {
            function: 0,
            token: 0,
            handler: 0,
            traps: Cell::new(qjs::JS_NULL),
            live: RefCell::default(),
        };
        let define = |id: &mut qjs::JSClassID, name: &std::ffi::CStr, call| {
            let definition = qjs::JSClassDef {
                class_name: name.as_ptr(),
                finalizer: Some(guard::finalize),
                gc_mark: None,
                call,
                exotic: ptr::null_mut(),
            };
            // SAFETY: a live runtime that has run no code yet; the engine copies the
            // definition and the name.
            unsafe {
                qjs::JS_NewClassID(runtime.as_ptr(), id);
                qjs::JS_NewClass(runtime.as_ptr(), *id, &definition)
            }
        };
        let failed = define(&mut classes.function, c"Function", Some(guard::call)) < 0
            || define(&mut classes.token, c"HostToken", None) < 0
            || define(&mut classes.handler, c"HostHandler", None) < 0;
        if failed {
            return Err(io::Error::new(io::ErrorKind::OutOfMemory, "memory limit too small"));
        }
        Ok(classes)
    }
}

impl<'a> Scope<'a> {
    /// The guest function that stands for the host function in `slot`.
    pub fn host_function(
        self,
        slot: u32,
        name: &Value<'a>,
        length: i32,
        constructor: bool,
    ) -> Result<Value<'a>, Thrown<'a>> {
        if let Some(existing) = self.live_host_object(slot) {
            return Ok(existing);
        }
        let function = self.callable(slot, constructor)?;
        self.bind(&function, &function, slot);
        function.define_hidden("length", self.integer(length))?;
        function.define_hidden("name", name.clone())?;
        Ok(function)
    }

    /// An object whose calls go to the host function in `slot`, but that does not keep it.
    pub(super) fn callable(self, slot: u32, constructor: bool) -> Result<Value<'a>, Thrown<'a>> {
        // SAFETY: the context is live; the prototype is freed once it is used.
        unsafe {
            let prototype = self.own(guard::JS_GetFunctionProto(self.context));
            let class = self.runtime.classes.function;
            let raw = guard::JS_NewObjectProtoClass(self.context, prototype.raw(), class);
            let function = self.result(raw)?;
            qjs::JS_SetConstructorBit(self.context, function.raw(), constructor);
            self.set_slot(&function, slot);
            Ok(function)
        }
    }

    /// An inert guest object that keeps the host value in `slot` alive.
    pub fn host_token(self, slot: u32) -> Result<Value<'a>, Thrown<'a>> {
        // SAFETY: the context is live; the class was registered with the runtime.
        let token = unsafe {
            let class = self.runtime.classes.token;
            self.result(guard::JS_NewObjectProtoClass(self.context, qjs::JS_NULL, class))?
        };
        self.set_slot(&token, slot);
        self.bind(&token, &token, slot);
        Ok(token)
    }

    /// The slot that a token was made for.
    pub fn token_slot(self, token: &Value<'a>) -> Option<u32> {
        self.opaque_slot(token.raw(), self.runtime.classes.token)
    }

    pub(super) fn host_function_slot(self, raw: qjs::JSValue) -> Option<u32> {
        self.opaque_slot(raw, self.runtime.classes.function)
    }

    pub(super) fn opaque_slot(self, raw: qjs::JSValue, class: qjs::JSClassID) -> Option<u32> {
        // SAFETY: accepts any live value; the pointer is a number, see `set_slot`.
        decode(unsafe { qjs::JS_GetOpaque(raw, class) })
    }

    /// What stands for the host value in `slot`, if anything does.
    pub fn live_host_object(self, slot: u32) -> Option<Value<'a>> {
        let live = *self.runtime.classes.live.borrow().get(&slot)?;
        // SAFETY: the finalizer removes an object from `live` before it is freed, and
        // no guest code or collection comes between the look-up and this reference.
        Some(unsafe { self.dup(qjs::JS_MKPTR(qjs::JS_TAG_OBJECT, live.object)) })
    }

    pub(super) fn set_slot(self, object: &Value<'a>, slot: u32) {
        // SAFETY: a fresh object of one of our classes. The opaque pointer carries the
        // slot's number (plus one: null means unbound) and is never dereferenced.
        unsafe {
            qjs::JS_SetOpaque(object.raw(), ptr::without_provenance_mut(slot as usize + 1));
        }
    }

    pub(super) fn bind(self, object: &Value<'a>, owner: &Value<'a>, slot: u32) {
        // SAFETY: reads the addresses of two live objects.
        let live = unsafe {
            Live {
                object: qjs::JS_VALUE_GET_PTR(object.raw()),
                owner: qjs::JS_VALUE_GET_PTR(owner.raw()),
            }
        };
        if self.runtime.classes.live.borrow_mut().insert(slot, live).is_none() {
            self.runtime.heap.charge(HOST_VALUE);
        }
        // Let go of before and now back, and the host has not been told yet.
        self.runtime.released.borrow_mut().retain(|&released| released != slot);
    }
}

fn decode(opaque: *mut c_void) -> Option<u32> {
    u32::try_from(opaque as usize).ok()?.checked_sub(1)
}

#[no_mangle]
pub(super) unsafe extern "C" fn quickvm_on_finalize(
    raw: *mut qjs::JSRuntime,
    object: qjs::JSValue,
) {
    // SAFETY: called by the engine for an object of one of our classes, in a live
    // runtime; it takes no reference and enters nothing.
    unsafe {
        let runtime = guard::runtime_of(raw);
        let (address, mut class) = (qjs::JS_VALUE_GET_PTR(object), 0);
        let Some(slot) = decode(qjs::JS_GetAnyOpaque(object, &mut class)) else {
            return;
        };
        let mut live = runtime.classes.live.borrow_mut();
        if live.get(&slot).is_some_and(|live| live.owner == address) {
            live.remove(&slot);
            drop(live);
            runtime.heap.discharge(HOST_VALUE);
            runtime.released.borrow_mut().push(slot);
        }
    }
}

#[no_mangle]
pub(super) unsafe extern "C" fn quickvm_on_call(
    context: *mut qjs::JSContext,
    function: qjs::JSValue,
    this: qjs::JSValue,
    argc: i32,
    argv: *mut qjs::JSValue,
    flags: i32,
) -> qjs::JSValue {
    // SAFETY: the engine calls with live values of a live context, and `argc`
    // arguments (the pointer may dangle when there are none).
    let (scope, args) = unsafe {
        let scope = Scope { runtime: guard::runtime_of(qjs::JS_GetRuntime(context)), context };
        (scope, Args::new(scope, this, argc, argv))
    };
    let Some(slot) = scope.host_function_slot(function) else {
        return scope.throw(scope.type_error("not a function"));
    };
    let constructing = flags & qjs::JS_CALL_FLAG_CONSTRUCTOR as i32 != 0;
    let args = Args { constructing, ..args };
    match scope.ask_host(|host| host.call(scope, slot, args)) {
        Ok(value) => value.into_raw(),
        Err(thrown) => scope.throw(thrown),
    }
}

impl<'a> Scope<'a> {
    /// Lets the host work, then decides whether the guest may go on.
    pub(super) fn ask_host<R>(
        self,
        work: impl FnOnce(&dyn Host) -> Result<R, Thrown<'a>>,
    ) -> Result<R, Thrown<'a>> {
        let runtime = self.runtime;
        let started = Instant::now();
        if runtime.check_at(|| started).is_some() {
            return Err(self.uncatchable());
        }
        // A panic must not unwind into C frames.
        let outcome = catch_unwind(AssertUnwindSafe(|| runtime.with_host(work)));
        let ended = Instant::now();
        runtime.count(|c| c.host += ended - started);
        // The host may have used up the time, filled the heap, or asked for the end.
        if runtime.check_at(|| ended).is_some() {
            drop(outcome);
            return Err(self.uncatchable());
        }
        match outcome {
            Ok(Some(outcome)) => outcome,
            _ => Err(self.type_error("the host failed to answer")),
        }
    }
}

/// Beyond this many a report helps nobody, and the guest must not grow host memory.
const MAX_REJECTIONS: usize = 100;

/// Remembers promises that are rejected with nobody listening, and forgets them
/// again when somebody comes to listen before the entry ends.
#[no_mangle]
pub(super) unsafe extern "C" fn quickvm_on_rejection(
    context: *mut qjs::JSContext,
    promise: qjs::JSValue,
    _reason: qjs::JSValue,
    is_handled: bool,
    _opaque: *mut c_void,
) {
    // SAFETY: the engine calls with live values of a live context. The
    // list has a reference to each promise, so an address in it is that promise's.
    unsafe {
        let scope = Scope { runtime: guard::runtime_of(qjs::JS_GetRuntime(context)), context };
        let address = qjs::JS_VALUE_GET_PTR(promise);
        let mut rejections = scope.runtime.rejections.borrow_mut();
        if is_handled {
            let known =
                rejections.iter().position(|&known| qjs::JS_VALUE_GET_PTR(known) == address);
            let handled = known.map(|index| rejections.swap_remove(index));
            drop(rejections);
            drop(handled.map(|promise| scope.own(promise)));
        } else if rejections.len() < MAX_REJECTIONS {
            rejections.push(scope.dup(promise).into_raw());
        }
    }
}

impl<'a> Scope<'a> {
    /// The promises rejected with nobody listening since the last call.
    pub fn take_rejections(self) -> Vec<Value<'a>> {
        let rejections = std::mem::take(&mut *self.runtime.rejections.borrow_mut());
        // SAFETY: the tracker gave each entry a reference of its own.
        rejections.into_iter().map(|promise| unsafe { self.own(promise) }).collect()
    }
}
