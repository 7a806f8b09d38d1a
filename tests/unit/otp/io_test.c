/* SPDX-License-Identifier: Apache-2.0 */
/* io_test.c: the protocol of input and output, from both sides. */
#include <krarup.h>

#include <stdio.h>
#include <unistd.h>

#include "expect.h"
#include "process.h"

/* -- the client's side, against a device that is this test -- */

struct to_tell {
        kr_pid pid;
};

static void puts_hello(struct to_tell *to)
{
        kr_send(to->pid, "{put, ~}", (int)kr_io_put("hello"));
}

KIT_EVERYWHERE_TEST(test_output_is_asked_of_the_group_leader)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reply_as;
        kr_pid from, child;

        kr_set_group_leader(kr_self(), kr_self());
        child = kr_spawn(puts_hello, &(struct to_tell){ kr_self() });
        kit_expect(&msg, "{io_request, ~, ~, {put_chars, unicode, <<\"hello\">>}}", &from,
                   &reply_as);
        kit_true(kr_pid_eq(from, child));
        kr_send(from, "{io_reply, ~, ok}", reply_as);
        kit_expect(&msg, "{put, 0}");
        kr_msg_clear(&msg);
}

/* covers: R256 */
/* mistake: output to a group leader that has ended -> KR_ENOPROC, {error, terminated} */
KIT_EVERYWHERE_TEST(test_output_to_a_leader_that_has_ended_fails)
{
        kr_msg slot = KR_MSG_INIT;
        kr_pid leader = kr_spawn(kit_sleeper);
        kr_term reply;

        kr_set_group_leader(leader, kr_self());
        kr_exit_signal(leader, "kill");
        kit_await_end(leader);
        kit_err(kr_io_put("lost"), KR_ENOPROC);
        kit_err(kr_io_printf("%d", 5), KR_ENOPROC);
        reply = kr_io_request(leader, &slot, "{put_chars, unicode, <<\"x\">>}");
        kit_match(reply, "{error, terminated}");
        reply = kr_io_request(kr_pid_none(), &slot, "getopts");
        kit_match(reply, "{error, terminated}");
        kit_expect_nothing();
        kr_msg_clear(&slot);
}

static void takes_and_dies(void)
{
        kr_msg msg = KR_MSG_INIT;

        (void)kr_receive(&msg, KR_INFINITY, kr_on(0, "{io_request, _, _, _}"));
        kr_exit("away");
}

/* covers: R256 */
KIT_EVERYWHERE_TEST(test_a_leader_that_ends_before_it_answers_fails_it)
{
        kr_set_group_leader(kr_spawn(takes_and_dies), kr_self());
        kit_err(kr_io_put("lost"), KR_ENOPROC);
        kit_expect_nothing();
}

static void asks_leader(struct to_tell *to)
{
        kr_send(to->pid, "{leader, ~}", kr_group_leader());
}

/* covers: R256 */
KIT_EVERYWHERE_TEST(test_the_leader_is_inherited)
{
        kr_msg msg = KR_MSG_INIT;
        kr_pid leader = kr_spawn(kit_sleeper);

        kr_set_group_leader(leader, kr_self());
        kr_spawn(asks_leader, &(struct to_tell){ kr_self() });
        kit_expect(&msg, "{leader, =}", leader);
        kr_msg_clear(&msg);
}

KIT_EVERYWHERE_TEST(test_an_error_of_the_device_is_an_error)
{
        kr_msg msg = KR_MSG_INIT;
        kr_term reply_as;
        kr_pid from;

        kr_set_group_leader(kr_self(), kr_self());
        kr_spawn(puts_hello, &(struct to_tell){ kr_self() });
        kit_expect(&msg, "{io_request, ~, ~, _}", &from, &reply_as);
        kr_send(from, "{io_reply, ~, {error, enospc}}", reply_as);
        kit_expect(&msg, "{put, ~}", &(int){ 0 });
        kit_match(msg.term, "{put, 12}"); /* KR_EOS */
        kr_msg_clear(&msg);
}

KIT_TEST(test_a_thread_that_is_no_process_has_no_device)
{
        kr_msg slot = KR_MSG_INIT;

        kit_err(kr_io_put("x"), KR_EBADARG);
        kit_true(kr_is_none(kr_io_request(kr_pid_none(), &slot, "getopts")));
}

/* -- user -- */

static int to_user[2], from_user[2]; /* pipes */

static void start_user(void)
{
        kr_io_opts opts;

        kit_int_eq(pipe(to_user), 0);
        kit_int_eq(pipe(from_user), 0);
        opts = (kr_io_opts){ .input = to_user[0], .output = from_user[1] };
        kit_ok(kr_io_start(kr_here(), &opts));
        kit_err(kr_io_start(kr_here(), &opts), KR_EALREADY);
        while (kr_pid_is_none(kr_whereis("user")))
                kr_yield();
}

/* What user has written since the last look. */
static const char *written(void)
{
        static char text[8192];
        ssize_t n = read(from_user[0], text, sizeof(text) - 1);

        kit_true(n >= 0);
        text[n] = 0;
        return text;
}

static void type(const char *text)
{
        kit_int_eq(write(to_user[1], text, strlen(text)), (int64_t)strlen(text));
}

#define kit_request(wanted, ...)                                                         \
        do {                                                                             \
                kr_msg kit_slot = KR_MSG_INIT;                                           \
                kr_term kit_reply =                                                      \
                        kr_io_request(kr_io_device(), &kit_slot, __VA_ARGS__);           \
                                                                                         \
                kit_match(kit_reply, wanted);                                            \
                kr_msg_clear(&kit_slot);                                                 \
        } while (0)

KIT_EVERYWHERE_TEST(test_user_writes)
{
        start_user();
        kit_ok(kr_io_put("one, "));
        kit_ok(kr_io_printf("%d, ", 2));
        kit_ok(kr_io_print("{three, \"\\x{20ac}\"}"));
        kit_str_eq(written(), "one, 2, {three,\"\u20ac\"}\n");
}

KIT_EVERYWHERE_TEST(test_long_text_is_written_whole)
{
        static char text[5001];

        memset(text, 'x', 5000);
        start_user();
        kit_ok(kr_io_printf("%s", text));
        kit_str_eq(written(), text);
}

