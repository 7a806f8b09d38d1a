/* SPDX-License-Identifier: Apache-2.0 */
/* proc_lib: starting in step, origins, ends; scenarios_proc_lib.erl does the same. */
#include "scenario.h"

enum { ANY };

/* -- what the scenarios are made of -- */

/* A child that does what it is told at first. */
static void does(kr_term how)
{
        kr_term what, more;

        if (kr_match(how, "{acks, ~}", &what)) {
                kr_init_ack("~", what);
        } else if (kr_match(how, "{acks, ~, ~}", &what, &more)) {
                kr_init_ack("~", what);
                kr_init_ack("~", more);
        } else if (kr_match(how, "{acks_and_exits, ~, ~}", &what, &more)) {
                kr_init_ack("~", what);
                kr_exit("~", more);
        } else if (kr_match(how, "{exits, ~}", &what)) {
                kr_exit("~", what);
        } else if (kr_match(how, "{errs, ~}", &what)) {
                kr_error("~", what);
        } else if (kr_match(how, "{throws, ~}", &what)) {
                kr_throw("~", what);
        } else if (kr_match(how, "returns")) {
                return;
        } else if (kr_match(how, "acks_itself")) {
                kr_init_ack("{ok, ~}", kr_self());
        } else if (kr_match(how, "{kills_itself, ~}", &what)) {
                kr_exit_signal(kr_self(), "~", what);
        }
        waits();
}

static kr_term word_of(kr_started started, const kr_msg *slot)
{
        switch (started.err) {
        case KR_OK:
        case KR_EIGNORED:
                return kr_keep(slot->term);
        case KR_EALREADY:
        case KR_EFAILED:
        case KR_ETIMEDOUT:
                return kr_build("{error, ~}", slot->term);
        default:
                return kr_atom_term(kri_atom_of(kr_err_name(started.err)));
        }
}

#define say_start(what, function, opts_timeout_ms, ...)                                  \
        do {                                                                             \
                kr_msg start_slot = KR_MSG_INIT;                                         \
                kr_start_opts start_opts = { .timeout_ms = opts_timeout_ms,              \
                                             .ret_reason = &start_slot };                \
                kr_term start_how = kr_build(__VA_ARGS__);                               \
                kr_started started = function(&start_opts, does, start_how);             \
                                                                                         \
                say_given(what, word_of(started, &start_slot));                          \
                last_monitor = started.monitor;                                          \
                kr_release(start_how);                                                   \
                kr_msg_clear(&start_slot);                                               \
        } while (0)

static kr_ref last_monitor;

/* -- start -- */

static void acknowledged(void)
{
        say_start("ok", kr_proc_lib_start, 0, "acks_itself");
        say_start("ignore", kr_proc_lib_start, 0, "{acks, ignore}");
        say_start("error", kr_proc_lib_start, 0, "{acks, {error, no}}");
        say_start("other", kr_proc_lib_start, 0, "{acks, {some, [term]}}");
        say_mailbox("mailbox");
}

static void dead_before_a_word(void)
{
        say_start("exit", kr_proc_lib_start, 0, "{exits, {a, b}}");
        say_start("normal", kr_proc_lib_start, 0, "{exits, normal}");
        say_start("return", kr_proc_lib_start, 0, "returns");
        say_start("error", kr_proc_lib_start, 0, "{errs, {a, b}}");
        say_start("throw", kr_proc_lib_start, 0, "{throws, {a, b}}");
        say_start("killed", kr_proc_lib_start, 0, "{kills_itself, kill}");
        say_start("signalled", kr_proc_lib_start, 0, "{kills_itself, gone}");
        say_mailbox("mailbox");
}

static void too_slow(void)
{
        kr_trap_exit(true);
        say_start("start", kr_proc_lib_start, 20, "waits");
        say_start("start_link", kr_proc_lib_start_link, 20, "waits");
        say_start("start_monitor", kr_proc_lib_start_monitor, 20, "waits");
        say_end("down", last_monitor);
        say_mailbox("mailbox");
}

static void two_words(void)
{
        say_start("first", kr_proc_lib_start, 0, "{acks, {ok, 1}, {ok, 2}}");
        say_next("second");
        say_mailbox("mailbox");
}

static void a_word_and_death(void)
{
        kr_trap_exit(true);
        say_start("start_link", kr_proc_lib_start_link, 0,
                  "{acks_and_exits, {ok, 1}, bang}");
        say_next("next");
        say_start("start_monitor", kr_proc_lib_start_monitor, 0,
                  "{acks_and_exits, {ok, 1}, bang}");
        say_end("down", last_monitor);
        say_mailbox("mailbox");
}

static void linked_and_trapping(void)
{
        kr_trap_exit(true);
        say_start("exit", kr_proc_lib_start_link, 0, "{exits, {a, b}}");
        say_start("normal", kr_proc_lib_start_link, 0, "{exits, normal}");
        say_start("return", kr_proc_lib_start_link, 0, "returns");
        say_start("error", kr_proc_lib_start_link, 0, "{errs, {a, b}}");
        say_start("ok", kr_proc_lib_start_link, 0, "acks_itself");
        say_mailbox("mailbox");
}

static void starts_linked(kr_term how)
{
        (void)kr_proc_lib_start_link(NULL, does, how);
        kr_exit("came_back");
}

static void say_starter(const char *what, kr_term how)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, starts_linked, how);
        say_end(what, ref);
        kr_release(how);
}

