/* SPDX-License-Identifier: Apache-2.0 */
/* application_test.c: the counter as an application does what the original's does. */
#include "../../counters/application/counter.h"
#include "../../counters/application/counter_app.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "expect.h"
#include "process.h"

static int out[2]; /* a pipe: what the counter says */

static char folder[300]; /* of counter.app, beside this file */

static void boot(void)
{
        static const kr_application *const known[] = { &counter_app, NULL };
        static char *argv[] = { "test", "-pa", folder, NULL };
        const kr_boot_opts opts = {
                .argc = 3, .argv = argv, .applications = known, .load_only = true
        };
        kr_io_opts io;

        (void)snprintf(folder, sizeof(folder), "%.*s/../../counters/application",
                       (int)(strrchr(__FILE__, '/') - __FILE__), __FILE__);
        kit_int_eq(pipe(out), 0);
        io = (kr_io_opts){ .output = out[1] };
        kit_ok(kr_io_start(kr_here(), &io));
        kit_ok(kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true }));
        kit_ok(kr_boot(&opts, NULL));
        kr_set_group_leader(kr_whereis("user"), kr_self());
}

static const char *said(void)
{
        static char text[4000];
        ssize_t n = read(out[0], text, sizeof(text) - 1);

        kit_true(n >= 0);
        text[n] = 0;
        return text;
}

static kr_pid where(void)
{
        return kr_global_whereis_name(kr_atom_term(KR_ATOM("counter")));
}

static void start(void)
{
        kit_ok(kr_application_start("counter", KR_TEMPORARY, NULL));
        kit_str_eq(said(), "counter_sup:start_link(0)\ncounter_sup:init(0)\n"
                           "counter:start(0)\ncounter:init(0)\n");
}

static int64_t value(void)
{
        kr_msg answer = KR_MSG_INIT;
        int64_t n = kr_to_int64(counter_read(&answer));

        kr_msg_clear(&answer);
        return n;
}

KIT_PROCESS_TEST(test_the_application_starts_and_stops_as_the_original)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        start();
        kit_err(kr_application_start("counter", KR_TEMPORARY, &slot), KR_EALREADY);
        kit_match(slot.term, "{error, {already_started, counter}}");
        (void)kr_application_which(&slot, 5000);
        kit_match(slot.term, "[{counter, [], \"1.0\"} | _]"); /* `descripton` */
        kit_ok(counter_tick(kr_int(7)));
        kit_int_eq(value(), 7);
        kit_ok(kr_application_stop("counter", NULL));
        kit_str_eq(said(), "counter:tick(7)\ncounter:read()\n"
                           "counter:terminate(shutdown,7)\n");
        kit_true(kr_pid_is_none(where()));
        kr_msg_clear(&slot);
}

static void reads(void)
{
        (void)value();
}

KIT_PROCESS_TEST(test_who_reads_when_it_does_not_run_exits)
{
        kr_ref ref;

        boot();
        kr_spawn_monitor(&ref, reads);
        kit_expect_down(ref, "{noproc, {gen_server, call, [{global, counter}, read]}}");
        kit_ok(counter_tick(kr_int(1))); /* nobody: ok, as in the original */
}

KIT_PROCESS_TEST(test_what_it_begins_with_is_configuration)
{
        boot();
        kit_ok(kr_application_load("counter", NULL));
        kr_application_set_env("counter", "env", NULL, "~", 42);
        kit_ok(kr_application_start("counter", KR_TEMPORARY, NULL));
        kit_int_eq(value(), 42);
}

KIT_PROCESS_TEST(test_a_value_that_is_no_number_fails_the_start)
{
        kr_msg slot = KR_MSG_INIT;

        boot();
        kit_ok(kr_application_load("counter", NULL));
        kr_application_set_env("counter", "env", NULL, "none");
        kit_err(kr_application_start("counter", KR_TEMPORARY, &slot), KR_EFAILED);
        kit_match(slot.term,
                  "{error, {{shutdown, {failed_to_start_child, counter,"
                  " {bad_value, none}}}, {counter_app, start, [normal, []]}}}");
        kr_msg_clear(&slot);
}

static void await_another(kr_pid old)
{
        while (kr_pid_is_none(where()) || kr_pid_eq(where(), old))
                kr_yield();
}

static bool runs(void)
{
        kr_msg slot = KR_MSG_INIT;
        bool is = kr_match(kr_application_which(&slot, 5000), "[{counter, _, _} | _]");

        kr_msg_clear(&slot);
        return is;
}

/* The eleventh fault ends the application; it is temporary, so the node goes on. */
KIT_PROCESS_TEST(test_eleven_faults_end_the_application)
{
        boot();
        start();
        for (int i = 0; i < 11; i++) {
                kr_pid old = where();

                kr_exit_signal(old, "kill");
                if (i < 10)
                        await_another(old);
        }
        while (runs())
                kr_sleep(1);
        kit_ok(kr_application_start("counter", KR_TEMPORARY, NULL));
        kit_int_eq(value(), 0);
}

KIT_MAIN(KIT_CASE(test_the_application_starts_and_stops_as_the_original),
         KIT_CASE(test_who_reads_when_it_does_not_run_exits),
         KIT_CASE(test_what_it_begins_with_is_configuration),
         KIT_CASE(test_a_value_that_is_no_number_fails_the_start),
         KIT_CASE(test_eleven_faults_end_the_application))
