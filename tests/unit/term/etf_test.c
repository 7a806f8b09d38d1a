/* SPDX-License-Identifier: Apache-2.0 */
/* etf_test.c: the external format's bytes. What OTP makes of them is compared by
 * tests/erlang/terms_test.escript. */
#include "kit.h"

#include "heap.h"

#include <krarup/etf.h>
#include <krarup/text.h>

#include "term/etf.h"
#include "term/kept.h"

#include <stdlib.h>

static kr_term term(const char *text)
{
        kr_text_error error;
        kr_term t;

        if (kr_parse(text, strlen(text), NULL, &t, &error) != KR_OK)
                kit_fail("%s: %s", text, error.message);
        return t;
}

static void check_bytes(const char *text, const char *bytes, size_t len)
{
        kr_term t = term(text), back;
        kr_buf buf = KR_BUF_INIT;
        size_t used;

        kit_ok(kr_encode(t, &buf));
        kit_int_eq(buf.len, len);
        kit_mem_eq(buf.data, bytes, len);
        kit_ok(kr_decode(bytes, len, NULL, &back, &used));
        kit_int_eq(used, len);
        kit_true(kr_same(t, back));
        /* of a term cut short nothing is taken */
        for (size_t cut = 0; cut < len; cut++)
                kit_err(kr_decode(bytes, cut, NULL, &back, &used), KR_EMALFORMED);
        kr_release(back);
        kr_release(t);
        kr_buf_free(&buf);
}

#define BYTES(text, bytes) check_bytes(text, bytes, sizeof(bytes) - 1)

KIT_TEST(test_bytes_are_those_of_otp)
{
        BYTES("hello", "\x83\x77\x05hello");
        BYTES("''", "\x83\x77\0");
        BYTES("255", "\x83\x61\xff");
        BYTES("-1", "\x83\x62\xff\xff\xff\xff");
        BYTES("2147483648", "\x83\x6e\x04\0\0\0\0\x80");
        BYTES("16#400000000000000000", "\x83\x6e\x09\0\0\0\0\0\0\0\0\0\x40");
        BYTES("#{a=>1.5}", "\x83\x74\0\0\0\1\x77\1a\x46\x3f\xf8\0\0\0\0\0\0");
        BYTES("<<1:3>>", "\x83\x4d\0\0\0\1\3\x20");
        BYTES("\"str\"", "\x83\x6b\0\3str");
        BYTES("fun lists:map/2", "\x83\x71\x77\5lists\x77\3map\x61\2");
        BYTES("[a|b]", "\x83\x6c\0\0\0\1\x77\1a\x77\1b");
        BYTES("{[],{}}", "\x83\x68\2\x6a\x68\0");
}

static void check_refused(const char *bytes, size_t len, kr_err want)
{
        kr_term t = { 99 };
        size_t used = 77;

        kit_err(kr_decode(bytes, len, NULL, &t, &used), want);
        kit_int_eq(t.w, 99);
        kit_int_eq(used, 77);
}

#define REFUSED(bytes) check_refused(bytes, sizeof(bytes) - 1, KR_EMALFORMED)

KIT_TEST(test_what_is_no_term_is_refused)
{
        REFUSED("\x82\x61\1");                     /* version */
        REFUSED("\x83\x50\0\0\0\1\x78\x9c");       /* compressed */
        REFUSED("\x83\x75\0\0\0\0");               /* a fun of old */
        REFUSED("\x83\x79\0\0\0\0\0\0\0\0\x61\1"); /* local to a runtime */
        REFUSED("\x83\x52\0");                     /* no atom cache here */
        REFUSED("\x83\1\0\0\0\1\0\0\0\0\0\0\0\0"); /* our own tag, from outside */
        REFUSED("\x83\x46\x7f\xf0\0\0\0\0\0\0");   /* infinite */
        REFUSED("\x83\x46\x7f\xf8\0\0\0\0\0\1");   /* not a number */
        REFUSED("\x83\x77\2\xc3\x28");             /* not UTF-8 */
        REFUSED("\x83\x74\0\0\0\2\x61\1\x61\1\x61\1\x61\2"); /* one key twice */
        REFUSED("\x83\x4d\0\0\0\1\x09\1");                   /* nine bits in a byte */
        REFUSED("\x83\x4d\0\0\0\1\0\1");
        REFUSED("\x83\x6e\1\2\1");              /* a sign of 2 */
        REFUSED("\x83\x5a\0\6\x77\1n\0\0\0\1"); /* six words of reference */
        REFUSED("\x83\x5a\0\0\x77\1n\0\0\0\1");
}

/* A count is believed only if that many bytes are there. */
KIT_TEST(test_large_counts_take_no_memory)
{
        int64_t asked;

        asked = (int64_t)kit_heap_asked();
        REFUSED("\x83\x69\xff\xff\xff\xff\x6a");
        REFUSED("\x83\x6c\xff\xff\xff\xff\x6a\x6a");
        REFUSED("\x83\x74\xff\xff\xff\xff\x6a\x6a");
        REFUSED("\x83\x6d\xff\xff\xff\xff\x6a");
        REFUSED("\x83\x6f\xff\xff\xff\xff\0\1");
        REFUSED("\x83\x70\xff\xff\xff\xff\0\1");
        kit_int_eq(kit_heap_asked(), asked);
}

