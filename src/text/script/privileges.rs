//! Whether a text starts what cannot be watched: programs that need other rights, or that leave services behind.
//!
//! Does not know languages: a word counts where a shell would look for a command, or where it is quoted whole.

/// Programs that get other rights, or that have a service do the work.
const PROGRAMS: [&str; 12] = [
    "sudo",
    "su",
    "doas",
    "pkexec",
    "runuser",
    "systemctl",
    "docker",
    "podman",
    "nerdctl",
    "pg_ctl",
    "launchctl",
    "machinectl",
];
/// Words of shells behind which a command starts.
const BEFORE: [&str; 11] = ["then", "do", "else", "exec", "time", "nohup", "env", "command", "!", "{", "if"];

/// Returns the first program a text starts that cannot be watched; O(text).
pub fn privileged_program(text: &str) -> Option<&'static str> {
    let lines = text.lines().map(str::trim_start).filter(|line| !line.starts_with(['#', '/']));
    lines.flat_map(commands).find_map(|word| PROGRAMS.into_iter().find(|program| *program == word))
}

/// Returns the words of a line that may be commands.
fn commands(line: &str) -> impl Iterator<Item = &str> {
    let parts = line.split([';', '|', '&', '(', ')', '`']);
    let first = parts.filter_map(|part| {
        let mut words = part.split_whitespace().peekable();
        // Assignments stand before a command: `LANG=C sudo make`.
        while words.next_if(|word| BEFORE.contains(word) || word.contains('=')).is_some() {}
        let command = words.next();
        // `su = 3` and `docker: 1` are no commands.
        command.filter(|_| words.peek().is_none_or(|word| !word.starts_with(['=', ':'])))
    });
    let quoted = ['"', '\''].into_iter().flat_map(move |quote| line.split(quote).skip(1).step_by(2));
    first.chain(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_where_they_start_and_nowhere_else() {
        for (text, expected) in [
            ("#!/bin/sh\nsudo make install", Some("sudo")),
            ("make && LANG=C sudo ls", Some("sudo")),
            ("if systemctl is-active x; then :; fi", Some("systemctl")),
            ("x=$(docker ps)", Some("docker")),
            ("subprocess.run(['podman', 'run'])", Some("podman")),
            ("\tif ! su -c x; then", Some("su")),
            ("# sudo make install", None),
            ("echo sudo", None),
            ("su = 3", None),
            ("apt-get install docker.io", None),
            ("echo 'no sudo here'", None),
        ] {
            assert_eq!(privileged_program(text), expected, "{text}");
        }
    }
}
