/* SPDX-License-Identifier: Apache-2.0 */
/* mistakes_other_test.c: mistakes with the configuration of the logger, proc_lib, and bridges. */
#include "mistakes.h"

#include "otp/logger.h"

/* -- the configuration of the logger -- */

/* This value of a parameter of kernel is told so. */
static void check_logged(const char *key, const char *value, const char *wanted)
{
        kr_term term;

        kit_ok(kr_logger_start(kr_here(), &(kr_logger_opts){ .no_default = true }));
        kit_ok(kr_boot(&(kr_boot_opts){ .load_only = true }, NULL));
        mistake_listen();
        kit_ok(kr_parse(value, strlen(value), NULL, &term, NULL));
        kr_application_set_env("kernel", key, NULL, "~", term);
        kr_release(term);
        kri_logger_configure(kr_here());
        for (int i = 0; i < 100 && strstr(mistake_notes, wanted) == NULL; i++)
                kr_sleep(100);
        if (strstr(mistake_notes, wanted) == NULL)
                kit_fail("not told: %s, but %s", wanted, mistake_notes);
}

#define HANDLER(map) "[{handler, a, logger_std_h, #{" map "}}]"

/* mistake: a level that there is not -> no level: loud; write one of emergency, alert, ... */
KIT_SIM_TEST(test_no_level)
{
        check_logged("logger_level", "loud",
                     "config: kernel: logger: no level: loud; write one of emergency");
}

/* mistake: a size of log files in words -> no number: {max_no_bytes,"1M"}; write a whole number */
KIT_SIM_TEST(test_no_number)
{
        check_logged("logger", HANDLER("config => #{max_no_bytes => \"1M\"}"),
                     "config: kernel: logger: no number: {max_no_bytes,\"1M\"}; write a "
                     "whole number, 0 or more");
}

/* mistake: json => yes -> no truth value: {json,yes}; write true or false */
KIT_SIM_TEST(test_no_truth_value)
{
        check_logged("logger", HANDLER("json => yes"),
                     "config: kernel: logger: no truth value: {json,yes}; write true or "
                     "false");
}

/* mistake: a log file without quotes -> no file: node; write the path in double quotes */
KIT_SIM_TEST(test_no_file)
{
        check_logged("logger", HANDLER("config => #{file => node}"),
                     "config: kernel: logger: no file: node; write the path in double "
                     "quotes");
}

/* mistake: a log file that cannot be made -> a handler cannot be added: ...; the system's reason */
KIT_SIM_TEST(test_a_file_that_cannot_be)
{
        check_logged("logger", HANDLER("config => #{file => \"/dev/null/x.log\"}"),
                     "config: kernel: logger: a handler cannot be added: ");
}

/* mistake: a handler of another shape -> not understood: {handler,odd}; write {handler, Name, ...} */
KIT_SIM_TEST(test_a_handler_of_another_shape)
{
        check_logged("logger", "[{handler, odd}]",
                     "config: kernel: logger: not understood: {handler,odd}; write "
                     "{handler, Name, logger_std_h,");
}

/* -- proc_lib -- */

static void says_nothing(kr_term arg)
{
        (void)arg;
}

/* mistake: a start function that returns without kr_init_ack */
KIT_SIM_TEST(test_a_start_without_a_word)
{
        kr_msg why = KR_MSG_INIT;
        kr_start_opts opts = { .ret_reason = &why };

        kit_err(kr_proc_lib_start(&opts, says_nothing, kr_nil()).err, KR_EFAILED);
        kit_remedy(why.term, "a start function says kr_init_ack", "normal");
        kr_msg_clear(&why);
}

/* -- bridges -- */

struct bridge {
        int64_t unused;
};

static kr_started bridge_init(struct bridge *b, kr_term args, kr_msg *reason)
{
        (void)b;
        (void)args;
        (void)reason;
        return kr_started_ok(kr_pid_none());
}

static void bridge_terminate(struct bridge *b, kr_term reason)
{
        (void)b;
        (void)reason;
}

KR_SUPERVISOR_BRIDGE(empty_bridge, struct bridge, bridge_init, bridge_terminate);

/* mistake: a bridge whose init gives no process */
KIT_SIM_TEST(test_a_bridge_to_nobody)
{
        kr_msg why = KR_MSG_INIT;
        kr_start_opts opts = { .ret_reason = &why };

        kit_err(kr_start(&empty_bridge, &opts, "[]").err, KR_EFAILED);
        kit_remedy(why.term, "init gives the process that it has started",
                   "{bad_return, {empty_bridge, init, {ok, undefined}}}");
        kr_msg_clear(&why);
}

KIT_MAIN(KIT_CASE(test_no_level), KIT_CASE(test_no_number), KIT_CASE(test_no_truth_value),
         KIT_CASE(test_no_file), KIT_CASE(test_a_file_that_cannot_be),
         KIT_CASE(test_a_handler_of_another_shape), KIT_CASE(test_a_start_without_a_word),
         KIT_CASE(test_a_bridge_to_nobody))
