/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios_errors.c: exits, errors and throws, caught and not; see scenarios_errors.erl. */
#include "scenario.h"

static void exits(void)
{
        kr_exit("r");
}

static void errors(void)
{
        kr_error("r");
}

static void throws(void)
{
        kr_throw("r");
}

static void nothing(void)
{
}

/* Call fn; true if it returned. */
static void call(void *fn)
{
        (*(void (**)(void))fn)();
}

static bool try_it(void (*fn)(void), kr_class *ret_class, kr_msg *ret_reason)
{
        return kr_catch(call, &fn, ret_class, ret_reason);
}

static void catch_it(void (*fn)(void))
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        try_it(fn, &kind, &reason);
        kr_msg_clear(&reason);
}

/* -- caught -- */

static void exits_with_tuple(void)
{
        kr_exit("{some, reason}");
}

static void errors_with_tuple(void)
{
        kr_error("{some, reason}");
}

static void throws_tuple(void)
{
        kr_throw("{some, reason}");
}

static void classes(void)
{
        say_caught("exit", exits_with_tuple);
        say_caught("error", errors_with_tuple);
        say_caught("throw", throws_tuple);
}

static void returned(void)
{
        say_caught("nothing", nothing);
}

static void throws_one(void)
{
        kr_throw("one");
}

static void catches_and_throws(void)
{
        say_caught("inner", throws_one);
        kr_throw("two");
}

static void nested(void)
{
        say_caught("outer", catches_and_throws);
}

static void errors_wrong(void)
{
        kr_error("wrong");
}

static void catches(void)
{
        say_caught("inner", errors_wrong);
}

static void the_inner_one_catches(void)
{
        say_caught("outer", catches);
}

static int deep_down(int n)
{
        if (n == 0)
                kr_throw("bottom");
        return n < 0 ? 0 : 1 + deep_down(n - 1);
}

static void goes_down(void)
{
        deep_down(300); /* a process has a small stack here */
}

static void throw_from_deep_down(void)
{
        say_caught("deep", goes_down);
}

static void goes_on_after_catching(void)
{
        catch_it(exits);
        catch_it(errors);
        catch_it(throws);
        kr_exit("now");
}

static void caught_and_alive(void)
{
        kr_ref ref;

        kr_spawn_monitor(&ref, goes_on_after_catching);
        say_end("reason", ref);
}

static void many_times(void)
{
        int caught = 0;

        for (int i = 0; i < 1000; i++) {
                kr_msg reason = KR_MSG_INIT;
                kr_class kind;

                caught += !try_it(throws, &kind, &reason) && kind == KR_CLASS_THROW &&
                          kr_match(reason.term, "r");
        }
        say("caught", "~", caught);
}

static void sends_and_errors(void)
{
        kr_send(kr_self(), "within");
        kr_error("wrong");
}

static void messages_survive(void)
{
        kr_send(kr_self(), "before");
        say_caught("caught", sends_and_errors);
        say_mailbox("mailbox");
}

/* -- raised again -- */

static void raise_what(void (*fn)(void))
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        if (!try_it(fn, &kind, &reason))
                kr_raise(kind, reason.term);
}

static void exits_again(void)
{
        raise_what(exits);
}

static void errors_again(void)
{
        raise_what(errors);
}

static void throws_again(void)
{
        raise_what(throws);
}

#define SAY_END(what, function)                                                          \
        do {                                                                             \
                kr_ref end_ref;                                                          \
                                                                                         \
                kr_spawn_monitor(&end_ref, function);                                    \
                say_end(what, end_ref);                                                  \
        } while (0)

static void raised_again(void)
{
        say_caught("exit", exits_again);
        say_caught("error", errors_again);
        say_caught("throw", throws_again);
        SAY_END("exit", exits_again);
        SAY_END("error", errors_again);
        SAY_END("throw", throws_again);
}

static void throws_ball(void)
{
        kr_throw("ball");
}

static void exits_by_door(void)
{
        kr_exit("door");
}

static void throw_as_exit(void)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        if (!try_it(throws_ball, &kind, &reason))
                kr_exit("{caught, ~}", reason.term);
}

static void exit_as_error(void)
{
        kr_msg reason = KR_MSG_INIT;
        kr_class kind;

        if (!try_it(exits_by_door, &kind, &reason))
                kr_error("{caught, ~}", reason.term);
}

static void raised_as_another_class(void)
{
        say_caught("throw as exit", throw_as_exit);
        say_caught("exit as error", exit_as_error);
}

static void errors_twice(void)
{
        catch_it(errors);
        kr_error("second");
}

static void out_of_the_catch(void)
{
        say_caught("outer", errors_twice);
}

/* -- arithmetic, and misuse -- */

static void divides(void)
{
        kr_div(1, 0);
}

static void takes_remainder(void)
{
        kr_rem(1, 0);
}

static void adds_atom(void)
{
        kr_add(kr_to_int64(kr_atom_term(KR_ATOM("a"))), 1);
}

static void arithmetic(void)
{
        say_caught("div", divides);
        say_caught("rem", takes_remainder);
        say_caught("an atom", adds_atom);
        say("div", "{~, ~}", kr_div(-7, 2), kr_div(7, -2));
        say("rem", "{~, ~}", kr_rem(-7, 2), kr_rem(7, -2));
}

static void registers_undefined(void)
{
        kr_register("undefined", kr_self());
}

static void unregisters_undefined(void)
{
        kr_unregister("undefined");
}

static void sends_to_undefined(void)
{
        kr_send("undefined", "x");
}

