//! A value of a playbook is never a piece of code: where it would be one, nothing runs.

use super::{jobs, repo};

#[test]
fn a_value_where_a_command_would_run_it_is_refused_before_anything_runs() {
    for (line, value) in [
        ("let \"y=${{ vars.x }}\"", "a[$(touch pwned)]"),
        ("read \"${{ vars.x }}\" <<< 1", "a[$(touch pwned)]"),
        ("eval \"echo ${{ vars.x }}\"", "; touch pwned #"),
        ("awk 'BEGIN { x = \"${{ vars.x }}\" }'", "\"; system(\"touch pwned\"); x = \""),
    ] {
        let repo = jobs(
            &repo(),
            &format!(
                "    a:\n      steps:\n        - {{ run: '0100' }}\n        - shell: bash\n          script: |\n            {line}\n"
            ),
        );
        repo.file("az.toml", format!("[variables]\nx = '{value}'\n"));
        repo.az("build p").code(2).ran([]).says("AZ0605").says("${{ vars.x }}").says("help");
        assert!(!repo.has_path("pwned"), "{line}");
    }
}
