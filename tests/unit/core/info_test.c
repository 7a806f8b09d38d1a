/* SPDX-License-Identifier: Apache-2.0 */
/* info_test.c: what a process learns of itself and of others. */
#include <krarup.h>

#include "core/sched.h"

#include "process.h"

enum { MATCH, OTHER };

static const char *const items[] = {
        "registered_name",
        "links",
        "monitors",
        "monitored_by",
        "message_queue_len",
        "messages",
        "status",
        "initial_call",
        "current_function",
        "current_stacktrace",
        "dictionary",
        "trap_exit",
        "group_leader",
        "priority",
        "reductions",
        "memory",
        "stack_size",
        "total_heap_size",
        "heap_size",
        "parent",
        "suspending",
        "backtrace",
};
#define ITEMS (sizeof(items) / sizeof(items[0]))

static kr_atom atom(const char *text)
{
        kr_atom a;

        kit_ok(kr_atom_from(text, strlen(text), &a));
        return a;
}

/* The value of one item; valid until the next call with this slot. */
static kr_term info(kr_pid pid, const char *item, kr_msg *slot)
{
        kr_term value;

        kit_true(kr_process_info(pid, atom(item), slot));
        kit_true(kr_match(slot->term, "{=, ~}", atom(item), &value));
        return value;
}

static int64_t number(kr_pid pid, const char *item)
{
        kr_msg slot = KR_MSG_INIT;
        int64_t n;

        kit_true(kr_get_int64(info(pid, item, &slot), &n));
        kr_msg_clear(&slot);
        return n;
}

static bool is(kr_pid pid, const char *item, const char *value)
{
        kr_msg slot = KR_MSG_INIT;
        bool same = kr_is_that_atom(info(pid, item, &slot), atom(value));

        kr_msg_clear(&slot);
        return same;
}

static size_t length(kr_term list)
{
        size_t n;

        kit_true(kr_length(list, &n));
        return n;
}

static bool holds(kr_term list, kr_term wanted)
{
        for (kr_term t = list; kr_is_cons(t); t = kr_tl(t))
                if (kr_same(kr_hd(t), wanted))
                        return true;
        return false;
}

static bool holds_pid(kr_term list, kr_pid pid)
{
        kr_term wanted = kr_build("~", pid);

        return holds(list, wanted);
}

static void wait_for_stop(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(OTHER, "stop"));
}

static void wait_at_the_top(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive_top(&msg, KR_INFINITY, kr_on(OTHER, "stop"));
}

static kr_pid dead_pid(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor;
        kr_pid pid = kr_spawn_monitor(&monitor, wait_for_stop);

        kr_exit_signal(pid, "kill");
        kit_int_eq(kr_receive(&msg, 5000,
                              kr_on(MATCH, "{'DOWN', =, process, _, _}", monitor)),
                   MATCH);
        return pid;
}

static kr_term self_term(void)
{
        return kr_build("~", kr_self());
}

/* -- the forms of answers -- */

// covers: process_SUITE:t_process_info
KIT_PROCESS_TEST(test_a_process_without_a_name_says_so_differently_alone_and_in_a_list)
{
        kr_msg slot = KR_MSG_INIT;
        kr_atom name = atom("registered_name");

        kit_true(kr_process_info(kr_self(), name, &slot));
        kit_true(kr_match(slot.term, "[]"));
        kit_true(kr_process_info_list(kr_self(), &name, 1, &slot));
        kit_true(kr_match(slot.term, "[{registered_name, []}]"));
        kr_register("info_test", kr_self());
        kit_true(kr_process_info(kr_self(), name, &slot));
        kit_true(kr_match(slot.term, "{registered_name, info_test}"));
        kit_true(kr_process_info_list(kr_self(), &name, 1, &slot));
        kit_true(kr_match(slot.term, "[{registered_name, info_test}]"));
        kr_msg_clear(&slot);
}

