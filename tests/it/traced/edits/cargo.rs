//! A cargo project without dependencies.

use std::path::Path;

use super::{Change, Edit, Kind, go_through};
use crate::{
    repo::Repo,
    traced::{has, traced},
};

/// Nothing, said aloud, where none can be built.
fn project() -> Option<Repo> {
    let repo = traced()?;
    let Some(cargo) = std::env::var_os("CARGO") else {
        eprintln!("skipped: not started by cargo");
        return None;
    };
    std::fs::create_dir(repo.outside("bin")).unwrap();
    let tools = Path::new(&cargo).parent()?.display();
    repo.env("PATH", &format!("{}:{tools}:/usr/bin:/bin", repo.outside("bin").display()));
    let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";
    let main = "mod part;\nfn main() { println!(\"{} {} {}\", part::VALUE, include_str!(\"text\"), \
                option_env!(\"APP_NAME\").unwrap_or(\"\")); }\n";
    repo.file("Cargo.toml", manifest).file("src/main.rs", main).file("src/text", "text");
    repo.file("src/part.rs", "pub const VALUE: u8 = 1;\n").file("../home/.cargo/there", "");
    repo.script("0400_run.sh", "cargo run --quiet --offline > ran");
    repo.script("0410_count.sh", "wc -w < ran > count");
    has(&repo, "cargo --version && cc --version").then_some(repo)
}

pub(super) const EDITS: &[Edit] = &[
    Edit(Kind::Source, Change::Write("src/part.rs", "pub const VALUE: u8 = 2;\n"), &["0400", "0410"]),
    Edit(Kind::Source, Change::Append("src/part.rs", "// a comment\n"), &["0400"]),
    Edit(Kind::Data, Change::Write("src/text", "more text"), &["0400", "0410"]),
    Edit(Kind::Settings, Change::Write(".cargo/config.toml", "[env]\nX = \"1\"\n"), &["0400"]),
    Edit(Kind::Variable, Change::Variable("APP_NAME", "name"), &["0400", "0410"]),
    Edit(Kind::Touch, Change::Touch("src/main.rs"), &[]),
    Edit(Kind::Unrelated, Change::Write("notes.txt", "nothing\n"), &[]),
    Edit(Kind::Result, Change::Remove("ran"), &[]),
];

#[test]
fn of_a_cargo_project() {
    let Some(repo) = project() else { return };
    go_through(&repo, "ran count", EDITS);
}
