/* SPDX-License-Identifier: Apache-2.0 */
/* Upgrades that go wrong: state and old version are as they were, and clients are served. */
#include "upgrade_kit.h"

#include "core/module.h"

/* Of so many servers all but a few are like the one that a trial would find. */
#define SERVERS 100

static kr_pid servers[SERVERS];

static void start_servers(void)
{
        load(1);
        for (int i = 0; i < SERVERS; i++)
                servers[i] = start("ticker", i == 70 ? "13" : "1");
}

static void expect_all_as_they_were(void)
{
        for (int i = 0; i < SERVERS; i++) {
                kit_int_eq(call_int(servers[i], "version"), 1);
                kit_int_eq(tick(servers[i], 1), i == 70 ? 14 : 2);
        }
        kit_false(kr_code_check_old("ticker"));
}

/* Those of which some would never come to an end have a limit. To all others a busy machine may
 * give as little time as it likes. */
#define NO_LIMIT .change_timeout_ms = KR_INFINITY, .check_timeout_ms = KR_INFINITY
static const kr_upgrade_opts patient = { NO_LIMIT };
static const kr_upgrade_opts blind = { NO_LIMIT, .no_trial = true };
static const kr_upgrade_opts quick = { .change_timeout_ms = 200 };
static const kr_upgrade_opts quick_blind = { .change_timeout_ms = 200, .no_trial = true };

/* The trial finds what is wrong with every state: nobody has been asked to change. */
static void refused(int version, const char *reason, const kr_upgrade_opts *opts)
{
        kr_upgrade_report report;

        start_servers();
        kit_err(kr_upgrade("ticker", file_of(version), opts, &report), KR_EFAILED);
        expect_report(&report, KR_UPGRADE_REFUSED, reason);
        kit_int_eq(report.trial, KR_TRIAL_FAILED);
        kit_uint_eq(report.processes, 0);
        expect_all_as_they_were();
}

/* Without a trial it is found out in the first processes, which go on as they were. */
static void rolled_back(int version, const char *reason, const kr_upgrade_opts *opts)
{
        kr_upgrade_report report;

        start_servers();
        kit_err(kr_upgrade("ticker", file_of(version), opts, &report), KR_EFAILED);
        expect_report(&report, KR_UPGRADE_ROLLED_BACK, reason);
        kit_uint_eq(report.lost, 0);
        expect_all_as_they_were();
}

UPGRADE_TEST(test_a_fault_is_found_in_the_trial)
{
        refused(3, "sigsegv", &patient);
}

UPGRADE_TEST(test_nonsense_is_found_in_the_trial)
{
        refused(4, "bad_return_value", &patient);
}

UPGRADE_TEST(test_an_endless_loop_is_found_in_the_trial)
{
        if (KIT_SIGNALS_WAIT)
                return; /* no signal comes into a loop */
        refused(5, "timeout", &quick);
}

UPGRADE_TEST(test_an_endless_wait_is_found_in_the_trial)
{
        refused(6, "timeout", &quick);
}

UPGRADE_TEST(test_a_lost_field_is_found_in_the_trial)
{
        refused(8, "{lost_field,name}", &patient);
}

UPGRADE_TEST(test_a_fault_without_a_trial)
{
        rolled_back(3, "sigsegv", &blind);
}

UPGRADE_TEST(test_nonsense_without_a_trial)
{
        rolled_back(4, "{bad_return_value,4711}", &blind);
}

UPGRADE_TEST(test_an_endless_loop_without_a_trial)
{
        if (KIT_SIGNALS_WAIT)
                return; /* no signal comes into a loop */
        rolled_back(5, "timeout", &quick_blind);
}

UPGRADE_TEST(test_an_endless_wait_without_a_trial)
{
        rolled_back(6, "timeout", &quick_blind);
}

UPGRADE_TEST(test_a_fault_for_one_state_that_the_trial_did_not_see)
{
        rolled_back(9, "sigsegv", &patient);
}

UPGRADE_TEST(test_an_endless_loop_for_one_state_that_the_trial_did_not_see)
{
        if (KIT_SIGNALS_WAIT)
                return; /* no signal comes into a loop */
        rolled_back(10, "timeout", &quick);
}

