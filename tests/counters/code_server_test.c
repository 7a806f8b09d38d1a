/* SPDX-License-Identifier: Apache-2.0 */
/* code_server_test.c: counters that change while they run keep their count. */
#include <krarup.h>

#include <stdio.h>

#include "process.h"

static const char *file_of(const char *module, int version)
{
        static char file[1024];

        snprintf(file, sizeof(file), "%s/code_server_%s_%d.so", COUNTERS, module,
                 version);
        return file;
}

static void load(const char *module, int version)
{
        kit_ok(kr_code_load(file_of(module, version), NULL));
}

static void tick(const char *module, int64_t n)
{
        kr_release(kr_apply(module, "tick", "{~}", n));
}

static void call(const char *module, const char *function)
{
        kr_release(kr_apply(module, function, "{}"));
}

static int64_t read_number(const char *module)
{
        kr_term value = kr_apply(module, "read", "{}");
        int64_t n = INT64_MIN;

        kit_true(kr_match(value, "~", &n));
        kr_release(value);
        return n;
}

/* Until it waits for the next message: its answer comes before that. */
static void await_rest(const char *name)
{
        kr_msg msg = KR_MSG_INIT;

        do {
                kr_yield();
                kit_true(kr_process_info(kr_whereis(name), kri_atom_of("status"), &msg));
        } while (!kr_match(msg.term, "{status, waiting}"));
        kr_msg_clear(&msg);
}

KIT_EVERYWHERE_TEST(test_a_loop_is_given_a_function_and_keeps_its_count)
{
        kr_pid pid;

        load("counter", 1);
        call("counter", "start");
        pid = kr_whereis("counter");
        tick("counter", 42);
        kit_int_eq(read_number("counter"), 42);
        await_rest("counter");
        kit_false(kr_function_exported("counter", "reset", 0));
        kit_true(kr_code_soft_purge("counter", NULL));
        load("counter", 2);
        kit_true(kr_function_exported("counter", "reset", 0));
        kit_false(kr_code_soft_purge("counter", NULL)); /* it waits in version 1 */
        tick("counter", 0);
        kit_int_eq(read_number("counter"), 42);
        await_rest("counter");
        kit_true(kr_code_soft_purge("counter", NULL));
        call("counter", "reset");
        kit_int_eq(read_number("counter"), 0);
        kit_true(kr_pid_eq(pid, kr_whereis("counter")));
}

KIT_EVERYWHERE_TEST(test_a_server_goes_over_at_its_next_message)
{
        kr_pid pid;

        load("counter_gen_server", 1);
        call("counter_gen_server", "start");
        pid = kr_whereis("counter_gen_server");
        tick("counter_gen_server", 42);
        load("counter_gen_server", 2);
        kit_int_eq(read_number("counter_gen_server"), 42);
        call("counter_gen_server", "reset");
        kit_int_eq(read_number("counter_gen_server"), 0);
        kit_true(kr_pid_eq(pid, kr_whereis("counter_gen_server")));
}

/* Nothing has come to it since: it is moved while it rests, and not killed. */
KIT_EVERYWHERE_TEST(test_a_server_at_rest_is_moved_by_the_purge)
{
        load("counter_gen_server", 1);
        call("counter_gen_server", "start");
        tick("counter_gen_server", 42);
        kit_int_eq(read_number("counter_gen_server"), 42);
        load("counter_gen_server", 2);
        kit_false(kr_code_purge("counter_gen_server", NULL)); /* nobody was killed */
        kit_false(kr_code_check_old("counter_gen_server"));
        call("counter_gen_server", "reset");
        kit_int_eq(read_number("counter_gen_server"), 0);
}

static void break_it(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term answer;

        load("counter_gen_server", 2);
        call("counter_gen_server", "start");
        tick("counter_gen_server", 7);
        load("counter_gen_server", 3);
        kr_sys_suspend("counter_gen_server");
        answer = kr_sys_change_code("counter_gen_server", &msg,
                                    "{counter_gen_server, \"1\", []}");
        kit_true(kr_match(answer, "{error, {'EXIT', {{sigsegv, 0}, _}}}"));
        kr_sys_resume("counter_gen_server");
        kit_int_eq(read_number("counter_gen_server"), 7);
        call("counter_gen_server", "reset"); /* of version 2, which goes on serving */
        kit_int_eq(read_number("counter_gen_server"), 0);
        kr_msg_clear(&msg);
}

KIT_TEST(test_a_change_that_faults_changes_nothing)
{
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT, .schedulers = 2 },
                        break_it);
}

KIT_MAIN(KIT_CASE(test_a_loop_is_given_a_function_and_keeps_its_count),
         KIT_CASE(test_a_server_goes_over_at_its_next_message),
         KIT_CASE(test_a_server_at_rest_is_moved_by_the_purge),
         KIT_CASE(test_a_change_that_faults_changes_nothing))
