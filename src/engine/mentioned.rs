//! The environment names that texts mention, looked for once in each text.
//!
//! Knows texts by their digests: what one step leaves, several others read. Does not know who was given what.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustc_hash::FxHashMap;

use super::environment::is_asked_for;
use crate::{base::Digest, text::script::mentioned_names};

/// Of so many texts it is remembered what they mention.
const REMEMBERED_TEXTS: usize = 4096;

/// What the texts of a run mention.
#[derive(Debug, Default)]
pub(super) struct Mentioned(Mutex<FxHashMap<Digest, Arc<[String]>>>);

impl Mentioned {
    /// Returns the names that the text with a digest mentions; it is only read if that is not known. What cannot be read,
    /// or is no text, mentions none.
    pub(super) fn names(&self, digest: &Digest, read: impl FnOnce() -> Option<Arc<[u8]>>) -> Arc<[String]> {
        if let Some(known) = self.lock().get(digest) {
            return Arc::clone(known);
        }
        let Some(bytes) = read() else { return Arc::default() };
        let text = str::from_utf8(&bytes).unwrap_or_default();
        let names: BTreeSet<&str> =
            mentioned_names(text).into_iter().filter(|name| is_asked_for(name)).collect();
        let names: Arc<[String]> = names.into_iter().map(str::to_owned).collect();
        // Who reads a file anew may find another text there.
        if Digest::of(&bytes) == *digest {
            let mut known = self.lock();
            if known.len() >= REMEMBERED_TEXTS {
                known.clear();
            }
            known.insert(*digest, Arc::clone(&names));
        }
        names
    }

    fn lock(&self) -> MutexGuard<'_, FxHashMap<Digest, Arc<[String]>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_once_and_another_in_its_place_is_not_taken_for_it() {
        let mentioned = Mentioned::default();
        let digest = Digest::of(b"echo $COLOUR");
        let names = |found: Option<&str>| {
            let names = mentioned.names(&digest, || found.map(|text| text.as_bytes().into()));
            names.join(" ")
        };
        assert_eq!(names(None), "");
        assert_eq!(names(Some("echo $OTHER")), "OTHER");
        assert_eq!(names(Some("echo $COLOUR")), "COLOUR");
        let names = mentioned.names(&digest, || panic!("it is known"));
        assert_eq!(names.join(" "), "COLOUR");
        assert!(mentioned.names(&Digest::of(b"\xff$A"), || Some(b"\xff$A".as_slice().into())).is_empty());
    }
}
