/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_dynamic_test.c: simple_one_for_one: any number of children of one kind. */
#include "supervisor_kit.h"

#include "otp/supervisor_pids.h"

#define SIMPLE(kind, args, more)                                                         \
        "{simple_one_for_one, 3, 60, never,"                                             \
        " [#{id => a, start => {w, " kind ", " args "}" more "}]}"

static kr_pid start_another(kr_pid sup)
{
        kr_msg slot = KR_MSG_INIT;
        kr_started started = kr_supervisor_start_another(sup, &slot, "[]");

        kit_int_eq(started.err, KR_OK);
        kr_msg_clear(&slot);
        return started.pid;
}

/* The pid in the next {started, Tag, Pid}. */
static kr_pid started_as(const char *tag)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        kit_expect(&msg, "{started, =, ~}", kri_atom_of(tag), &pid);
        kr_msg_clear(&msg);
        return pid;
}

/* covers: supervisor_SUITE:child_adm_simple M198 supervisor_SUITE:sup_start_map_simple */
KIT_EVERYWHERE_TEST(test_children_are_known_by_their_pids)
{
        kr_pid sup = start_sup(SIMPLE("waits", "[]", "")), a, b, dead;
        kr_msg slot = KR_MSG_INIT;

        expect_answer(sup, "which_children", "[]");
        expect_answer(sup, "count_children",
                      "[{specs, 1}, {active, 0}, {supervisors, 0}, {workers, 0}]");
        a = start_another(sup);
        expect_answer(sup, "which_children", "[{undefined, =, worker, [w]}]", a);
        b = start_another(sup);
        expect_answer(sup, "count_children",
                      "[{specs, 1}, {active, 2}, {supervisors, 0}, {workers, 2}]");
        kit_int_eq(kr_supervisor_terminate_child(sup, "a"), KR_EBADARG);
        kit_int_eq(kr_supervisor_delete_child(sup, "a"), KR_EBADARG);
        kit_int_eq(kr_supervisor_restart_child(sup, &slot, "a").err, KR_EBADARG);
        kit_int_eq(kr_supervisor_delete_child(sup, a), KR_EBADARG);
        kit_int_eq(kr_supervisor_get_childspec(sup, &slot, a), KR_OK);
        kit_match(slot.term, "{ok, #{id => a, shutdown => 5000}}");
        kit_int_eq(kr_supervisor_get_childspec(sup, &slot, "a"), KR_OK);
        kit_int_eq(kr_supervisor_get_childspec(sup, &slot, kr_self()), KR_ENOPROC);

        kit_int_eq(kr_supervisor_terminate_child(sup, a), KR_OK);
        kit_false(kr_is_process_alive(a));
        kit_int_eq(kr_supervisor_terminate_child(sup, a), KR_OK); /* dead is dead */
        kit_int_eq(kr_supervisor_terminate_child(sup, kr_self()), KR_ENOPROC);
        dead = kr_spawn(kit_sleeper);
        kr_exit_signal(dead, "kill");
        kit_await_end(dead);
        kit_int_eq(kr_supervisor_terminate_child(sup, dead), KR_OK);
        expect_answer(sup, "which_children", "[{undefined, =, worker, [w]}]", b);
        stop_sup(sup);
}

/* covers: supervisor_SUITE:simple_one_for_one */
KIT_EVERYWHERE_TEST(test_a_child_is_restarted_with_its_own_arguments)
{
        kr_pid sup = start_sup(SIMPLE("tells", "[]", ""));
        kr_msg slot = KR_MSG_INIT;
        kr_pid old;

        kit_int_eq(kr_supervisor_start_another(sup, &slot, "[one, ~]", 1).err, KR_OK);
        kit_int_eq(kr_supervisor_start_another(sup, &slot, "[{two}]").err, KR_OK);
        old = started_as("one");
        kit_expect(&slot, "{started, {two}, _}");
        end_child(old, "boom");
        kit_false(kr_pid_eq(started_as("one"), old));
        kit_expect_nothing();
        stop_sup(sup);
}

KIT_EVERYWHERE_TEST(test_arguments_follow_those_of_the_spec)
{
        kr_pid sup = start_sup(SIMPLE("tells", "[first]", ""));
        kr_msg slot = KR_MSG_INIT;
        kr_term args;

        kit_int_eq(kr_supervisor_start_another(sup, &slot, "[second]").err, KR_OK);
        kit_match(slot.term, "{ok, _}");
        end_child(started_as("first"), "boom");
        (void)started_as("first");
        args = parsed("{start_child, [a | b]}"); /* no list of arguments */
        kit_match(kr_call_timeout(sup, &slot, KR_INFINITY, "~", args),
                  "{error, {'EXIT', {badarg, _}}}");
        kr_release(args);
        stop_sup(sup);
}

