//! `az schema`.

use crate::repo::Repo;

#[test]
fn a_schema_is_data_and_says_what_it_is_of() {
    let repo = Repo::new();
    for (words, id) in [
        ("", "playbook"),
        ("playbook", "playbook"),
        ("Rules", "rules"),
        ("config", "config"),
        ("job", "job"),
        ("step", "step"),
        ("playbook --json", "playbook"),
    ] {
        let output = repo.az(&format!("schema {words}")).code(0).clone();
        assert_eq!(output.json()["$id"], format!("urn:az:schema:{id}:1"), "{words}");
        assert_eq!(output.stderr(), "");
    }
}

#[test]
fn a_schema_that_there_is_not_is_told() {
    Repo::new().az("schema playbok").code(2).says("AZ0901").says("did you mean `az schema playbook`?");
    Repo::new().az("schema x").code(2).says("`playbook`, `rules`, `config`, `job`");
}
