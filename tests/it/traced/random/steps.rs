//! Random steps: what they do, and which files make what they do.
//!
//! What a step finds of its own decides what it does, not what it leaves: where it does, az gives what a clean run gives,
//! and a person what comes of all runs before.

pub(in super::super) struct Random(pub(in super::super) u64);

impl Random {
    pub(in super::super) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

pub(super) const STEPS: usize = 8;

/// What a step does.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) text: String,
    /// Files and folders whose content decides what it leaves.
    pub(super) reads: Vec<String>,
}

/// Returns a copy of what may be absent. What the step left before must not shine through: az runs it once, a person as
/// often as they like.
fn copy(from: &str, step: usize) -> String {
    format!("{{ cp {from} made/m{step} || echo none > made/m{step}; }}")
}

/// Returns something to read: a source or what an earlier step made.
fn any(random: &mut Random, step: usize) -> String {
    let sources = if step < 2 { 2 } else { 3 };
    let choice = random.below(sources + step);
    if choice < sources {
        return format!("s{choice}");
    }
    let made = choice - sources;
    match random.below(8) {
        0 => format!("made/r{made}"),
        1 => format!("made/out{made}/x"),
        2 => format!("own{made}"),
        _ => format!("made/m{made}"),
    }
}

impl Step {
    pub(super) fn new(random: &mut Random, step: usize) -> Self {
        let (from, other) = (any(random, step), any(random, step));
        let (copied, earlier, later) =
            (copy(&other, step), random.below(step.max(1)), (step + 1 + random.below(STEPS)).min(STEPS - 1));
        let both = vec![from.clone(), other.clone()];
        let with = |path: String| vec![from.clone(), other.clone(), path];
        let theirs = || with(format!("made/m{earlier}"));
        let (text, reads) = match (random.below(15), step) {
            (0, 1..) => (format!("cat {from} >> made/m{earlier}; {copied}"), theirs()),
            (1, 1..) => (format!("rm -f made/m{earlier}; {copied}"), theirs()),
            (2, _) => (format!("cat {from} {other} > all.$$; mv all.$$ made/m{step}"), both),
            (3, _) => (format!("ln -sf {from} link{step}; cat link{step} > made/m{step}"), both),
            (4, _) => (format!("[ -e {from} ] && {copied} || cp s1 made/m{step}"), with("s1".to_owned())),
            (5, 1..) => (format!("ln -sfn {from} current; {copied}"), both),
            (6, 1..) => (
                format!("cat current > made/m{step} || echo none > made/m{step}"),
                vec!["current".to_owned()],
            ),
            (7, 1..) => (format!("mv made/m{earlier} made/r{step}; {copied}"), theirs()),
            (8, _) => {
                let text = "rm -rf made/out$N; mkdir made/new.$$; cat $FROM > made/new.$$/x; mv made/new.$$ made/out$N";
                let text = text.replace("$N", &step.to_string()).replace("$FROM", &from);
                (format!("{text}; {copied}"), both)
            }
            (9, 1..) => (format!("sed -i 's/[^.]$/&./' made/m{earlier}; {copied}"), theirs()),
            (10, _) => {
                let text =
                    format!("cmp -s {from} own{step} || cat {from} > own{step}; cp own{step} made/m{step}");
                (text, vec![from, format!("own{step}")])
            }
            (11, _) => (format!("mkdir -p d{later}; cat {from} > d{later}/of{step}; {copied}"), both),
            (12, _) => {
                let text =
                    format!("mkdir -p d{step}; ls d{step} > made/m{step}; cat d{step}/* >> made/m{step}");
                (text, vec![format!("d{step}")])
            }
            (13, _) => (format!("rm -f d{later}/*; {copied}"), with(format!("d{later}"))),
            (14, 1) => (format!("sed -i 's/[^.]$/&./' s2; {copied}"), with("s2".to_owned())),
            _ => (format!("cat {from} {other} > made/m{step}"), both),
        };
        // What the link leads to is always decided anew, by a step that all who look at it come after.
        let first = if step == 0 { "ln -sfn s0 current; " } else { "" };
        let mut reads = reads;
        if step == 0 || text.contains("current") {
            // `ln` looks what the link leads to before it replaces it.
            reads.push("current".to_owned());
        }
        // A step may fail to read what another removed; it does not fail then.
        Self { text: format!("set +e\nmkdir -p made/deep; {first}{text}\ntrue"), reads }
    }
}