UPGRADE_TEST(test_a_fault_for_one_state_at_once)
{
        rolled_back(9, "sigsegv",
                    &(kr_upgrade_opts){ NO_LIMIT, .mode = KR_UPGRADE_AT_ONCE });
}

UPGRADE_TEST(test_a_lost_field_is_allowed_if_that_is_said)
{
        kr_upgrade_report report;

        start_servers();
        kit_ok(kr_upgrade("ticker", file_of(8),
                          &(kr_upgrade_opts){ NO_LIMIT, .may_lose = true }, &report));
        expect_report(&report, KR_UPGRADE_DONE, "");
        kit_int_eq(call_int(servers[3], "version"), 8);
        kit_int_eq(tick(servers[3], 1), 2);
}

static bool sick(void *context)
{
        (void)context;
        return false;
}

UPGRADE_TEST(test_a_health_check_that_says_no)
{
        rolled_back(2, "health_check", &(kr_upgrade_opts){ NO_LIMIT, .check = sick });
}

UPGRADE_TEST(test_an_export_that_says_no)
{
        rolled_back(16, "health_check",
                    &(kr_upgrade_opts){ NO_LIMIT, .check_export = "ticker:healthy" });
}

UPGRADE_TEST(test_an_export_that_says_yes)
{
        kr_upgrade_report report;

        start_servers();
        kit_ok(kr_upgrade("ticker", file_of(2),
                          &(kr_upgrade_opts){ NO_LIMIT,
                                              .check_export = "ticker:healthy" },
                          &report));
        kit_uint_eq(report.converted, SERVERS);
}

static bool hangs(void *context)
{
        (void)context;
        kr_sleep(KR_INFINITY);
        return true;
}

UPGRADE_TEST(test_a_health_check_that_never_returns)
{
        rolled_back(2, "health_check",
                    &(kr_upgrade_opts){ .change_timeout_ms = KR_INFINITY,
                                        .check = hangs,
                                        .check_timeout_ms = 100 });
}

/* What the new version has acknowledged stays. */
static bool tick_and_complain(void *context)
{
        (void)context;
        kit_int_eq(tick(servers[3], 10), 11);
        return false;
}

UPGRADE_TEST(test_what_was_acknowledged_is_not_undone)
{
        kr_upgrade_report report;

        start_servers();
        kit_err(kr_upgrade("ticker", file_of(2),
                           &(kr_upgrade_opts){ NO_LIMIT, .check = tick_and_complain },
                           &report),
                KR_EFAILED);
        kit_uint_eq(report.converted_back, 1);
        kit_uint_eq(report.restored, SERVERS - 1);
        kit_int_eq(call_int(servers[3], "version"), 1);
        kit_int_eq(call_int(servers[3], "read"), 11);
}

/* A state that cannot be taken back is lost, as by a crash; the others are not. */
UPGRADE_TEST(test_a_state_that_does_not_fit_any_more_is_an_ordinary_crash)
{
        kr_upgrade_report report;
        kr_msg msg = KR_MSG_INIT;
        kr_term why;
        kr_ref ref;

        start_servers();
        ref = kr_monitor(servers[3]);
        kit_err(kr_upgrade("ticker", file_of(12),
                           &(kr_upgrade_opts){ NO_LIMIT, .check = tick_and_complain },
                           &report),
                KR_EFAILED);
        kit_uint_eq(report.lost, 1);
        kit_uint_eq(report.restored, SERVERS - 1);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{'DOWN', =, _, _, ~}", ref, &why));
        kit_true(kr_match(why, "{upgrade, {cannot_go_back, ticker, failed}}"));
        kr_msg_clear(&msg);
        kit_int_eq(call_int(servers[4], "version"), 1);
}

/* The first call in the new version is a fault: its caller sees the server end, and all the
 * others go back by themselves. */
static bool call_once(void *context)
{
        kr_msg reason = KR_MSG_INIT;

        (void)context;
        kit_err(kr_try_call(servers[3], &reason, KR_INFINITY, "read"), KR_EFAILED);
        kr_msg_clear(&reason);
        return true;
}

