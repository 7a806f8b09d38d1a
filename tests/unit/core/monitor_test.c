/* SPDX-License-Identifier: Apache-2.0 */
/* monitor_test.c: monitors of processes, by pid and by name. */
#include <krarup.h>

#include "expect.h"
#include "process.h"
#include "puppet.h"

static const kr_demonitor_opts flush = { .flush = true };

static void exit_with(kr_term reason)
{
        kr_exit("~", reason);
}

static kr_pid spawn_exit(const char *reason)
{
        kr_atom atom;

        kit_ok(kr_atom_from(reason, strlen(reason), &atom));
        return kr_spawn(exit_with, kr_atom_term(atom));
}

static kr_pid dead(void)
{
        kr_pid pid = spawn_exit("normal");

        kit_await_end(pid);
        return pid;
}

static void named_puppet(struct puppet_start *start)
{
        kr_register("somebody", kr_self());
        puppet_run(start);
}

static kr_pid spawn_named(void)
{
        struct puppet_start start = { kr_self(), false };
        kr_pid pid = kr_spawn(named_puppet, &start);

        while (kr_pid_is_none(kr_whereis("somebody")))
                kr_yield();
        return pid;
}

/* -- DOWN -- */

// covers: C36 monitor_SUITE:monitor_3_noproc_gh6185
KIT_EVERYWHERE_TEST(test_monitoring_what_is_dead_or_unknown_gives_noproc)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid = dead();
        kr_term tag = kr_atom_term(KR_ATOM("tag"));
        kr_ref ref;

        ref = kr_monitor(pid);
        kit_next(&msg, "{'DOWN', =, process, =, noproc}", ref, pid);
        ref = kr_monitor("nobody_has_this_name");
        kit_next(&msg,
                 "{'DOWN', =, process, {nobody_has_this_name, nonode@nohost}, noproc}",
                 ref);
        for (kr_alias_mode mode = KR_ALIAS_NONE; mode <= KR_ALIAS_REPLY_DEMONITOR;
             mode++) {
                ref = kr_monitor_alias(pid, mode, &tag);
                kit_next(&msg, "{tag, =, process, =, noproc}", ref, pid);
                ref = kr_monitor_alias("nobody_has_this_name", mode, &tag);
                kit_next(&msg, "{tag, =, process, {nobody_has_this_name, _}, noproc}",
                         ref);
        }
        kit_expect_nothing();
        kit_int_eq(list_len(kr_self(), "monitors"), 0);
}

// covers: C37
KIT_EVERYWHERE_TEST(test_the_down_of_a_monitor_by_name_carries_name_and_node)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid = spawn_named();
        kr_ref by_text = kr_monitor("somebody"),
               by_atom = kr_monitor(KR_ATOM("somebody"));

        kr_send(pid, "{exit, gone}");
        kit_expect(&msg, "{'DOWN', =, process, {somebody, nonode@nohost}, gone}",
                   by_text);
        kit_expect(&msg, "{'DOWN', =, process, {somebody, nonode@nohost}, gone}",
                   by_atom);
        kit_expect_nothing();
}

// covers: C38
KIT_EVERYWHERE_TEST(test_a_name_is_looked_up_once)
{
        kr_pid first = spawn_named(), second;
        kr_ref ref = kr_monitor("somebody");

        kr_unregister("somebody");
        second = spawn_named();
        puppet_exit(second, "second");
        kit_expect_nothing();
        puppet_exit(first, "first");
        kit_expect_down(ref, "first");
}

// covers: C39
KIT_EVERYWHERE_TEST(test_each_monitor_gives_a_down_of_its_own)
{
        kr_pid pid = puppet_new(false);
        kr_ref refs[5];

        for (int i = 0; i < 5; i++)
                refs[i] = kr_monitor(pid);
        for (int i = 0; i < 5; i++)
                for (int j = 0; j < i; j++)
                        kit_false(kr_ref_eq(refs[i], refs[j]));
        kit_int_eq(in_list(pid, "monitored_by", kr_self(), NULL), 5);
        kr_send(pid, "{exit, gone}");
        for (int i = 0; i < 5; i++)
                kit_expect_down(refs[i], "gone");
        kit_expect_nothing();
}

