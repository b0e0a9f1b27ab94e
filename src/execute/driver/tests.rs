//! The driver with a desk made up for each test. Nothing here waits for a time to pass: threads wait for each other.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::*;
use crate::execute::runner::Wish;
use crate::{
    execute::scheduler::{Need, Node, OnFailure, Policy, StopHow, Strength},
    sys::Os,
};

type Act = Arc<dyn Fn(usize, u32, &Control) -> Ending + Send + Sync>;

/// Remembers all it hears; what a job does is the test's.
struct FakeDesk {
    verdicts: BTreeMap<usize, Verdict>,
    act: Act,
    heard: Vec<String>,
}

impl FakeDesk {
    fn new(act: impl Fn(usize, u32, &Control) -> Ending + Send + Sync + 'static) -> Self {
        Self { verdicts: BTreeMap::new(), act: Arc::new(act), heard: Vec::new() }
    }

    fn drive(&mut self, nodes: Vec<Node>, slots: usize, signals: &Signals) -> Summary {
        let scheduler = Scheduler::new(nodes, Policy::new(slots, OnFailure::FailFast));
        drive(scheduler, self, &Os, signals)
    }
}

impl Desk for FakeDesk {
    type Done = Ending;

    fn look_up(&mut self, node: usize) -> Verdict {
        self.heard.push(format!("look up {node}"));
        self.verdicts.get(&node).copied().unwrap_or(Verdict::Run)
    }

    fn job(&mut self, node: usize, attempt: u32) -> Job<Ending> {
        let act = Arc::clone(&self.act);
        Box::new(move |control| act(node, attempt, control))
    }

    fn settle(&mut self, node: usize, done: Ending) -> Ending {
        self.heard.push(format!("settle {node}"));
        done
    }

    fn lost(&mut self, node: usize, lost: Lost) {
        self.heard.push(format!("{node}: {lost:?}"));
    }

    fn changed(&mut self, node: usize, change: &Change) {
        self.heard.push(match change {
            Change::Started { attempt } => format!("start {node} attempt {attempt}"),
            Change::Retrying { attempt, .. } => format!("retry {node} attempt {attempt}"),
            Change::Postponed => format!("{node} postponed"),
            Change::Finished(outcome) => format!("{node} {}", outcome.as_str()),
        });
    }
}

fn nodes(count: usize) -> Vec<Node> {
    vec![Node::default(); count]
}

#[test]
fn one_slot_goes_in_order_and_a_hit_starts_nothing() {
    let mut desk = FakeDesk::new(|_, _, _| Ending::Ok);
    desk.verdicts = BTreeMap::from([(1, Verdict::Hit), (2, Verdict::Skip)]);
    let summary = desk.drive(nodes(3), 1, &Signals::none());
    assert_eq!(summary.outcomes, [Outcome::Ran, Outcome::Cached, Outcome::Skipped]);
    assert_eq!((summary.interrupted, summary.has_timed_out), (None, false));
    let heard = [
        "look up 0",
        "start 0 attempt 1",
        "settle 0",
        "0 ran",
        "look up 1",
        "1 cached",
        "look up 2",
        "2 skipped",
    ];
    assert_eq!(desk.heard, heard);
}

#[test]
fn as_many_jobs_run_at_once_as_there_are_slots_and_no_more() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    // The barrier opens only when three are there together; twelve nodes are four times three.
    let together = Arc::new(Barrier::new(3));
    let mut desk = FakeDesk::new({
        let most = Arc::clone(&most);
        move |_, _, _| {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            together.wait();
            running.fetch_sub(1, Ordering::SeqCst);
            Ending::Ok
        }
    });
    let summary = desk.drive(nodes(12), 3, &Signals::none());
    assert!(summary.outcomes.iter().all(|outcome| *outcome == Outcome::Ran));
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[test]
fn a_failed_attempt_is_followed_by_another() {
    let mut desk = FakeDesk::new(|_, attempt, _| if attempt < 3 { Ending::Failed } else { Ending::Warning });
    let summary = desk.drive(vec![Node { retries: 2, ..Node::default() }], 2, &Signals::none());
    assert_eq!(summary.outcomes, [Outcome::Warning]);
    let starts = desk.heard.iter().filter(|line| line.starts_with("start")).count();
    assert_eq!(starts, 3);
}

