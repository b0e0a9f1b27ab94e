//! What must not be shown, as far as a name tells, and where else it is.

/// Parts of names whose values are never shown.
const PARTS: [&str; 4] = ["TOKEN", "SECRET", "PASSWORD", "CREDENTIAL"];

/// Tells whether a name is one whose values must not be shown.
pub fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    PARTS.iter().any(|part| name.contains(part)) || name.ends_with("_KEY")
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretPlace {
    /// In the variable of this name of the environment of az.
    Environment(String),
    /// In the file of this path.
    File(String),
}

/// A secret that was looked for.
#[derive(Clone, PartialEq, Eq)]
pub enum Fetched {
    /// It is there.
    Found {
        /// Its value.
        value: String,
        /// What is doubtful about it, as a sentence, with how to mend it.
        doubt: Option<(String, String)>,
    },
    /// It is not.
    Missing {
        /// Why, as the end of a sentence that begins with the secret.
        why: String,
        /// How to mend that.
        help: String,
    },
}

impl std::fmt::Debug for Fetched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.value().is_some() { "Found" } else { "Missing" })
    }
}

impl Fetched {
    /// Returns the value, if there is one.
    pub fn value(&self) -> Option<&str> {
        match self {
            Self::Found { value, .. } => Some(value),
            Self::Missing { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_secrets_in_any_case() {
        for name in ["API_TOKEN", "apiToken", "DB_PASSWORD_FILE", "MY_SECRETS", "aws_credentials", "SSH_KEY"]
        {
            assert!(looks_secret(name), "{name}");
        }
        for name in ["KEY", "MONKEY", "KEY_NAME", "HOME", ""] {
            assert!(!looks_secret(name), "{name}");
        }
    }
}
