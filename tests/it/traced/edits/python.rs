//! A Python project with its tests, by the standard library and by pytest.

use std::path::Path;

use super::{Change, Edit, Kind, go_through};
use crate::{
    repo::Repo,
    traced::{has, traced},
};

fn project(repo: &Repo, folders: &str) {
    std::fs::create_dir(repo.outside("bin")).unwrap();
    repo.env("PATH", &format!("{}:{folders}:/usr/local/bin:/usr/bin:/bin", repo.outside("bin").display()));
    let parts = "import json, os\ndef value():\n    with open('data.json') as file:\n        \
                 return json.load(file)['value'] + len(os.environ.get('APP_MORE', ''))\n";
    let test = "import unittest\nfrom app import value\nclass Test(unittest.TestCase):\n    \
                def test_value(self): self.assertGreater(value(), 0)\n";
    repo.file("app/__init__.py", "from .parts import value\n").file("app/parts.py", parts);
    repo.file("app/unused.py", "").file("tests/__init__.py", "").file("tests/test_value.py", test);
    repo.file("data/1.json", "{\"value\": 1}")
        .file("data/2.json", "{\"value\": 2}")
        .link("data.json", "data/1.json");
    // Python lists the folders in which it looks for modules, so what is made is kept apart from them.
    repo.script("0410_value.sh", "python3 -c 'import app; print(app.value())' > build/value");
    repo.script("0420_count.sh", "ls tests | grep -c ^test_ > build/count");
}

/// Edits that do not depend on what runs the tests, which is step 0400.
pub(super) const EDITS: &[Edit] = &[
    Edit(Kind::Source, Change::Append("app/parts.py", "# a comment\n"), &["0400", "0410"]),
    Edit(Kind::Source, Change::Append("app/__init__.py", "more = 1\n"), &["0400", "0410"]),
    Edit(Kind::Source, Change::Append("tests/test_value.py", "# a comment\n"), &["0400"]),
    Edit(Kind::Data, Change::Write("data/1.json", "{\"value\": 3}"), &["0400", "0410"]),
    Edit(Kind::Data, Change::Write("data/2.json", "{\"value\": 3}"), &[]),
    Edit(
        Kind::Gained,
        Change::Write(
            "tests/test_more.py",
            "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): pass\n",
        ),
        &["0400", "0420"],
    ),
    Edit(Kind::Shadow, Change::Write("app/parts/__init__.py", "def value(): return 9\n"), &["0400", "0410"]),
    Edit(Kind::Variable, Change::Variable("APP_MORE", "xx"), &["0400", "0410"]),
    Edit(Kind::Variable, Change::Variable("NOBODY_ASKS", "1"), &[]),
    Edit(Kind::Tool, Change::Program("../bin/grep", "#!/bin/sh\ncat > /dev/null; echo 77\n"), &["0420"]),
    Edit(Kind::Link, Change::Link("data.json", "data/2.json"), &["0400", "0410"]),
    Edit(Kind::Lost, Change::Remove("app/unused.py"), &["0400", "0410"]),
    Edit(Kind::Script, Change::Script("0420_count.sh", "ls tests | wc -l > build/count"), &["0420"]),
    Edit(Kind::Mode, Change::Mode("data/1.json", 0o600), &[]),
    Edit(Kind::Touch, Change::Touch("app/parts.py"), &[]),
    Edit(Kind::Touch, Change::Touch("tests/test_value.py"), &[]),
    Edit(Kind::Unrelated, Change::Write("data/notes.txt", "nothing\n"), &[]),
    Edit(Kind::Result, Change::Remove("build/value"), &[]),
];

/// Edits that matter to pytest only, besides the names in the folder in which the other step looks for its module.
const PYTEST_EDITS: &[Edit] = &[
    Edit(Kind::Settings, Change::Write("conftest.py", "import os\n"), &["0400", "0410"]),
    Edit(Kind::Settings, Change::Write("tests/conftest.py", "import os\n"), &["0400", "0420"]),
    Edit(Kind::Settings, Change::Write("pytest.ini", "[pytest]\n"), &["0400", "0410"]),
    Edit(Kind::Settings, Change::Write("pyproject.toml", "[tool.pytest.ini_options]\n"), &["0400", "0410"]),
];

#[test]
fn of_a_python_project_with_unittest() {
    let Some(repo) = traced().filter(|repo| has(repo, "python3 -c 'import unittest'")) else { return };
    project(&repo, "/usr/bin");
    repo.script(
        "0400_test.sh",
        "mkdir -p build && python3 -m unittest discover -s tests -t . && echo passed > build/passed",
    );
    go_through(&repo, "build", EDITS);
}

/// Goes through edits of a project whose tests pytest runs, if it is there.
fn go_through_with_pytest(edits: &[Edit]) {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin").display().to_string();
    let Some(repo) = traced() else { return };
    project(&repo, &tools);
    if has(&repo, "python3 -m pytest --version") {
        let body = "mkdir -p build && python3 -m pytest -q tests && echo passed > build/passed";
        repo.script("0400_test.sh", body);
        go_through(&repo, "build", edits);
    }
}

#[test]
fn of_a_python_project_with_pytest() {
    go_through_with_pytest(EDITS);
}

#[test]
fn of_what_configures_pytest() {
    go_through_with_pytest(PYTEST_EDITS);
}
