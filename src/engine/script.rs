//! Compiled code: parsed once, run in any realm of any runtime.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString};
use std::sync::{Arc, OnceLock};

use rquickjs::qjs;

use super::{guard, Scope, Thrown, Value};

/// Where source text comes from, for stack traces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The file's name.
    pub filename: String,
    /// Added to each line number.
    pub line_offset: i32,
    /// Added to the column numbers of the first line.
    pub column_offset: u32,
}

/// Bytecode of a script. Made only by this engine from source text, in this process or,
/// [sealed](Script::seal), in another one; any other bytecode has no way in.
#[derive(Clone)]
pub struct Script(Arc<[u8]>);

impl Script {
    /// The size of the bytecode in bytes.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    pub(super) fn code(&self) -> &[u8] {
        &self.0
    }

    /// A script of what [`Script::code`] was, as the caller has made sure.
    pub(super) fn of_authentic(code: &[u8]) -> Self {
        Self(code.into())
    }
}

/// The widest indentation that a column offset can ask for: it costs that much source.
const MAX_COLUMN_OFFSET: u32 = 1 << 20;

impl<'a> Scope<'a> {
    /// Parses and runs `source` (UTF-8, of which surrogates may be part) as a script;
    /// answers its completion value.
    pub fn eval(self, source: &[u8], origin: &Origin) -> Result<Value<'a>, Thrown<'a>> {
        self.parse(source, origin, 0)
    }

    /// Runs one of this crate's own scripts, compiled once in the life of the process.
    /// Its text is left out, for it would lie in every heap and guests could read it.
    pub fn run_builtin(
        self,
        compiled: &OnceLock<Script>,
        source: &str,
        filename: &str,
    ) -> Result<Value<'a>, Thrown<'a>> {
        if let Some(script) = compiled.get() {
            return self.run(script);
        }
        let origin = Origin { filename: filename.into(), ..Origin::default() };
        let flags = qjs::JS_WRITE_OBJ_STRIP_SOURCE as i32;
        let script = self.compile_with(source.as_bytes(), &origin, flags)?;
        self.run(compiled.get_or_init(|| script))
    }

    /// Compiles `source` without running it. A syntax error is a guest SyntaxError
    /// whose stack names file, line and column.
    pub fn compile(self, source: &[u8], origin: &Origin) -> Result<Script, Thrown<'a>> {
        self.compile_with(source, origin, 0)
    }

    fn compile_with(
        self,
        source: &[u8],
        origin: &Origin,
        flags: i32,
    ) -> Result<Script, Thrown<'a>> {
        let function = self.parse(source, origin, qjs::JS_EVAL_FLAG_COMPILE_ONLY as i32)?;
        let mut len = Default::default();
        // SAFETY: `function` is live bytecode; the engine allocates `len` bytes in its
        // heap, which are copied out and given back.
        unsafe {
            let flags = qjs::JS_WRITE_OBJ_BYTECODE as i32 | flags;
            let data = guard::JS_WriteObject(self.context, &mut len, function.raw(), flags);
            if data.is_null() {
                return Err(self.take_exception());
            }
            let code = std::slice::from_raw_parts(data, len as usize).into();
            guard::js_free(self.context, data.cast());
            Ok(Script(code))
        }
    }

    /// Runs a compiled script in this realm; answers its completion value.
    pub fn run(self, script: &Script) -> Result<Value<'a>, Thrown<'a>> {
        let code = &*script.0;
        // SAFETY: the bytes are the engine's own output, unchanged since: they come from
        // `compile_with`, or from `unseal`, which knows them by their seal. The same engine
        // reads them. JS_EvalFunction takes over the function, also when it throws.
        unsafe {
            let flags = qjs::JS_READ_OBJ_BYTECODE as i32;
            let raw = guard::JS_ReadObject(self.context, code.as_ptr(), code.len() as _, flags);
            let function = self.result(raw)?;
            self.result(guard::JS_EvalFunction(self.context, function.into_raw()))
        }
    }

    fn parse(self, source: &[u8], origin: &Origin, flags: i32) -> Result<Value<'a>, Thrown<'a>> {
        let filename = CString::new(origin.filename.replace('\0', "\u{fffd}")).unwrap_or_default();
        let (mut text, line_num) = place(source, origin);
        let len = text.len();
        text.push(0); // the parser reads up to a NUL behind the text
        let mut options = qjs::JSEvalOptions {
            version: qjs::JS_EVAL_OPTIONS_VERSION as i32,
            eval_flags: qjs::JS_EVAL_TYPE_GLOBAL as i32 | flags,
            filename: filename.as_ptr(),
            line_num,
        };
        // SAFETY: text (NUL-terminated), filename and options outlive the call; the
        // engine keeps copies of what it needs.
        unsafe {
            let text = text.as_ptr().cast();
            self.result(guard::JS_Eval2(self.context, text, len as _, &mut options))
        }
    }
}

/// The engine's version.
pub(super) fn engine_version() -> std::borrow::Cow<'static, str> {
    // SAFETY: a literal of the engine's.
    unsafe { CStr::from_ptr(qjs::JS_GetVersion()) }.to_string_lossy()
}

/// Puts `source` where `origin` says it is; answers the text to parse and the number of
/// its first line.
///
/// The engine counts the columns of its first line in two ways, so ours is never the
/// first. It has no column offset: indenting has the same effect. And it takes a first
/// line of 0 for 1, so one more line keeps clear of that.
fn place(source: &[u8], origin: &Origin) -> (Vec<u8>, i32) {
    let line = origin.line_offset.saturating_add(1);
    let before = if line == 1 { 2 } else { 1 };
    let indent = origin.column_offset.min(MAX_COLUMN_OFFSET) as usize;
    let mut text = Vec::with_capacity(before + indent + source.len() + 1);
    text.resize(before, b'\n');
    text.resize(before + indent, b' ');
    match source.strip_prefix(b"#!") {
        // Allowed only at the very start, which this is no longer.
        Some(rest) => {
            text.extend_from_slice(b"//");
            text.extend_from_slice(rest);
        }
        None => text.extend_from_slice(source),
    }
    (text, line.saturating_sub(before as i32))
}