static void monitor_oneself(kr_pid *parent)
{
        kr_ref ref = kr_monitor(kr_self());

        kr_register("myself", kr_self());
        kit_false(kr_demonitor(ref, NULL));
        kit_false(kr_demonitor(kr_monitor("myself"), NULL));
        ref = kr_monitor_alias(kr_self(), KR_ALIAS_DEMONITOR, NULL);
        kr_send(ref, "through");
        kit_expect_nothing();
        kit_false(kr_unalias(ref));
        (void)kr_monitor(kr_self());
        kr_send(*parent, "done");
}

// covers: C40
KIT_EVERYWHERE_TEST(test_monitoring_oneself_never_fires)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid me = kr_self();
        kr_ref ref;

        kr_spawn_monitor(&ref, monitor_oneself, &me);
        kit_next(&msg, "done");
        kit_expect_down(ref, "normal");
        kit_expect_nothing();
}

// covers: monitor_SUITE:mon_1
KIT_EVERYWHERE_TEST(test_down_tells_the_reason_by_pid_and_by_name)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref;
        kr_pid pid;

        pid = kr_spawn_monitor(&ref, exit_with, kr_atom_term(KR_ATOM("normal")));
        kit_next(&msg, "{'DOWN', =, process, =, normal}", ref, pid);
        pid = puppet_new(false);
        ref = kr_monitor(pid);
        kr_send(pid, "{exit, foo_bar}");
        kit_next(&msg, "{'DOWN', =, process, =, foo_bar}", ref, pid);
        ref = kr_monitor(pid);
        kit_next(&msg, "{'DOWN', =, process, =, noproc}", ref, pid);
        pid = spawn_named();
        ref = kr_monitor("somebody");
        kr_exit_signal(pid, "by_name");
        kit_next(&msg, "{'DOWN', =, process, {somebody, _}, by_name}", ref);
        kit_expect_nothing();
}

/* -- the watcher ends, others interfere -- */

static void kill_who_watches(kr_pid *watcher)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "go"));
        kr_exit_signal(*watcher, "shot");
        kr_exit("self");
}

static void watch_a_killer(int64_t by_spawn)
{
        kr_pid me = kr_self(), pid;
        kr_ref ref;

        if (by_spawn) {
                pid = kr_spawn_monitor(&ref, kill_who_watches, &me);
        } else {
                pid = kr_spawn(kill_who_watches, &me);
                ref = kr_monitor(pid);
        }
        kr_send(pid, "go");
        kr_sleep(KR_INFINITY);
}

// covers: monitor_SUITE:case_1 monitor_SUITE:case_1a
KIT_EVERYWHERE_TEST(test_a_watched_process_may_kill_its_watcher)
{
        for (int i = 0; i < 20; i++) {
                kr_ref ref;

                kr_spawn_monitor(&ref, watch_a_killer, i % 2);
                kit_expect_down(ref, "shot");
        }
        kit_expect_nothing();
}

// covers: monitor_SUITE:case_2 monitor_SUITE:case_2a
KIT_EVERYWHERE_TEST(test_demonitor_by_another_process_has_no_effect)
{
        kr_pid a = puppet_new(false), b = puppet_new(true);
        kr_ref by_monitor = kr_monitor(a), by_spawn;
        kr_pid child = kr_spawn_monitor(&by_spawn, kit_sleeper);

        kit_false(puppet_demonitor(b, by_monitor, false));
        kit_false(puppet_demonitor(b, by_spawn, true));
        kit_false(puppet_demonitor(a, by_monitor, true));
        kr_exit_signal(a, "gone");
        kr_exit_signal(child, "gone_too");
        kit_expect_down(by_monitor, "gone");
        kit_expect_down(by_spawn, "gone_too");
}

