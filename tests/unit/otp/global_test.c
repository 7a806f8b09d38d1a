/* SPDX-License-Identifier: Apache-2.0 */
/* global_test.c: names of any term, on a node that is alone; behaviours that start by them. */
#include <krarup.h>

#include "echo.h"
#include "process.h"

KIT_EVERYWHERE_TEST(test_a_name_is_for_one_process_and_a_process_for_one_name)
{
        kr_term a = kr_build("{a, [1, 2]}"), b = kr_build("<<\"b\">>"), list;
        kr_pid pid = kr_spawn(kit_sleeper);

        kit_true(kr_pid_is_none(kr_global_whereis_name(a)));
        kit_true(kr_global_register_name(a, pid));
        kit_true(kr_pid_eq(kr_global_whereis_name(a), pid));
        kit_false(kr_global_register_name(a, kr_self()));
        kit_false(kr_global_register_name(b, pid));
        kit_true(kr_global_register_name(b, kr_self()));
        list = kr_global_registered_names();
        kit_true(kr_match(list, "[=, =]", a, b) || kr_match(list, "[=, =]", b, a));
        kr_release(list);
        kr_global_unregister_name(b);
        kr_global_unregister_name(b);
        kit_true(kr_pid_is_none(kr_global_whereis_name(b)));
        kit_true(kr_global_re_register_name(a, kr_self()));
        kit_true(kr_pid_eq(kr_global_whereis_name(a), kr_self()));
        kr_release(a);
        kr_release(b);
}

KIT_EVERYWHERE_TEST(test_a_name_goes_with_its_process)
{
        kr_term a = kr_build("{a, 1}");

        for (int i = 0; i < 20; i++) {
                kr_pid pid = kr_spawn(kit_sleeper);

                kit_true(kr_global_register_name(a, pid));
                kr_exit_signal(pid, "kill");
                kit_await_end(pid);
                kit_true(kr_pid_is_none(kr_global_whereis_name(a)));
                kit_false(kr_global_register_name(a, pid)); /* dead */
        }
        kr_release(a);
}

KIT_EVERYWHERE_TEST(test_the_table_grows)
{
        enum { MANY = 100 };
        kr_pid pids[MANY];
        size_t count = 0;
        kr_term list;

        for (int i = 0; i < MANY; i++) {
                pids[i] = kr_spawn(kit_sleeper);
                kit_true(kr_global_register_name(kr_int(i), pids[i]));
        }
        for (int i = 0; i < MANY; i++)
                kit_true(kr_pid_eq(kr_global_whereis_name(kr_int(i)), pids[i]));
        for (int i = 0; i < MANY; i += 2)
                kr_global_unregister_name(kr_int(i));
        list = kr_global_registered_names();
        kit_true(kr_length(list, &count));
        kit_uint_eq(count, MANY / 2);
        kr_release(list);
}

static void send_to_nobody(void *unused)
{
        (void)unused;
        (void)kr_global_send(kr_int(1), "{hello, ~}", 2);
}

KIT_EVERYWHERE_TEST(test_sending_by_name)
{
        kr_msg msg = KR_MSG_INIT;
        kr_class kind;

        kit_true(kr_global_register_name(kr_int(7), kr_self()));
        kit_true(kr_pid_eq(kr_global_send(kr_int(7), "{hello, ~}", 1), kr_self()));
        kit_next(&msg, "{hello, 1}");
        kit_false(kr_catch(send_to_nobody, NULL, &kind, &msg));
        kit_match(msg.term, "{badarg, {1, {hello, 2}}}");
        kr_msg_clear(&msg);
}

/* -- behaviours -- */

KIT_EVERYWHERE_TEST(test_a_behaviour_starts_with_a_global_name)
{
        kr_term name = kr_build("{my, name}");
        kr_start_opts opts = { .via = &kr_via_global, .via_name = name };
        kr_msg msg = KR_MSG_INIT;
        kr_started s = kr_start(&echo, &opts, "{tell, ~}", kr_self()), second;

        kit_ok(s.err);
        kit_next(&msg, "{init, =, {my, name}}", s.pid);
        kit_true(kr_pid_eq(kr_global_whereis_name(name), s.pid));
        second = kr_start(&echo, &opts, "[]");
        kit_err(second.err, KR_EALREADY);
        kit_true(kr_pid_eq(second.pid, s.pid));
        kit_ok(kr_stop_server(kr_global(name), 1000, "normal"));
        kit_err(kr_start(&echo, &opts, "{stop, no}").err, KR_EFAILED);
        kit_true(kr_pid_is_none(kr_global_whereis_name(name)));
        kit_err(kr_start(&echo, &opts, "ignore").err, KR_EIGNORED);
        kit_ok(kr_start(&echo, &opts, "[]").err);
        kr_msg_clear(&msg);
        kr_release(name);
}

