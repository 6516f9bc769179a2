//! Bytecode that leaves the process and may come back.
//!
//! The engine trusts bytecode as it trusts its own code: whoever could write some would be
//! past the heap. So what comes back is taken only if it was sealed by someone with the same
//! key, for the same source, on this engine. Nothing of it is looked at before that is known.
//!
//! ```text
//!  header, a line of text | SHA-256 of the source | HMAC-SHA-256 of all the rest | bytecode
//! ```

use std::sync::OnceLock;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::script::{engine_version, Script};

/// The size of what SHA-256 and HMAC-SHA-256 answer.
const DIGEST: usize = 32;

/// What made the bytecode: it means something to the same engine only.
fn header() -> &'static [u8] {
    static HEADER: OnceLock<Vec<u8>> = OnceLock::new();
    HEADER.get_or_init(|| {
        format!(
            "quickvm {} quickjs {} {}-{}\n",
            env!("CARGO_PKG_VERSION"),
            engine_version(),
            std::env::consts::OS,
            std::env::consts::ARCH,
        )
        .into_bytes()
    })
}

fn mac(key: &[u8], source: &[u8], code: &[u8]) -> Hmac<Sha256> {
    // A key of any length will do, so this is never an error.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!());
    mac.update(header());
    mac.update(source);
    mac.update(code);
    mac
}

impl Script {
    /// The bytecode for [`Script::unseal`] with the same `key` and `source`: what it was made
    /// from, where that comes from and how it was compiled included.
    pub fn seal(&self, key: &[u8], source: &[u8]) -> Vec<u8> {
        let source = Sha256::digest(source);
        let mac = mac(key, &source, self.code()).finalize().into_bytes();
        [header(), &source, &mac, self.code()].concat()
    }

    /// The script that was sealed, if it was with this key and for this source, by this
    /// version of the library and the engine.
    pub fn unseal(sealed: &[u8], key: &[u8], source: &[u8]) -> Option<Self> {
        let sealed = sealed.strip_prefix(header())?;
        let (sealed_source, sealed) = sealed.split_at_checked(DIGEST)?;
        let (sealed_mac, code) = sealed.split_at_checked(DIGEST)?;
        if sealed_source != Sha256::digest(source).as_slice() {
            return None;
        }
        // Takes as long wherever the difference is.
        mac(key, sealed_source, code).verify_slice(sealed_mac).ok()?;
        Some(Self::of_authentic(code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Args, Host, Limits, Origin, Realm, Runtime, Scope, Thrown, Value};

    struct NoHost;
    impl Host for NoHost {
        fn call<'a>(&self, scope: Scope<'a>, _: u32, _: Args<'a>) -> Result<Value<'a>, Thrown<'a>> {
            Err(scope.type_error("no host"))
        }
    }

    fn script() -> Script {
        let runtime = Runtime::new(Limits { memory: 8 << 20, stack: 256 << 10 }).unwrap();
        let realm = Realm::new(&runtime).unwrap();
        let compile = |scope: Scope<'_>| scope.compile(b"let n = 1; n", &Origin::default()).ok();
        runtime.enter(&realm, None, &NoHost, compile).0.unwrap()
    }

    #[test]
    fn what_was_sealed_is_unsealed() {
        let script = script();
        let sealed = script.seal(b"key", b"source");
        let unsealed = Script::unseal(&sealed, b"key", b"source").unwrap();
        assert_eq!(unsealed.code(), script.code());
        assert!(sealed.starts_with(b"quickvm "));
    }

    #[test]
    fn nothing_else_is() {
        let sealed = script().seal(b"key", b"source");
        assert!(Script::unseal(&sealed, b"Key", b"source").is_none());
        assert!(Script::unseal(&sealed, b"key", b"Source").is_none());
        for length in 0..sealed.len() {
            assert!(Script::unseal(&sealed[..length], b"key", b"source").is_none());
        }
        assert!(Script::unseal(&[&sealed[..], b"\0"].concat(), b"key", b"source").is_none());
        for bit in 0..sealed.len() * 8 {
            let mut other = sealed.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(Script::unseal(&other, b"key", b"source").is_none());
        }
    }
}
