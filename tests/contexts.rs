//! Global objects that mirror objects of a host: when the host is asked, and what it is told.

mod support;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use quickvm::engine::{
    Args, Attributes, Change, GlobalId, Host, Key, Names, Property, Realm, Scope, Thrown, Value,
};
use support::{eval, Guest, Outcome, KB};

const PLAIN: Attributes = Attributes(Attributes::PLAIN);

/// A host with one object, whose values are numbers.
#[derive(Default)]
struct Mirror {
    properties: RefCell<BTreeMap<String, f64>>,
    /// Whether it says which names there are.
    tells_names: Cell<bool>,
    asked: RefCell<Vec<String>>,
}

impl Mirror {
    fn with(properties: &[(&str, f64)]) -> Self {
        let properties = properties.iter().map(|&(name, value)| (name.into(), value)).collect();
        Self { properties: RefCell::new(properties), ..Self::default() }
    }

    fn property<'a>(&self, scope: Scope<'a>, name: &str) -> Property<'a> {
        match self.properties.borrow().get(name) {
            Some(&value) => Property::Data(scope.number(value), PLAIN),
            None => Property::Absent,
        }
    }

    fn names<'a>(&self, scope: Scope<'a>) -> Names<'a> {
        if !self.tells_names.get() {
            return Names::Unknown;
        }
        let properties = self.properties.borrow();
        let key = |name: &String| scope.key_utf8(name.as_bytes()).unwrap();
        Names::These(properties.keys().map(key).collect())
    }

    /// The names that the guest has asked for since the last call.
    fn take_asked(&self) -> Vec<String> {
        self.asked.take()
    }
}

impl Host for Mirror {
    fn call<'a>(&self, scope: Scope<'a>, _: u32, _: Args<'a>) -> Result<Value<'a>, Thrown<'a>> {
        Err(scope.type_error("this host has no functions"))
    }

    fn global_property<'a>(
        &self,
        scope: Scope<'a>,
        _: GlobalId,
        key: &Key<'a>,
    ) -> Result<(Names<'a>, Property<'a>), Thrown<'a>> {
        let name = key.to_value()?.to_text().unwrap_or_else(|_| "(symbol)".into());
        let answer = (self.names(scope), self.property(scope, &name));
        self.asked.borrow_mut().push(name);
        Ok(answer)
    }

    fn global_properties<'a>(
        &self,
        scope: Scope<'a>,
        _: GlobalId,
    ) -> Result<Vec<(Key<'a>, Property<'a>)>, Thrown<'a>> {
        let names: Vec<_> = self.properties.borrow().keys().cloned().collect();
        let entry =
            |name: String| Ok((scope.key_utf8(name.as_bytes())?, self.property(scope, &name)));
        names.into_iter().map(entry).collect()
    }
}

/// Runs `source` in the context `id` and answers what it came to and what it has changed.
fn stay(guest: &Guest, host: &Mirror, id: GlobalId, source: &str) -> (Outcome, Vec<String>) {
    let (result, stop) = guest.runtime.enter(&guest.realm, None, host, |outer| {
        let scope = outer.within(id).expect("a context");
        let outcome = eval(scope, source);
        let changes = scope.take_global_changes().into_iter().flat_map(|(_, changes)| changes);
        (outcome, changes.map(|(key, change)| described(&key, &change)).collect())
    });
    assert_eq!(stop, None);
    result
}

fn described(key: &Key<'_>, change: &Change<'_>) -> String {
    let name = key.to_value().unwrap().to_text().unwrap();
    let text = |value: &Value<'_>| value.to_text().unwrap_or_else(|_| "(no text)".into());
    match change {
        Change::Delete => format!("delete {name}"),
        Change::Set(value) => format!("{name} = {}", text(value)),
        Change::Define(value, attributes) => format!("{name}: {} {}", text(value), attributes.0),
        Change::Accessor(..) => format!("get {name}"),
    }
}

fn ok(value: &str) -> Outcome {
    Ok(value.into())
}

#[test]
fn the_host_is_asked_once_in_a_stay() {
    let guest = Guest::new();
    let _context = Realm::with_global(&guest.runtime, 1).unwrap();
    let host = Mirror::with(&[("a", 1.0)]);
    let source = "a + a + typeof b + typeof b + globalThis.a + Math.max(a, a)";
    assert_eq!(stay(&guest, &host, 1, source), (ok("2undefinedundefined11"), vec![]));
    assert_eq!(host.take_asked(), ["a", "b", "globalThis", "Math"]);
    host.properties.borrow_mut().insert("a".into(), 5.0);
    assert_eq!(stay(&guest, &host, 1, "a").0, ok("5"));
    assert_eq!(host.take_asked(), ["a"]);
}

#[test]
fn names_that_the_host_has_not_told_of_are_not_asked_for() {
    let guest = Guest::new();
    let _context = Realm::with_global(&guest.runtime, 1).unwrap();
    let host = Mirror::with(&[("a", 1.0), ("b", 2.0)]);
    host.tells_names.set(true);
    assert_eq!(stay(&guest, &host, 1, "a + typeof c + Math.abs(b)").0, ok("1undefined2"));
    assert_eq!(host.take_asked(), ["a", "b"]);
    // What was told is good for one stay.
    host.properties.borrow_mut().insert("c".into(), 3.0);
    assert_eq!(stay(&guest, &host, 1, "c").0, ok("3"));
}

