/* SPDX-License-Identifier: Apache-2.0 */
#include "kit.h"

#include "heap.h"

#include <krarup/term.h>

#include "term/atom.h"

#include <pthread.h>
#include <stdio.h>

KIT_TEST(test_one_text_is_one_atom)
{
        kr_atom a, b, c;

        kit_ok(kr_atom_from("tick", 4, &a));
        kit_ok(kr_atom_from("tickets", 4, &b));
        kit_ok(kr_atom_from("tock", 4, &c));
        kit_true(kr_atom_eq(a, b));
        kit_false(kr_atom_eq(a, c));
        kit_str_eq(kr_atom_text(a, NULL), "tick");
}

KIT_TEST(test_known_atoms_have_their_places)
{
        kr_atom atom;
        size_t len;

        kit_ok(kr_atom_from("normal", 6, &atom));
        kit_int_eq(atom.index, KRI_A_normal);
        kit_ok(kr_atom_from("", 0, &atom));
        kit_int_eq(atom.index, KRI_A_empty);
        kit_str_eq(kri_atom_text(KRI_A_nonode_at_nohost, &len), "nonode@nohost");
        kit_int_eq(len, 13);
}

KIT_TEST(test_known_texts_can_be_read_before_any_atom_was_made)
{
        size_t len;

        kit_str_eq(kri_atom_text(KRI_A_killed, &len), "killed");
        kit_int_eq(len, 6);
}

KIT_TEST(test_literal_is_looked_up_once)
{
        kr_atom first = { 0 }, second;

        for (int i = 0; i < 2; i++) {
                second = first;
                first = KR_ATOM("a literal");
        }
        kit_true(kr_atom_eq(first, second));
        kit_str_eq(kr_atom_text(first, NULL), "a literal");
}

KIT_TEST(test_existing_makes_none)
{
        kr_atom atom = { 77 };
        uint32_t count = kri_atom_count();

        kit_false(kr_atom_existing("never made", 10, &atom));
        kit_int_eq(atom.index, 77);
        kit_int_eq(kri_atom_count(), count);
        kit_true(kr_atom_existing("ok", 2, &atom));
}

KIT_TEST(test_255_characters_of_any_width_fit)
{
        char text[256 * 4];
        kr_atom atom;

        for (int i = 0; i < 256; i++)
                memcpy(text + 4 * i, "\xf0\x9f\x98\x80", 4);
        kit_ok(kr_atom_from(text, 255 * 4, &atom));
        kit_err(kr_atom_from(text, 256 * 4, &atom), KR_EBADARG);
}

KIT_TEST(test_what_is_not_utf8_is_no_atom)
{
        static const char *const bad[] = { "\x80",         "\xc3",
                                           "\xc0\xaf",     "\xe0\x80\xaf",
                                           "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                           "\xff" };
        kr_atom atom;

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                kit_err(kr_atom_from(bad[i], strlen(bad[i]), &atom), KR_EBADARG);
}

KIT_TEST(test_full_table_refuses_new_atoms_and_knows_old_ones)
{
        kr_atom atom;

        kit_ok(kr_atom_from("old", 3, &atom));
        kri_atom_set_limit(kri_atom_count());
        kit_err(kr_atom_from("new", 3, &atom), KR_ESYSTEMLIMIT);
        kit_ok(kr_atom_from("old", 3, &atom));
        kri_atom_set_limit(kri_atom_count() + 1);
        kit_ok(kr_atom_from("new", 3, &atom));
}

KIT_TEST(test_no_memory_leaves_the_table_usable)
{
        kr_atom atom, again;
        char text[32];
        int i = 0;
        kr_err err;

        for (uint64_t n = 1; n < 60; n++) {
                snprintf(text, sizeof(text), "atom %d", i++);
                kit_heap_refuse(n);
                err = kr_atom_from(text, strlen(text), &atom);
                kit_heap_refuse(0);
                if (err != KR_OK)
                        kit_err(err, KR_ENOMEM);
                kit_ok(kr_atom_from(text, strlen(text), &atom));
                kit_ok(kr_atom_from(text, strlen(text), &again));
                kit_true(kr_atom_eq(atom, again));
        }
}

#define THREADS 4
#define ATOMS 3000

static void *make_atoms(void *arg)
{
        kr_atom *atoms = arg;
        char text[32];

        for (int i = 0; i < ATOMS; i++) {
                snprintf(text, sizeof(text), "shared %d", i);
                kit_ok(kr_atom_from(text, strlen(text), &atoms[i]));
                kit_str_eq(kr_atom_text(atoms[i], NULL), text);
        }
        return NULL;
}

KIT_TEST(test_threads_agree_on_atoms_made_at_once)
{
        static kr_atom atoms[THREADS][ATOMS];
        pthread_t threads[THREADS];

        for (int i = 0; i < THREADS; i++)
                pthread_create(&threads[i], NULL, make_atoms, atoms[i]);
        for (int i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
        for (int i = 1; i < THREADS; i++)
                kit_mem_eq(atoms[0], atoms[i], sizeof(atoms[0]));
}

KIT_MAIN(KIT_CASE(test_one_text_is_one_atom),
         KIT_CASE(test_known_atoms_have_their_places),
         KIT_CASE(test_known_texts_can_be_read_before_any_atom_was_made),
         KIT_CASE(test_literal_is_looked_up_once), KIT_CASE(test_existing_makes_none),
         KIT_CASE(test_255_characters_of_any_width_fit),
         KIT_CASE(test_what_is_not_utf8_is_no_atom),
         KIT_CASE(test_full_table_refuses_new_atoms_and_knows_old_ones),
         KIT_CASE(test_no_memory_leaves_the_table_usable),
         KIT_CASE(test_threads_agree_on_atoms_made_at_once))
