/* SPDX-License-Identifier: Apache-2.0 */
/* alloc_failure_test.c: each call of the API with its first allocation refused, its second,
 * and so on: the caller gets its error or ends with system_limit; the node goes on and loses
 * nothing.
 */
#include <krarup.h>

#include "core/proc.h"
#include "core/sched.h"

#include "heap.h"
#include "process.h"

#include <stdlib.h>

enum { ANY, DOWN };

/* Where the refusal happens: in the scheduler's pools and the process's own memory, or in
 * malloc, from which the node's memory and shared terms come. */
enum source { POOL, HEAP, SOURCES };

static struct {
        enum source source;
        uint64_t n;
        void (*run)(void);
        bool armed, refused;
        char reason[200];
} the;

static struct kri_pool *pool(void)
{
        return &kri_current()->sched->pool;
}

static void arm(void)
{
        the.armed = true;
        if (the.source == POOL)
                pool()->fail_in = (uint32_t)the.n;
        else
                kit_heap_refuse(the.n);
}

static void disarm(void)
{
        if (!the.armed)
                return;
        the.refused = the.source == POOL ? pool()->fail_in == 0 : kit_heap_has_refused();
        the.armed = false;
        pool()->fail_in = 0;
        kit_heap_refuse(0);
}

/* -- the calls -- */

static void wait_for_ever(void)
{
        kr_msg msg = KR_MSG_INIT;

        kr_receive(&msg, KR_INFINITY, kr_on(ANY, "never"));
}

static void wait_with(kr_term t)
{
        (void)t;
        wait_for_ever();
}

static const char large[3000] = "some large text";

static kr_bytes large_bytes(void)
{
        return (kr_bytes){ large, sizeof(large) };
}

static void send_by_pid(void)
{
        arm();
        (void)kr_send(kr_self(), "{a, \"string\", ~, #{k => ~}}", large_bytes(), 1);
}

static void send_a_large_message(void)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_term list;

        for (int i = 0; i < 1000; i++)
                kr_add_int64(&b, i);
        list = kr_build_list(&b);
        arm();
        (void)kr_send(kr_self(), "{~, ~}", list, 1 << 30);
}

static void send_by_name(void)
{
        kr_register("named", kr_self());
        arm();
        (void)kr_send("named", "{~}", 1);
}

static void send_by_alias(void)
{
        kr_ref alias = kr_alias(false);

        arm();
        (void)kr_send(alias, "{~}", 1);
}

static void send_to_the_full(void)
{
        kr_pid pid = kr_spawn_opt((&(kr_spawn_opts){
                                          .mailbox = { .messages = 1,
                                                       .overflow = KR_OVERFLOW_EXIT } }),
                                  wait_for_ever);

        kr_send(pid, "one");
        arm();
        kr_send(pid, "two");
}

static void send_and_wait_for_room(void)
{
        kr_pid pid = kr_spawn_opt(
                (&(kr_spawn_opts){
                        .mailbox = { .messages = 1, .overflow = KR_OVERFLOW_SUSPEND } }),
                wait_for_ever);

        kr_send(pid, "one");
        kr_exit_signal(pid, "kill"); /* so there will be room */
        arm();
        kr_send(pid, "~", large_bytes());
}

static void spawn_plain(void)
{
        arm();
        kr_spawn(wait_for_ever);
}

static void spawn_with_term(void)
{
        kr_term t = kr_build("{a, [1, 2, ~]}", large_bytes());

        arm();
        kr_spawn(wait_with, t);
}

static void spawn_with_all(void)
{
        kr_term tag = kr_build("{tag, ~}", large_bytes());
        kr_ref ref;

        arm();
        kr_spawn_opt((&(kr_spawn_opts){ .link = true,
                                        .monitor = true,
                                        .ret_monitor = &ref,
                                        .alias = KR_ALIAS_REPLY_DEMONITOR,
                                        .tag = &tag,
                                        .memory_max = 1000000,
                                        .mailbox = { .messages = 10 } }),
                     wait_for_ever);
}

