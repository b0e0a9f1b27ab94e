//! The guard and the local runner with real processes.

#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use az::execute::{
    driver::{Change, Desk, Interrupt, Job, Lost, Signals, Summary, drive},
    guard::{Exit, Guard, Report},
    runner::{Command, Control, Ended, Live, Local, Runner, StartError, Stdio},
    scheduler::{Ending, Node, OnFailure, Outcome, Policy, Scheduler, StopCause, StopHow, Verdict},
};
use az::{model::settings::Leftovers, sys::Os};

/// Says to a re-executed test binary what it shall be: `live`, `steps` or `guard-lost`, and where.
const HELPER: &str = "AZ_TEST_HELPER";

struct World {
    directory: tempfile::TempDir,
    guard: Arc<Guard>,
}

impl World {
    fn new() -> Self {
        let guard = Guard::start(Path::new(env!("CARGO_BIN_EXE_az"))).unwrap();
        Self { directory: tempfile::tempdir().unwrap(), guard: Arc::new(guard) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, argv: &[&str]) -> Command {
        Command {
            argv: argv.iter().map(Into::into).collect(),
            env: vec![("PATH".into(), "/usr/bin:/bin".into())],
            cwd: self.directory.path().to_owned(),
            stdio: Stdio::Log(self.path("log")),
            screen: None,
            bounds: None,
            leftovers: Leftovers::Kill,
            mark: "0400".into(),
        }
    }

    fn shell(&self, text: &str) -> Command {
        self.command(&["/bin/sh", "-c", text])
    }

    fn runner(&self) -> Local {
        Local::new(Arc::clone(&self.guard))
    }

    fn run(&self, command: &Command) -> Result<Ended, StartError> {
        self.runner().run(command, None, &Control::default())
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what} did not come true");
        thread::sleep(Duration::from_millis(5));
    }
}

fn pid_in(path: &Path) -> i32 {
    let read = || fs::read_to_string(path).ok().filter(|text| text.ends_with('\n'));
    wait_until("the pid file", || read().is_some());
    read().unwrap().trim().parse().unwrap()
}

/// A process that nobody has waited for is not alive.
fn is_alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

#[test]
fn codes_and_signals_pass_through() {
    let world = World::new();
    for code in [0, 1, 2, 194, 200, 255] {
        let ended = world.run(&world.shell(&format!("exit {code}"))).unwrap();
        assert_eq!(ended.exit, Exit::Code(code));
        assert_eq!((ended.has_leftovers, ended.stopped), (false, None));
    }
    for signal in [6, 9, 15] {
        let ended = world.run(&world.shell(&format!("kill -{signal} $$"))).unwrap();
        assert_eq!(ended.exit, Exit::Signal(signal));
    }
}

#[test]
fn processor_time_is_counted() {
    let world = World::new();
    let busy = world.run(&world.shell("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done")).unwrap();
    assert!(busy.cpu > Duration::from_millis(10), "{:?}", busy.cpu);
}

#[test]
fn environment_and_directory_are_exactly_those_given() {
    let world = World::new();
    let mut command = world.command(&["/usr/bin/env"]);
    command.env = vec![("B".into(), "two\nlines".into()), ("A".into(), String::new().into())];
    world.run(&command).unwrap();
    assert_eq!(world.log(), "A=\nAZ_STEP=0400\nB=two\nlines\n");

    fs::remove_file(world.path("log")).unwrap();
    fs::create_dir(world.path("sub dir")).unwrap();
    let mut command = world.command(&["/bin/pwd"]);
    command.cwd = world.path("sub dir");
    world.run(&command).unwrap();
    assert_eq!(world.log().trim_end(), fs::canonicalize(world.path("sub dir")).unwrap().to_str().unwrap());
}

#[test]
fn a_step_inherits_no_descriptor_no_ignored_signal_and_no_input() {
    let inheritable = fs::File::open("/dev/null").unwrap();
    rustix::io::fcntl_setfd(&inheritable, rustix::io::FdFlags::empty()).unwrap();
    let world = World::new();
    world.run(&world.shell("ls /proc/$$/fd; cat")).unwrap();
    // Asked of itself: a shell blocks signals for moments.
    world.run(&world.command(&["/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"])).unwrap();
    let log = world.log();
    assert!(log.starts_with("0\n1\n2\nSigBlk:\t0000000000000000\n"), "{log}");
    let ignored = log.rsplit_once("SigIgn:\t").unwrap().1.trim();
    // 32 and 33 belong to the C library.
    assert_eq!(u64::from_str_radix(ignored, 16).unwrap() & !(0b11 << 31), 0, "{log}");
}

