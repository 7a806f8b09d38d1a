/* SPDX-License-Identifier: Apache-2.0 */
/* misuse_test.c: a wrong argument ends the calling process with a reason that names function
 * and argument; a thread gets an error, or nothing, and goes on.
 */
#include <krarup.h>

#include "process.h"

enum { DOWN, ANY };

static kr_msg *const no_slot = NULL;
static const char *const no_text = NULL;
static kr_pid far_pid; /* of another node, whichever that is */
static kr_ref far_ref;
static kr_pid dead_pid;
static void (*no_function)(void);

static kr_pid no_pid(void)
{
        return kr_pid_none();
}

static void nothing(void)
{
}

static void nothing_with(void *arg)
{
        (void)arg;
}

/* X(name, function, argument, what is wrong) */
#define MISUSES(X)                                                                       \
        X(m1, kr_send, "to", (void)kr_send(no_pid(), "hello"))                           \
        X(m2, kr_send, "to", (void)kr_send("nobody has this name", "hello"))             \
        X(m3, kr_send, "to", (void)kr_send((char *)no_text, "hello"))                    \
        X(m4, kr_send, "to", (void)kr_send((kr_atom){ 0 }, "hello"))                     \
        X(m5, kr_send, "to", (void)kr_send(kr_ref_none(), "hello"))                      \
        X(m6, kr_receive, "slot", (void)kr_receive(no_slot, 0, kr_on(ANY, "_")))         \
        X(m7, kr_receive, "slot", (void)kr_receive_top(no_slot, 0, kr_on(ANY, "_")))     \
        X(m8, kr_is_process_alive, "pid", (void)kr_is_process_alive(no_pid()))           \
        X(m9, kr_is_process_alive, "pid", (void)kr_is_process_alive(far_pid))            \
        X(m10, kr_exit_signal, "to", kr_exit_signal(no_pid(), "over"))                   \
        X(m11, kr_set_priority, "priority", (void)kr_set_priority((kr_priority)99))      \
        X(m12, kr_set_mailbox_limit, "limit.overflow",                                   \
          (void)kr_set_mailbox_limit(                                                    \
                  (kr_mailbox_limit){ .messages = 1, .overflow = (kr_overflow)99 }))     \
        X(m13, kr_set_group_leader, "leader", kr_set_group_leader(no_pid(), kr_self()))  \
        X(m14, kr_set_group_leader, "leader", kr_set_group_leader(far_pid, kr_self()))   \
        X(m15, kr_set_group_leader, "of", kr_set_group_leader(dead_pid, no_pid()))       \
        X(m16, kr_put, "key", kr_put(kr_none(), kr_int(1)))                              \
        X(m17, kr_put, "value", kr_put(kr_int(1), kr_none()))                            \
        X(m18, kr_process_info, "pid",                                                   \
          (void)kr_process_info(no_pid(), KR_ATOM("status"), &slot))                     \
        X(m19, kr_process_info, "pid",                                                   \
          (void)kr_process_info(far_pid, KR_ATOM("status"), &slot))                      \
        X(m20, kr_process_info, "item",                                                  \
          (void)kr_process_info(kr_self(), KR_ATOM("no such item"), &slot))              \
        X(m21, kr_process_info, "slot",                                                  \
          (void)kr_process_info(kr_self(), KR_ATOM("status"), no_slot))                  \
        X(m22, kr_processes, "slot", kr_processes(no_slot))                              \
        X(m23, kr_registered, "slot", kr_registered(no_slot))                            \
        X(m24, kr_suspend_process, "pid", (void)kr_suspend_process(no_pid()))            \
        X(m25, kr_suspend_process, "pid", (void)kr_suspend_process(far_pid))             \
        X(m26, kr_resume_process, "pid", kr_resume_process(no_pid()))                    \
        X(m27, kr_resume_process, "pid", kr_resume_process(dead_pid))                    \
        X(m28, kr_catch, "fn", (void)kr_catch(NULL, NULL, &kind, &slot))                 \
        X(m29, kr_catch, "ret_class", (void)kr_catch(nothing_with, NULL, NULL, &slot))   \
        X(m30, kr_catch, "ret_reason",                                                   \
          (void)kr_catch(nothing_with, NULL, &kind, no_slot))                            \
        X(m31, kr_spawn, "fn", (void)kr_spawn(no_function))                              \
        X(m32, kr_spawn, "opts",                                                         \
          (void)kr_spawn_opt((&(kr_spawn_opts){ .priority = (kr_priority)99 }),          \
                             nothing))                                                   \
        X(m33, kr_spawn, "opts",                                                         \
          (void)kr_spawn_opt((&(kr_spawn_opts){ .monitor = true }), nothing))            \
        X(m34, kr_spawn, "opts",                                                         \
          (void)kr_spawn_opt((&(kr_spawn_opts){ .alias = (kr_alias_mode)99 }), nothing)) \
        X(m35, kr_spawn, "opts",                                                         \
          (void)kr_spawn_opt((&(kr_spawn_opts){ .mailbox.overflow = (kr_overflow)99 }),  \
                             nothing))                                                   \
        X(m36, kr_link, "pid", kr_link(no_pid()))                                        \
        X(m37, kr_link, "pid", kr_link(far_pid))                                         \
        X(m38, kr_unlink, "pid", kr_unlink(no_pid()))                                    \
        X(m39, kr_monitor, "who", (void)kr_monitor(no_pid()))                            \
        X(m40, kr_monitor, "who", (void)kr_monitor((char *)no_text))                     \
        X(m41, kr_monitor, "mode",                                                       \
          (void)kr_monitor_alias(kr_self(), (kr_alias_mode)99, NULL))                    \
        X(m42, kr_demonitor, "ref", (void)kr_demonitor(kr_ref_none(), NULL))             \
        X(m43, kr_demonitor, "ref", (void)kr_demonitor(far_ref, NULL))                   \
        X(m44, kr_register, "name", kr_register((char *)no_text, kr_self()))             \
        X(m45, kr_register, "name", kr_register("undefined", kr_self()))                 \
        X(m46, kr_register, "pid", kr_register("a name", no_pid()))                      \
        X(m47, kr_register, "pid", kr_register("a name", dead_pid))                      \
        X(m48, kr_unregister, "name", kr_unregister("a name nobody has"))                \
        X(m49, kr_unregister, "name", kr_unregister((char *)no_text))                    \
        X(m50, kr_defer, "fn", (void)kr_defer(NULL, NULL))                               \
        X(m51, kr_defer_cancel, "fn", kr_defer_cancel(nothing_with, NULL, false))        \
        X(m52, kr_critical_end, "no kr_critical_begin", kr_critical_end())

