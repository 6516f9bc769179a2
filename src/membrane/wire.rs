//! The format of everything that crosses: little-endian, no padding.
//!
//! `lib/wire.js` holds the same numbers; a test compares the two files.

use std::borrow::Cow;

/// Added to the shape of a guest's intrinsic.
pub const INTRINSIC_SHAPE: u8 = 0x80;

/// What a value is. Each object of a message is numbered in order of appearance, so
/// that shared references and cycles are a [`tag::REFERENCE`] to an earlier one.
#[allow(missing_docs)]
pub mod tag {
    pub const UNDEFINED: u8 = 0;
    pub const NULL: u8 = 1;
    pub const TRUE: u8 = 2;
    pub const FALSE: u8 = 3;
    /// i32
    pub const INTEGER: u8 = 4;
    /// f64
    pub const NUMBER: u8 = 5;
    /// sign byte, then a string of hexadecimal digits
    pub const BIGINT: u8 = 6;
    /// u32 length, bytes of Latin-1
    pub const LATIN1: u8 = 7;
    /// u32 length, units of UTF-16
    pub const UTF16: u8 = 8;
    /// index into the list of well-known symbols
    pub const WELL_KNOWN_SYMBOL: u8 = 9;
    /// string key, as for `Symbol.for`
    pub const REGISTERED_SYMBOL: u8 = 10;
    /// an element that an array does not have
    pub const HOLE: u8 = 11;
    /// u32 index of an earlier object of this message
    pub const REFERENCE: u8 = 12;
    /// u32 slot: an object of the reader's own side
    pub const HOME: u8 = 13;
    /// u32 slot, string description: a symbol of the writer's side
    pub const SYMBOL: u8 = 14;
    /// u32 slot, string name, u32 length, flag: constructor
    pub const FUNCTION: u8 = 15;
    /// u32 slot
    pub const PROMISE: u8 = 16;
    /// properties
    pub const OBJECT: u8 = 17;
    /// u32 length, elements, properties
    pub const ARRAY: u8 = 18;
    /// u32 length, properties (indices among them)
    pub const SPARSE_ARRAY: u8 = 19;
    /// u32 size, keys and values
    pub const MAP: u8 = 20;
    /// u32 size, values
    pub const SET: u8 = 21;
    /// f64 milliseconds
    pub const DATE: u8 = 22;
    /// string source, string flags
    pub const REGEXP: u8 = 23;
    /// class byte, u32 slot, strings name, message and stack (guest only), flag and cause,
    /// properties, and the prototype, or undefined: that of its class
    pub const ERROR: u8 = 24;
    /// u32 length, bytes
    pub const ARRAY_BUFFER: u8 = 25;
    /// kind byte, buffer, f64 byte offset, f64 element count, and a prototype of the host's
    /// own, or undefined
    pub const TYPED_ARRAY: u8 = 26;
    /// buffer, f64 byte offset, f64 byte length
    pub const DATA_VIEW: u8 = 27;
    /// the primitive inside
    pub const BOXED: u8 = 28;
    /// for display only: string class name, properties
    pub const INSTANCE: u8 = 29;
    /// for display only: string text
    pub const PLACEHOLDER: u8 = 30;
    /// u32 slot, shape byte: an object of the writer's side, to be used where it is; with
    /// `INTRINSIC_SHAPE` in the byte, u32 place among the intrinsics
    pub const STAND_IN: u8 = 31;
    /// u32 index into the list of intrinsics: the reader's own. Host only: the index may be
    /// the list's length, for the global object, and a key or undefined follows: the member
    /// that is meant
    pub const INTRINSIC: u8 = 32;
    /// guest only: u32 slot, string message, properties: an error of the host's, and how it
    /// looks now
    pub const HOME_ERROR: u8 = 33;
    /// u32 context: its global object here, the contextified object there
    pub const CONTEXT: u8 = 40;
}

