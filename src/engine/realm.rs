//! A realm: one global object with its intrinsics; and a realm while entered.
#![allow(unsafe_code)]

use std::io;
use std::ptr::NonNull;
use std::rc::Rc;

use rquickjs::qjs;

use super::{builtins, guard, pins, poll, random, GlobalId, Runtime, Thrown, Value};

/// A global object with its own intrinsics. Realms of one runtime share its heap,
/// so their objects pass between them directly.
pub struct Realm {
    runtime: Rc<Runtime>,
    context: NonNull<qjs::JSContext>,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    /// With a global object of its own, and a number among those that have a handle.
    Plain(u32),
    /// With one that mirrors an object of the host.
    Mirror(GlobalId),
}

/// More than a realm takes, in bytes: one is not begun that could not be finished.
const REALM_SIZE: usize = 160 << 10;

impl Realm {
    /// Makes a realm with all intrinsics. Fails when the heap has no room for one.
    pub fn new(runtime: &Rc<Runtime>) -> io::Result<Self> {
        let context = make(runtime, new_context)?;
        poll::find(context.as_ptr());
        let number = {
            let mut realms = runtime.realms.borrow_mut();
            let number = realms.last().map_or(0, |(last, _)| last + 1);
            realms.push((number, context.as_ptr()));
            number
        };
        let realm = Self { runtime: runtime.clone(), context, kind: Kind::Plain(number) };
        pins::find(context.as_ptr());
        guard::watch_parser(context.as_ptr());
        random::install(context.as_ptr())?;
        builtins::install(context.as_ptr())?;
        let full = |()| io::Error::new(io::ErrorKind::OutOfMemory, "memory limit too small");
        realm.install_traps().map_err(full)?;
        Ok(realm)
    }

    /// Makes a realm whose global object mirrors the host's object `id`. Dropping the
    /// handle says that the host's object is gone; functions of the realm that still
    /// live keep it going.
    pub fn with_global(runtime: &Rc<Runtime>, id: GlobalId) -> io::Result<Self> {
        let context = make(runtime, new_bare_context)?;
        let realm = Self { runtime: runtime.clone(), context, kind: Kind::Mirror(id) };
        guard::watch_parser(context.as_ptr());
        random::install(context.as_ptr())?;
        builtins::install(context.as_ptr())?;
        let installed = realm.scope(runtime).install_global(id).is_ok();
        installed
            .then_some(realm)
            .ok_or_else(|| io::Error::other("this engine cannot have another global object"))
    }

    /// The realm that mirrors the host's object `id`, if it has no handle: a restored
    /// checkpoint had it.
    pub fn of_global(runtime: &Rc<Runtime>, id: GlobalId) -> Option<Self> {
        let context = runtime.globals.take_handle(id)?;
        Some(Self { runtime: runtime.clone(), context, kind: Kind::Mirror(id) })
    }

    /// Has the realm, which mirrors a host object, mirror another one.
    pub fn rename(&mut self, to: GlobalId) {
        if let Kind::Mirror(from) = self.kind {
            self.scope(&self.runtime).rename_global(from, to);
            self.kind = Kind::Mirror(to);
        }
    }

    /// How many references there are to it, where that can be told: as long as they are as
    /// many as at first, nothing is left of what ran there.
    pub fn references(&self) -> Option<[i32; 2]> {
        match self.kind {
            Kind::Mirror(id) => self.scope(&self.runtime).global_references(id),
            Kind::Plain(_) => None,
        }
    }

    /// The runtime whose heap this realm lives in.
    pub fn runtime(&self) -> &Rc<Runtime> {
        &self.runtime
    }

    pub(super) fn belongs_to(&self, runtime: &Runtime) -> bool {
        std::ptr::eq(&*self.runtime, runtime)
    }

    pub(super) fn scope<'a>(&'a self, runtime: &'a Runtime) -> Scope<'a> {
        Scope { runtime, context: self.context.as_ptr() }
    }
}