// covers: process_SUITE:t_process_info
KIT_PROCESS_TEST(test_no_items_means_those_of_process_info_1)
{
        kr_msg slot = KR_MSG_INIT;

        kit_true(kr_process_info_list(kr_self(), NULL, 0, &slot));
        kit_true(kr_match(kr_hd(slot.term), "{current_function, _}"));
        kit_uint_eq(length(slot.term), 14);
        kr_register("info_test", kr_self());
        kit_true(kr_process_info_list(kr_self(), NULL, 0, &slot));
        kit_true(kr_match(kr_hd(slot.term), "{registered_name, info_test}"));
        kit_uint_eq(length(slot.term), 15);
        kr_msg_clear(&slot);
}

static void expect_order(kr_pid pid)
{
        kr_atom wanted[] = { atom("links"), atom("status"), atom("links"),
                             atom("priority"), atom("trap_exit") };
        kr_msg slot = KR_MSG_INIT;

        kit_true(kr_process_info_list(pid, wanted, 5, &slot));
        kit_true(kr_match(slot.term, "[{links, []}, {status, _}, {links, []}, "
                                     "{priority, normal}, {trap_exit, false}]"));
        kr_msg_clear(&slot);
}

// covers: process_SUITE:process_info_2_list
KIT_PROCESS_TEST(test_a_list_of_items_comes_back_in_its_order)
{
        expect_order(kr_self());
        expect_order(kr_spawn(wait_for_stop));
}

// covers: process_SUITE:process_info_smoke_all
KIT_PROCESS_TEST(test_every_item_of_oneself_of_another_and_of_a_dead_process)
{
        kr_pid pids[] = { kr_self(), kr_spawn(wait_for_stop), kr_spawn(wait_at_the_top) };
        kr_pid dead = dead_pid();
        kr_atom wanted[ITEMS];
        kr_msg slot = KR_MSG_INIT;

        for (size_t i = 0; i < ITEMS; i++)
                wanted[i] = atom(items[i]);
        for (size_t who = 0; who < 3; who++) {
                for (size_t i = 0; i < ITEMS; i++) {
                        kit_true(kr_process_info(pids[who], wanted[i], &slot));
                        kit_true(i == 0 ? kr_match(slot.term, "[]")
                                        : kr_match(slot.term, "{=, _}", wanted[i]));
                }
                kit_true(kr_process_info_list(pids[who], wanted, ITEMS, &slot));
                kit_uint_eq(length(slot.term), ITEMS);
        }
        for (size_t i = 0; i < ITEMS; i++)
                kit_false(kr_process_info(dead, wanted[i], &slot));
        kit_false(kr_process_info_list(dead, wanted, ITEMS, &slot));
        kit_false(kr_process_info_list(dead, NULL, 0, &slot));
        kit_null(slot.sig);
        kr_msg_clear(&slot);
}

static kr_pid foreign_pid;

static void ask_foreign(void *slot)
{
        (void)kr_process_info(foreign_pid, KR_ATOM("links"), slot);
}

static void ask_nonsense(void *slot)
{
        (void)kr_process_info(kr_self(), KR_ATOM("no_such_item"), slot);
}

static void ask_nonsense_of_the_dead(void *slot)
{
        kr_atom wanted[] = { KR_ATOM("links"), KR_ATOM("no_such_item") };

        (void)kr_process_info_list(dead_pid(), wanted, 2, slot);
}

static void expect_badarg(void (*fn)(void *arg), const char *function,
                          const char *argument)
{
        kr_msg reason = KR_MSG_INIT, slot = KR_MSG_INIT;
        const char *in = NULL, *of = NULL;
        kr_class how;

        kit_false(kr_catch(fn, &slot, &how, &reason));
        kit_int_eq(how, KR_CLASS_ERROR);
        kit_true(kr_match(reason.term, "{{badarg, {~, ~}}, _}", &in, &of));
        kit_str_eq(in, function);
        kit_str_eq(of, argument);
        kr_msg_clear(&reason);
        kr_msg_clear(&slot);
}

