//! A realm: one global object with its intrinsics; and a realm while entered.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::ffi::c_void;
use std::io;
use std::ptr::NonNull;
use std::rc::Rc;

use rquickjs::qjs;

use super::{builtins, guard, poll, random, Runtime, Thrown, Value};

/// A global object with its own intrinsics. Realms of one runtime share its heap,
/// so their objects pass between them directly.
pub struct Realm {
    runtime: Rc<Runtime>,
    context: Rc<Context>,
    number: u32,
}

/// More than a realm takes, in bytes: one is not begun that could not be finished.
const REALM_SIZE: usize = 160 << 10;

/// What the engine's context points back to. Boxed by the Rc so that it stays put.
struct Context {
    raw: NonNull<qjs::JSContext>,
    helpers: RefCell<Vec<qjs::JSValue>>,
}

impl Realm {
    /// Makes a realm with all intrinsics. Fails when the heap has no room for one.
    pub fn new(runtime: &Rc<Runtime>) -> io::Result<Self> {
        let full = || io::Error::new(io::ErrorKind::OutOfMemory, "memory limit too small");
        if runtime.is_short_of(REALM_SIZE) {
            return Err(full());
        }
        // SAFETY: the runtime is live and owns what it returns; null means no memory.
        let raw =
            NonNull::new(unsafe { guard::JS_NewContext(runtime.raw()) }).ok_or_else(|| {
                // The engine leaves a realm that it could not finish lying about.
                runtime.abandon();
                full()
            })?;
        let context = Rc::new(Context { raw, helpers: RefCell::default() });
        let opaque = Rc::as_ptr(&context).cast_mut().cast::<c_void>();
        // SAFETY: the Rc keeps its content in place for as long as the context lives:
        // Drop frees the context first, or never again enters its heap.
        unsafe { qjs::JS_SetContextOpaque(raw.as_ptr(), opaque) };
        let number = {
            let mut realms = runtime.realms.borrow_mut();
            let number = realms.last().map_or(0, |(last, _)| last + 1);
            realms.push((number, raw.as_ptr()));
            number
        };
        let realm = Self { runtime: runtime.clone(), context, number };
        poll::find(raw.as_ptr());
        guard::watch_parser(raw.as_ptr());
        random::install(raw.as_ptr())?;
        builtins::install(raw.as_ptr())?;
        Ok(realm)
    }

    /// The runtime whose heap this realm lives in.
    pub fn runtime(&self) -> &Rc<Runtime> {
        &self.runtime
    }

    pub(super) fn belongs_to(&self, runtime: &Runtime) -> bool {
        std::ptr::eq(&*self.runtime, runtime)
    }

    pub(super) fn scope<'a>(&'a self, runtime: &'a Runtime) -> Scope<'a> {
        Scope { runtime, context: self.context.raw.as_ptr() }
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        self.runtime.realms.borrow_mut().retain(|(number, _)| *number != self.number);
        if self.runtime.is_abandoned() {
            return;
        }
        // SAFETY: the heap is live, and the context and the helpers are ours to free.
        // Objects of the realm that are still referenced keep the context alive by
        // the engine's own count; its opaque is cleared because `self.context` goes.
        unsafe {
            let raw = self.context.raw.as_ptr();
            for helper in self.context.helpers.borrow_mut().drain(..) {
                guard::JS_FreeValue(raw, helper);
            }
            qjs::JS_SetContextOpaque(raw, std::ptr::null_mut());
            guard::JS_FreeContext(raw);
        }
    }
}

/// A realm while it is entered: the capability to touch guest values.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub(super) runtime: &'a Runtime,
    pub(super) context: *mut qjs::JSContext,
}

impl<'a> Scope<'a> {
    /// The runtime that is entered.
    pub fn runtime(self) -> &'a Runtime {
        self.runtime
    }

    /// Runs pending jobs when this is the outermost entry; inside a host call the
    /// queue waits, as it does for any function that is still on the stack.
    pub fn drain(self) {
        if self.is_outermost() {
            self.runtime.run_jobs();
        }
    }

    /// Whether no other entry is around this one.
    pub fn is_outermost(self) -> bool {
        !self.runtime.is_nested()
    }

    /// Whether the guest must not be given control back.
    pub fn must_stop(self) -> bool {
        self.runtime.must_stop()
    }

    /// Bytes of stack that guest code called now would have.
    pub fn stack_left(self) -> usize {
        self.runtime.stack_left()
    }

    /// The realm's global object.
    pub fn global(self) -> Value<'a> {
        // SAFETY: the context is live while entered; the reference is ours to own.
        unsafe { self.own(guard::JS_GetGlobalObject(self.context)) }
    }

    /// Keeps `functions` for [`Scope::helper`]. Upper layers store here, before guest
    /// code runs, the functions that guest code cannot replace.
    pub fn set_helpers(self, functions: Vec<Value<'a>>) {
        if let Some(context) = self.record() {
            *context.helpers.borrow_mut() = functions.into_iter().map(Value::into_raw).collect();
        }
    }

    /// The helper stored at `index` in the realm that is entered.
    pub fn helper(self, index: usize) -> Result<Value<'a>, Thrown<'a>> {
        let raw = self.record().and_then(|context| context.helpers.borrow().get(index).copied());
        match raw {
            // SAFETY: the realm holds a reference of its own; this adds ours.
            Some(raw) => Ok(unsafe { self.dup(raw) }),
            None => Err(self.type_error("this realm has been released")),
        }
    }

    fn record(self) -> Option<&'a Context> {
        // SAFETY: the opaque is null or points to the Context that owns this raw
        // context; it stays put while the Realm lives, and Drop clears the opaque.
        unsafe { qjs::JS_GetContextOpaque(self.context).cast::<Context>().cast_const().as_ref() }
    }

    /// Takes ownership of a reference.
    ///
    /// # Safety
    /// `raw` is a live, owned reference of this runtime, not the exception marker.
    pub(super) unsafe fn own(self, raw: qjs::JSValue) -> Value<'a> {
        Value::from_raw(self, raw)
    }

    /// Adds a reference.
    ///
    /// # Safety
    /// `raw` is a live value of this runtime.
    pub(super) unsafe fn dup(self, raw: qjs::JSValue) -> Value<'a> {
        if self.runtime.is_condemned() {
            return self.undefined();
        }
        // SAFETY: the caller vouches for `raw`.
        unsafe { self.own(qjs::JS_DupValue(self.context, raw)) }
    }

    /// Takes ownership of a result, or of the pending exception if it marks one.
    ///
    /// # Safety
    /// `raw` is what an engine call on this context has just returned, owned.
    pub(super) unsafe fn result(self, raw: qjs::JSValue) -> Result<Value<'a>, Thrown<'a>> {
        // SAFETY: reading the tag of any value is sound.
        if unsafe { qjs::JS_IsException(raw) } {
            Err(self.take_exception())
        } else {
            // SAFETY: the caller vouches for `raw`, which is no exception marker.
            Ok(unsafe { self.own(raw) })
        }
    }

    /// As [`Scope::result`], for calls that answer with a C truth value.
    pub(super) fn truth(self, status: i32) -> Result<bool, Thrown<'a>> {
        if status < 0 {
            Err(self.take_exception())
        } else {
            Ok(status != 0)
        }
    }
}
