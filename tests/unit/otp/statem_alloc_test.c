/* SPDX-License-Identifier: Apache-2.0 */
/* statem_alloc_test.c: state machines and event managers with the first allocation refused, the
 * second, and so on: whoever asks gets an answer or ends, what serves on serves, and nothing is
 * lost.
 */
#include <krarup.h>

#include "process.h"
#include "refusal.h"

/* Whoever is called serves on, or is gone. */
static void check_serves_or_is_gone(const char *name)
{
        kr_pid left = kr_whereis(name);
        kr_msg msg = KR_MSG_INIT;

        if (!kr_pid_is_none(left)) {
                (void)kr_try_call(left, &msg, 1000, "read");
                kr_exit_signal(left, "kill");
                (void)kr_receive(&msg, KR_INFINITY,
                                 kr_on(0, "{'DOWN', =, _, _, _}", kr_monitor(left)));
        }
        kit_true(kr_pid_is_none(kr_whereis(name)));
        kr_msg_clear(&msg);
}

static void run_with_refusal(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        ref = kit_refusal_spawn();
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{'DOWN', =, process, _, _}", ref));
        kr_sleep(1000);
        check_serves_or_is_gone("anna");
        kr_msg_clear(&msg);
}

/* Until a run in which nothing was refused. */
static void run_all(void)
{
        kit_refusal.n = 0;
        do {
                kit_refusal.n++;
                run_with_refusal();
                kit_int_lt(kit_refusal.n, 1000);
        } while (kit_refusal.refused);
        kit_int_gt(kit_refusal.n, kit_refusal.source == KIT_POOL ? 30 : 2);
}

static void check_each(void (*run)(void))
{
        kit_refusal.run = run;
        for (int source = 0; source < KIT_SOURCES; source++) {
                kit_refusal.source = (enum kit_source)source;
                for (uint64_t seed = 1; seed < 3; seed++)
                        kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM,
                                                         .seed = seed },
                                        run_all);
        }
}

/* -- a machine that does all there is to do -- */

struct data {
        kr_term kept;
};

static kr_step init(struct data *d, kr_term args)
{
        d->kept = kr_keep(args);
        kr_next_event(KR_EVENT_INTERNAL, "{begin, \"now\"}");
        return kr_next_state("{waiting, \"state\"}");
}

static kr_step handle_event(struct data *d, const kr_event *e)
{
        if (kr_got_call(e, "read"))
                return kr_statem_reply(e->from, "{~, ~}", e->state, d->kept);
        if (kr_got_cast(e, "go")) {
                kr_state_timeout(10, "{over, \"soon\"}");
                kr_named_timeout("name", 0, "{at, \"once\"}");
                kr_next_event(KR_EVENT_INTERNAL, "{then, \"this\"}");
                return kr_next_state("{working, \"state\"}");
        }
        if (kr_got_cast(e, "later") && kr_match(e->state, "{waiting, _}"))
                return kr_postpone();
        if (kr_got_state_timeout(e, "_"))
                return kr_next_state("{waiting, \"again\"}");
        return kr_keep_state();
}

static void release(struct data *d)
{
        kr_release(d->kept);
}

KR_GEN_STATEM(worker, struct data, .mode = KR_HANDLE_EVENT, .state_enter = true,
              .init = init, .handle_event = handle_event, .release = release);

static void use_a_machine(void)
{
        kr_start_opts opts = { .name = "anna" };
        kr_msg slot = KR_MSG_INIT;

        kit_refusal_arm();
        if (kr_start(&worker, &opts, "{some, \"arguments\"}").err != KR_OK)
                return;
        kr_cast("anna", "later");
        kr_cast("anna", "go");
        (void)kr_statem_call("anna", &slot, "read");
        kr_sleep(20);
        (void)kr_statem_call("anna", &slot, "read");
        (void)kr_sys_get_status("anna", &slot);
        kr_stop_normal("anna");
        kr_msg_clear(&slot);
}

KIT_TEST(test_machines_without_memory_end_or_serve)
{
        check_each(use_a_machine);
}

/* -- a manager with handlers -- */

static kr_handled keep(struct data *d, kr_term term)
{
        kr_release(d->kept);
        d->kept = kr_keep(term);
        return kr_handled_ok();
}

static kr_handled give(struct data *d, kr_term request)
{
        (void)request;
        return kr_handled_reply("{kept, ~}", d->kept);
}

static kr_term give_up(struct data *d, kr_term arg)
{
        (void)arg;
        return kr_build("{had, ~}", d->kept);
}

KR_EVENT_HANDLER(keeper, struct data, .init = keep, .handle_event = keep,
                 .handle_call = give, .terminate = give_up, .release = release);

static void use_a_manager(void)
{
        kr_start_opts opts = { .name = "anna" };
        kr_handler second = { &keeper, kr_int(2) };
        kr_msg slot = KR_MSG_INIT;

        kit_refusal_arm();
        if (kr_event_start(&opts).err != KR_OK)
                return;
        (void)kr_event_add_handler("anna", &keeper, &slot, "{some, \"arguments\"}");
        (void)kr_event_add_sup_handler("anna", second, NULL, "{some, \"arguments\"}");
        kr_event_notify("anna", "{an, \"event\"}");
        (void)kr_event_call("anna", &keeper, &slot, "read");
        (void)kr_event_swap_handler("anna", second, kr_int(1), &keeper, NULL,
                                    "{more, []}");
        (void)kr_event_delete_handler("anna", &keeper, &slot, "{why, \"not\"}");
        (void)kr_event_which_handlers("anna", &slot);
        kr_stop_normal("anna");
        kr_msg_clear(&slot);
}

KIT_TEST(test_managers_without_memory_end_or_serve)
{
        check_each(use_a_manager);
}

KIT_MAIN(KIT_SLOW(test_machines_without_memory_end_or_serve, 60),
         KIT_SLOW(test_managers_without_memory_end_or_serve, 60))
