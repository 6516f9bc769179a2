//! Lowering: bytes from the host become guest values.

use std::cell::RefCell;
use std::collections::HashMap;

use super::helpers::{self, help, Helper};
use super::wire::{tag, utf8_of_latin1, Malformed, Reader};
use crate::engine::{stack_remaining, Scope, Shape, Slot, Thrown, Value, TYPED_ARRAY_KINDS};

/// Native stack that lowering leaves free: what it calls needs some too.
const STACK_MARGIN: usize = 64 * 1024;

/// What the guest holds for host values that have no host function or token of their
/// own kind, by the host's slot.
#[derive(Default)]
pub struct Twins {
    /// The `resolve` and `reject` of each promise whose host twin is unsettled.
    promises: RefCell<HashMap<u32, [Slot; 2]>>,
    /// Symbols. They are few, and stay.
    symbols: RefCell<HashMap<u32, Slot>>,
}

impl Twins {
    /// Settles the twin of the host promise in `slot`. Runs no guest code by itself:
    /// reactions are jobs.
    pub fn settle<'a>(
        &self,
        scope: Scope<'a>,
        slot: u32,
        fulfilled: bool,
        value: Value<'a>,
    ) -> Result<(), Thrown<'a>> {
        let Some(functions) = self.promises.borrow_mut().remove(&slot) else {
            return Ok(());
        };
        let function = scope.kept(functions[usize::from(!fulfilled)]);
        functions.into_iter().for_each(|slot| scope.runtime().release(slot));
        match function {
            Some(function) => function.call(&scope.undefined(), &[value]).map(drop),
            None => Ok(()),
        }
    }
}

/// Why a value could not be lowered.
pub enum LowerError<'a> {
    /// The engine raised an exception: out of memory, mostly.
    Thrown(Thrown<'a>),
    /// The message breaks the format.
    Malformed,
}

impl<'a> From<Thrown<'a>> for LowerError<'a> {
    fn from(thrown: Thrown<'a>) -> Self {
        Self::Thrown(thrown)
    }
}

impl From<Malformed> for LowerError<'_> {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

type Lowered<'a> = Result<Value<'a>, LowerError<'a>>;

/// Reads the values of one message.
pub struct Lower<'m, 'b, 'a> {
    scope: Scope<'a>,
    reader: &'m mut Reader<'b>,
    twins: &'m Twins,
    /// The objects of this message so far, for references to them.
    objects: Vec<Value<'a>>,
}

impl<'m, 'b, 'a> Lower<'m, 'b, 'a> {
    /// Lowers from `reader` into the realm that is entered.
    pub fn new(scope: Scope<'a>, reader: &'m mut Reader<'b>, twins: &'m Twins) -> Self {
        Self { scope, reader, twins, objects: Vec::new() }
    }

