//! Stages, older formats, matrices and resources.

mod bodies;
mod definitions;
mod matrices;
mod order;

use super::Row;
use crate::repo::{Output, Repo};

/// The rows of this file, in ascending order.
pub(super) const ROWS: &[Row] = &[
    (
        "F096",
        &[
            "f096_names_are_required_and_each_stage_has_one_of_its_own",
            "two_stages_of_one_name_are_two_and_told",
        ],
    ),
    ("F097", &["f097_a_stage_runs_its_sequences_under_any_of_their_names"]),
    (
        "F098",
        &[
            "variables_of_a_stage_lie_over_those_of_the_playbook",
            "f098_what_a_stage_sets_ends_with_the_stage",
        ],
    ),
    (
        "F099",
        &[
            "stages_follow_each_other_and_a_skipped_one_stops_nobody",
            "f099_a_stage_whose_condition_is_false_is_skipped_and_planned_so",
        ],
    ),
    (
        "F100",
        &[
            "stages_run_in_their_order_and_not_in_that_of_the_numbers",
            "f100_a_stage_starts_only_after_all_of_the_one_before_it",
        ],
    ),
    ("F101", &["f101_parallel_says_whether_the_scripts_of_a_stage_overlap"]),
    (
        "F102",
        &[
            "f102_a_stage_goes_on_after_errors_retries_and_has_one_time_limit",
            "a_group_has_one_time_limit_from_the_start_of_its_first_node",
        ],
    ),
    (
        "F103",
        &[
            "a_profile_says_which_stages_run_and_with_what",
            "a_profile_leaves_scripts_out_and_old_files_name_profiles_that_are_not_theirs",
        ],
    ),
    (
        "F104",
        &[
            "what_must_hold_before_is_asked_of_variables_files_and_the_environment",
            "what_should_hold_afterwards_is_a_warning_if_it_does_not",
            "thresholds_limit_what_may_go_wrong",
        ],
    ),
    (
        "F105",
        &[
            "people_are_told_at_the_moments_they_asked_for",
            "a_failure_is_told_where_github_sees_it_and_nowhere_else",
            "a_warning_is_told_and_what_nobody_must_see_is_not",
            "f105_channels_that_cannot_be_reached_are_named",
        ],
    ),
    (
        "F106",
        &[
            "what_is_required_and_not_there_stops_a_build_before_anything_runs",
            "what_is_required_and_there_stops_nobody",
            "powershell_and_its_modules_are_looked_up_and_not_started",
        ],
    ),
    ("F107", &["f107_a_section_of_reports_is_read_whole_and_told_to_write_none_yet"]),
    (
        "F144",
        &[
            "f144_two_times_two_combinations_run_a_script_four_times_in_the_order_they_are_written",
            "the_command_line_multiplies_any_sequence",
            "the_last_dimension_changes_fastest",
        ],
    ),
    (
        "F145",
        &[
            "a_stage_has_a_matrix_among_its_variables",
            "f145_the_matrix_of_a_stage_is_one_like_any_other",
            "f145_the_example_of_the_seeds_runs_four_times",
        ],
    ),
    ("F146", &["f146_of_twelve_combinations_six_are_at_work_and_never_seven"]),
    (
        "F147",
        &[
            "what_is_excluded_has_the_same_type",
            "a_text_is_quoted_only_where_another_value_reads_like_it",
            "combinations_are_told_to_programs_with_ids_and_typed_values",
            "f147_values_keep_their_types_in_every_format",
        ],
    ),
    (
        "F148",
        &[
            "max_parallel_lets_one_combination_end_before_the_next",
            "at_most_so_many_combinations_of_a_matrix_are_under_way",
            "f146_of_twelve_combinations_six_are_at_work_and_never_seven",
        ],
    ),
    (
        "F149",
        &[
            "fail_fast_cancels_the_other_combinations_and_no_other_job",
            "a_failure_ends_the_other_members_of_its_cohort_alone",
            "f149_the_first_failure_cancels_the_rest_unless_it_is_said",
        ],
    ),
    (
        "F150",
        &[
            "each_combination_is_a_step_of_its_own_with_a_record_of_its_own",
            "names_are_printable_and_short_whatever_the_values_are",
            "f150_the_id_of_a_combination_names_it_everywhere",
        ],
    ),
    ("F151", &["f151_values_of_a_combination_reach_whatever_asks_for_them"]),
    (
        "F152",
        &[
            "what_is_no_dimension_is_told_before_anything_runs",
            "f152_what_is_no_list_of_values_is_told_with_what_to_write",
        ],
    ),
    (
        "F153",
        &[
            "the_combinations_of_each_job_are_listed_with_their_labels",
            "the_command_line_gives_texts_or_json",
        ],
    ),
    (
        "F154",
        &[
            "a_changed_value_runs_its_combinations_alone",
            "each_combination_is_a_step_of_its_own_with_a_record_of_its_own",
        ],
    ),
    ("F155", &["f155_dependencies_stay_inside_a_combination"]),
    (
        "F156",
        &[
            "a_matrix_that_gives_nothing_is_told_with_its_place",
            "faults_have_their_places",
            "f152_what_is_no_list_of_values_is_told_with_what_to_write",
        ],
    ),
    (
        "F157",
        &[
            "github_documents_what_include_does",
            "github_documents_what_exclude_does",
            "f157_a_converted_playbook_has_the_same_combinations",
        ],
    ),
    (
        "F368",
        &[
            "steps_that_hold_one_lock_never_overlap",
            "of_what_there_are_two_two_are_held_at_once_and_never_three",
            "steps_that_want_one_resource_do_not_overlap",
            "the_place_is_in_the_step_else_in_the_job_else_in_the_header_and_is_told_once",
            "f368_a_step_of_a_playbook_holds_what_it_names",
        ],
    ),
    (
        "F369",
        &[
            "a_step_counts_for_as_many_slots_as_it_says_and_one_slot_is_enough",
            "memory_is_shared_by_size",
            "what_could_never_be_granted_is_told_before_anything_runs",
        ],
    ),
    (
        "F370",
        &[
            "steps_with_higher_priorities_begin_first_where_several_could",
            "a_playbook_has_a_priority_that_its_steps_overrule",
            "higher_priorities_go_first_unless_all_goes_in_order",
        ],
    ),
    (
        "F371",
        &[
            "no_more_steps_start_in_a_stretch_of_time_than_a_rate_allows",
            "a_rate_counts_every_attempt_and_keeps_nobody_else_waiting",
        ],
    ),
    (
        "F389",
        &[
            "definitions_run_in_their_order_each_with_its_own_parameters",
            "f389_each_definition_is_a_step_with_fields_in_any_spelling",
        ],
    ),
    ("F390", &["f390_extra_keys_of_definitions_do_what_they_say_or_are_told"]),
    ("F391", &["f391_options_stand_above_defaults_and_below_the_command_line"]),
    ("F392", &["limits_of_definitions_are_those_of_the_old_engine", "f392_a_limit_is_kept_or_told"]),
    (
        "F393",
        &[
            "words_and_commands_are_told_as_a_whole_with_what_to_write",
            "what_would_be_computed_is_told_as_a_whole_with_what_to_write",
            "f393_a_text_that_is_a_variable_of_powershell_is_that_variable",
        ],
    ),
    (
        "F394",
        &[
            "one_placeholder_keeps_its_type_and_more_make_a_text",
            "what_nobody_sets_is_told_at_its_place",
            "a_placeholder_that_nothing_fills_is_told_at_its_place",
            "f394_placeholders_are_filled_with_defaults_of_every_kind",
        ],
    ),
    (
        "F395",
        &[
            "the_conditions_of_real_playbooks_give_what_they_mean",
            "every_condition_of_the_corpus_stands_in_the_table",
            "f395_flags_in_braces_decide_whether_a_stage_runs",
        ],
    ),
    ("F396", &["f396_objects_of_the_first_format_are_steps"]),
    ("F397", &["f397_the_first_steps_of_all_are_read_and_run"]),
    ("F398", &["other_bodies_run_one_after_the_other", "f398_other_json_runs_or_is_told_for_what_it_is"]),
    ("F399", &["f399_roots_of_real_files_are_noted_and_stop_nothing"]),
    (
        "F400",
        &[
            "f400_extras_of_stages_do_what_they_say_or_are_told",
            "a_profile_says_which_stages_run_and_with_what",
        ],
    ),
    (
        "F403",
        &["a_script_that_allows_no_other_beside_it_has_none", "f403_a_script_may_say_so_in_its_notes_too"],
    ),
];