#[test]
fn a_panic_is_a_failure_and_nothing_hangs() {
    let mut desk = FakeDesk::new(|node, _, _| if node == 0 { panic!("broken {node}") } else { Ending::Ok });
    let needing = Node { needs: vec![Need { node: 0, strength: Strength::Hard }], ..Node::default() };
    let summary = desk.drive(vec![Node::default(), needing], 1, &Signals::none());
    assert_eq!(summary.outcomes, [Outcome::Failed, Outcome::Blocked { by: 0 }]);
    assert!(desk.heard.contains(&"0: Panic(\"broken 0\")".to_owned()));
}

/// Waits in a job until it is stopped, and says how.
fn wait_for_stop(control: &Control, on_stop: impl Fn(StopHow) + Send + Sync + 'static) {
    let (sender, stops) = channel();
    let _listening = control.listen(move |wish| {
        let Wish::Stop(how) = wish else { return };
        on_stop(how);
        _ = sender.send(how);
    });
    stops.recv().unwrap();
}

#[test]
fn an_interrupt_stops_what_runs_and_gives_up_the_rest() {
    let signals = Arc::new(Signals::none());
    let raised = Arc::clone(&signals);
    let mut desk = FakeDesk::new(move |_, _, control| {
        raised.raise(Interrupt::Term);
        wait_for_stop(control, |_| {});
        Ending::Cancelled
    });
    let summary = desk.drive(nodes(3), 1, &signals);
    assert_eq!(summary.outcomes, [Outcome::Cancelled; 3]);
    assert_eq!(summary.interrupted.map(Interrupt::exit_code), Some(143));
    assert_eq!(desk.heard.iter().filter(|line| line.starts_with("look up")).count(), 1);
}

#[test]
fn a_second_interrupt_kills_and_the_first_is_told() {
    let signals = Arc::new(Signals::none());
    let raised = Arc::clone(&signals);
    let stops = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&stops);
    let mut desk = FakeDesk::new(move |_, _, control| {
        raised.raise(Interrupt::Int);
        wait_for_stop(control, |_| {});
        raised.raise(Interrupt::Term);
        let seen = Arc::clone(&seen);
        let (sender, kills) = channel();
        let _listening = control.listen(move |wish| {
            let Wish::Stop(how) = wish else { return };
            seen.lock().unwrap().push(how);
            _ = if how == StopHow::Kill { sender.send(()) } else { Ok(()) };
        });
        kills.recv().unwrap();
        Ending::Failed
    });
    let summary = desk.drive(nodes(1), 1, &signals);
    assert_eq!(summary.outcomes, [Outcome::Cancelled]);
    assert_eq!(summary.interrupted, Some(Interrupt::Int));
    assert_eq!(stops.lock().unwrap().last(), Some(&StopHow::Kill));
}

#[test]
fn an_interrupt_from_before_the_run_starts_nothing() {
    let signals = Signals::none();
    signals.raise(Interrupt::Int);
    let mut desk = FakeDesk::new(|_, _, _| Ending::Ok);
    let summary = desk.drive(nodes(2), 2, &signals);
    assert_eq!(summary.outcomes, [Outcome::Cancelled; 2]);
    assert!(!desk.heard.iter().any(|line| line.starts_with("start")), "{:?}", desk.heard);
}

#[test]
fn a_timeout_reaches_the_job() {
    let mut desk = FakeDesk::new(|_, _, control| {
        wait_for_stop(control, |_| {});
        Ending::Cancelled
    });
    let slow = Node { timeout: Some(Duration::from_millis(1)), ..Node::default() };
    assert_eq!(desk.drive(vec![slow], 1, &Signals::none()).outcomes, [Outcome::TimedOut]);
}

#[test]
fn signals_of_the_system_arrive() {
    let signals = Signals::install().unwrap();
    let mut desk = FakeDesk::new(|_, _, control| {
        signal_hook::low_level::raise(signal_hook::consts::SIGINT).unwrap();
        wait_for_stop(control, |_| {});
        Ending::Cancelled
    });
    let summary = desk.drive(nodes(2), 1, &signals);
    assert_eq!(summary.interrupted, Some(Interrupt::Int));
}