static void ask_wrongly(void)
{
        expect_badarg(ask_foreign, "kr_process_info", "pid");
        expect_badarg(ask_nonsense, "kr_process_info", "item");
        expect_badarg(ask_nonsense_of_the_dead, "kr_process_info_list", "items");
}

// covers: process_SUITE:t_process_info
KIT_TEST(test_an_unknown_item_or_a_pid_of_another_node_is_badarg)
{
        kr_node *other;

        kit_ok(kr_node_start(&(kr_node_opts){ .schedulers = 1 }, &other));
        foreign_pid = kr_node_spawn(other, wait_for_stop);
        kit_run_process(NULL, ask_wrongly);
        kit_ok(kr_node_stop(other, KR_INFINITY));
}

/* -- messages -- */

// covers: process_SUITE:process_info_messages
KIT_PROCESS_TEST(test_messages_are_shown_in_their_order)
{
        kr_pid pid = kr_spawn(wait_for_stop);
        kr_msg slot = KR_MSG_INIT, msg = KR_MSG_INIT;

        kr_send(pid, "a");
        kr_send(pid, "{b, ~}", 2);
        kr_send(pid, "[c]");
        kit_true(kr_match(info(pid, "messages", &slot), "[a, {b, 2}, [c]]"));
        kr_send(kr_self(), "a");
        kr_send(kr_self(), "b");
        kr_send(kr_self(), "c");
        kit_true(kr_match(info(kr_self(), "messages", &slot), "[a, b, c]"));
        kit_int_eq(kr_receive(&msg, 0, kr_on(MATCH, "b")), MATCH);
        kit_true(kr_match(info(kr_self(), "messages", &slot), "[a, c]"));
        kr_msg_clear(&slot);
}

/* One of each kind; a binary of 2,000 bytes is shared rather than copied. */
// covers: process_SUITE:process_info_other_msg
KIT_PROCESS_TEST(test_messages_of_another_with_all_kinds_of_terms)
{
        static char long_text[2000];
        kr_pid pid = kr_spawn(wait_for_stop);
        kr_msg slot = KR_MSG_INIT;
        kr_term sent;

        memset(long_text, 'x', sizeof(long_text) - 1);
        sent = kr_build(
                "{atom, -17, 123456789012345678901234567890, 2.5, \"text\", <<\"bin\">>, "
                "[a, [b | c], []], {}, #{k => {v, #{}}, 1 => [~]}, ~, ~, ~, ~}",
                kr_self(), kr_make_ref(), long_text, UINT64_MAX, pid);
        for (int i = 0; i < 3; i++)
                kr_send(pid, "~", sent);
        for (kr_term t = info(pid, "messages", &slot); kr_is_cons(t); t = kr_tl(t))
                kit_true(kr_same(kr_hd(t), sent));
        kit_uint_eq(length(info(pid, "messages", &slot)), 3);
        kr_msg_clear(&slot);
}

// covers: process_SUITE:process_info_other_message_queue_len_signal_race
KIT_PROCESS_TEST(test_what_the_asker_sent_before_is_counted)
{
        for (int round = 0; round < 100; round++) {
                kr_pid pid = kr_spawn(round % 2 ? wait_for_stop : wait_at_the_top);

                for (int i = 0; i < 200; i += 20) {
                        for (int j = 0; j < 20; j++)
                                kr_send(pid, "x");
                        kit_int_eq(number(pid, "message_queue_len"), i + 20);
                }
                kr_exit_signal(pid, "kill");
        }
}

static void queue_of_ones_own(const char *other_item, size_t with)
{
        kr_atom wanted[] = { atom("message_queue_len"), atom(other_item) };
        kr_msg slot = KR_MSG_INIT;

        for (int want = 1; want <= 50; want++) {
                int got = -1;

                kr_send(kr_self(), "x");
                kit_true(kr_process_info_list(kr_self(), wanted, with, &slot));
                kit_true(kr_match(kr_hd(slot.term), "{message_queue_len, ~}", &got));
                kit_int_eq(got, want);
        }
        kr_msg_clear(&slot);
}