static void asks_for_undefined(void)
{
        kr_msg msg = KR_MSG_INIT;

        kr_process_info(kr_self(), KR_ATOM("undefined"), &msg);
}

static void badarg_of_the_api(void)
{
        say_caught("register", registers_undefined);
        say_caught("unregister", unregisters_undefined);
        say_caught("send", sends_to_undefined);
        say_caught("process_info", asks_for_undefined);
}

/* -- uncaught -- */

static void throws_nested_tuple(void)
{
        kr_throw("{a, {b}}");
}

static void uncaught(void)
{
        SAY_END("exit", exits);
        SAY_END("error", errors);
        SAY_END("throw", throws);
        SAY_END("throw of a tuple", throws_nested_tuple);
}

static void catches_then_throws(void)
{
        catch_it(errors);
        kr_throw("later");
}

static void caught_then_uncaught(void)
{
        SAY_END("reason", catches_then_throws);
}

static void waits_in_a_catch(void)
{
        catch_it(waits);
        kr_exit("unreachable");
}

static void signal_in_a_catch(void)
{
        kr_ref ref;
        kr_pid pid = kr_spawn_monitor(&ref, waits_in_a_catch);

        await_waiting(pid);
        kr_exit_signal(pid, "from_outside");
        say_end("reason", ref);
}

static void catches_inside_exits_outside(void)
{
        catch_it(errors);
        kr_exit("outside");
}

static void links_do_not_hear_of_caught(void)
{
        kr_trap_exit(true);
        known_as(kr_spawn_link(catches_inside_exits_outside), "<child>");
        say_next("next");
        say_mailbox("rest");
}

/* -- clean-ups: kr_defer is what `after` is -- */

static void says_cleaned(void *who)
{
        say("clean-up", "~", kri_atom_of(who));
}

static void defers_and_throws(void)
{
        kr_defer(says_cleaned, "outer");
        kr_defer(says_cleaned, "inner");
        kr_throw("ball");
}

static void clean_ups_in_order(void)
{
        say_caught("caught", defers_and_throws);
}

static kr_pid parent;

static void tells_parent(void *name)
{
        kr_send(parent, "{cleaned, ~}", kri_atom_of(name));
}

static void exits_cleanly(void)
{
        kr_defer(tells_parent, "exit");
        kr_exit("r");
}

static void errors_cleanly(void)
{
        kr_defer(tells_parent, "error");
        kr_error("r");
}

static void clean_ups_run_when_uncaught(void)
{
        parent = kr_self();
        SAY_END("exit", exits_cleanly);
        say_mailbox("mailbox");
        SAY_END("error", errors_cleanly);
        say_mailbox("mailbox");
}

static void throws_in_clean_up(void)
{
        kr_throw("in_clean_up");
}

static void catches_in_clean_up(void *unused)
{
        (void)unused;
        say_caught("inner", throws_in_clean_up);
        say("clean-up", "done");
}

static void defers_a_catch(void)
{
        kr_defer(catches_in_clean_up, NULL);
        kr_throw("ball");
}

static void catch_in_a_clean_up(void)
{
        say_caught("caught", defers_a_catch);
}

/* -- reasons -- */

static kr_term reason;

static void exits_with_reason(void)
{
        kr_exit("~", reason);
}

static void throws_reason(void)
{
        kr_throw("~", reason);
}

#define SAY_CAUGHT(what, function, ...)                                                  \
        do {                                                                             \
                reason = kr_build(__VA_ARGS__);                                          \
                say_caught(what, function);                                              \
                kr_release(reason);                                                      \
        } while (0)

static void exit_reasons_as_they_are(void)
{
        SAY_CAUGHT("exit", exits_with_reason, "normal");
        SAY_CAUGHT("exit", exits_with_reason, "kill");
        SAY_CAUGHT("exit", exits_with_reason, "shutdown");
        SAY_CAUGHT("exit", exits_with_reason, "{a, []}");
        SAY_CAUGHT("exit", exits_with_reason, "\"text\"");
        SAY_CAUGHT("exit", exits_with_reason, "1.5");
        SAY_CAUGHT("exit", exits_with_reason, "#{k => v}");
}

static void throw_of_any_term(void)
{
        SAY_CAUGHT("throw", throws_reason, "1");
        SAY_CAUGHT("throw", throws_reason, "\"text\"");
        SAY_CAUGHT("throw", throws_reason, "{}");
        SAY_CAUGHT("throw", throws_reason, "[]");
        SAY_CAUGHT("throw", throws_reason, "#{k => v}");
        SAY_CAUGHT("throw", throws_reason, "<<\"b\">>");
}

SCENARIOS(SCENARIO(classes), SCENARIO(returned), SCENARIO(nested),
          SCENARIO(the_inner_one_catches), SCENARIO(throw_from_deep_down),
          SCENARIO(caught_and_alive), SCENARIO(many_times), SCENARIO(messages_survive),
          SCENARIO(raised_again), SCENARIO(raised_as_another_class),
          SCENARIO(out_of_the_catch), SCENARIO(arithmetic), SCENARIO(badarg_of_the_api),
          SCENARIO(uncaught), SCENARIO(caught_then_uncaught), SCENARIO(signal_in_a_catch),
          SCENARIO(links_do_not_hear_of_caught), SCENARIO(clean_ups_in_order),
          SCENARIO(clean_ups_run_when_uncaught), SCENARIO(catch_in_a_clean_up),
          SCENARIO(exit_reasons_as_they_are), SCENARIO(throw_of_any_term))
