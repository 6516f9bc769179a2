//! Lifting: guest values become bytes for the host.

mod display;
mod error;
mod pace;
mod refusal;
mod view;

use std::collections::HashMap;

use super::helpers::{help, Helper};
use super::wire::{tag, Writer, INTRINSIC_SHAPE};
use crate::engine::{stack_remaining, Key, Kind, Scope, Slot, Thrown, Value};

/// Marks the slots of the two reactions by which the host hears of a guest promise:
/// this bit, the promise's own slot shifted up, and whether it is the rejection.
pub const REACTION: u32 = 0x8000_0000;

/// Native stack that lifting leaves free: what it calls needs some too.
const STACK_MARGIN: usize = 64 * 1024;

/// Up to this depth it is not the value that has used the stack up.
const MOST_SHALLOW: usize = 100;

use refusal::step;
pub use refusal::LiftError;

type Lifted<'a> = Result<(), LiftError<'a>>;

/// What the values are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be used where they are: objects are named by slots.
    Use,
    /// To be copied with all that is in them. What has no exact form on the other side is
    /// refused.
    Copy,
    /// To be shown to a person: everything has some form, nothing is refused.
    Display,
}

/// Writes the values of one message.
pub struct Lift<'m, 'a> {
    scope: Scope<'a>,
    writer: &'m mut Writer,
    purpose: Purpose,
    depth: usize,
    /// How many values were written.
    values: u32,
    /// The number of each object of this message, by address. `kept` keeps those
    /// addresses from being used again while the message is written.
    numbers: HashMap<usize, u32>,
    kept: Vec<Value<'a>>,
    /// Slots that this message is the first to name.
    slots: Vec<Slot>,
}

/// A place in a message that is being written.
#[derive(Clone, Copy)]
pub struct Mark {
    bytes: usize,
    objects: usize,
    slots: usize,
}

impl<'m, 'a> Lift<'m, 'a> {
    /// Lifts into `writer`.
    pub fn new(scope: Scope<'a>, writer: &'m mut Writer, purpose: Purpose) -> Self {
        let (numbers, kept, slots) = Default::default();
        Self { scope, writer, purpose, depth: 0, values: 0, numbers, kept, slots }
    }

    /// The message, for what is not a value.
    pub fn writer(&mut self) -> &mut Writer {
        self.writer
    }

    /// The slots that this message is the first to name.
    pub fn into_slots(self) -> Vec<Slot> {
        self.slots
    }

