/* SPDX-License-Identifier: Apache-2.0 */
/* service_parts_test.c: what the counter service is made of, each by itself: requests out of bytes,
 * replies, patterns, names, and the memory that outlives a counter. */
#include "../../counters/service/glob.h"
#include "../../counters/service/kept.h"
#include "../../counters/service/names.h"
#include "../../counters/service/reply.h"
#include "../../counters/service/resp.h"

#include <stdio.h>
#include <stdlib.h>

#include "kit.h"

/* -- requests -- */

static struct resp resp;
static char bytes[RESP_REQUEST_MAX + RESP_LENGTH_LINE_MAX + 1];

static enum resp_found look(const char *text, size_t len, size_t *ret_used)
{
        resp_init(&resp);
        memcpy(bytes, text, len);
        return resp_next(&resp, bytes, len, ret_used);
}

static void expect_arg(uint32_t i, const char *want)
{
        kit_int_lt(i, resp.count);
        kit_int_eq(resp.args[i].len, strlen(want));
        kit_mem_eq(bytes + resp.args[i].at, want, strlen(want));
}

#define LOOK(text, used) look(text, sizeof(text) - 1, used)

KIT_TEST(test_an_array_of_strings_is_a_request)
{
        size_t used;

        kit_int_eq(LOOK("*2\r\n$4\r\nINCR\r\n$0\r\n\r\n*1\r\n", &used), RESP_REQUEST);
        kit_int_eq(used, 20);
        kit_int_eq(resp.count, 2);
        expect_arg(0, "INCR");
        expect_arg(1, "");
}

KIT_TEST(test_a_line_is_a_request)
{
        size_t used;

        kit_int_eq(LOOK("  set \"a\\x41\\n\\\"b\" 'it\\'s' \\n\r\nnext", &used),
                   RESP_REQUEST);
        kit_int_eq(resp.count, 4);
        expect_arg(0, "set");
        expect_arg(1, "aA\n\"b");
        expect_arg(2, "it's");
        expect_arg(3, "\\n");
        kit_mem_eq(bytes + used, "next", 4);
}

KIT_TEST(test_requests_for_nothing)
{
        size_t used;

        kit_int_eq(LOOK("\r\n", &used), RESP_REQUEST);
        kit_int_eq(resp.count, 0);
        kit_int_eq(used, 2);
        kit_int_eq(LOOK("*0\r\n", &used), RESP_REQUEST);
        kit_int_eq(resp.count, 0);
        kit_int_eq(LOOK("*-1\r\n", &used), RESP_REQUEST);
        kit_int_eq(resp.count, 0);
}

/* However they come, and with no byte looked at in vain. */
KIT_TEST(test_bytes_that_come_one_by_one)
{
        static const char text[] = "*3\r\n$4\r\nTICK\r\n$2\r\nab\r\n$3\r\n1\r\n\r\n";
        size_t used = 0;

        resp_init(&resp);
        for (size_t len = 0; len < sizeof(text) - 1; len++) {
                memcpy(bytes, text, len);
                kit_int_eq(resp_next(&resp, bytes, len, &used), RESP_MORE);
        }
        memcpy(bytes, text, sizeof(text) - 1);
        kit_int_eq(resp_next(&resp, bytes, sizeof(text) - 1, &used), RESP_REQUEST);
        kit_int_eq(used, sizeof(text) - 1);
        expect_arg(2, "1\r\n");
}

static void expect_error(const char *text, const char *want)
{
        size_t used;

        kit_int_eq(look(text, strlen(text), &used), RESP_ERROR);
        kit_str_eq(resp.error, want);
}

KIT_TEST(test_what_is_no_request_is_told_as_redis_does)
{
        expect_error("*x\r\n", "invalid multibulk length");
        expect_error("*1025\r\n", "invalid multibulk length");
        expect_error("*+1\r\n", "invalid multibulk length");
        expect_error("*1\r\n:1\r\n", "expected '$', got ':'");
        expect_error("*1\r\n\001", "expected '$', got '?'");
        expect_error("*1\r\n$-1\r\n", "invalid bulk length");
        expect_error("*1\r\n$65536\r\n", "invalid bulk length");
        expect_error("*1\r\n$99999999999999999999\r\n", "invalid bulk length");
        expect_error("get \"a\r\n", "unbalanced quotes in request");
        expect_error("get \"a\"b\r\n", "unbalanced quotes in request");
}

