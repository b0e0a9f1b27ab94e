//! What begins next.

use super::{
    Effect, Gate, Scheduler, State,
    queue::{Next, Turn},
};

impl Scheduler {
    /// Begins all that can.
    pub(super) fn dispatch(&mut self) {
        self.begin_all();
        while self.is_stuck() && self.loosen() {
            self.begin_all();
        }
    }

    /// Has a node that must run wait for its turn.
    pub(super) fn enqueue(&mut self, node: usize) {
        if self.progress[node].is_alone {
            self.progress[node].state = State::Postponed;
            self.postponed.insert(node);
        } else {
            self.progress[node].state = State::Queued;
            self.place(node);
        }
    }

    /// Puts a node where it is found when it is its turn, if it may begin.
    pub(super) fn place(&mut self, node: usize) {
        if !self.may_begin(node) {
            return;
        }
        let turn = self.turn(node);
        match self.progress[node].state {
            State::Ready if self.spans.must_begin_for(node) => self.spans.push(turn),
            State::Ready => _ = self.ready.insert(turn),
            State::Queued => self.queue.push(turn),
            _ => {}
        }
    }

    /// Takes a node from where it is found when it is its turn; it does not begin until it is put there again.
    pub(super) fn displace(&mut self, node: usize) {
        let turn = self.turn(node);
        match self.progress[node].state {
            State::Ready => {
                self.ready.remove(&turn);
                self.spans.remove(turn);
            }
            State::Queued => self.queue.remove(turn),
            _ => {}
        }
    }

    fn may_begin(&self, node: usize) -> bool {
        let is_always = self.nodes[node].gate == Gate::Always && node >= self.closed_from;
        node < self.begin_below || is_always
    }

    fn begin_all(&mut self) {
        self.throttled_until = None;
        if self.is_turn_of_postponed() || self.running.iter().any(|node| self.progress[*node].is_alone) {
            return;
        }
        while self.has_slot() && self.begin_next() {}
    }

    /// Begins the first postponed node if it is its turn; tells whether it is, even if it still has to wait.
    fn is_turn_of_postponed(&mut self) -> bool {
        let Some(&node) = self.postponed.first().filter(|node| **node == self.first_open) else {
            return false;
        };
        if !self.running.is_empty() || self.looking_up > 0 {
            return true;
        }
        if !self.room.has(self.queue.demand(node)) {
            // Spans of nodes behind it hold what it demands.
            return false;
        }
        let at = self.rates.next(self.queue.rates(node));
        if at > self.now {
            self.throttled_until = Some(at);
        } else {
            self.postponed.remove(&node);
            self.start(node);
        }
        true
    }

    /// Starts or looks up the one whose turn it is; tells whether there was one.
    fn begin_next(&mut self) -> bool {
        let in_order = self.slots() == 1;
        let Next { turn: queued, at } = self.queue.next(&self.room, &self.rates, self.now, in_order);
        self.throttled_until = at;
        if in_order && at.is_some() {
            return false;
        }
        let first = self.ready.first().copied();
        let ready = self.spans.next(&self.room, first).or(first);
        match (queued, ready) {
            (Some(queued), ready) if ready.is_none_or(|ready| queued.priority <= ready.priority) => {
                self.queue.remove(queued);
                self.start(queued.node);
            }
            (_, Some(ready)) => self.look_up(ready),
            _ => return false,
        }
        true
    }

    fn look_up(&mut self, turn: Turn) {
        self.ready.extend(self.spans.begin(turn.node, &mut self.room));
        self.ready.remove(&turn);
        self.progress[turn.node].state = State::LookingUp;
        self.looking_up += 1;
        self.effects.push(Effect::LookUp(turn.node));
    }

    fn start(&mut self, node: usize) {
        self.room.take(self.queue.demand(node));
        self.rates.start(self.queue.rates(node), self.now);
        let progress = &mut self.progress[node];
        progress.attempts += 1;
        progress.state = State::Running { since: self.now };
        let attempt = progress.attempts;
        self.running.insert(node);
        self.set_time_limit(node, self.now);
        self.effects.push(Effect::Start { node, attempt });
    }

    /// With one slot nothing may pass a node that waits for its next attempt: that would not be in order.
    fn has_slot(&self) -> bool {
        let waiting = if self.slots() == 1 { self.backing_off } else { 0 };
        self.running.len() + self.looking_up + waiting < self.slots()
    }

    /// Tells whether nothing is at work and nothing will be by itself.
    fn is_stuck(&self) -> bool {
        let at_work = self.running.len() + self.looking_up + self.backing_off;
        at_work == 0 && self.throttled_until.is_none() && !self.is_done()
    }

    /// Lets something begin that would not otherwise; tells whether it could.
    fn loosen(&mut self) -> bool {
        if self.begin_below < self.closed_from {
            // What is held by nodes behind a failure keeps nodes before it from beginning.
            self.close(self.begin_below);
            return true;
        }
        // All it needs has ended. Room is all it can wait for.
        let node = self.first_open;
        match self.progress[node].state {
            State::Ready => self.look_up(self.turn(node)),
            State::Queued | State::Postponed => {
                let at = self.rates.next(self.queue.rates(node));
                if at > self.now {
                    self.throttled_until = Some(at);
                    return false;
                }
                self.displace(node);
                self.postponed.remove(&node);
                self.start(node);
            }
            _ => return false,
        }
        true
    }
}