#[test]
fn changes_are_told_and_nothing_else() {
    let guest = Guest::new();
    let _context = Realm::with_global(&guest.runtime, 1).unwrap();
    let host = Mirror::with(&[("a", 1.0), ("b", 2.0)]);
    let cases: &[(&str, &[&str])] = &[
        ("a; b; typeof c", &[]),
        ("a = 1", &[]),
        ("a = 7; a", &["a = 7"]),
        ("var x", &[]),
        ("var x; x = 3", &["x = 3"]),
        ("var x = 3; x++", &["x = 4"]),
        ("y = 5; delete y", &[]),
        ("delete a", &["delete a"]),
        ("delete a; a = 9", &["a = 9"]),
        ("let lexical = 1; const fixed = 2", &[]),
        ("delete toString", &[]),
        ("Object.defineProperty(this, 'a', { enumerable: false })", &["a: 1 3"]),
        ("Object.defineProperty(this, 'g', { get() {} })", &["get g"]),
        ("a = undefined", &["a = undefined"]),
    ];
    for (source, expected) in cases {
        assert_eq!(stay(&guest, &host, 1, source).1, *expected, "{source}");
    }
    assert_eq!(stay(&guest, &host, 1, "lexical + fixed").0, ok("3"));
}

#[test]
fn own_properties_do_not_outlast_the_stay() {
    let guest = Guest::new();
    let _context = Realm::with_global(&guest.runtime, 1).unwrap();
    let host = Mirror::with(&[]);
    assert_eq!(stay(&guest, &host, 1, "var x = 1; x").1, ["x = 1"]);
    // This host has not taken it.
    assert_eq!(stay(&guest, &host, 1, "typeof x").0, ok("undefined"));
    let frozen = "Object.defineProperty(this, 'f', { value: 1 }); Object.freeze(this); f";
    assert_eq!(stay(&guest, &host, 1, frozen).0, ok("1"));
    assert_eq!(stay(&guest, &host, 1, "typeof f").0, ok("undefined"));
}

#[test]
fn what_the_host_has_is_listed_with_what_is_there() {
    let guest = Guest::new();
    let _context = Realm::with_global(&guest.runtime, 1).unwrap();
    let host = Mirror::with(&[("a", 1.0), ("b", 2.0), ("c", 3.0)]);
    let source = "b; delete c; d = 4; Object.entries(globalThis).join('|')";
    assert_eq!(stay(&guest, &host, 1, source).0, ok("b,2|d,4|a,1"));
    let source =
        "var n = 0; for (const k in globalThis) n++; n + JSON.stringify({ ...globalThis })";
    assert_eq!(stay(&guest, &host, 1, source).0, ok(r#"4{"n":4,"a":1,"b":2,"c":3}"#));
}

#[test]
fn realms_are_apart_but_share_the_heap() {
    let guest = Guest::new();
    let _one = Realm::with_global(&guest.runtime, 1).unwrap();
    let _two = Realm::with_global(&guest.runtime, 2).unwrap();
    let host = Mirror::with(&[]);
    assert_eq!(stay(&guest, &host, 1, "Math.own = 1; let only = 1; only").0, ok("1"));
    assert_eq!(stay(&guest, &host, 2, "typeof Math.own + typeof only").0, ok("undefinedundefined"));
    assert_eq!(guest.run("typeof Math.own"), "undefined");
}

#[test]
fn a_dropped_realm_is_garbage_and_its_functions_live_on() {
    let guest = Guest::new();
    let host = Mirror::with(&[("a", 1.0)]);
    let context = Realm::with_global(&guest.runtime, 0).unwrap();
    assert_eq!(stay(&guest, &host, 0, "var v = 2; let l = 3; l").0, ok("3"));
    let ((), _) = guest.runtime.enter(&guest.realm, None, &host, |scope| {
        let inner = scope.within(0).unwrap();
        let function =
            inner.eval(b"() => [typeof a, v, l, Math.max(4, 5)].join()", &support::named("f.js"));
        let _ = inner.take_global_changes();
        let name = scope.key_utf8(b"f").unwrap();
        scope.global().set(&name, function.ok().unwrap()).unwrap();
    });
    drop(context);
    // Of the host's values only those that the guest has given it are left.
    assert_eq!(guest.run("f()"), "undefined,2,3,5");
    guest.run("f = null");
    let start = guest.used();
    for id in 1..50 {
        let context = Realm::with_global(&guest.runtime, id).unwrap();
        let source = "var self = this, f = () => self; function g() { return f } typeof g";
        assert_eq!(stay(&guest, &host, id, source).0, ok("function"));
        drop(context);
    }
    guest.assert_back_within(start, 200 * KB);
}

#[test]
fn a_realm_that_is_dropped_inside_an_entry_is_good_to_its_end() {
    let guest = Guest::new();
    let context = Realm::with_global(&guest.runtime, 1).unwrap();
    let (text, _) = guest.runtime.enter(&guest.realm, None, &Mirror::default(), |scope| {
        let inner = scope.within(1).unwrap();
        drop(context);
        assert!(scope.within(1).is_none());
        eval(inner, "var a = 1; [a, typeof Math, this === globalThis].join()")
    });
    assert_eq!(text, ok("1,object,true"));
    assert_eq!(guest.run("1 + 1"), "2");
}
