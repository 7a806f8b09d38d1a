/* SPDX-License-Identifier: Apache-2.0 */
/* fields_test.c: a struct's declared fields as a term, from a term, and between versions. */
#include <krarup/fields.h>
#include <krarup/pattern.h>
#include <krarup/process.h>

#include "expect.h"
#include "heap.h"
#include "process.h"

#include <math.h>

enum colour { RED, GREEN = 7 };

struct all {
        int64_t value;
        int8_t small;
        uint16_t port_number;
        uint64_t large;
        char name[8];
        bool on;
        float f;
        double d;
        enum colour colour;
        kr_atom atom;
        kr_pid pid;
        kr_ref ref;
        kr_port port;
        kr_term term;
        void *hidden; /* not declared */
};

KR_FIELDS(all_fields, struct all, value, small, port_number, large, name, on, f, d,
          colour, atom, pid, ref, port, term);

/* Wants this of the term, which is released. */
#define check_given(t, ...)                                                              \
        do {                                                                             \
                kr_term kit_t = t;                                                       \
                                                                                         \
                kit_match(kit_t, __VA_ARGS__);                                           \
                kr_release(kit_t);                                                       \
        } while (0)

/* Sets a map, and releases it. */
static kr_err set(struct all *s, kr_term map, const char **ret_field)
{
        const struct kr_field *field = NULL;
        kr_err err = kr_fields_set(all_fields, s, map, &field);

        if (ret_field)
                *ret_field = field ? field->name : "";
        kr_release(map);
        return err;
}

KIT_TEST(test_a_list_of_fields_says_name_place_and_type)
{
        kit_str_eq(all_fields[0].name, "value");
        kit_int_eq(all_fields[0].type, KR_FIELD_INT);
        kit_int_eq(all_fields[4].offset, offsetof(struct all, name));
        kit_int_eq(all_fields[4].size, 8);
        kit_int_eq(all_fields[4].type, KR_FIELD_TEXT);
        kit_null(all_fields[14].name);
}

KIT_TEST(test_a_zeroed_struct_has_a_term)
{
        struct all s = { 0 };

        check_given(
                kr_fields_get(all_fields, &s),
                "#{value => 0, small => 0, port_number => 0, large => 0, name => <<>>, "
                "on => false, f => 0.0, d => 0.0, colour => 0, atom => undefined, "
                "pid => undefined, ref => undefined, port => undefined, term => 0}");
        s.d = (double)INFINITY;
        s.f = NAN;
        check_given(kr_fields_get(all_fields, &s), "#{d => nan, f => nan}");
}

KIT_PROCESS_TEST(test_what_is_set_is_what_is_got)
{
        struct all s = { 0 };
        kr_pid self = kr_self();
        kr_ref ref = kr_make_ref();
        kr_term t;

        kit_ok(set(&s,
                   kr_build("#{value => -5, small => -128, port_number => 65535, "
                            "large => 18446744073709551615, name => <<\"seven77\">>, "
                            "on => true, f => 0.5, d => -1.5, colour => 7, atom => blue, "
                            "pid => ~, ref => ~, term => {a, [term]}}",
                            self, ref),
                   NULL));
        kit_int_eq(s.value, -5);
        kit_int_eq(s.small, -128);
        kit_int_eq(s.port_number, 65535);
        kit_true(s.large == UINT64_MAX && s.on && s.f == 0.5f && s.d == -1.5);
        kit_str_eq(s.name, "seven77");
        kit_int_eq(s.colour, GREEN);
        kit_true(kr_pid_eq(s.pid, self) && kr_ref_eq(s.ref, ref));
        t = kr_fields_get(all_fields, &s);
        kit_match(
                t,
                "#{value => -5, large => 18446744073709551615, name => <<\"seven77\">>, "
                "atom => blue, term => {a, [term]}, pid => =}",
                self);
        kit_ok(kr_fields_set(all_fields, &s, t, NULL));
        check_given(kr_fields_get(all_fields, &s), "=", t);
        kr_release(t);
        kit_ok(set(&s, kr_build("#{pid => undefined}"), NULL));
        kit_true(kr_pid_is_none(s.pid));
}

KIT_TEST(test_a_map_sets_the_fields_that_it_names)
{
        struct all s = { .value = 1, .small = 2, .hidden = &s };

        kit_ok(set(&s, kr_build("#{small => 3}"), NULL));
        kit_int_eq(s.value, 1);
        kit_int_eq(s.small, 3);
        kit_ptr_eq(s.hidden, &s);
        kit_ok(set(&s, kr_build("#{}"), NULL));
}

KIT_TEST(test_what_does_not_fit_changes_nothing_and_is_named)
{
        static const struct {
                const char *map, *field;
        } wrong[] = {
                { "#{value => 1, small => 128}", "small" },
                { "#{value => 1, port_number => -1}", "port_number" },
                { "#{value => 1, port_number => 65536}", "port_number" },
                { "#{large => 18446744073709551616, value => 1}", "large" },
                { "#{value => 1.0}", "value" },
                { "#{value => 1, name => <<\"8 is two\">>}", "name" },
                { "#{value => 1, name => <<0>>}", "name" },
                { "#{value => 1, name => \"list\"}", "name" },
                { "#{value => 1, on => 1}", "on" },
                { "#{value => 1, d => 1}", "d" },
                { "#{value => 1, f => 1.0e300}", "f" },
                { "#{value => 1, atom => <<\"a\">>}", "atom" },
                { "#{value => 1, pid => a}", "pid" },
                { "#{value => 1, other => 1}", "" },
                { "#{value => 1, hidden => 1}", "" },
                { "#{value => 1, <<\"value\">> => 1}", "" },
                { "{value, 1}", "" },
        };

        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                struct all s = { .value = 42 };
                const char *field;
                kr_term map;

                kit_ok(kr_parse(wrong[i].map, strlen(wrong[i].map), NULL, &map, NULL));
                kit_err(set(&s, map, &field), KR_EBADARG);
                kit_str_eq(field, wrong[i].field);
                kit_int_eq(s.value, 42);
        }
}

