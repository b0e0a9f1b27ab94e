//! Kinds: az's own, a repository's, and which file has which.

use super::*;
use crate::{
    base::WsPath,
    model::{decode::testing::told, rule, settings::ExitMeaning},
};

fn kinds(text: &str) -> (Vec<Kind>, String) {
    let reading = rule::read(&std::sync::Arc::new(crate::diag::Source::new("rules/x.toml", text)));
    (reading.value.unwrap_or_default().kinds, told(&reading.diagnostics))
}

fn catalog(text: &str) -> Kinds {
    let (repository, faults) = kinds(text);
    assert_eq!(faults, "");
    Kinds::new(repository, &rule::embedded().kinds)
}

fn file(path: &str) -> WsPath {
    WsPath::from_normal(path).unwrap()
}

#[test]
fn embedded_kinds_run_their_scripts() {
    let all = catalog("");
    let argv = |path: &str| {
        let kind = all.of_path(&file(path)).unwrap();
        kind.argv(path, &["-Name".to_owned(), "a b".to_owned()]).join("|")
    };
    assert_eq!(
        argv("scripts/0402_T.ps1"),
        "pwsh|-NoProfile|-NonInteractive|-File|scripts/0402_T.ps1|-Name|a b"
    );
    assert_eq!(argv("0001_a.SH"), "sh|0001_a.SH|-Name|a b");
    assert_eq!(argv("0001_a.bash"), "bash|0001_a.bash|-Name|a b");
    assert_eq!(argv("0001_a.py"), "python3|0001_a.py|-Name|a b");
    assert!(argv("0001_a.js").starts_with("node|") && argv("0001_a.mjs").starts_with("node|"));
    assert_eq!(all.of_path(&file("0001_a.rb")), None);
    assert_eq!(all.of_path(&file("README")), None);
    let shebang: Vec<_> = all.iter().filter(|kind| kind.shebang).map(|kind| kind.name.as_str()).collect();
    assert_eq!(shebang, ["sh"]);
    assert_eq!(all.named("pwsh").unwrap().parameters, Parameters::Named);
    assert_eq!(all.named("pwsh").unwrap().comments.block, Some(("<#".to_owned(), "#>".to_owned())));
}

#[test]
fn exit_codes_are_the_kinds_own() {
    let all = catalog("");
    let meaning = |kind: &str, code: i32| all.named(kind).unwrap().exit_codes.get(&code).copied();
    assert_eq!((meaning("pwsh", 0), meaning("pwsh", 1)), (None, None));
    assert_eq!(meaning("pwsh", 2), Some(ExitMeaning::Warning));
    assert_eq!(meaning("pwsh", 3010), Some(ExitMeaning::Restart));
    assert_eq!(meaning("pwsh", 194), None, "only a script that declares 3010 means it by 194");
    for kind in ["sh", "bash", "python", "node"] {
        assert_eq!((meaning(kind, 2), meaning(kind, 200)), (None, Some(ExitMeaning::Attention)), "{kind}");
    }
}

#[test]
fn a_repository_adds_and_replaces_kinds() {
    let all = catalog(
        "[[kind]]\nname = \"ruby\"\nextensions = \"RB\"\ninterpreter = [\"ruby\", \"{script}\"]\n\
         [[kind]]\nname = \"sh\"\nextensions = [\"sh\"]\ninterpreter = [\"dash\", \"-e\", \"{script}\"]\n\
         [[kind]]\nname = \"tools\"\npaths = [\"tools/**\"]\ninterpreter = [\"{script}\"]\n",
    );
    let argv = |path: &str| all.of_path(&file(path)).unwrap().argv(path, &["x".to_owned()]).join(" ");
    assert_eq!(argv("0001_a.rb"), "ruby 0001_a.rb x");
    assert_eq!(argv("0001_a.sh"), "dash -e 0001_a.sh x");
    assert_eq!(argv("tools/0001_a.py"), "tools/0001_a.py x");
    assert_eq!(argv("0001_a.py"), "python3 0001_a.py x");
    assert_eq!(all.iter().filter(|kind| kind.name == "sh").count(), 1);
}

#[test]
fn faults_of_kinds_are_told() {
    let (_, faults) = kinds(
        "[[kind]]\nextensions = [\".rb\", \"a/*\"]\ninterpreter = [\"ruby\"]\nparameters = \"nmaed\"\ncomments = { block = [\"x\"] }\n\
         [[kind]]\nname = \"x\"\ninterpretr = []\nexitCodes = { 2 = \"odd\" }\n[[kind]]\nname = \"y\"\ninterpreter = []\n",
    );
    insta::assert_snapshot!(faults);
}
