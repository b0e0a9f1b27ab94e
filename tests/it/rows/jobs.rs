//! Jobs and the language of steps.

mod behaviour;
mod graph;
mod language;
mod values;

use serde_json::Value;

use super::Row;
use crate::repo::{Output, Repo};

/// The rows of this file, in ascending order.
pub(super) const ROWS: &[Row] = &[
    (
        "F108",
        &["f108_a_job_is_called_by_a_letter_and_then_letters_digits_and_dashes", "faults_of_jobs_are_told"],
    ),
    (
        "F109",
        &[
            "f109_needs_is_a_text_or_a_list_and_what_cannot_be_is_told_with_its_place",
            "unknown_needs_are_told_with_the_nearest_job",
            "circles_of_any_size_are_told_in_a_few_words",
        ],
    ),
    (
        "F110",
        &[
            "f110_all_jobs_that_are_ready_run_at_once",
            "as_many_jobs_run_at_once_as_there_are_slots_and_no_more",
        ],
    ),
    ("F111", &["f111_and_f129_how_many_jobs_run_at_once_is_said_by_playbook_configuration_and_command_line"]),
    (
        "F112",
        &[
            "every_playbook_ends_and_each_step_has_one_outcome",
            "a_circle_is_told_and_never_run",
            "f109_needs_is_a_text_or_a_list_and_what_cannot_be_is_told_with_its_place",
        ],
    ),
    ("F113", &["f113_the_steps_of_a_job_run_in_the_order_they_are_written_in"]),
    (
        "F114",
        &[
            "f114_a_step_runs_scripts_by_number_or_sequence_under_their_exit_codes",
            "l30_two_is_a_warning_for_powershell_and_stays_one",
        ],
    ),
    ("F115", &["f115_a_text_is_powershells_unless_a_shell_is_named_and_is_an_input"]),
    (
        "F116",
        &[
            "f116_and_f182_playbooks_use_playbooks_in_every_format_with_values_and_never_themselves",
            "a_playbook_uses_another_with_values_and_gets_its_outputs",
            "a_playbook_uses_another_and_never_itself",
        ],
    ),
    ("F117", &["f117_a_parameter_that_nothing_takes_is_told"]),
    ("F118", &["f118_a_step_without_an_id_is_called_by_its_place_and_no_id_is_there_twice"]),
    ("F119", &["f119_to_f123_outputs_of_steps_and_jobs_keep_names_types_and_come_by_any_expression"]),
    (
        "F120",
        &[
            "f119_to_f123_outputs_of_steps_and_jobs_keep_names_types_and_come_by_any_expression",
            "f120_a_step_hands_on_by_each_file_and_a_last_value_wins",
            "what_a_step_hands_on_comes_back",
        ],
    ),
    (
        "F121",
        &[
            "f119_to_f123_outputs_of_steps_and_jobs_keep_names_types_and_come_by_any_expression",
            "outputs_reach_parameters_texts_and_conditions_with_their_types",
        ],
    ),
    (
        "F122",
        &[
            "f119_to_f123_outputs_of_steps_and_jobs_keep_names_types_and_come_by_any_expression",
            "f122_what_nothing_sets_is_told_at_its_place_before_anything_runs",
            "a_value_is_never_a_piece_of_code",
        ],
    ),
    (
        "F123",
        &[
            "f119_to_f123_outputs_of_steps_and_jobs_keep_names_types_and_come_by_any_expression",
            "expressions_give_what_githubs_documentation_says",
            "githubs_own_evaluator_agrees",
        ],
    ),
    (
        "F124",
        &[
            "f124_and_f125_conditions_of_jobs_and_steps_know_how_things_went",
            "status_functions_answer_as_the_table_says",
            "a_skipped_job_skips_those_that_need_it_but_not_those_that_ask",
        ],
    ),
    (
        "F125",
        &[
            "f124_and_f125_conditions_of_jobs_and_steps_know_how_things_went",
            "what_cleans_up_runs_after_a_failure_and_the_run_still_fails",
        ],
    ),
    (
        "F126",
        &[
            "f126_the_environment_of_a_step_is_above_its_jobs_and_that_above_the_playbooks",
            "the_environment_a_step_sets_reaches_the_later_steps_of_its_job_alone",
        ],
    ),
    (
        "F127",
        &[
            "f127_and_f128_of_a_group_one_job_runs_at_a_time_and_what_reaches_beyond_the_run_is_told",
            "jobs_of_one_group_never_overlap",
            "jobs_of_one_concurrency_group_go_one_after_the_other_and_others_pass_them",
        ],
    ),
    ("F128", &["f127_and_f128_of_a_group_one_job_runs_at_a_time_and_what_reaches_beyond_the_run_is_told"]),
    ("F129", &["f111_and_f129_how_many_jobs_run_at_once_is_said_by_playbook_configuration_and_command_line"]),
    (
        "F130",
        &[
            "f130_a_failure_that_is_allowed_is_recorded_however_that_is_spelled",
            "a_failure_that_is_allowed_stops_nobody_and_is_told",
        ],
    ),
    ("F131", &["f131_a_timeout_ends_the_whole_tree_of_a_step_and_of_a_job", "a_timeout_asks_then_kills"]),
    (
        "F132",
        &[
            "f132_and_f133_each_attempt_is_logged_and_has_the_whole_time",
            "retries_are_attempts_of_their_own_and_are_told",
            "a_failure_is_retried_with_doubling_delays",
        ],
    ),
    (
        "F133",
        &[
            "f132_and_f133_each_attempt_is_logged_and_has_the_whole_time",
            "what_its_group_has_no_time_for_is_not_tried_again",
            "a_group_has_one_time_limit_from_the_start_of_its_first_node",
        ],
    ),
    ("F134", &["f134_defaults_hold_where_jobs_and_steps_say_nothing"]),
    (
        "F135",
        &["permissions_of_a_job_are_kept_or_told_to_be_beyond_az", "a_step_without_network_reaches_nobody"],
    ),
    (
        "F136",
        &[
            "f136_a_matrix_of_a_job_takes_fail_fast_and_max_parallel_from_expressions_too",
            "fail_fast_cancels_the_other_combinations_and_no_other_job",
            "max_parallel_lets_one_combination_end_before_the_next",
        ],
    ),
    ("F137", &["f137_a_plan_shows_each_job_step_need_and_combination_and_runs_nothing"]),
    // In the order of the functions that were asked for: the engine of jobs, its graph, its run, steps, scripts, texts,
    // what is used, conditions of jobs and of steps, outputs, the plan that is shown.
    (
        "F138",
        &[
            "every_playbook_ends_and_each_step_has_one_outcome",
            "circles_of_any_size_are_told_in_a_few_words",
            "a_node_starts_after_its_needs_and_never_beside_a_bad_one",
            "steps_inside_steps_have_places_of_their_own",
            "f114_a_step_runs_scripts_by_number_or_sequence_under_their_exit_codes",
            "a_text_has_the_exit_codes_of_its_shell_however_that_is_written",
            "a_playbook_uses_another_and_never_itself",
            "a_condition_that_is_known_is_decided_and_another_is_left_to_the_run",
            "f124_and_f125_conditions_of_jobs_and_steps_know_how_things_went",
            "values_are_filled_and_what_only_the_run_tells_is_left",
            "f137_a_plan_shows_each_job_step_need_and_combination_and_runs_nothing",
        ],
    ),
    (
        "F139",
        &[
            "every_row_asked_for_is_held_by_a_test_that_is_there",
            "jobs_are_read_with_their_settings_and_places",
            "many_slots_come_to_what_one_comes_to",
        ],
    ),
    (
        "F140",
        &[
            "f140_the_playbooks_that_are_shipped_can_be_planned",
            "our_own_playbooks_rules_and_configurations_are_valid",
        ],
    ),
    ("F182", &["f116_and_f182_playbooks_use_playbooks_in_every_format_with_values_and_never_themselves"]),
    ("F335", &["f335_name_description_and_version_are_shown"]),
    (
        "F336",
        &[
            "f336_and_f356_parameters_and_variables_are_above_each_other_as_they_should",
            "parameters_are_what_they_are_declared_to_be",
        ],
    ),
    ("F337", &["f337_and_f338_steps_run_in_order_whatever_their_label"]),
    ("F338", &["f337_and_f338_steps_run_in_order_whatever_their_label"]),
    (
        "F339",
        &[
            "f339_a_command_that_begins_with_a_slash_is_mapped_or_told",
            "a_command_is_what_the_configuration_says",
        ],
    ),
    ("F340", &["f340_and_f341_retry_is_so_many_further_attempts_and_timeout_ends_the_tree"]),
    ("F341", &["f340_and_f341_retry_is_so_many_further_attempts_and_timeout_ends_the_tree"]),
    ("F342", &["f342_names_in_braces_are_filled_in_commands_also_where_a_shell_would_misread_them"]),
    ("F343", &["f343_branches_run_at_once", "branches_choices_and_loops_do_what_they_say"]),
    (
        "F344",
        &[
            "f344_and_f348_conditions_ask_for_parameters_and_for_results_by_names_with_dashes",
            "branches_choices_and_loops_do_what_they_say",
        ],
    ),
    (
        "F345",
        &[
            "f345_and_f346_what_follows_a_step_runs_by_its_end_and_counts",
            "what_follows_a_step_runs_by_how_it_ended",
        ],
    ),
    ("F346", &["f345_and_f346_what_follows_a_step_runs_by_its_end_and_counts"]),
    ("F347", &["f347_a_loop_takes_numbers_and_texts_one_after_the_other_unless_it_says_otherwise"]),
    ("F348", &["f344_and_f348_conditions_ask_for_parameters_and_for_results_by_names_with_dashes"]),
    ("F349", &["the_three_patterns_of_the_seeds_plan_dry_run_and_run"]),
    ("F356", &["f336_and_f356_parameters_and_variables_are_above_each_other_as_they_should"]),
    ("F420", &["f420_hash_files_is_a_digest_of_what_a_pattern_names"]),
    ("F421", &["f421_githubs_spellings_are_taken_beside_those_with_capitals"]),
];

/// Returns a repository with a few scripts: 0100 and 0200 do nothing, 0900 fails.
fn repo() -> Repo {
    let repo = Repo::new();
    repo.script("0100_first.sh", "true").script("0200_second.sh", "true").script("0900_bad.sh", "exit 3")
}

/// Adds a playbook of jobs, in YAML, under the name `p`.
fn jobs(repo: &Repo, jobs: &str) -> Repo {
    repo.playbook("p.yaml", &format!("metadata: {{ name: p }}\norchestration:\n  jobs:\n{jobs}"))
}

/// Claims that nodes ended like this: `a/0100_first ran, b skipped`; what has one text has one record, so that reuse
/// counts as having run.
fn ended(built: &Output, expected: &str) {
    let result = built.json();
    let text = |value: &Value| value.as_str().unwrap().replace("cached", "ran");
    let nodes = result["nodes"].as_array().unwrap().iter();
    let mut found: Vec<String> =
        nodes.map(|node| format!("{} {}", text(&node["id"]), text(&node["outcome"]))).collect();
    let mut wanted: Vec<&str> = expected.split(',').map(str::trim).collect();
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(found, wanted, "{built}");
}
