//! How scripts of a kind are written.

/// The marks of a kind's comments.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct CommentStyle {
    /// What starts a comment that ends with its line: `#`, `//`.
    pub line: Vec<String>,
    /// What opens and closes a comment of several lines: `<#` and `#>`.
    pub block: Option<(String, String)>,
}

/// The languages of which az reads more than the comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// `param()` blocks, `Import-Module`, `using module` and dot-sourcing are understood.
    PowerShell,
    /// `source` and `.` are understood.
    Shell,
    /// Only comments are read.
    Other,
}

impl CommentStyle {
    /// Returns the style with `#` for lines, and no block comments.
    pub fn hash() -> Self {
        Self { line: vec!["#".into()], block: None }
    }

    /// Returns the style of PowerShell: `#` and `<# #>`.
    pub fn power_shell() -> Self {
        Self { line: vec!["#".into()], block: Some(("<#".into(), "#>".into())) }
    }

    /// Returns the style of C and JavaScript: `//` and `/* */`.
    #[cfg(test)]
    pub fn slashes() -> Self {
        Self { line: vec!["//".into()], block: Some(("/*".into(), "*/".into())) }
    }
}

impl Language {
    /// Returns the language by a name as kinds and people use it; any other name is [`Language::Other`].
    pub fn from_name(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "pwsh" | "powershell" => Self::PowerShell,
            "sh" | "bash" | "shell" | "dash" | "zsh" | "ksh" => Self::Shell,
            _ => Self::Other,
        }
    }
}
