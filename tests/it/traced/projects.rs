//! Repositories nobody prepared: real tools, no declarations, and one change after another.

use std::path::Path;

use super::{Course, has, traced};
use crate::repo::Repo;

/// A C project as people write them: headers are found by search path, one is reached by a link.
fn c_project(repo: &Repo) {
    std::fs::create_dir(repo.outside("bin")).unwrap();
    repo.env("PATH", &format!("{}:/usr/bin:/bin", repo.outside("bin").display()));
    let main = "#include <stdio.h>\n#include \"config.h\"\n#include \"version.h\"\nint more(void);\n#ifndef EXTRA\n\
                #define EXTRA 0\n#endif\nint main(void) { printf(\"%d %d %d %d\\n\", CONFIG, VERSION, EXTRA, more()); }\n";
    repo.file("src/main.c", main).file("src/more.c", "int more(void) { return 7; }\n");
    repo.file("include/config.h", "#define CONFIG 1\n").file("include/unused.h", "#define UNUSED 1\n");
    repo.file("include/v1.h", "#define VERSION 1\n").file("include/v2.h", "#define VERSION 2\n");
    repo.link("include/version.h", "v1.h").file("local/.keep", "").file("README.md", "hello\n");
    let build = "mkdir -p build\nfor file in src/*.c; do\n\
                 ${CC:-gcc} -I local -I include -c $file -o build/$(basename $file .c).o || exit 1\ndone\n\
                 ${CC:-gcc} build/*.o -o build/app";
    repo.script("0400_build.sh", build).script("0410_test.sh", "build/app > result");
    repo.script("0420_docs.sh", "wc -c < README.md > docs");
}

#[test]
fn a_c_project() {
    let Some(repo) = traced().filter(|repo| has(repo, "gcc --version")) else { return };
    c_project(&repo);
    let both = &["0400", "0410"][..];
    let mut course = Course::new(&repo, "build result docs");
    course.after("nothing", &["0400", "0410", "0420"]).as_clean("nothing");
    let main = repo.read("src/main.c");
    repo.edit("src/main.c", &main.replace("%d\\n", "%d.\\n"));
    course.after("an edit of a source", both).as_clean("an edit of a source");
    repo.edit("src/main.c", &main);
    course.after("the source as before", &[]).as_clean("the source as before");
    repo.edit("src/main.c", &format!("{main}// a comment\n"));
    course.after("a comment", &["0400"]);
    repo.edit("src/main.c", &main);
    course.after("no comment", &[]);
    repo.edit("include/config.h", "#define CONFIG 2\n");
    course.after("an edit of a header, same size", both).as_clean("an edit of a header");
    repo.edit("include/config.h", "#define CONFIG 1\n");
    course.after("the header as before", &[]);
    repo.file("local/config.h", "#define CONFIG 3\n");
    course.after("a header that shadows another", both).as_clean("a header that shadows another");
    repo.remove("local/config.h");
    course.after("the shadow gone", &[]).as_clean("the shadow gone");
    repo.file("src/config.h", "#define CONFIG 4\n");
    course.after("a header beside the source", both);
    repo.remove("src/config.h");
    course.after("the header beside the source gone", &[]);
    repo.edit("include/unused.h", "#define UNUSED 2\n");
    course.after("an edit of what nobody includes", &[]);
    repo.edit("README.md", "hello world\n");
    course.after("an edit of the text", &["0420"]);
    repo.touch("src/main.c").touch("include/config.h").touch("build/app");
    course.after("touches", &[]);
    repo.remove("include/version.h").link("include/version.h", "v2.h");
    course.after("another target of a link", both).as_clean("another target of a link");
    repo.remove("include/version.h").link("include/version.h", "v1.h");
    course.after("the link as before", &[]);
    course.end();
}