#define AS_FUNCTION(name, function, argument, call)                                      \
        static void name(void)                                                           \
        {                                                                                \
                kr_msg slot = KR_MSG_INIT;                                               \
                kr_class kind;                                                           \
                                                                                         \
                (void)slot;                                                              \
                (void)kind;                                                              \
                call;                                                                    \
        }
MISUSES(AS_FUNCTION)

/* What each must say. On threads it must return. */
static const struct misuse {
        const char *text, *function, *argument;
        void (*run)(void);
} misuses[] = {
#define AS_ROW(name, function, argument, call) { #call, #function, argument, name },
        MISUSES(AS_ROW)
};

#define MISUSES_COUNT (sizeof(misuses) / sizeof(misuses[0]))

static void prepare(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        far_pid = kr_self();
        far_pid.node += 1000;
        far_ref = kr_make_ref();
        far_ref.node += 1000;
        dead_pid = kr_spawn_monitor(&ref, nothing);
        kr_receive(&msg, KR_INFINITY, kr_on(DOWN, "{'DOWN', =, process, _, _}", ref));
}

// covers: process_SUITE:process_flag_badarg
KIT_EVERYWHERE_TEST(test_misuse_ends_a_process_with_function_and_argument)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_ref ref;

        prepare();
        for (unsigned i = 0; i < MISUSES_COUNT; i++) {
                const struct misuse *m = &misuses[i];
                char text[500];

                kr_spawn_monitor(&ref, m->run);
                kr_receive(&msg, KR_INFINITY,
                           kr_on(DOWN, "{'DOWN', =, process, _, ~}", ref, &reason));
                if (kr_match(reason, "{{badarg, {=, =}}, _}", m->function, m->argument))
                        continue;
                (void)kr_format(text, sizeof(text), reason);
                kit_fail("%s ends with %s", m->text, text);
        }
}

static void misuse_all(bool attached)
{
        kr_pid self = kr_self();

        kit_int_eq(kr_pid_is_none(self), !attached);
        for (unsigned i = 0; i < MISUSES_COUNT; i++) {
                misuses[i].run();
                if (!kr_pid_eq(kr_self(), self))
                        kit_fail("%s ends the attachment", misuses[i].text);
        }
}

