/* SPDX-License-Identifier: Apache-2.0 */
/* entry_test.c: whatever function of ours a process is in, people see the program's function
 * that has called it.
 */
#include <krarup.h>

#include "expect.h"
#include "process.h"

/* Each is in one function of ours most of the time: what it waits in, or what its turns end
 * in. Their names are what is seen. */

static kr_pid partner; /* waits for ever; constant while these run */
static kr_pid full;    /* the same, and takes no more messages */

static void in_receive(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(1, "never"));
}

static void in_receive_with_time(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive(&msg, 100000, kr_on(1, "never"));
}

static void in_receive_with_messages(void)
{
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < 3; i++)
                kr_send(kr_self(), "{some, ~}", i);
        (void)kr_receive(&msg, KR_INFINITY, kr_on(1, "never"));
}

static void in_receive_again_and_again(void)
{
        kr_msg msg = KR_MSG_INIT;

        for (;;)
                (void)kr_receive(&msg, 0, kr_on(1, "never"));
}

static void in_receive_after_sends(void)
{
        kr_msg msg = KR_MSG_INIT;

        for (;;) {
                kr_send(kr_self(), "{some, ~}", 1);
                (void)kr_receive(&msg, KR_INFINITY, kr_on(1, "{some, _}"));
        }
}

static void in_receive_top(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive_top(&msg, KR_INFINITY, kr_on(1, "never"));
}

static void in_receive_top_with_messages(void)
{
        kr_msg msg = KR_MSG_INIT;

        for (;;) {
                kr_send(kr_self(), "{some, ~}", 1);
                (void)kr_receive_top(&msg, 0, kr_on(1, "{some, _}"));
        }
}

static void in_sleep(void)
{
        for (;;)
                kr_sleep(KR_INFINITY);
}

static void in_yield(void)
{
        for (;;)
                kr_yield();
}

static void in_send(void)
{
        for (;;)
                kr_send(partner, "{some, ~}", 1);
}

static void in_send_of_much(void)
{
        static const char large[2000];
        const kr_bytes bytes = { large, sizeof(large) };

        for (;;)
                kr_send(partner, "{some, ~, [~, 2], #{k => ~}}", bytes, 1, 2.0);
}

static void in_send_to_two(void)
{
        for (;;) {
                kr_send(partner, "{some, ~}", 1);
                kr_send(kr_self(), "{some, ~}", 1);
        }
}

static void in_send_by_name(void)
{
        for (;;)
                kr_send("partner", "{some, ~}", 1);
}

static void in_send_by_atom(void)
{
        kr_atom name = KR_ATOM("partner");

        for (;;)
                kr_send(name, "{some, ~}", 1);
}

static void in_send_by_alias(void)
{
        kr_ref alias = kr_alias(false);

        for (;;)
                kr_send(alias, "{some, ~}", 1);
}

static void in_send_to_the_full(void)
{
        for (;;)
                kr_send(full, "{some, ~}", 1);
}

static void in_spawn(void)
{
        for (;;)
                kr_exit_signal(kr_spawn(in_sleep), "kill");
}

static void in_monitor(void)
{
        for (;;)
                kr_demonitor(kr_monitor(partner), NULL);
}

static void in_link(void)
{
        for (;;) {
                kr_link(partner);
                kr_unlink(partner);
        }
}

static void in_is_process_alive(void)
{
        for (;;)
                (void)kr_is_process_alive(partner);
}

static void in_process_info(void)
{
        kr_msg msg = KR_MSG_INIT;

        for (;;)
                (void)kr_process_info(partner, KR_ATOM("links"), &msg);
}

static void in_timers(void)
{
        for (;;)
                (void)kr_cancel_timer(kr_send_after(1000, partner, "late"));
}

static void in_suspend(void)
{
        for (;;)
                if (kr_suspend_process(partner))
                        kr_resume_process(partner);
}

