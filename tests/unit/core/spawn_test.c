/* SPDX-License-Identifier: Apache-2.0 */
/* spawn_test.c: processes are made, with arguments and options, and share the schedulers. */
#include <krarup.h>

#include "expect.h"
#include "process.h"
#include "puppet.h"

#include <stdlib.h>

/* -- arguments -- */

static void send_arg_back(kr_term arg)
{
        kr_pid to;
        kr_term rest;

        kit_match(arg, "{~, ~}", &to, &rest);
        kr_send(to, "{arg, ~}", rest);
}

static void spawn_with(kr_term arg)
{
        kr_term with_pid = kr_build("{~, ~}", kr_self(), arg);

        kr_spawn(send_arg_back, with_pid);
        kr_release(with_pid);
}

// covers: process_SUITE:spawn_with_binaries
KIT_EVERYWHERE_TEST(test_spawning_with_large_binaries_again_and_again_keeps_nothing)
{
        static const char data[65536] = "binary";
        kr_msg msg = KR_MSG_INIT;
        kr_term got;

        for (int i = 0; i < 300; i++) {
                kr_term binary = kr_binary(data, sizeof(data));

                spawn_with(binary);
                kit_next(&msg, "{arg, ~}", &got);
                kit_true(kr_same(got, binary));
                kr_release(binary);
        }
}

// covers: process_SUITE:spawn_huge_arglist
KIT_EVERYWHERE_TEST(test_an_argument_may_be_very_large)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_msg msg = KR_MSG_INIT;
        kr_term list, got;

        for (int64_t i = 0; i < 100000; i++)
                kr_add_int64(&b, i << 32);
        list = kr_build_list(&b);
        kit_false(kr_is_none(list));
        spawn_with(list);
        kit_next(&msg, "{arg, ~}", &got);
        kit_true(kr_same(got, list));
        kr_release(list);
}

/* -- options -- */

static const char *const items[] = { "priority",    "links",        "monitors",
                                     "trap_exit",   "group_leader", "registered_name",
                                     "monitored_by" };
enum { ITEMS = sizeof(items) / sizeof(items[0]) };

static void look_at(kr_pid pid, kr_msg *slot)
{
        kr_atom atoms[ITEMS];

        for (int i = 0; i < ITEMS; i++)
                kit_ok(kr_atom_from(items[i], strlen(items[i]), &atoms[i]));
        kit_true(kr_process_info_list(pid, atoms, ITEMS, slot));
}

static void look_at_oneself(kr_pid *parent)
{
        kr_msg info = KR_MSG_INIT;

        look_at(kr_self(), &info);
        kr_send(*parent, "{info, ~}", info.term);
        kr_sleep(KR_INFINITY);
}

// covers: process_SUITE:otp_4725
KIT_EVERYWHERE_TEST(test_options_look_alike_from_inside_and_outside)
{
        kr_msg msg = KR_MSG_INIT, outside = KR_MSG_INIT;

        kr_trap_exit(true);
        for (kr_priority priority = KR_PRIORITY_NORMAL; priority <= KR_PRIORITY_MAX;
             priority++) {
                kr_pid me = kr_self(), pid;
                kr_term inside;
                kr_ref ref;

                pid = kr_spawn_opt(&((kr_spawn_opts){ .link = true,
                                                      .monitor = true,
                                                      .ret_monitor = &ref,
                                                      .priority = priority,
                                                      .memory_max = 1 << 20 }),
                                   look_at_oneself, &me);
                kit_expect(&msg, "{info, ~}", &inside);
                look_at(pid, &outside);
                kit_true(kr_same(inside, outside.term));
                kit_match(
                        inside,
                        "[{priority, _}, {links, [=]}, {monitors, []}, {trap_exit, false}, "
                        "{group_leader, _}, {registered_name, []}, {monitored_by, [=]}]",
                        me, me);
                kr_exit_signal(pid, "kill");
                kit_expect(&msg, "{'EXIT', =, killed}", pid);
                kit_expect_down(ref, "killed");
        }
}

static void set_bad_priority(void)
{
        (void)kr_set_priority((kr_priority)17);
}

static void set_bad_limit(void)
{
        (void)kr_set_mailbox_limit(
                (kr_mailbox_limit){ .messages = 1, .overflow = (kr_overflow)17 });
}

