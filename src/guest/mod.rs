//! What a guest finds besides the intrinsics: console, timers, modules.
//!
//! Each builtin is a script of its own. What it needs of the outside it gets as
//! host functions in fixed slots ([`service`]); its functions it returns.

use std::sync::OnceLock;

use crate::engine::{Args, Builtin, Origin, Scope, Script, Thrown, Value};

mod surface;

pub use surface::{Surface, REMOVABLE};

/// The host slots of the services behind the builtins. The host's own functions have
/// higher slots.
pub mod service {
    /// `(method, ...values)`: forwards to the host's console.
    pub const CONSOLE: u32 = 0;
    /// `(id, milliseconds, repeat)`: starts a timer on the host's event loop.
    pub const START_TIMER: u32 = 1;
    /// `(id)`: stops it.
    pub const STOP_TIMER: u32 = 2;
    /// `(id, referenced)`: whether it keeps the host's process alive.
    pub const REFERENCE_TIMER: u32 = 3;
    /// `(specifier, referrer)`: answers a module's id.
    pub const RESOLVE_MODULE: u32 = 4;
    /// `(id)`: answers a module's source text.
    pub const LOAD_MODULE: u32 = 5;
    /// `(source, filename)`: answers the module's function. Answered by this crate.
    pub const COMPILE_MODULE: u32 = 6;
    /// `(error)`: an error that nobody catches.
    pub const REPORT_ERROR: u32 = 7;
    /// The first slot that is the host's own.
    pub const END: u32 = 16;
}

/// Which builtins a realm gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Builtins {
    /// `console`.
    pub console: bool,
    /// `setTimeout` and its kin, `queueMicrotask`.
    pub timers: bool,
    /// `require`, as a global.
    pub modules: bool,
}

/// Most guests use few of their builtins, so what one is made of is loaded when it is
/// first called. By then the guest may have replaced any intrinsic: those that the script
/// needs are captured before.
struct Lazy {
    source: &'static str,
    filename: &'static str,
    compiled: OnceLock<Script>,
    services: &'static [u32],
    intrinsics: &'static [&'static str],
    /// Where the functions that it evaluates to are kept; its intrinsics come after them.
    place: u32,
}

/// Its functions: the service itself, then those of the global that do more than forward.
static CONSOLE: Lazy = Lazy {
    source: include_str!("console.js"),
    filename: "quickvm:console",
    compiled: OnceLock::new(),
    services: &[service::CONSOLE],
    intrinsics: &["Date.now"],
    place: 0,
};

/// Its functions: those of the globals, then the one that runs a timer.
static TIMERS: Lazy = Lazy {
    source: include_str!("timers.js"),
    filename: "quickvm:timers",
    compiled: OnceLock::new(),
    services: &[
        service::START_TIMER,
        service::STOP_TIMER,
        service::REFERENCE_TIMER,
        service::REPORT_ERROR,
    ],
    intrinsics: &[
        "Reflect.apply",
        "Number",
        "Number.prototype.valueOf",
        "Promise.prototype.then",
        "TypeError",
        "Symbol.dispose",
        "Symbol.toPrimitive",
    ],
    place: 2,
};

/// Where `require` is kept, as seen from no file in particular; after it the function that
/// forgets the modules that a stopped guest was loading.
const MODULES: u32 = 10;
const KEPT: u32 = 12;

/// By number, which [`call`] takes apart again: below `FORWARDED` the method only forwards.
static CONSOLE_METHODS: [Builtin; 19] = [
    Builtin::function(c"log", 0, 0),
    Builtin::function(c"info", 0, 1),
    Builtin::function(c"warn", 0, 2),
    Builtin::function(c"error", 0, 3),
    Builtin::function(c"debug", 0, 4),
    Builtin::function(c"trace", 0, 5),
    Builtin::function(c"dir", 0, 6),
    Builtin::function(c"dirxml", 0, 7),
    Builtin::function(c"table", 0, 8),
    Builtin::function(c"group", 0, 9),
    Builtin::function(c"groupCollapsed", 0, 10),
    Builtin::function(c"groupEnd", 0, 11),
    Builtin::function(c"assert", 1, 12),
    Builtin::function(c"count", 0, 13),
    Builtin::function(c"countReset", 0, 14),
    Builtin::function(c"time", 0, 15),
    Builtin::function(c"timeLog", 0, 16),
    Builtin::function(c"timeEnd", 0, 17),
    Builtin::to_string_tag(c"console"),
];
const FORWARDED: u8 = 12;