KIT_TEST(test_no_line_goes_on_for_ever)
{
        size_t used;

        memset(bytes, '1', sizeof(bytes));
        resp_init(&resp);
        kit_int_eq(resp_next(&resp, bytes, RESP_REQUEST_MAX, &used), RESP_ERROR);
        kit_str_eq(resp.error, "too big inline request");
        bytes[0] = '*';
        resp_init(&resp);
        kit_int_eq(resp_next(&resp, bytes, RESP_LENGTH_LINE_MAX, &used), RESP_ERROR);
        kit_str_eq(resp.error, "too big mbulk count string");
        memcpy(bytes, "*1\r\n$", 5);
        resp_init(&resp);
        kit_int_eq(resp_next(&resp, bytes, 4 + RESP_LENGTH_LINE_MAX, &used), RESP_ERROR);
        kit_str_eq(resp.error, "too big bulk count string");
}

KIT_TEST(test_integers_are_written_in_one_way)
{
        static const struct {
                const char *text;
                bool is;
                int64_t n;
        } cases[] = {
                { "0", true, 0 },
                { "-1", true, -1 },
                { "9223372036854775807", true, INT64_MAX },
                { "-9223372036854775808", true, INT64_MIN },
                { "9223372036854775808", false, 0 },
                { "-9223372036854775809", false, 0 },
                { "99999999999999999999", false, 0 },
                { "", false, 0 },
                { "-", false, 0 },
                { "-0", false, 0 },
                { "01", false, 0 },
                { "+1", false, 0 },
                { " 1", false, 0 },
                { "1 ", false, 0 },
                { "1.0", false, 0 },
        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                int64_t n = 0;

                if (resp_int64(cases[i].text, strlen(cases[i].text), &n) != cases[i].is ||
                    n != cases[i].n)
                        kit_fail("%s", cases[i].text);
        }
}

/* -- replies -- */

KIT_TEST(test_replies_are_put_one_behind_the_other)
{
        static const char want[] =
                ":0\r\n:-9223372036854775808\r\n+OK\r\n$3\r\na\0b\r\n$2\r\n-7\r\n"
                "$-1\r\n*2\r\n-ERR no  such 'x'\r\n";
        struct reply r = { .data = NULL };

        reply_integer(&r, 0);
        reply_integer(&r, INT64_MIN);
        reply_status(&r, "OK");
        reply_bulk(&r, "a\0b", 3);
        reply_number(&r, -7);
        reply_nil(&r);
        reply_array(&r, 2);
        reply_error(&r, "ERR no\r\nsuch '%s'", "x");
        kit_false(r.failed);
        kit_int_eq(r.len, sizeof(want) - 1);
        kit_mem_eq(r.data, want, sizeof(want) - 1);
        reply_free(&r);
}

/* -- patterns -- */

static void expect_fit(const char *pattern, const char *name, bool want)
{
        if (glob_fits(pattern, strlen(pattern), name, strlen(name)) != want)
                kit_fail("%s and %s", pattern, name);
}

KIT_TEST(test_names_fit_patterns)
{
        expect_fit("*", "", true);
        expect_fit("", "a", false);
        expect_fit("a", "", false);
        expect_fit("h?llo", "hello", true);
        expect_fit("h?llo", "hllo", false);
        expect_fit("h*llo", "heeeello", true);
        expect_fit("h*o*x", "hello", false);
        expect_fit("*a*b*c", "xaxbxcx", false);
        expect_fit("*a*b*c", "xaxbxc", true);
        expect_fit("**a**", "bab", true);
}

