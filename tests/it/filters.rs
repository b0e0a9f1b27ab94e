//! Replaces what differs from run to run, so that the rest can be compared.
//!
//! Knows how ids, times and digests are written. Does not know where they stand.

use crate::repo::Repo;

/// What is replaced, in this order, and by what.
pub(crate) const VALUES: [(&str, &str); 14] = [
    (r"\d{8}-\d{6}-[0-9a-f]{4}", "[RUN]"),
    (r"\brun [0-9a-f]{4}\b", "run [ID]"),
    (r"(?m)(^|  )[0-9a-f]{4}  ", "$1[ID]  "),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+Z| UTC)", "[TIME]"),
    (r" +\d+(\.\d+)? m?s\b", "  [TOOK]"),
    (r#""duration_ms": \d+"#, r#""duration_ms": "[TOOK]""#),
    (r"\b[0-9a-f]{64}\b", "[DIGEST]"),
    (r"(?m)^[0-9a-f]{12} ", "[KEY] "),
    (r#"/bin/sh (link to [^"\n]*|[0-9a-f]{6} \([^)]*\))"#, "[SHELL]"),
    // A script notes that it ran at a path that differs from test to test.
    (r"[0-9a-f]{6} \(\d+ B, executable\)", "[SCRIPT]"),
    (r"\b(linux|macos)-(x86_64|aarch64)\b", "[PLATFORM]"),
    (r"/usr/local/bin:/usr/bin:/bin", "[PATH]"),
    // Which files of the system a shell needs to start.
    (r#"(?s)    \{\n      "kind": "(input|listing)",\n      "name": "/[^"]*",[^}]*\},\n"#, ""),
    (r"\d+ paths outside the workspace", "[COUNT] paths outside the workspace"),
];

/// Columns are as wide as what stood in them before it was replaced.
const COLUMNS: [(&str, &str); 2] = [(r"(\S)   +", "$1  "), (r"(?m) +$", "")];

/// Compares what people or programs read with the snapshot of this name.
pub(crate) fn assert_snapshot(repo: &Repo, name: &str, text: &str) {
    let root = repo.path("").parent().unwrap().to_str().unwrap().to_owned();
    let text = text.replace(&root, "[REPO]");
    insta::with_settings!({ filters => VALUES.into_iter().chain(COLUMNS), prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text);
    });
}