/* -- versions -- */

struct old {
        int32_t value;
        char name[16];
        bool gone;
        uint32_t flags;
        kr_term list;
};

struct new
{
        kr_term list;
        char name[8];
        uint64_t flags;
        int64_t value;
        int64_t added;
};

KR_FIELDS(old_fields, struct old, value, name, gone, flags, list);
KR_FIELDS(new_fields, struct new, list, name, flags, value, added);

KIT_PROCESS_TEST(test_a_state_moves_to_a_new_layout_by_name)
{
        struct old old = { .value = -3, .name = "agner", .gone = true, .flags = 9 };
        struct new new = { .added = 77 };

        old.list = kr_build("[1, 2]");
        kit_ok(kr_fields_convert(old_fields, &old, new_fields, &new, NULL));
        kit_int_eq(new.value, -3);
        kit_int_eq(new.added, 77);
        kit_int_eq(new.flags, 9);
        kit_str_eq(new.name, "agner");
        kit_match(new.list, "[1, 2]");
        kr_release(new.list);
}

KIT_TEST(test_a_conversion_that_loses_something_is_refused_whole)
{
        struct new new = { .value = (int64_t)1 << 40, .list = kr_int(5) };
        struct old old = { .value = 11, .name = "x" };
        struct old long_name = { .name = "more than 7" };
        const struct kr_field *field;

        kit_err(kr_fields_convert(new_fields, &new, old_fields, &old, &field),
                KR_EBADARG);
        kit_str_eq(field->name, "value");
        kit_int_eq(old.value, 11);
        kit_err(kr_fields_convert(old_fields, &long_name, new_fields, &new, &field),
                KR_EBADARG);
        kit_str_eq(field->name, "name");
        kit_match(new.list, "5");
}

struct signs {
        int8_t a;
        uint8_t b;
        float c;
};
struct other_signs {
        uint32_t a;
        int16_t b;
        double c;
};
KR_FIELDS(signs_fields, struct signs, a, b, c);
KR_FIELDS(other_fields, struct other_signs, a, b, c);

KIT_TEST(test_integers_and_floats_change_their_size_where_the_value_fits)
{
        struct signs s = { 100, 200, 0.25f }, negative = { -1, 0, 0 };
        struct other_signs o = { 0 }, too_large = { .b = 256 };

        kit_ok(kr_fields_convert(signs_fields, &s, other_fields, &o, NULL));
        kit_true(o.a == 100 && o.b == 200 && o.c == 0.25);
        kit_ok(kr_fields_convert(other_fields, &o, signs_fields, &s, NULL));
        kit_true(s.a == 100 && s.b == 200 && s.c == 0.25f);
        kit_err(kr_fields_convert(signs_fields, &negative, other_fields, &o, NULL),
                KR_EBADARG);
        kit_err(kr_fields_convert(other_fields, &too_large, signs_fields, &s, NULL),
                KR_EBADARG);
}

/* -- no memory -- */

static void set_without_memory(void)
{
        kr_term map =
                kr_build("#{value => 2, term => {some, \"words that need memory\"}}");

        KIT_EACH_ALLOC_FAILS (n) {
                struct all s = { .value = 1, .term = kr_nil() };
                kr_err err = kr_fields_set(all_fields, &s, map, NULL);

                if (err == KR_ENOMEM) {
                        kit_int_eq(s.value, 1);
                        kit_true(kr_is_nil(s.term));
                } else {
                        kit_ok(err);
                        kit_int_eq(s.value, 2);
                        kr_release(s.term);
                }
        }
        kr_release(map);
}

KIT_TEST(test_without_memory_nothing_is_set)
{
        set_without_memory();
}

KIT_TEST(test_without_memory_there_is_no_term)
{
        struct all s = { .name = "x", .value = INT64_MAX };

        kr_release(kr_fields_get(all_fields, &s)); /* the names are atoms from now on */
        KIT_EACH_ALLOC_FAILS (n) {
                kr_term t = kr_fields_get(all_fields, &s);

                kit_true(kr_is_map(t) || (kr_is_none(t) && kit_heap_has_refused()));
                kr_release(t);
        }
}

KIT_MAIN(KIT_CASE(test_a_list_of_fields_says_name_place_and_type),
         KIT_CASE(test_a_zeroed_struct_has_a_term),
         KIT_CASE(test_what_is_set_is_what_is_got),
         KIT_CASE(test_a_map_sets_the_fields_that_it_names),
         KIT_CASE(test_what_does_not_fit_changes_nothing_and_is_named),
         KIT_CASE(test_a_state_moves_to_a_new_layout_by_name),
         KIT_CASE(test_a_conversion_that_loses_something_is_refused_whole),
         KIT_CASE(test_integers_and_floats_change_their_size_where_the_value_fits),
         KIT_CASE(test_without_memory_nothing_is_set),
         KIT_CASE(test_without_memory_there_is_no_term))
