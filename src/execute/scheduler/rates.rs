//! How often attempts have started, and when the next may.
//!
//! Knows times. Does not know nodes.

use std::{collections::VecDeque, time::Duration};

use super::Rate;

/// The last starts that count, for each rate.
#[derive(Debug)]
pub(super) struct Rates {
    windows: Vec<(Rate, VecDeque<Duration>)>,
}

impl Rates {
    pub(super) fn new(rates: &[Rate]) -> Self {
        Self { windows: rates.iter().map(|rate| (*rate, VecDeque::new())).collect() }
    }

    /// Returns when one that counts for these rates may start at the earliest; zero if it always might have.
    pub(super) fn next(&self, rates: &[usize]) -> Duration {
        let next = |(rate, starts): &(Rate, VecDeque<Duration>)| {
            let has_most = starts.len() >= rate.most.max(1) as usize;
            starts.front().filter(|_| has_most).map_or(Duration::ZERO, |first| first.saturating_add(rate.per))
        };
        rates.iter().filter_map(|rate| self.windows.get(*rate)).map(next).max().unwrap_or_default()
    }

    /// Counts a start.
    pub(super) fn start(&mut self, rates: &[usize], now: Duration) {
        for rate in rates {
            let Some((rate, starts)) = self.windows.get_mut(*rate) else { continue };
            starts.push_back(now);
            if starts.len() > rate.most.max(1) as usize {
                starts.pop_front();
            }
        }
    }

    /// Says that one of the starts that were counted at `since` happens only now.
    pub(super) fn begins(&mut self, rates: &[usize], since: Duration, now: Duration) {
        for rate in rates {
            let Some((_, starts)) = self.windows.get_mut(*rate) else { continue };
            if let Some(place) = starts.iter().rposition(|start| *start == since) {
                starts.remove(place);
                starts.push_back(now);
            }
        }
    }
}