#[test]
fn a_c_project_gains_and_loses_files_and_tools() {
    let Some(repo) = traced().filter(|repo| has(repo, "gcc --version")) else { return };
    c_project(&repo);
    let both = &["0400", "0410"][..];
    let mut course = Course::new(&repo, "build result docs");
    course.after("nothing", &["0400", "0410", "0420"]);
    repo.file("src/extra.c", "int unused_function(void) { return 1; }\n");
    course.after("another source", both).as_clean("another source");
    repo.remove("src/extra.c");
    course.after("the other source gone", &[]).as_clean("the other source gone");
    repo.env("CC", "gcc -O1 -DEXTRA=5");
    course.after("another compiler by name", both).as_clean("another compiler by name");
    repo.without_env("CC").env("CPATH", "/nowhere");
    course.after("a name that nobody asks for", &[]);
    repo.executable("../bin/gcc", "#!/bin/sh\nexec /usr/bin/gcc -DEXTRA=6 \"$@\"\n");
    course.after("a tool earlier on PATH", both).as_clean("a tool earlier on PATH");
    repo.executable("../bin/gcc", "#!/bin/sh\nexec /usr/bin/gcc -DEXTRA=7 \"$@\"\n");
    course.after("a tool swapped", both);
    std::fs::remove_file(repo.outside("bin/gcc")).unwrap();
    course.after("the tool gone", &[]).as_clean("the tool gone");
    repo.remove("build/app");
    course.after("the loss of a result", &[]).as_clean("the loss of a result");
    repo.remove("build").remove("result");
    course.after("the loss of all results", &[]).as_clean("the loss of all results");
    repo.remove("include/config.h").az("build '*'").code(1).ran(["0400"]);
    repo.file("include/config.h", "#define CONFIG 1\n");
    course.after("a header lost and found", &[]).as_clean("a header lost and found").end();
}

#[test]
fn a_c_project_whose_result_has_another_mode() {
    let Some(repo) = traced().filter(|repo| has(repo, "gcc --version")) else { return };
    c_project(&repo);
    let mut course = Course::new(&repo, "build result docs");
    course.after("nothing", &["0400", "0410", "0420"]);
    // The file is not as az left it, so it is a person's, and the step looks at it.
    repo.mode("build/app", 0o644);
    course.after("a result's mode", &["0400"]).as_clean("a result's mode").end();
}

#[test]
fn a_c_project_on_two_branches() {
    let Some(repo) = traced().filter(|repo| has(repo, "gcc --version && git --version")) else { return };
    c_project(&repo);
    let git = "git -c user.name=a -c user.email=a@example.org -c init.defaultBranch=one";
    repo.file(".gitignore", ".azcache\nbuild\nresult\ndocs\n");
    repo.sh(&format!("{git} init -q && {git} add . && {git} commit -q -m one")).code(0);
    let mut course = Course::new(&repo, "build result docs");
    course.after("nothing", &["0400", "0410", "0420"]);
    let two = "sed -i s/7/8/ src/more.c && git rm -q include/unused.h && echo 1 > src/new.h";
    let two = format!("{git} switch -q -c two && {two} && {git} add . && {git} commit -q -m two");
    repo.sh(&two).code(0);
    course.after("a branch", &["0400", "0410"]).as_clean("a branch");
    for branch in ["one", "two", "one"] {
        repo.sh(&format!("git switch -q {branch}")).code(0);
        course.after("a known branch", &[]).as_clean("a known branch");
    }
    course.end();
}

