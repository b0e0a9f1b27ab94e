//! Scopes of many shapes, with nodes that end in every way.
