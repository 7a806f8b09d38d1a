/* SPDX-License-Identifier: Apache-2.0 */
/* Upgrades that go well. */
#include "upgrade_kit.h"

/* Same layout: the next message is handled by the new version, without anybody's help. */
KIT_EVERYWHERE_TEST(test_a_server_calls_the_new_version_at_its_next_message)
{
        kr_pid pid;

        load(1);
        pid = start("ticker", "5");
        kit_int_eq(call_int(pid, "version"), 1);
        load(11);
        kit_int_eq(call_int(pid, "version"), 11);
        kit_int_eq(call_int(pid, "read"), 5);
}

KIT_EVERYWHERE_TEST(test_a_server_of_another_layout_stays_until_it_is_converted)
{
        kr_pid pid;

        load(1);
        pid = start("ticker", "5");
        load(2);
        kit_int_eq(call_int(pid, "version"), 1);
        kit_int_eq(tick(pid, 1), 6);
}

KIT_EVERYWHERE_TEST(test_a_state_moves_field_by_field)
{
        kr_upgrade_report report;
        kr_msg state = KR_MSG_INIT;
        kr_pid pid;

        load(1);
        pid = start("ticker", "5");
        kit_ok(kr_upgrade("ticker", file_of(2), NULL, &report));
        expect_report(&report, KR_UPGRADE_DONE, "");
        kit_int_eq(report.trial, KR_TRIAL_PASSED);
        kit_uint_eq(report.converted, 1);
        kit_str_eq(report.from, "1");
        kit_str_eq(report.to, "2");
        kit_true(report.longest_pause_ns > 0 || kr_node_drive(kr_here()) == KR_DRIVE_SIM);
        kit_int_eq(call_int(pid, "version"), 2);
        kit_true(kr_match(kr_sys_get_state(pid, &state),
                          "#{value => 5, resets => 7, note => [],"
                          " name => {name, \"of a ticker\", 1}}"));
        kr_msg_clear(&state);
}

KIT_EVERYWHERE_TEST(test_a_rollback_converts_the_present_state)
{
        kr_upgrade_report report;
        kr_pid pid;

        load(1);
        pid = start("ticker", "5");
        kit_ok(kr_upgrade("ticker", file_of(2), NULL, &report));
        kit_int_eq(tick(pid, 10), 15);
        kit_ok(kr_rollback("ticker", NULL, &report));
        expect_report(&report, KR_UPGRADE_DONE, "");
        kit_uint_eq(report.converted, 1);
        kit_int_eq(call_int(pid, "version"), 1);
        kit_int_eq(call_int(pid, "read"), 15);
        kit_ok(kr_rollback("ticker", NULL, &report));
        kit_int_eq(call_int(pid, "version"), 2);
        kit_int_eq(call_int(pid, "read"), 15);
}

KIT_EVERYWHERE_TEST(test_typed_functions_convert_both_ways)
{
        kr_upgrade_report report;
        kr_pid pid;

        load(1);
        pid = start("ticker", "5");
        kit_ok(kr_upgrade("ticker", file_of(13),
                          &(kr_upgrade_opts){ .extra = "{more, 1000}" }, &report));
        kit_int_eq(call_int(pid, "read"), 1005);
        kit_int_eq(tick(pid, 1), 1006);
        kit_ok(kr_rollback("ticker", NULL, &report));
        kit_int_eq(call_int(pid, "read"), 6);
}

static void upgrade_at_once(kr_upgrade_report *report)
{
        const kr_upgrade_opts opts = { .mode = KR_UPGRADE_AT_ONCE };

        kit_ok(kr_upgrade("ticker", file_of(2), &opts, report));
}

KIT_EVERYWHERE_TEST(test_all_at_once)
{
        kr_upgrade_report report;
        kr_pid pids[300];

        load(1);
        for (int i = 0; i < 300; i++)
                pids[i] = start("ticker", "5");
        upgrade_at_once(&report);
        expect_report(&report, KR_UPGRADE_DONE, "");
        kit_uint_eq(report.converted, 300);
        for (int i = 0; i < 300; i++)
                kit_int_eq(tick(pids[i], i), 5 + i);
}

KIT_EVERYWHERE_TEST(test_what_is_queued_is_handled_by_whoever_comes_to_it)
{
        kr_upgrade_report report;
        kr_pid pid;

        load(1);
        pid = start("ticker", "0");
        kit_ok(kr_sys_suspend(pid));
        for (int i = 0; i < 1000; i++)
                kr_cast(pid, "{tick, 1}");
        kit_ok(kr_upgrade("ticker", file_of(2), NULL, &report));
        kit_uint_eq(report.converted, 1);
        kit_ok(kr_sys_resume(pid));
        kit_int_eq(call_int(pid, "version"), 2);
        kit_int_eq(call_int(pid, "read"), 1000);
}

/* sys:change_code by hand, as in OTP: suspend, load, change, resume. */
KIT_EVERYWHERE_TEST(test_change_code_converts_a_suspended_server)
{
        kr_msg answer = KR_MSG_INIT;
        kr_pid pid;

        load(1);
        pid = start("ticker", "5");
        kit_true(kr_match(kr_sys_change_code(pid, &answer, "{ticker, \"1\", []}"),
                          "{error, {unknown_system_msg, _}}"));
        kit_ok(kr_sys_suspend(pid));
        load(2);
        kit_true(kr_match(kr_sys_change_code(pid, &answer, "{ticker, \"1\", []}"), "ok"));
        kit_ok(kr_sys_resume(pid));
        kit_int_eq(call_int(pid, "version"), 2);
        kit_int_eq(call_int(pid, "read"), 5);
        kr_msg_clear(&answer);
}