// covers: process_SUITE:process_info_self_msgq_len
KIT_PROCESS_TEST(test_ones_own_queue_length_counts_what_one_has_just_sent)
{
        queue_of_ones_own("links", 1);
}

// covers: process_SUITE:process_info_self_msgq_len_messages
KIT_PROCESS_TEST(test_ones_own_queue_length_beside_the_messages)
{
        queue_of_ones_own("messages", 2);
}

// covers: process_SUITE:process_info_self_msgq_len_more
KIT_PROCESS_TEST(test_ones_own_queue_length_beside_another_item)
{
        queue_of_ones_own("current_function", 2);
}

static void link_to(kr_term pid_term)
{
        kr_pid pid;

        kit_true(kr_get_pid(pid_term, &pid));
        kr_link(pid);
        kr_send(pid, "linked");
        wait_for_stop();
}

/* The link signal came before the message, so both are taken in. */
// covers: process_SUITE:process_info_self_signal
KIT_PROCESS_TEST(test_looking_at_oneself_takes_in_what_waits)
{
        kr_pid pid = kr_spawn(link_to, self_term());
        kr_msg slot = KR_MSG_INIT;

        while (number(kr_self(), "message_queue_len") == 0)
                kr_yield();
        kit_true(holds_pid(info(kr_self(), "links", &slot), pid));
        kr_trap_exit(true);
        kr_exit_signal(pid, "gone");
        kit_int_eq(kr_receive(&slot, 5000, kr_on(MATCH, "{'EXIT', =, gone}", pid)),
                   MATCH);
        kit_true(kr_match(info(kr_self(), "links", &slot), "[]"));
        kr_msg_clear(&slot);
}

static void flood(kr_term pid_term)
{
        kr_pid pid;

        kit_true(kr_get_pid(pid_term, &pid));
        for (int i = 0; i < 100000; i++)
                kr_send(pid, "{x, ~}", i);
}

// covers: process_SUITE:process_info_msgq_len_no_very_long_delay
KIT_PROCESS_TEST(test_a_flooded_process_answers_soon)
{
        kr_pid pid = kr_spawn(wait_for_stop);
        kr_term pid_term = kr_build("~", pid);
        int64_t longest_ms = 0, began_ms, len;

        (void)kr_spawn(flood, pid_term);
        (void)kr_spawn(flood, pid_term);
        do {
                began_ms = kr_monotonic_ms(NULL);
                len = number(pid, "message_queue_len");
                if (kr_monotonic_ms(NULL) - began_ms > longest_ms)
                        longest_ms = kr_monotonic_ms(NULL) - began_ms;
        } while (len < 200000);
        kit_int_le(longest_ms, 1000 * kit_slowness());
}

/* -- what it says of another -- */

static void settle_down(kr_term parent)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;

        kit_true(kr_get_pid(parent, &pid));
        kr_register("settled", kr_self());
        kr_trap_exit(true);
        kr_set_priority(KR_PRIORITY_HIGH);
        kr_link(pid);
        (void)kr_monitor(pid);
        (void)kr_monitor("nobody_has_this_name");
        (void)kr_monitor("settled_parent");
        kr_put(kr_atom_term(KR_ATOM("key")), kr_build("{value, 1}"));
        kr_put(kr_int(2), kr_int(3));
        kr_send(pid, "settled");
        (void)kr_receive(&msg, KR_INFINITY, kr_on(OTHER, "stop"));
}

