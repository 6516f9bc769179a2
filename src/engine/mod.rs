//! The engine: one QuickJS heap with its limits, behind a safe API.
//!
//! Nothing here knows of Node. The rooms, from the ground up:
//!
//! - [`heap`]: the address region that a runtime lives in, with its cap
//! - [`Runtime`]: a heap with its job queue, deadline and verdict; [`Runtime::enter`]
//!   is the one way in
//! - [`Realm`]: a global object with its intrinsics; [`Scope`] is a realm while entered
//! - [`Value`]: a counted reference to a guest value, good as long as its scope
//! - [`Script`]: compiled code, good for any realm of any runtime
//! - [`Host`]: what the engine asks of whoever embeds it
//!
//! This is the only layer with `unsafe`; ARCHITECTURE.md names the files.

mod array_buffer;
mod builtin;
mod builtins;
mod callback;
mod checkpoint;
mod deadline;
mod exception;
mod global;
mod guard;
pub mod heap;
mod import;
mod intrinsics;
mod jobs;
mod key;
mod layout;
mod limits;
mod object;
mod pins;
mod poll;
mod promise;
mod proxy;
mod random;
mod realm;
mod runtime;
mod script;
mod seal;
mod slots;
mod source;
mod stack;
mod string;
mod value;

pub use array_buffer::{TypedArrayKind, TYPED_ARRAY_KINDS};
pub use builtin::Builtin;
pub use callback::{Args, Host};
pub use checkpoint::Checkpoint;
pub use deadline::Stop;
pub use exception::Thrown;
pub use global::{Attributes, Change, GlobalId, Names, Property};
pub use guard::terminator::Terminator;
pub use key::Key;
pub use limits::Limits;
pub use promise::PromiseState;
pub use proxy::{Shape, Trap, TRAPS};
pub use realm::{Realm, Scope};
pub use runtime::{Counters, Runtime};
pub use script::{Origin, Script};
pub use slots::Slot;
pub use stack::remaining as stack_remaining;
pub use string::Text;
pub use value::{Kind, Value};
