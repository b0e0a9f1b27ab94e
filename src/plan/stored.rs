//! A node as it is kept for the next build, so that a step can be decided again without planning.
//!
//! Only a node of which everything is known before the run can be kept: what depends on how others end needs the whole
//! plan. One that was given a secret is not kept either.

use super::{Gate, Invocation, Node, Plan};
use crate::base::looks_secret;

impl Node {
    /// Returns the bytes it is kept as; nothing if more than the node itself is needed to decide it.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        if !self.stands_alone() || !self.is_without_secrets() {
            return None;
        }
        postcard::to_stdvec(self).ok()
    }

    /// Tells whether all that decides it is known before the run, and is its own.
    pub fn stands_alone(&self) -> bool {
        self.gate == Gate::Needs
            && self.open_condition.is_none()
            && self.late.is_none()
            && self.deferred.is_none()
            && self.span.is_none()
            && self.cohort.is_none()
            && self.time_limits.is_empty()
    }

    /// Reads what [`Node::to_bytes`] returned.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }

    /// Tells whether nothing in it is known to be a secret.
    pub fn is_without_secrets(&self) -> bool {
        let Invocation { variables, env, .. } = &self.invocation;
        let mut names = variables.keys().chain(env.keys()).chain(self.settings.env.keys());
        self.secret.is_empty() && self.secret_words.is_empty() && !names.any(|name| looks_secret(name))
    }
}

impl Plan {
    /// Tells whether its nodes are all there is to it: nothing holds for several of them together.
    pub fn is_flat(&self) -> bool {
        self.spans.is_empty() && self.time_limits.is_empty()
    }
}

/// Values of any shape, which postcard has no form for, as JSON.
pub(super) mod as_json {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
    use serde_json::Value;

    pub(in crate::plan) fn serialize<S: Serializer>(
        values: &BTreeMap<String, Value>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serde_json::to_string(values).map_err(S::Error::custom)?.serialize(serializer)
    }

    pub(in crate::plan) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<String, Value>, D::Error> {
        serde_json::from_str(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{base::WsPath, text::pattern::Pattern};

    fn node() -> Node {
        let pattern = |text| Pattern::parse(text, Path::new("/w"), &WsPath::root()).unwrap();
        let mut node = Node {
            id: "0400_a".into(),
            identity: "scripts/0400_a.sh".into(),
            script: WsPath::from_normal("scripts/0400_a.sh"),
            inputs: Some(vec![
                pattern("src/**/*.rs"),
                pattern("/usr/include"),
                Pattern::of_path(&WsPath::from_normal("a[b").unwrap()),
            ]),
            outputs: Some(vec![]),
            ..Node::default()
        };
        node.invocation.variables.insert("list".into(), serde_json::json!([1, {"a": null}, "x"]));
        node
    }

    #[test]
    fn a_node_is_read_as_it_was_kept() {
        let node = node();
        assert_eq!(Node::from_bytes(&node.to_bytes().unwrap()).unwrap(), node);
    }

    #[test]
    fn a_secret_or_what_depends_on_others_is_not_kept() {
        let with = |change: fn(&mut Node)| {
            let mut node = node();
            change(&mut node);
            node.to_bytes()
        };
        assert!(with(|node| _ = node.settings.env.insert("API_TOKEN".into(), "x".into())).is_none());
        assert!(with(|node| _ = node.secret.insert("word".into())).is_none());
        assert!(with(|node| node.gate = Gate::Always).is_none());
        assert!(with(|node| node.time_limits.push(0)).is_none());
    }
}
