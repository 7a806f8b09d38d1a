/* SPDX-License-Identifier: Apache-2.0 */
/* behaviour_test.c: a behaviour from outside, made of the public headers alone, is as good as
 * those of the house: sys sees into it, holds it and ends it, its state is its fields.
 *
 * The behaviour is gen_ledger: it keeps a sum, and its user's module says what a booking is worth.
 */
#include <krarup.h>

#include "expect.h"
#include "process.h"

/* -- gen_ledger: what somebody else might write -- */

struct gen_ledger_callbacks {
        int64_t (*worth)(void *state, kr_term booking);
};

/* Its own bytes, behind the user's state. */
struct ledger {
        int64_t sum;
        int64_t rounds;
};

static void ledger_init(kr_gen *g, kr_term args)
{
        struct ledger *l = kr_gen_own(g);

        if (!kr_match(args, "{opening, ~}", &l->sum))
                kr_gen_init_stop(g, KR_CLASS_EXIT, args);
        kr_gen_init_started(g);
}

static void book(kr_gen *g, kr_term booking)
{
        const struct gen_ledger_callbacks *user = kr_gen_module(g)->callbacks;
        struct ledger *l = kr_gen_own(g);

        l->sum += user->worth(kr_gen_state(g), booking);
}

static void ledger_loop(kr_gen *g)
{
        struct ledger *l = kr_gen_own(g);
        kr_gen_in in = KR_GEN_IN_INIT;
        int what = kr_gen_receive(g, &in, 10000);

        l->rounds++;
        kr_gen_handling(g, &in);
        if (what == KR_GEN_CALL && kr_match(in.term, "sum")) {
                kr_reply_to(in.from, "~", l->sum);
                kr_gen_debug(g, "{out, ~, ~}", l->sum, in.from.pid);
        } else if (what == KR_GEN_CALL || what == KR_GEN_CAST) {
                book(g, in.term);
                if (what == KR_GEN_CALL)
                        kr_reply_to(in.from, "booked");
        }
        kr_gen_handling(g, NULL);
}

static kr_term ledger_get_state(kr_gen *g)
{
        struct ledger *l = kr_gen_own(g);

        return kr_build("{ledger, ~}", l->sum);
}

static kr_term ledger_replace_state(kr_gen *g, kr_term state)
{
        struct ledger *l = kr_gen_own(g);

        if (!kr_match(state, "{ledger, ~}", &l->sum))
                return kr_none();
        return ledger_get_state(g);
}

static kr_err ledger_code_change(kr_gen *g, kr_term old_version, kr_term extra,
                                 kr_msg *ret_reason)
{
        struct ledger *l = kr_gen_own(g);
        int64_t factor;

        (void)old_version;
        (void)ret_reason;
        if (!kr_match(extra, "{times, ~}", &factor))
                return KR_EBADARG;
        l->sum *= factor;
        return KR_OK;
}

static const kr_kind gen_ledger_kind = { .name = "gen_ledger",
                                         .init = ledger_init,
                                         .loop = ledger_loop,
                                         .terminate = kr_gen_exit,
                                         .get_state = ledger_get_state,
                                         .replace_state = ledger_replace_state,
                                         .code_change = ledger_code_change,
                                         .own_size = sizeof(struct ledger) };

/* -- a module for it -- */

struct shop {
        int64_t price;
};

static int64_t shop_worth(void *state, kr_term booking)
{
        struct shop *shop = state;
        int64_t pieces = 0;

        if (shop->price == 0)
                shop->price = 3;
        if (!kr_match(booking, "{sold, ~}", &pieces))
                kr_error("{no_booking, ~}", booking);
        return pieces * shop->price;
}

static const struct gen_ledger_callbacks shop_callbacks = { shop_worth };
static const kr_behaviour shop = { .name = "shop",
                                   .kind = &gen_ledger_kind,
                                   .callbacks = &shop_callbacks,
                                   .state_size = sizeof(struct shop) };

/* A call, and what it gives. */
#define check_term(call, ...)                                                            \
        do {                                                                             \
                kr_msg slot = KR_MSG_INIT;                                               \
                kr_term kit_t = call;                                                    \
                                                                                         \
                kit_match(kit_t, __VA_ARGS__);                                           \
                kr_msg_clear(&slot);                                                     \
        } while (0)

static kr_pid new_shop(void)
{
        kr_started started = kr_start_link(&shop, NULL, "{opening, 100}");

        kit_ok(started.err);
        return started.pid;
}