KIT_EVERYWHERE_TEST(test_characters_come_in_many_forms)
{
        start_user();
        kit_request("ok", "{put_chars, unicode, [\"a\", 228, [<<\"b\">> | <<\"c\">>]]}");
        kit_request("ok", "{put_chars, latin1, <<228>>}");
        kit_request("ok", "{put_chars, [228]}");
        kit_str_eq(written(), "a\u00e4bc\u00e4\u00e4");
        kit_request("{error, {put_chars, unicode, what}}", "{put_chars, unicode, what}");
        kit_request("{error, {put_chars, unicode, [55296]}}",
                    "{put_chars, unicode, [55296]}");
        kit_request("{error, {put_chars, unicode, <<255>>}}",
                    "{put_chars, unicode, <<255>>}");
        kit_request("{error, {put_chars, latin1, [256]}}", "{put_chars, latin1, [256]}");
        kit_request("{error, {put_chars, unicode, 65}}", "{put_chars, unicode, 65}");
}

KIT_EVERYWHERE_TEST(test_several_requests_at_once)
{
        start_user();
        kit_request("[{binary, true}, {encoding, unicode}]",
                    "{requests, [{put_chars, unicode, \"x\"}, getopts]}");
        kit_request(
                "{error, request}",
                "{requests, [{put_chars, unicode, \"y\"}, dance, {put_chars, unicode, "
                "\"z\"}]}");
        kit_str_eq(written(), "xy");
        kit_request("{error, request}", "dance");
        kit_request("{error, request}",
                    "{get_until, unicode, \"\", erl_scan, tokens, [1]}");
}

/* What io_lib of OTP 25 makes of them. */
static const struct format {
        const char *format, *args, *text; /* NULL: badarg */
} formats[] = {
        { "\"~p ~w~n\"", "[{a, \"b\"}, \"b\"]", "{a,\"b\"} [98]\n" },
        { "\"~s|~ts\"", "[\"abc\", [8364]]", "abc|\u20ac" },
        { "\"~10s|~-10s|~.3s|~10.3s\"", "[\"abc\", \"abc\", \"abcdef\", \"abcdef\"]",
          "       abc|abc       |abc|       abc" },
        { "\"~5w|~-5w|~2w\"", "[12, 12, 12345]", "   12|12   |**" },
        { "\"~10.4f|~.2f|~f\"", "[3.14159, 2.0, 1.5]", "    3.1416|2.00|1.500000" },
        { "\"~.3e ~e\"", "[12345.678, 1.0]", "1.23e+4 1.00000e+0" },
        { "\"~g\"", "[0.1]", "0.100000" },
        { "\"~B ~.16B ~.16b ~.16# ~.2+\"", "[255, 255, 255, 255, 5]",
          "255 FF ff 16#FF 2#101" },
        { "\"~.16X ~.10x\"", "[255, \"0x\", -5, \"n\"]", "0xFF -n5" },
        { "\"~c~3c~-3c|\"", "\"abc\"", "abbbccc|" },
        { "\"~i~~~n\"", "[x]", "~\n" },
        { "\"~*w|~*.*f\"", "[6, ab, 8, 1, 2.55]", "    ab|     2.5" },
        { "\"~8..0B|~8..-s\"", "[42, \"ab\"]", "00000042|------ab" },
        { "\"~w ~w ~w\"", "[<<1, 2>>, #{a => \"x\"}, [1 | 2]]",
          "<<1,2>> #{a => [120]} [1|2]" },
        { "'~w'", "[at]", "at" },
        { "<<\"~w\">>", "[bin]", "bin" },
        { "\"~3s|~3w\"", "[\"abcdef\", abcdef]", "abc|***" },
        { "\"~10.4w|~-10.4w|~.3w|~10.6w|~10.3W|~3P|~-8.5.-w|~w|~tw\"",
          "[ab, ab, abcd, abcd, [1], 5, {a, b}, 1, ab, [8364], [8364]]",
          "        ab|ab        |***|      abcd|       [1]|{...}|ab------|[8364]|[8364]" },
        { "\"~W\"", "[a, b]", NULL },
        { "\"~P\"", "[a]", NULL },
        { "\"~w\"", "[]", NULL },
        { "\"~w\"", "[a, b]", NULL },
        { "\"~q\"", "[a]", NULL },
        { "\"~\"", "[a]", NULL },
        { "\"~f\"", "[a]", NULL },
        { "\"~99999999w\"", "[a]", NULL },
        { "17", "[]", NULL },
};

