//! "did you mean": the known name nearest to a mistyped one.

/// Returns the candidate that `wanted` most probably was meant to be.
///
/// Case never counts as a mistake. A candidate is near if at most a third of its characters (at least one) differ.
/// Ties go to the candidate that comes first. O(candidates x length squared).
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    near(wanted, candidates).min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// Returns the nearest candidate if no other is as near, for who does not ask but acts; else as [`nearest`].
pub fn nearest_alone<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near: Vec<(usize, &str)> = near(wanted, candidates).collect();
    let (least, first) = *near.iter().min_by_key(|(distance, _)| *distance)?;
    let is_alone = near.iter().all(|(distance, candidate)| *distance > least || *candidate == first);
    is_alone.then_some(first)
}

fn near<'a>(
    wanted: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> impl Iterator<Item = (usize, &'a str)> {
    let wanted = wanted.to_lowercase();
    let length = wanted.chars().count();
    let letters = letters(&wanted);
    candidates.into_iter().filter_map(move |candidate| {
        let candidate_length = candidate.chars().count();
        let most = (candidate_length / 3).max(1);
        // Each character more or less is a change: a file of nothing but unknown names is told in time.
        if candidate_length.abs_diff(length) > most {
            return None;
        }
        let candidate_small = candidate.to_lowercase();
        // And so is each letter that only one of them has.
        let others = self::letters(&candidate_small);
        let alone = (letters & !others).count_ones().max((others & !letters).count_ones());
        if alone as usize > most {
            return None;
        }
        let distance = strsim::damerau_levenshtein(&wanted, &candidate_small);
        (distance <= most).then_some((distance, candidate))
    })
}

/// Returns which letters are in a text, as far as 64 bits tell.
fn letters(text: &str) -> u64 {
    text.chars().fold(0, |all, letter| all | 1 << (u32::from(letter) % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = ["needs", "name", "env", "steps"];
        assert_eq!(nearest("neeeds", known), Some("needs"));
        assert_eq!(nearest("NEEDS", known), Some("needs"));
        assert_eq!(nearest("evn", known), Some("env"));
        assert_eq!(nearest("frobnicate", known), None);
    }

    #[test]
    fn names_of_any_length_are_near_exactly_if_few_changes_lead_to_them() {
        let words =
            ["", "a", "ab", "env", "evn", "name", "names", "needs", "orchestration", "orchestratoin", "ön"];
        for (wanted, known) in words.iter().flat_map(|wanted| words.map(|known| (*wanted, known))) {
            let is_near = strsim::damerau_levenshtein(wanted, known) <= (known.chars().count() / 3).max(1);
            assert_eq!(nearest(wanted, [known]).is_some(), is_near, "{wanted} {known}");
        }
    }

    #[test]
    fn of_two_that_are_as_near_none_is_alone() {
        let known = ["-and", "-in", "-and", "-contains"];
        assert_eq!(nearest("-an", known), Some("-and"));
        assert_eq!(nearest_alone("-an", known), None);
        assert_eq!(nearest_alone("-adn", known), Some("-and"));
        assert_eq!(nearest_alone("frobnicate", known), None);
    }
}
