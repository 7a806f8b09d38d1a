/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_alloc_test.c: supervisors with the first allocation refused, the second, and so on:
 * somebody gets an error or ends, nobody is left over, and all memory comes back. */
#include "supervisor_kit.h"

#include "refusal.h"

static size_t processes(void)
{
        kr_msg msg = KR_MSG_INIT;
        size_t count;

        kr_processes(&msg);
        kit_true(kr_length(msg.term, &count));
        kr_msg_clear(&msg);
        return count;
}

/* Once, with the n-th refused. The supervisor's starter ends, and so the supervisor. */
static void once(void)
{
        size_t before = processes(), left;
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        kr_register("test", kr_self()); /* children tell it */
        ref = kit_refusal_spawn();
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{'DOWN', =, process, _, _}", ref));
        while (kr_receive(&msg, 0, kr_on(0, "_")) == 0)
                continue;
        kr_sleep(100000); /* shutdown times pass */
        left = processes() - before;
        if (left > 0)
                kit_fail("source %d, allocation %d: %d processes are left",
                         (int)kit_refusal.source, (int)kit_refusal.n, (int)left);
}

static void say_nothing(void *context, const char *text)
{
        (void)context;
        (void)text;
}

static void each_refused(void (*run)(void))
{
        kit_refusal.run = run;
        for (kit_refusal.source = KIT_POOL; kit_refusal.source < KIT_SOURCES;
             kit_refusal.source++) {
                for (kit_refusal.n = 1;; kit_refusal.n++) {
                        kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM,
                                                         .seed = kit_refusal.n,
                                                         .report = say_nothing },
                                        once);
                        if (!kit_refusal.refused)
                                break;
                }
                kit_int_gt(kit_refusal.n, 1);
        }
}

/* -- what is done -- */

static void end_now(kr_pid pid, const char *reason)
{
        kr_ref gone = kr_monitor(pid);
        kr_msg msg = KR_MSG_INIT;

        kr_exit_signal(pid, "~", kri_atom_of(reason));
        kr_receive(&msg, 5000, kr_on(0, "{'DOWN', =, process, _, _}", gone));
        kr_msg_clear(&msg);
}

static const kr_child family[] = {
        { .id = "a", .start = KR_START_PROC(acks), .args = "[one, {two}]" },
        { .id = "b", .start = KR_START_PROC(acks), .restart = KR_TRANSIENT },
        { .id = "c",
          .start = KR_START_PROC(acks),
          .budget = { .intensity = 3, .backoff_ms = 10 } },
};

KR_SUPERVISOR(family_sup, .strategy = KR_ONE_FOR_ALL, .intensity = 5,
              KR_CHILDREN(family));

static void start_and_crash(void)
{
        kr_msg slot = KR_MSG_INIT;
        kr_started started;
        kr_pid pid = kr_pid_none();

        (void)kr_trap_exit(true);
        kit_refusal_arm();
        started = kr_start_link(&family_sup, NULL, "[]");
        if (started.err != KR_OK)
                return;
        (void)kr_match(kr_supervisor_which_children(started.pid, &slot),
                       "[_, {b, ~, _, _}, _]", &pid);
        if (!kr_pid_is_none(pid))
                end_now(pid, "boom");
        (void)kr_supervisor_count_children(started.pid);
        kr_msg_clear(&slot);
        end_now(started.pid, "shutdown");
}

KIT_TEST(test_starting_and_restarting)
{
        each_refused(start_and_crash);
}

static void ask_for_all(void)
{
        const kr_child more = { .id = "d",
                                .start = KR_START_FN(with_info),
                                .args = "[x]" };
        kr_msg slot = KR_MSG_INIT;
        kr_started started;

        (void)kr_trap_exit(true);
        started = kr_start_link(&family_sup, NULL, "[]");
        kit_refusal_arm();
        if (started.err != KR_OK)
                return;
        (void)kr_supervisor_start_child(started.pid, &slot, &more);
        (void)kr_supervisor_get_childspec(started.pid, &slot, "a");
        (void)kr_supervisor_terminate_child(started.pid, "d");
        (void)kr_supervisor_restart_child(started.pid, &slot, "d");
        (void)kr_supervisor_terminate_child(started.pid, "d");
        (void)kr_supervisor_delete_child(started.pid, "d");
        (void)kr_sys_get_state(started.pid, &slot);
        kr_msg_clear(&slot);
        end_now(started.pid, "shutdown");
}

KIT_TEST(test_requests)
{
        each_refused(ask_for_all);
}

static const kr_child simple[] = {
        { .id = "a", .start = KR_START_PROC(acks), .args = "[spec]" },
};

KR_SUPERVISOR(dynamic_sup, .strategy = KR_SIMPLE_ONE_FOR_ONE, .intensity = 5,
              KR_CHILDREN(simple));

static void start_many(void)
{
        kr_pid pids[12] = { { 0, 0, 0 } };
        kr_msg slot = KR_MSG_INIT;
        kr_started started;

        (void)kr_trap_exit(true);
        started = kr_start_link(&dynamic_sup, NULL, "[]");
        kit_refusal_arm();
        if (started.err != KR_OK)
                return;
        for (int i = 0; i < 12; i++)
                pids[i] = kr_supervisor_start_another(started.pid, &slot, "[{own, ~}]", i)
                                  .pid;
        if (!kr_pid_is_none(pids[3]))
                end_now(pids[3], "boom");
        if (!kr_pid_is_none(pids[5]))
                (void)kr_supervisor_terminate_child(started.pid, pids[5]);
        (void)kr_supervisor_which_children(started.pid, &slot);
        kr_msg_clear(&slot);
        end_now(started.pid, "shutdown");
}

KIT_TEST(test_dynamic_children)
{
        each_refused(start_many);
}

KIT_MAIN(KIT_SLOW(test_starting_and_restarting, 60), KIT_SLOW(test_requests, 60),
         KIT_SLOW(test_dynamic_children, 60))
