//! Property keys, interned.
#![allow(unsafe_code)]

use rquickjs::qjs;

use super::{guard, Scope, Thrown, Value};

/// A property key. Interning a name once is cheaper than once for each use.
pub struct Key<'a> {
    scope: Scope<'a>,
    raw: qjs::JSAtom,
}

impl<'a> Scope<'a> {
    /// The key of a name: ASCII, or UTF-8 of which surrogates may be part.
    pub fn key_utf8(self, name: &[u8]) -> Result<Key<'a>, Thrown<'a>> {
        // SAFETY: the engine copies `len` bytes from a live slice.
        unsafe {
            let raw = guard::JS_NewAtomLen(self.context, name.as_ptr().cast(), name.len() as _);
            self.key(raw)
        }
    }

    /// Takes ownership of an atom, or of the pending exception if there is none.
    ///
    /// # Safety
    /// `raw` is what an engine call on this context has just returned, owned.
    unsafe fn key(self, raw: qjs::JSAtom) -> Result<Key<'a>, Thrown<'a>> {
        match raw {
            qjs::JS_ATOM_NULL => Err(self.take_exception()),
            raw => Ok(Key { scope: self, raw }),
        }
    }
}

impl<'a> Scope<'a> {
    /// A key that the engine has given us to look at.
    pub(super) fn key_of(self, raw: qjs::JSAtom) -> Key<'a> {
        // SAFETY: the engine's own key, live while it is looked at; this adds a reference.
        Key { scope: self, raw: unsafe { qjs::JS_DupAtom(self.context, raw) } }
    }
}

impl<'a> Value<'a> {
    /// This value as a property key: a symbol itself, anything else as a string, which
    /// may run guest code.
    pub fn to_key(&self) -> Result<Key<'a>, Thrown<'a>> {
        // SAFETY: the value is live; the engine returns an atom that is ours.
        unsafe { self.scope.key(guard::JS_ValueToAtom(self.scope.context, self.raw())) }
    }

    /// The own enumerable properties with string keys, in order. Getters are not run (a
    /// Proxy's traps are).
    pub fn own_keys(&self) -> Result<Vec<Key<'a>>, Thrown<'a>> {
        self.keys(qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_ENUM_ONLY)
    }

    /// All own properties, in order.
    pub(super) fn all_own_keys(&self) -> Result<Vec<Key<'a>>, Thrown<'a>> {
        self.keys(qjs::JS_GPN_STRING_MASK | qjs::JS_GPN_SYMBOL_MASK)
    }

    fn keys(&self, which: u32) -> Result<Vec<Key<'a>>, Thrown<'a>> {
        let context = self.scope.context;
        let (mut table, mut len) = (std::ptr::null_mut(), 0);
        // SAFETY: on success the engine hands over a table of `len` atoms, of which each
        // key gets a reference of its own before the table is freed.
        unsafe {
            let flags = which as i32;
            let status =
                guard::JS_GetOwnPropertyNames(context, &mut table, &mut len, self.raw(), flags);
            self.scope.truth(status)?;
            let own = |index| qjs::JS_DupAtom(context, (*table.add(index)).atom);
            let keys =
                (0..len as usize).map(|index| Key { scope: self.scope, raw: own(index) }).collect();
            guard::JS_FreePropertyEnum(context, table, len);
            Ok(keys)
        }
    }
}

impl<'a> Key<'a> {
    /// The name (or the symbol) as a guest value.
    pub fn to_value(&self) -> Result<Value<'a>, Thrown<'a>> {
        // SAFETY: the atom is live; the result is ours.
        unsafe { self.scope.result(guard::JS_AtomToValue(self.scope.context, self.raw)) }
    }

    /// For the engine's calls on an object of `scope`'s runtime.
    pub(super) fn raw(&self, scope: Scope<'a>) -> qjs::JSAtom {
        assert!(std::ptr::eq(self.scope.runtime, scope.runtime), "a key of another runtime");
        self.raw
    }
}

impl Drop for Key<'_> {
    fn drop(&mut self) {
        if !self.scope.runtime.is_abandoned() {
            // SAFETY: gives up the one reference this handle owns, in a live heap.
            unsafe { guard::JS_FreeAtom(self.scope.context, self.raw) };
        }
    }
}
