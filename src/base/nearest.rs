//! "did you mean": the known name nearest to a mistyped one.

/// Returns the candidate that `wanted` most probably was meant to be.
///
/// Case never counts as a mistake. A candidate is near if at most a third of its characters (at least one) differ.
/// Ties go to the candidate that comes first. O(candidates x length squared).
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    let distance = |candidate: &str| strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase());
    candidates
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
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
}
