//! The header of a script: metadata comments, help block, parameters.
