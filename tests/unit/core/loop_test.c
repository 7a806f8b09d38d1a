/* SPDX-License-Identifier: Apache-2.0 */
/* loop_test.c: processes that run a loop over a record: how they begin, wait and go on. */
#include "loop_kit.h"

#include "heap.h"

/* -- going on -- */

KIT_EVERYWHERE_TEST(test_run_is_entered_again_after_every_wait_at_the_top)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        for (int i = 0; i < 20; i++)
                kr_send(pid, "hello");
        for (int64_t i = 0, last = 0; i < 20; i++) {
                kr_msg msg = KR_MSG_INIT;
                int64_t rounds;

                kit_next(&msg, "{hello, ~, {args, 17}}", &rounds);
                kit_int_gt(rounds, last);
                last = rounds;
                kr_msg_clear(&msg);
        }
}

struct plain {
        struct kr_loop_head head;
        char rest[3000];
};

static void check_zeros(void *record)
{
        struct plain *plain = record;

        kit_int_eq((intptr_t)record % 16, 0);
        kit_true(kr_is_none(plain->head.args));
        for (size_t i = 0; i < sizeof(plain->rest); i++)
                kit_int_eq(plain->rest[i], 0);
        plain->head.args = kr_build("[my, own]");
        kr_release(plain->head.args);
}

static const kr_loop zeros_loop = { "zeros", check_zeros, NULL, NULL, false, NULL, NULL };

KIT_EVERYWHERE_TEST(test_without_a_record_to_copy_it_is_zeros)
{
        kr_ref ref;

        kr_spawn_loop(&(kr_spawn_opts){ .monitor = true, .ret_monitor = &ref },
                      &zeros_loop, NULL, sizeof(struct plain), kr_none());
        kit_expect_down(ref, "normal");
}

static void check_args(void *record)
{
        struct kr_loop_head *head = record;

        kit_match(head->args, "{[1, 2.0, <<\"three\">>], #{four => _}}");
        kit_ptr_eq(head->loop, kr_loop_record(head->loop) == record ? head->loop : NULL);
        kr_release(head->args);
        head->args = kr_none();
}

static const kr_loop args_loop = { "args", check_args, NULL, NULL, false, NULL, NULL };

KIT_EVERYWHERE_TEST(test_arguments_are_copied_and_may_be_released)
{
        static const char large[2000] = "large";
        const kr_bytes bytes = { large, sizeof(large) };
        kr_term args = kr_build("{[1, 2.0, <<\"three\">>], #{four => ~}}", bytes);
        kr_ref ref;

        for (int i = 0; i < 3; i++) {
                kr_spawn_loop(&(kr_spawn_opts){ .monitor = true, .ret_monitor = &ref },
                              &args_loop, NULL, sizeof(struct kr_loop_head), args);
                if (i == 2)
                        kr_release(args);
                kit_expect_down(ref, "normal");
        }
}

static void expect_item(kr_pid pid, kr_atom item, const char *want)
{
        kr_msg msg = KR_MSG_INIT;
        char text[300];

        kit_true(kr_process_info(pid, item, &msg));
        (void)kr_format(text, sizeof(text), msg.term);
        kit_str_eq(text, want);
        kr_msg_clear(&msg);
}

KIT_EVERYWHERE_TEST(test_people_see_the_name_of_the_loop)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        hello(pid);
        settle(pid);
        expect_item(pid, KR_ATOM("initial_call"), "{initial_call,{<<\"subject\">>,1}}");
        expect_item(pid, KR_ATOM("current_function"),
                    "{current_function,{<<\"subject\">>,0}}");
        expect_item(pid, KR_ATOM("current_stacktrace"),
                    "{current_stacktrace,[{<<\"subject\">>,0,[]}]}");
        expect_item(pid, KR_ATOM("backtrace"), "{backtrace,<<\"subject+0\\n\">>}");
}

KIT_EVERYWHERE_TEST(test_a_wait_at_the_top_keeps_no_stack)
{
        enum { COUNT = 500 };
        static kr_pid pids[COUNT];
        kr_node_stats stats;
        kr_ref ref;

        for (int i = 0; i < COUNT; i++) {
                pids[i] = spawn_as(&subject_loop, &ref);
                hello(pids[i]);
        }
        settle(pids[7]);
        expect_item(pids[7], KR_ATOM("stack_size"), "{stack_size,0}");
        kr_node_stats_read(kr_here(), &stats);
        kit_int_lt((int64_t)stats.stacks, 64);
}

/* -- becoming -- */

