//! Conditions of playbooks, and the variables in them.

use super::{Body::*, Case, try_all};

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    Case { name: "a placeholder that nothing fills", code: "AZ0603", line: None,
        body: Root(r#""name": "é 🚀", "variables": { "Mode": "fast" }, "stages": [{ "name": "é 🚀", "sequence": "0402", "env": { "X": "é 🚀 {{«Mdoe»}}" } }]"#) },
];

#[test]
fn conditions_with_mistakes() {
    try_all(CASES);
}
