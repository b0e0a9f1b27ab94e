//! Tables of a Markdown page.
//!
//! Knows headings, rows and cells. Does not know what they mean.

/// Returns the cells of the rows of the first table below a heading, the head of the table left out.
///
/// # Panics
/// If there is no such heading or no table below it: the rules that stand there would be lost.
pub(super) fn rows_below<'a>(page: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let mut lines = page.lines().skip_while(|line| *line != heading).skip(1);
    let table: Vec<_> = lines
        .by_ref()
        .take_while(|line| !line.starts_with('#'))
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .collect();
    assert!(table.len() >= 2, "ARCHITECTURE.md has no table below `{heading}`");
    table[2..].iter().map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// Returns the words of a cell that stand in backticks.
pub(super) fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        "# a\n## T\ntext\n\n| x | y |\n|---|---|\n| 1 | `a` `b` |\n|2|c|\n\n| no | no |\n## U\n";

    #[test]
    fn the_rows_of_one_table_are_read() {
        assert_eq!(rows_below(PAGE, "## T"), [["1", "`a` `b`"], ["2", "c"]]);
        assert_eq!(quoted("`a` and `b`, c"), ["a", "b"]);
    }

    #[test]
    #[should_panic(expected = "has no table below `## U`")]
    fn a_lost_table_is_a_fault() {
        rows_below(PAGE, "## U");
    }
}
