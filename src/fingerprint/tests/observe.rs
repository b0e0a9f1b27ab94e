//! What answers depend on: content, kind, links to their end, names.

use super::*;

fn key_of(world: &Memory, inputs: &[&str]) -> Vec<(Question, Answer)> {
    let disk = disk(world);
    let inputs: Vec<Pattern> = inputs.iter().map(|text| pattern(text)).collect();
    let asked = questions(&disk, &inputs, &[]);
    asked.into_iter().map(|question| (question.clone(), ask(&disk, &question))).collect()
}

/// Claims that a change of the world shows in the answers to `input`, or that it does not.
fn check(world: &Memory, input: &str, change: impl FnOnce(&Memory), shows: bool) {
    let before = key_of(world, &[input]);
    assert!(before.iter().all(|(_, answer)| !answer.is_doubtful), "{before:?}");
    change(world);
    world.advance(Duration::from_mins(1));
    assert_eq!(key_of(world, &[input]) != before, shows, "{before:?}");
}

fn change(path: &'static str, text: &'static str) -> impl FnOnce(&Memory) {
    move |world| _ = world.file(path, text)
}

#[test]
fn a_folder_is_its_names_and_their_contents() {
    let fresh = || world(&[("d/a", "1"), ("d/sub/b", "2"), ("other", "3")]);
    check(&fresh(), "d", change("/w/d/a", "x"), true);
    check(&fresh(), "d", change("/w/d/sub/b", "x"), true);
    check(&fresh(), "d", change("/w/d/sub/new", ""), true);
    check(&fresh(), "d", |world| _ = world.dir("/w/d/empty"), true);
    check(&fresh(), "d/", change("/w/d/a", "x"), true);
    check(&fresh(), ".", change("/w/other", "x"), true);
    check(&fresh(), "d", change("/w/other", "x"), false);
    check(&fresh(), "d", |world| _ = world.touch("/w/d/a"), false);
    check(&fresh(), "d", |world| _ = world.mode("/w/d/a", 0o600), false);
    check(&fresh(), "d", |world| _ = world.mode("/w/d/a", 0o755), true);
    check(&fresh(), ".", change("/w/.git/HEAD", "x"), false);
}

#[test]
fn absence_is_an_answer() {
    let fresh = || world(&[("a", "1")]);
    check(&fresh(), "b", change("/w/b", ""), true);
    check(&fresh(), "*.txt", change("/w/b.txt", ""), true);
    check(&fresh(), "*.txt", change("/w/b.rs", ""), false);
    check(&fresh(), "d", |world| _ = world.dir("/w/d"), true);
}

#[test]
fn links_are_followed_to_what_they_lead_to() {
    let fresh = || {
        let world = world(&[("real/x", "1"), ("file", "2")]);
        world
            .link("/w/one", "two")
            .link("/w/two", "file")
            .link("/w/folder", "real")
            .link("/w/gone", "nothing");
        world.file("/out/side", "3").link("/w/out", "/out/side").link("/w/deep/up", "../file");
        world.advance(Duration::from_mins(1))
    };
    check(&fresh(), "one", change("/w/file", "x"), true);
    check(&fresh(), "out", change("/out/side", "x"), true);
    check(&fresh(), "deep/up", change("/w/file", "x"), true);
    check(&fresh(), "gone", change("/w/nothing", ""), true);
    check(&fresh(), "folder/x", change("/w/real/x", "x"), true);
    check(&fresh(), "folder/*", change("/w/real/x", "x"), true);
    check(&fresh(), "one", change("/w/real/x", "x"), false);
}

#[test]
fn a_link_to_a_folder_stands_for_the_folder() {
    let fresh = || {
        let world = world(&[("real/x", "1")]).link("/w/folder", "real");
        world.advance(Duration::from_mins(1))
    };
    check(&fresh(), "folder", change("/w/real/x", "x"), true);
    check(&fresh(), "folder", change("/w/real/new", ""), true);
    check(&fresh(), "folder/", change("/w/real/x", "x"), true);
}

#[test]
fn a_link_found_through_a_link_leads_on_from_where_it_really_lies() {
    let world = world(&[("deep/y", "1"), ("y", "other")]);
    world.link("/w/l", "deep/dir").link("/w/deep/dir/x", "../y").advance(Duration::from_mins(1));
    check(&world, "l/x", change("/w/deep/y", "2"), true);
    check(&world, "l/x", change("/w/y", "3"), false);
}

#[test]
fn a_link_over_a_folder_that_is_not_there_leads_nowhere() {
    let world = world(&[("file", "1")]).link("/w/l", "gone/../file").advance(Duration::from_mins(1));
    check(&world, "l", change("/w/file", "2"), false);
    check(&world, "l", |world| _ = world.dir("/w/gone"), true);
    check(&world, "l", change("/w/file", "3"), true);
}

#[test]
fn a_circle_of_links_holds_until_one_of_them_leads_elsewhere() {
    let fresh =
        || world(&[("file", "1")]).link("/w/a", "b").link("/w/b", "a").advance(Duration::from_mins(1));
    check(&fresh(), "a", |world| _ = world.file("/w/file", "2"), false);
    check(
        &fresh(),
        "a",
        |world| {
            crate::sys::System::remove_file(world, Path::new("/w/b")).unwrap();
            world.link("/w/b", "file");
        },
        true,
    );
}

#[test]
fn questions_are_about_places_no_link_leads_to() {
    let world = world(&[("real/d/x", "1")]).link("/w/l", "real").link("/w/real/y", "d/x");
    let disk = disk(&world.advance(Duration::from_mins(1)));
    let asked = |inputs: &[&str], outputs: &[&str]| -> Vec<String> {
        let patterns = |texts: &[&str]| texts.iter().map(|text| pattern(text)).collect::<Vec<_>>();
        let asked = questions(&disk, &patterns(inputs), &patterns(outputs));
        asked.iter().map(|question| question.subject().to_owned()).collect()
    };
    assert_eq!(asked(&["l/d/x"], &[]), ["l", "real/d/x"]);
    assert_eq!(asked(&["l/y"], &[]), ["l", "real/d/x", "real/y"]);
    assert_eq!(asked(&["l/gone/deep"], &[]), ["l", "real/gone"], "nothing lies behind what is absent");
    assert_eq!(asked(&["real/d/x/below"], &[]), ["real/d/x"]);
    assert_eq!(asked(&[], &["l/out", "l/*.o", "own"]), ["l"], "of outputs only what leads to them");
}

#[test]
fn a_listing_is_the_names_that_the_step_did_not_make() {
    let world = world(&[("d/a", "1"), ("d/made", "own")]);
    let disk = disk(&world);
    let listing = |made: &str| {
        let made = State::File { digest: Digest::of(made.as_bytes()), size: 3, mode: 0o644 };
        answer(&disk, &|at, found| *at == path("d/made") && found() == made, &Question::Listing(path("d")))
    };
    let (with, without) = (listing("other"), listing("own"));
    assert_eq!((&*with.short, &*without.short), ("2 names", "1 name"));
    world.file("/w/d/made", "edited").file("/w/d/a", "2");
    assert_eq!(listing("own"), with, "what a person made of it is a name like any other");
    let empty = ask(&disk, &Question::Listing(path("gone")));
    assert_eq!((&*empty.short, empty.is_doubtful), ("0 names", false));
}