/// What one side asks of the other. Those of the host begin with an f64 timeout in
/// milliseconds (infinite: none), then what is listed.
#[allow(missing_docs)]
pub mod op {
    /// string filename, i32 line offset, u32 column offset, string source
    pub const RUN: u8 = 0;
    /// as `RUN`; the reply's value is undefined, the script is left for the addon
    pub const COMPILE: u8 = 1;
    /// u32 script
    pub const RUN_SCRIPT: u8 = 2;
    /// u32 slot, flag: construct, receiver (constructing: `new.target`, or undefined: the
    /// function itself), u32 count, arguments
    pub const CALL: u8 = 3;
    /// u32 slot of a promise, flag: fulfilled, value
    pub const SETTLE: u8 = 4;
    /// u32 timer
    pub const FIRE_TIMER: u8 = 5;
    /// string id
    pub const REQUIRE: u8 = 6;
    /// nothing; the reply is the global object
    pub const GLOBAL: u8 = 7;
    /// property key, value
    pub const GLOBAL_SET: u8 = 8;
    /// u32 slot, trap byte, u32 count, arguments: what `Reflect` has the trap's name for
    pub const REFLECT: u8 = 9;
    /// u32 slot; the reply is a copy of the object
    pub const COPY: u8 = 10;
    /// guest only: value, the reason of a promise that nobody listens to
    pub const UNHANDLED: u8 = 12;
    /// guest only, in place of a request that could not be written: as `UNCROSSABLE`
    pub const FAILED: u8 = 13;
    /// u32 context, flag: code may be made from strings
    pub const CREATE_CONTEXT: u8 = 40;
    /// u32 context, flag: leave jobs for later, names, u32 count, keys and properties, then
    /// flag: script, and as `RUN_SCRIPT` or `RUN`
    pub const RUN_IN_CONTEXT: u8 = 41;
    /// nothing
    pub const DRAIN: u8 = 42;
    /// guest only: u32 context, key; the reply has names and a property in place of a value
    pub const CONTEXT_GET: u8 = 43;
    /// guest only: u32 context; the reply has a u32 count, keys and properties
    pub const CONTEXT_LIST: u8 = 44;
    /// guest only: u32 context, changes
    pub const CONTEXT_CHANGE: u8 = 45;
    /// u32 context, u32 count, keys and properties: the last that the host knows of it
    pub const DROP_CONTEXT: u8 = 46;
}

/// Which names a contextified object has.
#[allow(missing_docs)]
pub mod names {
    pub const UNKNOWN: u8 = 0;
    /// those last told
    pub const SAME: u8 = 1;
    /// u32 count, keys
    pub const THESE: u8 = 2;
}

/// A property of a contextified object.
#[allow(missing_docs)]
pub mod property {
    pub const ABSENT: u8 = 0;
    /// attributes byte, value
    pub const DATA: u8 = 1;
    /// attributes byte, getter, setter
    pub const ACCESSOR: u8 = 2;
    /// attributes byte: the value that the guest gave it and kept
    pub const KEPT: u8 = 3;
}

/// What the guest has done to a property of a contextified object.
#[allow(missing_docs)]
pub mod change {
    /// no more changes
    pub const END: u8 = 0;
    /// key
    pub const DELETE: u8 = 1;
    /// key
    pub const DECLARE: u8 = 2;
    /// key, flag: kept, value
    pub const SET: u8 = 3;
    /// key, attributes byte, flag: kept, value
    pub const DEFINE: u8 = 4;
    /// key, attributes byte, getter, setter
    pub const ACCESSOR: u8 = 5;
}

/// How a request ended.
#[allow(missing_docs)]
pub mod status {
    /// value
    pub const RETURN: u8 = 0;
    /// value
    pub const THROW: u8 = 1;
    /// stop byte
    pub const STOP: u8 = 2;
    /// string path, string what
    pub const UNCROSSABLE: u8 = 3;
}

/// A message under construction.
pub struct Writer {
    bytes: Vec<u8>,
    limit: usize,
}