static const struct {
        const char *name;
        void (*fn)(void);
} places[] = {
#define PLACE(fn)                                                                        \
        {                                                                                \
#fn, fn                                                                  \
        }
        PLACE(in_receive),
        PLACE(in_receive_with_time),
        PLACE(in_receive_with_messages),
        PLACE(in_receive_again_and_again),
        PLACE(in_receive_after_sends),
        PLACE(in_receive_top),
        PLACE(in_receive_top_with_messages),
        PLACE(in_sleep),
        PLACE(in_yield),
        PLACE(in_send),
        PLACE(in_send_of_much),
        PLACE(in_send_to_two),
        PLACE(in_send_by_name),
        PLACE(in_send_by_atom),
        PLACE(in_send_by_alias),
        PLACE(in_send_to_the_full),
        PLACE(in_spawn),
        PLACE(in_monitor),
        PLACE(in_link),
        PLACE(in_is_process_alive),
        PLACE(in_process_info),
        PLACE(in_timers),
        PLACE(in_suspend),
};

/* Its messages are many; nobody looks at them. */
static void swallow(void)
{
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true); /* of those that are killed in the middle of linking */
        for (;;) {
                (void)kr_receive(&msg, KR_INFINITY, kr_on(1, "_"));
                kr_msg_clear(&msg);
        }
}

static void look_at(unsigned place)
{
        kr_pid pid = kr_spawn(places[place].fn);
        kr_msg msg = KR_MSG_INIT;
        const char *function;

        for (int i = 0; i < 20; i++) {
                kit_true(kr_process_info(pid, KR_ATOM("current_function"), &msg));
                kit_match(msg.term, "{current_function, {_, _}}");
                kit_true(kr_match(msg.term, "{_, {~, _}}", &function));
                kit_str_eq(function, places[place].name);
        }
        kr_exit_signal(pid, "kill");
        kr_msg_clear(&msg);
        kit_await_end(pid);
}

static void look_at_all(void)
{
        partner = kr_spawn(swallow);
        kr_register("partner", partner);
        full = kr_spawn_opt((&(kr_spawn_opts){
                                    .mailbox = { .messages = 1,
                                                 .overflow = KR_OVERFLOW_SUSPEND } }),
                            in_sleep);
        for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++)
                look_at(i);
}

KIT_TEST(test_the_current_function_is_the_programs_wherever_it_is)
{
        kit_run_process(&(kr_node_opts){ .schedulers = 1 }, look_at_all);
}

KIT_TEST(test_the_same_where_turns_are_short)
{
        for (uint64_t seed = 1; seed <= 5; seed++)
                kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM, .seed = seed },
                                look_at_all);
}

/* -- the trace of an error -- */

static void misuses_a_send(void)
{
        kr_send(kr_self(), "{some, ~}", kr_none());
}

static void misuses_a_receive(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive(&msg, -5, kr_on(1, "never"));
}

static void misuses_a_build(void)
{
        (void)kr_build("{some, ~}", kr_none());
}

static void misuses_a_name(void)
{
        kr_send("nobody_has_it", "{some, ~}", 1);
}

static void raises(void)
{
        kr_error("some");
}

static void raises_again(void)
{
        kr_raise(KR_CLASS_THROW, kr_build("some"));
}

/* A macro, for the name of the function. */
#define expect_trace(fn)                                                                 \
        do {                                                                             \
                kr_ref trace_ref;                                                        \
                                                                                         \
                kr_spawn_monitor(&trace_ref, fn);                                        \
                kit_expect_down(trace_ref, "{_, [{<<\"" #fn "\">>, _, _}]}");            \
        } while (0)

KIT_EVERYWHERE_TEST(test_the_trace_of_misuse_begins_with_the_programs_function)
{
        expect_trace(misuses_a_send);
        expect_trace(misuses_a_receive);
        expect_trace(misuses_a_build);
        expect_trace(misuses_a_name);
        expect_trace(raises);
        expect_trace(raises_again);
}

KIT_MAIN(KIT_SLOW(test_the_current_function_is_the_programs_wherever_it_is, 30),
         KIT_SLOW(test_the_same_where_turns_are_short, 60),
         KIT_CASE(test_the_trace_of_misuse_begins_with_the_programs_function))
