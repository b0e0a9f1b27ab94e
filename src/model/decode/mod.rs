//! The typed decoder: from a spanned tree to values, all faults at once.