fn make(
    runtime: &Rc<Runtime>,
    new: fn(&Runtime) -> *mut qjs::JSContext,
) -> io::Result<NonNull<qjs::JSContext>> {
    let full = || io::Error::new(io::ErrorKind::OutOfMemory, "memory limit too small");
    if runtime.is_short_of(REALM_SIZE) {
        return Err(full());
    }
    NonNull::new(new(runtime)).ok_or_else(|| {
        // The engine leaves a realm that it could not finish lying about.
        runtime.abandon();
        full()
    })
}

/// With all that the engine has; null means no memory.
fn new_context(runtime: &Runtime) -> *mut qjs::JSContext {
    // SAFETY: the runtime is live and owns what it returns.
    unsafe { guard::JS_NewContext(runtime.raw()) }
}

/// With the intrinsics of the language only; null means no memory.
fn new_bare_context(runtime: &Runtime) -> *mut qjs::JSContext {
    // SAFETY: the runtime is live and owns what it returns; each step is given the context
    // that the first one has made, which goes if a step fails.
    unsafe {
        let context = guard::JS_NewContextRaw(runtime.raw());
        let intrinsics: [unsafe extern "C" fn(*mut qjs::JSContext) -> i32; 10] = [
            guard::JS_AddIntrinsicBaseObjects,
            guard::JS_AddIntrinsicDate,
            guard::JS_AddIntrinsicEval,
            guard::JS_AddIntrinsicRegExp,
            guard::JS_AddIntrinsicJSON,
            guard::JS_AddIntrinsicProxy,
            guard::JS_AddIntrinsicMapSet,
            guard::JS_AddIntrinsicTypedArrays,
            guard::JS_AddIntrinsicPromise,
            guard::JS_AddIntrinsicWeakRef,
        ];
        if !context.is_null() && intrinsics.iter().any(|add| add(context) != 0) {
            guard::JS_FreeContext(context);
            return std::ptr::null_mut();
        }
        context
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        if let Kind::Plain(number) = self.kind {
            self.runtime.realms.borrow_mut().retain(|(known, _)| *known != number);
        }
        if self.runtime.is_abandoned() {
            return;
        }
        let scope = self.scope(&self.runtime);
        match self.kind {
            Kind::Mirror(id) => scope.detach_global(id),
            Kind::Plain(_) => {
                let helpers = self.runtime.helpers.take();
                // SAFETY: the runtime held these references.
                helpers.into_iter().for_each(|raw| drop(unsafe { scope.own(raw) }));
            }
        }
        if self.runtime.is_entered() {
            // There may be a scope of it.
            return self.runtime.orphans.borrow_mut().push(self.context);
        }
        // SAFETY: the heap is live, and this reference to the context ours to give up.
        // Objects of the realm that are still in use keep it alive by the engine's own
        // count.
        unsafe { guard::JS_FreeContext(self.context.as_ptr()) };
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
        // Those of a stopped guest are discarded there.
        if self.is_outermost() && (!self.holds_jobs() || self.must_stop()) {
            self.runtime.run_jobs();
        }
    }

    /// Leaves pending jobs to a later entry, when the outermost one ends.
    pub fn hold_jobs(self) {
        self.runtime.holds_jobs.set(true);
    }

    /// Whether pending jobs are left to a later entry.
    pub fn holds_jobs(self) -> bool {
        self.runtime.holds_jobs.get()
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
        let functions = functions.into_iter().map(Value::into_raw).collect();
        *self.runtime.helpers.borrow_mut() = functions;
    }

    /// The helper stored at `index`, in whichever realm that was.
    pub fn helper(self, index: usize) -> Result<Value<'a>, Thrown<'a>> {
        let raw = self.runtime.helpers.borrow().get(index).copied();
        match raw {
            // SAFETY: the runtime holds a reference of its own; this adds ours.
            Some(raw) => Ok(unsafe { self.dup(raw) }),
            None => Err(self.type_error("this realm has been released")),
        }
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