#[test]
fn a_python_test_suite() {
    let Some(repo) = traced().filter(|repo| has(repo, "python3 -c 'import unittest'")) else { return };
    let test = "import json, os, unittest\nfrom app import value\nclass Test(unittest.TestCase):\n    \
                def test_value(self):\n        with open('data.json') as file:\n            \
                self.assertEqual(value(), json.load(file)['value'])\n";
    repo.file("app/__init__.py", "from .parts import value\n")
        .file("app/parts.py", "def value(): return 1\n");
    repo.file("tests/__init__.py", "").file("tests/test_value.py", test).file("data.json", "{\"value\": 1}");
    repo.script(
        "0400_test.sh",
        "python3 -m unittest discover -s tests -t . && ls tests | grep -c test_ > out/passed",
    );
    repo.script("0410_text.sh", "python3 -c 'import app; print(app.value())' > out/value");
    // Python lists every folder it imports from: what a later step makes there would be news to an earlier one.
    repo.file("out/.keep", "").file("docs/.keep", "");
    let mut course = Course::new(&repo, "out/passed out/value");
    course.after("nothing", &["0400", "0410"]).as_clean("nothing");
    repo.edit("app/parts.py", "def value(): return 2 - 1\n");
    course.after("an edit of a module", &["0400", "0410"]).as_clean("an edit of a module");
    repo.edit("app/parts.py", "def value(): return 1\n");
    course.after("the module as before", &[]);
    repo.edit("data.json", "{\"value\":  1}");
    course.after("an edit of data", &["0400"]);
    repo.file("tests/test_more.py", test.replace("test_value", "test_more"));
    course.after("another test", &["0400"]).as_clean("another test");
    repo.remove("tests/test_more.py");
    course.after("the other test gone", &[]).as_clean("the other test gone");
    repo.sh("find . -name __pycache__ | xargs rm -r").code(0);
    course.after("the loss of what was compiled", &[]);
    repo.file("json.py", "def load(file): return {'value': 1}\n");
    course.after("a module that shadows one of the library", &["0400", "0410"]);
    repo.remove("json.py");
    course.after("the shadow gone", &[]);
    repo.file("app/parts/__init__.py", "def value(): return 1\n");
    course.after("a package that shadows a module", &["0400", "0410"]).as_clean("a package that shadows");
    repo.remove("app/parts");
    course.after("the package gone", &[]);
    repo.touch("app/parts.py").mode("data.json", 0o600);
    course.after("a touch and a mode", &[]);
    repo.file("docs/unrelated.py", "");
    course.after("a module where nobody looks", &[]);
    repo.file("unrelated.py", "");
    course.after("a module that might be imported", &["0400", "0410"]).as_clean("another module");
    repo.remove("unrelated.py");
    repo.env("PYTHONPATH", "/nowhere");
    course.after("a name that nobody asks for", &[]);
    // Another length: what was compiled is as good as its source if size and second are the same.
    repo.edit("app/parts.py", "def value(): return 22\n").az("build '*' --continue-on-error").code(10);
    _ = repo.scripts_run();
    repo.edit("app/parts.py", "def value(): return 1\n");
    course.after("a failure taken back", &[]).as_clean("a failure taken back").end();
}

#[test]
fn pytest_if_it_is_there() {
    let Some(repo) = traced().filter(|repo| has(repo, "python3 -m pytest --version")) else { return };
    repo.file("test_it.py", "def test_it(): assert open('data').read() == '1'\n").file("data", "1");
    repo.script("0400_test.sh", "python3 -m pytest -q && echo passed > passed");
    let mut course = Course::new(&repo, "passed");
    course.after("nothing", &["0400"]);
    repo.file("conftest.py", "import os\n");
    course.after("a configuration", &["0400"]);
    repo.file("pytest.ini", "[pytest]\n");
    course.after("settings", &["0400"]);
    repo.remove("pytest.ini").remove("conftest.py");
    course.after("all as before", &[]).end();
}

#[test]
fn a_node_project() {
    let Some(repo) = traced().filter(|repo| has(repo, "node --version")) else { return };
    let build = "const fs = require('fs'), lib = require('./lib'), dep = require('dep');\n\
                 fs.mkdirSync('dist', {recursive: true});\n\
                 fs.writeFileSync('dist/out.js', [lib.value, dep, process.env.NODE_ENV].join(' '));\n";
    repo.file("build.js", build).file("lib/index.js", "exports.value = 1;\n").file("package.json", "{}\n");
    repo.file("node_modules/dep/package.json", "{\"main\": \"main.js\"}");
    repo.file("node_modules/dep/main.js", "module.exports = 'main';\n");
    repo.file("node_modules/dep/other.js", "module.exports = 'other';\n");
    repo.script("0400_build.sh", "node build.js").script("0410_size.sh", "wc -c < dist/out.js > size");
    let mut course = Course::new(&repo, "dist size");
    course.after("nothing", &["0400", "0410"]).as_clean("nothing");
    repo.edit("lib/index.js", "exports.value = 2;\n");
    course.after("an edit of the same length", &["0400", "0410"]).as_clean("an edit");
    repo.edit("lib/index.js", "exports.value = 1;\n");
    course.after("the way back", &[]).as_clean("the way back");
    repo.file("lib.js", "exports.value = 33;\n");
    course.after("a file that shadows a folder", &["0400", "0410"]).as_clean("a file that shadows a folder");
    repo.remove("lib.js");
    course.after("the shadow gone", &[]);
    repo.edit("node_modules/dep/package.json", "{\"main\": \"other.js\"}");
    course.after("another main", &["0400", "0410"]).as_clean("another main");
    repo.edit("node_modules/dep/package.json", "{\"main\": \"main.js\"}");
    course.after("the main as before", &[]);
    repo.edit("node_modules/dep/other.js", "");
    course.after("an edit of what nobody requires", &[]);
    repo.remove("dist");
    course.after("the loss of the result", &[]).as_clean("the loss of the result").end();
    // A name that text mentions is learned: the run that missed it is repeated.
    repo.env("NODE_ENV", "production").az("build '*'").code(0).ran(["0400", "0410"]);
    assert_eq!(repo.read("dist/out.js"), "1 main production");
    repo.az("build '*'").code(0).ran([]).without_env("NODE_ENV").az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("dist/out.js"), "1 main ");
}