static void spawn_by_request(void)
{
        kr_term tag = kr_build("[tag]");
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;

        arm();
        ref = kr_spawn_request((&(kr_spawn_request_opts){
                                       .spawn = { .link = true, .monitor = true },
                                       .reply_tag = &tag }),
                               wait_for_ever);
        kr_receive(&msg, 10, kr_on(ANY, "{_, =, _, _}", ref));
}

static void become_another(void)
{
        kr_term t = kr_build("{a, [1, 2, ~]}", large_bytes());

        kr_trap_exit(true);
        kr_put(kr_int(1), t);
        arm();
        kr_become(wait_with, t);
}

static void link_many(void)
{
        kr_pid pids[20];

        for (int i = 0; i < 20; i++)
                pids[i] = kr_spawn(wait_for_ever);
        arm();
        for (int i = 0; i < 20; i++)
                kr_link(pids[i]);
        for (int i = 0; i < 20; i++)
                kr_unlink(pids[i]);
}

static void be_linked(void)
{
        kr_pid parent;

        kit_true(kr_get_pid(kr_build("~", kr_whereis("parent")), &parent));
        kr_link(parent);
        kr_monitor(parent);
        wait_for_ever();
}

/* The refusal hits the other side's bookkeeping: that side ends, and we hear of it or not. */
static void take_in_links(void)
{
        kr_trap_exit(true);
        kr_register("parent", kr_self());
        for (int i = 0; i < 5; i++)
                kr_spawn(be_linked);
        arm();
        for (int i = 0; i < 50; i++)
                kr_sleep(1);
}

static void monitor_many(void)
{
        kr_term tag = kr_build("{a, tag}");
        kr_ref refs[20];
        kr_pid pid = kr_spawn(wait_for_ever);

        arm();
        for (int i = 0; i < 20; i++)
                refs[i] = kr_monitor_alias(pid, KR_ALIAS_DEMONITOR, &tag);
        for (int i = 0; i < 10; i++)
                kr_demonitor(refs[i], &(kr_demonitor_opts){ .flush = true });
        kr_exit_signal(pid, "kill");
        kr_sleep(5);
}

static void monitor_the_dead(void)
{
        kr_pid pid = kr_spawn(wait_for_ever);

        kr_exit_signal(pid, "kill");
        kr_sleep(1);
        arm();
        (void)kr_monitor(pid);
        (void)kr_monitor("nobody");
        kr_trap_exit(true);
        kr_link(pid);
}

static void make_aliases(void)
{
        arm();
        for (int i = 0; i < 10; i++)
                (void)kr_unalias(kr_alias(i % 2 == 0));
        (void)kr_alias(true);
}

static void register_and_list(void)
{
        kr_msg msg = KR_MSG_INIT;

        arm();
        kr_register("a name of this test", kr_self());
        kr_registered(&msg);
        kr_unregister("a name of this test");
}

static void set_timers(void)
{
        kr_ref ref;

        arm();
        (void)kr_send_after(1, kr_self(), "{a, ~}", large_bytes());
        ref = kr_start_timer(1000, kr_self(), "{a, ~}", large_bytes());
        (void)kr_read_timer(ref);
        kr_read_timer_async(ref);
        kr_cancel_timer_async(ref);
        (void)kr_send_after(2, "nobody", "{a, message}");
        kr_sleep(5);
}

static void wait_with_time(void)
{
        kr_msg msg = KR_MSG_INIT;

        arm();
        kr_receive(&msg, 2, kr_on(ANY, "{never, ~, \"text\"}", &(kr_term){ 0 }));
}

static void send_exits(void)
{
        arm();
        kr_exit_signal(kr_spawn(wait_for_ever), "{reason, ~}", large_bytes());
        kr_exit_signal(kr_spawn(wait_for_ever), "kill");
}

static void exit_large(void)
{
        arm();
        kr_exit("{normal_enough, ~}", large_bytes());
}

static void error_out(void)
{
        arm();
        kr_error("{error, ~}", large_bytes());
}

static void throw_it(void *arg)
{
        (void)arg;
        (void)kr_defer(free, NULL); /* the refusal may be this one's */
        kr_throw("{thrown, ~}", large_bytes());
}

static void catch_it(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_class kind;

        arm();
        (void)kr_catch(throw_it, NULL, &kind, &msg);
        (void)kr_catch(throw_it, NULL, &kind, &msg);
}