/* Depths: the same, from 25 too. */
static const struct format depths[] = {
        { "\"~W|~0P|~0tP\"", "[[1,2,3,4,5], -1, [1,2,3,4,5], -1, [1,2,3,4,5], -1]",
          "[1,2,3,4,5]|[1,2,3,4,5]|[1,2,3,4,5]" },
        { "\"~W|~0P|~0tP\"", "[[1,2,3,4,5], 0, [1,2,3,4,5], 0, [1,2,3,4,5], 0]",
          "...|...|..." },
        { "\"~W|~0P|~0tP\"", "[[1,2,3,4,5], 1, [1,2,3,4,5], 1, [1,2,3,4,5], 1]",
          "[...]|[...]|[...]" },
        { "\"~W|~0P|~0tP\"", "[[1,2,3,4,5], 2, [1,2,3,4,5], 2, [1,2,3,4,5], 2]",
          "[1|...]|[1|...]|[1|...]" },
        { "\"~W|~0P|~0tP\"", "[[1,2,3,4,5], 3, [1,2,3,4,5], 3, [1,2,3,4,5], 3]",
          "[1,2|...]|[1,2|...]|[1,2|...]" },
        { "\"~W|~0P|~0tP\"", "[[1,2,3,4,5], 4, [1,2,3,4,5], 4, [1,2,3,4,5], 4]",
          "[1,2,3|...]|[1,2,3|...]|[1,2,3|...]" },
        { "\"~W|~0P|~0tP\"", "[[1,2,3,4,5], 7, [1,2,3,4,5], 7, [1,2,3,4,5], 7]",
          "[1,2,3,4,5]|[1,2,3,4,5]|[1,2,3,4,5]" },
        { "\"~W|~0P|~0tP\"", "[{1,2,3,4}, -1, {1,2,3,4}, -1, {1,2,3,4}, -1]",
          "{1,2,3,4}|{1,2,3,4}|{1,2,3,4}" },
        { "\"~W|~0P|~0tP\"", "[{1,2,3,4}, 0, {1,2,3,4}, 0, {1,2,3,4}, 0]",
          "...|...|..." },
        { "\"~W|~0P|~0tP\"", "[{1,2,3,4}, 1, {1,2,3,4}, 1, {1,2,3,4}, 1]",
          "{...}|{...}|{...}" },
        { "\"~W|~0P|~0tP\"", "[{1,2,3,4}, 2, {1,2,3,4}, 2, {1,2,3,4}, 2]",
          "{1,...}|{1,...}|{1,...}" },
        { "\"~W|~0P|~0tP\"", "[{1,2,3,4}, 3, {1,2,3,4}, 3, {1,2,3,4}, 3]",
          "{1,2,...}|{1,2,...}|{1,2,...}" },
        { "\"~W|~0P|~0tP\"", "[{1,2,3,4}, 4, {1,2,3,4}, 4, {1,2,3,4}, 4]",
          "{1,2,3,...}|{1,2,3,...}|{1,2,3,...}" },
        { "\"~W|~0P|~0tP\"", "[{1,2,3,4}, 7, {1,2,3,4}, 7, {1,2,3,4}, 7]",
          "{1,2,3,4}|{1,2,3,4}|{1,2,3,4}" },
        { "\"~W|~0P|~0tP\"", "[[1|2], -1, [1|2], -1, [1|2], -1]", "[1|2]|[1|2]|[1|2]" },
        { "\"~W|~0P|~0tP\"", "[[1|2], 0, [1|2], 0, [1|2], 0]", "...|...|..." },
        { "\"~W|~0P|~0tP\"", "[[1|2], 1, [1|2], 1, [1|2], 1]", "[...]|[...]|[...]" },
        { "\"~W|~0P|~0tP\"", "[[1|2], 2, [1|2], 2, [1|2], 2]",
          "[1|...]|[1|...]|[1|...]" },
        { "\"~W|~0P|~0tP\"", "[[1|2], 3, [1|2], 3, [1|2], 3]", "[1|2]|[1|2]|[1|2]" },
        { "\"~W|~0P|~0tP\"", "[[1|2], 4, [1|2], 4, [1|2], 4]", "[1|2]|[1|2]|[1|2]" },
        { "\"~W|~0P|~0tP\"", "[[1|2], 7, [1|2], 7, [1|2], 7]", "[1|2]|[1|2]|[1|2]" },
        { "\"~W|~0P|~0tP\"", "[[1,2|3], -1, [1,2|3], -1, [1,2|3], -1]",
          "[1,2|3]|[1,2|3]|[1,2|3]" },
        { "\"~W|~0P|~0tP\"", "[[1,2|3], 0, [1,2|3], 0, [1,2|3], 0]", "...|...|..." },
        { "\"~W|~0P|~0tP\"", "[[1,2|3], 1, [1,2|3], 1, [1,2|3], 1]",
          "[...]|[...]|[...]" },
        { "\"~W|~0P|~0tP\"", "[[1,2|3], 2, [1,2|3], 2, [1,2|3], 2]",
          "[1|...]|[1|...]|[1|...]" },
        { "\"~W|~0P|~0tP\"", "[[1,2|3], 3, [1,2|3], 3, [1,2|3], 3]",
          "[1,2|...]|[1,2|...]|[1,2|...]" },
        { "\"~W|~0P|~0tP\"", "[[1,2|3], 4, [1,2|3], 4, [1,2|3], 4]",
          "[1,2|3]|[1,2|3]|[1,2|3]" },
        { "\"~W|~0P|~0tP\"", "[[1,2|3], 7, [1,2|3], 7, [1,2|3], 7]",
          "[1,2|3]|[1,2|3]|[1,2|3]" },
        { "\"~W|~0P|~0tP\"", "[{{{1}}}, -1, {{{1}}}, -1, {{{1}}}, -1]",
          "{{{1}}}|{{{1}}}|{{{1}}}" },
        { "\"~W|~0P|~0tP\"", "[{{{1}}}, 0, {{{1}}}, 0, {{{1}}}, 0]", "...|...|..." },
        { "\"~W|~0P|~0tP\"", "[{{{1}}}, 1, {{{1}}}, 1, {{{1}}}, 1]",
          "{...}|{...}|{...}" },
        { "\"~W|~0P|~0tP\"", "[{{{1}}}, 2, {{{1}}}, 2, {{{1}}}, 2]",
          "{{...}}|{{...}}|{{...}}" },
        { "\"~W|~0P|~0tP\"", "[{{{1}}}, 3, {{{1}}}, 3, {{{1}}}, 3]",
          "{{{...}}}|{{{...}}}|{{{...}}}" },
        { "\"~W|~0P|~0tP\"", "[{{{1}}}, 4, {{{1}}}, 4, {{{1}}}, 4]",
          "{{{1}}}|{{{1}}}|{{{1}}}" },
        { "\"~W|~0P|~0tP\"", "[{{{1}}}, 7, {{{1}}}, 7, {{{1}}}, 7]",
          "{{{1}}}|{{{1}}}|{{{1}}}" },
        { "\"~W|~0P|~0tP\"", "[[[[1]]], -1, [[[1]]], -1, [[[1]]], -1]",
          "[[[1]]]|[[[1]]]|[[[1]]]" },
        { "\"~W|~0P|~0tP\"", "[[[[1]]], 0, [[[1]]], 0, [[[1]]], 0]", "...|...|..." },
        { "\"~W|~0P|~0tP\"", "[[[[1]]], 1, [[[1]]], 1, [[[1]]], 1]",
          "[...]|[...]|[...]" },
        { "\"~W|~0P|~0tP\"", "[[[[1]]], 2, [[[1]]], 2, [[[1]]], 2]",
          "[[...]]|[[...]]|[[...]]" },
        { "\"~W|~0P|~0tP\"", "[[[[1]]], 3, [[[1]]], 3, [[[1]]], 3]",
          "[[[...]]]|[[[...]]]|[[[...]]]" },
        { "\"~W|~0P|~0tP\"", "[[[[1]]], 4, [[[1]]], 4, [[[1]]], 4]",
          "[[[1]]]|[[[1]]]|[[[1]]]" },
        { "\"~W|~0P|~0tP\"", "[[[[1]]], 7, [[[1]]], 7, [[[1]]], 7]",
          "[[[1]]]|[[[1]]]|[[[1]]]" },
        { "\"~W|~0P|~0tP\"", "[\"abc\", -1, \"abc\", -1, \"abc\", -1]",
          "[97,98,99]|\"abc\"|\"abc\"" },
        { "\"~W|~0P|~0tP\"", "[\"abc\", 0, \"abc\", 0, \"abc\", 0]", "...|...|..." },
        { "\"~W|~0P|~0tP\"", "[\"abc\", 1, \"abc\", 1, \"abc\", 1]",
          "[...]|[...]|[...]" },
        { "\"~W|~0P|~0tP\"", "[\"abc\", 2, \"abc\", 2, \"abc\", 2]",
          "[97|...]|\"abc\"|\"abc\"" },
        { "\"~W|~0P|~0tP\"", "[\"abc\", 3, \"abc\", 3, \"abc\", 3]",
          "[97,98|...]|\"abc\"|\"abc\"" },
        { "\"~W|~0P|~0tP\"", "[\"abc\", 4, \"abc\", 4, \"abc\", 4]",
          "[97,98,99]|\"abc\"|\"abc\"" },
        { "\"~W|~0P|~0tP\"", "[\"abc\", 7, \"abc\", 7, \"abc\", 7]",
          "[97,98,99]|\"abc\"|\"abc\"" },
        { "\"~W|~0P|~0tP\"",
          "[<<\"abcdefghijklmnop\">>, -1, <<\"abcdefghijklmnop\">>, -1, <<\"abcdefghijklmnop\">>, -1]",
          "<<97,98,99,100,101,102,103,104,105,106,107,108,109,110,111,112>>|<<\"abcdefghijklmnop\">>|<<\"abcdefghijklmnop\">>" },
        { "\"~W|~0P|~0tP\"",
          "[<<\"abcdefghijklmnop\">>, 0, <<\"abcdefghijklmnop\">>, 0, <<\"abcdefghijklmnop\">>, 0]",
          "...|...|..." },
        { "\"~W|~0P|~0tP\"",
          "[<<\"abcdefghijklmnop\">>, 1, <<\"abcdefghijklmnop\">>, 1, <<\"abcdefghijklmnop\">>, 1]",
          "<<...>>|<<...>>|<<...>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<\"abcdefghijklmnop\">>, 2, <<\"abcdefghijklmnop\">>, 2, <<\"abcdefghijklmnop\">>, 2]",
          "<<97,...>>|<<\"abcd\"...>>|<<\"abcd\"...>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<\"abcdefghijklmnop\">>, 3, <<\"abcdefghijklmnop\">>, 3, <<\"abcdefghijklmnop\">>, 3]",
          "<<97,98,...>>|<<\"abcdefgh\"...>>|<<\"abcdefgh\"...>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<\"abcdefghijklmnop\">>, 4, <<\"abcdefghijklmnop\">>, 4, <<\"abcdefghijklmnop\">>, 4]",
          "<<97,98,99,...>>|<<\"abcdefghijkl\"...>>|<<\"abcdefghijkl\"...>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<\"abcdefghijklmnop\">>, 7, <<\"abcdefghijklmnop\">>, 7, <<\"abcdefghijklmnop\">>, 7]",
          "<<97,98,99,100,101,102,...>>|<<\"abcdefghijklmnop\">>|<<\"abcdefghijklmnop\">>" },
        { "\"~W|~0P|~0tP\"", "[<<1,2,3,4>>, -1, <<1,2,3,4>>, -1, <<1,2,3,4>>, -1]",
          "<<1,2,3,4>>|<<1,2,3,4>>|<<1,2,3,4>>" },
        { "\"~W|~0P|~0tP\"", "[<<1,2,3,4>>, 0, <<1,2,3,4>>, 0, <<1,2,3,4>>, 0]",
          "...|...|..." },
        { "\"~W|~0P|~0tP\"", "[<<1,2,3,4>>, 1, <<1,2,3,4>>, 1, <<1,2,3,4>>, 1]",
          "<<...>>|<<...>>|<<...>>" },
        { "\"~W|~0P|~0tP\"", "[<<1,2,3,4>>, 2, <<1,2,3,4>>, 2, <<1,2,3,4>>, 2]",
          "<<1,...>>|<<1,...>>|<<1,...>>" },
        { "\"~W|~0P|~0tP\"", "[<<1,2,3,4>>, 3, <<1,2,3,4>>, 3, <<1,2,3,4>>, 3]",
          "<<1,2,...>>|<<1,2,...>>|<<1,2,...>>" },
        { "\"~W|~0P|~0tP\"", "[<<1,2,3,4>>, 4, <<1,2,3,4>>, 4, <<1,2,3,4>>, 4]",
          "<<1,2,3,...>>|<<1,2,3,...>>|<<1,2,3,...>>" },
        { "\"~W|~0P|~0tP\"", "[<<1,2,3,4>>, 7, <<1,2,3,4>>, 7, <<1,2,3,4>>, 7]",
          "<<1,2,3,4>>|<<1,2,3,4>>|<<1,2,3,4>>" },
        { "\"~W|~0P|~0tP\"", "[{}, -1, {}, -1, {}, -1]", "{}|{}|{}" },
        { "\"~W|~0P|~0tP\"", "[{}, 0, {}, 0, {}, 0]", "...|...|..." },
        { "\"~W|~0P|~0tP\"", "[{}, 1, {}, 1, {}, 1]", "{}|{}|{}" },
        { "\"~W|~0P|~0tP\"", "[{}, 2, {}, 2, {}, 2]", "{}|{}|{}" },
        { "\"~W|~0P|~0tP\"", "[{}, 3, {}, 3, {}, 3]", "{}|{}|{}" },
        { "\"~W|~0P|~0tP\"", "[{}, 4, {}, 4, {}, 4]", "{}|{}|{}" },
        { "\"~W|~0P|~0tP\"", "[{}, 7, {}, 7, {}, 7]", "{}|{}|{}" },
        { "\"~W|~0P|~0tP\"", "[[], -1, [], -1, [], -1]", "[]|[]|[]" },
        { "\"~W|~0P|~0tP\"", "[[], 0, [], 0, [], 0]", "...|...|..." },
        { "\"~W|~0P|~0tP\"", "[[], 1, [], 1, [], 1]", "[]|[]|[]" },
        { "\"~W|~0P|~0tP\"", "[[], 2, [], 2, [], 2]", "[]|[]|[]" },
        { "\"~W|~0P|~0tP\"", "[[], 3, [], 3, [], 3]", "[]|[]|[]" },
        { "\"~W|~0P|~0tP\"", "[[], 4, [], 4, [], 4]", "[]|[]|[]" },
        { "\"~W|~0P|~0tP\"", "[[], 7, [], 7, [], 7]", "[]|[]|[]" },
        { "\"~W|~0P|~0tP\"", "[#{}, -1, #{}, -1, #{}, -1]", "#{}|#{}|#{}" },
        { "\"~W|~0P|~0tP\"", "[#{}, 0, #{}, 0, #{}, 0]", "...|...|..." },
        { "\"~W|~0P|~0tP\"", "[#{}, 1, #{}, 1, #{}, 1]", "#{}|#{}|#{}" },
        { "\"~W|~0P|~0tP\"", "[#{}, 2, #{}, 2, #{}, 2]", "#{}|#{}|#{}" },
        { "\"~W|~0P|~0tP\"", "[#{}, 3, #{}, 3, #{}, 3]", "#{}|#{}|#{}" },
        { "\"~W|~0P|~0tP\"", "[#{}, 4, #{}, 4, #{}, 4]", "#{}|#{}|#{}" },
        { "\"~W|~0P|~0tP\"", "[#{}, 7, #{}, 7, #{}, 7]", "#{}|#{}|#{}" },
        { "\"~W|~0P|~0tP\"", "[<<>>, -1, <<>>, -1, <<>>, -1]", "<<>>|<<>>|<<>>" },
        { "\"~W|~0P|~0tP\"", "[<<>>, 0, <<>>, 0, <<>>, 0]", "...|...|..." },
        { "\"~W|~0P|~0tP\"", "[<<>>, 1, <<>>, 1, <<>>, 1]", "<<>>|<<>>|<<>>" },
        { "\"~W|~0P|~0tP\"", "[<<>>, 2, <<>>, 2, <<>>, 2]", "<<>>|<<>>|<<>>" },
        { "\"~W|~0P|~0tP\"", "[<<>>, 3, <<>>, 3, <<>>, 3]", "<<>>|<<>>|<<>>" },
        { "\"~W|~0P|~0tP\"", "[<<>>, 4, <<>>, 4, <<>>, 4]", "<<>>|<<>>|<<>>" },
        { "\"~W|~0P|~0tP\"", "[<<>>, 7, <<>>, 7, <<>>, 7]", "<<>>|<<>>|<<>>" },
        { "\"~W|~0P|~0tP\"",
          "[{a,\"abc\",<<\"abc\">>,[d,{e}]}, -1, {a,\"abc\",<<\"abc\">>,[d,{e}]}, -1, {a,\"abc\",<<\"abc\">>,[d,{e}]}, -1]",
          "{a,[97,98,99],<<97,98,99>>,[d,{e}]}|{a,\"abc\",<<\"abc\">>,[d,{e}]}|{a,\"abc\",<<\"abc\">>,[d,{e}]}" },
        { "\"~W|~0P|~0tP\"",
          "[{a,\"abc\",<<\"abc\">>,[d,{e}]}, 0, {a,\"abc\",<<\"abc\">>,[d,{e}]}, 0, {a,\"abc\",<<\"abc\">>,[d,{e}]}, 0]",
          "...|...|..." },
        { "\"~W|~0P|~0tP\"",
          "[{a,\"abc\",<<\"abc\">>,[d,{e}]}, 1, {a,\"abc\",<<\"abc\">>,[d,{e}]}, 1, {a,\"abc\",<<\"abc\">>,[d,{e}]}, 1]",
          "{...}|{...}|{...}" },
        { "\"~W|~0P|~0tP\"",
          "[{a,\"abc\",<<\"abc\">>,[d,{e}]}, 2, {a,\"abc\",<<\"abc\">>,[d,{e}]}, 2, {a,\"abc\",<<\"abc\">>,[d,{e}]}, 2]",
          "{a,...}|{a,...}|{a,...}" },
        { "\"~W|~0P|~0tP\"",
          "[{a,\"abc\",<<\"abc\">>,[d,{e}]}, 3, {a,\"abc\",<<\"abc\">>,[d,{e}]}, 3, {a,\"abc\",<<\"abc\">>,[d,{e}]}, 3]",
          "{a,[...],...}|{a,[...],...}|{a,[...],...}" },
        { "\"~W|~0P|~0tP\"",
          "[{a,\"abc\",<<\"abc\">>,[d,{e}]}, 4, {a,\"abc\",<<\"abc\">>,[d,{e}]}, 4, {a,\"abc\",<<\"abc\">>,[d,{e}]}, 4]",
          "{a,[97|...],<<...>>,...}|{a,\"abc\",<<...>>,...}|{a,\"abc\",<<...>>,...}" },
        { "\"~W|~0P|~0tP\"",
          "[{a,\"abc\",<<\"abc\">>,[d,{e}]}, 7, {a,\"abc\",<<\"abc\">>,[d,{e}]}, 7, {a,\"abc\",<<\"abc\">>,[d,{e}]}, 7]",
          "{a,[97,98,99],<<97,98,99>>,[d,{...}]}|{a,\"abc\",<<\"abc\">>,[d,{...}]}|{a,\"abc\",<<\"abc\">>,[d,{...}]}" },
        { "\"~W|~0P|~0tP\"", "[<<1:3>>, -1, <<1:3>>, -1, <<1:3>>, -1]",
          "<<1:3>>|<<1:3>>|<<1:3>>" },
        { "\"~W|~0P|~0tP\"", "[<<1:3>>, 0, <<1:3>>, 0, <<1:3>>, 0]", "...|...|..." },
        { "\"~W|~0P|~0tP\"", "[<<1:3>>, 1, <<1:3>>, 1, <<1:3>>, 1]",
          "<<...>>|<<...>>|<<...>>" },
        { "\"~W|~0P|~0tP\"", "[<<1:3>>, 2, <<1:3>>, 2, <<1:3>>, 2]",
          "<<1:3>>|<<1:3>>|<<1:3>>" },
        { "\"~W|~0P|~0tP\"", "[<<1:3>>, 3, <<1:3>>, 3, <<1:3>>, 3]",
          "<<1:3>>|<<1:3>>|<<1:3>>" },
        { "\"~W|~0P|~0tP\"", "[<<1:3>>, 4, <<1:3>>, 4, <<1:3>>, 4]",
          "<<1:3>>|<<1:3>>|<<1:3>>" },
        { "\"~W|~0P|~0tP\"", "[<<1:3>>, 7, <<1:3>>, 7, <<1:3>>, 7]",
          "<<1:3>>|<<1:3>>|<<1:3>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<97,98,99,1,2,3>>, -1, <<97,98,99,1,2,3>>, -1, <<97,98,99,1,2,3>>, -1]",
          "<<97,98,99,1,2,3>>|<<97,98,99,1,2,3>>|<<97,98,99,1,2,3>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<97,98,99,1,2,3>>, 0, <<97,98,99,1,2,3>>, 0, <<97,98,99,1,2,3>>, 0]",
          "...|...|..." },
        { "\"~W|~0P|~0tP\"",
          "[<<97,98,99,1,2,3>>, 1, <<97,98,99,1,2,3>>, 1, <<97,98,99,1,2,3>>, 1]",
          "<<...>>|<<...>>|<<...>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<97,98,99,1,2,3>>, 2, <<97,98,99,1,2,3>>, 2, <<97,98,99,1,2,3>>, 2]",
          "<<97,...>>|<<\"abc\"...>>|<<\"abc\"...>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<97,98,99,1,2,3>>, 3, <<97,98,99,1,2,3>>, 3, <<97,98,99,1,2,3>>, 3]",
          "<<97,98,...>>|<<\"abc\"...>>|<<\"abc\"...>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<97,98,99,1,2,3>>, 4, <<97,98,99,1,2,3>>, 4, <<97,98,99,1,2,3>>, 4]",
          "<<97,98,99,...>>|<<\"abc\"...>>|<<\"abc\"...>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<97,98,99,1,2,3>>, 7, <<97,98,99,1,2,3>>, 7, <<97,98,99,1,2,3>>, 7]",
          "<<97,98,99,1,2,3>>|<<97,98,99,1,2,3>>|<<97,98,99,1,2,3>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<97,1,2,3,4,5,6,7,8,9>>, -1, <<97,1,2,3,4,5,6,7,8,9>>, -1, <<97,1,2,3,4,5,6,7,8,9>>, -1]",
          "<<97,1,2,3,4,5,6,7,8,9>>|<<97,1,2,3,4,5,6,7,8,9>>|<<97,1,2,3,4,5,6,7,8,9>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<97,1,2,3,4,5,6,7,8,9>>, 0, <<97,1,2,3,4,5,6,7,8,9>>, 0, <<97,1,2,3,4,5,6,7,8,9>>, 0]",
          "...|...|..." },
        { "\"~W|~0P|~0tP\"",
          "[<<97,1,2,3,4,5,6,7,8,9>>, 1, <<97,1,2,3,4,5,6,7,8,9>>, 1, <<97,1,2,3,4,5,6,7,8,9>>, 1]",
          "<<...>>|<<...>>|<<...>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<97,1,2,3,4,5,6,7,8,9>>, 2, <<97,1,2,3,4,5,6,7,8,9>>, 2, <<97,1,2,3,4,5,6,7,8,9>>, 2]",
          "<<97,...>>|<<\"a\"...>>|<<\"a\"...>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<97,1,2,3,4,5,6,7,8,9>>, 3, <<97,1,2,3,4,5,6,7,8,9>>, 3, <<97,1,2,3,4,5,6,7,8,9>>, 3]",
          "<<97,1,...>>|<<97,1,...>>|<<97,1,...>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<97,1,2,3,4,5,6,7,8,9>>, 4, <<97,1,2,3,4,5,6,7,8,9>>, 4, <<97,1,2,3,4,5,6,7,8,9>>, 4]",
          "<<97,1,2,...>>|<<97,1,2,...>>|<<97,1,2,...>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<97,1,2,3,4,5,6,7,8,9>>, 7, <<97,1,2,3,4,5,6,7,8,9>>, 7, <<97,1,2,3,4,5,6,7,8,9>>, 7]",
          "<<97,1,2,3,4,5,...>>|<<97,1,2,3,4,5,...>>|<<97,1,2,3,4,5,...>>" },
        { "\"~W|~0P|~0tP\"",
          "[[{k,\"a long value\"},{l,[1,2,3]}], -1, [{k,\"a long value\"},{l,[1,2,3]}], -1, [{k,\"a long value\"},{l,[1,2,3]}], -1]",
          "[{k,[97,32,108,111,110,103,32,118,97,108,117,101]},{l,[1,2,3]}]|[{k,\"a long value\"},{l,[1,2,3]}]|[{k,\"a long value\"},{l,[1,2,3]}]" },
        { "\"~W|~0P|~0tP\"",
          "[[{k,\"a long value\"},{l,[1,2,3]}], 0, [{k,\"a long value\"},{l,[1,2,3]}], 0, [{k,\"a long value\"},{l,[1,2,3]}], 0]",
          "...|...|..." },
        { "\"~W|~0P|~0tP\"",
          "[[{k,\"a long value\"},{l,[1,2,3]}], 1, [{k,\"a long value\"},{l,[1,2,3]}], 1, [{k,\"a long value\"},{l,[1,2,3]}], 1]",
          "[...]|[...]|[...]" },
        { "\"~W|~0P|~0tP\"",
          "[[{k,\"a long value\"},{l,[1,2,3]}], 2, [{k,\"a long value\"},{l,[1,2,3]}], 2, [{k,\"a long value\"},{l,[1,2,3]}], 2]",
          "[{...}|...]|[{...}|...]|[{...}|...]" },
        { "\"~W|~0P|~0tP\"",
          "[[{k,\"a long value\"},{l,[1,2,3]}], 3, [{k,\"a long value\"},{l,[1,2,3]}], 3, [{k,\"a long value\"},{l,[1,2,3]}], 3]",
          "[{k,...},{...}]|[{k,...},{...}]|[{k,...},{...}]" },
        { "\"~W|~0P|~0tP\"",
          "[[{k,\"a long value\"},{l,[1,2,3]}], 4, [{k,\"a long value\"},{l,[1,2,3]}], 4, [{k,\"a long value\"},{l,[1,2,3]}], 4]",
          "[{k,[...]},{l,...}]|[{k,[...]},{l,...}]|[{k,[...]},{l,...}]" },
        { "\"~W|~0P|~0tP\"",
          "[[{k,\"a long value\"},{l,[1,2,3]}], 7, [{k,\"a long value\"},{l,[1,2,3]}], 7, [{k,\"a long value\"},{l,[1,2,3]}], 7]",
          "[{k,[97,32,108|...]},{l,[1,2|...]}]|[{k,\"a long value\"},{l,[1,2|...]}]|[{k,\"a long value\"},{l,[1,2|...]}]" },
        { "\"~W|~0P|~0tP\"", "[{1,2.5,at}, -1, {1,2.5,at}, -1, {1,2.5,at}, -1]",
          "{1,2.5,at}|{1,2.5,at}|{1,2.5,at}" },
        { "\"~W|~0P|~0tP\"", "[{1,2.5,at}, 0, {1,2.5,at}, 0, {1,2.5,at}, 0]",
          "...|...|..." },
        { "\"~W|~0P|~0tP\"", "[{1,2.5,at}, 1, {1,2.5,at}, 1, {1,2.5,at}, 1]",
          "{...}|{...}|{...}" },
        { "\"~W|~0P|~0tP\"", "[{1,2.5,at}, 2, {1,2.5,at}, 2, {1,2.5,at}, 2]",
          "{1,...}|{1,...}|{1,...}" },
        { "\"~W|~0P|~0tP\"", "[{1,2.5,at}, 3, {1,2.5,at}, 3, {1,2.5,at}, 3]",
          "{1,2.5,...}|{1,2.5,...}|{1,2.5,...}" },
        { "\"~W|~0P|~0tP\"", "[{1,2.5,at}, 4, {1,2.5,at}, 4, {1,2.5,at}, 4]",
          "{1,2.5,at}|{1,2.5,at}|{1,2.5,at}" },
        { "\"~W|~0P|~0tP\"", "[{1,2.5,at}, 7, {1,2.5,at}, 7, {1,2.5,at}, 7]",
          "{1,2.5,at}|{1,2.5,at}|{1,2.5,at}" },
        { "\"~W|~0P|~0tP\"",
          "[<<\"abc\",1,\"def\">>, -1, <<\"abc\",1,\"def\">>, -1, <<\"abc\",1,\"def\">>, -1]",
          "<<97,98,99,1,100,101,102>>|<<97,98,99,1,100,101,102>>|<<97,98,99,1,100,101,102>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<\"abc\",1,\"def\">>, 0, <<\"abc\",1,\"def\">>, 0, <<\"abc\",1,\"def\">>, 0]",
          "...|...|..." },
        { "\"~W|~0P|~0tP\"",
          "[<<\"abc\",1,\"def\">>, 1, <<\"abc\",1,\"def\">>, 1, <<\"abc\",1,\"def\">>, 1]",
          "<<...>>|<<...>>|<<...>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<\"abc\",1,\"def\">>, 2, <<\"abc\",1,\"def\">>, 2, <<\"abc\",1,\"def\">>, 2]",
          "<<97,...>>|<<\"abc\"...>>|<<\"abc\"...>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<\"abc\",1,\"def\">>, 3, <<\"abc\",1,\"def\">>, 3, <<\"abc\",1,\"def\">>, 3]",
          "<<97,98,...>>|<<\"abc\"...>>|<<\"abc\"...>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<\"abc\",1,\"def\">>, 4, <<\"abc\",1,\"def\">>, 4, <<\"abc\",1,\"def\">>, 4]",
          "<<97,98,99,...>>|<<\"abc\"...>>|<<\"abc\"...>>" },
        { "\"~W|~0P|~0tP\"",
          "[<<\"abc\",1,\"def\">>, 7, <<\"abc\",1,\"def\">>, 7, <<\"abc\",1,\"def\">>, 7]",
          "<<97,98,99,1,100,101,...>>|<<97,98,99,1,100,101,...>>|<<97,98,99,1,100,101,...>>" },
        { "\"~W|~0P|~0tP\"", "[\"tab\\t\", -1, \"tab\\t\", -1, \"tab\\t\", -1]",
          "[116,97,98,9]|\"tab\\t\"|\"tab\\t\"" },
        { "\"~W|~0P|~0tP\"", "[\"tab\\t\", 0, \"tab\\t\", 0, \"tab\\t\", 0]",
          "...|...|..." },
        { "\"~W|~0P|~0tP\"", "[\"tab\\t\", 1, \"tab\\t\", 1, \"tab\\t\", 1]",
          "[...]|[...]|[...]" },
        { "\"~W|~0P|~0tP\"", "[\"tab\\t\", 2, \"tab\\t\", 2, \"tab\\t\", 2]",
          "[116|...]|\"tab\\t\"|\"tab\\t\"" },
        { "\"~W|~0P|~0tP\"", "[\"tab\\t\", 3, \"tab\\t\", 3, \"tab\\t\", 3]",
          "[116,97|...]|\"tab\\t\"|\"tab\\t\"" },
        { "\"~W|~0P|~0tP\"", "[\"tab\\t\", 4, \"tab\\t\", 4, \"tab\\t\", 4]",
          "[116,97,98|...]|\"tab\\t\"|\"tab\\t\"" },
        { "\"~W|~0P|~0tP\"", "[\"tab\\t\", 7, \"tab\\t\", 7, \"tab\\t\", 7]",
          "[116,97,98,9]|\"tab\\t\"|\"tab\\t\"" },
};

