//! The figures as a table in Markdown.

use std::{fmt::Write as _, time::Duration};

use super::measure::Cost;

/// A figure of az beside what it is held against.
pub(crate) struct Row {
    /// What was done.
    pub(crate) what: &'static str,
    /// What az took.
    pub(crate) az: String,
    /// What it is held against, and what that took.
    pub(crate) floor: String,
    /// The one over the other, and the most that it may be.
    pub(crate) ratio: Option<(f64, Option<f64>)>,
    /// What is to grow no faster than the steps.
    pub(crate) grows: Option<f64>,
}

impl Row {
    fn is_behind(&self) -> bool {
        matches!(self.ratio, Some((ratio, Some(bar))) if ratio > bar)
    }
}

/// The rows of one size.
pub(crate) struct Size {
    /// How many steps there were.
    pub(crate) steps: usize,
    /// What was measured.
    pub(crate) rows: Vec<Row>,
}

/// Returns the table, with how each figure grew since the size before where there is one.
pub(crate) fn table(sizes: &[Size]) -> String {
    let mut text = "| steps | what | az | beside | ratio | at most | growth when steps double |\n".to_owned();
    text.push_str("|---:|---|---|---|---:|---:|---:|\n");
    for (index, size) in sizes.iter().enumerate() {
        for row in &size.rows {
            let ratio = row.ratio.map(|(ratio, _)| format!("{ratio:.2}"));
            let bar = row.ratio.and_then(|(_, bar)| bar).map(|bar| bar.to_string());
            let before = index.checked_sub(1).map(|before| &sizes[before]);
            let growth =
                before.and_then(|before| growth(before, size, row)).map(|growth| format!("{growth:.2}"));
            let [ratio, bar, growth] = [ratio, bar, growth].map(Option::unwrap_or_default);
            let Row { what, az, floor, .. } = row;
            _ = writeln!(
                text,
                "| {} | {what} | {az} | {floor} | {ratio} | {bar} | {growth} |",
                thousands(size.steps)
            );
        }
    }
    text
}

/// Returns what az is further behind with than it may be, growth included.
pub(crate) fn behind(sizes: &[Size], most_growth: f64) -> Vec<String> {
    let mut found = Vec::new();
    for (index, size) in sizes.iter().enumerate() {
        for row in &size.rows {
            if row.is_behind() {
                found.push(format!("{} steps, {}: {:?}", size.steps, row.what, row.ratio));
            }
            let before = index.checked_sub(1).map(|before| &sizes[before]);
            if let Some(growth) = before.and_then(|before| growth(before, size, row))
                && growth > most_growth
            {
                found.push(format!("{} steps, {}: grows {growth:.2}x", size.steps, row.what));
            }
        }
    }
    found
}

/// By how much a figure grows when the steps double, seen from two sizes.
fn growth(before: &Size, size: &Size, row: &Row) -> Option<f64> {
    let then = before.rows.iter().find(|then| then.what == row.what)?.grows?;
    let doublings = (ratio(size.steps, before.steps)).log2();
    Some((row.grows? / then).powf(1.0 / doublings))
}

/// Returns one number over another.
#[expect(clippy::cast_precision_loss, reason = "steps are far below what a float counts")]
pub(crate) fn ratio(one: usize, other: usize) -> f64 {
    one as f64 / other as f64
}

/// Writes a cost.
pub(crate) fn words(cost: Cost) -> String {
    format!("{} CPU, {} wall", time(cost.cpu), time(cost.wall))
}

/// Writes a time with three digits that say something.
pub(crate) fn time(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1e3;
    match milliseconds {
        ..10.0 => format!("{milliseconds:.2} ms"),
        ..100.0 => format!("{milliseconds:.1} ms"),
        ..10_000.0 => format!("{milliseconds:.0} ms"),
        _ => format!("{:.1} s", milliseconds / 1e3),
    }
}

/// Writes a number with its thousands apart.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}