#[test]
fn outputs_are_appended_in_order() {
    let world = World::new();
    fs::write(world.path("log"), "before\n").unwrap();
    world.run(&world.shell("for i in 1 2 3; do echo out $i; echo err $i >&2; done")).unwrap();
    assert_eq!(world.log(), "before\nout 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n");
}

#[test]
fn a_large_environment_arrives() {
    let world = World::new();
    let mut command = world.shell("printf %s \"$V0$V9\" | wc -c");
    let variable = |index: usize| (format!("V{index}").into(), "x".repeat(100_000).into());
    command.env.extend((0..10).map(variable));
    world.run(&command).unwrap();
    assert_eq!(world.log().trim(), "200000");

    command.env.push(("HUGE".into(), "x".repeat(4 << 20).into()));
    let Err(StartError::Program { source, .. }) = world.run(&command) else { panic!("must not start") };
    assert_eq!(source.raw_os_error(), Some(7), "E2BIG");
}

#[test]
fn many_steps_share_one_guard() {
    let world = World::new();
    thread::scope(|scope| {
        for first in 0..10 {
            let world = &world;
            // Not all at once: what ends by itself has a quarter of a second for that, also on a busy machine.
            let one = move |index: i32| {
                let mut command =
                    world.shell(&format!("echo {index}; (sleep 0.01; echo late) & exit {index}"));
                command.stdio = Stdio::Log(world.path(&format!("log{index}")));
                command.mark = format!("step {index}").into();
                let ended = world.run(&command).unwrap();
                assert_eq!((ended.exit, ended.has_leftovers), (Exit::Code(index), false));
                let log = fs::read_to_string(world.path(&format!("log{index}"))).unwrap();
                assert_eq!(log, format!("{index}\nlate\n"), "the end is that of the whole tree");
            };
            scope.spawn(move || (first..50).step_by(10).for_each(one));
        }
    });
}

/// Leaves a process that left session and parents, ignores SIGTERM and writes its pid to `$1`.
const DAEMON: &str = "(setsid sh -c 'trap \"\" TERM; echo $$ > \"$0\"; while :; do sleep 1; done' \"$1\" &) ; \
                      while [ ! -s \"$1\" ]; do sleep 0.01; done";

#[test]
fn a_daemon_that_ignores_sigterm_is_reported_and_gone() {
    let world = World::new();
    let command = world.command(&["/bin/sh", "-c", DAEMON, "sh", "pid"]);
    let ended = world.run(&command).unwrap();
    assert_eq!((ended.exit, ended.has_leftovers), (Exit::Code(0), true));
    assert!(!is_alive(pid_in(&world.path("pid"))));
}

#[test]
fn a_daemon_is_found_beside_another_step_by_its_mark() {
    let world = World::new();
    let runner = world.runner();
    let control = Control::default();
    let mut other = world.shell("echo $$ > other; sleep 60 & echo $! > child; wait");
    other.mark = "0500".into();
    thread::scope(|scope| {
        let running = scope.spawn(|| runner.run(&other, None, &control).unwrap());
        let (main, child) = (pid_in(&world.path("other")), pid_in(&world.path("child")));
        let ended = world.run(&world.command(&["/bin/sh", "-c", DAEMON, "sh", "pid"])).unwrap();
        assert!(ended.has_leftovers);
        assert!(!is_alive(pid_in(&world.path("pid"))));
        assert!(is_alive(main) && is_alive(child), "the other step is left alone");
        control.stop(StopHow::Terminate, StopCause::Interrupt);
        let ended = running.join().unwrap();
        assert_eq!((ended.stopped, ended.has_leftovers), (Some(StopCause::Interrupt), false));
        assert!(!is_alive(child));
    });
}

