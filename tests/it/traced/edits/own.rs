//! az's own tree: its own scripts without what they declare, and some as anybody would write them.

use std::path::Path;

use super::{Change, Edit, Kind, go_through};
use crate::{
    repo::Repo,
    traced::{has, traced},
};

/// Copies the tree and those of its scripts whose tools are here; nothing, said aloud, where that is not possible.
fn project() -> Option<Repo> {
    let repo = traced()?;
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools =
        std::env::var_os("CARGO").and_then(|cargo| Some(Path::new(&cargo).parent()?.display().to_string()));
    std::fs::create_dir(repo.outside("bin")).unwrap();
    let folders = [
        repo.outside("bin").display().to_string(),
        own.join("target/tools/bin").display().to_string(),
        tools.unwrap_or_default(),
        "/usr/bin:/bin".to_owned(),
    ];
    repo.env("PATH", &folders.join(":")).file("../home/.cargo/there", "");
    let entries = "src tests/it benches rules playbooks Cargo.toml Cargo.lock rustfmt.toml _typos.toml \
                   ARCHITECTURE.md CHANGELOG.md README.md .ci";
    let copy = format!(
        "for entry in {entries}; do mkdir -p $(dirname $entry); cp -a {}/$entry $entry; done",
        own.display()
    );
    if !has(&repo, &copy) {
        return None;
    }
    for (script, probe) in [
        ("0400_format.sh", "cargo fmt --version"),
        ("0420_shellcheck.sh", "shellcheck --version"),
        ("0440_spelling.sh", "typos --version"),
    ] {
        let text = std::fs::read_to_string(own.join("scripts").join(script)).unwrap();
        // All that stands before the first statement is what the script says of itself.
        let body: String = text.split_inclusive('\n').skip_while(|line| line.starts_with('#')).collect();
        if has(&repo, probe) {
            repo.script(
                script,
                &format!("{body}\nmkdir -p out && echo checked > out/checked-{}", &script[..4]),
            );
        }
    }
    repo.script(
        "0470_lengths.sh",
        "mkdir -p out; find src -name '*.rs' -exec wc -l {} + | sort > out/lengths",
    );
    repo.script("0480_codes.sh", "mkdir -p out; grep -rhoE 'AZ[0-9]{4}' src | sort -u > out/codes");
    repo.script(
        "0490_list.sh",
        "mkdir -p out; ls -R rules playbooks > out/listing; cat rules/*.toml | wc -l >> out/listing",
    );
    Some(repo)
}

pub(super) const EDITS: &[Edit] = &[
    Edit(
        Kind::Source,
        Change::Append("src/base/mod.rs", "// a comment\n"),
        &["0400", "0440", "0470", "0480"],
    ),
    Edit(Kind::Source, Change::Append("benches/plan.rs", "// a comment\n"), &["0400", "0440"]),
    Edit(Kind::Source, Change::Append("rules/node.toml", "# a comment\n"), &["0440", "0490"]),
    Edit(Kind::Data, Change::Append("README.md", "More.\n"), &["0440"]),
    Edit(Kind::Data, Change::Append(".ci/run", "# a comment\n"), &["0420", "0440"]),
    Edit(Kind::Settings, Change::Append("rustfmt.toml", "# a comment\n"), &["0400", "0440"]),
    Edit(Kind::Settings, Change::Append("_typos.toml", "# a comment\n"), &["0440"]),
    Edit(
        Kind::Settings,
        Change::Write(".rustfmt.toml", "max_width = 110\nuse_small_heuristics = \"Max\"\n"),
        &["0400", "0440"],
    ),
    Edit(Kind::Gained, Change::Write("rules/more.toml", "# nothing\n"), &["0440", "0490"]),
    Edit(Kind::Gained, Change::Write("src/unlisted.rs", "// nothing: AZ0708\n"), &["0440", "0470", "0480"]),
    Edit(Kind::Lost, Change::Remove("playbooks/quick.toml"), &["0440", "0490"]),
    Edit(
        Kind::Tool,
        Change::Program("../bin/sort", "#!/bin/sh\nexec /usr/bin/sort -r \"$@\"\n"),
        &["0470", "0480"],
    ),
    Edit(Kind::Touch, Change::Touch("src/lib.rs"), &[]),
    Edit(Kind::Touch, Change::Touch("README.md"), &[]),
    Edit(Kind::Mode, Change::Mode("Cargo.lock", 0o600), &[]),
    Edit(Kind::Unrelated, Change::Write(".ci/notes.txt", "nothing\n"), &[]),
    Edit(Kind::Result, Change::Remove("out/codes"), &[]),
];

#[test]
fn of_the_tree_of_az_itself() {
    let Some(repo) = project() else { return };
    go_through(&repo, "out", EDITS);
}