static void misuse(void)
{
        arm();
        kr_set_priority((kr_priority)77);
}

static void use_dictionary(void)
{
        kr_term t = kr_build("{a, ~}", large_bytes());

        arm();
        kr_put(kr_int(1), t);
        kr_put(t, t);
        kr_put(kr_int(1), kr_nil());
        kr_erase(t);
}

static void use_memory(void)
{
        void *block;

        arm();
        block = kr_alloc(100);
        kr_free(kr_calloc(10, 10));
        block = block != NULL ? kr_realloc(block, 1000) : NULL;
        (void)block; /* goes with the process */
        if (kr_defer(free, NULL))
                kr_defer_cancel(free, NULL, true);
        (void)kr_set_memory_max(100000);
        (void)kr_set_mailbox_limit((kr_mailbox_limit){ .messages = 5 });
}

static void use_terms(void)
{
        kr_term t, kept;
        kr_builder b = KR_BUILDER_INIT;

        arm();
        t = kr_build("{a, ~, \"text\", #{a => 1}}", large_bytes());
        kept = kr_keep(t);
        kr_release(t);
        (void)!kr_replace(&kept, kr_int(1));
        t = kr_build("#{}");
        if (!kr_is_none(t))
                (void)kr_map_put(t, kr_int(1), kr_int(2));
        for (int i = 0; i < 100; i++)
                kr_add_int64(&b, i);
        (void)kr_build_tuple(&b);
}

static void ask_others(void)
{
        kr_pid pid = kr_spawn(wait_for_ever);
        kr_msg msg = KR_MSG_INIT;

        arm();
        (void)kr_is_process_alive(pid);
        (void)kr_process_info(pid, KR_ATOM("links"), &msg);
        (void)kr_process_info_list(pid, NULL, 0, &msg);
        (void)kr_process_info(kr_self(), KR_ATOM("dictionary"), &msg);
        kr_processes(&msg);
}

static void suspend_and_resume(void)
{
        kr_pid pid = kr_spawn(wait_for_ever);

        arm();
        if (kr_suspend_process(pid))
                kr_resume_process(pid);
        (void)kr_suspend_process(pid);
}

static void set_leader(void)
{
        arm();
        kr_set_group_leader(kr_self(), kr_spawn(wait_for_ever));
        kr_set_group_leader(kr_self(), kr_self());
}

static void end_with_many_watching(void)
{
        kr_ref ref;

        for (int i = 0; i < 10; i++)
                kr_spawn_link(wait_for_ever);
        for (int i = 0; i < 10; i++)
                kr_spawn_monitor(&ref, wait_for_ever);
        arm();
        kr_exit("over");
}

/* -- loops -- */

struct record {
        struct kr_loop_head head;
        int caught, ended;
};

static void run_and_err(void *record)
{
        struct record *r = record;

        r->caught = r->ended = 0;
        arm();
        kr_error("{error, ~}", large_bytes());
}

static void run_and_throw(void *record)
{
        (void)record;
        arm();
        kr_throw("{thrown, ~}", large_bytes());
}

/* Memory or not, once. */
static void hear(void *record, kr_class kind, kr_term reason)
{
        struct record *r = record;
        kr_msg msg = KR_MSG_INIT;

        kit_int_eq(r->caught++, 0);
        kit_int_ne(kind, KR_CLASS_EXIT);
        kit_true(kr_match(reason, "{{error, _}, _}") || kr_match(reason, "{thrown, _}") ||
                 kr_match(reason, "system_limit") ||
                 kr_match(reason, "{system_limit, _}") ||
                 kr_match(reason, "{{badarg, _}, _}"));
        (void)kr_receive(&msg, 3, kr_on(ANY, "never"));
        kr_send(kr_self(), "{~, caught}", large_bytes());
        (void)kr_receive(&msg, 3, kr_on(ANY, "{_, caught}"));
}

static void finish(void *record, kr_term reason, bool fault)
{
        struct record *r = record;

        kit_int_eq(r->caught, 1);
        kit_int_eq(r->ended++, 0);
        kit_false(fault);
        kit_false(kr_is_none(reason));
}