/* A registry of the user's own, of one name; a test is one process at a time here. */
static kr_pid the_one;

static bool one_register(kr_term name, kr_pid pid)
{
        (void)name;
        if (!kr_pid_is_none(the_one) && kr_is_process_alive(the_one))
                return false;
        the_one = pid;
        return true;
}

static void one_unregister(kr_term name)
{
        (void)name;
        the_one = kr_pid_none();
}

static kr_pid one_whereis(kr_term name)
{
        (void)name;
        return the_one;
}

static const kr_via via_one = { "one", one_register, one_unregister, one_whereis, NULL };

static void calls_via(void)
{
        kr_msg slot = KR_MSG_INIT;

        the_one = kr_pid_none();
        (void)kr_call(kr_by(&via_one, kr_int(1)), &slot, "hello");
}

static void enters(kr_pid *watcher)
{
        struct echo state = { .calls = 41, .watcher = *watcher };

        kr_init_ack("{ok, ~}", kr_self());
        kr_enter_loop(&echo, NULL, &state);
}

static void enters_as(int64_t which)
{
        kr_start_opts opts[] = { { .name = "not_mine" },
                                 { .via = &kr_via_global, .via_name = kr_int(1) },
                                 { .via = &via_one, .via_name = kr_int(1) } };

        the_one = kr_pid_none();
        kr_init_ack("{ok, ~}", kr_self());
        kr_enter_loop(&echo, &opts[which], NULL);
}

KIT_PROCESS_TEST(test_a_behaviour_starts_by_a_registry_of_the_users_own)
{
        kr_start_opts opts = { .via = &via_one, .via_name = kr_int(1) };
        kr_server one = kr_by(&via_one, kr_int(1));
        kr_msg slot = KR_MSG_INIT;
        kr_started s;
        kr_ref ref;

        the_one = kr_pid_none();
        s = kr_start(&echo, &opts, "{watched_by, ~}", kr_self());
        kit_ok(s.err);
        kit_says(kr_call(one, &slot, "{echo, 1}"), "1");
        kr_cast(one, "2");
        kit_next(&slot, "{cast, 2}");
        kit_err(kr_start(&echo, &opts, "[]").err, KR_EALREADY);
        kit_ok(kr_stop_normal(one));
        kit_err(kr_start(&echo, &opts, "{stop, no}").err, KR_EALREADY); /* still there */
        kr_spawn_monitor(&ref, calls_via);
        kit_expect_down(ref, "{noproc, {gen_server, call, [{via, one, 1}, hello]}}");
        kr_msg_clear(&slot);
}

/* covers: I130 */
KIT_EVERYWHERE_TEST(test_a_process_becomes_a_behaviour)
{
        static const char *const reasons[] = { "process_not_registered",
                                               "process_not_registered_globally",
                                               "{process_not_registered_via,one}" };
        kr_pid self = kr_self();
        kr_started s = kr_proc_lib_start_link(NULL, enters, &self);
        kr_msg slot = KR_MSG_INIT;
        kr_ref ref;

        kit_ok(s.err);
        kit_says(kr_call(s.pid, &slot, "calls"), "42");
        kit_says(kr_call(s.pid, &slot, "name"), "{=, =}", s.pid, kr_self());
        kit_says(kr_call(s.pid, &slot, "origin"), "{[=], _}", kr_self());
        kit_ok(kr_stop_normal(s.pid));
        kit_expect(&slot, "{terminate, _, normal}");
        for (int64_t i = 0; i < 3; i++) {
                kr_term why = kr_none();
                char text[100];

                s = kr_proc_lib_start_monitor(NULL, enters_as, i);
                kit_ok(s.err);
                kit_expect(&slot, "{'DOWN', =, _, _, ~}", s.monitor, &why);
                (void)kr_format(text, sizeof(text), why);
                kit_str_eq(text, reasons[i]);
        }
        kr_spawn_monitor(&ref, enters, &self);
        kit_expect_down(ref, "{{badarg, {<<\"kr_init_ack\">>, _}}, _}");
        kr_msg_clear(&slot);
}

KIT_MAIN(KIT_CASE(test_a_name_is_for_one_process_and_a_process_for_one_name),
         KIT_CASE(test_a_name_goes_with_its_process), KIT_CASE(test_the_table_grows),
         KIT_CASE(test_sending_by_name),
         KIT_CASE(test_a_behaviour_starts_with_a_global_name),
         KIT_CASE(test_a_behaviour_starts_by_a_registry_of_the_users_own),
         KIT_CASE(test_a_process_becomes_a_behaviour))