#[test]
fn a_stop_ends_the_whole_tree_even_one_that_does_not_listen() {
    let world = World::new();
    let (runner, control) = (world.runner(), Control::default());
    let text = format!("trap '' TERM; {DAEMON}; echo $$ > main; while :; do sleep 1; done");
    let command = world.command(&["/bin/sh", "-c", &text, "sh", "pid"]);
    thread::scope(|scope| {
        let running = scope.spawn(|| runner.run(&command, None, &control).unwrap());
        let (main, daemon) = (pid_in(&world.path("main")), pid_in(&world.path("pid")));
        control.stop(StopHow::Terminate, StopCause::Timeout);
        thread::sleep(Duration::from_millis(50));
        assert!(is_alive(main) && is_alive(daemon));
        control.stop(StopHow::Kill, StopCause::Timeout);
        let ended = running.join().unwrap();
        assert_eq!((ended.exit, ended.stopped), (Exit::Signal(9), Some(StopCause::Timeout)));
        assert!(!is_alive(main) && !is_alive(daemon));
    });
}

#[test]
fn a_daemon_without_its_environment_is_found() {
    let world = World::new();
    let text = format!("env -i PATH=\"$PATH\" sh -c '{}' sh pid", DAEMON.replace('\'', "'\\''"));
    let ended = world.run(&world.shell(&text)).unwrap();
    assert_eq!((ended.exit, ended.has_leftovers), (Exit::Code(0), true));
    assert!(!is_alive(pid_in(&world.path("pid"))));
}

#[test]
fn a_step_in_az_s_own_group_is_stopped_with_its_children_and_nothing_else() {
    let world = World::new();
    let start = az::execute::guard::Start {
        argv: vec!["/bin/sh".into(), "-c".into(), "sleep 60 & echo $! > child; echo $$ > main; wait".into()],
        program: None,
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        cwd: world.directory.path().to_owned(),
        bounds: None,
        leftovers: Leftovers::Kill,
        mark: "0400".into(),
        group: Some(rustix::process::getpgrp().as_raw_nonzero().get()),
        is_traced: false,
    };
    let step = world.guard.spawn(start, &[]).unwrap();
    let (main, child) = (pid_in(&world.path("main")), pid_in(&world.path("child")));
    let group = |pid| rustix::process::getpgid(rustix::process::Pid::from_raw(pid)).unwrap();
    assert_eq!(group(main), rustix::process::getpgrp());
    world.guard.stop(step.id, StopHow::Terminate);
    let report = step.report.recv().unwrap();
    assert!(matches!(report, Report::Ended { exit: Exit::Signal(15), is_stopped: true, .. }), "{report:?}");
    assert!(!is_alive(child));
}

#[test]
fn a_stop_asked_for_before_the_start_takes_effect() {
    let world = World::new();
    let control = Control::default();
    control.stop(StopHow::Kill, StopCause::Interrupt);
    let ended = world.runner().run(&world.shell("sleep 60"), None, &control).unwrap();
    assert_eq!((ended.exit, ended.stopped), (Exit::Signal(9), Some(StopCause::Interrupt)));
}

#[test]
fn what_cannot_start_says_why() {
    let world = World::new();
    let file = |name: &str, text: &str, mode| {
        fs::write(world.path(name), text).unwrap();
        fs::set_permissions(world.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    file("not_executable.sh", "#!/bin/sh\n", 0o644);
    file("no_interpreter.sh", "#!/no/such/interpreter\n", 0o755);
    file("no_format", "\u{7f}neither", 0o755);
    let errno_of = |program: &str| match world.run(&world.command(&[program])) {
        Err(StartError::Program { source, .. }) => source.raw_os_error(),
        other => panic!("{program}: {other:?}"),
    };
    assert_eq!(errno_of("./absent"), Some(2));
    assert_eq!(errno_of("absent_in_path"), Some(2));
    assert_eq!(errno_of("./not_executable.sh"), Some(13));
    assert_eq!(errno_of("./no_format"), Some(8));
    let result = world.run(&world.command(&["./no_interpreter.sh"]));
    assert!(matches!(result, Err(StartError::Interpreter { .. })), "{result:?}");

    let mut command = world.command(&["/bin/true"]);
    command.cwd = world.path("absent");
    let result = world.run(&command);
    assert!(matches!(result, Err(StartError::Directory { .. })), "{result:?}");
    command = world.command(&["/bin/true"]);
    command.stdio = Stdio::Log(world.path("absent/log"));
    let result = world.run(&command);
    assert!(matches!(result, Err(StartError::Log { .. })), "{result:?}");
    assert_eq!(world.run(&world.command(&["true"])).unwrap().exit, Exit::Code(0), "the guard goes on");
}

#[test]
fn dropping_the_guard_ends_what_runs() {
    let world = World::new();
    let step = {
        let start = az::execute::guard::Start {
            argv: vec![
                "/bin/sh".into(),
                "-c".into(),
                "trap '' TERM; echo $$ > pid; sleep 60; sleep 60".into(),
            ],
            program: None,
            env: Vec::new(),
            cwd: world.directory.path().to_owned(),
            bounds: None,
            leftovers: Leftovers::Kill,
            mark: "0400".into(),
            group: None,
            is_traced: false,
        };
        world.guard.spawn(start, &[]).unwrap()
    };
    let pid = pid_in(&world.path("pid"));
    drop(world.guard);
    assert!(!is_alive(pid));
    assert!(step.report.recv().is_err(), "there is no end to tell of");
}

/// Runs shell texts as nodes.
struct ShellDesk<'a> {
    world: &'a World,
    texts: &'a [&'a str],
}