impl Writer {
    /// An empty message that is to stay within `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::with_capacity(64), limit }
    }

    /// Whether the message has outgrown its limit: a small graph of shared strings
    /// can be a huge message.
    pub fn is_full(&self) -> bool {
        self.bytes.len() > self.limit
    }

    /// The message.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The message so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes back what was written since the message had `length` bytes.
    pub fn truncate(&mut self, length: usize) {
        self.bytes.truncate(length);
    }

    /// A byte: a tag, an op, a flag.
    pub fn byte(&mut self, value: u8) {
        self.bytes.push(value);
    }

    /// A u32.
    pub fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// An i32.
    pub fn i32(&mut self, value: i32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// An f64.
    pub fn f64(&mut self, value: f64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// A u32 length and that many bytes.
    pub fn block(&mut self, bytes: &[u8]) {
        self.block_of(bytes.len());
        self.piece(bytes);
    }

    /// The length of a block, whose [pieces](Writer::piece) follow.
    pub fn block_of(&mut self, length: usize) {
        self.u32(length as u32);
        self.make_room(length);
    }

    /// Bytes of a block.
    pub fn piece(&mut self, bytes: &[u8]) {
        if !self.is_full() {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// A string value of UTF-16 units.
    pub fn utf16(&mut self, units: &[u16]) {
        self.byte(tag::UTF16);
        self.units_of(units.len());
        self.units(units);
    }

    /// The number of UTF-16 units, which [follow](Writer::units).
    pub fn units_of(&mut self, count: usize) {
        self.u32(count as u32);
        self.make_room(count * 2);
    }

    /// UTF-16 units of a string.
    pub fn units(&mut self, units: &[u16]) {
        if !self.is_full() {
            self.bytes.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
        }
    }

    fn make_room(&mut self, size: usize) {
        if !self.is_full() && size <= self.limit {
            self.bytes.reserve(size);
        } else {
            // Refused by whoever asks `is_full` next; what is written no longer counts.
            self.limit = 0;
        }
    }

    /// A string value.
    pub fn text(&mut self, text: &str) {
        if text.is_ascii() {
            self.byte(tag::LATIN1);
            self.block(text.as_bytes());
        } else {
            self.utf16(&text.encode_utf16().collect::<Vec<_>>());
        }
    }
}

/// A message that breaks the format. The host's half wrote it, so this is a defect.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

/// A message being read.
pub struct Reader<'m> {
    bytes: &'m [u8],
}

impl<'m> Reader<'m> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'m [u8]) -> Self {
        Self { bytes }
    }

    fn take(&mut self, count: usize) -> Result<&'m [u8], Malformed> {
        let (head, tail) = self.bytes.split_at_checked(count).ok_or(Malformed)?;
        self.bytes = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    /// A byte.
    pub fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(self.array::<1>()?[0])
    }

    /// A byte that says yes or no.
    pub fn flag(&mut self) -> Result<bool, Malformed> {
        Ok(self.byte()? != 0)
    }

    /// A u32.
    pub fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// An i32.
    pub fn i32(&mut self) -> Result<i32, Malformed> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    /// An f64.
    pub fn f64(&mut self) -> Result<f64, Malformed> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    /// A u32 length and that many bytes.
    pub fn block(&mut self) -> Result<&'m [u8], Malformed> {
        let length = self.u32()? as usize;
        self.take(length)
    }

    /// A u32 length and that many UTF-16 units.
    pub fn units(&mut self) -> Result<Vec<u16>, Malformed> {
        let length = self.u32()? as usize;
        let bytes = self.take(length.checked_mul(2).ok_or(Malformed)?)?;
        Ok(bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect())
    }

    /// A string value as UTF-8, of which lone surrogates are part (WTF-8): what the
    /// engine's parser takes.
    pub fn source(&mut self) -> Result<Cow<'m, [u8]>, Malformed> {
        match self.byte()? {
            tag::LATIN1 => Ok(utf8_of_latin1(self.block()?)),
            tag::UTF16 => Ok(Cow::Owned(wtf8_of_utf16(&self.units()?))),
            _ => Err(Malformed),
        }
    }

    /// A string value as text; lone surrogates are replaced.
    pub fn text(&mut self) -> Result<String, Malformed> {
        Ok(String::from_utf8_lossy(&self.source()?).into_owned())
    }
}

/// Latin-1 as UTF-8, borrowed when it is ASCII.
pub fn utf8_of_latin1(bytes: &[u8]) -> Cow<'_, [u8]> {
    if bytes.is_ascii() {
        return Cow::Borrowed(bytes);
    }
    Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes())
}

fn wtf8_of_utf16(units: &[u16]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(units.len());
    for decoded in char::decode_utf16(units.iter().copied()) {
        match decoded {
            Ok(char) => bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(lone) => {
                let unit = lone.unpaired_surrogate();
                bytes.extend_from_slice(&[
                    0xe0 | (unit >> 12) as u8,
                    0x80 | (unit >> 6 & 0x3f) as u8,
                    0x80 | (unit & 0x3f) as u8,
                ]);
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let mut writer = Writer::new(1000);
        writer.byte(7);
        writer.i32(-5);
        writer.f64(-0.0);
        writer.text("plain");
        writer.text("čeština 🎉");
        let mut reader = Reader::new(writer.bytes());
        assert_eq!(reader.byte(), Ok(7));
        assert_eq!(reader.i32(), Ok(-5));
        assert!(reader.f64().unwrap().is_sign_negative());
        assert_eq!(reader.text().unwrap(), "plain");
        assert_eq!(reader.text().unwrap(), "čeština 🎉");
        assert_eq!(reader.byte(), Err(Malformed));
    }

    #[test]
    fn lone_surrogates_survive_as_wtf8() {
        assert_eq!(wtf8_of_utf16(&[0xd800, 0x61]), [0xed, 0xa0, 0x80, 0x61]);
    }

    #[test]
    fn a_message_cannot_outgrow_its_limit() {
        let mut writer = Writer::new(10);
        writer.block(&[0; 100]);
        assert!(writer.is_full());
        assert!(writer.bytes().len() < 20);
    }

    #[test]
    fn lengths_beyond_the_message_are_malformed() {
        assert_eq!(Reader::new(&[0xff, 0xff, 0xff, 0xff]).units(), Err(Malformed));
        assert_eq!(Reader::new(&[4, 0, 0, 0, 1]).block(), Err(Malformed));
    }
}
