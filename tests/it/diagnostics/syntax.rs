//! Texts that break the rules of their format, and files that are no text of it.

use super::{Body::*, Case, try_all};

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    Case { name: "a list that is not closed", code: "AZ0201", line: None,
        body: Files(&[("json", "// été 🚀\r\n{\r\n\t\"name\": \"é 🚀\",\t\"sequence\": [\"0402\"«}»\r\n"),
            ("yaml", "# été 🚀\r\nname: \"é 🚀\"\r\nsequence:\t«[»0402\r\nversion: 1\r\n"),
            ("toml", "# été 🚀\r\nname = \"é 🚀\"\r\nsequence =\t«[»\"é 🚀\", \"0402\"\r\nversion = \"1\"\r\n"),
            ("psd1", "# été 🚀\r\n@{\r\n\tname = 'é 🚀';\tsequence = «@(»'0402'\r\n}\r\n")]) },
    Case { name: "a value that is missing", code: "AZ0201", line: None,
        body: Files(&[("json", "{\r\n\t\"name\": \"é 🚀\",\t\"sequence\": «}»\r\n"),
            ("toml", "name = \"é 🚀\"\r\nsequence =«»\r\n"),
            ("psd1", "@{\r\n\tname = 'é 🚀';\tsequence «=»\r\n}\r\n")]) },
    Case { name: "typographic quotes", code: "AZ0201", line: None,
        body: Files(&[("json", "{\r\n\t\"name\": \"é 🚀\",\t«“»sequence”: [\"0402\"]\r\n}\r\n"),
            ("toml", "name = \"é 🚀\"\r\nsequence = [\"é 🚀\",\t«“»0402”]\r\n")]) },
    Case { name: "a comment of another format", code: "AZ0201", line: None,
        body: Files(&[("json", "{\r\n\t\"sequence\": [\"0402\"],\t«#» é 🚀\r\n\t\"name\": \"x\"\r\n}\r\n"),
            ("yaml", "name: \"é 🚀\"\r\n«//» the checks\r\nsequence: [0402]\r\n"),
            ("toml", "name = \"é 🚀\"\t«//» x\r\nsequence = [\"0402\"]\r\n"),
            ("psd1", "@{\r\n\tname = 'é 🚀'\t«//» x\r\n\tsequence = @('0402')\r\n}\r\n")]) },
    Case { name: "YAML that is indented by a tab", code: "AZ0201", line: None,
        body: Files(&[("yaml", "# été 🚀\r\nsequence:\r\n«\t»- 0402\r\n")]) },
    Case { name: "text that is not UTF-8", code: "AZ0202", line: None,
        body: Files(&[("json", "{\r\n\t\"sequence\": [\"0402\"],\t\"description\": \"é 🚀 «\u{ff}»\"\r\n}\r\n"),
            ("yaml", "sequence: [0402]\r\ndescription:\té 🚀 «\u{ff}»\r\n"),
            ("toml", "sequence = [\"0402\"]\r\ndescription =\t\"é 🚀 «\u{ff}»\"\r\n"),
            ("psd1", "@{\r\n\tsequence = '0402';\tdescription = 'é 🚀 «\u{ff}»'\r\n}\r\n")]) },
    Case { name: "a hashtable without its sign", code: "AZ0217", line: None,
        body: Files(&[("psd1", "@{\r\n\tName = 'é 🚀';\tStages = @(«{» Name = 'a'; Sequence = '0402' })\r\n}\r\n")]) },
    Case { name: "a word without quotes in psd1", code: "AZ0217", line: None,
        body: Files(&[("psd1", "@{\r\n\tSequence = @('0402') <# é 🚀 #>;\tName = «daily»\r\n}\r\n")]) },
    Case { name: "a command in psd1", code: "AZ0217", line: None,
        body: Files(&[("psd1", "@{\r\n\tsequence = @('0402');\tdescription = («Get-Date»)\r\n}\r\n")]) },
];

#[test]
fn texts_that_break_the_rules_of_their_format() {
    try_all(CASES);
}