impl Desk for ShellDesk<'_> {
    type Done = Ended;

    fn look_up(&mut self, _: usize) -> Verdict {
        Verdict::Run
    }

    fn job(&mut self, node: usize, _: u32) -> Job<Ended> {
        let (runner, mut command) = (self.world.runner(), self.world.shell(self.texts[node]));
        command.mark = format!("node {node}").into();
        Box::new(move |control| runner.run(&command, None, control).unwrap())
    }

    fn settle(&mut self, _: usize, done: Ended) -> Ending {
        match (done.stopped, done.exit) {
            (Some(_), _) => Ending::Cancelled,
            (None, Exit::Code(0)) => Ending::Ok,
            _ => Ending::Failed,
        }
    }

    fn lost(&mut self, node: usize, lost: Lost) {
        panic!("{node}: {lost:?}");
    }

    fn changed(&mut self, _: usize, _: &Change) {}
}

fn drive_shells(world: &World, texts: &[&str], timeout: Option<Duration>, signals: &Signals) -> Summary {
    let mut nodes = vec![Node::default(); texts.len()];
    nodes[0].timeout = timeout;
    let policy = Policy { grace: Duration::from_millis(50), ..Policy::new(4, OnFailure::KeepGoing) };
    let scheduler = Scheduler::new(nodes, policy);
    drive(scheduler, &mut ShellDesk { world, texts }, &Os, signals)
}

#[test]
fn a_timeout_ends_a_tree_that_does_not_listen_and_no_other() {
    let world = World::new();
    let deaf = "trap '' TERM; echo $$ > deaf; while :; do sleep 1; done";
    let summary =
        drive_shells(&world, &[deaf, "exit 0", "exit 1"], Some(Duration::from_millis(500)), &Signals::none());
    assert_eq!(summary.outcomes, [Outcome::TimedOut, Outcome::Ran, Outcome::Failed]);
    assert!(!is_alive(pid_in(&world.path("deaf"))));
}

#[test]
fn an_interrupt_ends_all_trees() {
    let world = World::new();
    let signals = Signals::none();
    let texts = ["echo $$ > one; sleep 60", "trap '' TERM; echo $$ > two; sleep 60; sleep 60"];
    thread::scope(|scope| {
        let run = scope.spawn(|| drive_shells(&world, &texts, None, &signals));
        let pids = ["one", "two"].map(|name| pid_in(&world.path(name)));
        signals.raise(Interrupt::Int);
        let summary = run.join().unwrap();
        assert_eq!(summary.outcomes, [Outcome::Cancelled; 2]);
        assert_eq!(summary.interrupted, Some(Interrupt::Int));
        assert!(!pids.iter().any(|pid| is_alive(*pid)));
    });
}

/// Re-executes this test binary as a helper.
fn helper_command(role: &str, directory: &Path) -> process::Command {
    let mut command = process::Command::new(std::env::current_exe().unwrap());
    command.args(["guard::helper", "--exact", "--nocapture", "--test-threads=1"]);
    command.env(HELPER, format!("{role} {}", directory.display()));
    command
}