KIT_EVERYWHERE_TEST(test_a_loop_that_becomes_a_function_is_one_no_more)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "{caught, ~}", RETURN_TO_FN);
        kr_send(pid, "block");
        tell_end(pid, "exit");
        kr_send(pid, "{hello, ~}", kr_self());
        next("became");
        tell_end(pid, "exit");
        kit_expect_down(ref, "{over, [1]}");
        kit_expect_nothing(); /* neither caught nor ended */
}

struct later {
        kr_pid parent;
};

static void enter_later(struct later *later)
{
        struct subject *s = kr_calloc(1, sizeof(*s));
        kr_msg msg = KR_MSG_INIT, in_a_slot = KR_MSG_INIT;

        kit_null(kr_loop_record(&subject_loop));
        kit_int_eq(kr_receive(&msg, KR_INFINITY, kr_on(1, "go")), 1);
        kr_send(kr_self(), "more");
        kit_int_eq(kr_receive(&in_a_slot, KR_INFINITY, kr_on(1, "more")), 1);
        s->parent = later->parent;
        s->head.args = kr_build("nonsense");
        kr_become_loop(&subject_loop, s);
}

KIT_EVERYWHERE_TEST(test_a_process_becomes_a_loop_later)
{
        struct later later = { kr_self() };
        kr_ref ref;
        kr_pid pid = kr_spawn_monitor(&ref, enter_later, &later);

        kr_send(pid, "go");
        kr_send(pid, "hello");
        next("{hello, _, none}");
        tell_end(pid, "error");
        next("{caught, 1, {{over, [1]}, [_ | _]}}");
        next("{ended, {{over, [1]}, _}, false}");
        kit_expect_down(ref, "{{over, [1]}, _}");
}

/* In caught with BECOME the present record is given: it goes on with it, and may be told of
 * more than one raise. */
KIT_EVERYWHERE_TEST(test_a_loop_that_goes_on_from_caught_is_a_process_like_any_other)
{
        kr_ref ref;
        kr_pid pid = spawn_as(&subject_loop, &ref);

        kr_send(pid, "clean_up");
        for (int i = 0; i < 10; i++) {
                kr_send(pid, "{caught, ~}", i % 2 == 0 ? BECOME : TOP);
                tell_end(pid, i % 3 == 0 ? "error" : "throw");
                next("{caught, _, _}");
                settle(pid); /* in the wait of caught, or of run */
                kr_send(pid, "hello");
                next("{hello, _, _}");
        }
        tell_end(pid, "throw");
        next("{caught, 2, {over, [1]}}");
        for (int i = 3; i >= 1; i--)
                next("{cleaned, =}", i);
        next("{ended, {{nocatch, {over, [1]}}, _}, false}");
        kit_expect_down(ref, "{{nocatch, {over, [1]}}, _}");
        kit_expect_nothing();
}

struct swap {
        struct kr_loop_head head;
        kr_pid parent;
        int64_t turns;
};

static void swap_run(void *record);
static void swap_ended(void *record, kr_term reason, bool fault);
static const kr_loop first_loop = {
        "first", swap_run, NULL, swap_ended, false, NULL, NULL
};
static const kr_loop second_loop = { "second", swap_run, NULL, swap_ended,
                                     false,    NULL,     NULL };

static void swap_run(void *record)
{
        struct swap *old = record, *fresh;
        const kr_loop *now = old->head.loop;

        kit_ptr_eq(kr_loop_record(now), old);
        kit_null(kr_loop_record(now == &first_loop ? &second_loop : &first_loop));
        kit_null(kr_loop_record(NULL));
        if (old->turns == 1000)
                return;
        fresh = kr_alloc(sizeof(*fresh));
        *fresh = *old;
        fresh->turns++;
        kr_become_loop(now == &first_loop ? &second_loop : &first_loop, fresh);
}

static void swap_ended(void *record, kr_term reason, bool fault)
{
        struct swap *s = record;
        kr_msg msg = KR_MSG_INIT;
        int64_t memory;

        kit_match(reason, "normal");
        kit_false(fault);
        kit_ptr_eq(s->head.loop, &first_loop);
        kit_true(kr_process_info(kr_self(), KR_ATOM("heap_size"), &msg));
        kit_match(msg.term, "{_, ~}", &memory);
        kit_int_lt(memory, 1000); /* words: the records before have gone */
        kr_send(s->parent, "swapped");
}

KIT_EVERYWHERE_TEST(test_a_loop_changes_to_another_and_the_record_before_goes)
{
        const struct swap start = { .parent = kr_self() };
        kr_ref ref;

        kr_spawn_loop(&(kr_spawn_opts){ .monitor = true, .ret_monitor = &ref },
                      &first_loop, &start, sizeof(start), kr_none());
        next("swapped");
        kit_expect_down(ref, "normal");
        kit_expect_nothing();
}

/* -- no stack -- */

