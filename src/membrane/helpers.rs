//! Guest functions that the bridge uses in place of what guest code could replace.

use std::sync::OnceLock;

use crate::engine::{Scope, Script, Thrown, Trap, Value};

/// What `helpers.js` does, by its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Helper {
    MapEntries,
    SetValues,
    NewMap,
    MapSet,
    NewSet,
    SetAdd,
    DateTime,
    NewDate,
    RegExpSource,
    RegExpFlags,
    NewRegExp,
    BigIntHex,
    BigIntNegative,
    NewBigInt,
    ErrorClass,
    ErrorText,
    OwnProperty,
    NewError,
    ViewBuffer,
    ViewOffset,
    ViewLength,
    NewDataView,
    Box,
    Unbox,
    TwinGet,
    TwinSet,
    TwinOf,
    SymbolIndex,
    SymbolKey,
    SymbolDescription,
    NewSymbol,
    WellKnownSymbol,
    RegisteredSymbol,
    OwnText,
    OwnNumber,
    ClassName,
    AdoptRealm,
    Member,
}

/// How many helpers the realm keeps; what others keep there comes after them.
pub const HELPERS: usize = 3;

/// Captures the helpers in a realm that has run no guest code yet; then `shrink` may take
/// intrinsics from it, and from the list of them.
pub fn capture<'a>(
    scope: Scope<'a>,
    shrink: impl FnOnce(&Value<'a>) -> Result<(), Thrown<'a>>,
) -> Result<Vec<Value<'a>>, Thrown<'a>> {
    static HELP: OnceLock<Script> = OnceLock::new();
    let source = include_str!("helpers.js");
    let captured = scope.run_builtin(&HELP, source, "quickvm:helpers")?;
    let intrinsics = list_intrinsics(scope)?;
    shrink(&intrinsics)?;
    scope.add_intrinsics(&intrinsics)?;
    Ok(vec![captured.get_index(0)?, captured.get_index(1)?, intrinsics])
}

/// The intrinsics of a realm that has run no guest code yet, in the order of the format.
fn list_intrinsics(scope: Scope<'_>) -> Result<Value<'_>, Thrown<'_>> {
    static LIST: OnceLock<Script> = OnceLock::new();
    let source = concat!(
        "(() => { const module = {};",
        include_str!("../../lib/realm.js"),
        "return module.exports(); })()"
    );
    scope.run_builtin(&LIST, source, "quickvm:realm")
}

/// The list of the main realm's intrinsics.
pub fn intrinsics(scope: Scope<'_>) -> Result<Value<'_>, Thrown<'_>> {
    scope.helper(2)
}

/// Calls the function of `Reflect` that has the trap's name.
pub fn reflect<'a>(
    scope: Scope<'a>,
    trap: Trap,
    args: &[Value<'a>],
) -> Result<Value<'a>, Thrown<'a>> {
    scope.helper(1)?.get_index(trap as u32)?.call(&scope.undefined(), args)
}

/// Calls a helper.
pub fn help<'a>(
    scope: Scope<'a>,
    helper: Helper,
    args: &[Value<'a>],
) -> Result<Value<'a>, Thrown<'a>> {
    let number = scope.integer(helper as i32);
    let args: Vec<_> = std::iter::once(number).chain(args.iter().cloned()).collect();
    scope.helper(0)?.call(&scope.undefined(), &args)
}
