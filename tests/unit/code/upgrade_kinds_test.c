/* SPDX-License-Identifier: Apache-2.0 */
/* Upgrades of state machines, event handlers and supervisors. */
#include "expect.h"
#include "upgrade_kit.h"

/* -- gen_statem -- */

static void expect_door(kr_pid door, const char *state, int version, int64_t times)
{
        kr_msg reply = KR_MSG_INIT;

        kit_true(kr_match(kr_statem_call(door, &reply, "read"), "{=, =, =}",
                          kri_atom_of(state), version, times));
        kr_msg_clear(&reply);
}

KIT_EVERYWHERE_TEST(test_a_machine_goes_over_at_its_next_event)
{
        kr_pid door;

        load(1);
        door = start("door", "[]");
        kr_cast(door, "push");
        expect_door(door, "opened", 1, 1);
        load(11);
        expect_door(door, "opened", 11, 1);
}

/* Its state has another name then; what it has postponed is handled in it. */
KIT_EVERYWHERE_TEST(test_a_machine_is_converted_with_its_state_and_its_postponed_events)
{
        kr_upgrade_report report;
        kr_pid door;

        load(1);
        door = start("door", "[]");
        kr_cast(door, "push");
        kr_cast(door, "push");
        expect_door(door, "opened", 1, 1);
        kit_ok(kr_upgrade("ticker", file_of(2), NULL, &report));
        expect_report(&report, KR_UPGRADE_DONE, "");
        kit_int_eq(report.trial, KR_TRIAL_PASSED);
        expect_door(door, "opened", 2, 1);
        kr_cast(door, "close");
        expect_door(door, "opened", 2, 2);
}

KIT_EVERYWHERE_TEST(test_a_machine_in_a_state_of_another_name)
{
        kr_upgrade_report report;
        kr_pid door;

        load(1);
        door = start("door", "[]");
        kit_ok(kr_upgrade("ticker", file_of(2), NULL, &report));
        expect_door(door, "shut", 2, 0);
        kr_cast(door, "push");
        expect_door(door, "opened", 2, 1);
        kr_cast(door, "close");
        kit_ok(kr_rollback("ticker", NULL, &report));
        expect_door(door, "closed", 1, 1);
}

static bool no(void *context)
{
        (void)context;
        return false;
}

KIT_EVERYWHERE_TEST(test_a_machine_has_its_former_state_back)
{
        kr_upgrade_report report;
        kr_pid door;

        load(1);
        door = start("door", "[]");
        kit_err(kr_upgrade("ticker", file_of(2), &(kr_upgrade_opts){ .check = no },
                           &report),
                KR_EFAILED);
        kit_uint_eq(report.restored, 1);
        expect_door(door, "closed", 1, 0);
}

/* -- gen_event -- */

static void expect_alarm(kr_pid manager, kr_handler handler, int version, int64_t seen)
{
        kr_msg reply = KR_MSG_INIT;

        kit_true(kr_match(kr_event_call(manager, handler, &reply, "read"), "{=, =}",
                          version, seen));
        kr_msg_clear(&reply);
}

/* Two of one module, told apart by their ids. */
static kr_pid start_manager(kr_handler handlers[2])
{
        const kr_handler_module *module = kr_handler_named(KR_ATOM("alarm_handler"));
        kr_started started = kr_event_start(NULL);

        kit_ok(started.err);
        kit_not_null(module);
        handlers[0] = kr_handler_id(module, kr_int(1));
        handlers[1] = kr_handler_id(module, kr_int(2));
        for (int i = 0; i < 2; i++)
                kit_ok(kr_event_add_handler(started.pid, handlers[i], NULL, "[]"));
        kr_event_sync_notify(started.pid, "ring");
        return started.pid;
}

static void rename_handlers(kr_handler handlers[2])
{
        for (int i = 0; i < 2; i++)
                handlers[i].module = kr_handler_named(KR_ATOM("alarm_handler"));
}

KIT_EVERYWHERE_TEST(test_handlers_go_over_at_their_next_event)
{
        kr_handler handlers[2];
        kr_pid manager;

        load(1);
        manager = start_manager(handlers);
        load(11);
        rename_handlers(handlers);
        expect_alarm(manager, handlers[0], 11, 1);
        expect_alarm(manager, handlers[1], 11, 1);
}

KIT_EVERYWHERE_TEST(test_handlers_are_converted_within_their_manager)
{
        kr_upgrade_report report;
        kr_handler handlers[2];
        kr_pid manager;

        load(1);
        manager = start_manager(handlers);
        kit_ok(kr_upgrade("ticker", file_of(2), NULL, &report));
        expect_report(&report, KR_UPGRADE_DONE, "");
        kit_uint_eq(report.converted, 1);
        rename_handlers(handlers);
        kr_event_sync_notify(manager, "ring");
        expect_alarm(manager, handlers[0], 2, 2);
        kit_ok(kr_rollback("ticker", NULL, &report));
        rename_handlers(handlers);
        expect_alarm(manager, handlers[1], 1, 2);
}

KIT_EVERYWHERE_TEST(test_handlers_have_their_former_states_back)
{
        kr_upgrade_report report;
        kr_handler handlers[2];
        kr_pid manager;

        load(1);
        manager = start_manager(handlers);
        kit_err(kr_upgrade("ticker", file_of(2), &(kr_upgrade_opts){ .check = no },
                           &report),
                KR_EFAILED);
        kit_uint_eq(report.restored, 1);
        rename_handlers(handlers);
        expect_alarm(manager, handlers[0], 1, 1);
}

struct manager {
        kr_pid pid;
        kr_handler handlers[2];
};

