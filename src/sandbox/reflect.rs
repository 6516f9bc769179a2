//! Operations on objects of the other side, both ways.

use super::reply::{Form, Outcome};
use super::session::Session;
use super::{Failure, Sandbox};
use crate::engine::{Args, Kind, Scope, Slot, Thrown, Trap, Value, TRAPS};
use crate::membrane::helpers::{self, help, Helper};
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
            Trap::Get => match shared_intrinsic(scope, &value)? {
                Some(index) if is_inherited(scope, &args[0], &args[1])? => Form::Intrinsic(index),
                _ => Form::Live,
            },
            _ => Form::Live,
        };
        Ok(Outcome::new(value, form))
    }
}

/// The index of an intrinsic function of which the host uses its own: constructors, which
/// tell an object's class, and what walks an array. Of others it does not, for they would
/// be in a guest's hand what works on the host's objects past the sandbox's policy.
fn shared_intrinsic<'a>(scope: Scope<'a>, value: &Value<'a>) -> Result<Option<u32>, Thrown<'a>> {
    if value.kind() != Kind::NativeFunction {
        return Ok(None);
    }
    let shared = helpers::intrinsics(scope)?.get_index(0)?.to_number()? as u32;
    Ok(scope.intrinsic_index(value).filter(|&index| index < shared))
}

/// Whether a guest object has this property from an intrinsic prototype: what it has of its
/// own was put there by guest code.
fn is_inherited<'a>(
    scope: Scope<'a>,
    target: &Value<'a>,
    key: &Value<'a>,
) -> Result<bool, Thrown<'a>> {
    let mut holder = target.clone();
    while holder.is_object() && !matches!(holder.kind(), Kind::Proxy | Kind::Host(_)) {
        let own = [holder.clone(), key.clone()];
        if helpers::reflect(scope, Trap::GetOwnPropertyDescriptor, &own)?.is_object() {
            return Ok(scope.intrinsic_index(&holder).is_some());
        }
        holder = holder.prototype()?;
    }
    Ok(false)
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
        let answer = self.ask(scope, slot, trap, args)?;
        let is = |expected: bool| answer.kind() == Kind::Boolean(expected);
        match trap {
            Trap::GetOwnPropertyDescriptor if answer.is_object() => {
                let fixed = answer.get_str("configurable")?.kind() == Kind::Boolean(false);
                if fixed || !extensible(scope, shadow)? {
                    define(scope, shadow, &args[0], &answer)?;
                }
            }
            Trap::DefineProperty if is(true) => {
                let descriptor =
                    self.ask(scope, slot, Trap::GetOwnPropertyDescriptor, &args[..1])?;
                let fixed = descriptor.is_object()
                    && descriptor.get_str("configurable")?.kind() == Kind::Boolean(false);
                if fixed {
                    define(scope, shadow, &args[0], &descriptor)?;
                }
            }
            Trap::Set if is(true) => {
                // Assigned to the twin of an error, further up whose chain the proxy is.
                let Some(receiver) = args.get(2) else { return Ok(answer) };
                if receiver.kind() != Kind::Error {
                    return Ok(answer);
                }
                let token = help(scope, Helper::TwinGet, std::slice::from_ref(receiver))?;
                if let Some(slot) = scope.token_slot(&token) {
                    let own = self.ask(scope, slot, Trap::GetOwnPropertyDescriptor, &args[..1])?;
                    if own.is_object() {
                        define(scope, receiver, &args[0], &own)?;
                    }
                }
            }
            Trap::IsExtensible if is(false) => self.seal(scope, slot, shadow)?,
            Trap::PreventExtensions if is(true) => self.seal(scope, slot, shadow)?,
            Trap::OwnKeys if !extensible(scope, shadow)? => self.seal(scope, slot, shadow)?,
            _ => {}
        }
        Ok(answer)
    }

    fn ask<'a>(
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
        let keys = self.ask(scope, slot, Trap::OwnKeys, &[])?;
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
            let descriptor =
                self.ask(scope, slot, Trap::GetOwnPropertyDescriptor, std::slice::from_ref(&key))?;
            if descriptor.is_object() {
                define(scope, shadow, &key, &descriptor)?;
            }
        }
        if extensible(scope, shadow)? {
            let prototype = self.ask(scope, slot, Trap::GetPrototypeOf, &[])?;
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