KIT_TEST(test_misuse_on_an_attached_thread_returns_and_the_thread_goes_on)
{
        kr_node *node = kit_node_start(NULL);
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        kit_err(kr_thread_attach(node, NULL), KR_EBADARG);
        kit_ok(kr_thread_attach(node, &pid));
        prepare();
        misuse_all(true);
        kit_err(kr_send(kr_pid_none(), "hello"), KR_EBADARG);
        kit_err(kr_send("nobody has this name", "hello"), KR_EBADARG);
        kit_int_eq(kr_receive(&msg, -2, kr_on(ANY, "_")), KR_TIMEOUT);
        kit_int_eq(kr_receive(&msg, 4294967296, kr_on(ANY, "_")), KR_TIMEOUT);
        kr_sleep(-2);
        kit_true(kr_pid_is_none(kr_spawn(no_function)));
        kit_true(kr_ref_is_none(kr_monitor(kr_pid_none())));
        kit_true(kr_pid_eq(kr_self(), pid));
        kr_send(kr_self(), "hello");
        kit_int_eq(kr_receive(&msg, 1000, kr_on(ANY, "hello")), ANY);
        kr_thread_detach();
        kit_node_stop(node);
}

KIT_TEST(test_on_a_thread_that_is_no_process_everything_returns_none)
{
        kr_msg msg = KR_MSG_INIT;
        kr_class kind;
        kr_pid pid;

        misuse_all(false);
        kit_err(kr_send("name", "hello"), KR_EBADARG);
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "_")), KR_TIMEOUT);
        kit_int_eq(kr_receive_top(&msg, KR_INFINITY, kr_on(ANY, "_")), KR_TIMEOUT);
        kit_true(kr_pid_is_none(kr_spawn(nothing)));
        kit_true(kr_ref_is_none(kr_make_ref()));
        kit_true(kr_ref_is_none(kr_alias(true)));
        kit_false(kr_unalias(kr_make_ref()));
        kit_false(kr_trap_exit(true));
        kit_true(kr_pid_is_none(kr_whereis("name")));
        kit_true(kr_pid_is_none(kr_group_leader()));
        kit_true(kr_is_none(kr_get(kr_int(1))));
        kit_null(kr_here());
        kit_true(kr_catch(nothing_with, NULL, &kind, &msg));
        kit_uint_eq(kr_set_memory_max(1), 0);
        kit_int_eq(kr_cancel_timer(kr_make_ref()), -1);
        kr_yield();
        kr_sleep(1);
        kr_unlink(kr_self());
        kr_thread_detach();
        kit_err(kr_thread_attach(NULL, &pid), KR_EBADARG);
        kit_err(kr_node_stop(NULL, 0), KR_OK);
}

KIT_TEST(test_a_node_refuses_options_that_cannot_be)
{
        kr_node *node = NULL;
        kr_node *host = kit_node_start(&(kr_node_opts){ .drive = KR_DRIVE_HOST });

        kit_err(kr_node_start(&(kr_node_opts){ .drive = (kr_drive)99 }, &node),
                KR_EBADARG);
        kit_err(kr_node_start(&(kr_node_opts){ .schedulers = 100000 }, &node),
                KR_EBADARG);
        kit_err(kr_node_start(&(kr_node_opts){ .processes_max = 1u << 30 }, &node),
                KR_EBADARG);
        kit_err(kr_node_start(&(kr_node_opts){ .stack_bytes = 100 }, &node), KR_EBADARG);
        kit_err(kr_node_start(NULL, NULL), KR_EBADARG);
        kit_null(node);
        kit_true(kr_pid_is_none(kr_node_spawn(host, no_function)));
        kit_true(kr_pid_is_none(kr_node_whereis(host, "name")));
        kit_int_eq(kr_node_fd(NULL), -1);
        kit_false(kr_node_run(NULL));
        kr_node_trim(NULL);
        kit_node_stop(host);
}

static void stop_own_node(void)
{
        kr_pid pid;

        kit_err(kr_node_stop(kr_here(), 0), KR_ESTATE);
        kit_err(kr_thread_attach(kr_here(), &pid), KR_EALREADY);
        kit_false(kr_node_run(kr_here()));
}

KIT_TEST(test_a_process_cannot_stop_or_drive_its_node)
{
        kit_run_process(NULL, stop_own_node);
}

static void end_critical_twice(void)
{
        kr_critical_begin();
        kr_critical_begin();
        kr_critical_end();
        kr_critical_end();
}

KIT_PROCESS_TEST(test_critical_regions_nest)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kr_spawn_monitor(&ref, end_critical_twice);
        kit_int_eq(kr_receive(&msg, KR_INFINITY,
                              kr_on(DOWN, "{'DOWN', =, process, _, normal}", ref)),
                   DOWN);
}

KIT_MAIN(KIT_CASE(test_misuse_ends_a_process_with_function_and_argument),
         KIT_CASE(test_misuse_on_an_attached_thread_returns_and_the_thread_goes_on),
         KIT_CASE(test_on_a_thread_that_is_no_process_everything_returns_none),
         KIT_CASE(test_a_node_refuses_options_that_cannot_be),
         KIT_CASE(test_a_process_cannot_stop_or_drive_its_node),
         KIT_CASE(test_critical_regions_nest))