static CONSOLE_GLOBALS: [Builtin; 1] = [Builtin::object(c"console", &CONSOLE_METHODS)];

/// A context's console, which nobody listens to: V8's own, without an inspector.
static SILENT_METHODS: [Builtin; 22] = [
    Builtin::function(c"debug", 0, SILENT),
    Builtin::function(c"error", 0, SILENT),
    Builtin::function(c"info", 0, SILENT),
    Builtin::function(c"log", 0, SILENT),
    Builtin::function(c"warn", 0, SILENT),
    Builtin::function(c"dir", 0, SILENT),
    Builtin::function(c"dirxml", 0, SILENT),
    Builtin::function(c"table", 0, SILENT),
    Builtin::function(c"trace", 0, SILENT),
    Builtin::function(c"group", 0, SILENT),
    Builtin::function(c"groupCollapsed", 0, SILENT),
    Builtin::function(c"groupEnd", 0, SILENT),
    Builtin::function(c"clear", 0, SILENT),
    Builtin::function(c"count", 0, SILENT),
    Builtin::function(c"countReset", 0, SILENT),
    Builtin::function(c"assert", 0, SILENT),
    Builtin::function(c"profile", 0, SILENT),
    Builtin::function(c"profileEnd", 0, SILENT),
    Builtin::function(c"time", 0, SILENT),
    Builtin::function(c"timeLog", 0, SILENT),
    Builtin::function(c"timeEnd", 0, SILENT),
    Builtin::to_string_tag(c"console"),
];
const SILENT: u8 = 255;

static CONTEXT_GLOBALS: [Builtin; 1] = [Builtin::object(c"console", &SILENT_METHODS)];

/// Gives a context's original global object what Node's contexts have beyond the language.
pub fn dress_context<'a>(original: &Value<'a>) -> Result<(), Thrown<'a>> {
    original.define_builtins(&CONTEXT_GLOBALS)
}

static TIMER_GLOBALS: [Builtin; 7] = [
    Builtin::function(c"setTimeout", 2, FIRST_TIMER),
    Builtin::function(c"setInterval", 2, FIRST_TIMER + 1),
    Builtin::function(c"setImmediate", 1, FIRST_TIMER + 2),
    Builtin::function(c"clearTimeout", 1, FIRST_TIMER + 3),
    Builtin::function(c"clearInterval", 1, FIRST_TIMER + 4),
    Builtin::function(c"clearImmediate", 1, FIRST_TIMER + 5),
    Builtin::function(c"queueMicrotask", 1, FIRST_TIMER + 6),
];
const FIRST_TIMER: u8 = 32;
const FIRE_TIMER: u32 = 7;

/// Installs the builtins on the realm's global object, before guest code runs. Answers
/// what they keep in the heap, which the functions below ask for.
pub fn install(scope: Scope<'_>, builtins: Builtins) -> Result<Value<'_>, Thrown<'_>> {
    let (global, kept) = (scope.global(), scope.array()?);
    // Without holes, for a guest could fill those by way of the prototype.
    for index in 0..KEPT {
        kept.define_index(index, scope.undefined())?;
    }
    if builtins.console {
        CONSOLE.capture(&kept)?;
        global.define_builtins(&CONSOLE_GLOBALS)?;
    }
    if builtins.timers {
        TIMERS.capture(&kept)?;
        global.define_builtins(&TIMER_GLOBALS)?;
    }
    if builtins.modules {
        static COMPILED: OnceLock<Script> = OnceLock::new();
        let source = include_str!("modules.js");
        let services = [service::RESOLVE_MODULE, service::LOAD_MODULE, service::COMPILE_MODULE];
        let services = host_functions(scope, &services)?;
        let start = scope.run_builtin(&COMPILED, source, "quickvm:modules")?;
        let functions = start.call(&scope.undefined(), &services)?;
        for index in 0..2 {
            kept.define_index(MODULES + index, functions.get_index(index)?)?;
        }
        global.define_hidden("require", functions.get_index(0)?)?;
    }
    Ok(kept)
}

