//! What a playbook tells people at moments of a run.
//!
//! Knows the course of a run and what is known of it. Does not know how a channel is reached: that is the faces'. A run
//! that starts no step and fails at nothing has nothing to tell. Nothing here can make a run fail.

use std::time::Duration;

use serde_json::Value;

use super::{course::Scene, desk::Desk};
use crate::{
    base::duration,
    event::{Counts, Event},
    execute::driver::Summary,
    model::playbook::Moment,
    plan::{Around, Doubts, TOLD_OF_RUN},
    text::expression::{Lookup, Machine, Status, to_text},
};

/// What stands around the bodies of playbooks while they run.
#[derive(Debug, Default)]
pub(super) struct AroundRun {
    /// As it was planned.
    pub(super) of: Vec<Around>,
    /// A step was started.
    has_begun: bool,
}

impl Desk<'_> {
    /// Tells that the first step starts.
    pub(super) fn notify_start(&mut self) {
        if !self.around.has_begun {
            self.around.has_begun = true;
            self.notify(Moment::Start);
        }
    }

    /// Tells that a stage is done.
    pub(super) fn notify_progress(&mut self) {
        if self.around.has_begun {
            self.notify(Moment::Progress);
        }
    }

    /// Tells what the run came to.
    pub(super) fn notify_end(&mut self, exit_code: u8, summary: &Summary) {
        if !self.around.has_begun && exit_code == 0 {
            return;
        }
        let has_flag = |wanted: &str| {
            self.teller.view().nodes.values().any(|node| node.flags.iter().any(|flag| flag == wanted))
        };
        let has_warnings =
            !self.teller.view().warnings.is_empty() || has_flag("warning") || has_flag("undeclared");
        let wants_restart = has_flag("restart");
        if has_warnings {
            self.notify(Moment::Warning);
        }
        if wants_restart {
            self.notify(Moment::Restart);
        }
        let is_success = exit_code == 0 && summary.interrupted.is_none();
        self.notify(if is_success { Moment::Success } else { Moment::Failure });
        self.notify(Moment::Complete);
    }

    /// Tells what is to be told at a moment.
    fn notify(&mut self, moment: Moment) {
        for event in self.notices(moment) {
            self.teller.tell(event);
        }
    }

    fn notices(&self, moment: Moment) -> Vec<Event> {
        if self.around.of.iter().all(|around| around.notices.iter().all(|notice| notice.on != moment)) {
            return Vec::new();
        }
        let place = self.shared.timeline.at(self.plan.nodes.len());
        let grounds = self.grounds(&place);
        let mut told = Vec::new();
        for around in &self.around.of {
            let scene = Scene::new(&self.course, around.scope, &grounds);
            let view = self.teller.view();
            let run = OfRun { scene: &scene, counts: view.counts(), elapsed: self.teller.elapsed() };
            for notice in around.notices.iter().filter(|notice| notice.on == moment) {
                let message = to_text(&notice.message.fill(&run, &mut Doubts::default()));
                told.extend(notice.channels.iter().map(|&channel| Event::Notified {
                    moment: moment.as_str().to_owned(),
                    level: notice.level.to_owned(),
                    channel: channel.to_owned(),
                    message: message.clone(),
                }));
            }
        }
        told
    }
}

/// A scene that knows what is known of the run, below the names of the playbook.
struct OfRun<'a> {
    scene: &'a Scene<'a>,
    counts: Counts,
    elapsed: Duration,
}

impl OfRun<'_> {
    fn known(&self, name: &str) -> Option<Value> {
        let name = name.to_ascii_lowercase();
        if !TOLD_OF_RUN.contains(&name.as_str()) {
            return None;
        }
        let Counts { total, ran, skipped, failed, blocked, .. } = self.counts;
        Some(match name.as_str() {
            "total" => total.into(),
            "completed" => (ran + self.counts.reused()).into(),
            "failed" => failed.into(),
            "skipped" => skipped.into(),
            "blocked" => blocked.into(),
            "cached" => self.counts.reused().into(),
            _ => duration(self.elapsed).into(),
        })
    }
}

impl Lookup for OfRun<'_> {
    fn variable(&self, name: &str) -> Option<Value> {
        self.scene.variable(name).or_else(|| self.known(name))
    }

    fn env(&self, name: &str) -> Option<String> {
        self.scene.env(name)
    }

    fn platform(&self) -> &str {
        self.scene.platform()
    }

    fn context(&self, name: &str) -> Option<Value> {
        self.scene.context(name)
    }

    fn status(&self, function: Status) -> Option<bool> {
        self.scene.status(function)
    }

    fn path_exists(&self, path: &str) -> Option<bool> {
        self.scene.path_exists(path)
    }

    fn command_exists(&self, name: &str) -> Option<bool> {
        self.scene.command_exists(name)
    }

    fn machine(&self, question: Machine) -> Option<String> {
        self.scene.machine(question)
    }
}
