//! psd1.

use super::{Node, read::Reader};
use crate::diag::Diagnostic;

pub(super) fn read(reader: &Reader<'_>) -> (Option<Node>, Vec<Diagnostic>) {
    let fault = reader.syntax_error("psd1 is not read yet", reader.span(0, 0));
    (None, vec![fault.help("write it as JSON or TOML")])
}

/// Returns the comments.
pub(super) fn comments(_reader: &Reader<'_>) -> Vec<crate::base::Span> {
    Vec::new()
}