KIT_EVERYWHERE_TEST(test_it_starts_serves_and_stops_like_the_others)
{
        kr_msg why = KR_MSG_INIT;
        kr_start_opts opts = { .name = "shop", .ret_reason = &why };
        kr_started started;

        kr_trap_exit(true);
        kit_err(kr_start_link(&shop, &opts, "empty").err, KR_EFAILED);
        kit_match(why.term, "empty");
        started = kr_start_link(&shop, &opts, "{opening, 100}");
        kit_ok(started.err);
        kr_cast("shop", "{sold, 5}");
        check_term(kr_call("shop", &slot, "{sold, 1}"), "booked");
        check_term(kr_call("shop", &slot, "sum"), "118");
        kit_ok(kr_stop_normal("shop"));
        kit_expect(&why, "{'EXIT', =, normal}", started.pid);
        started = kr_start_link(&shop, &opts, "{opening, 100}");
        kit_err(kr_try_call("shop", &why, 1000, "rubbish"), KR_EFAILED);
        kit_match(why.term, "{{no_booking, rubbish}, [_|_]}");
        kit_expect(&why, "{'EXIT', =, {{no_booking, _}, _}}", started.pid);
        kr_msg_clear(&why);
}

KIT_EVERYWHERE_TEST(test_sys_holds_it_and_sees_into_it)
{
        kr_pid pid = new_shop();
        kr_msg msg = KR_MSG_INIT;

        check_term(kr_sys_get_state(pid, &slot), "{ledger, 100}");
        kit_ok(kr_sys_suspend(pid));
        kr_cast(pid, "{sold, 1}");
        kit_err(kr_try_call(pid, &msg, 10, "sum"), KR_ETIMEDOUT);
        check_term(kr_sys_get_status(pid, &slot),
                   "{status, =, {module, gen_ledger}, [_, suspended, =, [], _]}", pid,
                   kr_self());
        check_term(kr_sys_replace_state(pid, &slot, "{ledger, 7}"), "{ledger, 7}");
        check_term(kr_sys_change_code(pid, &slot, "{shop, undefined, {times, 2}}"), "ok");
        kit_ok(kr_sys_resume(pid));
        check_term(kr_call(pid, &slot, "sum"), "17"); /* 7 * 2, and one sold */
        kit_expect_nothing();
        kr_msg_clear(&msg);
}

KIT_EVERYWHERE_TEST(test_sys_watches_it)
{
        kr_pid pid = new_shop();

        kit_ok(kr_sys_statistics(pid, true));
        kit_ok(kr_sys_log(pid, 10));
        kr_cast(pid, "{sold, 1}");
        check_term(kr_call(pid, &slot, "sum"), "103");
        check_term(kr_sys_log_get(pid, &slot),
                   "[{in, {'$gen_cast', {sold, 1}}}, {in, {'$gen_call', _, sum}},"
                   " {out, 103, =}]",
                   kr_self());
        check_term(kr_sys_statistics_get(pid, &slot),
                   "[_, _, _, {messages_in, 2}, {messages_out, 1}]");
        kit_ok(kr_sys_no_debug(pid));
}

KIT_EVERYWHERE_TEST(test_sys_ends_it_also_while_it_is_held)
{
        kr_pid pid = new_shop();
        kr_msg msg = KR_MSG_INIT;

        kr_trap_exit(true);
        kit_ok(kr_sys_suspend(pid));
        kit_ok(kr_stop_server(pid, 1000, "{shutdown, closed}"));
        kit_expect(&msg, "{'EXIT', =, {shutdown, closed}}", pid);
        pid = new_shop();
        kit_ok(kr_sys_suspend(pid));
        kit_ok(kr_sys_terminate(pid, "shutdown"));
        kit_expect(&msg, "{'EXIT', =, shutdown}", pid);
        kr_msg_clear(&msg);
}

struct to {
        kr_pid pid;
};

static void is_its_parent(struct to *to)
{
        kr_pid pid = new_shop();

        kit_ok(kr_sys_suspend(pid));
        kr_send(to->pid, "{child, ~}", pid);
        kr_sleep(20);
        kr_exit("parent_is_gone");
}

KIT_EVERYWHERE_TEST(test_it_ends_with_its_parent_also_while_it_is_held)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid pid;
        kr_ref ref;

        kr_spawn(is_its_parent, &(struct to){ kr_self() });
        kit_expect(&msg, "{child, ~}", &pid);
        ref = kr_monitor(pid);
        kit_expect_down(ref, "parent_is_gone");
        kr_msg_clear(&msg);
}

KIT_MAIN(KIT_CASE(test_it_starts_serves_and_stops_like_the_others),
         KIT_CASE(test_sys_holds_it_and_sees_into_it), KIT_CASE(test_sys_watches_it),
         KIT_CASE(test_sys_ends_it_also_while_it_is_held),
         KIT_CASE(test_it_ends_with_its_parent_also_while_it_is_held))
