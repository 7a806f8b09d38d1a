/* SPDX-License-Identifier: Apache-2.0 */
/* registry_test.c: names of processes. */
#include <krarup.h>

#include "process.h"

enum { DOWN, EXIT, ANY };

static void wait_for_ever(void)
{
        kr_msg msg = KR_MSG_INIT;

        kr_receive(&msg, KR_INFINITY, kr_on(ANY, "never"));
}

static void end_at_once(void)
{
}

static kr_pid a_dead_pid(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid = kr_spawn_monitor(&ref, end_at_once);

        kr_receive(&msg, KR_INFINITY, kr_on(DOWN, "{'DOWN', =, process, _, _}", ref));
        return pid;
}

/* Run `fn` in a process; it must end with badarg from `function` about `argument`. */
static void expect_badarg(void (*fn)(void), const char *function, const char *argument)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_term reason;

        kr_spawn_monitor(&ref, fn);
        kr_receive(&msg, KR_INFINITY,
                   kr_on(DOWN, "{'DOWN', =, process, _, ~}", ref, &reason));
        if (!kr_match(reason, "{{badarg, {=, =}}, _}", function, argument))
                kit_fail("no badarg of %s about %s", function, argument);
}

/* -- what can be registered -- */

static void send_to_nobody_by_text(void)
{
        kr_send("nobody has this name", "hello");
}

static void send_to_nobody_by_atom(void)
{
        kr_send(KR_ATOM("nobody"), "hello");
}

static void send_to_a_name_given_up(void)
{
        kr_register("given up", kr_self());
        kr_unregister("given up");
        kr_send("given up", "hello");
}

// covers: D66
KIT_EVERYWHERE_TEST(test_sending_to_a_name_nobody_has_is_a_badarg)
{
        expect_badarg(send_to_nobody_by_text, "kr_send", "to");
        expect_badarg(send_to_nobody_by_atom, "kr_send", "to");
        expect_badarg(send_to_a_name_given_up, "kr_send", "to");
}

static void take_a_taken_name(void)
{
        kr_register("taken", kr_self());
}

static void take_a_second_name(void)
{
        kr_register("one", kr_self());
        kr_register("two", kr_self());
}

static void take_the_same_name_again(void)
{
        kr_register("same", kr_self());
        kr_register("same", kr_self());
}

static void name_the_dead(void)
{
        kr_register("dead", a_dead_pid());
}

static void name_nobody(void)
{
        kr_register("none", kr_pid_none());
}

static void name_a_stranger(void)
{
        kr_pid far = kr_self();

        far.node += 1000; /* whatever node that is, it is not this one */
        kr_register("far", far);
}

static void take_undefined(void)
{
        kr_register("undefined", kr_self());
}

static void take_what_is_no_atom(void)
{
        char text[300];

        memset(text, 'x', sizeof(text));
        text[sizeof(text) - 1] = 0;
        kr_register((const char *)text, kr_self());
}

static void take_null(void)
{
        const char *text = NULL;

        kr_register(text, kr_self());
}

static void give_up_a_name_nobody_has(void)
{
        kr_unregister("nobody at all");
}

static void give_up_null(void)
{
        const char *text = NULL;

        kr_unregister(text);
}

// covers: E72 process_SUITE:bad_register
KIT_EVERYWHERE_TEST(test_names_and_pids_that_cannot_be_are_refused_with_badarg)
{
        kr_pid owner = kr_spawn(wait_for_ever);

        kr_register("taken", owner);
        expect_badarg(take_a_taken_name, "kr_register", "name");
        expect_badarg(take_a_second_name, "kr_register", "pid");
        expect_badarg(take_the_same_name_again, "kr_register", "name");
        expect_badarg(name_the_dead, "kr_register", "pid");
        expect_badarg(name_nobody, "kr_register", "pid");
        expect_badarg(name_a_stranger, "kr_register", "pid");
        expect_badarg(take_undefined, "kr_register", "name");
        expect_badarg(take_what_is_no_atom, "kr_register", "name");
        expect_badarg(take_null, "kr_register", "name");
        expect_badarg(give_up_a_name_nobody_has, "kr_unregister", "name");
        expect_badarg(give_up_null, "kr_unregister", "name");
        kit_true(kr_pid_eq(kr_whereis("taken"), owner));
        kit_true(kr_pid_is_none(kr_whereis("one")));
        kit_true(kr_pid_is_none(kr_whereis("two")));
        kit_true(kr_pid_is_none(kr_whereis("dead")));
        kit_true(kr_pid_is_none(kr_whereis("none")));
}

// covers: E74
KIT_EVERYWHERE_TEST(test_another_process_may_be_registered_and_unregistered)
{
        kr_pid first = kr_spawn(wait_for_ever), second = kr_spawn(wait_for_ever);

        kr_register("name", first);
        kit_true(kr_pid_eq(kr_whereis("name"), first));
        kit_true(kr_pid_eq(kr_whereis(KR_ATOM("name")), first));
        kr_unregister("name");
        kit_true(kr_pid_is_none(kr_whereis("name")));
        kr_register(KR_ATOM("name"), second);
        kr_register("other", first);
        kit_true(kr_pid_eq(kr_whereis("name"), second));
        kit_true(kr_pid_eq(kr_whereis("other"), first));
}

