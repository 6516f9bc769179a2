//! quickvm: isolated QuickJS heaps for code you do not trust.
//!
//! ARCHITECTURE.md describes the layers; each imports only from those below it.

#[cfg(feature = "addon")]
mod addon;
pub mod engine;
pub mod guest;
pub mod membrane;
mod sandbox;

pub use sandbox::{Channel, Sandbox, SandboxOptions};
