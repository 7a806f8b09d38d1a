/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_packet_test.c: lines, and packets with their length in front. */
#include "sockets.h"

static struct pair pair_in(kr_packet packet, uint32_t max)
{
        return pair_with(NULL, &(kr_tcp_opts){ .packet = packet, .packet_max = max });
}

static void say_bytes(kr_socket socket, const void *data, size_t len)
{
        kit_ok(kr_tcp_send(socket, data, len));
}

KIT_PROCESS_TEST(test_lines_come_one_by_one)
{
        struct pair pair = pair_in(KR_PACKET_LINE, 0);

        say(pair.near, "one\ntwo\n\nthr");
        hear(pair.far, "one\n");
        hear(pair.far, "two\n");
        hear(pair.far, "\n");
        say(pair.near, "ee\nlast");
        kit_ok(kr_tcp_close(pair.near));
        hear(pair.far, "three\n");
        hear(pair.far, "last");
        hear_error(pair.far, KR_ECLOSED);
}

KIT_PROCESS_TEST(test_lengths_are_added_and_removed)
{
        static const kr_packet kinds[] = { KR_PACKET_1, KR_PACKET_2, KR_PACKET_4 };

        for (int i = 0; i < 3; i++) {
                struct pair pair = pair_with(&(kr_tcp_opts){ .packet = kinds[i] },
                                             &(kr_tcp_opts){ .packet = kinds[i] });

                say(pair.near, "first");
                say(pair.near, "");
                say(pair.near, "third");
                hear(pair.far, "first");
                hear(pair.far, "");
                hear(pair.far, "third");
        }
}

KIT_PROCESS_TEST(test_a_packet_may_come_byte_by_byte)
{
        struct pair pair = pair_in(KR_PACKET_4, 0);
        const char bytes[] = "\0\0\0\5hello\0\0\0\1!";
        char buf[16];
        size_t len;

        for (size_t i = 0; i < 9; i++) {
                say_bytes(pair.near, &bytes[i], 1);
                if (i < 8)
                        kit_err(kr_tcp_recv(pair.far, buf, sizeof(buf), 2, &len),
                                KR_ETIMEDOUT);
        }
        hear(pair.far, "hello");
        say_bytes(pair.near, bytes + 9, 5);
        hear(pair.far, "!");
}

KIT_PROCESS_TEST(test_a_packet_larger_than_the_buffer_stays)
{
        struct pair pair = pair_in(KR_PACKET_LINE, 0);
        char buf[4];
        size_t len;

        say(pair.near, "longer than four\nx\n");
        kit_err(kr_tcp_recv(pair.far, buf, sizeof(buf), 5000, &len), KR_ETOOBIG);
        hear(pair.far, "longer than four\n");
        hear(pair.far, "x\n");
}

KIT_PROCESS_TEST(test_a_packet_beyond_the_limit_ends_the_connection)
{
        struct pair lines = pair_in(KR_PACKET_LINE, 8), counted = pair_in(KR_PACKET_4, 8);

        say(lines.near, "1234567\n123456789012");
        hear(lines.far, "1234567\n");
        hear_error(lines.far, KR_EMSGSIZE);
        hear_error(lines.far, KR_ECLOSED);
        say_bytes(counted.near,
                  "\0\0\0\x08"
                  "12345678"
                  "\xff\xff\xff\xff",
                  16);
        hear(counted.far, "12345678");
        hear_error(counted.far, KR_EMSGSIZE);
        hear_error(counted.far, KR_ECLOSED);
}

KIT_PROCESS_TEST(test_what_is_too_long_for_its_length_is_not_sent)
{
        struct pair pair = pair_with(&(kr_tcp_opts){ .packet = KR_PACKET_1 }, NULL);
        char data[256] = "x";

        kit_err(kr_tcp_send(pair.near, data, 256), KR_EMSGSIZE);
        kit_ok(kr_tcp_send(pair.near, data, 1));
        hear(pair.far, "\1x");
}

/* A half packet at the end is none. */
KIT_PROCESS_TEST(test_a_packet_that_breaks_off_is_the_end)
{
        struct pair pair = pair_in(KR_PACKET_2, 0);

        say_bytes(pair.near, "\0\5hel", 5);
        kit_ok(kr_tcp_close(pair.near));
        hear_error(pair.far, KR_ECLOSED);
}

KIT_PROCESS_TEST(test_large_packets)
{
        struct pair pair =
                pair_with(&(kr_tcp_opts){ .packet = KR_PACKET_4 },
                          &(kr_tcp_opts){ .packet = KR_PACKET_4, .packet_max = 1 << 20 });
        char *out = kr_alloc(1 << 20), *in = kr_alloc(1 << 20);
        size_t len;

        for (size_t size = 1; size <= 1 << 20; size = size * 3 + 1) {
                size_t sent = size <= 40000 ? size : 40000; /* what the kernel takes */

                memset(out, (int)size, sent);
                kit_ok(kr_tcp_send(pair.near, out, sent));
                kit_ok(kr_tcp_recv(pair.far, in, 1 << 20, KIT_EXPECT_MS, &len));
                kit_uint_eq(len, sent);
                kit_mem_eq(in, out, len);
        }
}

/* What has been read in one manner and not taken is there for the next. */
KIT_PROCESS_TEST(test_the_manner_may_change_in_the_middle)
{
        struct pair pair = pair_in(KR_PACKET_LINE, 0);

        say_bytes(pair.near, "head\n\0\2abraw", 12);
        hear(pair.far, "head\n");
        kit_ok(kr_tcp_set_opts(pair.far, &(kr_tcp_opts){ .packet = KR_PACKET_2 }));
        hear(pair.far, "ab");
        kit_ok(kr_tcp_set_opts(pair.far, NULL));
        hear(pair.far, "raw");
}

KIT_MAIN(KIT_CASE(test_lines_come_one_by_one),
         KIT_CASE(test_lengths_are_added_and_removed),
         KIT_CASE(test_a_packet_may_come_byte_by_byte),
         KIT_CASE(test_a_packet_larger_than_the_buffer_stays),
         KIT_CASE(test_a_packet_beyond_the_limit_ends_the_connection),
         KIT_CASE(test_what_is_too_long_for_its_length_is_not_sent),
         KIT_CASE(test_a_packet_that_breaks_off_is_the_end), KIT_CASE(test_large_packets),
         KIT_CASE(test_the_manner_may_change_in_the_middle))
