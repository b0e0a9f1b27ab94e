//! A workspace of many declared steps, which each read a source and what an earlier step makes.

use std::{fs, path::Path, process::Command, sync::Arc};

use az::{
    engine::{Ask, BuildOptions, Engine},
    event::Counts,
    sys::Os,
};

/// How many steps there are.
pub(crate) const STEPS: usize = 1_000;

/// Writes the workspace; each source is its step's number, over and over, `bytes` long.
pub(crate) fn write_workspace(root: &Path, bytes: usize) {
    for folder in ["scripts", "src", "out"] {
        fs::create_dir(root.join(folder)).expect("a folder");
    }
    for step in 0..STEPS {
        let before = if step == 0 { String::new() } else { format!(", out/{}", step / 2) };
        let text =
            format!("# Inputs: src/{step}{before}\n# Outputs: out/{step}\ncat src/{step} > out/{step}\n");
        fs::write(root.join(format!("scripts/{step:04}_s.sh")), text).expect("a script");
        let number = format!("{step:07}\n");
        fs::write(root.join(format!("src/{step}")), number.repeat(bytes.div_ceil(number.len())))
            .expect("a source");
    }
}

/// Builds all steps as a process of its own, which is what can run steps: az starts its own program as their parent.
pub(crate) fn run_all(root: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_az"));
    let status = command.args(["build", "*", "-q", "--no-trace"]).current_dir(root).status();
    assert!(status.expect("az starts").success());
}

/// Builds all steps in this process, as the command does behind its first line, where none of them has to run.
pub(crate) fn build(root: &Path) -> Counts {
    let engine = Engine::open(Arc::new(Os), root).expect("a workspace");
    let ask = Ask { arguments: vec!["*".to_owned()], no_trace: true, ..Ask::default() };
    let result = engine.build(&ask, &BuildOptions::default(), &mut |_, _| (), &mut || ());
    result.expect("a sound plan").view.counts()
}