static void set_no_leader(void)
{
        kr_set_group_leader(kr_pid_none(), kr_self());
}

static void spawn_with_bad_opts(void)
{
        (void)kr_spawn_opt(&((kr_spawn_opts){ .priority = (kr_priority)17 }),
                           kit_sleeper);
}

// covers: process_SUITE:process_flag_badarg
KIT_EVERYWHERE_TEST(test_wrong_flags_are_a_badarg)
{
        static void (*const wrong[])(void) = { set_bad_priority, set_bad_limit,
                                               set_no_leader, spawn_with_bad_opts };

        for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                kr_ref ref;

                kr_spawn_monitor(&ref, wrong[i]);
                kit_expect_down(ref, "{{badarg, {_, _}}, _}");
        }
}

/* -- limits -- */

enum { MEMORY_MAX = 1 << 20 };

static void take_memory(int64_t bytes)
{
        for (; bytes > 0; bytes -= 4096)
                kit_not_null(kr_alloc(4096));
}

static void take_too_much(int64_t bytes)
{
        for (; bytes > 0; bytes -= 4096)
                (void)kr_alloc(4096);
        kr_yield();
        kr_exit("not_killed");
}

static void spawn_unlimited(void)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, take_memory, 2 * MEMORY_MAX);
        kit_expect_down(ref, "normal");
}

static kr_pid spawn_limited(kr_ref *ref, void (*fn)(int64_t), int64_t arg)
{
        kr_spawn_opts opts = { .memory_max = MEMORY_MAX,
                               .monitor = true,
                               .ret_monitor = ref };

        return kri_spawn(NULL, &opts,
                         kri_entry_int((void (*)(void))fn, "limited", arg, 0));
}

static void sleeper_of(int64_t unused)
{
        (void)unused;
        kr_sleep(KR_INFINITY);
}

static void spawner_of(int64_t unused)
{
        (void)unused;
        spawn_unlimited();
}

// covers: process_SUITE:spawn_opt_max_heap_size
KIT_EVERYWHERE_TEST(test_a_process_beyond_its_memory_limit_ends_with_killed)
{
        kr_ref ref;

        spawn_limited(&ref, take_memory, MEMORY_MAX / 2);
        kit_expect_down(ref, "normal");
        spawn_limited(&ref, take_too_much, 2 * MEMORY_MAX);
        kit_expect_down(ref, "killed");
        spawn_limited(&ref, spawner_of, 0); /* the limit is not inherited */
        kit_expect_down(ref, "normal");
}

// covers: process_SUITE:spawn_opt_max_heap_size
KIT_EVERYWHERE_TEST(test_messages_count_for_the_memory_limit)
{
        static const char data[256];
        kr_bytes bytes = { data, sizeof(data) };
        kr_ref ref;
        kr_pid pid = spawn_limited(&ref, sleeper_of, 0);

        for (int64_t sent = 0; sent < MEMORY_MAX / 2; sent += 512)
                kr_send(pid, "~", bytes);
        kit_true(kr_is_process_alive(pid));
        for (int64_t sent = 0; sent < 2 * MEMORY_MAX; sent += 256)
                kr_send(pid, "~", bytes);
        kit_expect_down(ref, "killed");
}

/* -- identity -- */

static void nothing(void)
{
}

static int by_num(const void *a, const void *b)
{
        uint64_t x = ((const kr_pid *)a)->num, y = ((const kr_pid *)b)->num;

        return (x > y) - (x < y);
}

static void spawn_very_many(void)
{
        int count = kit_slowness() > 1 ? 20000 : 200000;
        kr_pid *pids = kr_alloc((size_t)count * sizeof(*pids));

        kit_not_null(pids);
        for (int i = 0; i < count; i++) {
                pids[i] = kr_spawn(nothing);
                if (i % 1000 == 0)
                        kit_await_end(pids[i]);
        }
        for (int i = 0; i < count; i += 1000)
                kit_false(kr_is_process_alive(pids[i]));
        qsort(pids, (size_t)count, sizeof(*pids), by_num);
        for (int i = 1; i < count; i++)
                kit_false(kr_pid_eq(pids[i - 1], pids[i]));
}

