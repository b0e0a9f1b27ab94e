//! What an entry of `Dependencies` names.

use crate::base::ScriptNumber;

/// One entry of a script's `Dependencies`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Dependency {
    /// `0400`, with or without a remark: the scripts of this number come first.
    Number(ScriptNumber),
    /// A program that must be there, or any other thing that is no number.
    Tool {
        /// The name without remark and version: `Node.js` of `Node.js 18+`.
        name: String,
        /// The remark says that the script works without it.
        optional: bool,
    },
    /// `None`: said on purpose.
    None,
    /// `All`: every earlier script of the selection comes first.
    All,
}

impl Dependency {
    /// Reads one entry; a remark in parentheses is left out, any text has a meaning.
    pub fn from_text(text: &str) -> Self {
        let (name, remark) = split_remark(text);
        if let Some(number) = ScriptNumber::from_digits(name) {
            return Self::Number(number);
        }
        if name.is_empty() || name.eq_ignore_ascii_case("none") {
            return Self::None;
        }
        if name.eq_ignore_ascii_case("all") {
            return Self::All;
        }
        let optional = remark.to_ascii_lowercase().contains("optional");
        Self::Tool { name: without_version(name).to_owned(), optional }
    }
}

fn split_remark(text: &str) -> (&str, &str) {
    let text = text.trim();
    text.split_once('(').map_or((text, ""), |(name, remark)| (name.trim(), remark))
}

/// Drops closing words that are versions: `18+`, `>=3.8`, `v7`.
fn without_version(name: &str) -> &str {
    let mut rest = name;
    while let Some((before, word)) = rest.rsplit_once(char::is_whitespace) {
        let digits = word.trim_start_matches(['>', '=', '<', '~', '^', 'v', 'V']);
        let is_version = digits.chars().all(|c| c.is_ascii_digit() || "+.x*".contains(c));
        if !is_version || before.trim().is_empty() {
            break;
        }
        rest = before.trim_end();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_real_scripts_has_its_meaning() {
        let tool = |name: &str, optional| Dependency::Tool { name: name.into(), optional };
        let number = |value| Dependency::Number(ScriptNumber::new(value).unwrap());
        for (text, expected) in [
            ("0400", number(400)),
            ("0744 (Auto Documentation)", number(744)),
            (" 0400(x)", number(400)),
            ("None", Dependency::None),
            ("none (fully self-contained)", Dependency::None),
            ("All", Dependency::All),
            ("Node.js 18+", tool("Node.js", false)),
            ("Python 3", tool("Python", false)),
            ("Python >= 3.8", tool("Python", false)),
            ("GitHub CLI", tool("GitHub CLI", false)),
            ("PowerShell7", tool("PowerShell7", false)),
            ("gh CLI (optional, for issue creation)", tool("gh CLI", true)),
            ("400", tool("400", false)),
        ] {
            assert_eq!(Dependency::from_text(text), expected, "{text}");
        }
    }
}