KIT_TEST(test_sets_in_patterns)
{
        expect_fit("h[ae]llo", "hello", true);
        expect_fit("h[ae]llo", "hillo", false);
        expect_fit("h[^e]llo", "hello", false);
        expect_fit("h[^e]llo", "hallo", true);
        expect_fit("h[a-b]llo", "hallo", true);
        expect_fit("h[b-a]llo", "hallo", true);
        expect_fit("h[a-b]llo", "hcllo", false);
        expect_fit("[\\]]", "]", true);
        expect_fit("[a-]", "-", true);
        expect_fit("\\*", "*", true);
        expect_fit("\\*", "a", false);
        expect_fit("[a", "a", true);
        expect_fit("[", "", false);
        expect_fit("a\\", "a\\", true);
}

/* A pattern that makes simple matchers try every way. */
KIT_TEST(test_a_pattern_of_stars_takes_no_time)
{
        char pattern[400], name[4000];

        for (size_t i = 0; i < sizeof(pattern); i += 2)
                memcpy(pattern + i, "*a", 2);
        memset(name, 'a', sizeof(name));
        name[sizeof(name) - 1] = 'b';
        kit_false(glob_fits(pattern, sizeof(pattern), name, sizeof(name)));
}

/* -- names -- */

#define NAMES 2000

struct entry {
        struct name name;
        char text[12];
};

static void count_name(struct name *name, void *count)
{
        (void)name;
        ++*(size_t *)count;
}

KIT_TEST(test_names_are_found_until_they_are_removed)
{
        struct entry *entries = calloc(NAMES, sizeof(*entries));
        struct names names;
        size_t count = 0;

        kit_not_null(entries);
        names_init(&names);
        for (int i = 0; i < NAMES; i++) {
                entries[i].name.len = (uint32_t)snprintf(entries[i].text,
                                                         sizeof(entries[i].text), "n%d",
                                                         i);
                entries[i].name.text = entries[i].text;
                kit_null(names_find(&names, entries[i].text, entries[i].name.len));
                kit_true(names_add(&names, &entries[i].name));
        }
        for (int i = 0; i < NAMES; i += 2)
                names_remove(&names, &entries[i].name);
        for (int i = 0; i < NAMES; i++)
                kit_ptr_eq(names_find(&names, entries[i].text, entries[i].name.len),
                           i % 2 == 0 ? NULL : &entries[i].name);
        names_each(&names, count_name, &count);
        kit_int_eq(count, NAMES / 2);
        names_fini(&names);
        free(entries);
}

/* SipHash-1-3 with the key 00 01 .. 0f, of the bytes 00 01 .. : values of other implementations. */
KIT_TEST(test_the_hash_is_the_one_it_is_said_to_be)
{
        const uint64_t key[2] = { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u };
        unsigned char data[16];

        for (unsigned i = 0; i < sizeof(data); i++)
                data[i] = (unsigned char)i;
        kit_uint_eq(names_hash(key, data, 0), 0xabac0158050fc4dcu);
        kit_uint_eq(names_hash(key, data, 1), 0xc9f49bf37d57ca93u);
        kit_uint_eq(names_hash(key, data, 7), 0xd3927d989bb11140u);
        kit_uint_eq(names_hash(key, data, 8), 0x369095118d299a8eu);
}

/* -- what is kept -- */

static struct kept_request request_of(int64_t number)
{
        return (struct kept_request){ 1, number };
}

static void put_id(struct kept *k, int64_t n)
{
        char id[24];
        int len = snprintf(id, sizeof(id), "id-%lld", (long long)n);

        kit_false(kept_has_id(k, id, (size_t)len));
        kit_ok(kept_write(k, n, request_of(n), n, id, (size_t)len));
        kit_true(kept_has_id(k, id, (size_t)len));
}

static bool has_id(const struct kept *k, int64_t n)
{
        char id[24];
        int len = snprintf(id, sizeof(id), "id-%lld", (long long)n);

        return kept_has_id(k, id, (size_t)len);
}

KIT_TEST(test_a_counter_remembers_its_last_ids_and_no_more)
{
        const int64_t count = KEPT_IDS_MAX + 1000;
        struct kept *k = kept_new("a", 1);

        kit_not_null(k);
        for (int64_t n = 1; n <= count; n++)
                put_id(k, n);
        kit_int_eq(kept_value(k), count);
        for (int64_t n = 1; n <= count; n++)
                kit_int_eq(has_id(k, n), n > count - (int64_t)KEPT_IDS_MAX);
        kept_unref(k);
}