/* `depth` times `head`, then `end`; gives memory. */
static char *nested(size_t depth, const char *head, size_t head_len, size_t *ret_len)
{
        char *bytes = malloc(2 + depth * head_len);

        bytes[0] = (char)131;
        for (size_t i = 0; i < depth; i++)
                memcpy(bytes + 1 + i * head_len, head, head_len);
        bytes[1 + depth * head_len] = 0x6a;
        *ret_len = 2 + depth * head_len;
        return bytes;
}

KIT_TEST(test_depth_is_bounded)
{
        kr_decode_opts opts = { .depth_max = 50 };
        size_t len;
        char *bytes;
        kr_term t;

        bytes = nested(50, "\x68\1", 2, &len);
        kit_ok(kr_decode(bytes, len, &opts, &t, NULL));
        kr_release(t);
        free(bytes);
        bytes = nested(51, "\x68\1", 2, &len);
        kit_err(kr_decode(bytes, len, &opts, &t, NULL), KR_ETOODEEP);
        free(bytes);
        bytes = nested(1000000, "\x68\1", 2, &len);
        kit_err(kr_decode(bytes, len, NULL, &t, NULL), KR_ETOODEEP);
        free(bytes);
}

/* [1|[1|[1|...: one long list, however it was written. */
KIT_TEST(test_tails_do_not_count_as_depth)
{
        size_t len, elements;
        char *bytes = nested(100000, "\x6c\0\0\0\1\x61\1", 7, &len);
        kr_term t;

        kit_ok(kr_decode(bytes, len, NULL, &t, NULL));
        kit_true(kr_length(t, &elements));
        kit_int_eq(elements, 100000);
        kr_release(t);
        free(bytes);
}

KIT_TEST(test_memory_is_bounded)
{
        kr_decode_opts opts = { .memory_max = 16000 };
        static char bytes[4 + 65535] = "\x83\x6b";
        kr_term t;

        bytes[2] = 3; /* 1000 bytes would be 16000 bytes of list */
        bytes[3] = (char)0xe8;
        kit_ok(kr_decode(bytes, 4 + 1000, &opts, &t, NULL));
        kr_release(t);
        bytes[3] = (char)0xe9;
        kit_err(kr_decode(bytes, 4 + 1001, &opts, &t, NULL), KR_ETOOBIG);
}

KIT_TEST(test_new_atoms_are_bounded)
{
        static const char bytes[] = "\x83\x68\3\x77\4new1\x77\4new2\x77\4new1";
        kr_decode_opts one = { .atoms_max = 1 }, none = { .existing_atoms = true };
        kr_term t;

        kit_err(kr_decode(bytes, sizeof(bytes) - 1, &none, &t, NULL), KR_EATOMS);
        kit_err(kr_decode(bytes, sizeof(bytes) - 1, &one, &t, NULL), KR_EATOMS);
        kit_ok(kr_decode(bytes, sizeof(bytes) - 1, &one, &t,
                         NULL)); /* new2 alone is new */
        kr_release(t);
        kit_ok(kr_decode(bytes, sizeof(bytes) - 1, &none, &t, NULL));
        kr_release(t);
}

KIT_TEST(test_bytes_behind_the_term)
{
        size_t used;
        kr_term t;

        kit_err(kr_decode("\x83\x61\1\x61", 4, NULL, &t, NULL), KR_EMALFORMED);
        kit_ok(kr_decode("\x83\x61\1\x61", 4, NULL, &t, &used));
        kit_int_eq(used, 3);
}

KIT_TEST(test_atom_cache_of_a_connection)
{
        static const char bytes[] = "\x68\2\x52\1\x52\0";
        kr_atom names[2] = { KR_ATOM("first"), KR_ATOM("second") };
        uint32_t refs[2] = { names[0].index, names[1].index };
        struct kri_etf_source source;
        char text[40];
        size_t used;
        kr_term t;

        kri_etf_source_init(&source, bytes, sizeof(bytes) - 1, NULL);
        source.atom_refs = refs;
        source.atom_ref_count = 2;
        kit_ok(kri_etf_keep(&source, &t, &used));
        kr_format(text, sizeof(text), t);
        kit_str_eq(text, "{second,first}");
        kr_release(t);
        source.atom_ref_count = 1;
        kit_err(kri_etf_keep(&source, &t, &used), KR_EMALFORMED);
}

KIT_TEST(test_no_memory_keeps_nothing)
{
        kr_term t = term("{[#{a=>1,[[[[[[[[{b}]]]]]]]]=>\"c\"}],<<0:6000>>,[1,2|3]}");
        kr_buf buf = KR_BUF_INIT;

        kit_ok(kr_encode(t, &buf));
        KIT_EACH_ALLOC_FAILS (n) {
                kr_buf again = KR_BUF_INIT;
                kr_term back = kr_nil();
                kr_err err = kr_decode(buf.data, buf.len, NULL, &back, NULL);

                if (err == KR_OK)
                        err = kr_encode(back, &again);
                kit_err(err, kit_heap_has_refused() ? KR_ENOMEM : KR_OK);
                kr_release(back);
                kr_buf_free(&again);
        }
        kr_buf_free(&buf);
        kr_release(t);
}

KIT_MAIN(KIT_CASE(test_bytes_are_those_of_otp), KIT_CASE(test_what_is_no_term_is_refused),
         KIT_CASE(test_large_counts_take_no_memory), KIT_CASE(test_depth_is_bounded),
         KIT_CASE(test_tails_do_not_count_as_depth), KIT_CASE(test_memory_is_bounded),
         KIT_CASE(test_new_atoms_are_bounded), KIT_CASE(test_bytes_behind_the_term),
         KIT_CASE(test_atom_cache_of_a_connection),
         KIT_CASE(test_no_memory_keeps_nothing))
