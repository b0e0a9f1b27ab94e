//! Diagnostic codes in texts.
//!
//! Knows the register. Does not know where a code is raised.

use std::collections::BTreeSet;

use az::diag::{Code, all_codes};

use super::{ProjectFile, text::line_of};

/// Returns a fault for each code that is mentioned and not in the register.
pub(super) fn unknown(files: &[ProjectFile]) -> Vec<String> {
    let known: BTreeSet<Code> = all_codes().map(|info| info.code).collect();
    let mut faults = Vec::new();
    for ProjectFile { path, text } in files {
        for (start, code) in mentioned(text) {
            if !Code::parse(code).is_some_and(|code| known.contains(&code)) {
                faults.push(format!("{path}:{}: there is no {code}", line_of(text, start)));
            }
        }
    }
    faults
}

/// Returns every `AZ` with four digits that stands alone.
fn mentioned(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices("AZ").filter_map(|(start, _)| {
        let code = text.get(start..start + 6)?;
        let is_alone = |byte: Option<&u8>| !byte.is_some_and(u8::is_ascii_alphanumeric);
        let before = start.checked_sub(1).and_then(|at| text.as_bytes().get(at));
        let has_digits = code[2..].bytes().all(|byte| byte.is_ascii_digit());
        (has_digits && is_alone(before) && is_alone(text.as_bytes().get(start + 6))).then_some((start, code))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_do_not_exist_are_found() {
        // Put together here, so that this file does not itself name a code that does not exist.
        let absent = format!("AZ{}", 9998);
        let text = format!("AZ0101 AZnnnn AZ01 X{absent} {absent}1\né {absent}: no");
        let faults = unknown(&[ProjectFile { path: "a.md".to_owned(), text }]);
        assert_eq!(faults, [format!("a.md:2: there is no {absent}")]);
    }
}
