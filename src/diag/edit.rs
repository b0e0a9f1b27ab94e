//! Makes the edits of diagnostics in a text.
//!
//! Knows spans and texts. Does not know what is mended, nor where the text came from.

use super::Edit;
use crate::base::Span;

/// A text after edits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// The text; outside the spans of the edits it is what it was, byte for byte.
    pub text: String,
    /// How many groups were made.
    pub made: usize,
}

/// Makes groups of edits, all of a group or none; nothing if none can be made.
///
/// Of two groups that touch the same bytes the first is made, as is none with a place that is not in the text.
/// O(edits squared).
pub fn apply<'a>(text: &str, groups: impl IntoIterator<Item = &'a [Edit]>) -> Option<Edited> {
    let mut chosen: Vec<&Edit> = Vec::new();
    let mut made = 0;
    for group in groups.into_iter().filter(|group| !group.is_empty()) {
        let before = chosen.len();
        for edit in group {
            if !is_in(text, edit.span) || chosen.iter().any(|other| collide(other.span, edit.span)) {
                chosen.truncate(before);
                break;
            }
            chosen.push(edit);
        }
        made += usize::from(chosen.len() > before);
    }
    chosen.sort_by_key(|edit| edit.span);
    let mut edited = String::with_capacity(text.len());
    let mut at = 0;
    for edit in chosen {
        edited.push_str(&text[at..edit.span.start]);
        edited.push_str(&edit.text);
        at = edit.span.end;
    }
    edited.push_str(&text[at..]);
    (made > 0).then_some(Edited { text: edited, made })
}

/// Tells whether a span lies in a text, on borders of its characters.
fn is_in(text: &str, span: Span) -> bool {
    text.get(span.start..span.end).is_some()
}

/// Tells whether two edits cannot both be made: they share a byte, or it is unclear which text comes first.
fn collide(one: Span, other: Span) -> bool {
    if one.is_empty() || other.is_empty() {
        one.start <= other.end && other.start <= one.end
    } else {
        one.start < other.end && other.start < one.end
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit { span: Span::new(start, end), text: text.to_owned() }
    }

    fn applied(text: &str, groups: &[&[Edit]]) -> Option<(String, usize)> {
        apply(text, groups.iter().copied()).map(|edited| (edited.text, edited.made))
    }

    #[test]
    fn of_two_that_overlap_the_first_is_made() {
        let (first, second) = ([edit(2, 4, "XY")], [edit(3, 5, "-")]);
        assert_eq!(applied("abcdef", &[&first, &second]), Some(("abXYef".into(), 1)));
        assert_eq!(applied("abcdef", &[&second, &first]), Some(("abc-f".into(), 1)));
        let side_by_side = [edit(4, 5, "5")];
        assert_eq!(applied("abcdef", &[&first, &side_by_side]), Some(("abXY5f".into(), 2)));
        let same_place = [edit(4, 4, "+")];
        assert_eq!(applied("abcdef", &[&same_place, &first]), Some(("abcd+ef".into(), 1)));
    }

    #[test]
    fn a_group_is_made_whole_or_not_at_all() {
        let pair = [edit(0, 1, "("), edit(5, 6, ")")];
        assert_eq!(applied("abcdef", &[&pair]), Some(("(bcde)".into(), 1)));
        assert_eq!(applied("abcdef", &[&[edit(5, 6, "-")], &pair]), Some(("abcde-".into(), 1)));
        assert_eq!(applied("abcdef", &[&[edit(0, 2, ""), edit(1, 3, "")]]), None);
    }

    #[test]
    fn what_is_not_in_the_text_is_not_made() {
        assert_eq!(applied("é", &[&[edit(1, 2, "x")], &[edit(0, 9, "x")], &[]]), None);
        assert_eq!(applied("é", &[&[edit(2, 2, "x")]]), Some(("éx".into(), 1)));
    }

    proptest! {
        #[test]
        fn any_edits_give_what_one_after_the_other_from_behind_gives(
            text in "[aé🚀\r\n\u{feff}\"]{0,12}",
            groups in prop::collection::vec(
                prop::collection::vec((0usize..20, 0usize..6, "[xü]{0,3}"), 0..3), 0..8,
            ),
        ) {
            let groups: Vec<Vec<Edit>> = groups
                .into_iter()
                .map(|group| group.iter().map(|(at, length, text)| edit(*at, at + length, text)).collect())
                .collect();
            // The plain way: bytes one by one, each with who replaces it.
            let mut taken: Vec<&Edit> = Vec::new();
            let mut made = 0;
            for group in groups.iter().filter(|group| !group.is_empty()) {
                let fits = |edit: &Edit, among: &[&Edit]| {
                    let is_border = |at| at <= text.len() && text.is_char_boundary(at);
                    let is_clear = |other: &&Edit| {
                        other.span.end <= edit.span.start || edit.span.end <= other.span.start
                    };
                    let is_apart = |other: &&Edit| {
                        other.span.end < edit.span.start || edit.span.end < other.span.start
                    };
                    is_border(edit.span.start) && is_border(edit.span.end) && among.iter().all(|other| {
                        let has_empty = other.span.is_empty() || edit.span.is_empty();
                        if has_empty { is_apart(other) } else { is_clear(other) }
                    })
                };
                let mut with = taken.clone();
                if group.iter().all(|edit| { let fits = fits(edit, &with); with.push(edit); fits }) {
                    taken = with;
                    made += 1;
                }
            }
            taken.sort_by_key(|edit| std::cmp::Reverse(edit.span));
            let mut expected = text.clone();
            for edit in taken {
                expected.replace_range(edit.span.start..edit.span.end, &edit.text);
            }
            let edited = apply(&text, groups.iter().map(Vec::as_slice));
            prop_assert_eq!(edited.as_ref().map(|edited| edited.made), (made > 0).then_some(made));
            prop_assert_eq!(edited.map_or(text, |edited| edited.text), expected);
        }
    }
}
