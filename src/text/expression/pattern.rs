//! The patterns of `-match`.

use regex::{Regex, RegexBuilder};

use super::tree::Case;

/// How much memory a pattern may take, in bytes.
const MAX_SIZE: usize = 1 << 20;

/// Builds a pattern; it is looked for anywhere in a text, in time linear in the text.
///
/// # Errors
/// Why the pattern cannot be read: it is wrong, too large, or needs what only a backtracking engine has.
pub(super) fn compiled(pattern: &str, case: Case) -> Result<Regex, String> {
    let builder =
        RegexBuilder::new(pattern).case_insensitive(case == Case::Ignored).size_limit(MAX_SIZE).build();
    builder.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        // The last line tells the reason, the others show the place.
        other => {
            let told = other.to_string();
            let reason = told.lines().last().unwrap_or_default().trim_start_matches("error: ");
            reason.to_owned()
        }
    })
}
