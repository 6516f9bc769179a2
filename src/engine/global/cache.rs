//! What is known of a global object's properties while control is with the guest.
#![allow(unsafe_code)]

use std::collections::HashSet;
use std::rc::Rc;

use rquickjs::qjs;

use super::{Attributes, Change, Global, Names, Property};
use crate::engine::{guard, layout, Host, Key, Kind, Scope, Thrown, Value};

/// A property as the host told it. Its values are references that the record owns.
#[derive(Clone, Copy)]
pub(super) struct Held {
    pub(super) attributes: Attributes,
    /// A value, or a getter and a setter.
    pub(super) value: Result<qjs::JSValue, (qjs::JSValue, qjs::JSValue)>,
}

/// What is known of a name.
#[derive(Clone, Copy)]
pub(super) enum Known {
    /// The host has no such property.
    Absent,
    /// The host has it; it is no property of the object here yet.
    Listed(Held),
    /// It has been made one. If it is none any more, the guest has deleted it.
    Stored(Held),
}

impl Global {
    /// The property that the host has by a name under which there is none here, or that
    /// there is none. Asks the host at most once until the cache is emptied.
    pub(super) fn find<'a>(
        self: &Rc<Self>,
        scope: Scope<'a>,
        key: qjs::JSAtom,
    ) -> Result<Option<Held>, Thrown<'a>> {
        self.touch(scope);
        let known = self.known.borrow().get(&key).copied();
        match known {
            Some(Known::Absent) => return Ok(None),
            Some(Known::Listed(held)) => return Ok(Some(held)),
            Some(Known::Stored(held)) => {
                // Deleted; what is inherited shows again, but no intrinsic of that name.
                if held.attributes.has(Attributes::INHERITED) {
                    return Ok(Some(held));
                }
                self.delete_intrinsic(scope.context, key);
                return Ok(None);
            }
            None => {}
        }
        if self.is_unheard_of(key) {
            self.learn(scope, key, Property::Absent, false);
            return Ok(None);
        }
        let name = scope.key_of(key);
        let (names, property) =
            scope.ask_host(|host: &dyn Host| host.global_property(scope, self.id, &name))?;
        self.learn_names(scope, names);
        self.learn(scope, key, property, true);
        Ok(match self.known.borrow().get(&key) {
            Some(&(Known::Listed(held) | Known::Stored(held))) => Some(held),
            _ => None,
        })
    }

    /// To whoever looks at it, the global object has the intrinsics itself.
    pub(super) fn delete_intrinsic(&self, context: *mut qjs::JSContext, key: qjs::JSAtom) -> i32 {
        // SAFETY: the record holds the original global object, an ordinary one.
        unsafe { guard::JS_DeleteProperty(context, self.original, key, 0) }
    }

    /// Whether the host has said that it has no such name.
    fn is_unheard_of(&self, key: qjs::JSAtom) -> bool {
        self.are_names_fresh.get()
            && self.names.borrow().as_ref().is_some_and(|names| !names.contains(&key))
    }

    pub(super) fn learn_names(&self, scope: Scope<'_>, names: Names<'_>) {
        let keys = match names {
            Names::Same => return self.are_names_fresh.set(self.names.borrow().is_some()),
            Names::Unknown => None,
            Names::These(keys) => Some(keys),
        };
        self.are_names_fresh.set(keys.is_some());
        let held = |key: Key<'_>| hold(scope, key.raw(scope));
        let names: Option<HashSet<_>> = keys.map(|keys| keys.into_iter().map(held).collect());
        if let Some(names) = &names {
            let is_gone = |key: &&qjs::JSAtom| !names.contains(key);
            let gone: Vec<_> = self.last.borrow().keys().filter(is_gone).copied().collect();
            gone.into_iter().for_each(|key| self.remember(scope, key, None));
        }
        let old = std::mem::replace(&mut *self.names.borrow_mut(), names);
        for key in old.into_iter().flatten() {
            let_go(scope, key);
        }
    }

    /// Remembers what the host said; makes it a property of the object's own if `store`.
    pub(super) fn learn<'a>(
        &self,
        scope: Scope<'a>,
        key: qjs::JSAtom,
        property: Property<'a>,
        store: bool,
    ) {
        if !matches!(property, Property::Kept(_)) {
            let value = match &property {
                Property::Data(value, _) if !value.kind().is_copied() => Some(value.clone()),
                _ => None,
            };
            self.remember(scope, key, value);
        }
        let known = match property {
            Property::Absent => Known::Absent,
            Property::Data(value, attributes) => {
                Known::Listed(Held { attributes, value: Ok(value.into_raw()) })
            }
            Property::Accessor(getter, setter, attributes) => {
                let value = Err((getter.into_raw(), setter.into_raw()));
                Known::Listed(Held { attributes, value })
            }
            Property::Kept(attributes) => {
                let kept = self.last.borrow().get(&key).copied().unwrap_or(qjs::JS_UNDEFINED);
                // SAFETY: the record owns a reference to it; this adds one.
                let value = unsafe { qjs::JS_DupValue(scope.context, kept) };
                Known::Listed(Held { attributes, value: Ok(value) })
            }
        };
        self.note(scope, key, known);
        if store {
            self.store(scope, key);
        }
    }

    fn note(&self, scope: Scope<'_>, key: qjs::JSAtom, known: Known) {
        match self.known.borrow_mut().insert(key, known) {
            // SAFETY: the runtime that is entered; taken out of the record just now.
            Some(old) => unsafe { old.free(scope.runtime.raw()) },
            None => drop(hold(scope, key)),
        }
    }

    /// The host has no such property. What the realm has itself by that name becomes one of
    /// the object's own, or `var` would not find it and hide it.
    pub(super) fn learn_absent(&self, scope: Scope<'_>, key: qjs::JSAtom) {
        let Some((Ok(value), attributes)) = self.own_property(scope, self.original, key) else {
            return self.learn(scope, key, Property::Absent, false);
        };
        let held = Held { attributes, value: Ok(value.into_raw()) };
        self.note(scope, key, Known::Listed(held));
        self.store(scope, key);
    }

    /// What `var` has made without a value is the realm's, as in V8, until it gets one.
    fn declare(&self, scope: Scope<'_>, key: qjs::JSAtom) {
        if self.own_property(scope, self.original, key).is_some() {
            return;
        }
        let flags = Attributes::WRITABLE | Attributes::ENUMERABLE;
        let value = qjs::JS_UNDEFINED;
        // SAFETY: the record holds the original global object, an ordinary one.
        let status = unsafe {
            let flags = i32::from(flags);
            guard::JS_DefinePropertyValue(scope.context, self.original, key, value, flags)
        };
        let _ = scope.truth(status);
    }

    /// Makes a property that is only listed one of the object's own, where the engine
    /// finds it first. It stays listed when the object takes no more properties.
    pub(super) fn store(&self, scope: Scope<'_>, key: qjs::JSAtom) {
        let Some(&Known::Listed(held)) = self.known.borrow().get(&key) else { return };
        if self.put(scope, key, held) {
            self.known.borrow_mut().insert(key, Known::Stored(held));
        }
    }

    fn put(&self, scope: Scope<'_>, key: qjs::JSAtom, held: Held) -> bool {
        let accessor = qjs::JS_PROP_HAS_GET | qjs::JS_PROP_HAS_SET;
        let data = qjs::JS_PROP_HAS_VALUE | qjs::JS_PROP_HAS_WRITABLE;
        let ((getter, setter), value, kind) = match held.value {
            Ok(value) => ((qjs::JS_UNDEFINED, qjs::JS_UNDEFINED), value, data),
            Err(functions) => (functions, qjs::JS_UNDEFINED, accessor),
        };
        let always =
            qjs::JS_PROP_HAS_CONFIGURABLE | qjs::JS_PROP_HAS_ENUMERABLE | qjs::JS_PROP_NO_EXOTIC;
        let flags = held.attributes.flags() | (kind | always) as i32;
        // SAFETY: live values; the call borrows them.
        let status = unsafe {
            let context = scope.context;
            guard::JS_DefineProperty(context, self.raw(), key, value, getter, setter, flags)
        };
        scope.truth(status).unwrap_or(false)
    }

    /// All keys that the host's object has and the object here has not, in order.
    pub(super) fn list<'a>(self: &Rc<Self>, scope: Scope<'a>) -> Result<Vec<Key<'a>>, Thrown<'a>> {
        self.touch(scope);
        let before = self.own_keys(scope)?;
        let listed = scope.ask_host(|host: &dyn Host| host.global_properties(scope, self.id))?;
        // The engine has counted them already, and would write beyond what it allots.
        if !self
            .own_keys(scope)?
            .iter()
            .map(|key| key.raw(scope))
            .eq(before.iter().map(|key| key.raw(scope)))
        {
            return Err(scope.type_error("the global object has changed while it was listed"));
        }
        let mut keys = Vec::new();
        for (key, property) in listed {
            let raw = key.raw(scope);
            if !self.known.borrow().contains_key(&raw) {
                self.learn(scope, raw, property, false);
            }
            if let Some(Known::Listed(held)) = self.known.borrow().get(&raw) {
                if !held.attributes.has(Attributes::INHERITED) {
                    keys.push(key);
                }
            }
        }
        Ok(keys)
    }

    /// The keys of the properties that the object here has.
    fn own_keys<'a>(&self, scope: Scope<'a>) -> Result<Vec<Key<'a>>, Thrown<'a>> {
        let quiet = self.is_quiet.replace(true);
        let keys = self.value(scope).all_own_keys();
        self.is_quiet.set(quiet);
        keys
    }

    /// What the guest has changed.
    pub(super) fn changes<'a>(&self, scope: Scope<'a>) -> Vec<(Key<'a>, Change<'a>)> {
        let Ok(keys) = self.own_keys(scope) else { return Vec::new() };
        let mut changes = Vec::new();
        let mut present = HashSet::with_capacity(keys.len());
        for key in keys {
            let raw = key.raw(scope);
            present.insert(raw);
            let known = self.known.borrow().get(&raw).copied();
            if self.is_declared(scope, raw, known) {
                self.declare(scope, raw);
            } else if let Some(change) = self.change(scope, raw, known) {
                self.remember(
                    scope,
                    raw,
                    match &change {
                        Change::Set(value) | Change::Define(value, _) => Some(value.clone()),
                        _ => None,
                    },
                );
                changes.push((key, change));
            }
        }
        let deleted: Vec<_> = {
            let known = self.known.borrow();
            let is_deleted = |(key, known): (&qjs::JSAtom, &Known)| match known {
                Known::Stored(held) if !held.attributes.has(Attributes::INHERITED) => {
                    (!present.contains(key)).then_some(*key)
                }
                _ => None,
            };
            known.iter().filter_map(is_deleted).collect()
        };
        for key in deleted {
            self.delete_intrinsic(scope.context, key);
            changes.push((scope.key_of(key), Change::Delete));
        }
        changes
    }

    /// Whether it is what `var` makes, which does not ask first, and still without a value.
    fn is_declared(&self, scope: Scope<'_>, key: qjs::JSAtom, known: Option<Known>) -> bool {
        known.is_none()
            && self.own_property(scope, self.raw(), key).is_some_and(|(value, attributes)| {
                let plain = Attributes::WRITABLE | Attributes::ENUMERABLE;
                attributes.0 & plain == plain && value.is_ok_and(|value| value.is_undefined())
            })
    }

    fn change<'a>(
        &self,
        scope: Scope<'a>,
        key: qjs::JSAtom,
        known: Option<Known>,
    ) -> Option<Change<'a>> {
        let (value, attributes) = self.own_property(scope, self.raw(), key)?;
        let held = match known {
            Some(Known::Listed(held) | Known::Stored(held)) => Some(held),
            _ => None,
        };
        let plain = attributes.has(Attributes::WRITABLE) && attributes.has(Attributes::ENUMERABLE);
        match (value, held.map(|held| (held.value, held.attributes))) {
            (Ok(value), Some((Ok(old), was)))
                if attributes.0 == was.0 & Attributes::PLAIN
                    && (attributes.has(Attributes::WRITABLE)
                        || is_same(scope, value.raw(), old)) =>
            {
                (!is_same(scope, value.raw(), old)).then_some(Change::Set(value))
            }
            // What a declaration of a function leaves.
            (Ok(value), Some((Ok(_), was)))
                if plain
                    && was.0 & Attributes::PLAIN == Attributes::PLAIN
                    && value.kind() == Kind::Function =>
            {
                Some(Change::Set(value))
            }
            (Ok(value), None) if plain => Some(Change::Set(value)),
            (Ok(value), _) => Some(Change::Define(value, attributes)),
            (Err((getter, setter)), Some((Err(old), was)))
                if attributes.0 == was.0 & Attributes::PLAIN
                    && is_same(scope, getter.raw(), old.0)
                    && is_same(scope, setter.raw(), old.1) =>
            {
                None
            }
            (Err((getter, setter)), _) => Some(Change::Accessor(getter, setter, attributes)),
        }
    }

    /// A property that an object has: the one here, or the original.
    #[allow(clippy::type_complexity)]
    fn own_property<'a>(
        &self,
        scope: Scope<'a>,
        object: qjs::JSValue,
        key: qjs::JSAtom,
    ) -> Option<(Result<Value<'a>, (Value<'a>, Value<'a>)>, Attributes)> {
        let mut found = qjs::JSPropertyDescriptor {
            flags: 0,
            value: qjs::JS_UNDEFINED,
            getter: qjs::JS_UNDEFINED,
            setter: qjs::JS_UNDEFINED,
        };
        // SAFETY: a live object; the engine fills the descriptor with references that are
        // ours.
        let (value, getter, setter) = unsafe {
            let status = guard::JS_GetOwnProperty(scope.context, &mut found, object, key);
            if !scope.truth(status).unwrap_or(false) {
                return None;
            }
            (scope.own(found.value), scope.own(found.getter), scope.own(found.setter))
        };
        let attributes = Attributes(found.flags as u8 & Attributes::PLAIN);
        let is_accessor = found.flags & qjs::JS_PROP_GETSET as i32 != 0;
        Some((if is_accessor { Err((getter, setter)) } else { Ok(value) }, attributes))
    }

    /// Remembers the value that a property has now; forgets the last one if there is none
    /// to remember.
    fn remember(&self, scope: Scope<'_>, key: qjs::JSAtom, value: Option<Value<'_>>) {
        let value = value.filter(|value| !value.kind().is_host());
        let old = match value {
            Some(value) => self.last.borrow_mut().insert(key, value.into_raw()).or_else(|| {
                hold(scope, key);
                None
            }),
            None => {
                let old = self.last.borrow_mut().remove(&key);
                old.is_some().then(|| let_go(scope, key));
                old
            }
        };
        // SAFETY: the record owned this reference.
        drop(old.map(|old| unsafe { scope.own(old) }));
    }

    /// A guest that has given the global object another prototype meant the one behind.
    fn put_intrinsics_back<'a>(&self, scope: Scope<'a>, object: &Value<'a>) {
        // SAFETY: the record holds the original global object.
        let original = unsafe { scope.dup(self.original) };
        let Ok(prototype) = object.prototype() else { return };
        if !prototype.is_same(&original) {
            // SAFETY: live values. Either call may refuse, and leaves an exception then.
            unsafe {
                let status = guard::JS_SetPrototype(scope.context, object.raw(), original.raw());
                let _ = scope.truth(status);
                let status = guard::JS_SetPrototype(scope.context, original.raw(), prototype.raw());
                let _ = scope.truth(status);
            }
        }
    }

    /// Empties the cache: the next question goes to the host.
    pub(super) fn empty(&self, scope: Scope<'_>) {
        let object = self.value(scope);
        self.put_intrinsics_back(scope, &object);
        let class = scope.runtime.globals.class.get();
        // SAFETY: the class is registered; without an id the object asks nobody.
        let fresh = unsafe {
            scope.result(guard::JS_NewObjectProtoClass(scope.context, self.original, class))
        };
        if let Ok(fresh) = fresh {
            layout::swap_properties(scope, &object, &fresh);
        }
        self.forget(scope);
    }

    fn forget(&self, scope: Scope<'_>) {
        self.are_names_fresh.set(false);
        for (key, known) in self.known.take() {
            // SAFETY: the runtime that is entered; the record has just given it up.
            unsafe { known.free(scope.runtime.raw()) };
            let_go(scope, key);
        }
    }

    /// From now on an ordinary object, with what is known of it at this moment.
    pub(super) fn detach(&self, scope: Scope<'_>) {
        self.is_attached.set(false);
        self.forget(scope);
        for (key, value) in self.last.take() {
            let attributes = Attributes(Attributes::PLAIN);
            self.put(scope, key, Held { attributes, value: Ok(value) });
            // SAFETY: the record owned this reference.
            drop(unsafe { scope.own(value) });
            let_go(scope, key);
        }
    }
}

fn is_same(scope: Scope<'_>, a: qjs::JSValue, b: qjs::JSValue) -> bool {
    // SAFETY: compares two live values without running guest code.
    unsafe { guard::JS_IsSameValue(scope.context, a, b) }
}

fn hold(scope: Scope<'_>, key: qjs::JSAtom) -> qjs::JSAtom {
    // SAFETY: a live key of the runtime that is entered.
    unsafe { qjs::JS_DupAtom(scope.context, key) }
}

fn let_go(scope: Scope<'_>, key: qjs::JSAtom) {
    // SAFETY: gives up a reference that the record owned.
    unsafe { guard::JS_FreeAtom(scope.context, key) }
}