static void use_up_all_stacks(void)
{
        int refused = 0;

        kit_heap_refuse_maps(true);
        while (refused < 20) { /* in a row: whatever scheduler they are on */
                kr_ref ref;
                kr_pid pid = kr_spawn_monitor(&ref, wait_for_ever);
                kr_msg msg = KR_MSG_INIT;

                while (kr_process_info(pid, KR_ATOM("status"), &msg) &&
                       !kr_match(msg.term, "{status, waiting}"))
                        kr_sleep(1);
                if (kr_receive(&msg, 0,
                               kr_on(1, "{'DOWN', =, _, _, system_limit}", ref)) == 1)
                        refused++;
                else
                        refused = 0;
                kr_msg_clear(&msg);
        }
}

/* Of loops that wait without a stack; the first has clean-ups, too. */
FAULTS_TEST(test_all_have_their_ends_when_there_are_no_more_stacks)
{
        enum { COUNT = 50 };
        kr_pid pids[COUNT];
        kr_ref refs[COUNT];
        kr_msg msg = KR_MSG_INIT;

        for (int i = 0; i < COUNT; i++) {
                pids[i] = spawn_as(&subject_loop, &refs[i]);
                if (i == 0)
                        kr_send(pids[i], "clean_up");
                if (i == 1)
                        kr_send(pids[i], "{ended, ~}", WAIT);
                hello(pids[i]);
                settle(pids[i]);
        }
        use_up_all_stacks();
        for (int i = 0; i < COUNT; i++)
                if (i % 2 == 0)
                        kr_exit_signal(pids[i], "enough");
                else
                        kr_send(pids[i], "hello"); /* for which there is no stack */
        for (int i = 3; i >= 1; i--)
                kit_expect(&msg, "{cleaned, =}", i);
        for (int i = 0; i < COUNT; i++)
                kit_expect(&msg, "{ended, _, true}");
        for (int i = 0; i < COUNT; i++)
                kit_expect(&msg, "{'DOWN', =, _, _, =}", refs[i],
                           i % 2 == 0 ? KR_ATOM("enough") : KR_ATOM("system_limit"));
        kr_msg_clear(&msg);
        kit_heap_refuse_maps(false);
}

/* -- reports -- */

static _Atomic int lines;

static void note_line(void *context, const char *text)
{
        kit_not_null(strstr(text, "(deaf)"));
        (void)context;
        atomic_fetch_add(&lines, 1);
}

static const kr_loop silent_loop = { "silent", run, NULL, NULL, true, NULL, NULL };

static void end_loudly_and_silently(void)
{
        kr_ref ref;

        tell_end(spawn_as(&silent_loop, &ref), "error");
        kit_expect_down(ref, "_");
        tell_end(spawn_as(&silent_loop, &ref), "segv");
        kit_expect_down(ref, "{{sigsegv, 0}, _}");
        kit_int_eq(atomic_load(&lines), 0);
        tell_end(spawn_as(&deaf_loop, &ref), "error");
        kit_expect_down(ref, "_");
        kit_int_eq(atomic_load(&lines), 1);
}

KIT_TEST(test_a_loop_that_reports_by_itself_is_not_reported)
{
        kit_run_process(&(kr_node_opts){ .faults = KR_FAULTS_EXIT,
                                         .schedulers = 2,
                                         .report = note_line },
                        end_loudly_and_silently);
}

/* -- misuse -- */

static void spawn_nothing(void)
{
        kr_spawn_loop(NULL, NULL, NULL, 100, kr_none());
}

static const kr_loop empty_loop = { "empty", NULL, NULL, NULL, false, NULL, NULL };

static void spawn_empty(void)
{
        kr_spawn_loop(NULL, &empty_loop, NULL, 100, kr_none());
}

static void spawn_small(void)
{
        kr_spawn_loop(NULL, &plain_loop, NULL, sizeof(struct kr_loop_head) - 1,
                      kr_none());
}

static void spawn_bad(void)
{
        kr_spawn_loop(&(kr_spawn_opts){ .monitor = true }, &plain_loop, NULL, 100,
                      kr_none());
}

static void become_nothing(void)
{
        kr_become_loop(NULL, kr_alloc(100));
}

static void become_without(void)
{
        kr_become_loop(&plain_loop, NULL);
}

#define expect_badarg(fn, function, argument)                                            \
        do {                                                                             \
                kr_ref badarg_ref;                                                       \
                                                                                         \
                kr_spawn_monitor(&badarg_ref, fn);                                       \
                kit_expect_down(badarg_ref, "{{badarg, {<<\"" function                   \
                                            "\">>, <<\"" argument "\">>}}, _}");         \
        } while (0)

