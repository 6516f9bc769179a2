//! Objects, arrays and calls.
#![allow(unsafe_code)]

use rquickjs::qjs;

use super::{guard, Key, Scope, Thrown, Value};

/// How a new property behaves.
const DATA: i32 =
    (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE | qjs::JS_PROP_ENUMERABLE) as i32;
const HIDDEN: i32 = (qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE) as i32;

impl<'a> Scope<'a> {
    /// A plain object.
    pub fn object(self) -> Result<Value<'a>, Thrown<'a>> {
        // SAFETY: the context is live; the result is ours.
        unsafe { self.result(guard::JS_NewObject(self.context)) }
    }

    /// An empty array.
    pub fn array(self) -> Result<Value<'a>, Thrown<'a>> {
        // SAFETY: the context is live; the result is ours.
        unsafe { self.result(guard::JS_NewArray(self.context)) }
    }
}

impl<'a> Value<'a> {
    /// Gets a property. May run guest code.
    pub fn get(&self, key: &Key<'a>) -> Result<Value<'a>, Thrown<'a>> {
        let key = key.raw(self.scope);
        // SAFETY: object, key and context are live for the call.
        unsafe { self.scope.result(guard::JS_GetProperty(self.scope.context, self.raw(), key)) }
    }

    /// Gets a property by name. May run guest code.
    pub fn get_str(&self, name: &str) -> Result<Value<'a>, Thrown<'a>> {
        self.get(&self.scope.key_utf8(name.as_bytes())?)
    }

    /// Gets an indexed property. May run guest code.
    pub fn get_index(&self, index: u32) -> Result<Value<'a>, Thrown<'a>> {
        // SAFETY: object and context are live for the call.
        unsafe {
            let raw = guard::JS_GetPropertyUint32(self.scope.context, self.raw(), index);
            self.scope.result(raw)
        }
    }

