/* SPDX-License-Identifier: Apache-2.0 */
#include "kit.h"

#include <krarup/etf.h>
#include <krarup/text.h>

#include "term/atom.h"
#include "term/ident.h"

static uint32_t atom(const char *text)
{
        uint32_t index = 0;

        kit_ok(kri_atom_make(text, strlen(text), &index));
        return index;
}

KIT_TEST(test_slots_run_out_and_come_back)
{
        uint32_t slot;

        for (uint32_t i = 1; i < KRI_NEAR_SLOTS; i++) {
                kit_ok(kri_near_claim(&slot));
                kit_int_eq(slot, i);
        }
        kit_err(kri_near_claim(&slot), KR_ESYSTEMLIMIT);
        kri_near_release(7);
        kit_false(kri_near_in_use(7));
        kit_ok(kri_near_claim(&slot));
        kit_int_eq(slot, 7);
}

KIT_TEST(test_peer_has_one_number)
{
        uint32_t a, b, c, name, creation;

        kit_ok(kri_node_find(atom("n@h"), 5, &a));
        kit_ok(kri_node_find(atom("n@h"), 5, &b));
        kit_ok(kri_node_find(atom("n@h"), 6, &c));
        kit_int_eq(a, b);
        kit_int_ne(a, c);
        kit_int_ge(a, KRI_NEAR_SLOTS);
        kit_true(kri_node_name(c, &name, &creation));
        kit_int_eq(name, atom("n@h"));
        kit_int_eq(creation, 6);
        kit_false(kri_node_name(c + 1, &name, &creation));
}

KIT_TEST(test_name_of_a_slot_is_no_peer)
{
        uint32_t slot, node;

        kit_ok(kri_near_claim(&slot));
        kri_near_set(slot, atom("me@here"), 9);
        kit_ok(kri_node_find(atom("me@here"), 9, &node));
        kit_int_eq(node, slot);
        kit_ok(kri_node_find(atom("me@here"), 8, &node));
        kit_int_ge(node, KRI_NEAR_SLOTS);
}

KIT_TEST(test_near_pid_comes_home_through_the_external_format)
{
        kr_term pid, back;
        kr_buf buf = KR_BUF_INIT;
        uint32_t slot;
        char text[32];

        kit_ok(kri_near_claim(&slot));
        kri_near_set(slot, atom("me@here"), 9);
        pid.w = kri_near_pid(slot, 123, 45);
        kit_int_eq(kr_format(text, sizeof(text), pid), 10);
        kit_str_eq(text, "<0.123.45>");
        kit_ok(kr_encode(pid, &buf));
        kit_ok(kr_decode(buf.data, buf.len, NULL, &back, NULL));
        kit_true(pid.w == back.w);
        kr_buf_free(&buf);
}

/* A pid with our name that we cannot have made would be taken for another process's. */
KIT_TEST(test_near_pid_out_of_range_is_refused)
{
        static const char bytes[] = "\x83X\x77\x07me@here\x10\0\0\1\0\0\0\0\0\0\0\x09";
        uint32_t slot;
        kr_term t;

        kit_ok(kri_near_claim(&slot));
        kri_near_set(slot, atom("me@here"), 9);
        kit_err(kr_decode(bytes, sizeof(bytes) - 1, NULL, &t, NULL), KR_EMALFORMED);
}

KIT_MAIN(KIT_CASE(test_slots_run_out_and_come_back), KIT_CASE(test_peer_has_one_number),
         KIT_CASE(test_name_of_a_slot_is_no_peer),
         KIT_CASE(test_near_pid_comes_home_through_the_external_format),
         KIT_CASE(test_near_pid_out_of_range_is_refused))
