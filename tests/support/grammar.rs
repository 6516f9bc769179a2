//! Programs put together by the grammar of the language, at random: every kind of statement
//! and expression within every other, and methods of the built-ins on values that they are
//! not made for.

use super::Random;

/// How deep statements and expressions are nested.
const MOST_DEPTH: usize = 5;

const NAMES: &[&str] = &["a", "b", "c", "d", "o", "f", "x", "y"];

const VALUES: &[&str] = &[
    "0",
    "1",
    "-0",
    "NaN",
    "2 ** 31",
    "2 ** 53",
    "1e9",
    "0.5",
    "''",
    "'abc'",
    "'é€'",
    "'\\ud800'",
    "10n",
    "-(2n ** 200n)",
    "true",
    "null",
    "undefined",
    "[]",
    "[1, , 3]",
    "{}",
    "globalThis",
    "this",
    "Symbol.iterator",
    "Symbol('s')",
    "/(a)|(?<n>b)/gu",
    "/x*?$/my",
    "new Date(0)",
    "new Map([[1, 2]])",
    "new Set('abc')",
    "new WeakMap()",
    "new Error('e')",
    "Promise.resolve(1)",
    "new Uint8Array(9)",
    "new Float64Array([1, 2])",
    "new ArrayBuffer(8, { maxByteLength: 64 })",
    "new Proxy({}, {})",
    "new Proxy([], { get: () => 1 })",
    "'x'.repeat(1000)",
    "Array(500).fill(7)",
    "{ length: 2 ** 32 }",
    "{ valueOf() { throw 1 } }",
    "{ toString: () => 'k' }",
    "{ [Symbol.toPrimitive]: (h) => h }",
    "Array.from({ length: 100 }, (_, i) => i)",
    "Math.max",
    "class {}",
    "function* () { yield 1 }",
    "async () => 1",
];

const METHODS: &[&str] = &[
    "map",
    "filter",
    "reduce",
    "forEach",
    "push",
    "pop",
    "shift",
    "unshift",
    "splice",
    "slice",
    "sort",
    "toSorted",
    "reverse",
    "concat",
    "join",
    "indexOf",
    "includes",
    "fill",
    "flat",
    "flatMap",
    "copyWithin",
    "with",
    "at",
    "find",
    "findLast",
    "entries",
    "keys",
    "values",
    "split",
    "replace",
    "replaceAll",
    "match",
    "matchAll",
    "search",
    "padEnd",
    "repeat",
    "trim",
    "normalize",
    "charCodeAt",
    "codePointAt",
    "substring",
    "localeCompare",
    "toUpperCase",
    "exec",
    "test",
    "get",
    "set",
    "has",
    "add",
    "delete",
    "clear",
    "union",
    "then",
    "catch",
    "finally",
    "call",
    "apply",
    "bind",
    "toString",
    "valueOf",
    "toFixed",
    "toISOString",
    "next",
    "return",
    "throw",
    "subarray",
    "resize",
    "transfer",
    "take",
    "drop",
    "toArray",
    "hasOwnProperty",
    "__defineGetter__",
];

const FUNCTIONS: &[&str] = &[
    "Object.keys",
    "Object.entries",
    "Object.assign",
    "Object.freeze",
    "Object.fromEntries",
    "Object.defineProperty",
    "Object.getOwnPropertyDescriptors",
    "Object.setPrototypeOf",
    "Object.groupBy",
    "Reflect.ownKeys",
    "Reflect.construct",
    "Reflect.apply",
    "Array.from",
    "Array.of",
    "JSON.stringify",
    "JSON.parse",
    "String",
    "String.raw",
    "Number",
    "BigInt",
    "Symbol",
    "Math.max",
    "Math.hypot",
    "parseInt",
    "parseFloat",
    "encodeURIComponent",
    "decodeURI",
    "eval",
    "new Function",
    "new Array",
    "new Promise",
    "new RegExp",
    "new Map",
    "new Set",
    "new WeakRef",
    "new Proxy",
    "new Date",
    "new Error",
    "new Int16Array",
    "new DataView",
    "structuredClone",
    "Promise.all",
    "Promise.race",
    "BigInt.asUintN",
    "Atomics.add",
    "Iterator.from",
];

