//! The bridge: values, calls and promises on their way between host and guest.
//!
//! Everything crosses as bytes. The host's half (in `lib/`, where V8 makes it fast)
//! writes and reads the same format, so this half knows nothing of Node and can be
//! driven from a plain test:
//!
//! - [`wire`]: the format
//! - [`lower`]: bytes → guest values
//! - [`lift`]: guest values → bytes
//! - [`helpers`]: guest functions captured before any guest code ran

pub mod helpers;
pub mod lift;
pub mod lower;
pub mod wire;