// covers: process_SUITE:process_info_other process_SUITE:process_info_parent
KIT_PROCESS_TEST(test_items_of_another_process)
{
        kr_msg slot = KR_MSG_INIT, msg = KR_MSG_INIT;
        kr_pid self = kr_self(), pid;
        kr_term value;

        kr_register("settled_parent", self);
        pid = kr_spawn(settle_down, self_term());
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "settled")), MATCH);
        kr_link(pid);
        kit_true(is(pid, "registered_name", "settled"));
        kit_true(is(pid, "trap_exit", "true"));
        kit_true(is(pid, "priority", "high"));
        kit_true(kr_match(info(pid, "links", &slot), "[=]", self));
        kit_true(kr_match(info(pid, "parent", &slot), "=", self));
        kit_true(kr_match(info(pid, "initial_call", &slot), "{<<\"settle_down\">>, 1}"));
        value = info(pid, "dictionary", &slot);
        kit_uint_eq(length(value), 2);
        kit_true(holds(value, kr_build("{key, {value, 1}}")));
        kit_true(holds(value, kr_build("{2, 3}")));
        value = info(pid, "monitors", &slot);
        kit_uint_eq(length(value), 2); /* the third one's DOWN has come */
        kit_true(holds(value, kr_build("{process, ~}", self)));
        kit_true(holds(value, kr_build("{process, {settled_parent, ~}}",
                                       kr_node_name(kr_here()))));
        value = info(self, "monitored_by", &slot);
        kit_uint_eq(length(value), 3); /* twice by this one, and by the kit */
        kit_true(holds_pid(value, pid));
        kit_true(kr_match(info(pid, "messages", &slot), "[{'DOWN', _, _, _, noproc}]"));
        kr_msg_clear(&slot);
}

static void many_links(kr_term parent)
{
        kr_pid pid;

        kit_true(kr_get_pid(parent, &pid));
        for (int i = 0; i < 500; i++)
                (void)kr_spawn_link(wait_for_stop);
        kr_send(pid, "linked");
        wait_for_stop();
}

KIT_PROCESS_TEST(test_hundreds_of_links_are_listed)
{
        kr_msg slot = KR_MSG_INIT, msg = KR_MSG_INIT;
        kr_pid pid = kr_spawn(many_links, self_term());

        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "linked")), MATCH);
        kit_uint_eq(length(info(pid, "links", &slot)), 500);
        kr_msg_clear(&slot);
}

static _Atomic bool enough;

static void spin(void)
{
        while (!enough)
                ;
}

static void yield_for_ever(void)
{
        for (;;)
                kr_yield();
}

static void talk_to_oneself(void)
{
        kr_msg msg = KR_MSG_INIT;

        for (;;) {
                kr_send(kr_self(), "x");
                (void)kr_receive(&msg, KR_INFINITY, kr_on(MATCH, "x"));
        }
}

// covers: process_SUITE:process_info_other_status process_SUITE:system_task_on_suspended
KIT_PROCESS_TEST(test_status)
{
        kr_pid waiting = kr_spawn(wait_for_stop), at_top = kr_spawn(wait_at_the_top);
        kr_pid busy, restless = kr_spawn(yield_for_ever);
        kr_msg slot = KR_MSG_INIT;

        kit_true(is(kr_self(), "status", "running"));
        kit_eventually(is(waiting, "status", "waiting"));
        kit_eventually(is(at_top, "status", "waiting"));
        kit_true(is(restless, "status", "runnable"));
        busy = kr_spawn(spin);
        kit_eventually(is(busy, "status", "running"));
        enough = true;
        kit_true(kr_suspend_process(waiting));
        kit_true(is(waiting, "status", "suspended"));
        kr_resume_process(waiting);
        kit_true(is(waiting, "status", "waiting"));
        kr_exit_signal(waiting, "kill");
        kit_false(kr_process_info(waiting, KR_ATOM("status"), &slot));
}

