//! What a command costs: time, processor, memory.
//!
//! Every command is started by this program in its role as launcher, a small process of its own: the memory that the
//! kernel reports of a child is never less than that of who started it.

use std::{
    ffi::OsStr,
    fs, io,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// What a command and all it started took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// From its start to its end, without what it leaves behind.
    pub(crate) wall: Duration,
    /// User and system, of all processes.
    pub(crate) cpu: Duration,
    /// The most memory of any one process.
    pub(crate) rss_kib: u64,
}

/// Returns what a command costs.
///
/// # Panics
/// If it does not end well.
pub(crate) fn cost(command: &Command) -> Cost {
    let report = tempfile::NamedTempFile::new().expect("a file for the report");
    let mut launcher = Command::new(std::env::current_exe().expect("this program has a path"));
    launcher.args([OsStr::new("launch"), report.path().as_os_str(), command.get_program()]);
    launcher.args(command.get_args()).current_dir(command.get_current_dir().unwrap_or(Path::new(".")));
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => launcher.env(name, value),
            None => launcher.env_remove(name),
        };
    }
    let answer = launcher.stdin(Stdio::null()).output().expect("the launcher starts");
    let told = || String::from_utf8_lossy(&answer.stderr).into_owned();
    assert!(answer.status.success(), "{command:?} failed:\n{}", told());
    let text = fs::read_to_string(report.path()).expect("a report");
    let numbers: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [wall, cpu, rss_kib] = numbers[..] else { panic!("no report: {text}") };
    Cost { wall: Duration::from_nanos(wall), cpu: Duration::from_nanos(cpu), rss_kib }
}

/// The median of each figure.
pub(crate) fn median(costs: &[Cost]) -> Cost {
    Cost {
        wall: middle(costs.iter().map(|cost| cost.wall).collect()),
        cpu: middle(costs.iter().map(|cost| cost.cpu).collect()),
        rss_kib: middle(costs.iter().map(|cost| cost.rss_kib).collect()),
    }
}

/// Returns the middle one of some values.
pub(crate) fn middle<T: Ord + Copy>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values[values.len() / 2]
}

/// Runs a command, waits for all it started, and writes what they took; returns whether it ended well.
#[expect(clippy::zombie_processes, reason = "every child is waited for below, whoever started it")]
pub(crate) fn launch(report: &str, program: &str, arguments: &[String]) -> bool {
    // What az leaves to end by itself is waited for as well.
    rustix::process::set_child_subreaper(rustix::process::Pid::from_raw(1)).expect("Linux has subreapers");
    let started = Instant::now();
    let child = Command::new(program).args(arguments).stdout(Stdio::null()).spawn().expect("it starts");
    let (mut wall, mut is_well) = (Duration::ZERO, false);
    let (mut cpu, mut rss_kib) = (0, 0);
    while let Ok((process, status, usage)) = wait_for_any() {
        if process == child.id().cast_signed() {
            wall = started.elapsed();
            is_well = status == 0;
        }
        cpu += nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
        rss_kib = rss_kib.max(usage.ru_maxrss);
    }
    fs::write(report, format!("{} {cpu} {rss_kib}\n", wall.as_nanos())).expect("a report");
    is_well
}

fn nanoseconds(time: libc::timeval) -> i64 {
    time.tv_sec * 1_000_000_000 + time.tv_usec * 1_000
}

/// Waits for a child and says what it, and those it waited for, took; an error when there is none.
#[expect(unsafe_code, reason = "no library at hand hands out the usage of a child")]
fn wait_for_any() -> io::Result<(i32, i32, libc::rusage)> {
    let mut status = 0;
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    loop {
        // SAFETY: both pointers are to live values of the types that the call fills.
        let process = unsafe { libc::wait4(-1, &raw mut status, 0, usage.as_mut_ptr()) };
        if process >= 0 {
            // SAFETY: all-zero is a valid value of this plain structure, and the call has filled it.
            return Ok((process, status, unsafe { usage.assume_init() }));
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}
