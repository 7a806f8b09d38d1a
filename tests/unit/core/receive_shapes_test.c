/* SPDX-License-Identifier: Apache-2.0 */
/* receive_shapes_test.c: the short ways to build, send and take a message come to what the long
 * ones do, whatever the elements are.
 *
 * A message that is first in the mailbox is matched in line; kr_match takes the long way.
 */
#include <krarup.h>

#include "process.h"
#include "term/atom.h"
#include "term/ident.h"

#include <string.h>

#define NOTHING (-1)

/* What came out; zeroed, so that two can be compared. */
struct found {
        int64_t id;
        int64_t i;
        double d;
        kr_ref ref;
        kr_pid pid;
        kr_term term;
};

/* The same clauses for both: what is compared with, and where results go. */
#define CLAUSES(X)                                                                       \
        X(0, "{cast, {tick, ~}}", &f->d)                                                 \
        X(1, "{call, ~, read}", &f->ref)                                                 \
        X(2, "{=, ~}", same, &f->d)                                                      \
        X(3, "{'DOWN', =, process, _, ~}", same, &f->term)                               \
        X(4, "{cast, {add, ~, ~}}", &f->i, &f->pid)                                      \
        X(5, "{[alias|=], ~}", same, &f->i)                                              \
        X(6, "{ready, =}", self)                                                         \
        X(7, "{cast, {}}")                                                               \
        X(8, "{~, {x, =}, y, ~}", &f->i, same, &f->term)                                 \
        X(9, "{cast, ~}", &f->term)

#define MATCH(n, ...)                                                                    \
        if (f->id == NOTHING && kr_match(message, __VA_ARGS__))                          \
                f->id = n;
#define ON(n, ...) kr_on(n, __VA_ARGS__),

static void the_long_way(kr_term message, kr_ref same, kr_pid self, struct found *f)
{
        memset(f, 0, sizeof(*f));
        f->id = NOTHING;
        CLAUSES(MATCH)
}

static void the_short_way(kr_ref same, kr_pid self, kr_msg *slot, struct found *f)
{
        memset(f, 0, sizeof(*f));
        f->id = kr_receive(slot, 0, CLAUSES(ON) kr_on(NOTHING, "_"));
}

static void expect_equal(const struct found *a, const struct found *b)
{
        kit_int_eq(a->id, b->id);
        kit_int_eq(a->i, b->i);
        kit_true(a->d == b->d);
        kit_int_eq(memcmp(&a->ref, &b->ref, sizeof(a->ref)), 0);
        kit_int_eq(memcmp(&a->pid, &b->pid, sizeof(a->pid)), 0);
        kit_true(kr_is_none(a->term) == kr_is_none(b->term));
        if (a->term.w != 0 && b->term.w != 0)
                kit_true(kr_same(a->term, b->term));
}

/* The message is the same after its way, and both find the same in it. */
static void check(kr_term message, kr_ref same, int want)
{
        struct found by_match, by_receive;
        kr_msg slot = KR_MSG_INIT;

        kit_false(kr_is_none(message));
        kr_send(kr_self(), "~", message);
        the_short_way(same, kr_self(), &slot, &by_receive);
        kit_true(kr_same(slot.term, message));
        the_long_way(message, same, kr_self(), &by_match);
        expect_equal(&by_match, &by_receive);
        kit_int_eq(by_match.id, want);
        kr_msg_clear(&slot);
        kr_release(message);
}

static kr_ref strange_ref(kr_ref like, uint32_t words)
{
        like.node = kri_ref_pack_node(like.node, words);
        return like;
}

KIT_EVERYWHERE_TEST(test_messages_of_calls_and_casts)
{
        kr_ref ref = kr_make_ref(), other = kr_make_ref();

        check(kr_build("{cast, {tick, ~}}", 1.5), ref, 0);
        check(kr_build("{call, ~, read}", other), ref, 1);
        check(kr_build("{~, ~}", ref, -0.25), ref, 2);
        check(kr_build("{~, ~}", other, -0.25), ref, NOTHING);
        check(kr_build("{'DOWN', ~, process, ~, normal}", ref, kr_self()), ref, 3);
        check(kr_build("{'DOWN', ~, process, ~, {a, [b]}}", ref, kr_self()), ref, 3);
        check(kr_build("{'DOWN', ~, process, ~, normal}", other, kr_self()), ref,
              NOTHING);
        check(kr_build("{'DOWN', ~, port, ~, normal}", ref, kr_self()), ref, NOTHING);
        check(kr_build("{cast, {add, ~, ~}}", -7, kr_self()), ref, 4);
        check(kr_build("{[alias|~], ~}", ref, 3), ref, 5);
        check(kr_build("{ready, ~}", kr_self()), ref, 6);
        check(kr_build("{cast, {}}"), ref, 7);
        check(kr_build("{5, {x, ~}, y, [z]}", ref), ref, 8);
}

KIT_EVERYWHERE_TEST(test_messages_that_nearly_fit)
{
        kr_ref ref = kr_make_ref();

        check(kr_build("{cast, {tick, ~}}", 1), ref, 9); /* no float */
        check(kr_build("{cast, {tock, ~}}", 1.5), ref, 9);
        check(kr_build("{cast, {tick, ~, ~}}", 1.5, 2.5), ref, 9);
        check(kr_build("{cast, [tick|~]}", 1.5), ref, 9);
        check(kr_build("{cast, tick}"), ref, 9);
        check(kr_build("{call, ~, write}", ref), ref, NOTHING);
        check(kr_build("{call, ~, read}", kr_self()), ref, NOTHING);
        check(kr_build("{~, ~}", ref, 5), ref, NOTHING);
        check(kr_build("{~, ~}", 1.5, 5), ref, NOTHING);
        check(kr_build("{ready, ~}", ref), ref, NOTHING);
        check(kr_build("{5, {x, ~}, z, 1}", ref), ref, NOTHING);
        check(kr_build("{a, {x, ~}, y, 1}", ref), ref, NOTHING);
}