KIT_TEST(test_a_successor_has_value_and_ids)
{
        struct kept *old = kept_new("name", 4), *k;
        kr_bytes name;

        for (int64_t n = 1; n <= 200; n++)
                put_id(old, n);
        k = kept_succeed(old);
        kit_not_null(k);
        kept_unref(old);
        name = kept_name(k);
        kit_int_eq(name.len, 4);
        kit_mem_eq(name.data, "name", 4);
        kit_int_eq(kept_value(k), 200);
        for (int64_t n = 1; n <= 200; n++)
                kit_true(has_id(k, n));
        put_id(k, 201);
        kept_unref(k);
}

/* A killed counter may run on for a moment. */
KIT_TEST(test_who_has_a_successor_can_write_no_more)
{
        struct kept *old = kept_new("a", 1), *k;

        kit_ok(kept_write(old, 5, request_of(1), 5, NULL, 0));
        k = kept_succeed(old);
        kit_err(kept_write(old, 6, request_of(2), 6, NULL, 0), KR_ESTATE);
        kit_int_eq(kept_value(k), 5);
        kit_int_eq(kept_value(old), 5);
        kept_unref(old);
        kept_unref(k);
}

KIT_TEST(test_the_last_request_of_each_predecessor_is_remembered)
{
        struct kept *k = kept_new("a", 1), *next;
        int64_t result = 0;

        for (int64_t crash = 1; crash <= KEPT_ORPHANS_MAX + 5; crash++) {
                kit_ok(kept_write(k, 2 * crash, request_of(2 * crash), 2 * crash, NULL,
                                  0));
                kit_ok(kept_write(k, 2 * crash + 1, request_of(2 * crash + 1),
                                  2 * crash + 1, NULL, 0));
                next = kept_succeed(k);
                kit_not_null(next);
                kept_unref(k);
                k = next;
        }
        for (int64_t crash = 1; crash <= KEPT_ORPHANS_MAX + 5; crash++) {
                kit_false(kept_was_served(k, request_of(2 * crash), &result));
                kit_int_eq(kept_was_served(k, request_of(2 * crash + 1), &result),
                           crash > 5);
                if (crash > 5)
                        kit_int_eq(result, 2 * crash + 1);
        }
        kept_unref(k);
}

/* Two successors without a request between them: it is still that one that has no answer. */
KIT_TEST(test_a_request_is_remembered_once)
{
        struct kept *k = kept_new("a", 1), *next;
        int64_t result;

        kit_ok(kept_write(k, 7, request_of(1), 7, NULL, 0));
        for (int crash = 0; crash < 2 * KEPT_ORPHANS_MAX; crash++) {
                next = kept_succeed(k);
                kept_unref(k);
                k = next;
        }
        kit_true(kept_was_served(k, request_of(1), &result));
        kit_int_eq(result, 7);
        kit_false(kept_was_served(k, (struct kept_request){ 0, 0 }, &result));
        kept_unref(k);
}

KIT_MAIN(KIT_CASE(test_an_array_of_strings_is_a_request),
         KIT_CASE(test_a_line_is_a_request), KIT_CASE(test_requests_for_nothing),
         KIT_CASE(test_bytes_that_come_one_by_one),
         KIT_CASE(test_what_is_no_request_is_told_as_redis_does),
         KIT_CASE(test_no_line_goes_on_for_ever),
         KIT_CASE(test_integers_are_written_in_one_way),
         KIT_CASE(test_replies_are_put_one_behind_the_other),
         KIT_CASE(test_names_fit_patterns), KIT_CASE(test_sets_in_patterns),
         KIT_CASE(test_a_pattern_of_stars_takes_no_time),
         KIT_CASE(test_names_are_found_until_they_are_removed),
         KIT_CASE(test_the_hash_is_the_one_it_is_said_to_be),
         KIT_CASE(test_a_counter_remembers_its_last_ids_and_no_more),
         KIT_CASE(test_a_successor_has_value_and_ids),
         KIT_CASE(test_who_has_a_successor_can_write_no_more),
         KIT_CASE(test_the_last_request_of_each_predecessor_is_remembered),
         KIT_CASE(test_a_request_is_remembered_once))