/// A cargo project without dependencies; nothing, said aloud, where none can be built.
fn cargo_project() -> Option<Repo> {
    let repo = traced()?;
    let Some(cargo) = std::env::var_os("CARGO") else {
        eprintln!("skipped: not started by cargo");
        return None;
    };
    repo.env("PATH", &format!("{}:/usr/bin:/bin", Path::new(&cargo).parent()?.display()));
    let manifest = "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n";
    repo.file("Cargo.toml", manifest).file("src/part.rs", "pub const VALUE: u8 = 1;\n");
    repo.file("src/main.rs", "mod part;\nfn main() { println!(\"{}\", part::VALUE); }\n");
    repo.script("0400_build.sh", "cargo build --quiet --offline");
    repo.script("0410_run.sh", "target/debug/app > ran");
    has(&repo, "cargo --version && cc --version").then_some(repo)
}

#[test]
fn a_cargo_project() {
    let Some(repo) = cargo_project() else { return };
    repo.file("../home/.cargo/there", "");
    let mut course = Course::new(&repo, "ran");
    course.after("nothing", &["0400", "0410"]);
    repo.edit("src/part.rs", "pub const VALUE: u8 = 2;\n");
    course.after("an edit", &["0400", "0410"]);
    assert_eq!(repo.read("ran"), "2\n");
    // A result that nobody made, where the next step looks for cargo's: another file, since cargo keeps a hard link.
    repo.remove("target/debug/app").executable("target/debug/app", "#!/bin/sh\necho mine\n");
    course.after("a result replaced by hand", &["0400"]);
    repo.sh("target/debug/app").says("2\n").not("mine");
    repo.touch("src/main.rs");
    course.after("a touch", &[]);
    repo.file("src/unused.rs", "");
    course.after("a file nobody uses", &[]);
    repo.remove("target");
    course.after("the loss of cargo's folder", &["0400"]);
    repo.file(".cargo/config.toml", "[build]\nrustflags = [\"--cfg\", \"x\"]\n");
    repo.az("build '*' --explain").code(0).says(".cargo");
    assert!(repo.scripts_run().contains(&"0400".to_owned()));
    course.end();
}

#[test]
fn l20_a_cargo_project_on_the_way_back() {
    let Some(repo) = cargo_project() else { return };
    repo.file("../home/.cargo/there", "");
    for value in ["1", "2", "1", "2"] {
        repo.edit("src/part.rs", &format!("pub const VALUE: u8 = {value};\n"));
        repo.az("build '*'").code(0);
        assert_eq!(repo.read("ran"), format!("{value}\n"));
    }
}

#[test]
fn l19_cargo_makes_its_own_folder() {
    let Some(repo) = cargo_project() else { return };
    repo.az("build 0400").code(0).ran(["0400"]).az("build 0400").code(0).ran([]);
}

#[test]
fn l19_cargo_in_a_folder_that_a_variable_names() {
    let Some(repo) = cargo_project() else { return };
    repo.env("CARGO_TARGET_DIR", repo.outside("elsewhere").to_str().unwrap());
    repo.file("../home/.cargo/there", "");
    repo.script("0410_run.sh", "# PassEnv: CARGO_TARGET_DIR\n$CARGO_TARGET_DIR/debug/app > ran");
    repo.script("0400_build.sh", "# PassEnv: CARGO_TARGET_DIR\ncargo build --quiet --offline");
    repo.az("build '*'").code(0).ran_once_or_twice(["0400", "0410"]).az("build '*'").code(0).ran([]);
    repo.edit("src/part.rs", "pub const VALUE: u8 = 2;\n");
    repo.az("build '*'").code(0).ran_once_or_twice(["0400", "0410"]).az("build '*'").code(0).ran([]);
    assert_eq!(repo.read("ran"), "2\n");
}

