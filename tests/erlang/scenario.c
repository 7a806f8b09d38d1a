/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#define KNOWN_MAX 32
#define SCENARIO_MS 20000
#define NEXT_MS 2000

enum { GOT };

/* -- names; one scenario at a time, and only its process prints -- */

static struct {
        kr_pid pid; /* none: it is a reference */
        kr_ref ref;
        kr_term name;
} known[KNOWN_MAX];
static int known_count;

static kr_term atom_term(const char *text)
{
        kr_atom atom;

        if (kr_atom_from(text, strlen(text), &atom) != KR_OK)
                abort();
        return kr_atom_term(atom);
}

void know_given(kr_term term, const char *text)
{
        if (known_count == KNOWN_MAX)
                abort();
        known[known_count].pid = kr_pid_none();
        if (!kr_get_pid(term, &known[known_count].pid) &&
            !kr_get_ref(term, &known[known_count].ref))
                abort();
        known[known_count++].name = atom_term(text);
        kr_release(term);
}

static kr_term name_of(kr_term t)
{
        kr_pid pid = kr_pid_none();
        kr_ref ref = kr_ref_none();

        (void)(kr_get_pid(t, &pid) || kr_get_ref(t, &ref));
        for (int i = known_count; i-- > 0;)
                if (kr_pid_eq(known[i].pid, pid) &&
                    (!kr_pid_is_none(pid) || kr_ref_eq(known[i].ref, ref)))
                        return known[i].name;
        return atom_term(kr_pid_is_none(pid) ? "#Ref" : "<pid>");
}

/* -- terms without what differs from run to run -- */

static bool is_frame(kr_term t)
{
        kr_term function, offset, place;

        return kr_match(t, "{~, ~, ~}", &function, &offset, &place) &&
               kr_is_binary(function) && kr_is_integer(offset) && kr_is_list(place);
}

/* {Module, Function, Arity or Args, Location}: what a missing callback is told with */
static bool is_erlang_frame(kr_term t)
{
        kr_atom module, function;
        kr_term arity;

        return kr_match(t, "{~, ~, ~, []}", &module, &function, &arity) &&
               (kr_is_integer(arity) || kr_is_list(arity));
}

static bool is_trace(kr_term t)
{
        return kr_is_cons(t) && (is_frame(kr_hd(t)) || is_erlang_frame(kr_hd(t)));
}

static bool is_our_badarg(kr_term t)
{
        const char *function, *argument;

        return kr_match(t, "{badarg, {~, ~}}", &function, &argument) &&
               strncmp(function, "kr_", 3) == 0;
}

static kr_term plain(kr_term t);

static void add_plain(kr_builder *b, kr_term t)
{
        t = plain(t);
        kr_add_term(b, t);
        kr_release(t);
}

static kr_term plain_list(kr_term list)
{
        kr_builder b = KR_BUILDER_INIT;

        for (; kr_is_cons(list); list = kr_tl(list))
                add_plain(&b, kr_hd(list));
        return kr_is_nil(list) ? kr_build_list(&b) : kr_build_improper(&b, plain(list));
}

static kr_term plain_tuple(kr_term tuple)
{
        kr_builder b = KR_BUILDER_INIT;

        for (size_t i = 1; i <= kr_tuple_size(tuple); i++)
                add_plain(&b, kr_element(i, tuple));
        return kr_build_tuple(&b);
}

static kr_term plain_map(kr_term map)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_term key, value;

        for (size_t i = 0; kr_map_at(map, i, &key, &value); i++) {
                add_plain(&b, key);
                add_plain(&b, value);
        }
        return kr_build_map(&b);
}

/* Gives a new term. */
static kr_term plain(kr_term t)
{
        if (kr_is_pid(t) || kr_is_reference(t))
                return name_of(t);
        if (is_trace(t))
                return atom_term("trace");
        if (is_our_badarg(t))
                return atom_term("badarg");
        if (kr_is_cons(t))
                return plain_list(t);
        if (kr_is_tuple(t))
                return plain_tuple(t);
        if (kr_is_map(t))
                return plain_map(t);
        return kr_keep(t);
}

/* -- saying -- */

void say_term(const char *what, kr_term term)
{
        kr_term t = plain(term);

        printf("%s: ", what);
        if (kr_print(stdout, t, NULL) != KR_OK)
                abort();
        putchar('\n');
        kr_release(t);
}

void say_given(const char *what, kr_term term)
{
        say_term(what, term);
        kr_release(term);
}

static void call(void *scenario)
{
        ((struct scenario *)scenario)->run();
}

static kr_term without_trace(kr_term reason)
{
        kr_term first, trace;

        if (kr_match(reason, "{~, ~}", &first, &trace) && is_trace(trace))
                return first;
        return reason;
}

void say_caught(const char *what, void (*fn)(void))
{
        static const char *const classes[] = { "exit", "error", "throw" };
        struct scenario f = { .run = fn };
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        if (kr_catch(call, &f, &kind, &reason))
                say(what, "returned");
        else
                say(what, "{~, ~}", atom_term(classes[kind]),
                    kind == KR_CLASS_ERROR ? without_trace(reason.term) : reason.term);
        kr_msg_clear(&reason);
}