static void check_format(const struct format *f)
{
        kr_term format, args;

        kit_ok(kr_parse(f->format, strlen(f->format), NULL, &format, NULL));
        kit_ok(kr_parse(f->args, strlen(f->args), NULL, &args, NULL));
        if (f->text != NULL) {
                kit_request("ok", "{put_chars, unicode, io_lib, format, [~, ~]}", format,
                            args);
                kit_str_eq(written(), f->text);
        } else {
                kit_request("{error, {put_chars, unicode, io_lib, format, _}}",
                            "{put_chars, unicode, io_lib, format, [~, ~]}", format, args);
        }
        kr_release(args);
        kr_release(format);
}

/* mistake: a format that does not go with its arguments -> {error, {put_chars, unicode, io_lib, format, Args}} */
KIT_EVERYWHERE_TEST(test_formats_of_erlang)
{
        start_user();
        for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
                check_format(&formats[i]);
        for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++)
                check_format(&depths[i]);
        kit_request("ok", "{put_chars, unicode, io_lib, write, [\"a\"]}");
        kit_request("ok", "{put_chars, unicode, io_lib, nl, []}");
        kit_str_eq(written(), "[97]\n");
}

/* -- functions of a module -- */

static kr_term greeting(kr_term args)
{
        kr_term name;

        if (!kr_match(args, "{~}", &name))
                return kr_no_clause();
        return kr_build("[\"hello \", ~]", name);
}

