//! What the engine calls when a global object has no property of its own by some name,
//! and when such an object comes or goes.
#![allow(unsafe_code)]

use std::rc::Rc;

use rquickjs::qjs;

use super::cache::{Held, Known};
use super::{Attributes, Global, GlobalId};
use crate::engine::guard::{self, runtime_of};
use crate::engine::{Scope, Thrown};

static METHODS: qjs::JSClassExoticMethods = qjs::JSClassExoticMethods {
    get_own_property: Some(guard::global_get_own),
    get_own_property_names: Some(guard::global_names),
    delete_property: Some(guard::global_delete),
    define_own_property: Some(guard::global_define_own),
    // With these the engine would not say that a name is not defined.
    has_property: None,
    get_property: None,
    set_property: None,
};

pub(super) fn class() -> qjs::JSClassDef {
    qjs::JSClassDef {
        class_name: c"Object".as_ptr(),
        finalizer: Some(guard::global_finalize),
        gc_mark: Some(guard::global_mark),
        call: None,
        // The engine does not write there.
        exotic: (&raw const METHODS).cast_mut(),
    }
}

pub(super) fn id_of(scope: Scope<'_>, raw: qjs::JSValue) -> Option<GlobalId> {
    // SAFETY: accepts any live value; the pointer is a number.
    let opaque = unsafe { qjs::JS_GetOpaque(raw, scope.runtime.globals.class.get()) };
    u32::try_from(opaque as usize).ok()?.checked_sub(1)
}

/// The record of an object for which the engine asks, while the host has its object.
///
/// # Safety
/// Both belong to a live runtime.
unsafe fn enter<'a>(
    context: *mut qjs::JSContext,
    object: qjs::JSValue,
) -> (Scope<'a>, Option<Rc<Global>>) {
    // SAFETY: the caller vouches for them; the runtime outlives the engine's call.
    let scope = Scope { runtime: unsafe { runtime_of(qjs::JS_GetRuntime(context)) }, context };
    let global = id_of(scope, object).and_then(|id| scope.runtime.globals.get(id));
    (scope, global.filter(|global| global.is_attached.get() && !global.is_quiet.get()))
}

fn status<'a>(scope: Scope<'a>, outcome: Result<i32, Thrown<'a>>) -> i32 {
    outcome.unwrap_or_else(|thrown| {
        scope.throw(thrown);
        -1
    })
}

#[no_mangle]
pub(in crate::engine) unsafe extern "C" fn quickvm_on_global_get_own(
    context: *mut qjs::JSContext,
    descriptor: *mut qjs::JSPropertyDescriptor,
    object: qjs::JSValue,
    key: qjs::JSAtom,
) -> i32 {
    // SAFETY: the engine calls with live values, and a place for the answer or null.
    let ((scope, global), descriptor) = unsafe { (enter(context, object), descriptor.as_mut()) };
    let Some(global) = global else { return 0 };
    let outcome = global.find(scope, key).map(|found| match (found, descriptor) {
        (None, _) => 0,
        (Some(_), None) => 1,
        (Some(held), Some(descriptor)) => {
            *descriptor = held.describe(scope);
            1
        }
    });
    status(scope, outcome)
}

#[no_mangle]
pub(in crate::engine) unsafe extern "C" fn quickvm_on_global_define_own(
    context: *mut qjs::JSContext,
    object: qjs::JSValue,
    key: qjs::JSAtom,
    value: qjs::JSValue,
    getter: qjs::JSValue,
    setter: qjs::JSValue,
    flags: i32,
) -> i32 {
    // SAFETY: the engine calls with live values.
    let (scope, global) = unsafe { enter(context, object) };
    if let Some(global) = global {
        // What the host has is changed, not replaced.
        if let Err(thrown) = global.find(scope, key) {
            return status(scope, Err(thrown));
        }
        global.store(scope, key);
    }
    let flags = flags | qjs::JS_PROP_NO_EXOTIC as i32;
    // SAFETY: as above. The call borrows what it is given.
    unsafe { guard::JS_DefineProperty(context, object, key, value, getter, setter, flags) }
}

#[no_mangle]
pub(in crate::engine) unsafe extern "C" fn quickvm_on_global_delete(
    context: *mut qjs::JSContext,
    object: qjs::JSValue,
    key: qjs::JSAtom,
) -> i32 {
    // SAFETY: the engine calls with live values.
    let (scope, global) = unsafe { enter(context, object) };
    let Some(global) = global else { return 1 };
    let outcome = global.find(scope, key).map(|found| match found {
        Some(held) if !held.attributes.has(Attributes::INHERITED) => {
            if !held.attributes.has(Attributes::CONFIGURABLE) {
                return 0;
            }
            global.store(scope, key);
            // SAFETY: live values; now that it is there, the engine deletes it by itself.
            unsafe { guard::JS_DeleteProperty(context, object, key, 0) }
        }
        Some(_) => 1,
        None => global.delete_intrinsic(context, key),
    });
    status(scope, outcome)
}