    /// One value that the path calls `name`.
    pub fn named(&mut self, value: &Value<'a>, name: impl FnOnce() -> String) -> Lifted<'a> {
        self.value(value).map_err(|error| error.within(name))
    }

    /// An object whose properties cross one by one, such as a property descriptor.
    pub fn record(&mut self, value: &Value<'a>) -> Lifted<'a> {
        match value.kind() {
            Kind::Object | Kind::Array => self.numbered(value, |lift| match value.kind() {
                Kind::Array => lift.array(value),
                _ => lift.fields(value),
            }),
            _ => self.value(value),
        }
    }

    /// How far the message has come, for [`Lift::roll_back`].
    pub fn mark(&self) -> Mark {
        Mark { bytes: self.writer.bytes().len(), objects: self.kept.len(), slots: self.slots.len() }
    }

    /// Takes back what was written since `mark`: the host never hears of the slots.
    pub fn roll_back(&mut self, mark: Mark) {
        self.writer.truncate(mark.bytes);
        for value in self.kept.drain(mark.objects..) {
            self.numbers.remove(&value.address());
        }
        for slot in self.slots.drain(mark.slots..) {
            self.scope.runtime().release(slot);
        }
    }

    fn keep(&mut self, value: &Value<'a>) -> Slot {
        let (slot, new) = self.scope.keep(value);
        if new {
            self.slots.push(slot);
        }
        slot
    }

    fn value(&mut self, value: &Value<'a>) -> Lifted<'a> {
        self.keep_pace()?;
        if self.writer.is_full() {
            return LiftError::refuse("a message larger than the sandbox's memory limit");
        }
        match value.kind() {
            Kind::Undefined => self.writer.byte(tag::UNDEFINED),
            Kind::Null => self.writer.byte(tag::NULL),
            Kind::Boolean(true) => self.writer.byte(tag::TRUE),
            Kind::Boolean(false) => self.writer.byte(tag::FALSE),
            Kind::Integer(number) => {
                self.writer.byte(tag::INTEGER);
                self.writer.i32(number);
            }
            Kind::Number(number) => {
                self.writer.byte(tag::NUMBER);
                self.writer.f64(number);
            }
            Kind::String => self.string(value)?,
            Kind::BigInt => {
                let negative = self.help(Helper::BigIntNegative, value)?;
                self.writer.byte(tag::BIGINT);
                self.writer.byte(u8::from(negative.kind() == Kind::Boolean(true)));
                self.string(&self.help(Helper::BigIntHex, value)?)?;
            }
            Kind::Symbol => self.symbol(value)?,
            kind => self.object(value, kind)?,
        }
        Ok(())
    }

    fn object(&mut self, value: &Value<'a>, kind: Kind) -> Lifted<'a> {
        if let Some(&number) = self.numbers.get(&value.address()) {
            self.writer.byte(tag::REFERENCE);
            self.writer.u32(number);
            return Ok(());
        }
        // Only these two kinds can be read without the guest's help.
        let plain = matches!(kind, Kind::Object | Kind::Array);
        if stack_remaining() < STACK_MARGIN
            || (!plain && self.scope.stack_left() < STACK_MARGIN && self.depth > MOST_SHALLOW)
        {
            return LiftError::refuse("an object nested too deeply");
        }
        self.numbered(value, |lift| lift.object_of(value, kind))
    }

    /// Gives an object its number and writes it.
    fn numbered(
        &mut self,
        value: &Value<'a>,
        write: impl FnOnce(&mut Self) -> Lifted<'a>,
    ) -> Lifted<'a> {
        self.numbers.insert(value.address(), self.kept.len() as u32);
        self.kept.push(value.clone());
        self.depth += 1;
        let outcome = write(self);
        self.depth -= 1;
        outcome
    }

    fn object_of(&mut self, value: &Value<'a>, kind: Kind) -> Lifted<'a> {
        if let Kind::Host(slot) = kind {
            self.slot(tag::HOME, slot);
            return Ok(());
        }
        if self.purpose == Purpose::Display {
            if let Some(text) = self.placeholder(value, kind)? {
                self.writer.byte(tag::PLACEHOLDER);
                self.writer.text(&text);
                return Ok(());
            }
        }
        match kind {
            Kind::Global(id) => self.slot(tag::CONTEXT, id),
            Kind::Function | Kind::NativeFunction => self.stand_in(value),
            Kind::Object | Kind::Array | Kind::Proxy | Kind::Weak
                if self.purpose == Purpose::Use =>
            {
                self.stand_in(value);
            }
            Kind::Array => self.array(value)?,
            Kind::Error => self.error(value)?,
            Kind::Promise => self.promise(value)?,
            Kind::Date => {
                let time = self.help(Helper::DateTime, value)?.to_number()?;
                self.writer.byte(tag::DATE);
                self.writer.f64(time);
            }
            Kind::RegExp => {
                self.writer.byte(tag::REGEXP);
                self.string(&self.help(Helper::RegExpSource, value)?)?;
                self.string(&self.help(Helper::RegExpFlags, value)?)?;
            }
            Kind::Map => {
                let entries = self.help(Helper::MapEntries, value)?;
                let size = self.limited(entries.length()? / 2);
                self.writer.byte(tag::MAP);
                self.writer.u32(size);
                for index in 0..size {
                    let key = entries.get_index(2 * index)?;
                    self.named(&key, || format!("<key {index}>"))?;
                    let value = entries.get_index(2 * index + 1)?;
                    self.named(&value, || match (key.kind(), key.to_text()) {
                        (Kind::String, Ok(key)) => format!(".get({key:?})"),
                        _ => format!("<value {index}>"),
                    })?;
                }
            }
            Kind::Set => {
                let values = self.help(Helper::SetValues, value)?;
                let size = self.limited(values.length()?);
                self.writer.byte(tag::SET);
                self.writer.u32(size);
                for index in 0..size {
                    let value = values.get_index(index)?;
                    self.named(&value, || format!("<value {index}>"))?;
                }
            }
            Kind::ArrayBuffer => self.buffer(value)?,
            Kind::TypedArray => self.typed_array(value)?,
            Kind::DataView => self.data_view(value)?,
            Kind::Boxed => {
                self.writer.byte(tag::BOXED);
                self.value(&self.help(Helper::Unbox, value)?)?;
            }
            Kind::Proxy => return LiftError::refuse("a Proxy"),
            Kind::Weak => return LiftError::refuse("a weak collection or reference"),
            _ => self.plain(value)?,
        }
        Ok(())
    }

    fn stand_in(&mut self, value: &Value<'a>) {
        self.stand_in_for(value, self.scope.intrinsic_place(value));
    }

    /// An object that stays in the guest. At `place` another guest has one of its own like it.
    pub fn stand_in_for(&mut self, value: &Value<'a>, place: Option<u32>) {
        let slot = self.keep(value);
        self.slot(tag::STAND_IN, slot);
        let shape = value.shape() as u8;
        match place {
            None => self.writer.byte(shape),
            Some(place) => {
                self.writer.byte(shape | INTRINSIC_SHAPE);
                self.writer.u32(place);
            }
        }
    }

    /// The host's own intrinsic in place of the guest's at `index`.
    pub fn intrinsic(&mut self, index: u32) {
        self.slot(tag::INTRINSIC, index);
    }

    fn plain(&mut self, value: &Value<'a>) -> Lifted<'a> {
        if is_plain(value)? {
            return self.fields(value);
        }
        let name = self.help(Helper::ClassName, value)?;
        if self.purpose == Purpose::Copy {
            let name = name.to_text()?;
            // What the host asks a copy of is copied, whatever its class, if it has fields.
            if self.depth == 1 && &*name != "SharedArrayBuffer" {
                return self.fields(value);
            }
            return LiftError::refuse(match &*name {
                "" | "Object" => "an object with a prototype of its own".into(),
                name => format!("an instance of {name}"),
            });
        }
        self.writer.byte(tag::INSTANCE);
        self.string(&name)?;
        let keys = value.own_keys()?;
        self.properties(value, &keys)
    }

    /// The own enumerable properties, as a plain object.
    fn fields(&mut self, value: &Value<'a>) -> Lifted<'a> {
        self.writer.byte(tag::OBJECT);
        let keys = value.own_keys()?;
        self.properties(value, &keys)
    }

    /// The properties named by `keys`.
    fn properties(&mut self, value: &Value<'a>, keys: &[Key<'a>]) -> Lifted<'a> {
        let count = self.limited(keys.len() as u32);
        self.writer.u32(count);
        for key in &keys[..count as usize] {
            let name = key.to_value()?;
            self.string(&name)?;
            let property = match value.get(key) {
                Err(_) if self.purpose == Purpose::Display => self.scope.undefined(),
                outcome => outcome?,
            };
            if let Err(error) = self.value(&property) {
                let step = name.to_text().map(|name| step(&name)).unwrap_or_default();
                return Err(error.within(|| step));
            }
        }
        Ok(())
    }

    fn array(&mut self, value: &Value<'a>) -> Lifted<'a> {
        let length = value.length()?;
        let keys = value.own_keys()?;
        // Indices come first and in order, so the array is dense when the last one
        // it should have stands at its place.
        let last = length.checked_sub(1).and_then(|last| keys.get(last as usize));
        let dense = length == 0 || last.is_some_and(|key| is_index(key, length - 1));
        if !dense {
            self.writer.byte(tag::SPARSE_ARRAY);
            self.writer.u32(length);
            return self.properties(value, &keys);
        }
        let shown = self.limited(length);
        self.writer.byte(tag::ARRAY);
        self.writer.u32(shown);
        for index in 0..shown {
            let element = value.get_index(index)?;
            self.named(&element, || format!("[{index}]"))?;
        }
        self.properties(value, &keys[length as usize..])
    }

    fn promise(&mut self, value: &Value<'a>) -> Lifted<'a> {
        if self.home(value)? {
            return Ok(());
        }
        let scope = self.scope;
        let (slot, new) = scope.keep(value);
        self.slot(tag::PROMISE, slot);
        if !new {
            return Ok(());
        }
        self.slots.push(slot);
        let reaction = |rejected: u32| {
            let name = scope.string_utf8(b"")?;
            scope.host_function(REACTION | slot << 1 | rejected, &name, 1, false)
        };
        Ok(value.then(&reaction(0)?, &reaction(1)?)?)
    }

    /// Writes the host value that this object is the twin of, if it is one.
    fn home(&mut self, value: &Value<'a>) -> Result<bool, LiftError<'a>> {
        let token = self.help(Helper::TwinGet, value)?;
        let slot = self.scope.token_slot(&token);
        if let Some(slot) = slot {
            self.slot(tag::HOME, slot);
        }
        Ok(slot.is_some())
    }

    fn symbol(&mut self, value: &Value<'a>) -> Lifted<'a> {
        let index = self.help(Helper::SymbolIndex, value)?;
        if let Kind::Integer(index @ 0..) = index.kind() {
            self.writer.byte(tag::WELL_KNOWN_SYMBOL);
            self.writer.i32(index);
            return Ok(());
        }
        let key = self.help(Helper::SymbolKey, value)?;
        if !key.is_undefined() {
            self.writer.byte(tag::REGISTERED_SYMBOL);
            return self.string(&key);
        }
        if self.home(value)? {
            return Ok(());
        }
        let slot = match self.purpose {
            Purpose::Use | Purpose::Copy => self.keep(value),
            Purpose::Display => Slot::MAX,
        };
        self.slot(tag::SYMBOL, slot);
        let description = self.help(Helper::SymbolDescription, value)?;
        self.value(&description)
    }

    fn slot(&mut self, tag: u8, slot: u32) {
        self.writer.byte(tag);
        self.writer.u32(slot);
    }

    fn help(&self, helper: Helper, value: &Value<'a>) -> Result<Value<'a>, Thrown<'a>> {
        help(self.scope, helper, std::slice::from_ref(value))
    }
}

/// Whether a key is this array index.
fn is_index(key: &Key<'_>, index: u32) -> bool {
    // The engine gives back small indices as the numbers they are stored as. Of strings, more
    // than one is the number: the empty one, too, is 0.
    key.to_value().is_ok_and(|value| match value.kind() {
        Kind::Symbol => false,
        _ => value.to_text().is_ok_and(|text| text == index.to_string()),
    })
}

/// Whether an object is made by a literal (of any realm) or has no prototype.
fn is_plain<'a>(value: &Value<'a>) -> Result<bool, Thrown<'a>> {
    let prototype = value.prototype()?;
    Ok(match prototype.kind() {
        Kind::Null => true,
        Kind::Proxy => false,
        _ => prototype.prototype()?.kind() == Kind::Null,
    })
}