void say_end(const char *what, kr_ref monitor)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;

        (void)kr_receive(&msg, KR_INFINITY,
                         kr_on(GOT, "{'DOWN', =, process, _, ~}", monitor, &reason));
        say_term(what, reason);
        kr_msg_clear(&msg);
}

void say_mailbox(const char *what)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_msg msg = KR_MSG_INIT;
        kr_term t;

        while (kr_receive(&msg, 0, kr_on(GOT, "~", &t)) == GOT)
                kr_add_term(&b, t);
        say_given(what, kr_build_list(&b));
}

void say_next(const char *what)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term t;

        if (kr_receive(&msg, NEXT_MS, kr_on(GOT, "~", &t)) == GOT)
                say_term(what, t);
        else
                say(what, "timeout");
        kr_msg_clear(&msg);
}

void say_info(const char *what, kr_pid pid, const char *item)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term value;
        kr_atom atom;

        if (!kr_get_atom(atom_term(item), &atom) || !kr_process_info(pid, atom, &msg))
                say(what, "undefined");
        else
                say_term(what, kr_match(msg.term, "{_, ~}", &value) ? value : msg.term);
        kr_msg_clear(&msg);
}

/* -- waiting for others -- */

void await_end(kr_pid pid)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref ref = kr_monitor(pid);

        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{'DOWN', =, _, _, _}", ref));
        kr_msg_clear(&msg);
}

void await_waiting(kr_pid pid)
{
        kr_msg msg = KR_MSG_INIT;

        while (kr_process_info(pid, KR_ATOM("status"), &msg) &&
               !kr_match(msg.term, "{status, waiting}"))
                kr_yield();
        kr_msg_clear(&msg);
}

/* -- processes to try things with -- */

void waits(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "stop"));
}

void waits_trapping(void)
{
        kr_trap_exit(true);
        waits();
}

void listens(struct to *to)
{
        enum { STOP, OTHER };
        kr_msg msg = KR_MSG_INIT;
        kr_term t;

        kr_trap_exit(true);
        while (kr_receive(&msg, KR_INFINITY, kr_on(STOP, "stop"),
                          kr_on(OTHER, "~", &t)) != STOP)
                kr_send(to->pid, "{heard, ~}", t);
}

void ends_as_told(void)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reason;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(GOT, "{end_with, ~}", &reason));
        kr_exit("~", reason);
}

kr_pid new_waiting(void)
{
        kr_pid pid = kr_spawn(waits);

        await_waiting(pid);
        return pid;
}

kr_pid new_trapping(void)
{
        kr_pid pid = kr_spawn(waits_trapping);

        await_waiting(pid);
        return pid;
}

kr_pid new_listener(void)
{
        kr_pid pid = kr_spawn(listens, &(struct to){ kr_self() });

        await_waiting(pid);
        return pid;
}

static void returns(void)
{
}

kr_pid new_dead(void)
{
        kr_pid pid = kr_spawn(returns);

        await_end(pid);
        return pid;
}

/* -- running -- */

static void start(struct scenario *scenario)
{
        known_count = 0;
        known_as(kr_self(), "<scenario>");
        scenario->run();
}

static void say_nothing(void *context, const char *text)
{
        (void)context;
        (void)text;
}

static void run(const struct scenario *scenario)
{
        kr_node_opts opts = { .faults = KR_FAULTS_EXIT, .report = say_nothing };
        struct scenario this = *scenario;
        kr_msg msg = KR_MSG_INIT;
        kr_node *node;
        kr_term reason;
        kr_pid self;
        kr_ref ref;

        printf("== %s\n", scenario->name);
        if (kr_node_start(&opts, &node) != KR_OK ||
            kr_thread_attach(node, &self) != KR_OK)
                errx(1, "no node");
        kr_spawn_monitor(&ref, start, &this);
        if (kr_receive(&msg, SCENARIO_MS,
                       kr_on(GOT, "{'DOWN', =, process, _, ~}", ref, &reason)) ==
            KR_TIMEOUT)
                puts("hangs");
        else if (!kr_match(reason, "normal"))
                say_term("ended", reason);
        kr_msg_clear(&msg);
        kr_thread_detach();
        if (kr_node_stop(node, 5000) != KR_OK)
                puts("cannot be stopped");
}

static bool is_asked_for(const char *name, int argc, char **argv)
{
        if (argc < 2)
                return true;
        for (int i = 1; i < argc; i++)
                if (strcmp(argv[i], name) == 0)
                        return true;
        return false;
}

int scenario_main(const struct scenario *scenarios, size_t count, int argc, char **argv)
{
        bool list = argc == 2 && strcmp(argv[1], "-l") == 0;

        (void)setvbuf(stdout, NULL, _IOLBF, 0);
        for (size_t i = 0; i < count; i++) {
                if (list)
                        puts(scenarios[i].name);
                else if (is_asked_for(scenarios[i].name, argc, argv))
                        run(&scenarios[i]);
        }
        return 0;
}