// covers: process_SUITE:process_info_reductions
KIT_PROCESS_TEST(test_reductions_grow)
{
        kr_pid pid = kr_spawn(talk_to_oneself);
        int64_t before = number(kr_self(), "reductions"), other;

        for (int i = 0; i < 100; i++)
                kr_send(kr_self(), "x");
        kit_int_ge(number(kr_self(), "reductions"), before + 100);
        other = number(pid, "reductions");
        kit_int_ge(other, 0);
        kit_eventually((kr_yield(), number(pid, "reductions") > other));
}

KIT_PROCESS_TEST(test_memory_counts_messages_and_what_is_allocated)
{
        kr_pid pid = kr_spawn(wait_for_stop);
        int64_t memory = number(pid, "memory"), heap = number(kr_self(), "heap_size");
        int64_t total = number(pid, "total_heap_size");
        void *block = kr_alloc(80000);

        for (int i = 0; i < 100; i++)
                kr_send(pid, "{x, ~}", i);
        kit_int_ge(number(pid, "memory"), memory + 100 * 64);
        kit_int_ge(number(pid, "total_heap_size"), total + 100 * 8);
        kit_int_ge(number(kr_self(), "heap_size"), heap + 10000);
        kr_free(block);
        kit_int_lt(number(kr_self(), "heap_size"), heap + 10000);
}

/* Not inlined, and not left by a tail call: they have frames of their own. */
static __attribute__((noinline)) void stand_here(kr_msg *msg)
{
        (void)kr_receive(msg, KR_INFINITY, kr_on(OTHER, "stop"));
        kr_msg_clear(msg);
}

static void go_there(void)
{
        kr_msg msg = KR_MSG_INIT;

        stand_here(&msg);
        kr_msg_clear(&msg);
}

static __attribute__((noinline)) kr_term trace_of(kr_pid pid, kr_msg *slot)
{
        kit_true(kr_process_info(pid, KR_ATOM("current_stacktrace"), slot));
        return kr_element(2, slot->term);
}

KIT_PROCESS_TEST(test_where_a_waiting_process_is)
{
        kr_pid pid = kr_spawn(go_there), at_top = kr_spawn(wait_at_the_top);
        kr_msg slot = KR_MSG_INIT;
        const char *text;

        kit_eventually(is(pid, "status", "waiting") && is(at_top, "status", "waiting"));
        kit_true(kr_match(info(pid, "current_function", &slot),
                          "{<<\"stand_here\">>, _}"));
        kit_true(kr_match(trace_of(pid, &slot), "[{<<\"stand_here\">>, _, _}, "
                                                "{<<\"go_there\">>, _, _} | _]"));
        kit_true(kr_match(info(pid, "backtrace", &slot), "~", &text));
        kit_ptr_eq(strstr(text, "stand_here+"), text);
        kit_int_gt(number(pid, "stack_size"), 0);
        kit_int_lt(number(pid, "stack_size"), 65536 / 8);
        kit_true(kr_match(info(at_top, "current_function", &slot),
                          "{<<\"wait_at_the_top\">>, 0}"));
        kit_int_eq(number(at_top, "stack_size"), 0);
        kr_msg_clear(&slot);
}

static __attribute__((noinline)) void look_at_oneself(kr_msg *slot)
{
        kit_true(kr_match(trace_of(kr_self(), slot),
                          "[_, {<<\"look_at_oneself\">>, _, _} | _]"));
        kit_true(kr_process_info(kr_self(), KR_ATOM("current_function"), slot));
        kit_true(kr_match(slot->term, "{_, {<<\"look_at_oneself\">>, _}}"));
        kr_msg_clear(slot);
}

KIT_PROCESS_TEST(test_where_one_is_oneself)
{
        kr_msg slot = KR_MSG_INIT;

        look_at_oneself(&slot);
        kr_msg_clear(&slot);
}

/* -- many at once -- */

