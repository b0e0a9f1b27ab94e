//! Small contents are found wherever they stand, and never taken for others.

use proptest::prelude::*;

use super::*;
use crate::cache::SMALL_BYTES;

fn put(blobs: &Blobs, text: &str) -> Digest {
    let digest = Digest::of(text.as_bytes());
    blobs.put_small(text.as_bytes(), &digest).unwrap();
    digest
}

fn small() -> PathBuf {
    layout().blobs().join("small")
}

#[test]
fn small_contents_stand_in_one_file_and_large_ones_do_not() {
    let world = world();
    let blobs = blobs(&shared(&world));
    let large = "x".repeat(usize::try_from(SMALL_BYTES).unwrap() + 1);
    let (one, two, other) = (put(&blobs, "one"), put(&blobs, ""), put(&blobs, &large));
    let names = |folder: &Path| world.list(folder).unwrap().len();
    assert_eq!(names(&layout().blobs()), 2, "the file of small ones, and a folder");
    for (digest, text) in [(one, "one"), (two, ""), (other, large.as_str())] {
        assert!(blobs.has(&digest) && blobs.verify(&digest));
        assert_eq!(blobs.read(&digest).unwrap(), text.as_bytes());
        let mut read = String::new();
        blobs.open(&digest).unwrap().read_to_string(&mut read).unwrap();
        assert_eq!(read, text);
        blobs.copy_out(&digest, &inside("out"), 0o640).unwrap();
        assert_eq!(world.read(&inside("out")).unwrap(), text.as_bytes());
        assert_eq!(world.stat(&inside("out")).unwrap().mode, 0o640);
        world.remove_file(&inside("out")).unwrap();
    }
    let before = world.stat(&small()).unwrap().size;
    put(&blobs, "one");
    assert_eq!(world.stat(&small()).unwrap().size, before, "what is there is not stored again");
    assert!(blobs.put_small(b"two", &one).is_err(), "a content is what its digest says");
}

#[test]
fn two_that_store_at_once_do_not_harm_each_other() {
    let world = world();
    let (outer, inner) = (blobs(&shared(&world)), blobs(&shared(&world)));
    let all: Vec<Digest> =
        (0..20).map(|n| put(if n % 3 == 0 { &outer } else { &inner }, &n.to_string())).collect();
    for blobs in [&outer, &inner, &blobs(&shared(&world))] {
        let own = all.iter().filter(|digest| blobs.verify(digest)).count();
        assert!(own >= 6, "each has at least its own");
    }
    assert!(all.iter().all(|digest| blobs(&shared(&world)).verify(digest)));
}

#[test]
fn what_is_removed_goes_for_good_and_the_rest_stays() {
    let world = world();
    let blobs = blobs(&shared(&world));
    let (goes, stays) = (put(&blobs, "this one goes"), put(&blobs, "stays"));
    blobs.remove(&goes).unwrap();
    assert!(!blobs.has(&goes) && blobs.has(&stays));
    blobs.settle().unwrap();
    let bytes = world.read(&small()).unwrap();
    assert!(!bytes.windows(9).any(|part| part == b"this one ") && blobs.verify(&stays));
    assert_eq!(put(&blobs, "this one goes"), goes);
    assert!(blobs.verify(&goes) && super::blobs(&shared(&world)).verify(&goes));
}

#[test]
fn a_file_that_goes_while_az_is_at_work_is_begun_again() {
    let world = world();
    let blobs = blobs(&shared(&world));
    let digest = put(&blobs, "content");
    crate::sys::remove_tree(&world, &layout().blobs()).unwrap();
    assert!(!blobs.has(&digest) && blobs.read(&digest).is_err());
    put(&blobs, "content");
    assert!(super::blobs(&shared(&world)).verify(&digest));
}

/// What is done to the file, or with it.
#[derive(Debug, Clone)]
enum Act {
    Put(u16),
    Remove(u16),
    Settle,
    Reopen,
    /// Cuts off so many bytes, of the index or of the file itself.
    Cut(bool, usize),
    /// Changes a byte, of the index or of the file itself.
    Flip(bool, usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => (0_u16..40).prop_map(Act::Put),
        1 => (0_u16..40).prop_map(Act::Remove),
        2 => Just(Act::Settle),
        2 => Just(Act::Reopen),
        1 => (any::<bool>(), 1_usize..9000).prop_map(|(index, count)| Act::Cut(index, count)),
        1 => (any::<bool>(), any::<usize>()).prop_map(|(index, at)| Act::Flip(index, at)),
    ]
}

fn text(number: u16) -> String {
    number.to_string().repeat(1 + usize::from(number) * 60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    /// Whatever happens to it, a content that is found is the right one; one that is not can be stored again and is found
    /// from then on; and as long as nothing is damaged, all are found.
    #[test]
    fn a_content_is_right_or_not_there(acts in prop::collection::vec(act(), 1..60)) {
        let world = world();
        let system = shared(&world);
        let mut blobs = super::blobs(&system);
        let mut there = std::collections::BTreeSet::new();
        let mut is_whole = true;
        for act in acts {
            match act {
                Act::Put(number) => {
                    put(&blobs, &text(number));
                    there.insert(number);
                    prop_assert!(!is_whole || blobs.verify(&Digest::of(text(number).as_bytes())));
                }
                Act::Remove(number) => {
                    _ = blobs.remove(&Digest::of(text(number).as_bytes()));
                    blobs.settle().unwrap();
                    there.remove(&number);
                }
                Act::Settle => blobs.settle().unwrap(),
                Act::Reopen => blobs = super::blobs(&system),
                Act::Cut(index, count) => {
                    is_whole = false;
                    let path = if index { small().with_extension("index") } else { small() };
                    if let Ok(bytes) = world.read(&path) {
                        world.file(&path, &bytes[..bytes.len().saturating_sub(count)]);
                    }
                }
                Act::Flip(index, at) => {
                    is_whole = false;
                    let path = if index { small().with_extension("index") } else { small() };
                    if let Ok(mut bytes) = world.read(&path)
                        && !bytes.is_empty()
                    {
                        let at = at % bytes.len();
                        bytes[at] ^= 0x10;
                        world.file(&path, bytes);
                    }
                }
            }
            for number in 0..40 {
                let content = text(number);
                let digest = Digest::of(content.as_bytes());
                if let Ok(read) = blobs.read(&digest) {
                    prop_assert_eq!(read, content.as_bytes());
                }
                prop_assert!(!is_whole || blobs.has(&digest) == there.contains(&number), "{}", number);
            }
        }
        // What was lost can be stored again.
        for number in [0, 7] {
            let digest = Digest::of(text(number).as_bytes());
            _ = blobs.verify(&digest);
            put(&blobs, &text(number));
            prop_assert!(blobs.verify(&digest));
        }
    }
}