/* collect(Continuation, Data, Lines): so many lines. */
static kr_term collect(kr_term args)
{
        kr_term so_far, data, longer;
        kr_term next;
        int lines;
        size_t count;

        if (!kr_match(args, "{~, ~, ~}", &so_far, &data, &lines))
                return kr_no_clause();
        if (kr_match(data, "eof"))
                return kr_build("{done, {eof, ~}, eof}", so_far);
        longer = kr_build("[~ | ~]", data, so_far);
        kit_true(kr_length(longer, &count));
        next = (int)count == lines ? kr_build("{done, ~, \"rest\\n\"}", longer)
                                   : kr_build("{more, ~}", longer);
        kr_release(longer);
        return next;
}

static const kr_export exports[] = { { "greeting", 1, greeting, NULL },
                                     { "collect", 3, collect, NULL } };

KR_MODULE(io_test, .version = "1", KR_EXPORTS(exports));

KIT_EVERYWHERE_TEST(test_a_function_makes_the_text)
{
        kit_ok(kr_module_add(kr_here(), krarup_module));
        start_user();
        kit_request("ok", "{put_chars, unicode, io_test, greeting, [\"joe\"]}");
        kit_str_eq(written(), "hello joe");
        kit_request("{error, {put_chars, unicode, io_test, greeting, []}}",
                    "{put_chars, unicode, io_test, greeting, []}");
        kit_request("{error, {put_chars, unicode, io_test, greeting, [joe]}}",
                    "{put_chars, unicode, io_test, greeting, [joe]}");
        kit_request("{error, {put_chars, latin1, no, body, []}}",
                    "{put_chars, no, body, []}");
}

