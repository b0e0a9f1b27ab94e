//! Columns of text for people.
//!
//! Knows widths and names. Does not know what the columns mean.

/// Writes rows in columns, each as wide as its widest cell but no wider than `MAX_WIDTH`; the last one is free.
pub(super) fn columns(rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        for (index, cell) in row.iter().enumerate().take(row.len().saturating_sub(1)) {
            if widths.len() <= index {
                widths.push(0);
            }
            widths[index] = widths[index].max(cell.chars().count()).min(MAX_WIDTH);
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (index, cell) in row.iter().enumerate() {
            let width = if index + 1 == row.len() { 0 } else { widths[index] };
            line.push_str(&format_cell(cell, width));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Writes rows in columns below a line that they belong to.
pub(super) fn indented(rows: &[Vec<String>]) -> String {
    columns(rows).lines().flat_map(|line| ["  ", line, "\n"]).collect()
}

/// A longer cell pushes the rest of its row to the right instead of being cut.
const MAX_WIDTH: usize = 40;

fn format_cell(cell: &str, width: usize) -> String {
    // A line break in a description must not break the row.
    let cell = cell.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{cell:<width$}  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_the_last_is_free() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let text = columns(&[row(["a", "é", "one\n two"]), row(["bbb", "", "three"]), row(["c", "", ""])]);
        assert_eq!(text, "a    é  one two\nbbb     three\nc\n");
        assert_eq!(indented(&[row(["a", "b", "c"])]), "  a  b  c\n");
    }
}