// covers: process_SUITE:no_pid_wrap
KIT_TEST(test_pids_do_not_come_back)
{
        kit_run_process(&(kr_node_opts){ .schedulers = 2, .processes_max = 4096 },
                        spawn_very_many);
        kit_run_process(&(kr_node_opts){ .drive = KR_DRIVE_SIM, .seed = kit_random() },
                        spawn_very_many);
}

/* -- who runs when: one scheduler -- */

static const kr_node_opts one_scheduler = { .schedulers = 1 };

/* Not atomic: one scheduler runs them all. */
static int64_t turns[3];
static bool over;

static void take_turns(int64_t which)
{
        while (!over) {
                turns[which]++;
                kr_yield();
        }
}

static void yield_with_another(void)
{
        over = false;
        turns[1] = 0;
        kr_spawn(take_turns, 1);
        for (int64_t i = 0; i < 1000; i++) {
                kit_true(turns[1] >= i - 1 && turns[1] <= i + 1);
                kr_yield();
        }
        over = true;
}

static int64_t reductions(void)
{
        kr_msg msg = KR_MSG_INIT;
        int64_t n;

        kit_true(kr_process_info(kr_self(), KR_ATOM("reductions"), &msg));
        kit_match(msg.term, "{reductions, ~}", &n);
        return n;
}

static void work_is_counted(void)
{
        int64_t before = reductions();

        for (int i = 0; i < 100; i++) {
                kr_send(kr_self(), "work");
                kr_yield();
        }
        kit_int_ge(reductions(), before + 100);
}

// covers: process_SUITE:yield
KIT_TEST(test_yield_lets_others_run)
{
        kit_run_process(&one_scheduler, yield_with_another);
        kit_run_process(&one_scheduler, work_is_counted);
}

static void low_and_normal(void)
{
        kr_spawn_opts low = { .priority = KR_PRIORITY_LOW };

        over = false;
        memset(turns, 0, sizeof(turns));
        kr_spawn(take_turns, 1);
        kr_spawn_opt(&low, take_turns, 2);
        for (int i = 0; i < 4000; i++)
                kr_yield();
        over = true;
        kit_int_ge(turns[2], turns[1] / 20);
        kit_int_le(turns[2], turns[1] / 3);
}

// covers: process_SUITE:low_prio
KIT_TEST(test_low_priority_gets_a_small_share_and_gets_it)
{
        kit_run_process(&one_scheduler, low_and_normal);
}

static void ask_low(kr_pid *low)
{
        for (int i = 0; i < 20; i++) {
                kit_true(kr_is_process_alive(*low));
                kit_int_eq(list_len(*low, "links"), 0);
        }
}

static void high_asks_low(void)
{
        kr_spawn_opts low = { .priority = KR_PRIORITY_LOW };
        kr_ref ref;
        kr_spawn_opts high = { .priority = KR_PRIORITY_HIGH,
                               .monitor = true,
                               .ret_monitor = &ref };
        kr_pid pids[2];

        over = false;
        for (int i = 0; i < 3; i++)
                kr_spawn(take_turns, 1);
        pids[0] = kr_spawn_opt(&low, kit_sleeper);
        pids[1] = kr_spawn_opt(&low, take_turns, 2);
        for (int i = 0; i < 2; i++) {
                kr_spawn_opt(&high, ask_low, &pids[i]);
                kit_expect_down(ref, "normal");
        }
        over = true;
}

// covers: process_SUITE:no_priority_inversion
KIT_TEST(test_what_a_high_process_asks_a_low_one_is_answered_under_load)
{
        kit_run_process(&one_scheduler, high_asks_low);
}

KIT_MAIN(KIT_CASE(test_spawning_with_large_binaries_again_and_again_keeps_nothing),
         KIT_CASE(test_an_argument_may_be_very_large),
         KIT_CASE(test_options_look_alike_from_inside_and_outside),
         KIT_CASE(test_wrong_flags_are_a_badarg),
         KIT_CASE(test_a_process_beyond_its_memory_limit_ends_with_killed),
         KIT_CASE(test_messages_count_for_the_memory_limit),
         KIT_SLOW(test_pids_do_not_come_back, 60), KIT_CASE(test_yield_lets_others_run),
         KIT_CASE(test_low_priority_gets_a_small_share_and_gets_it),
         KIT_CASE(test_what_a_high_process_asks_a_low_one_is_answered_under_load))