/* -- misuse -- */

static void monitor_no_pid(void)
{
        (void)kr_monitor(kr_pid_none());
}

static void monitor_bad_mode(void)
{
        (void)kr_monitor_alias(kr_self(), (kr_alias_mode)17, NULL);
}

static void demonitor_no_ref(void)
{
        (void)kr_demonitor(kr_ref_none(), NULL);
}

// covers: monitor_SUITE:mon_e_1
KIT_EVERYWHERE_TEST(test_wrong_arguments_of_monitor_are_a_badarg)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, monitor_no_pid);
        kit_expect_down(ref, "{{badarg, {<<\"kr_monitor\">>, <<\"who\">>}}, _}");
        kr_spawn_monitor(&ref, monitor_bad_mode);
        kit_expect_down(ref, "{{badarg, {<<\"kr_monitor\">>, <<\"mode\">>}}, _}");
}

// covers: monitor_SUITE:demon_e_1
KIT_EVERYWHERE_TEST(test_demonitor_of_no_reference_is_a_badarg_of_one_of_others_nothing)
{
        kr_pid watched = puppet_new(false), other = puppet_new(false);
        kr_ref ref, of_other = puppet_monitor(other, watched);

        kr_spawn_monitor(&ref, demonitor_no_ref);
        kit_expect_down(ref, "{{badarg, {<<\"kr_demonitor\">>, <<\"ref\">>}}, _}");
        kit_false(kr_demonitor(of_other, NULL));
        kit_int_eq(in_list(watched, "monitored_by", other, NULL), 1);
        puppet_exit(watched, "gone");
        kit_int_eq(puppet_downs(other, of_other, "gone"), 1);
}

/* -- demonitor -- */

// covers: monitor_SUITE:demon_1
KIT_EVERYWHERE_TEST(test_demonitor_of_a_reference_that_monitors_nothing_does_nothing)
{
        kit_false(kr_demonitor(kr_make_ref(), NULL));
        kit_false(kr_demonitor(kr_make_ref(), &flush));
        kit_expect_nothing();
}

// covers: monitor_SUITE:demon_2 C42
KIT_EVERYWHERE_TEST(test_demonitor_tells_whether_it_was_in_time)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid = puppet_new(false);
        kr_ref ref = kr_monitor(pid);

        kit_true(kr_demonitor(ref, NULL));
        kit_false(kr_demonitor(ref, NULL));
        ref = kr_monitor(pid);
        puppet_exit(pid, "gone");
        kit_false(kr_demonitor(ref, NULL));
        kit_next(&msg, "{'DOWN', =, process, =, gone}", ref, pid);
        kit_false(kr_demonitor(ref, NULL));
        kit_expect_nothing();
}

// covers: C41 erl_link_SUITE:otp_5772_monitor
KIT_EVERYWHERE_TEST(test_a_down_that_is_here_survives_demonitor_unless_flushed)
{
        kr_pid pid = puppet_new(false);
        kr_ref kept = kr_monitor(pid), flushed = kr_monitor(pid);

        puppet_exit(pid, "gone");
        kit_false(kr_demonitor(kept, NULL));
        kit_false(kr_demonitor(flushed, &flush));
        kit_expect_down(kept, "gone");
        kit_expect_nothing();
}

