//! BLAKE3 digests and the one way bytes become a key.

use std::{
    cell::RefCell,
    fmt,
    hash::{Hash, Hasher},
};

use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use thiserror::Error;

/// A BLAKE3 digest: the identity of a content, of a component or of a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Digest(pub [u8; 32]);

/// The text is not 64 hexadecimal digits.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("a digest has 64 hexadecimal digits")]
pub struct ParseDigestError;

impl Digest {
    /// Returns the digest of a file's content; O(bytes).
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// Returns the digest of what these are one after the other.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = blake3::Hasher::new();
        parts.into_iter().for_each(|part| _ = hasher.update(part));
        Self(*hasher.finalize().as_bytes())
    }

    /// Returns the digest in 64 hexadecimal digits.
    pub fn to_hex(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }

    /// Returns the first six hexadecimal digits, enough to tell two versions apart in a message.
    pub fn to_short(&self) -> String {
        let nibbles = self.0[..3].iter().flat_map(|byte| [byte >> 4, byte & 15]);
        nibbles.map(|nibble| char::from(b"0123456789abcdef"[usize::from(nibble)])).collect()
    }

    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`ParseDigestError`] if the text has another length or another character.
    pub fn from_hex(text: &str) -> Result<Self, ParseDigestError> {
        blake3::Hash::from_hex(text).map(|hash| Self(*hash.as_bytes())).map_err(|_| ParseDigestError)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.to_short())
    }
}

/// Hashes a sequence of fields so that no two different sequences give the same digest.
///
/// Every field is length-prefixed and the whole is bound to a domain, so that neither moving a byte from one
/// field to the next nor reading one kind of record as another can collide.
#[derive(Debug, Clone)]
pub struct DigestWriter(blake3::Hasher);

impl DigestWriter {
    /// Starts a digest in `domain`, a fixed text such as `"az key v1"`.
    pub fn new(domain: &'static str) -> Self {
        Self(blake3::Hasher::new_from_context_key(&key_of(domain)))
    }

    /// Adds one field.
    #[must_use]
    pub fn field(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.add(bytes);
        self
    }

    /// Adds one field in place.
    pub fn add(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Returns the digest of all fields.
    pub fn finish(&self) -> Digest {
        Digest(*self.0.finalize().as_bytes())
    }
}

/// Lets whatever can be hashed be digested.
struct Fed(blake3::Hasher);

impl Hasher for Fed {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        u64::from_le_bytes(self.0.finalize().as_bytes()[..8].try_into().unwrap_or_default())
    }
}

impl Digest {
    /// Returns the digest of a value in `domain`; good within one build of az, whose types it depends on.
    pub fn of_value(domain: &'static str, value: &impl Hash) -> Self {
        let mut fed = Fed(blake3::Hasher::new_derive_key(domain));
        value.hash(&mut fed);
        Self(*fed.0.finalize().as_bytes())
    }
}

thread_local! {
    /// A digest is most often of less than what its domain's key takes to be found.
    static KEYS: RefCell<Vec<(&'static str, ContextKey)>> = const { RefCell::new(Vec::new()) };
}

/// Returns the key that digests of a domain start from.
fn key_of(domain: &'static str) -> ContextKey {
    KEYS.with_borrow_mut(|keys| {
        // There are a dozen domains, each with its own text in the program.
        if let Some((_, key)) = keys.iter().find(|(known, _)| std::ptr::eq(*known, domain)) {
            return *key;
        }
        let key = hash_derive_key_context(domain);
        keys.push((domain, key));
        key
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_that_of_its_domain() {
        let expected = *blake3::Hasher::new_derive_key("test")
            .update(&1_u64.to_le_bytes())
            .update(b"a")
            .finalize()
            .as_bytes();
        for _ in 0..2 {
            assert_eq!(DigestWriter::new("test").field("a").finish(), Digest(expected));
        }
    }

    #[test]
    fn parts_are_digested_as_one() {
        assert_eq!(Digest::of_parts([&b"a"[..], b"", b"bc"]), Digest::of(b"abc"));
    }

    #[test]
    fn fields_do_not_run_into_each_other() {
        let split = |a: &str, b: &str| DigestWriter::new("test").field(a).field(b).finish();
        assert_ne!(split("ab", "c"), split("a", "bc"));
        assert_ne!(DigestWriter::new("one").finish(), DigestWriter::new("two").finish());
    }

    #[test]
    fn hex_round_trip() {
        let digest = Digest::of(b"az");
        assert_eq!(Digest::from_hex(&digest.to_hex()), Ok(digest));
        assert_eq!(digest.to_short(), digest.to_hex()[..6]);
        assert_eq!(Digest::from_hex("ab"), Err(ParseDigestError));
    }
}