/* Of which the short ways know nothing. */
KIT_EVERYWHERE_TEST(test_messages_of_rare_terms)
{
        kr_ref ref = kr_make_ref(), five = strange_ref(ref, 5);
        kr_pid far = { .num = (uint64_t)7 << 32 | 9 };
        uint32_t name;

        kit_ok(kri_atom_make("there@host", 10, &name));
        kit_ok(kri_node_find(name, 77, &far.node));
        check(kr_build("{call, ~, read}", five), ref, 1);
        check(kr_build("{~, ~}", five, 2.5), five, 2);
        check(kr_build("{~, ~}", five, 2.5), ref, NOTHING);
        check(kr_build("{cast, {add, ~, ~}}", INT64_MIN, kr_self()), ref, 4);
        check(kr_build("{cast, {add, ~, ~}}", UINT64_MAX, kr_self()), ref, 9);
        check(kr_build("{cast, {tick, ~}}", -0.0), ref, 0);
        check(kr_build("{cast, {tick, ~}}", 1.7976931348623157e308), ref, 0);
        check(kr_build("{ready, ~}", far), ref, NOTHING);
        check(kr_build("{cast, {add, 1, ~}}", far), ref, 4);
}

/* One and the same call site, whose arguments are now of this kind and now of that. */
KIT_EVERYWHERE_TEST(test_a_site_builds_for_all_its_arguments)
{
        kr_ref ref = kr_make_ref();
        kr_ref refs[] = { ref, strange_ref(ref, 5), strange_ref(ref, 1), ref };
        int64_t numbers[] = { 1, INT64_MAX, INT64_MIN, -1 };

        for (unsigned i = 0; i < 4; i++) {
                kr_msg msg = KR_MSG_INIT;
                kr_ref got = kr_ref_none();
                double d = 0;
                int64_t n = 0;

                kr_send(kr_self(), "{{~, ~}, [~]}", refs[i], numbers[i], 0.5 + i);
                kit_int_eq(kr_receive(&msg, 0, kr_on(1, "{{~, ~}, [~]}", &got, &n, &d)),
                           1);
                kit_int_eq(memcmp(&got, &refs[i], sizeof(got)), 0);
                kit_int_eq(n, numbers[i]);
                kit_true(d == 0.5 + i);
        }
}

/* A float or a reference that is the whole message takes no more than its box. */
KIT_EVERYWHERE_TEST(test_a_site_builds_an_argument_alone)
{
        kr_ref ref = kr_make_ref();
        kr_ref refs[] = { ref, strange_ref(ref, 5), strange_ref(ref, 1), ref };

        for (unsigned i = 0; i < 4; i++) {
                kr_msg msg = KR_MSG_INIT;
                kr_ref got = kr_ref_none();
                int64_t n = 0;
                double d = 0;

                kr_send(kr_self(), "~", refs[i]);
                kr_send(kr_self(), "~", 0.5 + i);
                kit_int_eq(kr_receive(&msg, 0, kr_on(1, "_")), 1);
                kit_false(kr_match(msg.term, "~", &d));
                kit_true(kr_match(msg.term, "~", &got));
                kit_int_eq(memcmp(&got, &refs[i], sizeof(got)), 0);
                kit_int_eq(kr_receive(&msg, 0, kr_on(1, "_")), 1);
                kit_false(kr_match(msg.term, "~", &n));
                kit_true(kr_match(msg.term, "~", &d));
                kit_true(d == 0.5 + i);
        }
}

KIT_EVERYWHERE_TEST(test_only_a_float_comes_out_as_one)
{
        kr_term tuple = kr_build("{1.5}"), list = kr_build("[1.5]");
        double d = 7;

        kit_false(kr_match(kr_int(1), "~", &d));
        kit_false(kr_match(kr_nil(), "~", &d));
        kit_false(kr_match(tuple, "~", &d));
        kit_false(kr_match(list, "~", &d));
        kit_true(d == 7);
        kr_release(tuple);
        kr_release(list);
}

static void send_no_number(void)
{
        kr_send(kr_self(), "{cast, {tick, ~}}", 0.0 / 0.0);
}

KIT_EVERYWHERE_TEST(test_what_is_no_number_is_still_refused)
{
        kr_msg msg = KR_MSG_INIT;
        kr_ref monitor;

        kr_spawn_monitor(&monitor, send_no_number);
        kit_int_eq(kr_receive(&msg, KR_INFINITY,
                              kr_on(1, "{'DOWN', =, process, _, {{badarg, _}, _}}",
                                    monitor),
                              kr_on(2, "{'DOWN', =, process, _, _}", monitor)),
                   1);
}

KIT_MAIN(KIT_CASE(test_messages_of_calls_and_casts),
         KIT_CASE(test_messages_that_nearly_fit), KIT_CASE(test_messages_of_rare_terms),
         KIT_CASE(test_a_site_builds_for_all_its_arguments),
         KIT_CASE(test_a_site_builds_an_argument_alone),
         KIT_CASE(test_only_a_float_comes_out_as_one),
         KIT_CASE(test_what_is_no_number_is_still_refused))