static const kr_loop erring_loop = { "erring", run_and_err, hear, finish,
                                     false,    NULL,        NULL };
static const kr_loop throwing_loop = { "throwing", run_and_throw, hear, finish,
                                       false,      NULL,          NULL };

static void loop_as(const kr_loop *loop)
{
        struct record *r = kr_calloc(1, sizeof(*r));

        kr_become_loop(loop, r);
}

static void loop_and_err(void)
{
        loop_as(&erring_loop);
}

static void loop_and_throw(void)
{
        loop_as(&throwing_loop);
}

static void wait_in_loop(void *record)
{
        (void)record;
        wait_for_ever();
}

static const kr_loop waiting_loop = { "waiting", wait_in_loop, NULL, NULL,
                                      false,     NULL,         NULL };

static void spawn_loop(void)
{
        kr_term args = kr_build("{a, [1, 2, ~]}", large_bytes());
        kr_spawn_opts opts = { .link = true, .memory_max = 1000000 };

        arm();
        kr_spawn_loop(&opts, &waiting_loop, NULL, sizeof(struct record), args);
        kr_spawn_loop(NULL, &waiting_loop, large, sizeof(large), kr_none());
}

static void err_plainly(void)
{
        kr_error("plain");
}

static void raise_with_logger(void)
{
        kr_ref ref;
        kr_msg msg = KR_MSG_INIT;
        int64_t lost;

        kr_node_report_to(kr_here(), kr_self());
        arm();
        kr_spawn_monitor(&ref, err_plainly);
        kr_receive(&msg, KR_INFINITY, kr_on(DOWN, "{'DOWN', =, process, _, _}", ref));
        disarm();
        kr_spawn_monitor(&ref, err_plainly);
        kr_receive(&msg, KR_INFINITY, kr_on(DOWN, "{'DOWN', =, process, _, _}", ref));
        if (kr_receive(&msg, 0, kr_on(ANY, "{reports_lost, ~}", &lost)) == ANY)
                kit_int_eq(lost, 1);
        else
                kr_receive(&msg, KR_INFINITY, kr_on(ANY, "{report, _, _, _}"));
        kr_receive(&msg, KR_INFINITY, kr_on(ANY, "{report, _, _, _}"));
        kit_int_eq(kr_receive(&msg, 0, kr_on(ANY, "_")), KR_TIMEOUT);
}

/* -- one round -- */

static void run_case(void)
{
        kr_sleep(10); /* by then whoever watches us has what it needs to wait */
        the.run();
        disarm();
}

static void watch_case(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;
        kr_ref ref;

        kr_spawn_monitor(&ref, run_case);
        kr_receive(&msg, 1000, kr_on(DOWN, "{'DOWN', =, process, _, ~}", ref, &reason));
        disarm();
        if (!kr_is_none(msg.term))
                (void)kr_format(the.reason, sizeof(the.reason), reason); /* cut if long */
}

static bool starts_with(const char *text, const char *start)
{
        return strncmp(text, start, strlen(start)) == 0;
}

/* What a process ends with that was refused memory: system_limit, or badarg where that left
 * no room for more; a pattern says that it could not be compiled. */
static bool is_of_refusal(const char *reason)
{
        return starts_with(reason, "system_limit") ||
               starts_with(reason, "{system_limit,") || starts_with(reason, "{badarg,") ||
               starts_with(reason, "{{nocatch,system_limit},") ||
               strstr(reason, ": no memory") != NULL;
}