KIT_EVERYWHERE_TEST(test_a_function_says_when_the_input_is_complete)
{
        kit_ok(kr_module_add(kr_here(), krarup_module));
        start_user();
        type("one\ntwo\nthree\nfo");
        kit_request("[\"two\\n\", \"one\\n\"]",
                    "{get_until, unicode, \"> \", io_test, collect, [2]}");
        kit_request("<<\"rest\\n\">>", "{get_line, unicode, \"\"}");
        (void)close(to_user[1]);
        kit_request("{eof, [\"fo\", \"three\\n\"]}",
                    "{get_until, \"\", io_test, collect, [5]}");
        kit_request("{error, get_until}",
                    "{get_until, unicode, \"\", io_test, collect, [x]}");
        kit_request("{error, request}",
                    "{get_until, unicode, \"\", io_test, uncollect, [1]}");
}

KIT_EVERYWHERE_TEST(test_options)
{
        start_user();
        kit_request("ok", "{setopts, [{binary, false}, {encoding, latin1}]}");
        kit_request("[{binary, false}, {encoding, latin1}]", "getopts");
        kit_request("ok", "{setopts, [binary, {encoding, unicode}]}");
        kit_request("{error, enotsup}", "{setopts, [{colour, red}]}");
        kit_request("{error, enotsup}", "{get_geometry, columns}"); /* a pipe has none */
}