#[test]
fn l19_private_state_in_a_folder_that_the_step_makes() {
    let Some(repo) = traced().filter(|repo| has(repo, "python3 --version")) else { return };
    repo.file("part.py", "value = 1\n");
    repo.script("0400_make.sh", "mkdir -p made; cp part.py made; cd made; python3 -c 'import part'");
    let mut course = Course::new(&repo, "made/part.py");
    course.after("nothing", &["0400"]);
    repo.edit("part.py", "value = 22\n");
    course.after("an edit", &["0400"]).as_clean("an edit").end();
}

#[test]
fn a_version_by_git_describe() {
    let Some(repo) = traced().filter(|repo| has(repo, "git --version")) else { return };
    let git = "git -c user.name=a -c user.email=a@example.org";
    repo.file(".gitignore", ".azcache\nversion\ncopy\n").file("a", "1").file("docs/b", "1");
    repo.script("0400_version.sh", "git describe --always --dirty --tags > version");
    repo.script("0410_copy.sh", "cat a > copy");
    let commit = |name: &str| _ = repo.sh(&format!("{git} add . && {git} commit -q -m {name}")).code(0);
    repo.sh(&format!("{git} init -q -b one")).code(0);
    commit("one");
    let mut course = Course::new(&repo, "version copy");
    course.after("nothing", &["0400", "0410"]).as_clean("nothing");
    repo.sh("git tag v1").code(0);
    course.after("a tag", &["0400"]);
    assert_eq!(repo.read("version"), "v1\n");
    repo.edit("docs/b", "2");
    course.after("an edit", &["0400"]);
    assert_eq!(repo.read("version"), "v1-dirty\n");
    commit("two");
    course.after("a commit", &["0400"]).as_clean("a commit");
    repo.touch("a");
    course.after("a touch", &[]);
    repo.sh("git status").code(0);
    course.after("git's look at the files", &[]);
    repo.sh("git switch -q -c two").code(0).file("c", "1");
    commit("three");
    course.after("a commit on a branch", &["0400"]).as_clean("a commit on a branch");
    repo.sh("git switch -q one").code(0);
    // `git describe` looks through all branches, and there is one more than before.
    course.after("the way back", &["0400"]).as_clean("the way back");
    repo.sh("git switch -q two").code(0);
    course.after("the way there", &[]).as_clean("the way there");
    repo.sh("git gc -q && git pack-refs --all").code(0);
    course.after("packing", &["0400"]).as_clean("packing").end();
}

#[test]
fn a_version_by_git_status_and_log() {
    let Some(repo) = traced().filter(|repo| has(repo, "git --version")) else { return };
    let git = "git -c user.name=a -c user.email=a@example.org";
    repo.file(".gitignore", ".azcache\nstate\n").file("a", "1");
    repo.script(
        "0400_state.sh",
        "git status --porcelain > .git/s; git log --format=%s > state; cat .git/s >> state",
    );
    repo.sh(&format!("{git} init -q -b one && {git} add . && {git} commit -q -m one")).code(0);
    let mut course = Course::new(&repo, "state");
    course.after("nothing", &["0400"]);
    repo.file("new", "1");
    course.after("an untracked file", &["0400"]);
    repo.remove("new");
    course.after("the untracked file gone", &[]).end();
    assert_eq!(repo.read("state"), "one\n");
}

#[test]
fn powershell_if_it_is_there() {
    let Some(repo) = traced().filter(|repo| has(repo, "pwsh --version")) else { return };
    let text = "Get-Content in | Set-Content out\nAdd-Content -Path $env:NOTES -Value 0400\n";
    repo.env("NOTES", &repo.unseen("log").display().to_string()).file("in", "1");
    repo.file("scripts/0400_copy.ps1", text);
    let mut course = Course::new(&repo, "out");
    course.after("nothing", &["0400"]);
    repo.edit("in", "2");
    course.after("an edit", &["0400"]);
    repo.edit("in", "1");
    course.after("the way back", &[]).end();
}
