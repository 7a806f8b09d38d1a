/* SPDX-License-Identifier: Apache-2.0 */
/* err_test.c: the table of errors, and the version. */
#include "kit.h"

static const struct {
        kr_err err;
        int value;
        const char *name;
        const char *text;
} errors[] = {
#define ERR_ROW(symbol, value, name, text) { symbol, value, name, text },
        KR_ERR_MAP(ERR_ROW)
#undef ERR_ROW
};

#define ERRORS (sizeof(errors) / sizeof(errors[0]))

KIT_TEST(test_every_error_has_its_name_and_text)
{
        for (size_t i = 0; i < ERRORS; i++) {
                kit_str_eq(kr_err_name(errors[i].err), errors[i].name);
                kit_str_eq(kr_strerror(errors[i].err), errors[i].text);
        }
}

KIT_TEST(test_names_are_distinct_and_values_dense)
{
        for (size_t i = 0; i < ERRORS; i++) {
                kit_int_eq(errors[i].value, (int)i);
                for (size_t k = 0; k < i; k++)
                        kit_int_ne(strcmp(errors[i].name, errors[k].name), 0);
        }
        kit_int_eq(KR_OK, 0);
}

KIT_TEST(test_any_value_gives_a_text)
{
        kit_str_eq(kr_err_name((kr_err)9999), "unknown");
        kit_int_gt(strlen(kr_strerror((kr_err)-1)), 0);
}

#define TEXT_OF(x) #x
#define DOTTED(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

KIT_TEST(test_version_is_the_one_of_header_and_build)
{
        kit_str_eq(kr_version(), KR_VERSION);
        kit_str_eq(kr_version(),
                   DOTTED(KR_VERSION_MAJOR, KR_VERSION_MINOR, KR_VERSION_PATCH));
        kit_str_eq(kr_version(), BUILD_VERSION);
}

KIT_MAIN(KIT_CASE(test_every_error_has_its_name_and_text),
         KIT_CASE(test_names_are_distinct_and_values_dense),
         KIT_CASE(test_any_value_gives_a_text),
         KIT_CASE(test_version_is_the_one_of_header_and_build))
