//! The kinds and rules that az brings.

use std::sync::{Arc, LazyLock};

use super::{RuleFile, read};
use crate::diag::Source;

/// The files under `rules/` of az's own source, by name.
pub(super) const FILES: [(&str, &str); 5] = [
    ("node.toml", include_str!("../../../rules/node.toml")),
    ("pwsh.toml", include_str!("../../../rules/pwsh.toml")),
    ("python.toml", include_str!("../../../rules/python.toml")),
    ("scratch.toml", include_str!("../../../rules/scratch.toml")),
    ("shell.toml", include_str!("../../../rules/shell.toml")),
];

/// Returns the kinds and rules that az brings, in the order of their files.
pub fn embedded() -> &'static RuleFile {
    static EMBEDDED: LazyLock<RuleFile> = LazyLock::new(|| {
        let mut all = RuleFile::default();
        for (name, text) in FILES {
            let reading = read(&Arc::new(Source::new(name, text)));
            assert!(reading.diagnostics.is_empty(), "the embedded {name} is read without a fault");
            all.extend(reading.value.expect("a file without faults has a value"));
        }
        all
    });
    &EMBEDDED
}
