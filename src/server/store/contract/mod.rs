//! The contract: what every store must do, one test per case and store, so that a failure names both.
//!
//! A case is a function that takes a fresh store; [`contract!`] lists them all.

mod access;
mod added;
mod asking;
mod audit;
mod bin;
mod boards;
mod changes;
mod changes_any;
mod codes;
mod conversations;
mod counted;
mod device_links;
mod directs;
mod exports;
mod facts;
mod fixtures;
mod grants;
mod identities;
mod marks;
mod members;
mod messages;
mod model_providers;
mod mongo_failures;
mod mongo_only;
mod mongo_rooms;
mod mongo_version;
mod mongod;
mod people;
mod presences;
mod queue;
mod room_codes;
mod rooms;
mod second_factors;
mod sessions;
mod shared;
mod sqlite_copy;
mod sqlite_inspect;
mod sqlite_only;
mod sqlite_trouble;
mod sqlite_upgrade;
mod tail;
mod talk_questions;
mod talks;
mod tiers;
mod tree;
mod tree_any;
mod tree_shared;
mod turns;
mod users;
mod waiting;
mod walls;
mod windows;

macro_rules! contract {
    ($($group:ident { $($case:ident),* $(,)? })*) => {
        contract!(@on sqlite $($group { $($case),* })*);
        contract!(@on memory $($group { $($case),* })*);
        contract!(@on mongo $($group { $($case),* })*);
    };
    (@on $store:ident $($group:ident { $($case:ident),* })*) => {
        mod $store {$(
            mod $group {$(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    let fresh = super::super::fixtures::$store().await;
                    super::super::$group::$case(&*fresh.store).await;
                    fresh.store.close().await;
                }
            )*}
        )*}
    };
}

