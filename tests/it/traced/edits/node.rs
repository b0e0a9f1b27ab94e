//! A node project with a dependency.

use super::{Change, Edit, Kind, go_through};
use crate::{
    repo::Repo,
    traced::{has, traced},
};

fn project(repo: &Repo) {
    std::fs::create_dir(repo.outside("bin")).unwrap();
    repo.env("PATH", &format!("{}:/usr/local/bin:/usr/bin:/bin", repo.outside("bin").display()));
    let build = "const fs = require('fs'), lib = require('./lib'), dep = require('dep');\n\
                 const settings = fs.existsSync('local.json') ? fs.readFileSync('local.json', 'utf8') : 'none';\n\
                 const pages = fs.readdirSync('pages').map(name => fs.readFileSync('pages/' + name, 'utf8'));\n\
                 fs.mkdirSync('dist', {recursive: true});\n\
                 fs.writeFileSync('dist/out.js', [lib.value, dep, settings, process.env.NODE_ENV].join(' '));\n\
                 fs.writeFileSync('dist/pages', pages.join(''));\n";
    repo.file("build.js", build)
        .file("lib/index.js", "exports.value = 1;\n")
        .file("package.json", "{\"scripts\": {\"pack\": \"rev dist/out.js > packed\"}}\n");
    repo.file("node_modules/dep/package.json", "{\"main\": \"main.js\"}");
    repo.file("node_modules/dep/main.js", "module.exports = 'main';\n");
    repo.file("node_modules/dep/other.js", "module.exports = 'other';\n");
    repo.file("page-1", "1").file("page-2", "2").file("pages/a", "a").link("pages/b", "../page-1");
    repo.script("0400_build.sh", "node build.js").script("0410_size.sh", "wc -c < dist/out.js > size");
    repo.script("0420_pages.sh", "rev dist/pages > reversed");
    if has(repo, "npm --version") {
        // Else it asks the network for news of itself, and is never reused.
        repo.script("0430_pack.sh", "npm run --silent --no-update-notifier pack");
    } else {
        repo.script("0430_pack.sh", "cat package.json > /dev/null; rev dist/out.js > packed");
    }
}

const NODE: &str = "#!/bin/sh\nNODE_ENV=wrapped exec /usr/bin/node \"$@\"\n";

pub(super) const EDITS: &[Edit] = &[
    Edit(Kind::Source, Change::Write("lib/index.js", "exports.value = 2;\n"), &["0400", "0410", "0430"]),
    Edit(Kind::Source, Change::Append("lib/index.js", "// a comment\n"), &["0400"]),
    Edit(Kind::Source, Change::Append("node_modules/dep/other.js", "// a comment\n"), &[]),
    Edit(Kind::Data, Change::Write("pages/a", "A"), &["0400", "0420"]),
    Edit(Kind::Data, Change::Write("page-2", "B"), &[]),
    Edit(Kind::Settings, Change::Write("local.json", "{}"), &["0400", "0410", "0430"]),
    Edit(
        Kind::Settings,
        Change::Write("node_modules/dep/package.json", "{\"main\": \"other.js\"}"),
        &["0400", "0410", "0430"],
    ),
    Edit(Kind::Shadow, Change::Write("lib.js", "exports.value = 33;\n"), &["0400", "0410", "0430"]),
    Edit(Kind::Shadow, Change::Write("lib/package.json", "{\"main\": \"index.js\"}"), &["0400"]),
    Edit(Kind::Gained, Change::Write("pages/c", "c"), &["0400", "0420"]),
    Edit(Kind::Lost, Change::Remove("pages/a"), &["0400", "0420"]),
    Edit(Kind::Variable, Change::Variable("NODE_ENV", "production"), &["0400", "0410", "0430"]),
    Edit(Kind::Variable, Change::Variable("NOBODY_ASKS", "1"), &[]),
    Edit(Kind::Tool, Change::Program("../bin/node", NODE), &["0400", "0410", "0430"]),
    Edit(
        Kind::Settings,
        Change::Write("package.json", "{\"scripts\": {\"pack\": \"cat dist/out.js > packed\"}}\n"),
        &["0400", "0430"],
    ),
    Edit(Kind::Link, Change::Link("pages/b", "../page-2"), &["0400", "0420"]),
    Edit(Kind::Script, Change::Script("0410_size.sh", "wc -w < dist/out.js > size"), &["0410"]),
    Edit(Kind::Mode, Change::Mode("build.js", 0o600), &[]),
    Edit(Kind::Touch, Change::Touch("build.js"), &[]),
    Edit(Kind::Unrelated, Change::Write("notes.txt", "nothing\n"), &[]),
    Edit(Kind::Result, Change::Remove("dist"), &[]),
];

#[test]
fn of_a_node_project() {
    let Some(repo) = traced().filter(|repo| has(repo, "/usr/bin/node --version && rev --version")) else {
        return;
    };
    project(&repo);
    go_through(&repo, "dist size reversed packed", EDITS);
}