static void get_line_is(const char *wanted)
{
        kr_buf line = KR_BUF_INIT;

        kit_true(kr_io_get_line("> ", &line));
        kit_str_eq(line.data, wanted);
        kr_buf_free(&line);
}

KIT_EVERYWHERE_TEST(test_lines_of_input)
{
        kr_buf line = KR_BUF_INIT;

        start_user();
        type("one\ntw");
        type("o\nthree");
        (void)close(to_user[1]);
        get_line_is("one\n");
        get_line_is("two\n");
        get_line_is("three");
        kit_false(kr_io_get_line("> ", &line));
        kit_str_eq(written(), "> > > > ");
        kit_request("eof", "{get_line, unicode, \"\"}");
}

KIT_EVERYWHERE_TEST(test_lists_if_asked_for)
{
        start_user();
        type("\u00e4b\nrest");
        (void)close(to_user[1]);
        kit_request("ok", "{setopts, [list]}");
        get_line_is("\u00e4b\n");
        kit_request("\"re\"", "{get_chars, unicode, \"\", 2}");
        kit_request("\"st\"", "{get_chars, \"\", 5}");
        kit_request("eof", "{get_chars, unicode, \"\", 5}");
}

static void gets_a_line(struct to_tell *to)
{
        kr_buf line = KR_BUF_INIT;

        if (kr_io_get_line("", &line))
                kr_send(to->pid, "{line, ~}", line.data);
        kr_buf_free(&line);
}

