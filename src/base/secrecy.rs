//! What must not be shown, as far as a name tells.

/// Parts of names whose values are never shown.
const PARTS: [&str; 4] = ["TOKEN", "SECRET", "PASSWORD", "CREDENTIAL"];

/// Tells whether a name is one whose values must not be shown.
pub fn looks_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    PARTS.iter().any(|part| name.contains(part)) || name.ends_with("_KEY")
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