/* covers: supervisor_SUITE:simple_one_for_one_extra
 * covers: supervisor_SUITE:sup_start_child_returns_error_simple */
KIT_EVERYWHERE_TEST(test_what_a_start_may_give)
{
        kr_pid sup = start_sup(SIMPLE("with_info", "[]", ""));

        expect_answer(sup, "{start_child, [x]}", "{ok, _, {info, x}}");
        stop_sup(sup);
        sup = start_sup(SIMPLE("fails", "[]", ""));
        expect_answer(sup, "{start_child, [x]}", "{error, {no, x}}");
        stop_sup(sup);
        sup = start_sup(SIMPLE("throws", "[]", ""));
        expect_answer(sup, "{start_child, [odd]}", "{error, odd}");
        expect_answer(sup, "which_children", "[]");
        stop_sup(sup);
}

/* covers: supervisor_SUITE:sup_start_ignore_temporary_child_start_child_simple
 * covers: supervisor_SUITE:sup_start_ignore_permanent_child_start_child_simple */
KIT_EVERYWHERE_TEST(test_children_that_ignore_are_not_kept)
{
        kr_pid sup = start_sup(SIMPLE("ignores", "[]", ""));

        expect_answer(sup, "{start_child, []}", "{ok, undefined}");
        expect_answer(sup, "count_children",
                      "[{specs, 1}, {active, 0}, {supervisors, 0}, {workers, 0}]");
        stop_sup(sup);
        sup = start_sup(SIMPLE("ignores", "[]", ", restart => temporary"));
        expect_answer(sup, "{start_child, []}", "{ok, undefined}");
        expect_answer(sup, "which_children", "[]");
        stop_sup(sup);
}

/* covers: supervisor_SUITE:simple_one_for_one_restart_ignore */
KIT_EVERYWHERE_TEST(test_a_restart_that_is_ignored_forgets_the_child)
{
        kr_pid sup = start_sup(SIMPLE("ignores_later", "[]", ""));

        end_child(start_another(sup), "boom");
        expect_answer(sup, "which_children", "[]");
        expect_answer(sup, "count_children",
                      "[{specs, 1}, {active, 0}, {supervisors, 0}, {workers, 0}]");
        stop_sup(sup);
}

/* covers: supervisor_SUITE:simple_one_for_one_escalation */
KIT_EVERYWHERE_TEST(test_too_many_restarts_end_it)
{
        kr_pid sup = start_sup(SIMPLE("tells", "[]", ""));
        kr_msg slot = KR_MSG_INIT;

        (void)kr_supervisor_start_another(sup, &slot, "[x]");
        (void)kr_supervisor_start_another(sup, &slot, "[y]");
        for (int i = 0; i < 4; i++)
                end_child(started_as("x"), "boom");
        kit_expect(&slot, "{stopped, y, shutdown}");
        expect_sup_gone(sup);
}

/* covers: supervisor_SUITE:simple_one_for_one_corruption
 * covers: supervisor_SUITE:hanging_restart_loop_simple */
KIT_EVERYWHERE_TEST(test_one_that_keeps_failing_can_be_stopped)
{
        kr_pid sup = start_sup("{simple_one_for_one, 2000000, 60, never,"
                               " [#{id => a, start => {w, is_flaky, []}}]}");
        kr_msg slot = KR_MSG_INIT;
        kr_pid old, other;

        (void)kr_supervisor_start_another(sup, &slot, "[x]");
        (void)kr_supervisor_start_another(sup, &slot, "[y]");
        old = started_as("x");
        other = started_as("y");
        failures_left = INT64_MAX;
        end_child(old, "boom");
        while (attempts < 6)
                kr_yield();
        expect_answer(sup, "count_children",
                      "[{specs, 1}, {active, 1}, {supervisors, 0}, {workers, 2}]");
        expect_answer(sup, "{start_child, [z]}", "{error, flaky}");
        kit_int_eq(kr_supervisor_terminate_child(sup, old), KR_OK);
        expect_answer(sup, "which_children", "[{undefined, =, worker, [w]}]", other);
        expect_answer(sup, "count_children",
                      "[{specs, 1}, {active, 1}, {supervisors, 0}, {workers, 1}]");
        end_child(other, "boom");
        failures_left = 0;
        (void)started_as("y");
        expect_answer(sup, "count_children",
                      "[{specs, 1}, {active, 1}, {supervisors, 0}, {workers, 1}]");
        stop_sup(sup);
}

