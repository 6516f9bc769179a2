//! Operations on objects of the other side, both ways.

use super::reply::{Form, Outcome};
use super::session::Session;
use super::{Failure, Sandbox};
use crate::engine::{Args, Kind, Scope, Slot, Thrown, Trap, Value, TRAPS};
use crate::membrane::helpers;
use crate::membrane::lift::Purpose;
use crate::membrane::lower::Lower;
use crate::membrane::wire::{op, Reader};

impl Sandbox {
    /// The host did something to its stand-in of a guest object.
    pub(super) fn reflect<'a>(
        &self,
        scope: Scope<'a>,
        reader: &mut Reader<'_>,
    ) -> Result<Outcome<'a>, Failure<'a>> {
        let target = scope.kept(reader.u32()?).ok_or(Failure::Malformed)?;
        let &(trap, _) = TRAPS.get(usize::from(reader.byte()?)).ok_or(Failure::Malformed)?;
        let mut args = Lower::new(scope, reader, &self.twins).values()?;
        let value = match (trap, &args[..]) {
            // Without a receiver of its own: by far the most frequent.
            (Trap::Get, [key]) if matches!(key.kind(), Kind::String | Kind::Symbol) => {
                let value = target.get(&key.to_key()?)?;
                args.insert(0, target);
                value
            }
            _ => {
                args.insert(0, target);
                helpers::reflect(scope, trap, &args)?
            }
        };
        let form = match trap {
            Trap::GetOwnPropertyDescriptor | Trap::OwnKeys => Form::Record,
            Trap::GetPrototypeOf => match scope.intrinsic_index(&value) {
                Some(index) => Form::Intrinsic(index),
                None => Form::Live,
            },
            Trap::Get if is_prototype_of(scope, &value, &args[0], &args[1])? => {
                scope.intrinsic_index(&value).map_or(Form::Live, Form::Intrinsic)
            }
            Trap::Get if value.kind() == Kind::NativeFunction => {
                inherited_intrinsic(scope, &value, &args[0], &args[1])?
            }
            _ => Form::Live,
        };
        Ok(Outcome::new(value, form))
    }
}

/// Whether the host has read `__proto__`, which is one more way to ask for the prototype.
fn is_prototype_of<'a>(
    scope: Scope<'a>,
    value: &Value<'a>,
    target: &Value<'a>,
    key: &Value<'a>,
) -> Result<bool, Thrown<'a>> {
    Ok(value.is_object()
        && scope.intrinsic_index(value).is_some()
        && key.kind() == Kind::String
        && &*key.to_text()? == "__proto__"
        && inherited_from(scope, target, key)?.is_some())
}

/// How `value` crosses that the host reads as the property `key` of `target`. Of some
/// intrinsics the host uses its own: constructors, which tell an object's class, and what walks
/// an array. Of others it does not, for they would be in a guest's hand what works on the host's
/// objects past the sandbox's policy. What makes code of text stays the guest's, and only its.
fn inherited_intrinsic<'a>(
    scope: Scope<'a>,
    value: &Value<'a>,
    target: &Value<'a>,
    key: &Value<'a>,
) -> Result<Form, Thrown<'a>> {
    let shared = helpers::intrinsics(scope)?.get_index(0)?.to_number()? as u32;
    if let Some(index) = scope.intrinsic_index(value).filter(|&index| index < shared) {
        let inherited = inherited_from(scope, target, key)?.is_some();
        return Ok(if inherited { Form::Intrinsic(index) } else { Form::Live });
    }
    if key.kind() != Kind::String || &*key.to_text()? != "constructor" {
        return Ok(Form::Live);
    }
    // Another realm's: known by its prototype, whose place tells that of the constructor.
    let prototype = inherited_from(scope, target, key)?.unwrap_or_default();
    let classes = shared - ARRAY_WALKERS - FIRST;
    Ok(match prototype.checked_sub(shared + CODE_MAKERS) {
        Some(class) if class < classes => Form::Intrinsic(FIRST + class),
        Some(class) if class < classes + CODE_MAKERS => Form::LiveLike(shared + class - classes),
        _ => Form::Live,
    })
}

// What the list in lib/realm.js consists of: two numbers, constructors, what walks an array,
// the constructors that make code of text, and the prototypes in the constructors' order.
const FIRST: u32 = 2;
const ARRAY_WALKERS: u32 = 3;
const CODE_MAKERS: u32 = 4;

/// The place of the intrinsic that a guest object has this property from. What it has of its
/// own, or from other objects of the guest's, was put there by guest code.
fn inherited_from<'a>(
    scope: Scope<'a>,
    target: &Value<'a>,
    key: &Value<'a>,
) -> Result<Option<u32>, Thrown<'a>> {
    let mut holder = target.clone();
    while holder.is_object() && !matches!(holder.kind(), Kind::Host(_)) {
        let own = [holder.clone(), key.clone()];
        if helpers::reflect(scope, Trap::GetOwnPropertyDescriptor, &own)?.is_object() {
            return Ok(scope.intrinsic_index(&holder));
        }
        holder = holder.prototype()?;
    }
    Ok(None)
}

