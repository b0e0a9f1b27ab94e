//! The data formats and their file extensions.

/// A data format az reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// JSON, with comments and trailing commas allowed (JSONC).
    Json,
    /// YAML 1.2.
    Yaml,
    /// TOML 1.1.
    Toml,
    /// A data file of PowerShell.
    Psd1,
}

impl Format {
    /// Returns the format that files of this extension (without dot, any case) are written in.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "json" | "jsonc" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            "toml" => Some(Self::Toml),
            "psd1" => Some(Self::Psd1),
            _ => None,
        }
    }

    /// Returns the format's name as people write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Yaml => "YAML",
            Self::Toml => "TOML",
            Self::Psd1 => "psd1",
        }
    }
}
