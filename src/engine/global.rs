//! A realm's global object whose properties are those of an object of the host.
//!
//! It is an exotic object whose prototype is the realm's original global object, so the
//! host's properties win over the intrinsics. Its own properties, which the engine finds
//! first and fast, are a cache: filled by asking the host where there is none, read back
//! ([`Scope::take_global_changes`]) and emptied whenever control leaves the guest.
#![allow(unsafe_code)]

mod cache;
pub(super) mod hooks;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::ffi::c_void;
use std::io;
use std::ptr::{self, NonNull};
use std::rc::Rc;

use rquickjs::qjs;

use super::{guard, layout, pins, Key, Runtime, Scope, Thrown, Value};
use cache::Known;

/// The number under which the host knows a global object of its own.
pub type GlobalId = u32;

/// What the host says about one property of its object.
#[derive(Clone)]
pub enum Property<'a> {
    /// There is none, neither on the object nor on its prototypes.
    Absent,
    /// A plain value.
    Data(Value<'a>, Attributes),
    /// A getter and a setter; `undefined` where there is none.
    Accessor(Value<'a>, Value<'a>, Attributes),
    /// Still the value that the guest gave it last.
    Kept(Attributes),
}

/// How a property behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes(pub u8);

#[allow(missing_docs)]
impl Attributes {
    pub const CONFIGURABLE: u8 = qjs::JS_PROP_CONFIGURABLE as u8;
    pub const WRITABLE: u8 = qjs::JS_PROP_WRITABLE as u8;
    pub const ENUMERABLE: u8 = qjs::JS_PROP_ENUMERABLE as u8;
    /// It is a prototype's: an assignment makes an own one, and `delete` does nothing.
    pub const INHERITED: u8 = 8;
    /// What an assignment makes.
    pub const PLAIN: u8 = Self::CONFIGURABLE | Self::WRITABLE | Self::ENUMERABLE;

    fn flags(self) -> i32 {
        i32::from(self.0 & Self::PLAIN)
    }

    fn has(self, attribute: u8) -> bool {
        self.0 & attribute != 0
    }
}

/// Which names the host's object and its prototypes have: what is not among them need
/// not be asked for.
pub enum Names<'a> {
    /// The host cannot tell.
    Unknown,
    /// The same as when it was last asked.
    Same,
    /// These.
    These(Vec<Key<'a>>),
}

/// What the guest has done to a property since it was last told about it.
pub enum Change<'a> {
    /// Deleted.
    Delete,
    /// Declared by `var` without a value, and perhaps there already.
    Declare,
    /// Given a value.
    Set(Value<'a>),
    /// Defined as a plain value, with these attributes.
    Define(Value<'a>, Attributes),
    /// Defined by getter and setter.
    Accessor(Value<'a>, Value<'a>, Attributes),
}

impl Change<'_> {
    /// Whether the guest keeps the value as its own: what crosses is a copy.
    pub fn is_kept(&self) -> bool {
        match self {
            Self::Set(value) | Self::Define(value, _) => value.kind().is_copied(),
            _ => false,
        }
    }
}

/// The global objects of a runtime that mirror host objects.
#[derive(Default)]
pub(super) struct Globals {
    class: Cell<qjs::JSClassID>,
    table: RefCell<HashMap<GlobalId, Rc<Global>>>,
    /// Those with something in their cache.
    touched: RefCell<Vec<Rc<Global>>>,
}

/// What is known of one of them.
struct Global {
    id: GlobalId,
    /// The object. Not counted: its finalizer ends this record.
    object: *mut c_void,
    context: NonNull<qjs::JSContext>,
    /// A function of the realm, which keeps it alive as long as the object.
    anchor: qjs::JSValue,
    /// The original global object, which has the intrinsics.
    original: qjs::JSValue,
    /// Whether the host still has its object.
    is_attached: Cell<bool>,
    /// Whether a [`super::Realm`] stands for it.
    has_handle: Cell<bool>,
    is_touched: Cell<bool>,
    /// Set while the cache is read: what is not in it is not to be asked for.
    is_quiet: Cell<bool>,
    known: RefCell<HashMap<qjs::JSAtom, Known>>,
    /// The names of the host's object, when last told, and whether that is still true.
    names: RefCell<Option<HashSet<qjs::JSAtom>>>,
    are_names_fresh: Cell<bool>,
    /// What was last known of its values, except for those of the host: for the time
    /// when the host's object is gone. Those that cross as copies come back from the host
    /// as [`Property::Kept`].
    last: RefCell<HashMap<qjs::JSAtom, qjs::JSValue>>,
}

