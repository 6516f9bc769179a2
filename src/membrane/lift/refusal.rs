//! What cannot cross, and where it is.

use crate::engine::Thrown;

/// Why a value could not be lifted.
pub enum LiftError<'a> {
    /// A getter or a trap threw, or the guest ran out of memory or time.
    Thrown(Thrown<'a>),
    /// The value, or one inside it, has no form on the other side.
    Uncrossable {
        /// Where it is: the steps from the inside out.
        path: Vec<String>,
        /// What it is, for a person.
        what: String,
    },
}

impl<'a> From<Thrown<'a>> for LiftError<'a> {
    fn from(thrown: Thrown<'a>) -> Self {
        Self::Thrown(thrown)
    }
}

impl LiftError<'_> {
    pub(super) fn refuse<T>(what: impl Into<String>) -> Result<T, Self> {
        Err(Self::Uncrossable { path: Vec::new(), what: what.into() })
    }

    pub(super) fn within(mut self, step: impl FnOnce() -> String) -> Self {
        if let Self::Uncrossable { path, .. } = &mut self {
            path.push(step());
        }
        self
    }
}

/// A step of a path: `.name` where the name allows it.
pub(super) fn step(name: &str) -> String {
    let mut chars = name.chars();
    let identifier = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_' || c == '$')
        && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '$');
    if identifier {
        format!(".{name}")
    } else if name.parse::<u32>().is_ok_and(|index| index.to_string() == name) {
        format!("[{name}]")
    } else {
        format!("[{name:?}]")
    }
}