KIT_PROCESS_TEST(test_registered_lists_all_names)
{
        kr_msg msg = KR_MSG_INIT;
        size_t before, after;
        bool found = false;

        kr_registered(&msg);
        kit_true(kr_length(msg.term, &before));
        kr_register("listed", kr_self());
        kr_register("listed too", kr_spawn(wait_for_ever));
        kr_registered(&msg);
        kit_true(kr_length(msg.term, &after));
        kit_uint_eq(after, before + 2);
        for (kr_term l = msg.term; kr_is_cons(l); l = kr_tl(l))
                found |= kr_match(kr_hd(l), "'listed too'");
        kit_true(found);
}

/* -- names and the end of their owners -- */

static void await_down(kr_ref ref)
{
        kr_msg msg = KR_MSG_INIT;

        kit_int_eq(kr_receive(&msg, KR_INFINITY,
                              kr_on(DOWN, "{'DOWN', =, process, _, _}", ref)),
                   DOWN);
}

// covers: E73
KIT_EVERYWHERE_TEST(test_a_name_is_free_as_soon_as_its_owners_end_has_been_seen)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kr_trap_exit(true);
        for (int i = 0; i < 200; i++) {
                kr_pid owner = kr_spawn_monitor(&ref, wait_for_ever);

                kr_register("name", owner);
                if (i % 2 == 0)
                        kr_link(owner);
                kr_exit_signal(owner, "over");
                if (i % 2 == 0)
                        kr_receive(&msg, KR_INFINITY,
                                   kr_on(EXIT, "{'EXIT', =, over}", owner));
                else
                        await_down(ref);
                kit_true(kr_pid_is_none(kr_whereis("name")));
                kr_register("name", kr_self());
                kr_unregister("name");
        }
}

static void take_name_and_end(void)
{
        kr_register("short", kr_self());
}

// covers: E75
KIT_EVERYWHERE_TEST(test_a_process_that_ends_leaves_no_name)
{
        kr_ref ref;

        for (int i = 0; i < 500; i++) {
                kr_spawn_monitor(&ref, take_name_and_end);
                await_down(ref);
                kit_true(kr_pid_is_none(kr_whereis("short")));
        }
}

/* Many processes want one name and end at once; others give it to whom they find. */
static void race_for_name(void *arg)
{
        (void)arg;
        kr_register("race", kr_self());
}

static void racer(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_class kind;

        (void)kr_catch(race_for_name, NULL, &kind, &msg);
}

static void name_it(void *pid)
{
        kr_register("race", *(kr_pid *)pid);
}

/* The owner that whereis shows was alive when it was looked up, so a message to it by name
 * either arrives or finds no name; a name that stays behind would be found for ever. */
// covers: E75 register_SUITE:otp_8099
KIT_PROCESS_TEST(test_register_and_exit_race_for_a_name_and_never_leave_a_dead_owner)
{
        int rounds = 1000000 / (kit_slowness() * kit_slowness());
        kr_msg msg = KR_MSG_INIT;
        kr_class kind;
        kr_ref ref;

        for (int i = 0; i < rounds; i++) {
                kr_pid pid = i % 4 == 0 ? kr_spawn_monitor(&ref, racer) : kr_spawn(racer);

                if (i % 4 == 1)
                        (void)kr_catch(name_it, &pid, &kind, &msg);
                if (i % 4 != 0)
                        continue;
                await_down(ref);
                kit_false(kr_pid_eq(kr_whereis("race"), pid));
        }
        kr_spawn_monitor(&ref, end_at_once);
        await_down(ref);
        kit_eventually(kr_pid_is_none(kr_whereis("race")));
        kr_register("race", kr_self());
}

/* -- turns -- */

static _Atomic bool enough;

static void registers_for_ever(void)
{
        while (!enough) {
                kr_register("restless", kr_self());
                kr_unregister("restless");
        }
}

static void looks_for_ever(void)
{
        while (!enough)
                (void)kr_whereis("nobody at all");
}

/* One scheduler: the case goes on only if the others' turns end. */
KIT_SIM_TEST(test_names_cost_reductions)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref first, second;

        kr_spawn_monitor(&first, registers_for_ever);
        kr_spawn_monitor(&second, looks_for_ever);
        for (int i = 0; i < 10; i++)
                kr_yield();
        enough = true;
        kr_receive(&msg, KR_INFINITY,
                   kr_on(DOWN, "{'DOWN', =, process, _, normal}", first));
        kr_receive(&msg, KR_INFINITY,
                   kr_on(DOWN, "{'DOWN', =, process, _, normal}", second));
        kr_msg_clear(&msg);
}

KIT_MAIN(KIT_CASE(test_names_cost_reductions),
         KIT_CASE(test_sending_to_a_name_nobody_has_is_a_badarg),
         KIT_CASE(test_names_and_pids_that_cannot_be_are_refused_with_badarg),
         KIT_CASE(test_another_process_may_be_registered_and_unregistered),
         KIT_CASE(test_registered_lists_all_names),
         KIT_CASE(test_a_name_is_free_as_soon_as_its_owners_end_has_been_seen),
         KIT_CASE(test_a_process_that_ends_leaves_no_name),
         KIT_SLOW(test_register_and_exit_race_for_a_name_and_never_leave_a_dead_owner,
                  90))
