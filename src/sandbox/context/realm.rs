//! A realm whose global object mirrors an object of the host, dressed for guests.

use std::io::ErrorKind;
use std::rc::Rc;

use crate::engine::{GlobalId, Realm, Runtime, Scope, Thrown};
use crate::guest::{self, Surface};
use crate::membrane::helpers::{help, Helper};

/// The realm of a context, or one for the next that needs one.
pub(in crate::sandbox) struct ContextRealm {
    realm: Realm,
    /// Its references when it was new.
    references: Option<[i32; 2]>,
}

/// Which object of the host's a realm mirrors that is not yet any context's.
const NONE: GlobalId = GlobalId::MAX - 1;

impl ContextRealm {
    /// For the first context that needs one. There is none for want of memory.
    pub(in crate::sandbox) fn spare<'a>(
        runtime: &Rc<Runtime>,
        scope: Scope<'a>,
        surface: Surface,
    ) -> Result<Option<Self>, Thrown<'a>> {
        Self::new(runtime, scope, surface, NONE)
    }

    /// The one that [`ContextRealm::spare`] had made, in a heap that was taken back to then.
    pub(in crate::sandbox) fn restored(runtime: &Rc<Runtime>) -> Option<Self> {
        let realm = Realm::of_global(runtime, NONE)?;
        let references = realm.references();
        Some(Self { realm, references })
    }

    /// None for want of memory.
    pub(super) fn new<'a>(
        runtime: &Rc<Runtime>,
        scope: Scope<'a>,
        surface: Surface,
        id: GlobalId,
    ) -> Result<Option<Self>, Thrown<'a>> {
        let realm = match Realm::with_global(runtime, id) {
            Ok(realm) => realm,
            Err(error) if error.kind() == ErrorKind::OutOfMemory => return Ok(None),
            Err(error) => return Err(scope.type_error(&error.to_string())),
        };
        let Some(global) = scope.global_of(id) else { return Ok(None) };
        let original = global.prototype()?;
        let errors = help(scope, Helper::AdoptRealm, std::slice::from_ref(&original))?;
        let mut alike = Vec::new();
        for index in (0..errors.length()?).step_by(2) {
            alike.push((errors.get_index(index)?, errors.get_index(index + 1)?));
        }
        scope.adopt_intrinsics(id, &alike);
        guest::dress_context(&original)?;
        let Some(inside) = scope.within(id) else { return Ok(None) };
        surface.apply(inside, &original, None)?;
        drop((global, original, errors, alike));
        let references = realm.references();
        Ok(Some(Self { realm, references }))
    }

    /// Has it be another context's.
    pub(super) fn rename(&mut self, id: GlobalId) {
        self.realm.rename(id);
    }

    /// Whether nothing is left of what ran there: no function, no job, and nobody who has
    /// its global object.
    pub(super) fn is_free(&self) -> bool {
        self.references.is_some() && self.realm.references() == self.references
    }
}
