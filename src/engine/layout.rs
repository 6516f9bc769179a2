//! Where the engine keeps three pointers that it offers no way to set: a realm's global
//! object, and an object's shape and properties.
//!
//! They are found by what they lead to, and what was found is tried out, once in the
//! life of the process. Should an engine keep them elsewhere, none is found, no context
//! can be made, and the tests say so.
#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::ops::Range;
use std::ptr;
use std::sync::OnceLock;

use rquickjs::qjs;

use super::{Scope, Value};

/// Offsets in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    /// Of the global object in a realm's record.
    global: usize,
    /// Of the shape and the array of properties in an object's.
    shape: usize,
    properties: usize,
}

/// Parts of the records that are searched, in bytes. An object is longer than this, and
/// there is more of the heap behind a realm's record than that.
const REALM_SEARCHED: usize = 1024;
const OBJECT_SEARCHED: usize = 56;

static LAYOUT: OnceLock<Layout> = OnceLock::new();

/// Makes `object` the global object of the realm that is entered. False when the engine
/// cannot have it so.
pub(super) fn replace_global(scope: Scope<'_>, object: Value<'_>) -> bool {
    let Some(layout) = layout(scope) else { return false };
    // SAFETY: the realm's record keeps its reference to the global object at this
    // offset. It takes over ours, and what it held is given up here.
    unsafe {
        let place = scope.context.cast::<u8>().add(layout.global).cast::<qjs::JSValue>();
        drop(scope.own(place.replace(object.into_raw())));
    }
    true
}

/// Exchanges all own properties of two objects that have the same class and prototype.
pub(super) fn swap_properties(scope: Scope<'_>, a: &Value<'_>, b: &Value<'_>) -> bool {
    let Some(layout) = layout(scope) else { return false };
    // SAFETY: two live objects. A shape describes an array of properties and knows
    // nothing else of its object than the prototype, which is the same.
    unsafe { layout.swap(a, b) };
    true
}

fn layout(scope: Scope<'_>) -> Option<Layout> {
    if let Some(&known) = LAYOUT.get() {
        return Some(known);
    }
    // A guest without memory to look finds nothing; the next one may.
    let found = find(scope)?;
    Some(*LAYOUT.get_or_init(|| found))
}

fn find(scope: Scope<'_>) -> Option<Layout> {
    let (object, other, marker) =
        (scope.object().ok()?, scope.object().ok()?, scope.object().ok()?);
    object.define_index(0, marker.clone()).ok()?;
    // With all of these in it.
    let heap = {
        let heap = scope.runtime.heap();
        let start = heap.opaque() as usize;
        start..start + heap.high_water()
    };
    let prototype = object.prototype().ok()?.address();
    let global = find_value(scope.context.cast(), REALM_SEARCHED, &scope.global())?;
    let word = |at: usize, length: usize| {
        let target = read::<*const u8>(address(&object).wrapping_add(at));
        is_inside(target, length, &heap).then_some(target)
    };
    let leads_to_marker = |at: &usize| {
        let length = size_of::<qjs::JSValue>();
        word(*at, length).is_some_and(|to| find_value(to, length, &marker) == Some(0))
    };
    let mut words = (0..OBJECT_SEARCHED).step_by(size_of::<usize>());
    let properties = words.find(leads_to_marker)?;
    // The shape comes just before. It is known by the prototype, which it holds.
    let shape = properties.checked_sub(size_of::<usize>())?;
    let shape_at = word(shape, SHAPE_SEARCHED)?;
    let mut inside = (0..SHAPE_SEARCHED).step_by(size_of::<usize>());
    inside.find(|&at| read::<usize>(shape_at.wrapping_add(at)) == prototype)?;
    let layout = Layout { global, shape, properties };
    // SAFETY: if these are what they seem to be, the two objects have changed places, and
    // change back. If not, two words of two objects have that nobody looks at between.
    let works = unsafe {
        layout.swap(&object, &other);
        let moved = other.get_index(0).is_ok_and(|value| value.is_same(&marker))
            && object.get_index(0).is_ok_and(|value| value.is_undefined());
        layout.swap(&object, &other);
        moved
    };
    works.then_some(layout)
}

/// Part of a shape in which its prototype is looked for.
const SHAPE_SEARCHED: usize = 72;

impl Layout {
    /// # Safety
    /// The layout is the engine's, or the objects are not used otherwise.
    unsafe fn swap(self, a: &Value<'_>, b: &Value<'_>) {
        for at in [self.shape, self.properties] {
            let place = |value| address(value).wrapping_add(at).cast::<*mut u8>();
            // SAFETY: both lie within the records of live objects.
            unsafe { ptr::swap(place(a), place(b)) };
        }
    }
}

fn address(object: &Value<'_>) -> *mut u8 {
    object.address() as *mut u8
}

/// Where in the `length` bytes from `start` the engine keeps `value`.
fn find_value(start: *const u8, length: usize, value: &Value<'_>) -> Option<usize> {
    let wanted = words_of(value);
    (0..=length - size_of::<qjs::JSValue>())
        .step_by(size_of::<usize>())
        .find(|&at| read::<[usize; WORDS]>(start.wrapping_add(at)) == wanted)
}

const WORDS: usize = size_of::<qjs::JSValue>() / size_of::<usize>();

fn words_of(value: &Value<'_>) -> [usize; WORDS] {
    let value = ManuallyDrop::new(value.raw());
    // SAFETY: a value of the engine's is plain words, all of which are set: it is an
    // object's, whose pointer and tag fill it.
    unsafe { ptr::from_ref(&*value).cast::<[usize; WORDS]>().read() }
}

fn is_inside(target: *const u8, length: usize, heap: &Range<usize>) -> bool {
    (target as usize).is_multiple_of(align_of::<usize>())
        && target as usize >= heap.start
        && (target as usize) + length <= heap.end
}

fn read<T: Copy>(from: *const u8) -> T {
    // SAFETY: callers read words of live records of the heap, or words behind a pointer
    // that they have found to lead into its used span.
    unsafe { from.cast::<T>().read_volatile() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Args, Host, Limits, Realm, Runtime, Thrown};

    struct NoHost;
    impl Host for NoHost {
        fn call<'a>(&self, scope: Scope<'a>, _: u32, _: Args<'a>) -> Result<Value<'a>, Thrown<'a>> {
            Err(scope.type_error("no host"))
        }
    }

    #[test]
    fn this_engine_keeps_its_pointers_where_they_can_be_found() {
        let runtime = Runtime::new(Limits { memory: 8 << 20, stack: 256 << 10 }).unwrap();
        let realm = Realm::new(&runtime).unwrap();
        let (found, _) = runtime.enter(&realm, None, &NoHost, find);
        let found = found.expect("a layout");
        assert_eq!(found.shape + size_of::<usize>(), found.properties);
        assert_eq!(found, *LAYOUT.get_or_init(|| found));
    }
}