/* Those that it was the turn of go back; the others have been where they are all the time. */
static void expect_crash(const kr_upgrade_opts *opts, kr_upgrade_report *report)
{
        kit_err(kr_upgrade("ticker", file_of(7), opts, report), KR_EFAILED);
        expect_report(report, KR_UPGRADE_ROLLED_BACK, "crashed");
        kit_uint_eq(report->crashed, 1);
        kit_uint_eq(report->lost, 0);
        kit_uint_eq(report->restored + report->untried, SERVERS - 1);
        kit_false(kr_is_process_alive(servers[3]));
        servers[3] = servers[4];
        for (int i = 0; i < SERVERS; i++)
                kit_int_eq(call_int(servers[i], "version"), 1);
}

UPGRADE_TEST(test_a_crash_while_the_check_is_asked)
{
        kr_upgrade_report report;

        start_servers();
        expect_crash(&(kr_upgrade_opts){ NO_LIMIT, .check = call_once }, &report);
        kit_uint_eq(report.untried, 0);
}

static void call_it(kr_term server)
{
        kr_msg reply = KR_MSG_INIT;
        kr_pid pid;

        kit_true(kr_match(server, "~", &pid));
        while (kr_try_call(pid, &reply, KR_INFINITY, "read") == KR_OK)
                kr_yield();
}

/* Has all that there is gone over to another version? */
static bool have_all_changed(void)
{
        uint32_t at = 0;

        return kr_code_check_old("ticker") &&
               kr_pid_is_none(kri_module_next_process(kri_atom_of("ticker"), true, &at));
}

static void call_it_when_all_have_changed(kr_term server)
{
        while (!have_all_changed())
                kr_yield();
        call_it(server);
}

static void crash_while_it_is_watched(void (*call)(kr_term), kr_upgrade_report *report)
{
        kr_term server;

        start_servers();
        server = kr_build("~", servers[3]);
        (void)kr_spawn(call, server);
        kr_release(server);
        expect_crash(&(kr_upgrade_opts){ NO_LIMIT, .trial_ms = 600000 }, report);
}

UPGRADE_TEST(test_a_crash_while_it_is_watched)
{
        kr_upgrade_report report;

        crash_while_it_is_watched(call_it_when_all_have_changed, &report);
        kit_uint_eq(report.untried, 0);
}

/* Perhaps when not all have changed yet: then some never do. */
UPGRADE_TEST(test_a_crash_as_soon_as_it_has_changed)
{
        kr_upgrade_report report;

        crash_while_it_is_watched(call_it, &report);
}

KIT_MAIN(KIT_CASE(test_a_fault_is_found_in_the_trial),
         KIT_CASE(test_nonsense_is_found_in_the_trial),
         KIT_CASE(test_an_endless_loop_is_found_in_the_trial),
         KIT_CASE(test_an_endless_wait_is_found_in_the_trial),
         KIT_CASE(test_a_lost_field_is_found_in_the_trial),
         KIT_CASE(test_a_fault_without_a_trial), KIT_CASE(test_nonsense_without_a_trial),
         KIT_CASE(test_an_endless_loop_without_a_trial),
         KIT_CASE(test_an_endless_wait_without_a_trial),
         KIT_CASE(test_a_fault_for_one_state_that_the_trial_did_not_see),
         KIT_CASE(test_an_endless_loop_for_one_state_that_the_trial_did_not_see),
         KIT_CASE(test_a_fault_for_one_state_at_once),
         KIT_CASE(test_a_lost_field_is_allowed_if_that_is_said),
         KIT_CASE(test_a_health_check_that_says_no),
         KIT_CASE(test_an_export_that_says_no), KIT_CASE(test_an_export_that_says_yes),
         KIT_CASE(test_a_health_check_that_never_returns),
         KIT_CASE(test_what_was_acknowledged_is_not_undone),
         KIT_CASE(test_a_state_that_does_not_fit_any_more_is_an_ordinary_crash),
         KIT_CASE(test_a_crash_while_the_check_is_asked),
         KIT_CASE(test_a_crash_while_it_is_watched),
         KIT_CASE(test_a_crash_as_soon_as_it_has_changed))