// covers: monitor_SUITE:demonitor_flush
KIT_EVERYWHERE_TEST(test_flush_removes_its_own_down_only)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid = puppet_new(false);
        kr_ref refs[4];

        for (int i = 0; i < 4; i++)
                refs[i] = kr_monitor(pid);
        kit_true(kr_demonitor(refs[0], &flush));
        kr_send(kr_self(), "between");
        puppet_exit(pid, "gone");
        kr_send(kr_self(), "{'DOWN', ~, something_else, 1, 2}", refs[1]);
        kit_false(kr_demonitor(refs[1], &flush));
        kit_false(kr_demonitor(refs[1], &flush));
        kit_false(kr_demonitor(refs[3], &flush));
        kit_expect(&msg, "between");
        kit_next(&msg, "{'DOWN', =, process, =, gone}", refs[2], pid);
        kit_next(&msg, "{'DOWN', =, something_else, 1, 2}", refs[1]);
        kit_expect_nothing();
}

/* n children, each made to end at about the moment when its monitor is taken back. */
static void race_demonitor(int round, bool with_flush)
{
        enum { COUNT = 100 };
        kr_pid pids[COUNT];
        kr_ref refs[COUNT];
        kr_msg msg = KR_MSG_INIT;
        int late = 0;

        for (int i = 0; i < COUNT; i++)
                pids[i] = kr_spawn_monitor(&refs[i], kit_sleeper);
        for (int i = 0; i < COUNT; i++)
                kr_exit_signal(pids[i], "kill");
        for (int yields = round % 5; yields > 0; yields--)
                kr_yield();
        for (int i = 0; i < COUNT; i++) {
                bool active = kr_demonitor(refs[i], with_flush ? &flush : NULL);
                bool came = kr_receive(&msg, 0,
                                       kr_on(0, "{'DOWN', =, _, _, _}", refs[i])) == 0;

                late += !active;
                kit_int_eq(came, !active && !with_flush);
        }
        for (int i = 0; i < COUNT; i++)
                kit_await_end(pids[i]);
        kit_expect_nothing();
        kit_int_le(late, COUNT);
}

// covers: C42 monitor_SUITE:local_remove_monitor
KIT_EVERYWHERE_TEST(test_true_means_no_down_ever_and_false_that_it_is_here)
{
        for (int round = 0; round < 10; round++) {
                race_demonitor(round, false);
                race_demonitor(round, true);
        }
        kit_int_eq(list_len(kr_self(), "monitors"), 0);
}

/* -- order -- */

static void send_and_end(kr_pid *to)
{
        for (int i = 0; i < 100; i++) {
                kr_send(*to, "{nr, ~, ~}", kr_self(), i);
                if (i % 7 == 0)
                        kr_send("watcher", "{nr, ~, ~}", kr_self(), ++i);
        }
        kr_exit("over");
}

static void expect_in_order(kr_pid pid, kr_ref ref)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term next;

        for (int i = 0; i <= 100; i++) {
                kit_int_eq(kr_receive(&msg, KIT_EXPECT_MS,
                                      kr_on(0, "{nr, =, ~}", pid, &next),
                                      kr_on(1, "{'DOWN', =, process, _, over}", ref)),
                           i == 100);
                if (i < 100)
                        kit_match(next, "=", i);
        }
}

// covers: C44 signal_SUITE:monitor_order
KIT_EVERYWHERE_TEST(test_what_a_process_sent_comes_before_its_down)
{
        kr_register("watcher", kr_self());
        for (int i = 0; i < 30; i++) {
                kr_pid me = kr_self();
                kr_ref ref;
                kr_pid pid = kr_spawn_monitor(&ref, send_and_end, &me);

                expect_in_order(pid, ref);
        }
        kit_expect_nothing();
}

static void named_sender(kr_pid *to)
{
        kr_msg msg = KR_MSG_INIT;

        kr_register("sender", kr_self());
        kr_send(*to, "registered");
        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "go"));
        send_and_end(to);
}

// covers: C44 signal_SUITE:monitor_named_order_local
KIT_EVERYWHERE_TEST(test_what_a_process_sent_comes_before_the_down_by_its_name)
{
        kr_msg msg = KR_MSG_INIT;

        kr_register("watcher", kr_self());
        for (int i = 0; i < 30; i++) {
                kr_pid me = kr_self();
                kr_pid pid = kr_spawn(named_sender, &me);
                kr_ref ref;

                kit_expect(&msg, "registered");
                ref = kr_monitor("sender");
                kr_send(pid, "go");
                expect_in_order(pid, ref);
        }
        kit_expect_nothing();
}

