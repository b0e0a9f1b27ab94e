//! Steps that are traced, started as az starts them: by the guard.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use az::{
    execute::{
        guard::{Exit, Guard},
        runner::{Command, Control, Live, Local, Runner, Stdio},
    },
    model::settings::Leftovers,
    trace::{Asked, Changed, Contact, Gap, Rung, Trace, Witness},
};
use tempfile::TempDir;

struct Nobody;

impl Witness for Nobody {
    fn before_change(&mut self, _path: &Path) {}
}

struct World {
    guard: Arc<Guard>,
    folder: TempDir,
    /// Outside the folder, since it is open before the step begins.
    log: TempDir,
}

impl World {
    fn new() -> Self {
        let guard = Guard::start(Path::new(env!("CARGO_BIN_EXE_az"))).unwrap();
        Self {
            guard: Arc::new(guard),
            folder: tempfile::tempdir().unwrap(),
            log: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    fn run(&self, argv: &[&str]) -> (Exit, bool, Trace) {
        self.run_to(Stdio::Log(self.log()), argv)
    }

    fn log(&self) -> PathBuf {
        self.log.path().join("log")
    }

    fn run_to(&self, stdio: Stdio, argv: &[&str]) -> (Exit, bool, Trace) {
        let path = std::env::var_os("PATH").unwrap();
        let command = Command {
            argv: argv.iter().map(Into::into).collect(),
            env: vec![("PATH".into(), path)],
            cwd: self.folder.path().to_owned(),
            stdio,
            screen: None,
            bounds: None,
            leftovers: Leftovers::Kill,
            mark: "0400".into(),
        };
        let local = Local::new(Arc::clone(&self.guard));
        let ended = local.run(&command, Some(&mut Nobody), &Control::default()).unwrap();
        (ended.exit, ended.has_leftovers, ended.trace.unwrap())
    }

    fn shell(&self, text: &str) -> (Exit, bool, Trace) {
        self.run(&["/bin/sh", "-c", text])
    }
}

/// Whether steps can be traced here at all; in a container that forbids it they run untraced, and az says so.
fn is_traced(trace: &Trace) -> bool {
    let is_traced = trace.rung != Rung::Off && !trace.gaps.contains(&Gap::Silent);
    if !is_traced {
        eprintln!("skipped: nothing can be traced here");
    }
    is_traced
}

#[test]
fn where_a_program_was_looked_for_is_known_whoever_looked() {
    let world = World::new();
    let folder = world.path("none");
    let path = std::env::var_os("PATH").unwrap();
    let run = |first: &Path| {
        let folders = [first.to_owned()].into_iter().chain(std::env::split_paths(&path));
        let env = vec![("PATH".into(), std::env::join_paths(folders).unwrap())];
        let command = Command {
            argv: vec!["true".into()],
            env,
            cwd: "/".into(),
            stdio: Stdio::Log(world.log()),
            screen: None,
            bounds: None,
            leftovers: Leftovers::Kill,
            mark: "0400".into(),
        };
        let local = Local::new(Arc::clone(&world.guard));
        local.run(&command, Some(&mut Nobody), &Control::default()).unwrap().trace.unwrap()
    };
    let by_az = run(&folder);
    if !is_traced(&by_az) {
        return;
    }
    // A link on the way leaves it to the process.
    let link = world.path("link");
    std::os::unix::fs::symlink(&folder, &link).unwrap();
    let by_itself = run(&link);
    let candidate = folder.join("true");
    assert!(by_itself.paths.contains_key(&link) && !by_az.paths.contains_key(&link));
    let looked = |trace: &Trace| {
        let touches = trace.paths.iter().filter(|(path, _)| **path != link);
        touches.map(|(path, touch)| (path.clone(), touch.asked, touch.was_there)).collect::<Vec<_>>()
    };
    assert_eq!(looked(&by_az), looked(&by_itself));
    assert!(by_az.paths[&candidate].asked == Asked::PROBED);
}

#[test]
fn a_step_is_traced_with_all_it_starts() {
    let world = World::new();
    let (exit, has_leftovers, trace) = world.shell("echo text >made; (cat made absent; exit 7)");
    assert_eq!((exit, has_leftovers), (Exit::Code(7), false));
    if !is_traced(&trace) {
        return;
    }
    assert!(trace.is_complete(), "{:?}", trace.gaps);
    assert_eq!(trace.paths[&world.path("made")].changed, Changed::REPLACED);
    assert!(!trace.paths[&world.path("absent")].asked.is_empty());
    assert_eq!(trace.contacts, [].into());
}

#[test]
fn a_live_step_is_traced_while_its_output_is_passed_on() {
    let world = World::new();
    let text = "echo said by a live step; cat absent 2>made; exit 7";
    let (exit, has_leftovers, trace) =
        world.run_to(Stdio::Live { log: world.log(), to: Live::Apart }, &["/bin/sh", "-c", text]);
    assert_eq!((exit, has_leftovers), (Exit::Code(7), false));
    assert_eq!(std::fs::read_to_string(world.log()).unwrap(), "said by a live step\n");
    if is_traced(&trace) {
        assert!(trace.is_complete(), "{:?}", trace.gaps);
        assert_eq!(trace.paths[&world.path("made")].changed, Changed::REPLACED);
        assert!(!trace.paths[&world.path("absent")].asked.is_empty());
    }
}

#[test]
fn steps_at_the_same_time_have_traces_of_their_own() {
    let world = World::new();
    std::thread::scope(|scope| {
        for name in ["one", "two", "three"] {
            let world = &world;
            scope.spawn(move || {
                let (exit, _, trace) =
                    world.shell(&format!("for i in 1 2 3; do cat {name}; done; : >of-{name}"));
                assert_eq!(exit, Exit::Code(0));
                if is_traced(&trace) {
                    let inside = trace.paths.keys().filter(|path| path.starts_with(world.path("")));
                    let inside: Vec<_> = inside.filter(|path| **path != world.path("")).collect();
                    assert_eq!(inside, [&world.path(&format!("of-{name}")), &world.path(name)]);
                }
            });
        }
    });
}

#[test]
fn a_daemon_is_traced_until_it_is_ended() {
    let world = World::new();
    let daemon = "setsid sh -c 'sleep 0.05; cat late; sleep 60' >/dev/null 2>&1 & sleep 0.01";
    let (exit, has_leftovers, trace) = world.shell(daemon);
    assert_eq!((exit, has_leftovers), (Exit::Code(0), true));
    if is_traced(&trace) {
        assert!(trace.paths.contains_key(&world.path("late")));
        assert!(!trace.gaps.contains(&Gap::Leftover), "it was ended");
    }
}

#[test]
fn a_program_that_cannot_be_started_ends_its_trace() {
    let world = World::new();
    let command = Command {
        argv: vec!["/nowhere/program".into()],
        env: Vec::new(),
        cwd: world.folder.path().to_owned(),
        stdio: Stdio::Log(world.log.path().join("log")),
        screen: None,
        bounds: None,
        leftovers: Leftovers::Kill,
        mark: "0400".into(),
    };
    let local = Local::new(Arc::clone(&world.guard));
    assert!(local.run(&command, Some(&mut Nobody), &Control::default()).is_err());
}

/// A server and a client in one program; a second argument is a port of somebody else.
const TALK: &str = "
import socket, sys
server = socket.socket()
server.bind(('127.0.0.1', 0)); server.listen()
socket.create_connection(server.getsockname())
local = socket.socket(socket.AF_UNIX)
local.bind('own'); local.listen()
socket.socket(socket.AF_UNIX).connect('own')
for port in sys.argv[1:]:
    socket.create_connection(('127.0.0.1', int(port)))
for name in ['foreign'] * len(sys.argv[1:]):
    socket.socket(socket.AF_UNIX).connect(name)
datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagram.bind(('127.0.0.1', 0))
datagram.sendto(b'x', datagram.getsockname())
datagram.sendmsg([b'x'], [], 0, datagram.getsockname())
";

#[test]
fn only_strangers_are_contacts() {
    let world = World::new();
    let (exit, _, trace) = world.run(&["python3", "-c", TALK]);
    if exit != Exit::Code(0) || !is_traced(&trace) {
        eprintln!("skipped: no python3, or no sockets");
        return;
    }
    assert_eq!(trace.contacts, [].into());
    std::fs::remove_file(world.path("own")).unwrap();
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let _local = std::os::unix::net::UnixListener::bind(world.path("foreign")).unwrap();
    let address = server.local_addr().unwrap();
    let (exit, _, trace) = world.run(&["python3", "-c", TALK, &address.port().to_string()]);
    assert_eq!(exit, Exit::Code(0));
    assert_eq!(trace.contacts, [Contact::Inet(address), Contact::Unix(world.path("foreign"))].into());
}
