//! Kinds: how files of an extension are read and run.
