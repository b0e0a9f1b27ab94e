//! Programs as people run them: scripts, interpreters, compilers.

use std::path::Path;

use super::harness::{Folder, NOT_STARTED, NOTIFY, run, tool};
use crate::trace::{Asked, Changed, Gap, Rung};

const RUNGS: [Rung; 2] = [NOTIFY, Rung::Ptrace];

#[test]
fn scripts_name_all_their_interpreters() {
    let Some(shell) = tool("sh") else { return };
    for rung in RUNGS {
        let folder = Folder::new();
        let inner = folder.write("inner", &format!("#!{}\n. \"$1\"\n", shell.display()), 0o755);
        let outer = folder.write("outer", &format!("#! {} \ntrue\n", inner.display()), 0o755);
        let ran = run(rung, &folder, &outer, &[]);
        for script in [&inner, &outer] {
            assert_eq!(ran.asked(script), "PROBED|READ|EXECUTED", "{rung:?}");
        }
        let executed: Vec<_> =
            ran.trace.paths.iter().filter(|(_, touch)| touch.asked.has(Asked::EXECUTED)).collect();
        let has = |part: &str| executed.iter().any(|(path, _)| path.to_str().unwrap().contains(part));
        assert!(has("/dash") || has("/bash") || has("/busybox"), "{executed:?}");
        assert!(has("ld-") || has("busybox"), "{executed:?}");
        assert_eq!(ran.trace.gaps, [].into());
        assert_eq!(ran.trace.processes[0].program, outer);
    }
}

#[test]
fn an_interpreter_that_is_missing_is_asked_about() {
    for rung in RUNGS {
        let folder = Folder::new();
        let script = folder.write("script", "#!/nowhere/interpreter\n", 0o755);
        let ran = run(rung, &folder, &script, &[]);
        assert_eq!(ran.status.code(), Some(NOT_STARTED));
        assert_eq!(ran.asked("/nowhere/interpreter"), "PROBED");
    }
}

#[test]
fn processes_know_who_started_them() {
    let Some(shell) = tool("sh") else { return };
    for rung in RUNGS {
        let folder = Folder::new();
        let ran = run(rung, &folder, &shell, &["-c", "cat a >copy; exec cat b"]).succeeds();
        let process = |name: &str| &ran.trace.processes[ran.trace.paths[&folder.root.join(name)].by as usize];
        assert_eq!(process("a").arguments, ["cat", "a"]);
        assert_eq!(process("b").arguments, ["cat", "b"]);
        for name in ["a", "b"] {
            let parent = process(name).parent.unwrap();
            assert_eq!(ran.trace.processes[parent as usize].arguments[1], "-c", "{rung:?} {name}");
        }
        let copy = ran.trace.paths[&folder.root.join("copy")];
        assert_eq!((copy.asked, copy.changed), (Asked::NONE, Changed::REPLACED));
    }
}

#[test]
fn a_program_searched_for_is_asked_about_where_it_is_not() {
    let Some(shell) = tool("sh") else { return };
    for rung in RUNGS {
        let folder = Folder::new();
        let script = format!("PATH={0}/d:{0}/none:$PATH; cat a", folder.root.display());
        let ran = run(rung, &folder, &shell, &["-c", &script]).succeeds();
        assert_eq!(ran.asked(folder.root.join("d/cat")), "PROBED");
        assert_eq!(ran.asked(folder.root.join("none/cat")), "PROBED");
    }
}

#[test]
fn an_own_program_is_no_question() {
    let Some(shell) = tool("sh") else { return };
    for rung in RUNGS {
        let folder = Folder::new();
        let script =
            "echo 'cat a' >made; chmod +x made; sh ./made; cp made d/moved; mv d/moved moved; cat moved";
        let ran = run(rung, &folder, &shell, &["-c", script]).succeeds();
        assert_eq!(ran.asked(folder.root.join("made")), "-", "{rung:?}");
        assert_eq!(ran.asked(folder.root.join("d/moved")), "PROBED", "{rung:?}");
        assert_eq!(ran.asked(folder.root.join("moved")), "PROBED", "{rung:?}");
        assert_eq!(ran.asked(folder.root.join("a")), "PROBED|READ", "{rung:?}");
    }
}

#[test]
fn io_that_goes_around_the_filter_is_noticed() {
    let Some(shell) = tool("sh") else { return };
    for rung in RUNGS {
        let folder = Folder::new();
        std::fs::hard_link(folder.root.join("a"), folder.root.join("a2")).unwrap();
        let ran = run(rung, &folder, &shell, &["-c", "echo more >>a; ln b b2; echo more >>b2"]).succeeds();
        let expected = ["a", "b2"].map(|name| Gap::HardLink(folder.root.join(name)));
        assert_eq!(ran.trace.gaps, expected.into(), "{rung:?}");
        let ran = run(rung, &folder, &shell, &["-c", "cat /proc/$PPID/environ /proc/$$/environ >/dev/null"]);
        assert_eq!(ran.trace.gaps, [Gap::Environ].into(), "{rung:?}");
    }
}

#[test]
fn interpreters_and_compilers_show_what_they_read() {
    let expectations: [(&str, &[&str], &[&str]); 4] = [
        ("python3", &["-c", "import module; open('a').read()"], &["module.py", "a"]),
        ("node", &["-e", "require('./module.js')"], &["module.js"]),
        ("gcc", &["-c", "main.c"], &["main.c", "header.h"]),
        ("bash", &["-c", "source ./module.sh; [[ d -nt b ]] || true"], &["module.sh", "a", "b", "d"]),
    ];
    for (program, arguments, inputs) in expectations {
        let Some(program) = tool(program) else { continue };
        for rung in RUNGS {
            let folder = Folder::new();
            folder.write("module.py", "x = 1\n", 0o644);
            folder.write("module.js", "require('fs').readFileSync('a')\n", 0o644);
            folder.write("module.sh", "cat a\n", 0o644);
            folder.write("main.c", "#include \"header.h\"\nint main(void) { return ZERO; }\n", 0o644);
            folder.write("header.h", "#define ZERO 0\n", 0o644);
            let ran = run(rung, &folder, &program, arguments).succeeds();
            for input in inputs {
                let asked = ran.asked(folder.root.join(input));
                assert!(asked.contains("PROBED"), "{} {input}: {asked} {rung:?}", program.display());
            }
            assert_eq!(ran.trace.gaps, [].into(), "{} {rung:?}", program.display());
        }
    }
}

#[test]
fn nothing_outlives_a_command_that_does_not_exist() {
    for rung in RUNGS {
        let folder = Folder::new();
        let ran = run(rung, &folder, Path::new("/nowhere/program"), &[]);
        assert_eq!(ran.status.code(), Some(NOT_STARTED));
        assert_eq!(ran.asked("/nowhere/program"), "PROBED");
        assert_eq!(ran.trace.gaps, [].into());
    }
}