static void inspect(kr_term pids)
{
        kr_pid parent, other;
        kr_msg slot = KR_MSG_INIT, msg = KR_MSG_INIT;

        kit_true(kr_match(pids, "~", &parent));
        kit_int_eq(kr_receive(&msg, 5000, kr_on(MATCH, "{other, ~}", &other)), MATCH);
        for (int i = 0; i < 2000; i++)
                kit_true(kr_process_info(other, KR_ATOM("message_queue_len"), &slot));
        kr_send(parent, "done");
        (void)kr_receive(&msg, KR_INFINITY, kr_on(OTHER, "stop"));
}

// covers: process_SUITE:process_info_lock_reschedule2
KIT_PROCESS_TEST(test_processes_that_inspect_each_other_do_not_block)
{
        enum { COUNT = 6 };
        kr_msg msg = KR_MSG_INIT;
        kr_pid pids[COUNT];

        for (int i = 0; i < COUNT; i++)
                pids[i] = kr_spawn(inspect, self_term());
        for (int i = 0; i < COUNT; i++)
                kr_send(pids[i], "{other, ~}", pids[(i + 1) % COUNT]);
        for (int i = 0; i < COUNT; i++)
                kit_int_eq(kr_receive(&msg, 9000, kr_on(MATCH, "done")), MATCH);
}

static void end_at_once(void)
{
}

/* Asked while it ends: an answer, or that it is gone; never silence. */
KIT_PROCESS_TEST(test_a_process_that_ends_just_then_answers_or_is_gone)
{
        kr_msg slot = KR_MSG_INIT;

        for (int i = 0; i < 2000; i++) {
                kr_pid pid = kr_spawn(end_at_once);

                if (kr_process_info(pid, KR_ATOM("links"), &slot))
                        kit_true(kr_match(slot.term, "{links, []}"));
                kr_exit_signal(pid, "kill");
                kit_false(kr_process_info(pid, KR_ATOM("links"), &slot));
        }
        kr_msg_clear(&slot);
}

static void ask_without_memory(void *arg)
{
        uint32_t *fail_in = arg;
        kr_msg slot = KR_MSG_INIT;
        kr_pid pid = kr_whereis("asked");

        kri_current()->sched->pool.fail_in = *fail_in;
        kit_true(kr_process_info(pid, KR_ATOM("links"), &slot));
        kri_current()->sched->pool.fail_in = 0;
        kit_true(kr_match(slot.term, "{links, []}"));
        kr_msg_clear(&slot);
}

/* One scheduler, so that the pool without memory is also that of the process asked. */
static void each_allocation_fails(void)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class how;

        kr_register("asked", kr_spawn(wait_for_stop));
        kit_eventually(is(kr_whereis("asked"), "status", "waiting"));
        for (uint32_t n = 1;; n++) {
                if (kr_catch(ask_without_memory, &n, &how, &reason)) {
                        kit_uint_eq(n, 3); /* the question and the answer */
                        break;
                }
                kit_int_eq(how, KR_CLASS_ERROR);
                kit_true(kr_match(reason.term, "{system_limit, _}"));
                kit_true(kr_is_process_alive(kr_whereis("asked")));
        }
        kr_msg_clear(&reason);
}

KIT_TEST(test_without_memory_the_asker_hears_of_it)
{
        kit_run_process(&(kr_node_opts){ .schedulers = 1 }, each_allocation_fails);
}

/* -- processes -- */

// covers: process_SUITE:processes_this_tab
KIT_PROCESS_TEST(test_the_list_of_processes_holds_those_alive)
{
        kr_msg slot = KR_MSG_INIT;
        kr_pid pids[100], dead = dead_pid();

        for (int i = 0; i < 100; i++)
                pids[i] = kr_spawn(wait_for_stop);
        kr_processes(&slot);
        for (int i = 0; i < 100; i++)
                kit_true(holds_pid(slot.term, pids[i]));
        kit_true(holds_pid(slot.term, kr_self()));
        kit_false(holds_pid(slot.term, dead));
        kit_uint_eq(length(slot.term), 102); /* and the kit's */
        for (int i = 0; i < 100; i++)
                kr_exit_signal(pids[i], "kill");
        kit_eventually((kr_yield(), kr_processes(&slot), length(slot.term) == 2));
        kr_msg_clear(&slot);
}