const BINARY: &[&str] = &[
    "+",
    "-",
    "*",
    "/",
    "%",
    "**",
    "<<",
    ">>",
    ">>>",
    "&",
    "|",
    "^",
    "<",
    ">",
    "<=",
    ">=",
    "==",
    "===",
    "!=",
    "&&",
    "||",
    "??",
    "in",
    "instanceof",
    ",",
];
const UNARY: &[&str] = &["-", "+", "!", "~", "typeof ", "void "];
const ASSIGN: &[&str] = &["=", "+=", "-=", "*=", "**=", "<<=", "&&=", "||=", "??="];

/// Writes programs.
pub struct Author<'r> {
    random: &'r mut Random,
    depth: usize,
    /// Names that have been given out: none is bound twice, which most places forbid.
    bound: usize,
    /// Whether what is being written is part of a class, where the rules are stricter.
    is_strict: bool,
}

impl<'r> Author<'r> {
    pub fn new(random: &'r mut Random) -> Self {
        Self { random, depth: 0, bound: 0, is_strict: false }
    }

    /// A program of some statements. If one throws, the next ones run nevertheless.
    pub fn program(&mut self) -> String {
        let mut text = String::new();
        for name in NAMES {
            text += &format!("var {name} = {};\n", self.pick(VALUES));
        }
        for _ in 0..3 + self.random.below(9) {
            text += &format!("try {{ {} }} catch {{}}\n", self.statement());
        }
        text
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.random.below(from.len())]
    }

    /// A name that something may be bound to.
    fn name(&mut self) -> String {
        match self.random.below(12) {
            back if (1..=self.bound.min(3)).contains(&back) => format!("v{}", self.bound - back),
            _ => self.pick(NAMES).into(),
        }
    }

    /// A name for something new.
    fn fresh(&mut self) -> String {
        self.bound += 1;
        format!("v{}", self.bound - 1)
    }

    fn deeper(&mut self, write: impl FnOnce(&mut Self) -> String) -> String {
        self.depth += 1;
        let text = write(self);
        self.depth -= 1;
        text
    }

    fn list(&mut self, most: usize, write: impl Fn(&mut Self) -> String) -> String {
        let parts: Vec<_> = (0..self.random.below(most + 1)).map(|_| write(self)).collect();
        parts.join(", ")
    }

    fn block(&mut self) -> String {
        let body: String = (0..self.random.below(3)).map(|_| self.statement()).collect();
        format!("{{ {body} }}")
    }

    fn statement(&mut self) -> String {
        if self.depth >= MOST_DEPTH {
            return format!("{};\n", self.name());
        }
        self.deeper(|w| {
            let (name, other) = (w.fresh(), w.name());
            match w.random.below(18) {
                0 => format!("var {name} = {};\n", w.expression()),
                1 => format!("let {} = {};\n", w.pattern(), w.expression()),
                2 => format!("if ({}) {} else {}\n", w.expression(), w.block(), w.block()),
                3 => format!("for (let {name} = 0; {name} < 5; {name}++) {}\n", w.block()),
                4 => format!("for (const {name} of {}) {}\n", w.expression(), w.block()),
                5 => format!("for (const {name} in {}) {}\n", w.expression(), w.block()),
                6 => format!(
                    "try {} catch ({}) {} finally {}\n",
                    w.block(),
                    w.pattern(),
                    w.block(),
                    w.block()
                ),
                7 => format!("{name}: do {{ {} break {name} }} while ({other});\n", w.statement()),
                8 => format!(
                    "switch ({}) {{ case {}: {} default: {} }}\n",
                    w.expression(),
                    w.expression(),
                    w.statement(),
                    w.statement()
                ),
                9 => format!("{}\n", w.function("function", &name)),
                10 => format!("{}\n", w.class(&name)),
                11 => format!("throw {};\n", w.expression()),
                12 if !w.is_strict => format!("with ({}) {}\n", w.expression(), w.block()),
                13 => format!("(async () => {})();\n", w.block()),
                14 => format!("globalThis.{name} = {};\n", w.expression()),
                _ => format!("{};\n", w.expression()),
            }
        })
    }

    fn function(&mut self, kind: &str, name: &str) -> String {
        let (flavour, star, pause) = [
            ("", "", "return"),
            ("async ", "", "await"),
            ("", "*", "yield"),
            ("async ", "*", "yield await"),
        ][self.random.below(4)];
        let (parameters, body) = (self.list(3, Self::pattern), self.block());
        let paused = self.expression();
        format!("{flavour}{kind}{star} {name}({parameters}) {{ {body} {pause} {paused} }}")
    }

    fn class(&mut self, name: &str) -> String {
        let base = match self.random.below(2) {
            0 => String::new(),
            _ => format!("extends ({}) ", self.expression()),
        };
        let was_strict = std::mem::replace(&mut self.is_strict, true);
        let members: String = (0..self.random.below(4))
            .map(|_| {
                let (key, shared) = (self.fresh(), ["", "static "][self.random.below(2)]);
                match self.random.below(5) {
                    0 => format!("{shared}#{key} = {}; ", self.expression()),
                    1 => format!("{shared}get {key}() {} ", self.block()),
                    2 => format!("{shared}[{}]() {} ", self.expression(), self.block()),
                    3 => format!("static {} ", self.block()),
                    _ => format!("{shared}{key} = {}; ", self.expression()),
                }
            })
            .collect();
        self.is_strict = was_strict;
        format!("class {name} {base}{{ {members}}}")
    }

    fn pattern(&mut self) -> String {
        let name = self.fresh();
        if self.depth >= MOST_DEPTH {
            return name;
        }
        self.deeper(|w| match w.random.below(5) {
            0 => format!("[{}, ...{name}]", w.pattern()),
            1 => format!("{{ {name}: {}, ...{} }}", w.pattern(), w.fresh()),
            2 => format!("{{ {name} = {} }}", w.expression()),
            _ => name,
        })
    }

    fn expression(&mut self) -> String {
        if self.depth >= MOST_DEPTH {
            return match self.random.below(2) {
                0 => self.name(),
                _ => format!("({})", self.pick(VALUES)),
            };
        }
        self.deeper(|w| {
            let name = w.name();
            match w.random.below(20) {
                0 => format!("({} {} {})", w.expression(), w.pick(BINARY), w.expression()),
                1 => format!("({}{})", w.pick(UNARY), w.expression()),
                2 => format!("({name} {} {})", w.pick(ASSIGN), w.expression()),
                3 => format!("{}.{name}", w.expression()),
                4 => format!("{}?.[{}]", w.expression(), w.expression()),
                5 => format!("({} ? {} : {})", w.expression(), w.expression(), w.expression()),
                6 => format!("[{}, ...{}]", w.list(3, Self::expression), w.expression()),
                7 => format!("({{ {name}: {}, [{}]: 1, ...{name} }})", w.expression(), w.name()),
                8 => format!("`${{{}}}{name}${{{}}}`", w.expression(), w.expression()),
                9 => format!("(({}) => {})", w.pattern(), w.expression()),
                10 => {
                    let name = w.fresh();
                    format!("({})", w.function("function", &name))
                }
                11 => {
                    let name = w.fresh();
                    format!("({})", w.class(&name))
                }
                12 => format!("{name}({})", w.list(3, Self::expression)),
                13 => format!("new ({})({})", w.expression(), w.list(2, Self::expression)),
                14 => format!("{}({})", w.pick(FUNCTIONS), w.list(3, Self::expression)),
                15 | 16 => {
                    let (method, arguments) = (w.pick(METHODS), w.list(3, Self::expression));
                    format!("({}).{method}({arguments})", w.expression())
                }
                17 => name,
                _ => format!("({})", w.pick(VALUES)),
            }
        })
    }
}
