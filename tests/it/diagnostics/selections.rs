//! Selections of scripts in playbooks.

use super::{Body::*, Case, try_all};

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    Case { name: "a stage without its name", code: "AZ0101", line: None,
        body: Root(r#""name": "é 🚀", "sequence": ["0100", "«stage:»"]"#) },
    Case { name: "an item of a step is nothing", code: "AZ0101", line: None,
        body: Jobs(r#""one": { "name": "é 🚀", "steps": [{ "run": "0100, «04-*»" }] }"#) },
    Case { name: "a number of three digits", code: "AZ0102", line: None,
        body: Root(r#""name": "é 🚀", "sequence": ["0100", "«402»"]"#) },
    Case { name: "a range that runs backwards", code: "AZ0103", line: None,
        body: Root(r#""name": "é 🚀", "stages": [{ "name": "é 🚀", "sequence": ["0100", "«0499-0400»"] }]"#) },
    Case { name: "a number that no script has", code: "AZ0104", line: None,
        body: Root(r#""name": "é 🚀", "stages": [{ "name": "é 🚀", "sequence": ["0402", "0400-0449", "«0470»"] }]"#) },
    Case { name: "a number that two scripts have", code: "AZ0105", line: None,
        body: Root(r#""name": "é 🚀", "stages": [{ "name": "é 🚀", "sequence": ["0402", "«0106»"] }]"#) },
    Case { name: "a range without scripts", code: "AZ0106", line: None,
        body: Root(r#""name": "é 🚀", "stages": [{ "name": "é 🚀", "sequence": ["0402", "«0800-0899»"] }]"#) },
    Case { name: "a stage that no script has", code: "AZ0106", line: None,
        body: Root(r#""name": "é 🚀", "stages": [{ "name": "é 🚀", "sequence": ["0402", "«stage:Tset»"] }]"#) },
    Case { name: "a playbook that selects nothing", code: "AZ0107", line: None,
        body: Root(r#""name": "é 🚀", "sequence": «["0100", "!0100"]»"#) },
    Case { name: "a script that is called otherwise", code: "AZ0108", line: None,
        body: Root(r#""name": "é 🚀", "stages": [{ "name": "é 🚀", "sequence": ["0402", "«0407_Validate-Sintax»"] }]"#) },
    Case { name: "a script whose number has another one", code: "AZ0108", line: None,
        body: Root(r#""name": "é 🚀", "stages": [{ "name": "é 🚀", "sequence": ["0402", "«0407_Report»"] }]"#) },
    Case { name: "items that are indented as one", code: "AZ0101", line: None,
        body: Files(&[("yaml", "# été 🚀\r\nsequence:\r\n- «0402\r\n  - 0407»\r\n")]) },
    Case { name: "typographic quotes around a number", code: "AZ0101", line: None,
        body: Files(&[("yaml", "sequence: [0100,\t«“0402”»]\r\n")]) },
    Case { name: "a playbook among the scripts of a step", code: "AZ0101", line: None,
        body: Jobs(r#""one": { "name": "é 🚀", "steps": [{ "name": "é 🚀", "run": "«nightly»" }] }"#) },
];

#[test]
fn selections_that_cannot_be_read_or_find_nothing() {
    try_all(CASES);
}
