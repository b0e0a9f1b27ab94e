//! How a step behaves: the one set of settings that headers, rules and playbooks fill.