/* The first one serves in the new version, so it has no former state to go back to. */
static bool ask_one_and_complain(void *context)
{
        struct manager *m = context;

        rename_handlers(m->handlers);
        expect_alarm(m->pid, m->handlers[0], 12, 1);
        return false;
}

/* It goes, as if it had crashed, and its owner hears of it; neither its manager nor the other
 * does. */
KIT_EVERYWHERE_TEST(test_a_handler_that_cannot_go_back_goes_alone)
{
        kr_upgrade_report report;
        struct manager m;
        kr_msg msg = KR_MSG_INIT;
        kr_term list;

        load(1);
        m.pid = start_manager(m.handlers);
        (void)kr_event_delete_handler(m.pid, m.handlers[0], &msg, "[]");
        kit_ok(kr_event_add_sup_handler(m.pid, m.handlers[0], &msg, "[]"));
        kr_event_sync_notify(m.pid, "ring");
        kit_err(kr_upgrade("ticker", file_of(12),
                           &(kr_upgrade_opts){ .check = ask_one_and_complain,
                                               .check_context = &m },
                           &report),
                KR_EFAILED);
        kit_expect(&msg, "{gen_event_EXIT, {alarm_handler, 1},"
                         " {upgrade, {cannot_go_back, alarm_handler, failed}}}");
        kit_uint_eq(report.lost, 0);
        kit_uint_eq(report.converted_back, 1);
        rename_handlers(m.handlers);
        expect_alarm(m.pid, m.handlers[1], 1, 2);
        list = kr_event_which_handlers(m.pid, &msg);
        kit_true(kr_match(list, "[{alarm_handler, 2}]"));
        kr_msg_clear(&msg);
}

/* -- supervisors -- */

static kr_pid child_of(kr_pid sup, const char *id)
{
        kr_msg list = KR_MSG_INIT;
        kr_pid pid = kr_pid_none();
        kr_term l = kr_supervisor_which_children(sup, &list);

        for (; kr_is_cons(l); l = kr_tl(l))
                if (kr_match(kr_hd(l), "{=, ~, _, _}", kri_atom_of(id), &pid))
                        break;
        kr_msg_clear(&list);
        return pid;
}

static void crash(kr_pid pid)
{
        kr_ref ref = kr_monitor(pid);
        kr_msg msg = KR_MSG_INIT;

        kr_exit_signal(pid, "kill");
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{'DOWN', =, _, _, _}", ref));
        kr_msg_clear(&msg);
}

/* The child keeps running; a restart is in the new version, and the new spec can be started.
 * covers: M205 release_handler_SUITE:upgrade_supervisor */
KIT_EVERYWHERE_TEST(test_a_supervisor_has_the_specs_of_its_new_version)
{
        kr_upgrade_report report;
        kr_msg slot = KR_MSG_INIT;
        kr_pid sup, first;

        load(1);
        sup = start("ticker_sup", "[]");
        first = child_of(sup, "first");
        kit_int_eq(call_int(first, "version"), 1);
        kit_ok(kr_upgrade("ticker", file_of(2), NULL, &report));
        expect_report(&report, KR_UPGRADE_DONE, "");
        kit_uint_eq(report.processes, 2);
        kit_true(kr_pid_eq(child_of(sup, "first"), first));
        kit_int_eq(call_int(first, "version"), 2);
        kit_ok(kr_supervisor_restart_child(sup, &slot, "second").err);
        kit_int_eq(call_int(child_of(sup, "second"), "version"), 2);
        kr_msg_clear(&slot);
        crash(first);
        kit_int_eq(call_int(child_of(sup, "first"), "version"), 2);
}

/* A child that is started again after a mere load is of the new version: a table keeps no
 * pointer into the old one. */
KIT_EVERYWHERE_TEST(test_a_child_is_started_in_the_current_version)
{
        kr_pid sup;

        load(1);
        sup = start("ticker_sup", "[]");
        load(2);
        crash(child_of(sup, "first"));
        kit_int_eq(call_int(child_of(sup, "first"), "version"), 2);
}

/* covers: release_handler_SUITE:upgrade_supervisor_fail */
KIT_EVERYWHERE_TEST(test_a_supervisor_whose_new_specs_are_wrong)
{
        const kr_upgrade_opts opts = { .no_trial = true };
        kr_upgrade_report report;
        kr_pid sup;

        load(1);
        sup = start("ticker_sup", "[]");
        kit_err(kr_upgrade("ticker", file_of(4), &opts, &report), KR_EFAILED);
        kit_int_ne(report.outcome, KR_UPGRADE_DONE);
        kit_int_eq(call_int(child_of(sup, "first"), "version"), 1);
        crash(child_of(sup, "first"));
        kit_int_eq(call_int(child_of(sup, "first"), "version"), 1);
        kit_true(kr_pid_is_none(child_of(sup, "second")));
}

KIT_MAIN(KIT_CASE(test_a_machine_goes_over_at_its_next_event),
         KIT_CASE(test_a_machine_is_converted_with_its_state_and_its_postponed_events),
         KIT_CASE(test_a_machine_in_a_state_of_another_name),
         KIT_CASE(test_a_machine_has_its_former_state_back),
         KIT_CASE(test_handlers_go_over_at_their_next_event),
         KIT_CASE(test_handlers_are_converted_within_their_manager),
         KIT_CASE(test_handlers_have_their_former_states_back),
         KIT_CASE(test_a_handler_that_cannot_go_back_goes_alone),
         KIT_CASE(test_a_supervisor_has_the_specs_of_its_new_version),
         KIT_CASE(test_a_child_is_started_in_the_current_version),
         KIT_CASE(test_a_supervisor_whose_new_specs_are_wrong))