KIT_EVERYWHERE_TEST(test_wrong_arguments_end_the_caller)
{
        expect_badarg(spawn_nothing, "kr_spawn_loop", "loop");
        expect_badarg(spawn_empty, "kr_spawn_loop", "loop");
        expect_badarg(spawn_small, "kr_spawn_loop", "size");
        expect_badarg(spawn_bad, "kr_spawn_loop", "opts");
        expect_badarg(become_nothing, "kr_become_loop", "loop");
        expect_badarg(become_without, "kr_become_loop", "record");
}

KIT_TEST(test_a_thread_that_is_no_process_starts_none_and_has_no_record)
{
        kit_true(kr_pid_is_none(kr_spawn_loop(NULL, &plain_loop, NULL, 100, kr_none())));
        kit_null(kr_loop_record(&plain_loop));
}

KIT_TEST(test_an_attached_thread_starts_loops)
{
        kr_node *node = kit_node_start(NULL);
        const struct subject record = { .parent = { 0 } };
        kr_msg msg = KR_MSG_INIT;
        struct subject own = record;
        kr_pid self;

        kit_ok(kr_thread_attach(node, &self));
        own.parent = self;
        kr_spawn_loop(&(kr_spawn_opts){ .link = true }, &subject_loop, &own, sizeof(own),
                      kr_none());
        kit_null(kr_loop_record(&subject_loop));
        kr_thread_detach();
        kr_msg_clear(&msg);
        kit_node_stop(node);
}

KIT_EVERYWHERE_TEST(test_links_and_limits_are_as_for_any_spawn)
{
        const struct subject record = { .parent = kr_self() };
        kr_mailbox_limit limit = { .messages = 1, .overflow = KR_OVERFLOW_REFUSE };
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        kr_trap_exit(true);
        pid = kr_spawn_loop(&(kr_spawn_opts){ .link = true, .mailbox = limit },
                            &plain_loop, &record, sizeof(record), kr_none());
        kr_suspend_process(pid);
        while (kr_send(pid, "hello") == KR_OK)
                ;
        kr_resume_process(pid);
        kr_exit_signal(pid, "over");
        kit_expect(&msg, "{'EXIT', =, over}", pid);
        kr_msg_clear(&msg);
        while (kr_receive(&msg, 0, kr_on(1, "{hello, _, _}")) == 1)
                kr_msg_clear(&msg);
}

/* -- simulation -- */

static void some_of_all(void)
{
        kr_ref ref;

        for (int i = 0; i < 20; i++) {
                kr_pid pid = spawn_as(&subject_loop, &ref);

                kr_send(pid, "{caught, ~}", i % 3 == 0 ? RAISE : TELL);
                tell_end(pid, i % 2 == 0 ? "error" : "kill");
                kit_expect_down(ref, "_");
        }
}

static uint64_t hash_of(uint64_t seed)
{
        kr_node *node =
                kit_node_start(&(kr_node_opts){ .drive = KR_DRIVE_SIM, .seed = seed });
        kr_node_stats stats;

        kr_node_spawn(node, some_of_all);
        while (kr_node_run(node))
                ;
        kr_node_stats_read(node, &stats);
        kit_node_stop(node);
        return stats.steps_hash;
}

KIT_TEST(test_a_run_repeats_from_its_seed)
{
        uint64_t seed = kit_random();

        kit_uint_eq(hash_of(seed), hash_of(seed));
        kit_uint_ne(hash_of(seed), hash_of(seed + 1));
}

KIT_MAIN(KIT_CASE(test_run_is_entered_again_after_every_wait_at_the_top),
         KIT_CASE(test_without_a_record_to_copy_it_is_zeros),
         KIT_CASE(test_arguments_are_copied_and_may_be_released),
         KIT_CASE(test_people_see_the_name_of_the_loop),
         KIT_CASE(test_a_wait_at_the_top_keeps_no_stack),
         KIT_CASE(test_a_loop_that_becomes_a_function_is_one_no_more),
         KIT_CASE(test_a_process_becomes_a_loop_later),
         KIT_CASE(test_a_loop_that_goes_on_from_caught_is_a_process_like_any_other),
         KIT_CASE(test_a_loop_changes_to_another_and_the_record_before_goes),
         KIT_CASE(test_all_have_their_ends_when_there_are_no_more_stacks),
         KIT_CASE(test_a_loop_that_reports_by_itself_is_not_reported),
         KIT_CASE(test_wrong_arguments_end_the_caller),
         KIT_CASE(test_a_thread_that_is_no_process_starts_none_and_has_no_record),
         KIT_CASE(test_an_attached_thread_starts_loops),
         KIT_CASE(test_links_and_limits_are_as_for_any_spawn),
         KIT_CASE(test_a_run_repeats_from_its_seed))
