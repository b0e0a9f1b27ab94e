//! Random playbooks of the newest format, as JSON.

use serde_json::{Map, Value, json};

/// Makes playbooks of a seed.
pub(super) struct Maker {
    state: u64,
    pub(super) is_fail_fast: bool,
}

impl Maker {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, is_fail_fast: true }
    }

    /// Returns a number below a limit.
    fn below(&mut self, limit: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % limit
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        let count = items.len() as u64;
        items[usize::try_from(self.below(count)).unwrap()]
    }

    pub(super) fn playbook(&mut self) -> String {
        let count = 1 + self.below(5);
        let mut jobs = Map::new();
        for index in 0..count {
            let job = self.job(index, count);
            jobs.insert(format!("j{index}"), job);
        }
        let mut orchestration = json!({ "defaultVariables": { "x": "a" }, "jobs": jobs });
        if self.one_in(4) {
            orchestration["concurrency"] = json!({ "maxConcurrency": 1 + self.below(2) });
        }
        json!({ "metadata": { "name": "p" }, "orchestration": orchestration }).to_string()
    }

    fn job(&mut self, index: u64, count: u64) -> Value {
        let mut job = Map::new();
        let mut needs: Vec<String> =
            (0..index).filter(|_| self.one_in(2)).map(|need| format!("j{need}")).collect();
        // A circle, now and then.
        if self.one_in(30) && index + 1 < count {
            needs.push(format!("j{}", index + 1));
        }
        if self.one_in(3) {
            let first = needs.first().cloned();
            let first = first
                .map(|need| format!("needs.{need}.result == 'failure' || needs.{need}.outputs.o == '1'"));
            let plain =
                ["always()", "failure()", "success()", "!cancelled()", "vars.x == 'a'", "vars.x != 'a'"];
            let condition = self.pick(&plain).to_owned();
            let condition = if self.one_in(2) { first.unwrap_or(condition) } else { condition };
            job.insert("if".into(), condition.into());
        }
        job.insert("needs".into(), needs.into());
        job.insert("outputs".into(), json!({ "o": "${{ steps.s1.outputs.o }}" }));
        if self.one_in(6) {
            job.insert("continueOnError".into(), true.into());
        }
        if self.one_in(4) {
            let group = self.pick(&["g1", "g2", "g-${{ vars.x }}"]);
            job.insert("concurrency".into(), json!({ "group": group }));
        }
        if self.one_in(3) {
            let mut strategy =
                json!({ "matrix": { "m": [1, 2, 3] }, "fail-fast": self.is_fail_fast && self.one_in(2) });
            if self.one_in(2) {
                strategy["max-parallel"] = (1 + self.below(2)).into();
            }
            job.insert("strategy".into(), strategy);
        }
        if self.one_in(12) {
            job.insert("uses".into(), "q".into());
            job.remove("outputs");
        } else {
            job.insert("steps".into(), self.steps(3, 0));
        }
        job.into()
    }

    fn steps(&mut self, most: u64, depth: u64) -> Value {
        let count = 1 + self.below(most);
        (0..count).map(|index| self.step(index + 1, depth)).collect()
    }

    fn step(&mut self, index: u64, depth: u64) -> Value {
        let mut step = Map::new();
        step.insert("id".into(), format!("s{index}").into());
        match if depth < 2 { self.below(8) } else { 7 } {
            0 => {
                let branches = (0..2).map(|_| json!({ "steps": self.steps(2, depth + 1) })).collect();
                step.insert("type".into(), "parallel".into());
                step.insert("branches".into(), branches);
            }
            1 => {
                let condition = self.pick(&["vars.x == 'a'", "steps.s1.outcome == 'success'", "failure()"]);
                step.insert("type".into(), "conditional".into());
                step.insert("condition".into(), condition.into());
                step.insert("then".into(), self.steps(2, depth + 1));
                step.insert("else".into(), self.steps(2, depth + 1));
            }
            2 => {
                step.insert("type".into(), "foreach".into());
                step.insert("items".into(), json!(["a", "b"]));
                step.insert("as".into(), "item".into());
                step.insert("steps".into(), self.steps(2, depth + 1));
            }
            3 if depth == 0 => {
                step.insert("uses".into(), "q".into());
            }
            _ => {
                step.insert("script".into(), "true".into());
                step.insert("shell".into(), "sh".into());
                step.insert("retries".into(), self.below(3).into());
                if self.one_in(5) {
                    step.insert("resources".into(), json!(["r"]));
                }
            }
        }
        if self.one_in(4) {
            let conditions =
                ["always()", "failure()", "steps.s1.outputs.o == '1'", "vars.x != 'a'", "matrix.m == 2"];
            step.insert("if".into(), self.pick(&conditions).into());
        }
        if self.one_in(6) {
            step.insert("continueOnError".into(), true.into());
        }
        if depth < 2 && self.one_in(6) {
            step.insert("onFailure".into(), self.steps(1, depth + 1));
            step.insert("recovered".into(), self.one_in(2).into());
        }
        if depth < 2 && self.one_in(8) {
            step.insert("onSuccess".into(), self.steps(1, depth + 1));
        }
        step.into()
    }
}
