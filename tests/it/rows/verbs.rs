//! Verbs, options, configuration and expressions.

mod expressions;
mod orchestrate;
mod sequence;

use super::Row;

/// The rows of this file, in ascending order.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    ("F016", &["build_has_the_names_of_other_engines", "what_follows_is_the_scripts_own", "three_digits_are_the_start_of_a_number"]),
    ("F017", &["f017_the_long_form_takes_every_option_of_the_table_as_it_was_spelled", "words_of_older_commands_are_understood", "options_of_older_commands_are_taken"]),
    ("F018", &["f018_variables_keep_their_types_wherever_they_are_given", "several_variables_stand_in_one_text", "parameters_are_read_and_checked"]),
    ("F019", &["names_for_conditions_are_seen_by_conditions_only"]),
    ("F020", &["f020_at_most_so_many_steps_are_at_work_by_option_configuration_and_environment", "as_many_jobs_run_at_once_as_there_are_slots_and_no_more"]),
    ("F021", &["f021_one_after_the_other_goes_by_number_and_stops_at_the_first_failure", "parallel_false_overlaps_nothing", "parallel_takes_a_truth_and_leaves_a_selection_alone"]),
    ("F022", &["f022_a_dry_run_tells_of_each_step_what_would_be_done_and_why", "a_dry_run_runs_nothing_and_keeps_nothing"]),
    ("F023", &["failures_that_did_not_stop_the_rest_are_10", "f021_one_after_the_other_goes_by_number_and_stops_at_the_first_failure", "a_job_runs_when_all_it_needs_succeeded"]),
    ("F024", &["f024_a_playbook_is_saved_with_its_profile_and_runs_under_it", "what_is_asked_for_is_saved_and_found_again"]),
    ("F025", &["f025_a_playbook_is_found_by_its_name_in_every_format_and_folder", "a_name_in_front_of_which_its_folder_stands_is_the_one_there"]),
    ("F026", &["a_profile_of_the_configuration_selects_and_sets"]),
    ("F027", &["a_configuration_in_any_format_stands_above_az_toml", "what_stands_above_wins_and_the_rest_stays", "the_configuration_of_the_old_engine_is_read"]),
    ("F028", &["f028_nobody_is_asked_and_what_would_need_an_answer_fails"]),
    ("F029", &["f029_the_result_is_passed_through_with_its_names", "the_result_has_the_names_that_scripts_rely_on"]),
    ("F030", &["a_dry_run_runs_nothing_and_keeps_nothing", "f017_the_long_form_takes_every_option_of_the_table_as_it_was_spelled"]),
    ("F031", &["f031_more_is_told_of_steps_the_more_often_it_is_asked_for"]),
    ("F032", &["f032_results_are_reused_unless_that_is_switched_off", "options_of_older_commands_are_taken"]),
    // Summaries are an issue of their own; until then nobody is left believing that one was written.
    ("F033", &["f033_a_summary_that_cannot_be_written_yet_is_refused_and_not_left_out_in_silence"]),
    ("F034", &["f034_a_matrix_is_taken_as_powershell_writes_it", "the_command_line_multiplies_any_sequence"]),
    ("F035", &["f035_the_result_has_what_is_handed_on_by_stage_and_by_step", "outputs_are_listed_if_they_are_captured"]),
    ("F054", &["values_become_what_the_parameter_declares", "what_does_not_fit_says_what_is_wanted", "a_value_that_does_not_fit_stops_all_before_anything_runs"]),
    ("F065", &["f065_the_conditions_of_the_seed_decide"]),
    ("F066", &["conditions_hold_or_not", "the_left_operand_decides_how_values_are_compared", "precedence_is_that_of_powershell", "powershell"]),
    ("F067", &["f067_a_variable_of_the_environment_is_an_input_of_the_decision", "a_condition_decides_whether_a_step_runs_and_never_whether_it_is_shown", "what_a_condition_asks_is_asked_again_also_where_nothing_else_changed"]),
    ("F068", &["f068_what_nobody_sets_is_null_and_told_by_check"]),
    ("F069", &["f069_a_skip_is_seen_in_plan_run_result_and_afterwards"]),
    ("F070", &["f070_who_depends_on_a_skipped_script_runs_and_waits_for_nobody", "a_skipped_job_skips_those_that_need_it_but_not_those_that_ask"]),
    ("F071", &["f071_a_flipped_variable_decides_anew_and_runs_nothing_else", "a_changed_variable_runs_what_depends_on_it_and_nothing_else"]),
    ("F072", &["f072_a_condition_is_never_a_piece_of_code", "what_powershell_alone_could_evaluate_is_refused_at_its_place"]),
    ("F073", &["a_profile_of_the_configuration_selects_and_sets", "profiles_stand_at_the_root_of_the_oldest", "az_toml_says_it_too_and_so_do_its_fields_in_other_formats"]),
    ("F074", &["the_environment_says_what_nobody_asks_for"]),
    ("F075", &["the_environment_says_what_nobody_asks_for"]),
    ("F076", &["az_s_own_playbooks_are_sound_and_plan"]),
    ("F077", &["f077_scripts_are_told_what_the_old_engine_told_them", "a_script_is_told_that_it_runs_in_ci"]),
    ("F078", &["f078_one_configuration_holds_for_all_and_may_have_sections_of_other_interfaces"]),
    ("F079", &["an_environment_is_a_variable_and_a_part_of_the_configuration", "an_environment_stands_above_the_rest_in_any_case_of_its_name", "the_environment_says_what_nobody_asks_for"]),
    ("F239", &["f239_orchestrate_is_run_and_its_other_actions_are_the_verbs_of_their_names", "each_line_of_the_seed_runs"]),
    ("F240", &["f239_orchestrate_is_run_and_its_other_actions_are_the_verbs_of_their_names", "each_line_of_the_seed_runs"]),
    ("F288", &["each_line_of_the_seed_runs", "branches_choices_and_loops_do_what_they_say", "what_follows_a_step_runs_by_how_it_ended"]),
    ("F289", &["each_line_of_the_seed_runs"]),
    ("F290", &["parameters_are_read_and_checked", "several_variables_stand_in_one_text"]),
    ("F291", &["an_environment_is_a_variable_and_a_part_of_the_configuration"]),
    ("F292", &["f292_steps_of_which_nothing_is_known_overlap_if_that_is_asked_for"]),
    ("F293", &["each_line_of_the_seed_runs", "f374_a_dry_run_shows_what_another_environment_would_run"]),
    ("F294", &["f294_the_same_command_goes_on_where_a_run_ended"]),
    ("F295", &["f295_a_timeout_is_a_number_of_minutes_or_any_time", "a_timeout_is_one_of_minutes"]),
    ("F296", &["debug_tells_what_is_decided_and_shows_the_output"]),
    ("F323", &["f323_simulate_walks_every_branch_and_runs_none", "f323_branches_without_a_mistake_are_sound", "a_mistake_in_a_branch_that_is_not_taken_is_told"]),
    ("F372", &["f372_parameters_are_checked_before_anything_runs", "parameters_are_what_they_are_declared_to_be"]),
    ("F373", &["a_difference_is_told_by_field_and_not_by_text"]),
    ("F374", &["f374_a_dry_run_shows_what_another_environment_would_run"]),
    ("F375", &["f375_each_kind_of_trouble_is_told_with_its_place_and_what_to_do"]),
    ("F401", &["f401_the_registry_of_the_old_configuration_is_honoured", "a_playbook_runs_only_where_the_configuration_lets_it"]),
    ("F402", &["f402_the_ranges_of_the_old_configuration_are_honoured", "ranges_say_what_failure_means_and_where_scripts_belong"]),
    ("F423", &["f423_commands_of_the_seed_reach_what_they_are_mapped_to_unchanged", "a_command_is_what_the_configuration_says"]),
    ("F424", &["f424_names_that_sound_like_settings_are_ordinary_variables"]),
    ("F425", &["f425_variables_of_the_seeds_examples_change_nothing_of_how_az_works"]),
];

/// A header by which it is known what a script reads and makes.
const DECLARED: &str = "# Inputs: None\n# Outputs: None\n";

/// Returns a script that ends well only if another one is at work at the same time.
fn meets(own: &str, other: &str) -> String {
    let waits = "i=$((i+1)); test $i -lt 200 || exit 9; sleep 0.02";
    format!("touch {own}; i=0; until test -e {other}; do {waits}; done")
}