/* -- tags -- */

// covers: C52 process_SUITE:monitor_tag
KIT_EVERYWHERE_TEST(test_a_tag_replaces_the_first_element_and_nothing_else)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term tag = kr_build("{my, [tag], ~}", "binary");
        kr_pid pid = spawn_named();
        kr_ref by_pid = kr_monitor_alias(pid, KR_ALIAS_NONE, &tag);
        kr_ref by_name = kr_monitor_alias("somebody", KR_ALIAS_NONE, &tag), by_spawn,
               by_request;
        kr_spawn_opts opts = { .monitor = true, .tag = &tag, .ret_monitor = &by_spawn };
        kr_spawn_request_opts request = { .spawn = { .monitor = true, .tag = &tag },
                                          .reply_tag = &tag };
        kr_pid child = kr_spawn_opt(&opts, exit_with, kr_atom_term(KR_ATOM("bye"))),
               asked;

        by_request = kr_spawn_request(&request, exit_with, kr_atom_term(KR_ATOM("ciao")));
        kr_release(tag);
        kit_expect(&msg, "{{my, [tag], <<\"binary\">>}, =, ok, ~}", by_request, &asked);
        kit_expect(&msg, "{{my, [tag], <<\"binary\">>}, =, process, =, ciao}", by_request,
                   asked);
        kit_expect(&msg, "{{my, [tag], <<\"binary\">>}, =, process, =, bye}", by_spawn,
                   child);
        kr_send(pid, "{exit, gone}");
        kit_expect(&msg, "{{my, [tag], <<\"binary\">>}, =, process, =, gone}", by_pid,
                   pid);
        kit_expect(&msg, "{{my, [tag], <<\"binary\">>}, =, process, {somebody, _}, gone}",
                   by_name);
        kit_expect_nothing();
}

// covers: monitor_SUITE:monitor_tag_storage
KIT_EVERYWHERE_TEST(test_a_tag_may_be_any_term_and_is_kept_apart)
{
        static const char large[4096] = "large";
        kr_bytes bytes = { large, sizeof(large) };
        kr_pid pid = puppet_new(false);
        kr_msg msg = KR_MSG_INIT;
        kr_term tags[] = {
                kr_build("17"),
                kr_build("an_atom"),
                kr_build("[]"),
                kr_build("1.5"),
                kr_build("\"a string\""),
                kr_build("123456789012345678901234567890"),
                kr_build("#{a => [b, {c}], {d} => 2.0}"),
                kr_build("~", kr_self()),
                kr_build("~", kr_make_ref()),
                kr_build("{large, ~, [~]}", bytes, bytes),
        };
        enum { COUNT = sizeof(tags) / sizeof(tags[0]) };
        kr_ref refs[COUNT], taken_back;

        for (int i = 0; i < COUNT; i++) {
                refs[i] = kr_monitor_alias(pid, KR_ALIAS_NONE, &tags[i]);
                taken_back = kr_monitor_alias(pid, KR_ALIAS_NONE, &tags[i]);
                kit_true(kr_demonitor(taken_back, NULL));
        }
        kr_send(pid, "{exit, gone}");
        for (int i = 0; i < COUNT; i++) {
                kit_expect(&msg, "{=, =, process, =, gone}", tags[i], refs[i], pid);
                kr_release(tags[i]);
        }
        kit_expect_nothing();
}

/* -- lists -- */

