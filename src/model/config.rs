//! The workspace's configuration, `az.toml`.
