//! Contents come back as they were, or not at all.

use super::*;

/// Where the one blob of a world lies.
fn only_blob(system: &dyn System) -> PathBuf {
    let top = layout().blobs();
    let folder = top.join(&system.list(&top).unwrap()[0].name);
    let entries = system.list(&folder).unwrap();
    assert_eq!(entries.len(), 1, "one blob and no litter");
    folder.join(&entries[0].name)
}

#[test]
fn a_damaged_blob_is_never_served_and_goes_when_it_is_found() {
    for damage in ["", "contenT", "content and more"] {
        let world = world();
        let blobs = blobs(&shared(&world));
        let digest = blobs.put_bytes(b"content").unwrap();
        assert!(blobs.verify(&digest) && blobs.read(&digest).unwrap() == b"content");
        let place = only_blob(&world);
        world.mode(&place, 0o644).file(&place, damage);
        assert!(blobs.read(&digest).is_err());
        let to = inside("out");
        assert!(blobs.copy_out(&digest, &to, 0o644).is_err());
        assert!(world.stat(&to).is_err(), "nothing half right stays");
        assert!(!blobs.verify(&digest) && !blobs.has(&digest));
        assert_eq!(blobs.put_bytes(b"content").unwrap(), digest);
        assert!(blobs.verify(&digest), "it can be stored again");
    }
}

#[test]
fn a_file_that_changed_since_it_was_hashed_is_not_stored() {
    let world = world().file("/w/a", "new");
    let blobs = blobs(&shared(&world));
    let old = Digest::of(b"old");
    assert_eq!(blobs.put_file(&inside("a"), &old).unwrap_err().kind(), std::io::ErrorKind::InvalidData);
    assert!(!blobs.has(&old) && !world.tree().contains(".tmp"));
    blobs.put_file(&inside("a"), &Digest::of(b"new")).unwrap();
    world.file("/w/a", "newer");
    assert_eq!(blobs.read(&Digest::of(b"new")).unwrap(), b"new", "the blob does not share the file");
}

#[test]
fn many_files_are_stored_and_the_changed_one_is_told() {
    let world = (0..200).fold(world(), |world, n| world.file(inside(&format!("f{n}")), format!("{n}")));
    let blobs = blobs(&shared(&world));
    let mut files: Vec<_> =
        (0..200).map(|n| (inside(&format!("f{n}")), Digest::of(format!("{n}").as_bytes()))).collect();
    blobs.put_files(&files).unwrap();
    assert!(files.iter().all(|(_, digest)| blobs.verify(digest)));
    files[77].1 = Digest::of(b"another");
    assert_eq!(blobs.put_files(&files).unwrap_err().kind(), std::io::ErrorKind::InvalidData);
    assert!(!blobs.has(&files[77].1) && !world.tree().contains(".tmp"));
}

#[test]
fn a_blob_is_stored_though_its_folder_went() {
    let world = world();
    let system = shared(&world);
    let blobs = blobs(&system);
    let digest = blobs.put_bytes(b"content").unwrap();
    crate::sys::remove_tree(&world, &layout().blobs()).unwrap();
    assert_eq!(blobs.put_bytes(b"content").unwrap(), digest);
    assert!(blobs.verify(&digest));
}

#[test]
fn what_is_copied_out_has_the_mode_asked_for() {
    let world = world();
    let blobs = blobs(&shared(&world));
    let digest = blobs.put_bytes(b"#!").unwrap();
    blobs.copy_out(&digest, &inside("x"), 0o755).unwrap();
    assert_eq!(world.stat(&inside("x")).unwrap().mode, 0o755);
    assert_eq!(world.stat(&only_blob(&world)).unwrap().mode, 0o444);
}
