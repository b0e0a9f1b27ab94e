//! Settings that take no room where nothing is said.

use std::{
    hash::{Hash, Hasher},
    ops::{Deref, DerefMut},
    sync::LazyLock,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Settings;

/// Settings of one of many: of most jobs and steps little or nothing is said, and there is one of these for each.
#[derive(Debug, Clone, Default)]
pub struct FewSettings(Option<Box<Settings>>);

static NOTHING: LazyLock<Settings> = LazyLock::new(Settings::default);

impl Deref for FewSettings {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        self.0.as_deref().unwrap_or_else(|| &*NOTHING)
    }
}

impl DerefMut for FewSettings {
    fn deref_mut(&mut self) -> &mut Settings {
        self.0.get_or_insert_default()
    }
}

impl From<Settings> for FewSettings {
    fn from(settings: Settings) -> Self {
        Self((settings != *NOTHING).then(|| Box::new(settings)))
    }
}

impl PartialEq for FewSettings {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for FewSettings {}

impl Hash for FewSettings {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl Serialize for FewSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FewSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Settings::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_takes_no_room_and_is_what_was_never_touched() {
        assert_eq!(size_of::<FewSettings>(), size_of::<usize>());
        assert!(FewSettings::from(Settings::default()).0.is_none());
        let mut touched = FewSettings::from(Settings { retries: Some(1), ..Settings::default() });
        assert_ne!(touched, FewSettings::default());
        touched.retries = None;
        assert!(touched.0.is_some());
        assert_eq!(touched, FewSettings::default());
    }
}