static void come_and_go(void)
{
        for (;;) {
                (void)kr_spawn(end_at_once);
                kr_yield();
        }
}

/* Every pid that was listed is that of a process that was there: it can be sent to. */
// covers: process_SUITE:processes_term_proc_list process_SUITE:processes_send_infant
KIT_PROCESS_TEST(test_processes_that_come_and_go_do_not_upset_the_list)
{
        kr_msg slot = KR_MSG_INIT;
        kr_pid pid;

        for (int i = 0; i < 4; i++)
                (void)kr_spawn(come_and_go);
        for (int i = 0; i < 500; i++) {
                kr_processes(&slot);
                kit_true(holds_pid(slot.term, kr_self()));
                for (kr_term t = slot.term; kr_is_cons(t); t = kr_tl(t)) {
                        kit_true(kr_get_pid(kr_hd(t), &pid));
                        kr_send(pid, "hello_infant");
                }
                kr_yield();
        }
        kr_msg_clear(&slot);
}

KIT_TEST(test_a_thread_that_is_no_process_learns_nothing)
{
        kr_msg slot = KR_MSG_INIT;

        kit_false(kr_process_info(kr_pid_none(), KR_ATOM("links"), &slot));
        kit_false(kr_process_info_list(kr_pid_none(), NULL, 0, &slot));
        kr_processes(&slot);
        kit_null(slot.sig);
}

KIT_EVERYWHERE_TEST(test_own_group_leader_changes_at_once)
{
        kr_pid leader = kr_spawn(wait_for_stop);

        kr_set_group_leader(leader, kr_self());
        kit_true(kr_pid_eq(kr_group_leader(), leader));
        kr_set_group_leader(kr_self(), kr_self());
        kit_true(kr_pid_eq(kr_group_leader(), kr_self()));
}

KIT_MAIN(KIT_CASE(test_own_group_leader_changes_at_once),
         KIT_CASE(test_a_process_without_a_name_says_so_differently_alone_and_in_a_list),
         KIT_CASE(test_no_items_means_those_of_process_info_1),
         KIT_CASE(test_a_list_of_items_comes_back_in_its_order),
         KIT_CASE(test_every_item_of_oneself_of_another_and_of_a_dead_process),
         KIT_CASE(test_an_unknown_item_or_a_pid_of_another_node_is_badarg),
         KIT_CASE(test_messages_are_shown_in_their_order),
         KIT_CASE(test_messages_of_another_with_all_kinds_of_terms),
         KIT_CASE(test_what_the_asker_sent_before_is_counted),
         KIT_CASE(test_ones_own_queue_length_counts_what_one_has_just_sent),
         KIT_CASE(test_ones_own_queue_length_beside_the_messages),
         KIT_CASE(test_ones_own_queue_length_beside_another_item),
         KIT_CASE(test_looking_at_oneself_takes_in_what_waits),
         KIT_CASE(test_a_flooded_process_answers_soon),
         KIT_CASE(test_items_of_another_process),
         KIT_CASE(test_hundreds_of_links_are_listed), KIT_CASE(test_status),
         KIT_CASE(test_reductions_grow),
         KIT_CASE(test_memory_counts_messages_and_what_is_allocated),
         KIT_CASE(test_where_a_waiting_process_is), KIT_CASE(test_where_one_is_oneself),
         KIT_CASE(test_processes_that_inspect_each_other_do_not_block),
         KIT_CASE(test_a_process_that_ends_just_then_answers_or_is_gone),
         KIT_CASE(test_without_memory_the_asker_hears_of_it),
         KIT_CASE(test_the_list_of_processes_holds_those_alive),
         KIT_CASE(test_processes_that_come_and_go_do_not_upset_the_list),
         KIT_CASE(test_a_thread_that_is_no_process_learns_nothing))