#[test]
fn helper() {
    let Ok(role) = std::env::var(HELPER) else { return };
    let (role, directory) = role.split_once(' ').unwrap();
    let mut world = World::new();
    world.directory = tempfile::tempdir_in(directory).unwrap();
    let directory = Path::new(directory);
    match role {
        "live" => {
            let mut command = world.shell("read line; echo \"out $line\"; echo err >&2; exit 3");
            command.stdio = Stdio::Live { log: directory.join("log"), to: Live::Apart };
            assert_eq!(world.run(&command).unwrap().exit, Exit::Code(3));
        }
        "steps" => thread::scope(|scope| {
            for name in ["pid0", "pid1"] {
                let (world, pid) = (&world, directory.join(name));
                scope.spawn(move || {
                    let text = format!("{DAEMON}; trap '' TERM HUP INT; while :; do sleep 1; done");
                    let mut command = world.command(&["/bin/sh", "-c", &text, "sh", pid.to_str().unwrap()]);
                    command.mark = name.into();
                    world.run(&command)
                });
            }
        }),
        "guard-lost" => {
            let pid = directory.join("pid");
            let text = format!("echo $PPID > {}; {DAEMON}; sleep 60", directory.join("guard").display());
            let result = world.run(&world.command(&["/bin/sh", "-c", &text, "sh", pid.to_str().unwrap()]));
            assert!(matches!(result, Err(StartError::GuardLost)), "{result:?}");
            let result = world.run(&world.shell("true"));
            assert!(matches!(result, Err(StartError::GuardLost)), "{result:?}");
        }
        other => panic!("no such role: {other}"),
    }
}

#[test]
fn sigkill_of_az_leaves_no_process() {
    let directory = tempfile::tempdir().unwrap();
    let mut az = helper_command("steps", directory.path()).stdout(process::Stdio::null()).spawn().unwrap();
    let pids = ["pid0", "pid1"].map(|name| pid_in(&directory.path().join(name)));
    let tree = [az.id().cast_signed()].into_iter().flat_map(descendants).collect::<Vec<_>>();
    assert!(tree.len() >= 5, "the guard, two steps, two daemons: {tree:?}");
    az.kill().unwrap();
    assert_eq!(az.wait().unwrap().signal(), Some(9));
    let start = Instant::now();
    wait_until("the end of all", || tree.iter().chain(&pids).all(|pid| !is_alive(*pid)));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn sigkill_of_az_at_any_moment_leaves_no_process() {
    for millis in [0, 2, 4, 6, 8, 10, 15, 20, 30, 50] {
        let directory = tempfile::tempdir().unwrap();
        let mut az =
            helper_command("steps", directory.path()).stdout(process::Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(millis));
        az.kill().unwrap();
        az.wait().unwrap();
        let start = Instant::now();
        wait_until("the end of all", || processes_naming(directory.path()).is_empty());
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }
}

/// Returns the processes with the path in their command line; those of a helper's steps have it.
fn processes_naming(path: &Path) -> Vec<String> {
    let lines = fs::read_dir("/proc").unwrap().flatten();
    let lines = lines.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).into_owned());
    lines.filter(|line| line.contains(path.to_str().unwrap())).collect()
}

fn descendants(pid: i32) -> Vec<i32> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let children: Vec<i32> = lists
        .flat_map(|list| list.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<_>>())
        .collect();
    children.iter().flat_map(|child| [vec![*child], descendants(*child)].concat()).collect()
}

#[test]
fn when_the_guard_is_killed_az_ends_the_steps_itself() {
    let directory = tempfile::tempdir().unwrap();
    let mut az =
        helper_command("guard-lost", directory.path()).stdout(process::Stdio::null()).spawn().unwrap();
    let (guard, daemon) = (pid_in(&directory.path().join("guard")), pid_in(&directory.path().join("pid")));
    assert!(process::Command::new("kill").args(["-9", &guard.to_string()]).status().unwrap().success());
    assert!(az.wait().unwrap().success(), "it heard that the guard is lost");
    wait_until("the end of the daemon", || !is_alive(daemon));
}

#[test]
fn a_live_step_reads_and_writes_az_s_own_streams_and_the_log() {
    let directory = tempfile::tempdir().unwrap();
    let mut az = helper_command("live", directory.path())
        .stdin(process::Stdio::piped())
        .stdout(process::Stdio::piped())
        .stderr(process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut az.stdin.take().unwrap(), b"hello\n").unwrap();
    let output = az.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("out hello\n"));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "err\n");
    assert_eq!(fs::read_to_string(directory.path().join("log")).unwrap(), "out hello\nerr\n");
}