contract! {
    users {
        the_first_is_the_administrator, of_twenty_at_once_one_is_the_administrator,
        an_email_is_taken_once, an_email_is_taken_once_also_at_once,
        credentials_carry_the_hash, a_patch_changes_what_it_names,
        a_language_is_chosen_and_taken_back, preferences_change_field_by_field,
        favourites_chosen_at_once_are_all_kept, a_missing_user_is_a_normal_answer,
        closed_registration_lets_one_of_fifty_in, only_the_code_makes_the_first,
        a_new_password_ends_the_other_sessions,
        a_password_changes_only_from_the_old_one_in_a_session_that_lasts,
        a_new_password_ends_the_link_for_another, a_login_changes_and_is_taken_once,
        a_tier_and_an_end_are_given_and_taken, the_last_administrator_stays,
    }
    people {
        people_are_listed_page_by_page_and_sought,
        a_closed_account_frees_its_login_and_ends_its_sessions,
        an_account_is_erased_with_all_it_has,
        an_account_is_closed_when_due_only_while_it_is,
        closing_an_account_keeps_the_wish_to_erase_it,
        a_reset_link_counts_once_and_for_a_while,
    }
    presences {
        the_latest_times_count_whoever_notes_them, those_who_look_at_a_page_come_first,
        nobody_knows_of_those_who_hide, a_closed_account_is_seen_no_more,
    }
    facts {
        what_was_set_last_counts,
    }
    tiers {
        the_default_tier_is_always_there, tiers_are_made_changed_and_deleted,
        a_tier_in_use_stays, deleting_a_tier_races_with_giving_it,
        spending_adds_up_for_each_person_and_day,
    }
    codes {
        codes_are_stored_and_listed, an_invitation_gives_its_role_and_its_tier,
        of_each_code_the_newest_uses_are_read, nobody_is_the_first_by_an_invitation,
        codes_that_do_not_count_register_nobody, fifty_at_once_use_a_code_once,
        redeeming_extends_the_same_tier_and_replaces_another,
    }
    sessions {
        a_session_comes_with_its_user, touching_moves_the_expiry,
        deleting_ends_one_session,
        deleting_others_keeps_one_session,
        expired_sessions_are_removed,
        an_old_password_begins_no_session,
        without_a_password_a_session_needs_an_active_account,
        a_key_outlives_a_new_password_but_no_disabled_account,
        a_change_of_password_races_with_signing_in,
        of_fifty_keys_at_once_no_more_than_the_limit_are_made,
        valid_sessions_are_told_apart_from_ended_ones,
    }
    audit {
        entries_come_back_whole_and_newest_first,
        entries_are_found_by_kind_and_by_person_page_by_page,
        what_is_counted_is_one_entry,
        old_entries_are_forgotten,
    }
    model_providers {
        providers_are_added_changed_and_removed,
        providers_are_put_in_an_order,
        who_may_ask_a_model_is_kept,
    }
    second_factors {
        a_seed_counts_when_it_is_confirmed,
        a_step_is_used_once,
        of_twenty_that_use_a_step_one_does,
        a_recovery_code_is_used_once,
        of_twenty_that_use_a_recovery_code_one_does,
        a_removed_second_factor_is_gone_whole,
    }
    identities {
        a_subject_of_a_provider_is_one_persons,
        of_twenty_that_connect_a_subject_one_does,
        an_identity_is_used_and_disconnected_by_its_person,
        of_the_last_two_identities_one_stays,
        an_account_is_made_with_its_identity_and_takes_it_along,
        a_visit_ends_once,
    }
    device_links {
        a_link_is_found_until_it_expires_or_another_takes_its_place,
        the_device_that_asked_first_is_the_one_to_confirm,
        a_link_begins_one_session_for_its_person,
        of_fifty_claims_one_begins_a_session,
        a_link_ends_with_its_session,
    }
    exports {
        a_person_has_one_export_at_a_time,
        an_export_is_made_part_by_part_and_read_back,
        only_the_newest_try_is_heard,
        an_export_ends_and_leaves_nothing,
        an_export_goes_with_its_account,
        what_is_in_the_bin_can_be_read_by_its_owner,
    }
    conversations {
        a_conversation_round_trips,
        a_foreign_conversation_looks_missing,
        listing_is_newest_first_and_archived_apart,
        pinned_ones_are_listed_apart,
        paging_gives_each_once_also_with_equal_times,
        a_title_is_found_regardless_of_case,
        nothing_in_a_title_search_has_a_meaning,
        a_patch_sets_and_clears,
        a_title_is_replaced_only_while_it_is_the_named_one,
        deleting_takes_everything_along,
        the_store_answers_a_ping,
    }
    bin {
        a_deleted_conversation_is_missing_and_comes_back_whole,
        a_conversation_leaves_the_bin_after_its_time,
        the_bin_is_listed_page_by_page,
        an_answer_ends_in_a_deleted_conversation,
        a_message_comes_back_to_its_place,
        messages_come_back_to_the_same_tree_in_any_order,
        a_message_whose_children_moved_on_comes_back_without_them,
        only_a_message_that_was_on_screen_is_shown_again,
        a_deleted_message_is_forgotten_after_its_time,
        a_conversation_tells_that_an_answer_runs_and_that_one_is_unread,
    }
    counted {
        what_lies_far_before_a_message_is_not_read,
    }
    waiting {
        a_question_that_waits_for_a_day_stays_next,
        questions_wait_in_their_order,
        no_more_questions_wait_than_the_limit,
        a_question_with_a_key_is_added_once,
        a_question_is_next_when_the_newest_answer_is_complete,
        a_question_that_was_sent_is_next_however_the_answer_ended,
        a_refused_question_waits_until_it_is_changed,
        a_question_leaves_the_queue_as_its_answer_begins,
        of_twenty_that_ask_the_same_question_one_begins,
        a_queue_goes_with_its_conversation,
        a_conversation_is_made_with_its_messages,
    }
    access {
        each_level_may_do_what_it_needs_and_nothing_more,
        a_stranger_has_no_grant_and_a_private_conversation_no_members,
        a_removed_member_writes_nothing,
        a_member_with_a_lower_role_does_only_what_that_role_may,
        keys_and_running_answers_are_counted_by_author,
    }
    rooms {
        a_room_is_made_with_its_owner_as_its_first_member,
        a_key_makes_one_room,
        a_room_begins_with_a_copy,
        of_twenty_at_once_no_more_rooms_are_made_than_allowed,
        a_room_is_changed_in_one_step,
        listed_rooms_are_found_by_whoever_may_join,
        rooms_of_a_person_tell_what_is_unread,
        rooms_stand_apart_from_private_conversations,
        a_change_of_a_room_is_a_change_of_its_members_alone,
        a_deleted_room_is_gone_for_its_members_and_comes_back,
        a_room_passes_on_when_the_account_of_its_owner_ends,
    }
    directs {
        two_people_have_one_conversation_also_when_both_open_it_at_once,
        nobody_comes_into_a_conversation_of_two_and_nobody_goes,
        a_conversation_put_away_comes_back_with_the_next_message,
        whoever_is_blocked_reads_and_writes_nothing,
        mentions_by_somebody_blocked_do_not_count, a_conversation_stays_when_one_account_ends,
        a_disabled_person_begins_no_conversation,
    }
    walls {
        people_are_listed_by_name_and_found_in_any_case, rooms_in_common_are_those_of_both,
        notes_are_left_read_and_removed, notes_and_blocks_go_with_an_account,
    }
    boards {
        there_is_one_board,
        levels_on_the_board_follow_its_settings,
        a_board_that_is_switched_off_is_missing_and_comes_back,
        notes_are_read_without_what_is_gone,
        the_board_passes_to_another_administrator,
    }
    room_codes {
        a_code_leads_into_a_room_as_often_as_it_says,
        codes_of_a_room_are_listed_and_ended,
        somebody_registers_into_a_room,
    }
    members {
        somebody_joins_leaves_and_comes_again,
        names_that_look_the_same_get_numbers,
        of_twenty_who_join_for_the_last_places_no_more_come_in,
        who_is_banned_stays_out_until_that_ends,
        nobody_changes_somebody_of_the_own_level,
        a_room_is_handed_over,
        handing_over_races_with_leaving_and_removing,
        members_are_listed_by_name_page_by_page,
        a_member_has_a_read_mark_and_a_choice,
    }
    grants {
        a_grant_reaches_no_further_than_its_conversation,
    }
    added {
        a_message_is_added_at_any_time,
        the_leaf_follows_unless_an_answer_runs_elsewhere,
        a_key_adds_one_message,
        a_missing_parent_or_conversation_is_reported,
        many_messages_added_at_once_are_all_stored,
    }
    talk_questions {
        a_question_of_a_room_is_a_message_and_waits,
        questions_of_whoever_is_gone_leave_the_queue, what_is_refused_in_a_room_holds_nobody_else_up,
    }
    marks {
        reactions_are_counted_and_taken_back,
        a_message_has_so_many_kinds_of_reactions,
        a_closed_account_leaves_no_reactions,
        messages_are_pinned_and_the_pins_listed,
        reports_are_made_listed_and_settled,
    }
    talks {
        fifty_messages_at_once_are_one_line,
        a_key_adds_one_message_of_a_room,
        a_slow_room_keeps_its_members_waiting,
        a_message_is_changed_by_its_author_alone,
        every_version_stays_and_there_are_only_so_many,
        a_deleted_message_leaves_a_mark,
        changes_tell_what_was_changed_and_deleted,
        a_private_conversation_changes_no_messages,
    }
    changes {
        changes_have_what_changed_and_nothing_else,
        changes_name_removed_messages,
        the_end_of_an_answer_raises_the_revisions_of_changes_made_meanwhile,
        positions_in_a_running_answer_count_as_the_position_before_it,
        an_unknown_position_gets_everything,
        changes_beyond_the_limit_are_reported,
        a_lengthened_answer_is_a_change,
    }
    turns {
        a_turn_is_stored_and_moves_the_conversation,
        a_repeated_key_answers_the_stored_ids,
        a_key_counts_in_one_conversation,
        a_key_belongs_to_one_request,
        fifty_that_ask_two_things_with_one_key_begin_once,
        a_key_counts_for_a_day,
        a_key_belongs_to_one_user,
        fifty_with_one_key_begin_once,
        fifty_with_one_key_in_one_conversation_begin_once,
        twenty_in_one_conversation_begin_once,
        turns_in_many_conversations_do_not_hinder_each_other,
        a_foreign_or_missing_conversation_is_refused,
        a_foreign_or_missing_parent_is_refused,
        a_refused_turn_leaves_nothing_behind,
        a_second_answer_needs_an_old_question,
        a_running_answer_is_busy_until_it_ends,
        no_more_answers_run_than_the_limit,
        a_failing_turn_leaves_nothing_behind,
    }
    tree {
        children_come_with_their_parents,
        a_branch_is_shown_down_to_its_newest_message,
        foreign_and_missing_messages_are_left_alone,
        messages_below_a_deleted_message_stay,
        a_deleted_leaf_gives_way_to_its_sibling,
        nothing_is_changed_while_an_answer_is_written,
        an_answer_is_continued_with_its_text,
        only_an_incomplete_leaf_can_be_continued,
        an_answer_that_failed_in_the_middle_can_be_continued,
        of_many_continuations_one_begins,
        a_key_continues_once,
        interrupting_a_lost_run_leaves_the_next_alone,
        deleting_takes_the_keys_along,
        deleting_races_with_asking,
    }
    messages {
        messages_are_paged_back,
        a_foreign_message_looks_missing,
        finishing_stores_the_end_once,
        a_failure_is_kept,
        the_number_of_left_out_messages_is_stored,
        chunks_without_an_answer_leave_nothing,
        unfinished_answers_are_interrupted,
        interrupting_moves_beyond_every_known_seq,
        a_chunk_sent_twice_is_stored_once,
        any_text_round_trips,
        chunks_racing_with_the_end_leave_nothing,
    }
    queue {
        a_job_waits_for_its_time_and_is_done_once,
        only_the_kinds_that_are_asked_for_are_leased,
        the_job_that_is_due_longest_comes_first,
        of_many_at_once_one_gets_a_job,
        an_expired_lease_is_taken_again_and_the_old_one_no_longer_counts,
        one_job_exists_for_a_kind_and_key,
        a_periodic_job_waits_for_its_next_time,
        a_failed_job_is_tried_again_and_then_kept,
        an_operator_sees_failed_jobs_first,
        a_payload_has_a_limit,
    }
    windows {
        outlines_tell_lengths_in_bytes,
        a_branch_is_followed_back_to_a_message,
        outlines_and_questions_tell_when_a_message_was_made,
        questions_are_read_by_their_beginnings,
        named_messages_are_read,
        a_window_ends_at_its_bytes,
        walking_back_gives_every_message_once,
        a_missing_parent_ends_a_branch,
        messages_beyond_a_window_are_counted,
    }
    tail {
        many_answers_go_in_one_write,
        reasoning_is_kept_too,
        a_gap_ends_the_kept_text,
        only_the_named_process_is_interrupted,
        an_answer_that_nobody_writes_is_interrupted_alone,
        answers_of_another_process_are_left_alone,
        a_running_answer_is_recovered,
        an_interrupted_answer_gets_its_missing_text,
        only_a_continuation_of_the_stored_text_is_recovered,
        concurrent_recoveries_leave_the_longest_text,
        stored_text_beyond_the_found_text_stays,
        gaps_in_the_found_text_are_filled_from_the_store,
        a_continued_answer_is_recovered_behind_its_old_text,
    }
}
