/* SPDX-License-Identifier: Apache-2.0 */
/* on_load_test.c: a module's own function decides whether it is loaded. */
#include "kit_code.h"

static void listen(void)
{
        kr_register("listener", kr_self());
}

static void expect_message(const char *what)
{
        kr_msg msg = KR_MSG_INIT;
        char text[100];

        kr_receive(&msg, KR_INFINITY, kr_on(0, "_"));
        kr_format(text, sizeof(text), msg.term);
        kit_str_eq(text, what);
        kr_msg_clear(&msg);
}

/* covers: code_SUITE:on_load */
KIT_EVERYWHERE_TEST(test_it_runs_before_the_module_is_there)
{
        listen();
        load("on_load_1");
        expect_message("loading");
        kit_int_eq(call_int("on_load", "version"), 1);
}

/* covers: code_SUITE:on_load_binary */
KIT_PROCESS_TEST(test_from_memory_too)
{
        static char bytes[1 << 20];
        FILE *in = fopen(module_file("on_load_1"), "rb");
        size_t len;

        kit_not_null(in);
        len = fread(bytes, 1, sizeof(bytes), in);
        fclose(in);
        listen();
        kit_ok(kr_code_load_binary("on_load", "x", bytes, len, NULL));
        expect_message("loading");
}

/* covers: code_SUITE:on_load_errors */
KIT_PROCESS_TEST(test_what_is_not_ok_refuses_the_module)
{
        expect_refused("on_load_2", "on_load_failure", "on_load");
        kit_false(kr_code_is_loaded("on_load", NULL));
        kit_false(is_mapped("/on_load-"));
}

/* covers: code_SUITE:on_load_errors */
KIT_TEST(test_a_fault_refuses_the_module)
{
        kr_node *node = kit_node_start(&(kr_node_opts){ .faults = KR_FAULTS_EXIT });
        kr_pid self;

        kit_ok(kr_thread_attach(node, &self));
        expect_refused("on_load_3", "on_load_failure", "on_load");
        kit_false(kr_code_is_loaded("on_load", NULL));
        kit_false(is_mapped("/on_load-"));
        kr_thread_detach();
        kit_node_stop(node);
}

/* covers: code_SUITE:on_load_self_call */
KIT_PROCESS_TEST(test_the_module_is_not_there_for_itself)
{
        expect_refused("on_load_4", "on_load_failure", "on_load");
        kit_false(is_mapped("/on_load-"));
}

/* covers: code_SUITE:on_load_update */
KIT_PROCESS_TEST(test_a_failure_keeps_the_version_before)
{
        listen();
        load("on_load_1");
        expect_message("loading");
        expect_refused("on_load_2", "on_load_failure", "on_load");
        kit_int_eq(call_int("on_load", "version"), 1);
        kit_false(kr_code_check_old("on_load"));
}

static void load_waiting(kr_term to)
{
        kr_pid pid = kr_pid_none();

        (void)kr_get_pid(to, &pid);
        kr_send(pid, "{loaded, ~}", (int)kr_code_load(module_file("on_load_5"), NULL));
}

static void ensure(kr_term to)
{
        kr_pid pid = kr_pid_none();

        (void)kr_get_pid(to, &pid);
        kr_send(pid, "{ensured, ~}", (int)kr_code_ensure_loaded("on_load", NULL));
}

/* The process that runs on_load, which waits to be told how to end. */
static kr_pid begin(void)
{
        kr_term self = kr_build("~", kr_self());
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        if (kr_pid_is_none(kr_whereis("listener")))
                listen();
        kr_spawn(load_waiting, self);
        kr_receive(&msg, KR_INFINITY, kr_on(0, "{loading, ~}", &pid));
        kr_msg_clear(&msg);
        kr_release(self);
        return pid;
}

/* covers: code_SUITE:on_load_pending */
KIT_EVERYWHERE_TEST(test_others_wait_until_it_is_over)
{
        kr_term self = kr_build("~", kr_self());
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid = begin();

        kr_spawn(ensure, self);
        load("counter_1"); /* others are not in the way */
        kit_false(kr_code_is_loaded("on_load", NULL));
        kr_send(pid, "ok");
        kr_receive(&msg, KR_INFINITY, kr_on(0, "{loaded, 0}"));
        kr_receive(&msg, KR_INFINITY, kr_on(0, "{ensured, 0}"));
        kr_msg_clear(&msg);
        kit_int_eq(call_int("on_load", "version"), 5);
        kr_release(self);
}

/* covers: code_SUITE:on_load_purge code_SUITE:on_load_deleted */
KIT_EVERYWHERE_TEST(test_it_may_be_deleted_and_purged_meanwhile)
{
        kr_pid pid;

        listen();
        load("on_load_1");
        expect_message("loading");
        pid = begin();
        kit_true(kr_code_delete("on_load"));
        kit_true(kr_code_soft_purge("on_load", NULL));
        expect_message("{unloading,1}");
        kit_false(kr_code_is_loaded("on_load", NULL));
        kr_send(pid, "ok");
        expect_message("{loaded,0}");
        kit_int_eq(call_int("on_load", "version"), 5);
}

KIT_EVERYWHERE_TEST(test_on_unload_runs_before_it_goes)
{
        listen();
        load("on_load_1");
        expect_message("loading");
        kit_true(kr_code_delete("on_load"));
        kit_false(kr_code_purge("on_load", NULL));
        expect_message("{unloading,1}");
        kit_false(is_mapped("/on_load-"));
}

KIT_MAIN(KIT_CASE(test_it_runs_before_the_module_is_there),
         KIT_CASE(test_from_memory_too), KIT_CASE(test_what_is_not_ok_refuses_the_module),
         KIT_CASE(test_a_fault_refuses_the_module),
         KIT_CASE(test_the_module_is_not_there_for_itself),
         KIT_CASE(test_a_failure_keeps_the_version_before),
         KIT_CASE(test_others_wait_until_it_is_over),
         KIT_CASE(test_it_may_be_deleted_and_purged_meanwhile),
         KIT_CASE(test_on_unload_runs_before_it_goes))