/// The guest called the builtin function with this number.
pub fn call<'a>(kept: &Value<'a>, id: u8, args: Args<'a>) -> Result<Value<'a>, Thrown<'a>> {
    let scope = kept.scope();
    let (function, method) = match id {
        SILENT => return Ok(scope.undefined()),
        FIRST_TIMER.. => (TIMERS.function(kept, u32::from(id - FIRST_TIMER))?, None),
        FORWARDED.. => (CONSOLE.function(kept, u32::from(id - FORWARDED) + 1)?, None),
        _ => {
            let name = CONSOLE_METHODS[usize::from(id)].name().to_bytes();
            (CONSOLE.function(kept, 0)?, Some(scope.string_utf8(name)?))
        }
    };
    let args: Vec<_> = method.into_iter().chain(args.iter()).collect();
    function.call(&scope.undefined(), &args)
}

/// Runs a timer's function.
pub fn fire_timer<'a>(kept: &Value<'a>, id: Value<'a>) -> Result<Value<'a>, Thrown<'a>> {
    TIMERS.function(kept, FIRE_TIMER)?.call(&kept.scope().undefined(), &[id])
}

/// Loads a module and answers its exports.
pub fn require<'a>(kept: &Value<'a>, id: Value<'a>) -> Result<Value<'a>, Thrown<'a>> {
    kept.get_index(MODULES)?.call(&kept.scope().undefined(), &[id])
}

/// Forgets the modules that a stopped guest was loading.
pub fn forget_unfinished<'a>(kept: &Value<'a>) -> Result<(), Thrown<'a>> {
    let forget = kept.get_index(MODULES + 1)?;
    match forget.is_undefined() {
        true => Ok(()),
        false => forget.call(&kept.scope().undefined(), &[]).map(drop),
    }
}

impl Lazy {
    /// Captures the intrinsics that the script will need.
    fn capture<'a>(&self, kept: &Value<'a>) -> Result<(), Thrown<'a>> {
        for (index, path) in (self.place + 1..).zip(self.intrinsics) {
            let mut value = kept.scope().global();
            for name in path.split('.') {
                value = value.get_str(name)?;
            }
            kept.define_index(index, value)?;
        }
        Ok(())
    }

    /// One of the script's functions; the script is loaded if it has not been.
    fn function<'a>(&self, kept: &Value<'a>, index: u32) -> Result<Value<'a>, Thrown<'a>> {
        let loaded = kept.get_index(self.place)?;
        if !loaded.is_undefined() {
            return loaded.get_index(index);
        }
        let scope = kept.scope();
        let start = scope.run_builtin(&self.compiled, self.source, self.filename)?;
        let mut needs = host_functions(scope, self.services)?;
        for index in (self.place + 1..).take(self.intrinsics.len()) {
            needs.push(kept.get_index(index)?);
        }
        let functions = start.call(&scope.undefined(), &needs)?;
        kept.define_index(self.place, functions.clone())?;
        functions.get_index(index)
    }
}

/// Host functions for these services.
fn host_functions<'a>(scope: Scope<'a>, services: &[u32]) -> Result<Vec<Value<'a>>, Thrown<'a>> {
    let name = scope.string_utf8(b"")?;
    services.iter().map(|&slot| scope.host_function(slot, &name, 0, false)).collect()
}

/// [`service::COMPILE_MODULE`]: a module's source text as the body of a function.
///
/// The wrapper has a line of its own, which counts as line zero, so that lines and
/// columns in traces are those of the file.
pub fn compile_module<'a>(scope: Scope<'a>, args: Args<'a>) -> Result<Value<'a>, Thrown<'a>> {
    let mut args = args.iter();
    let (Some(source), Some(filename)) = (args.next(), args.next()) else {
        return Err(scope.type_error("a module needs a source and a file name"));
    };
    let mut text = b"(function (exports, require, module, __filename, __dirname) {\n".to_vec();
    source.with_utf8(|source| {
        if source.starts_with(b"#!") {
            text.extend_from_slice(b"//");
        }
        text.extend_from_slice(source);
    })?;
    text.extend_from_slice(b"\n})");
    let origin = Origin { filename: filename.to_text()?, line_offset: -1, ..Origin::default() };
    scope.eval(&text, &origin)
}