    /// Sets a property as an assignment in strict mode does. May run guest code.
    pub fn set(&self, key: &Key<'a>, value: Value<'a>) -> Result<(), Thrown<'a>> {
        let key = key.raw(self.scope);
        self.assert_mine(&value);
        // SAFETY: object, key and context are live; the call takes over `value`.
        let status =
            unsafe { guard::JS_SetProperty(self.scope.context, self.raw(), key, value.into_raw()) };
        self.scope.truth(status).map(drop)
    }

    /// Defines an own, enumerable data property; prototypes are not looked at, so
    /// `__proto__` is a key like any other.
    pub fn define(&self, key: &Key<'a>, value: Value<'a>) -> Result<(), Thrown<'a>> {
        self.define_with(key, value, DATA)
    }

    /// Defines an own data property that enumeration does not show.
    pub fn define_hidden(&self, name: &str, value: Value<'a>) -> Result<(), Thrown<'a>> {
        self.define_with(&self.scope.key_utf8(name.as_bytes())?, value, HIDDEN)
    }

    fn define_with(&self, key: &Key<'a>, value: Value<'a>, flags: i32) -> Result<(), Thrown<'a>> {
        let key = key.raw(self.scope);
        self.assert_mine(&value);
        let flags = flags | qjs::JS_PROP_THROW as i32;
        // SAFETY: object, key and context are live; the call takes over `value`.
        let status = unsafe {
            let context = self.scope.context;
            guard::JS_DefinePropertyValue(context, self.raw(), key, value.into_raw(), flags)
        };
        self.scope.truth(status).map(drop)
    }

    /// Defines an own, enumerable data property at an index.
    pub fn define_index(&self, index: u32, value: Value<'a>) -> Result<(), Thrown<'a>> {
        self.assert_mine(&value);
        let flags = DATA | qjs::JS_PROP_THROW as i32;
        // SAFETY: object and context are live; the call takes over `value`.
        let status = unsafe {
            let context = self.scope.context;
            guard::JS_DefinePropertyValueUint32(context, self.raw(), index, value.into_raw(), flags)
        };
        self.scope.truth(status).map(drop)
    }

    /// Deletes a property; tells whether it is gone. May run guest code.
    pub fn delete(&self, key: &Key<'a>) -> Result<bool, Thrown<'a>> {
        let key = key.raw(self.scope);
        // SAFETY: object, key and context are live for the call.
        let status = unsafe { guard::JS_DeleteProperty(self.scope.context, self.raw(), key, 0) };
        self.scope.truth(status)
    }

    /// Whether the property exists, here or on a prototype. May run guest code.
    pub fn has(&self, key: &Key<'a>) -> Result<bool, Thrown<'a>> {
        let key = key.raw(self.scope);
        // SAFETY: object, key and context are live for the call.
        let status = unsafe { guard::JS_HasProperty(self.scope.context, self.raw(), key) };
        self.scope.truth(status)
    }

    /// The array's `length`.
    pub fn length(&self) -> Result<u32, Thrown<'a>> {
        let mut length = 0;
        // SAFETY: the object is live and `length` outlives the call.
        let status = unsafe { guard::JS_GetLength(self.scope.context, self.raw(), &mut length) };
        self.scope.truth(status)?;
        Ok(u32::try_from(length).unwrap_or(u32::MAX))
    }

    /// Sets the array's `length`, which makes trailing holes.
    pub fn set_length(&self, length: u32) -> Result<(), Thrown<'a>> {
        // SAFETY: the object is live.
        let status =
            unsafe { guard::JS_SetLength(self.scope.context, self.raw(), i64::from(length)) };
        self.scope.truth(status).map(drop)
    }

    /// The prototype: an object, or `null`.
    pub fn prototype(&self) -> Result<Value<'a>, Thrown<'a>> {
        // SAFETY: the object is live; the result is ours.
        unsafe { self.scope.result(guard::JS_GetPrototype(self.scope.context, self.raw())) }
    }

    /// The value of an own property that can never change, if this ordinary object has it.
    pub fn fixed_value(&self, key: &Key<'a>) -> Result<Option<Value<'a>>, Thrown<'a>> {
        let key = key.raw(self.scope);
        let undefined = qjs::JS_UNDEFINED;
        let mut found = qjs::JSPropertyDescriptor {
            flags: 0,
            value: undefined,
            getter: undefined,
            setter: undefined,
        };
        // SAFETY: the object and the place for the answer are live; what it refers to is ours.
        let [value, getter, setter] = unsafe {
            let context = self.scope.context;
            let status = guard::JS_GetOwnProperty(context, &mut found, self.raw(), key);
            if !self.scope.truth(status)? {
                return Ok(None);
            }
            [found.value, found.getter, found.setter].map(|raw| self.scope.own(raw))
        };
        drop((getter, setter));
        let changeable = qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_WRITABLE | qjs::JS_PROP_GETSET;
        Ok((found.flags & changeable as i32 == 0).then_some(value))
    }

    /// Sets the prototype of an ordinary object.
    pub fn set_prototype(&self, prototype: &Value<'a>) -> Result<(), Thrown<'a>> {
        self.assert_mine(prototype);
        // SAFETY: both are live; the engine takes a reference of its own.
        let status =
            unsafe { guard::JS_SetPrototype(self.scope.context, self.raw(), prototype.raw()) };
        self.scope.truth(status).map(drop)
    }

    /// Calls this function. Runs guest code.
    pub fn call(&self, this: &Value<'a>, args: &[Value<'a>]) -> Result<Value<'a>, Thrown<'a>> {
        self.assert_mine(this);
        let raw: Vec<_> = args.iter().map(|arg| self.checked(arg)).collect();
        // SAFETY: function, receiver and arguments are live, held by our callers'
        // handles, through any re-entry; the engine borrows them and returns a
        // reference of ours.
        unsafe {
            self.scope.result(guard::JS_Call(
                self.scope.context,
                self.raw(),
                this.raw(),
                raw.len() as i32,
                raw.as_ptr().cast_mut(),
            ))
        }
    }

    /// Constructs with this function, as `new` does, or as `super` does in a constructor
    /// of `target`. Runs guest code.
    pub fn construct(
        &self,
        args: &[Value<'a>],
        target: &Value<'a>,
    ) -> Result<Value<'a>, Thrown<'a>> {
        self.assert_mine(target);
        let raw: Vec<_> = args.iter().map(|arg| self.checked(arg)).collect();
        // SAFETY: as in `call`.
        unsafe {
            self.scope.result(guard::JS_CallConstructor2(
                self.scope.context,
                self.raw(),
                target.raw(),
                raw.len() as i32,
                raw.as_ptr().cast_mut(),
            ))
        }
    }

    fn checked(&self, other: &Value<'a>) -> qjs::JSValue {
        self.assert_mine(other);
        other.raw()
    }

    /// Two heaps' values must never meet; both handles look alike to the compiler.
    fn assert_mine(&self, other: &Value<'a>) {
        assert!(
            std::ptr::eq(self.scope.runtime, other.scope.runtime),
            "a value of another runtime"
        );
    }
}