/* Two wait for input, and output goes on; then each gets a line. */
KIT_PROCESS_TEST(test_who_waits_for_input_keeps_nobody_from_writing)
{
        kr_msg msg = KR_MSG_INIT;

        start_user();
        kr_spawn(gets_a_line, &(struct to_tell){ kr_self() });
        kr_spawn(gets_a_line, &(struct to_tell){ kr_self() });
        kr_sleep(20);
        kit_ok(kr_io_put("meanwhile"));
        kit_str_eq(written(), "meanwhile");
        type("first\nsecond\n");
        kit_expect(&msg, "{line, <<\"first\\n\">>}");
        kit_expect(&msg, "{line, <<\"second\\n\">>}");
        kr_msg_clear(&msg);
}

/* The node stops although the thread that reads still waits. */
KIT_PROCESS_TEST(test_a_node_stops_while_somebody_waits_for_input)
{
        start_user();
        kr_spawn(gets_a_line, &(struct to_tell){ kr_self() });
        kr_sleep(20);
}

KIT_EVERYWHERE_TEST(test_deep_lists_are_refused)
{
        kr_term t = kr_nil(), outer;

        start_user();
        for (int i = 0; i < 300; i++) {
                outer = kr_build("[~]", t);
                kr_release(t);
                t = outer;
        }
        kit_request("{error, {put_chars, unicode, _}}", "{put_chars, unicode, ~}", t);
        kr_release(t);
}

KIT_MAIN(KIT_CASE(test_output_is_asked_of_the_group_leader),
         KIT_CASE(test_output_to_a_leader_that_has_ended_fails),
         KIT_CASE(test_a_leader_that_ends_before_it_answers_fails_it),
         KIT_CASE(test_the_leader_is_inherited),
         KIT_CASE(test_an_error_of_the_device_is_an_error),
         KIT_CASE(test_a_thread_that_is_no_process_has_no_device),
         KIT_CASE(test_user_writes), KIT_CASE(test_long_text_is_written_whole),
         KIT_CASE(test_characters_come_in_many_forms),
         KIT_CASE(test_several_requests_at_once), KIT_CASE(test_formats_of_erlang),
         KIT_CASE(test_a_function_makes_the_text),
         KIT_CASE(test_a_function_says_when_the_input_is_complete),
         KIT_CASE(test_options), KIT_CASE(test_lines_of_input),
         KIT_CASE(test_lists_if_asked_for),
         KIT_CASE(test_who_waits_for_input_keeps_nobody_from_writing),
         KIT_CASE(test_a_node_stops_while_somebody_waits_for_input),
         KIT_CASE(test_deep_lists_are_refused))