// covers: erl_link_SUITE:process_monitors
KIT_EVERYWHERE_TEST(test_monitor_lists_are_right_at_both_ends)
{
        kr_pid a = puppet_new(true), b = puppet_new(true), c = puppet_new(true);
        kr_ref ab = puppet_monitor(a, b), ab2 = puppet_monitor(a, b);
        kr_ref ac = puppet_monitor(a, c), ba = puppet_monitor(b, a);

        kit_int_eq(in_list(a, "monitors", b, NULL), 2);
        kit_int_eq(in_list(a, "monitors", c, NULL), 1);
        kit_int_eq(in_list(b, "monitored_by", a, NULL), 2);
        kit_int_eq(in_list(a, "monitored_by", b, NULL), 1);
        kit_int_eq(list_len(a, "links"), 0);
        kit_true(puppet_demonitor(a, ab, false));
        kit_int_eq(in_list(a, "monitors", b, NULL), 1);
        kit_int_eq(in_list(b, "monitored_by", a, NULL), 1);
        puppet_exit(b, "gone");
        kit_int_eq(puppet_downs(a, ab, "gone"), 0);
        kit_int_eq(puppet_downs(a, ab2, "gone"), 1);
        kit_int_eq(list_len(a, "monitors"), 1);
        kit_int_eq(list_len(a, "monitored_by"), 0);
        puppet_exit(a, "gone");
        kit_int_eq(list_len(c, "monitored_by"), 0);
        kit_false(kr_ref_eq(ac, ba));
}

// covers: monitor_SUITE:list_cleanup
KIT_EVERYWHERE_TEST(test_both_ends_lists_are_clean_afterwards)
{
        kr_pid me = kr_self(), pids[10];
        kr_ref refs[10];

        for (int i = 0; i < 10; i++) {
                pids[i] = puppet_new(false);
                refs[i] = kr_monitor(pids[i]);
                (void)puppet_monitor(pids[i], me);
        }
        kit_int_eq(list_len(me, "monitors"), 10);
        kit_int_eq(list_len(me, "monitored_by"), 1 + 10); /* the kit's first */
        for (int i = 0; i < 10; i += 2)
                kit_true(kr_demonitor(refs[i], NULL));
        for (int i = 0; i < 10; i++)
                puppet_exit(pids[i], "gone");
        for (int i = 1; i < 10; i += 2)
                kit_expect_down(refs[i], "gone");
        kit_int_eq(list_len(me, "monitors"), 0);
        kit_int_eq(list_len(me, "monitored_by"), 1);
        kit_expect_nothing();
}

/* -- a mix -- */

enum { PUPPETS = 6 };

struct model {
        kr_pid pids[PUPPETS];
        bool linked[PUPPETS][PUPPETS];
        int monitors[PUPPETS][PUPPETS];
        kr_ref last[PUPPETS][PUPPETS];
};

static void mix_once(struct model *m, unsigned a, unsigned b)
{
        switch (kit_random_below(4)) {
        case 0:
                puppet_link(m->pids[a], m->pids[b]);
                m->linked[a][b] = m->linked[b][a] = a != b;
                break;
        case 1:
                puppet_unlink(m->pids[a], m->pids[b]);
                m->linked[a][b] = m->linked[b][a] = false;
                break;
        case 2:
                m->last[a][b] = puppet_monitor(m->pids[a], m->pids[b]);
                m->monitors[a][b] += a != b;
                break;
        default:
                if (m->monitors[a][b] > 0 &&
                    puppet_demonitor(m->pids[a], m->last[a][b], false))
                        m->monitors[a][b]--;
        }
}

static void compare(const struct model *m)
{
        for (unsigned a = 0; a < PUPPETS; a++) {
                for (unsigned b = 0; b < PUPPETS; b++) {
                        kit_int_eq(in_list(m->pids[a], "links", m->pids[b], NULL),
                                   m->linked[a][b]);
                        kit_int_eq(in_list(m->pids[a], "monitors", m->pids[b], NULL),
                                   m->monitors[a][b]);
                        kit_int_eq(in_list(m->pids[b], "monitored_by", m->pids[a], NULL),
                                   m->monitors[a][b]);
                }
        }
}