static const struct {
        const char *name;
        void (*run)(void);
        const char *reason; /* that it ends with */
} calls[] = {
#define CALL(function)                                                                   \
        {                                                                                \
#function, function, "normal"                                            \
        }
#define ENDS(function, reason)                                                           \
        {                                                                                \
#function, function, reason                                              \
        }
        CALL(send_by_pid),
        CALL(send_a_large_message),
        CALL(send_by_name),
        CALL(send_by_alias),
        CALL(send_to_the_full),
        CALL(send_and_wait_for_room),
        CALL(spawn_plain),
        CALL(spawn_with_term),
        CALL(spawn_with_all),
        CALL(spawn_by_request),
        ENDS(become_another, ""), /* it waits */
        CALL(link_many),
        CALL(take_in_links),
        CALL(monitor_many),
        CALL(monitor_the_dead),
        CALL(make_aliases),
        CALL(register_and_list),
        CALL(set_timers),
        CALL(wait_with_time),
        CALL(send_exits),
        ENDS(exit_large, "{normal_enough,"),
        ENDS(error_out, "{{error,"),
        CALL(catch_it),
        ENDS(misuse, "{{badarg,"),
        CALL(use_dictionary),
        CALL(use_memory),
        CALL(use_terms),
        CALL(ask_others),
        CALL(suspend_and_resume),
        CALL(set_leader),
        ENDS(end_with_many_watching, "over"),
        ENDS(loop_and_err, "{{error,"),
        ENDS(loop_and_throw, "{{nocatch,{thrown,"),
        CALL(spawn_loop),
        CALL(raise_with_logger),
};

/* False: nothing was refused any more. */
static bool refuse_nth(unsigned call, enum source source, uint64_t n)
{
        kr_node *node =
                kit_node_start(&(kr_node_opts){ .drive = KR_DRIVE_SIM, .seed = 1 });

        memset(&the, 0, sizeof(the));
        the.run = calls[call].run;
        the.source = source;
        the.n = n;
        kr_node_spawn(node, watch_case);
        while (kr_node_run(node))
                ;
        kit_heap_refuse(0);
        if (!starts_with(the.reason, calls[call].reason) &&
            !(the.refused && is_of_refusal(the.reason)))
                kit_fail("%s: with allocation %d of kind %d refused it ends with %s",
                         calls[call].name, (int)n, (int)source, the.reason);
        kit_node_stop(node);
        return the.refused;
}

static void refuse_in(unsigned call, enum source source)
{
        uint64_t n = 1;

        while (refuse_nth(call, source, n))
                n++;
}

static void refuse_each(enum source source)
{
        for (unsigned i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
                int64_t blocks;

                refuse_in(i, source); /* patterns and atoms stay for ever */
                blocks = kit_heap_blocks();
                refuse_in(i, source);
                if (kit_heap_blocks() > blocks)
                        kit_fail("%s keeps %d blocks", calls[i].name,
                                 (int)(kit_heap_blocks() - blocks));
        }
}

KIT_TEST(test_every_call_survives_each_refusal_of_the_pools)
{
        refuse_each(POOL);
}

KIT_TEST(test_every_call_survives_each_refusal_of_malloc)
{
        refuse_each(HEAP);
}

KIT_TEST(test_a_node_starts_or_says_that_there_is_no_memory)
{
        kr_node *node = kit_node_start(NULL);

        kit_node_stop(node); /* what stays for ever is there now */
        KIT_EACH_ALLOC_FAILS (n) {
                kr_err err = kr_node_start(&(kr_node_opts){ .drive = KR_DRIVE_HOST,
                                                            .dump_path = "" },
                                           &node);

                if (kit_heap_has_refused()) {
                        if (err == KR_OK)
                                kit_ok(kr_node_stop(node, 1000));
                        else
                                kit_true(err == KR_ENOMEM || err == KR_EOS);
                } else {
                        kit_ok(err);
                        kit_ok(kr_node_stop(node, 1000));
                }
        }
}

KIT_TEST(test_a_thread_is_attached_or_told_that_there_is_no_memory)
{
        kr_node *node = kit_node_start(&(kr_node_opts){ .drive = KR_DRIVE_HOST });
        kr_pid pid;

        KIT_EACH_ALLOC_FAILS (n) {
                kr_err err = kr_thread_attach(node, &pid);

                if (err == KR_OK)
                        kr_thread_detach();
                else
                        kit_err(err, KR_ENOMEM);
        }
        kit_node_stop(node);
}

KIT_MAIN(KIT_SLOW(test_every_call_survives_each_refusal_of_the_pools, 120),
         KIT_SLOW(test_every_call_survives_each_refusal_of_malloc, 120),
         KIT_CASE(test_a_node_starts_or_says_that_there_is_no_memory),
         KIT_CASE(test_a_thread_is_attached_or_told_that_there_is_no_memory))
