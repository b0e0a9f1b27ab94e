//! Rules: what selected steps depend on and how they behave.