KIT_EVERYWHERE_TEST(test_change_code_that_fails_leaves_it_as_it_was)
{
        kr_msg answer = KR_MSG_INIT;
        kr_pid pid;

        load(1);
        pid = start("ticker", "5");
        load(8);
        kit_ok(kr_sys_suspend(pid));
        kit_true(kr_match(kr_sys_change_code(pid, &answer, "{ticker, \"1\", []}"),
                          "{error, {lost_field, name}}"));
        kit_ok(kr_sys_resume(pid));
        kit_int_eq(call_int(pid, "version"), 1);
        kit_int_eq(call_int(pid, "read"), 5);
        kr_msg_clear(&answer);
}

KIT_EVERYWHERE_TEST(test_undeclared_structs_of_one_size_are_not_the_same)
{
        kr_upgrade_report report;
        kr_pid pid;

        load(14);
        pid = start("ticker", "5");
        kit_err(kr_upgrade("ticker", file_of(15), NULL, &report), KR_EFAILED);
        expect_report(&report, KR_UPGRADE_ROLLED_BACK, "undeclared");
        kit_int_eq(report.trial, KR_TRIAL_NOT_POSSIBLE);
        kit_int_eq(call_int(pid, "version"), 14);
        load(15);
        kit_int_eq(call_int(pid, "version"), 14);
}

KIT_EVERYWHERE_TEST(test_what_an_upgrade_is_asked_for_is_checked)
{
        kr_upgrade_report report;

        kit_err(kr_upgrade("ticker", file_of(2), NULL, &report), KR_ENOPROC);
        load(1);
        kit_err(kr_rollback("ticker", NULL, NULL), KR_ESTATE);
        kit_err(kr_upgrade("ticker", NULL, NULL, NULL), KR_EBADARG);
        kit_err(kr_upgrade("ticker", file_of(2), &(kr_upgrade_opts){ .extra = "{" },
                           NULL),
                KR_EBADARG);
        kit_err(kr_upgrade("ticker", "/there/is/none.so", NULL, &report), KR_EFAILED);
        expect_report(&report, KR_UPGRADE_REFUSED, "nofile");
        kit_err(kr_upgrade("ticker", file_of(1), NULL, &report), KR_EFAILED);
        expect_report(&report, KR_UPGRADE_REFUSED, "same_build");
}

/* A server of another layout stays in old code, which a third version would need to be gone.
 * covers: release_handler_SUITE:otp_9395_check_old_code */
KIT_EVERYWHERE_TEST(test_old_code_in_use_refuses_an_upgrade)
{
        kr_upgrade_report report;
        kr_pid pid;

        load(1);
        pid = start("ticker", "5");
        load(2);
        kit_err(kr_upgrade("ticker", file_of(13), NULL, &report), KR_EFAILED);
        expect_report(&report, KR_UPGRADE_REFUSED, "not_purged");
        kit_int_eq(call_int(pid, "version"), 1);
}

/* covers: release_handler_SUITE:otp_9395_check_and_purge */
KIT_EVERYWHERE_TEST(test_who_holds_old_code_may_be_killed_for_an_upgrade)
{
        kr_upgrade_report report;
        kr_pid pid;

        load(1);
        pid = start("ticker", "5");
        load(2);
        kit_ok(kr_upgrade("ticker", file_of(13), &(kr_upgrade_opts){ .kill_old = true },
                          &report));
        kit_false(kr_is_process_alive(pid));
}

KIT_EVERYWHERE_TEST(test_a_report_is_a_map)
{
        kr_upgrade_report report;
        kr_term map;

        load(1);
        kit_ok(kr_upgrade("ticker", file_of(2), NULL, &report));
        map = kr_upgrade_report_term(&report);
        kit_true(kr_match(map, "#{outcome => done, trial => passed, from => <<\"1\">>,"
                               " to => <<\"2\">>, processes => 0, reason => <<>>}"));
        kr_release(map);
}

KIT_MAIN(KIT_CASE(test_a_server_calls_the_new_version_at_its_next_message),
         KIT_CASE(test_a_server_of_another_layout_stays_until_it_is_converted),
         KIT_CASE(test_a_state_moves_field_by_field),
         KIT_CASE(test_a_rollback_converts_the_present_state),
         KIT_CASE(test_typed_functions_convert_both_ways), KIT_CASE(test_all_at_once),
         KIT_CASE(test_what_is_queued_is_handled_by_whoever_comes_to_it),
         KIT_CASE(test_change_code_converts_a_suspended_server),
         KIT_CASE(test_change_code_that_fails_leaves_it_as_it_was),
         KIT_CASE(test_undeclared_structs_of_one_size_are_not_the_same),
         KIT_CASE(test_what_an_upgrade_is_asked_for_is_checked),
         KIT_CASE(test_old_code_in_use_refuses_an_upgrade),
         KIT_CASE(test_who_holds_old_code_may_be_killed_for_an_upgrade),
         KIT_CASE(test_a_report_is_a_map))
