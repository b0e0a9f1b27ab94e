//! Conditions of playbooks, and the variables in them.

use super::{Body::*, Case, try_all};

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    Case { name: "an assignment for a comparison", code: "AZ0601", line: None,
        body: Jobs(r#""a": { "steps": [{ "name": "é 🚀", "if": "Mode «=» 'fast'", "run": "0402" }] }"#) },
    Case { name: "a condition that ends too early", code: "AZ0601", line: None,
        body: Jobs(r#""a": { "steps": [{ "name": "é 🚀", "if": "Mode -eq«»", "run": "0402" }] }"#) },
    Case { name: "a command as a condition", code: "AZ0602", line: None,
        body: Jobs(r#""a": { "steps": [{ "name": "é 🚀", "if": "«Test-Path» 'a.txt'", "run": "0402" }] }"#) },
    Case { name: "a variable that nobody sets", code: "AZ0603", line: None,
        body: Jobs(r#""a": { "steps": [{ "name": "é 🚀", "if": "«Mdoe» -eq 'fast'", "run": "0402" }] }"#) },
    Case { name: "a placeholder that nothing fills", code: "AZ0603", line: None,
        body: Root(r#""name": "é 🚀", "variables": { "Mode": "fast" }, "stages": [{ "name": "é 🚀", "sequence": "0402", "variables": { "x": "é 🚀 «{{Mdoe}}»" } }]"#) },
];

#[test]
fn conditions_with_mistakes() {
    try_all(CASES);
}
