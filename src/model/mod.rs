//! What the texts mean: scripts, playbooks, kinds, rules, configuration, in one normal form for all formats.
//!
//! Knows one file at a time and which rule matches which script. Does not know what a request asks for.

pub mod config;
pub mod decode;
pub mod kind;
pub mod playbook;
pub mod query;
pub mod rule;
pub mod schema;
pub mod scratch;
pub mod script;
pub mod settings;
