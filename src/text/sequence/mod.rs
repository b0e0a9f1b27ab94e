//! The number sequence language.