static void linked_and_not_trapping(void)
{
        say_starter("exit", kr_build("{exits, {a, b}}"));
        say_starter("shutdown", kr_build("{exits, shutdown}"));
        say_starter("error", kr_build("{errs, bang}"));
        say_starter("ok", kr_build("acks_itself"));
        say_starter("ignore", kr_build("{acks, ignore}"));
}

static void monitored(void)
{
        say_start("exit", kr_proc_lib_start_monitor, 0, "{exits, {a, b}}");
        say_end("down", last_monitor);
        say_start("return", kr_proc_lib_start_monitor, 0, "returns");
        say_end("down", last_monitor);
        say_start("ok", kr_proc_lib_start_monitor, 0, "acks_itself");
        say_mailbox("mailbox");
}

static void starts_and_ends(struct to *to)
{
        kr_msg slot = KR_MSG_INIT;
        kr_start_opts opts = { .ret_reason = &slot };
        kr_term how = kr_build("acks_itself");
        kr_started started = kr_proc_lib_start(&opts, does, how);

        kr_send(to->pid, "{child, ~}", started.pid);
}

static void a_starter_may_go(void)
{
        kr_pid starter = kr_spawn(starts_and_ends, &(struct to){ kr_self() });
        kr_msg msg = KR_MSG_INIT;
        kr_pid child;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(ANY, "{child, ~}", &child));
        await_end(starter);
        say("alive", "~", kr_is_process_alive(child));
        kr_exit_signal(child, "kill");
}

/* -- origins -- */

static void tells_ancestors(struct to *to)
{
        kr_term ancestors = kr_ancestors();

        kr_send(to->pid, "{ancestors, ~}", ancestors);
        kr_release(ancestors);
        waits();
}

static void passes_on(struct to *to)
{
        kr_proc_lib_spawn(tells_ancestors, to);
        waits();
}

static void names_itself(struct to *to)
{
        kr_register("middle", kr_self());
        passes_on(to);
}

static void ancestors(void)
{
        struct to to = { kr_self() };
        kr_pid middle;

        kr_proc_lib_spawn(tells_ancestors, &to);
        say_next("child");
        middle = kr_proc_lib_spawn(passes_on, &to);
        known_as(middle, "<middle>");
        say_next("grandchild");
        middle = kr_proc_lib_spawn_link(names_itself, &to);
        say_next("of a name");
        kr_register("top", kr_self());
        kr_proc_lib_spawn(tells_ancestors, &to);
        say_next("of a name that is new");
        kr_spawn(tells_ancestors, &to);
        say_next("of a plain process");
        kr_unlink(middle);
}

/* -- ends -- */

static void say_end_of(const char *what, kr_term how)
{
        kr_ref ref;

        kr_proc_lib_spawn_opt((&(kr_spawn_opts){ .monitor = true, .ret_monitor = &ref }),
                              does, how);
        say_end(what, ref);
        kr_release(how);
}

static void ends(void)
{
        say_end_of("exit", kr_build("{exits, {a, b}}"));
        say_end_of("normal", kr_build("{exits, normal}"));
        say_end_of("return", kr_build("returns"));
        say_end_of("error", kr_build("{errs, {a, b}}"));
        say_end_of("throw", kr_build("{throws, {a, b}}"));
        say_end_of("kill", kr_build("{kills_itself, kill}"));
}

static void many_starts_at_once(void)
{
        enum { MANY = 50 };
        int64_t started = 0;

        for (int i = 0; i < MANY; i++) {
                kr_term how = kr_build("acks_itself");

                started += kr_proc_lib_start(NULL, does, how).err == KR_OK;
                kr_release(how);
        }
        say("started", "~", started);
        say_mailbox("mailbox");
}

static void acks_later(struct to *to)
{
        kr_msg msg = KR_MSG_INIT;

        kr_send(to->pid, "{waiting, ~}", kr_self());
        (void)kr_receive(&msg, KR_INFINITY, kr_on(ANY, "go"));
        kr_init_ack("{ok, ~}", kr_self());
        kr_exit("done");
}

static void lets_go(struct to *to)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid child;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(ANY, "{waiting, ~}", &child));
        kr_send(to->pid, "before");
        kr_send(child, "go");
}

/* What comes while one waits for the word stays, in order. */
static void messages_meanwhile(void)
{
        kr_pid helper = kr_spawn(lets_go, &(struct to){ kr_self() });
        kr_msg slot = KR_MSG_INIT;
        kr_started started = kr_proc_lib_start(&(kr_start_opts){ .ret_reason = &slot },
                                               acks_later, &(struct to){ helper });

        bool done = started.err == KR_OK;

        say("started", "~", done);
        say_mailbox("mailbox");
        kr_msg_clear(&slot);
}

static void links(void)
{
        kr_term how = kr_build("{errs, bang}"), normal = kr_build("returns");

        kr_trap_exit(true);
        kr_proc_lib_spawn_link(does, how);
        say_next("error");
        kr_proc_lib_spawn_link(does, normal);
        say_next("normal");
        kr_release(how);
        kr_release(normal);
}

SCENARIOS(SCENARIO(acknowledged), SCENARIO(dead_before_a_word), SCENARIO(too_slow),
          SCENARIO(two_words), SCENARIO(a_word_and_death), SCENARIO(linked_and_trapping),
          SCENARIO(linked_and_not_trapping), SCENARIO(monitored),
          SCENARIO(a_starter_may_go), SCENARIO(ancestors), SCENARIO(ends),
          SCENARIO(many_starts_at_once), SCENARIO(messages_meanwhile), SCENARIO(links))