// covers: monitor_SUITE:mixer
KIT_EVERYWHERE_TEST(test_a_random_mix_of_links_and_monitors_stays_consistent)
{
        struct model m = { .pids = { { 0 } } };

        for (int i = 0; i < PUPPETS; i++)
                m.pids[i] = puppet_new(true);
        for (int round = 0; round < 5; round++) {
                for (int i = 0; i < 40; i++)
                        mix_once(&m, (unsigned)kit_random_below(PUPPETS),
                                 (unsigned)kit_random_below(PUPPETS));
                compare(&m);
        }
        puppet_exit(m.pids[0], "gone");
        for (int i = 1; i < PUPPETS; i++) {
                kit_int_eq(puppet_exits(m.pids[i], m.pids[0], "gone"), m.linked[i][0]);
                kit_int_eq(in_list(m.pids[i], "monitors", m.pids[0], NULL), 0);
                kit_int_eq(in_list(m.pids[i], "monitored_by", m.pids[0], NULL), 0);
        }
}

/* -- pids of other runs -- */

static kr_pid of_earlier_run;

static void note_own_pid(void)
{
        of_earlier_run = kr_self();
}

/* Its slot is taken again by as many processes as the earlier run had. */
static void look_for_earlier_pid(void)
{
        kr_ref ref;

        for (int i = 0; i < 10; i++)
                kr_spawn(kit_sleeper);
        kit_false(kr_pid_eq(kr_self(), of_earlier_run));
        ref = kr_monitor(of_earlier_run);
        kit_expect_down(ref, "noproc");
}

// covers: monitor_SUITE:otp_5827
KIT_TEST(test_a_pid_of_an_earlier_run_of_the_node_gives_noproc)
{
        kit_run_process(NULL, note_own_pid);
        kit_run_process(NULL, look_for_earlier_pid);
}

KIT_MAIN(KIT_CASE(test_monitoring_what_is_dead_or_unknown_gives_noproc),
         KIT_CASE(test_the_down_of_a_monitor_by_name_carries_name_and_node),
         KIT_CASE(test_a_name_is_looked_up_once),
         KIT_CASE(test_each_monitor_gives_a_down_of_its_own),
         KIT_CASE(test_monitoring_oneself_never_fires),
         KIT_CASE(test_down_tells_the_reason_by_pid_and_by_name),
         KIT_CASE(test_a_watched_process_may_kill_its_watcher),
         KIT_CASE(test_demonitor_by_another_process_has_no_effect),
         KIT_CASE(test_wrong_arguments_of_monitor_are_a_badarg),
         KIT_CASE(test_demonitor_of_no_reference_is_a_badarg_of_one_of_others_nothing),
         KIT_CASE(test_demonitor_of_a_reference_that_monitors_nothing_does_nothing),
         KIT_CASE(test_demonitor_tells_whether_it_was_in_time),
         KIT_CASE(test_a_down_that_is_here_survives_demonitor_unless_flushed),
         KIT_CASE(test_flush_removes_its_own_down_only),
         KIT_CASE(test_true_means_no_down_ever_and_false_that_it_is_here),
         KIT_CASE(test_what_a_process_sent_comes_before_its_down),
         KIT_CASE(test_what_a_process_sent_comes_before_the_down_by_its_name),
         KIT_CASE(test_a_tag_replaces_the_first_element_and_nothing_else),
         KIT_CASE(test_a_tag_may_be_any_term_and_is_kept_apart),
         KIT_CASE(test_monitor_lists_are_right_at_both_ends),
         KIT_CASE(test_both_ends_lists_are_clean_afterwards),
         KIT_CASE(test_a_random_mix_of_links_and_monitors_stays_consistent),
         KIT_CASE(test_a_pid_of_an_earlier_run_of_the_node_gives_noproc))
