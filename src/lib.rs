//! az runs a repository's numbered scripts and playbooks the way a build system builds targets.
//!
//! The modules are floors: each imports only from floors below it. `ARCHITECTURE.md` holds the table and
//! `tests/it/house.rs` enforces it.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests may touch the real world"))]

pub mod base;
pub mod cache;
pub mod cli;
pub mod db;
pub mod diag;
pub mod engine;
pub mod event;
pub mod execute;
pub mod fingerprint;
pub mod journal;
pub mod model;
pub mod plan;
pub mod report;
pub mod secret;
pub mod selftest;
pub mod sys;
pub mod text;
pub mod trace;
pub mod watch;