    /// The message, for what is not a value.
    pub fn reader(&mut self) -> &mut Reader<'b> {
        self.reader
    }

    /// A u32 count and that many values.
    pub fn values(&mut self) -> Result<Vec<Value<'a>>, LowerError<'a>> {
        let count = self.reader.u32()?;
        (0..count).map(|_| self.value()).collect()
    }

    /// One value.
    pub fn value(&mut self) -> Lowered<'a> {
        let tag = self.reader.byte()?;
        self.tagged(tag)
    }

    fn tagged(&mut self, tag: u8) -> Lowered<'a> {
        let scope = self.scope;
        Ok(match tag {
            tag::UNDEFINED => scope.undefined(),
            tag::NULL => scope.null(),
            tag::TRUE => scope.boolean(true),
            tag::FALSE => scope.boolean(false),
            tag::INTEGER => scope.integer(self.reader.i32()?),
            tag::NUMBER => scope.number(self.reader.f64()?),
            tag::LATIN1 => scope.string_utf8(&utf8_of_latin1(self.reader.block()?))?,
            tag::UTF16 => scope.string_utf16(&self.reader.units()?)?,
            tag::BIGINT => {
                let negative = scope.boolean(self.reader.flag()?);
                let digits = self.string()?;
                help(scope, Helper::NewBigInt, &[digits, negative])?
            }
            tag::WELL_KNOWN_SYMBOL => {
                let index = scope.integer(self.reader.i32()?);
                help(scope, Helper::WellKnownSymbol, &[index])?
            }
            tag::REGISTERED_SYMBOL => {
                let key = self.string()?;
                help(scope, Helper::RegisteredSymbol, &[key])?
            }
            tag::SYMBOL => self.symbol()?,
            tag::CONTEXT => {
                let global = scope.global_of(self.reader.u32()?).ok_or(LowerError::Malformed)?;
                self.number(global)
            }
            tag::REFERENCE => {
                let index = self.reader.u32()? as usize;
                self.objects.get(index).cloned().ok_or(LowerError::Malformed)?
            }
            tag::HOME => {
                let slot = self.reader.u32()?;
                let kept = scope.kept(slot).ok_or(LowerError::Malformed)?;
                self.number(kept)
            }
            tag::BOXED => {
                let tag = self.reader.byte()?;
                let primitive = self.tagged(tag)?;
                if primitive.is_object() {
                    return Err(LowerError::Malformed);
                }
                let object = help(scope, Helper::Box, &[primitive])?;
                self.number(object)
            }
            _ => self.object(tag)?,
        })
    }

    /// A string, where the format has nothing else: what converts to one could run code.
    fn string(&mut self) -> Lowered<'a> {
        match self.reader.byte()? {
            tag @ (tag::LATIN1 | tag::UTF16) => self.tagged(tag),
            _ => Err(LowerError::Malformed),
        }
    }

    fn object(&mut self, tag: u8) -> Lowered<'a> {
        let scope = self.scope;
        if stack_remaining() < STACK_MARGIN {
            return Err(scope.range_error("Maximum call stack size exceeded").into());
        }
        Ok(match tag {
            tag::OBJECT => {
                let object = self.number(scope.object()?);
                self.properties(&object)?;
                object
            }
            tag::ARRAY => {
                let array = self.number(scope.array()?);
                let length = self.reader.u32()?;
                for index in 0..length {
                    match self.reader.byte()? {
                        tag::HOLE => {}
                        tag => array.define_index(index, self.tagged(tag)?)?,
                    }
                }
                array.set_length(length)?;
                self.properties(&array)?;
                array
            }
            tag::SPARSE_ARRAY => {
                let array = self.number(scope.array()?);
                array.set_length(self.reader.u32()?)?;
                self.properties(&array)?;
                array
            }
            tag::MAP => {
                let map = self.number(help(scope, Helper::NewMap, &[])?);
                for _ in 0..self.reader.u32()? {
                    let entry = [map.clone(), self.value()?, self.value()?];
                    help(scope, Helper::MapSet, &entry)?;
                }
                map
            }
            tag::SET => {
                let set = self.number(help(scope, Helper::NewSet, &[])?);
                for _ in 0..self.reader.u32()? {
                    let value = self.value()?;
                    help(scope, Helper::SetAdd, &[set.clone(), value])?;
                }
                set
            }
            tag::DATE => {
                let time = scope.number(self.reader.f64()?);
                self.number(help(scope, Helper::NewDate, &[time])?)
            }
            tag::REGEXP => {
                let parts = [self.string()?, self.string()?];
                self.number(help(scope, Helper::NewRegExp, &parts)?)
            }
            tag::ERROR => self.error()?,
            tag::ARRAY_BUFFER => {
                let buffer = scope.array_buffer(self.reader.block()?)?;
                self.number(buffer)
            }
            tag::TYPED_ARRAY => self.typed_array()?,
            tag::DATA_VIEW => {
                let place = self.reserve();
                let buffer = self.value()?;
                let offset = scope.number(self.reader.f64()?);
                let length = scope.number(self.reader.f64()?);
                let view = help(scope, Helper::NewDataView, &[buffer, offset, length])?;
                self.fill(place, view)
            }
            tag::FUNCTION => {
                let slot = self.reader.u32()?;
                let name = self.string()?;
                let length = self.reader.u32()? as i32;
                let constructor = self.reader.flag()?;
                self.number(scope.host_function(slot, &name, length, constructor)?)
            }
            tag::STAND_IN => {
                let slot = self.reader.u32()?;
                let shape = match self.reader.byte()? {
                    0 => Shape::Object,
                    1 => Shape::Array,
                    2 => Shape::Function,
                    3 => Shape::Constructor,
                    _ => return Err(LowerError::Malformed),
                };
                scope.wake(slot);
                self.number(scope.host_proxy(slot, shape)?)
            }
            tag::INTRINSIC => {
                let place = self.reserve();
                let index = scope.number(f64::from(self.reader.u32()?));
                let key = self.value()?;
                let list = helpers::intrinsics(scope)?;
                let found = help(scope, Helper::Member, &[list, index, key])?;
                self.fill(place, found)
            }
            tag::PROMISE => self.promise()?,
            _ => return Err(LowerError::Malformed),
        })
    }

    fn properties(&mut self, object: &Value<'a>) -> Result<(), LowerError<'a>> {
        for _ in 0..self.reader.u32()? {
            let key = self.scope.key_utf8(&self.reader.source()?)?;
            object.define(&key, self.value()?)?;
        }
        Ok(())
    }

    /// A twin of a host error: the host's message and fields, but this side's stack.
    fn error(&mut self) -> Lowered<'a> {
        let scope = self.scope;
        let place = self.reserve();
        let class = scope.integer(i32::from(self.reader.byte()?));
        let slot = self.reader.u32()?;
        let (name, message) = (self.string()?, self.string()?);
        let known = self.twin(slot)?;
        let new = known.is_none();
        let error = match known {
            Some(error) => error,
            None => {
                let error = help(scope, Helper::NewError, &[class, message, name])?;
                help(scope, Helper::TwinSet, &[error.clone(), scope.host_token(slot)?])?;
                error
            }
        };
        let error = self.fill(place, error);
        if self.reader.flag()? {
            let cause = self.value()?;
            if new {
                error.define_hidden("cause", cause)?;
            }
        }
        for _ in 0..self.reader.u32()? {
            let name = self.reader.source()?;
            let value = self.value()?;
            match (new, &*name) {
                (false, _) => {}
                // Hidden in an AggregateError, as `cause` is.
                (true, b"errors") => error.define_hidden("errors", value)?,
                (true, name) => error.define(&scope.key_utf8(name)?, value)?,
            }
        }
        let prototype = self.value()?;
        if new && prototype.is_object() {
            // A prototype of the host's does not lead to this side's accessor.
            let stack = error.get_str("stack")?;
            error.set_prototype(&prototype)?;
            error.define_hidden("stack", stack)?;
        }
        Ok(error)
    }

    /// The guest object that is the twin of the host value in `slot` already.
    fn twin(&self, slot: u32) -> Result<Option<Value<'a>>, Thrown<'a>> {
        let Some(token) = self.scope.live_host_object(slot) else { return Ok(None) };
        let twin = help(self.scope, Helper::TwinOf, &[token])?;
        Ok((!twin.is_undefined()).then_some(twin))
    }

    fn typed_array(&mut self) -> Lowered<'a> {
        let place = self.reserve();
        let kind = usize::from(self.reader.byte()?);
        let buffer = self.value()?;
        let offset = self.reader.f64()? as usize;
        let length = self.reader.f64()? as usize;
        if kind >= TYPED_ARRAY_KINDS.len() {
            return Err(LowerError::Malformed);
        }
        let view = self.scope.typed_array(kind, &buffer, offset, length)?;
        let view = self.fill(place, view);
        let prototype = self.value()?;
        if prototype.is_object() {
            view.set_prototype(&prototype)?;
        }
        Ok(view)
    }

    /// A twin of a host promise, settled when the host says so.
    fn promise(&mut self) -> Lowered<'a> {
        let scope = self.scope;
        let slot = self.reader.u32()?;
        if let Some(known) = self.twin(slot)? {
            return Ok(self.number(known));
        }
        let (promise, resolve, reject) = scope.promise()?;
        help(scope, Helper::TwinSet, &[promise.clone(), scope.host_token(slot)?])?;
        let functions = [scope.keep(&resolve).0, scope.keep(&reject).0];
        self.twins.promises.borrow_mut().insert(slot, functions);
        Ok(self.number(promise))
    }

    /// A twin of a host symbol, the same one each time.
    fn symbol(&mut self) -> Lowered<'a> {
        let scope = self.scope;
        let slot = self.reader.u32()?;
        let description = match self.reader.byte()? {
            tag @ (tag::UNDEFINED | tag::LATIN1 | tag::UTF16) => self.tagged(tag)?,
            _ => return Err(LowerError::Malformed),
        };
        let known = self.twins.symbols.borrow().get(&slot).and_then(|&kept| scope.kept(kept));
        if let Some(symbol) = known {
            return Ok(symbol);
        }
        let symbol = help(scope, Helper::NewSymbol, &[description])?;
        help(scope, Helper::TwinSet, &[symbol.clone(), scope.host_token(slot)?])?;
        self.twins.symbols.borrow_mut().insert(slot, scope.keep(&symbol).0);
        Ok(symbol)
    }

    /// Gives a new object its number in this message.
    fn number(&mut self, object: Value<'a>) -> Value<'a> {
        self.objects.push(object.clone());
        object
    }

    /// A number for an object that needs its parts first; nothing can refer to it
    /// before it is there.
    fn reserve(&mut self) -> usize {
        self.objects.push(self.scope.undefined());
        self.objects.len() - 1
    }

    fn fill(&mut self, place: usize, object: Value<'a>) -> Value<'a> {
        self.objects[place] = object.clone();
        object
    }
}