/* covers: supervisor_SUITE:simple_global_supervisor */
KIT_EVERYWHERE_TEST(test_a_global_supervisor)
{
        kr_term args, name = kr_atom_term(KR_ATOM("everywhere"));
        const kr_start_opts opts = { .via = &kr_via_global, .via_name = name };
        kr_msg slot = KR_MSG_INIT;
        kr_started started;

        ready();
        args = parsed(SIMPLE("waits", "[]", ""));
        started = kr_start_link(&any_sup, &opts, "~", args);
        kit_int_eq(started.err, KR_OK);
        started = kr_supervisor_start_another(kr_global(name), &slot, "[]");
        kit_int_eq(started.err, KR_OK);
        kit_match(kr_sys_get_state(kr_global(name), &slot),
                  "{state, {global, everywhere}, _, _,"
                  " _, _, _, _, _, _, _, _}");
        kr_exit_signal(started.pid, "boom");
        kit_await_end(started.pid);
        kit_uint_eq(kr_supervisor_count_children(kr_global(name)).active, 1);
        kr_release(args);
}

/* -- stopping -- */

/* covers: supervisor_SUITE:simple_one_for_one_shutdown M197
 * covers: supervisor_SUITE:sup_stop_timeout_dynamic */
KIT_EVERYWHERE_TEST(test_all_have_the_same_time_to_stop)
{
        kr_pid sup = start_sup(SIMPLE("is_deaf", "[]", ", shutdown => 100"));
        int64_t began_ms;

        for (int i = 0; i < 50; i++)
                (void)start_another(sup);
        began_ms = kr_monotonic_ms(NULL);
        stop_sup(sup);
        kit_int_ge(kr_monotonic_ms(NULL) - began_ms, 100);
        kit_int_lt(kr_monotonic_ms(NULL) - began_ms, 1000 * kit_slowness());
}

/* covers: supervisor_SUITE:sup_stop_brutal_kill_dynamic */
KIT_EVERYWHERE_TEST(test_all_are_killed)
{
        kr_pid sup = start_sup(SIMPLE("is_deaf", "[]", ", shutdown => brutal_kill"));
        kr_ref gone = kr_monitor(start_another(sup));

        (void)start_another(sup);
        stop_sup(sup);
        kit_expect_down(gone, "killed");
}

KIT_EVERYWHERE_TEST(test_one_that_has_unlinked_itself_is_waited_for)
{
        kr_pid sup = start_sup(SIMPLE("unlinks", "[]", ", shutdown => infinity"));
        kr_msg msg = KR_MSG_INIT;
        kr_ref gone;

        gone = kr_monitor(start_another(sup));
        kit_expect(&msg, "{unlinked, _}");
        stop_sup(sup);
        kit_expect_down(gone, "shutdown");
}

static void many_temporary(void)
{
        const int many = kit_slowness() > 1 ? 2000 : 20000;
        kr_pid sup = start_sup(SIMPLE("waits", "[]", ", restart => temporary"));
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < many; i++)
                (void)start_another(sup);
        kit_uint_eq(kr_supervisor_count_children(sup).active, (uint64_t)many);
        kr_exit_signal(sup, "shutdown");
        kit_int_eq(kr_receive(&msg, 60000, kr_on(0, "{'EXIT', =, shutdown}", sup)), 0);
}

/* covers: supervisor_SUITE:simple_one_for_one_scale_many_temporary_children */
KIT_TEST(test_many_start_and_stop)
{
        kit_run_process(NULL, many_temporary);
}

/* -- the table of pids -- */

static kr_pid made_up(uint64_t n)
{
        return (kr_pid){ .num = (n * 7 + 1) << 9 | 12, .node = 1 };
}