#[no_mangle]
pub(in crate::engine) unsafe extern "C" fn quickvm_on_global_names(
    context: *mut qjs::JSContext,
    table: *mut *mut qjs::JSPropertyEnum,
    length: *mut u32,
    object: qjs::JSValue,
) -> i32 {
    // SAFETY: the engine calls with live values and two places for the answer, which
    // frees as it would free its own.
    let (scope, global) = unsafe {
        table.write(std::ptr::null_mut());
        length.write(0);
        enter(context, object)
    };
    let Some(global) = global else { return 0 };
    let keys = match global.list(scope) {
        Ok(keys) if keys.is_empty() => return 0,
        Ok(keys) => keys,
        Err(thrown) => return status(scope, Err(thrown)),
    };
    // SAFETY: room for as many entries as are written; each gets a key of its own.
    unsafe {
        let size = keys.len() * size_of::<qjs::JSPropertyEnum>();
        let entries = guard::js_malloc(context, size as _).cast::<qjs::JSPropertyEnum>();
        if entries.is_null() {
            return -1;
        }
        for (index, key) in keys.iter().enumerate() {
            let atom = qjs::JS_DupAtom(context, key.raw(scope));
            entries.add(index).write(qjs::JSPropertyEnum { is_enumerable: false, atom });
        }
        table.write(entries);
        length.write(keys.len() as u32);
    }
    0
}

#[no_mangle]
pub(in crate::engine) unsafe extern "C" fn quickvm_on_global_mark(
    raw: *mut qjs::JSRuntime,
    object: qjs::JSValue,
    mark: qjs::JS_MarkFunc,
) {
    // SAFETY: called by the collector for an object of our class in a live runtime; the
    // anchor is a reference that the record owns on the object's behalf.
    unsafe {
        let globals = &runtime_of(raw).globals;
        let opaque = qjs::JS_GetOpaque(object, globals.class.get()) as usize;
        let id = u32::try_from(opaque).ok().and_then(|opaque| opaque.checked_sub(1));
        if let Some(global) = id.and_then(|id| globals.get(id)) {
            qjs::JS_MarkValue(raw, global.anchor, mark);
            qjs::JS_MarkValue(raw, global.original, mark);
        }
    }
}

#[no_mangle]
pub(in crate::engine) unsafe extern "C" fn quickvm_on_global_finalize(
    raw: *mut qjs::JSRuntime,
    object: qjs::JSValue,
) {
    // SAFETY: called by the engine for an object of our class in a live runtime. The
    // record's references are given up with it; nobody else has the record now, or uses
    // no reference of it (see `is_alive`).
    unsafe {
        let globals = &runtime_of(raw).globals;
        let opaque = qjs::JS_GetOpaque(object, globals.class.get()) as usize;
        let Some(id) = u32::try_from(opaque).ok().and_then(|opaque| opaque.checked_sub(1)) else {
            return;
        };
        let global = globals.table.borrow_mut().remove(&id);
        let Some(global) = global else { return };
        for (key, known) in global.known.take() {
            known.free(raw);
            guard::JS_FreeAtomRT(raw, key);
        }
        for (key, value) in global.last.take() {
            guard::JS_FreeValueRT(raw, value);
            guard::JS_FreeAtomRT(raw, key);
        }
        for key in global.names.take().into_iter().flatten() {
            guard::JS_FreeAtomRT(raw, key);
        }
        runtime_of(raw).intrinsics.forget(global.id);
        guard::JS_FreeValueRT(raw, global.anchor);
        guard::JS_FreeValueRT(raw, global.original);
    }
}

impl Held {
    /// For the engine, which owns what it gets.
    fn describe(&self, scope: Scope<'_>) -> qjs::JSPropertyDescriptor {
        let dup = |raw| {
            // SAFETY: held values are live.
            unsafe { qjs::JS_DupValue(scope.context, raw) }
        };
        let mut descriptor = qjs::JSPropertyDescriptor {
            flags: self.attributes.flags(),
            value: qjs::JS_UNDEFINED,
            getter: qjs::JS_UNDEFINED,
            setter: qjs::JS_UNDEFINED,
        };
        match self.value {
            Ok(value) => descriptor.value = dup(value),
            Err((getter, setter)) => {
                descriptor.flags |= qjs::JS_PROP_GETSET as i32;
                (descriptor.getter, descriptor.setter) = (dup(getter), dup(setter));
            }
        }
        descriptor
    }
}

impl Known {
    /// Gives up what is held.
    ///
    /// # Safety
    /// The runtime is the one that it belongs to, and live.
    pub(super) unsafe fn free(self, raw: *mut qjs::JSRuntime) {
        let (Self::Listed(held) | Self::Stored(held)) = self else { return };
        // SAFETY: the record owned one reference to each.
        unsafe {
            match held.value {
                Ok(value) => guard::JS_FreeValueRT(raw, value),
                Err((getter, setter)) => {
                    guard::JS_FreeValueRT(raw, getter);
                    guard::JS_FreeValueRT(raw, setter);
                }
            }
        }
    }
}
