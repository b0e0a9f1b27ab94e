//! What the witness forbids does not take place, on any rung, and is told.

use std::{path::Path, process::Command};

use super::harness::{Folder, NOTIFY, run};
use crate::trace::{Entry, Offer, Rung, UNTRACED};

/// Each of these fails if nothing is refused, and each in its own way.
const TEXT: &str = "
    set -u
    echo new > forbidden-new && exit 1
    echo more >> d/forbidden && exit 2
    mv d/forbidden gone && exit 3
    mv a forbidden-a && exit 4
    rm d/forbidden && exit 5
    mkdir forbidden-folder && exit 6
    ln -s a forbidden-link && exit 7
    ln d/forbidden harmless && exit 8
    chmod 777 d/forbidden && exit 9
    mkdir -p d/sub && echo made > d/sub/made && mv d/sub/made d/sub/moved || exit 10
    cat d/forbidden > read || exit 11
";

#[test]
fn what_is_forbidden_does_not_take_place_and_is_told() {
    for rung in [NOTIFY, Rung::Ptrace] {
        let folder = Folder::new();
        folder.write("d/forbidden", "as it was", 0o644);
        let ran = run(rung, &folder, Path::new("/bin/sh"), &["-c", TEXT]);
        if ran.trace.rung != rung {
            eprintln!("skipped: nothing can be traced by {rung:?} here");
            continue;
        }
        assert_eq!(ran.status.code(), Some(0), "{rung:?}");
        let read = |name: &str| std::fs::read_to_string(folder.root.join(name)).unwrap();
        assert_eq!((read("d/forbidden"), read("read")), ("as it was".into(), "as it was".into()));
        assert_eq!((read("a"), read("d/sub/moved")), ("content of a".into(), "made\n".into()));
        for absent in
            ["forbidden-new", "gone", "forbidden-a", "forbidden-folder", "forbidden-link", "harmless"]
        {
            assert!(folder.root.join(absent).symlink_metadata().is_err(), "{rung:?}: {absent}");
        }
        let names = ["d/forbidden", "forbidden-a", "forbidden-folder", "forbidden-link", "forbidden-new"];
        let refused: Vec<_> = ran.trace.refused.keys().cloned().collect();
        assert_eq!(refused, names.map(|name| folder.root.join(name)), "{rung:?}");
        assert!(ran.trace.is_complete(), "{:?}", ran.trace.gaps);
    }
}

#[test]
fn a_process_that_needs_a_trace_does_not_start_without_one() {
    for (is_needed, error) in [(true, Some(UNTRACED)), (false, None)] {
        let (_offer, socket) = Offer::new(Some(Rung::Off)).unwrap();
        let mut command = Command::new("/bin/true");
        Entry::new(socket).needed(is_needed).attach(&mut command);
        let started = command.spawn().map(|mut child| child.wait().unwrap());
        assert_eq!(started.err().and_then(|error| error.raw_os_error()), error);
    }
}