impl Session<'_> {
    /// The guest did something to its proxy of a host object. The proxy's target must not
    /// contradict the answer, or the engine refuses it: what is said to be there for good
    /// is put there, too.
    pub(super) fn reflect<'a>(
        &self,
        scope: Scope<'a>,
        slot: u32,
        trap: Trap,
        args: Args<'a>,
    ) -> Result<Value<'a>, Thrown<'a>> {
        let args: Vec<_> = args.iter().collect();
        let [shadow, args @ ..] = &args[..] else {
            return Err(scope.type_error("a trap without its target"));
        };
        // What can never change is what it was when it was first seen: a copy of its own for
        // each look would contradict the proxy's target.
        if let (Trap::Get | Trap::GetOwnPropertyDescriptor, [key, ..]) = (trap, args) {
            if matches!(key.kind(), Kind::String | Kind::Symbol) {
                if let Some(value) = shadow.fixed_value(&key.to_key()?)? {
                    return match trap {
                        Trap::Get => Ok(value),
                        _ => helpers::reflect(scope, trap, &[shadow.clone(), key.clone()]),
                    };
                }
            }
        }
        if let (Trap::Set, [key, value, receiver]) = (trap, args) {
            if !matches!(receiver.kind(), Kind::Host(_)) {
                return self.set_inherited(scope, slot, key, value, receiver);
            }
        }
        let answer = self.operate(scope, slot, trap, args)?;
        let is = |expected: bool| answer.kind() == Kind::Boolean(expected);
        match trap {
            // An intrinsic that this guest is not to have.
            Trap::GetPrototypeOf if answer.is_undefined() => return Ok(scope.null()),
            Trap::GetOwnPropertyDescriptor if answer.is_object() => {
                let fixed = answer.get_str("configurable")?.kind() == Kind::Boolean(false);
                if fixed || !extensible(scope, shadow)? {
                    define(scope, shadow, &args[0], &answer)?;
                }
            }
            Trap::DefineProperty if is(true) => {
                let descriptor =
                    self.operate(scope, slot, Trap::GetOwnPropertyDescriptor, &args[..1])?;
                let fixed = descriptor.is_object()
                    && descriptor.get_str("configurable")?.kind() == Kind::Boolean(false);
                if fixed {
                    define(scope, shadow, &args[0], &descriptor)?;
                }
            }
            Trap::IsExtensible if is(false) => self.seal(scope, slot, shadow)?,
            Trap::PreventExtensions if is(true) => self.seal(scope, slot, shadow)?,
            Trap::OwnKeys if !extensible(scope, shadow)? => self.seal(scope, slot, shadow)?,
            _ => {}
        }
        Ok(answer)
    }

    /// A guest object that inherits from the host's gets a property of its own, unless the
    /// host's has a setter or refuses.
    fn set_inherited<'a>(
        &self,
        scope: Scope<'a>,
        slot: u32,
        key: &Value<'a>,
        value: &Value<'a>,
        receiver: &Value<'a>,
    ) -> Result<Value<'a>, Thrown<'a>> {
        let probe = scope.object()?;
        let key_only = std::slice::from_ref(key);
        let own = self.operate(scope, slot, Trap::GetOwnPropertyDescriptor, key_only)?;
        if own.is_object() {
            define(scope, &probe, key, &own)?;
        }
        probe.set_prototype(&self.operate(scope, slot, Trap::GetPrototypeOf, &[])?)?;
        let args = [probe, key.clone(), value.clone(), receiver.clone()];
        helpers::reflect(scope, Trap::Set, &args)
    }

    fn operate<'a>(
        &self,
        scope: Scope<'a>,
        slot: u32,
        trap: Trap,
        args: &[Value<'a>],
    ) -> Result<Value<'a>, Thrown<'a>> {
        self.request(scope, Slot::MAX, Purpose::Use, |lift| {
            lift.writer().byte(op::REFLECT);
            lift.writer().u32(slot);
            lift.writer().byte(trap as u8);
            lift.writer().u32(args.len() as u32);
            for (index, value) in args.iter().enumerate() {
                match trap {
                    Trap::DefineProperty if index == 1 => lift.record(value)?,
                    _ => lift.named(value, || "value".into())?,
                }
            }
            Ok(())
        })
    }

    /// Makes a proxy's target like the host object, which can get no more properties.
    fn seal<'a>(&self, scope: Scope<'a>, slot: u32, shadow: &Value<'a>) -> Result<(), Thrown<'a>> {
        let keys = self.operate(scope, slot, Trap::OwnKeys, &[])?;
        let reflect = |trap, args: &[Value<'a>]| helpers::reflect(scope, trap, args);
        let mine = reflect(Trap::OwnKeys, std::slice::from_ref(shadow))?;
        let listed = |keys: &Value<'a>| -> Result<Vec<Value<'a>>, Thrown<'a>> {
            (0..keys.length()?).map(|index| keys.get_index(index)).collect()
        };
        let keys = listed(&keys)?;
        for key in listed(&mine)? {
            if !keys.iter().any(|kept| kept.is_same(&key)) {
                reflect(Trap::DeleteProperty, &[shadow.clone(), key])?;
            }
        }
        for key in keys {
            let descriptor = self.operate(
                scope,
                slot,
                Trap::GetOwnPropertyDescriptor,
                std::slice::from_ref(&key),
            )?;
            if descriptor.is_object() {
                define(scope, shadow, &key, &descriptor)?;
            }
        }
        if extensible(scope, shadow)? {
            let prototype = self.operate(scope, slot, Trap::GetPrototypeOf, &[])?;
            reflect(Trap::SetPrototypeOf, &[shadow.clone(), prototype])?;
            reflect(Trap::PreventExtensions, std::slice::from_ref(shadow))?;
        }
        Ok(())
    }
}

fn extensible<'a>(scope: Scope<'a>, object: &Value<'a>) -> Result<bool, Thrown<'a>> {
    let answer = helpers::reflect(scope, Trap::IsExtensible, std::slice::from_ref(object))?;
    Ok(answer.kind() == Kind::Boolean(true))
}

fn define<'a>(
    scope: Scope<'a>,
    object: &Value<'a>,
    key: &Value<'a>,
    descriptor: &Value<'a>,
) -> Result<(), Thrown<'a>> {
    let args = [object.clone(), key.clone(), descriptor.clone()];
    helpers::reflect(scope, Trap::DefineProperty, &args).map(drop)
}