const DECLARED: &str = "# Inputs: None\n# Outputs: None\n";

/// A repository whose scripts note what they are given of `A`, `B` and `C` in `told`, in brackets; 0900 fails.
fn repo() -> Repo {
    let repo = Repo::new();
    for number in ["0100", "0200", "0300", "0402"] {
        let body = format!("# Cache: never\n# Scratch: told\necho \"{number} [$A][$B][$C]\" >> told");
        repo.script(&format!("{number}_s.sh"), &body);
    }
    repo.script("0900_bad.sh", "# Cache: never\nexit 3")
}

/// Writes a playbook of the second format, with these stages, under the name `p`.
fn stages(repo: &Repo, stages: &str) -> Repo {
    repo.playbook(
        "p.json",
        &format!(r#"{{"metadata": {{"name": "p"}}, "orchestration": {{"stages": [{stages}]}}}}"#),
    )
}

/// Returns what the scripts of [`repo`] were given since this was last asked, in order.
fn told(repo: &Repo) -> Vec<String> {
    if !repo.has_path("told") {
        return Vec::new();
    }
    let text = repo.read("told");
    repo.remove("told");
    text.lines().map(str::to_owned).collect()
}

/// Returns the outcome of each node of a build with `--json`: `id outcome`.
fn outcomes(built: &Output) -> Vec<String> {
    let result = built.json();
    let nodes = result["nodes"].as_array().unwrap();
    nodes.iter().map(|node| format!("{} {}", node["id"], node["outcome"]).replace('"', "")).collect()
}
