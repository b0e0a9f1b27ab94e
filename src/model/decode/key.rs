//! Names of fields.

/// A field's name with the other spellings it is known under; letters match in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The name used in messages.
    pub name: &'static str,
    /// Other spellings.
    pub aliases: &'static [&'static str],
}

impl Key {
    /// Names a field that has other spellings too.
    pub const fn new(name: &'static str, aliases: &'static [&'static str]) -> Self {
        Self { name, aliases }
    }

    /// Tells whether a key as written means this field.
    pub fn matches(self, written: &str) -> bool {
        self.name.eq_ignore_ascii_case(written)
            || self.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(written))
    }
}

impl From<&'static str> for Key {
    fn from(name: &'static str) -> Self {
        Self::new(name, &[])
    }
}