/* Against an array that says who is there. */
KIT_TEST(test_the_table_finds_what_is_in_it)
{
        enum { RANGE = 5000 };
        static uint64_t there[RANGE];
        struct kri_pids t = { .slots = NULL };
        struct kri_pid_slot *slot;
        size_t count = 0, seen = 0;

        for (int step = 0; step < 200000; step++) {
                uint64_t n = kit_random_below(step < 100000 ? RANGE : RANGE / 50);

                if (there[n] == 0) {
                        kit_true(kri_pids_reserve(&t));
                        there[n] = kit_random() | 1;
                        kri_pids_put(&t, made_up(n), there[n]);
                        count++;
                } else {
                        kit_uint_eq(kri_pids_get(&t, made_up(n))->value, there[n]);
                        kri_pids_remove(&t, made_up(n));
                        there[n] = 0;
                        count--;
                }
                kit_uint_eq(t.count, count);
        }
        for (uint64_t n = 0; n < RANGE; n++) {
                slot = kri_pids_get(&t, made_up(n));
                kit_uint_eq(slot ? slot->value : 0, there[n]);
        }
        for (slot = NULL; (slot = kri_pids_next(&t, slot)) != NULL;)
                seen++;
        kit_uint_eq(seen, count);
        kri_pids_clear(&t);
}

/* How far from its own place an entry stands, whatever the numbers look like. */
static uint64_t steps_to_find(const struct kri_pids *t, kr_pid pid)
{
        const struct kri_pid_slot *slot = kri_pids_get(t, pid);
        size_t at = (size_t)(slot - t->slots);
        uint64_t steps = 1;

        /* back to the last free place: at least as far as its own */
        while (t->slots[(at + t->cap - steps) % t->cap].num != 0)
                steps++;
        return steps;
}

/* A supervisor stops its children in the order of its table, and the next ones get what has
 * become free in that order: the same index, a later serial. */
KIT_TEST(test_the_table_does_not_heap_pids_up)
{
        enum { MANY = 50000 };
        struct kri_pids first = { .slots = NULL }, second = { .slots = NULL };
        struct kri_pid_slot *slot = NULL;
        uint64_t steps = 0;

        for (uint64_t n = 1; n <= MANY; n++) {
                kit_true(kri_pids_reserve(&first));
                kri_pids_put(&first, (kr_pid){ .num = n << 9, .node = 1 }, n);
        }
        while ((slot = kri_pids_next(&first, slot)) != NULL && second.count < MANY / 2) {
                kit_true(kri_pids_reserve(&second));
                kri_pids_put(&second,
                             (kr_pid){ .num = slot->num + (UINT64_C(1) << 32),
                                       .node = 1 },
                             0);
        }
        for (slot = NULL; (slot = kri_pids_next(&second, slot)) != NULL;)
                steps += steps_to_find(&second, kri_pid_slot_pid(slot));
        kit_int_lt(steps / (MANY / 2), 60);
        kri_pids_clear(&first);
        kri_pids_clear(&second);
}

/* At most 48 bytes for a child, and small again when they have gone. */
KIT_TEST(test_the_table_is_no_larger_than_promised)
{
        struct kri_pids t = { .slots = NULL };

        for (uint64_t n = 0; n < 300000; n++) {
                kit_true(kri_pids_reserve(&t));
                kri_pids_put(&t, made_up(n), n);
                if (n > 16)
                        kit_true(t.cap * sizeof(*t.slots) <= 48 * t.count);
        }
        for (uint64_t n = 0; n < 300000; n++)
                kri_pids_remove(&t, made_up(n));
        kit_uint_eq(t.count, 0);
        kit_true(t.cap <= 16);
        kri_pids_clear(&t);
}

KIT_MAIN(KIT_CASE(test_children_are_known_by_their_pids),
         KIT_CASE(test_a_child_is_restarted_with_its_own_arguments),
         KIT_CASE(test_arguments_follow_those_of_the_spec),
         KIT_CASE(test_what_a_start_may_give),
         KIT_CASE(test_children_that_ignore_are_not_kept),
         KIT_CASE(test_a_restart_that_is_ignored_forgets_the_child),
         KIT_CASE(test_too_many_restarts_end_it),
         KIT_CASE(test_one_that_keeps_failing_can_be_stopped),
         KIT_CASE(test_a_global_supervisor),
         KIT_CASE(test_all_have_the_same_time_to_stop), KIT_CASE(test_all_are_killed),
         KIT_CASE(test_one_that_has_unlinked_itself_is_waited_for),
         KIT_SLOW(test_many_start_and_stop, 60),
         KIT_CASE(test_the_table_finds_what_is_in_it),
         KIT_CASE(test_the_table_does_not_heap_pids_up),
         KIT_CASE(test_the_table_is_no_larger_than_promised))