/// What there is to remember of one whose realm has run no foreign code yet.
#[derive(Clone)]
pub(super) struct Pristine {
    id: GlobalId,
    object: *mut c_void,
    context: NonNull<qjs::JSContext>,
    anchor: qjs::JSValue,
    original: qjs::JSValue,
}

impl Global {
    fn new(pristine: Pristine) -> Self {
        let Pristine { id, object, context, anchor, original } = pristine;
        Self {
            id,
            object,
            context,
            anchor,
            original,
            is_attached: Cell::new(true),
            has_handle: Cell::new(false),
            is_touched: Cell::new(false),
            is_quiet: Cell::new(false),
            known: RefCell::default(),
            names: RefCell::default(),
            are_names_fresh: Cell::new(false),
            last: RefCell::default(),
        }
    }

    fn pristine(&self, id: GlobalId) -> Pristine {
        let Self { object, context, anchor, original, .. } = *self;
        Pristine { id, object, context, anchor, original }
    }
}

impl Globals {
    pub(super) fn register(runtime: NonNull<qjs::JSRuntime>) -> io::Result<Self> {
        let globals = Self::default();
        let mut class = 0;
        // SAFETY: a live runtime that has run no code yet; the engine copies the
        // definition and the name, and the methods live as long as the process.
        let status = unsafe {
            qjs::JS_NewClassID(runtime.as_ptr(), &mut class);
            qjs::JS_NewClass(runtime.as_ptr(), class, &hooks::class())
        };
        globals.class.set(class);
        match status {
            0.. => Ok(globals),
            _ => Err(io::Error::new(io::ErrorKind::OutOfMemory, "memory limit too small")),
        }
    }

    fn get(&self, id: GlobalId) -> Option<Rc<Global>> {
        self.table.borrow().get(&id).cloned()
    }

    /// The realms' records, for what is to be done to all of them.
    pub(super) fn contexts(&self) -> Vec<*mut qjs::JSContext> {
        self.table.borrow().values().map(|global| global.context.as_ptr()).collect()
    }

    /// All there are, for a checkpoint.
    pub(super) fn pristine(&self) -> Vec<Pristine> {
        self.table.borrow().values().map(|global| global.pristine(global.id)).collect()
    }

    /// Forgets all but `these`, for a heap in which these are as new.
    pub(super) fn reset(&self, these: &[Pristine]) {
        self.touched.borrow_mut().clear();
        let mut table = self.table.borrow_mut();
        table.clear();
        table.extend(these.iter().map(|each| (each.id, Rc::new(Global::new(each.clone())))));
    }

    /// The record of a realm, for the one handle that there may be.
    pub(super) fn take_handle(&self, id: GlobalId) -> Option<NonNull<qjs::JSContext>> {
        self.get(id).filter(|global| !global.has_handle.replace(true)).map(|global| global.context)
    }
}

impl<'a> Scope<'a> {
    /// Puts an object of the host, known to it as `id`, in the place of the global object
    /// of the realm that is entered, which has run no foreign code yet.
    pub(super) fn install_global(self, id: GlobalId) -> Result<(), Thrown<'a>> {
        let original = self.global();
        let globals = &self.runtime.globals;
        // SAFETY: the context is live, and the class is registered with its runtime.
        let (object, anchor) = unsafe {
            let class = globals.class.get();
            let raw = guard::JS_NewObjectProtoClass(self.context, original.raw(), class);
            (self.result(raw)?, self.own(guard::JS_GetFunctionProto(self.context)))
        };
        let context = NonNull::new(self.context).expect("a live context");
        let global = Rc::new(Global::new(Pristine {
            id,
            object: object.address() as *mut c_void,
            context,
            anchor: anchor.into_raw(),
            original: original.clone().into_raw(),
        }));
        global.has_handle.set(true);
        globals.table.borrow_mut().insert(id, global);
        // SAFETY: a fresh object of our class. The opaque pointer carries the id (plus
        // one: null means none) and is never dereferenced.
        unsafe { qjs::JS_SetOpaque(object.raw(), ptr::without_provenance_mut(id as usize + 1)) };
        original.define_hidden("globalThis", object.clone())?;
        if layout::replace_global(self, object) {
            Ok(())
        } else {
            Err(self.type_error("this engine has no room for a context"))
        }
    }

    /// How many references there are to a realm's record and to its global object, where
    /// that can be told. While they are as many as at first, nothing is left of what ran
    /// there: no function, no job, and nobody who has the global object.
    pub(super) fn global_references(self, id: GlobalId) -> Option<[i32; 2]> {
        let global = self.runtime.globals.get(id)?;
        // SAFETY: both live as long as the record is in the table.
        unsafe {
            let context = pins::count_at(global.context.as_ptr().cast())?;
            Some([context, pins::count_at(global.object)?])
        }
    }

    /// Has the realm that mirrors `from` mirror the host's object `to`. Nothing may be left
    /// of what ran there.
    pub(super) fn rename_global(self, from: GlobalId, to: GlobalId) {
        let globals = &self.runtime.globals;
        let Some(old) = globals.table.borrow_mut().remove(&from) else { return };
        for raw in old.last.take().into_values() {
            // SAFETY: the record held this reference.
            drop(unsafe { self.own(raw) });
        }
        for key in old.names.take().into_iter().flatten() {
            // SAFETY: as above.
            unsafe { guard::JS_FreeAtom(self.context, key) };
        }
        let new = Rc::new(Global::new(old.pristine(to)));
        new.has_handle.set(true);
        // SAFETY: a live object of our class, see `install_global`.
        unsafe { qjs::JS_SetOpaque(new.raw(), ptr::without_provenance_mut(to as usize + 1)) };
        globals.table.borrow_mut().insert(to, new);
        self.runtime.intrinsics.rename(from, to);
    }

    /// The global object that mirrors the host's object `id`.
    pub fn global_of(self, id: GlobalId) -> Option<Value<'a>> {
        let global = self.runtime.globals.get(id).filter(|global| global.is_attached.get())?;
        Some(global.value(self))
    }

    /// This entry, in the realm of that global object.
    pub fn within(self, id: GlobalId) -> Option<Scope<'a>> {
        let global = self.runtime.globals.get(id).filter(|global| global.is_attached.get())?;
        // What runs there may declare variables, which asks nobody.
        global.touch(self);
        // Attached, so the realm has a handle; should it go, the entry keeps the context.
        Some(Scope { runtime: self.runtime, context: global.context.as_ptr() })
    }

    /// Which of the host's objects `value` mirrors, if it is such a global object.
    pub(super) fn global_id(self, raw: qjs::JSValue) -> Option<GlobalId> {
        let id = hooks::id_of(self, raw)?;
        self.runtime.globals.get(id).filter(|global| global.is_attached.get()).map(|_| id)
    }

    /// Tells the guest about properties before it asks.
    pub fn preload_global(
        self,
        id: GlobalId,
        names: Names<'a>,
        properties: Vec<(Key<'a>, Property<'a>)>,
    ) {
        let Some(global) = self.runtime.globals.get(id) else { return };
        global.touch(self);
        global.learn_names(self, names);
        for (key, property) in properties {
            global.learn(self, key.raw(self), property, true);
        }
    }

    /// What the guest has done to its global objects since control came to it. From here
    /// on the host is asked anew.
    pub fn take_global_changes(self) -> Vec<(GlobalId, Vec<(Key<'a>, Change<'a>)>)> {
        let touched = std::mem::take(&mut *self.runtime.globals.touched.borrow_mut());
        let mut changes = Vec::new();
        for global in touched {
            global.is_touched.set(false);
            if global.is_alive(self) && global.is_attached.get() {
                let own = global.changes(self);
                global.empty(self);
                if !own.is_empty() {
                    changes.push((global.id, own));
                }
            }
        }
        changes
    }

    /// The host's object is gone. What the guest has of it becomes the guest's own.
    pub(super) fn detach_global(self, id: GlobalId) {
        if let Some(global) = self.runtime.globals.get(id) {
            global.detach(self);
        }
    }
}

impl Runtime {
    /// Whether there is anything for [`Scope::take_global_changes`].
    pub fn has_touched_globals(&self) -> bool {
        !self.globals.touched.borrow().is_empty()
    }
}

impl Global {
    fn is_alive(&self, scope: Scope<'_>) -> bool {
        scope.runtime.globals.table.borrow().contains_key(&self.id)
    }

    fn raw(&self) -> qjs::JSValue {
        qjs::JS_MKPTR(qjs::JS_TAG_OBJECT, self.object)
    }

    /// The object. Only for one that is alive.
    fn value<'a>(&self, scope: Scope<'a>) -> Value<'a> {
        // SAFETY: the record is in the table, from which the finalizer takes it.
        unsafe { scope.dup(self.raw()) }
    }

    fn touch(self: &Rc<Self>, scope: Scope<'_>) {
        if !self.is_touched.replace(true) {
            scope.runtime.globals.touched.borrow_mut().push(self.clone());
        }
    }
}
