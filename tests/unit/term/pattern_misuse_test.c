/* SPDX-License-Identifier: Apache-2.0 */
/* pattern_misuse_test.c: patterns that are wrong, no memory, and threads that meet at one. */
#include "pattern_kit.h"

#include <float.h>
#include <math.h>
#include <pthread.h>

/* -- misuse -- */

static const char *report_of(const char *pattern, bool matches, uint8_t count,
                             uint8_t type)
{
        struct kri_site site = { .pattern = pattern,
                                 .file = "loop.c",
                                 .line = 31,
                                 .matches = matches,
                                 .count = count };

        memset(site.types, type, count);
        listen();
        kit_null(kri_site_code(&site));
        return told;
}

#define MATCH_SAYS(pattern, reason)                                                      \
        kit_str_eq(report_of(pattern, true, 0, 0),                                       \
                   "loop.c:31: pattern \"" pattern "\": " reason)
#define BUILD_SAYS(pattern, reason)                                                      \
        kit_str_eq(report_of(pattern, false, 0, 0),                                      \
                   "loop.c:31: pattern \"" pattern "\": " reason)

KIT_TEST(test_a_wrong_pattern_is_reported_with_its_place)
{
        MATCH_SAYS("{tick, ~", "column 9: expected , or }");
        MATCH_SAYS("{tick ~}", "column 7: expected , or }");
        MATCH_SAYS("[1, 2", "column 6: expected , | or ]");
        MATCH_SAYS("[1 | 2, 3]", "column 7: expected ]");
        MATCH_SAYS("", "column 1: expected a term");
        MATCH_SAYS("{a,}", "column 4: expected a term");
        MATCH_SAYS("a b", "column 3: expected the end of the pattern");
        MATCH_SAYS("a.", "column 2: expected the end of the pattern");
        MATCH_SAYS(
                "{Tick, N}",
                "column 2: Tick is a variable: write ~ for an argument, _ for anything");
        MATCH_SAYS("{after, 1}", "column 2: after is a reserved word: write 'after'");
        MATCH_SAYS("#{a 1}", "column 5: expected =>");
        MATCH_SAYS("#[a]", "column 2: expected {");
        MATCH_SAYS("#{~ => 1}",
                   "column 3: the key of a map must be known: write it, or =");
        MATCH_SAYS("#{{=} => 1}", "column 3: = is the whole key of a map, or not in it");
        MATCH_SAYS("<<1", "column 4: expected , or >>");
        MATCH_SAYS("<<a>>", "column 3: expected a string or a number in a binary");
        MATCH_SAYS("<<1:65>>", "column 5: expected a size of 0 to 64 bits");
        MATCH_SAYS("-a", "column 2: expected a number");
        MATCH_SAYS("{\n a,\n b", "line 3, column 3: expected , or }");
        BUILD_SAYS("{a, _}", "column 5: _ is for matching only");
        BUILD_SAYS("{a, =}", "column 5: = is for matching only");
        BUILD_SAYS("#{a := 1}", "column 5: expected =>");
        BUILD_SAYS("#{b => 1, a => 2, b => 3}", "column 19: this key is there twice");
        BUILD_SAYS("#{1 => 1, 1.0 => 2, 1 => 3}", "column 21: this key is there twice");
}

KIT_TEST(test_limits_of_a_pattern_are_reported)
{
        char deep[300] = { 0 };
        char *long_text = malloc(KRI_ATOM_LEN_MAX * 200);

        memset(deep, '{', 65);
        kit_not_null(strstr(report_of(deep, true, 0, 0),
                            "column 65: nested more than 64 deep"));
        memset(deep, '{', 64);
        memset(deep + 64, '}', 64);
        kit_not_null(strstr(report_of(deep, true, 1, KRI_ARG_INT),
                            "0 arguments wanted, 1 given"));
        memset(long_text, 'a', 20000);
        long_text[20000] = 0;
        kit_not_null(strstr(report_of(long_text, true, 0, 0), "longer than 16384 bytes"));
        kit_not_null(strstr(told, "aaa...\": "));
        long_text[256] = 0;
        kit_not_null(strstr(report_of(long_text, true, 0, 0), "column 1: "));
        free(long_text);
}

KIT_TEST(test_arguments_that_do_not_go_with_the_pattern_are_reported)
{
        int n = 7;
        kr_term t = kr_build("{tick, 1}");

        listen();
        kit_false(kr_match(t, "{tick, ~}"));
        kit_not_null(strstr(told, "pattern_misuse_test.c:"));
        kit_not_null(strstr(told, ": pattern \"{tick, ~}\": 1 argument wanted, 0 given"));
        kit_false(kr_match(t, "{tick, _}", &n));
        kit_not_null(strstr(told, ": 0 arguments wanted, 1 given"));
        kit_false(kr_match(t, "{tick, ~}", n));
        kit_not_null(strstr(told, ": argument 1 (~): a pointer for the result is wanted, "
                                  "a value given"));
        kit_false(kr_match(t, "{_, =}", &n));
        kit_not_null(
                strstr(told, ": argument 1 (=): a value is wanted, a pointer given"));
        kit_true(kr_is_none(kr_build("{~}", &n)));
        kit_not_null(
                strstr(told, ": argument 1 (~): a value is wanted, a pointer given"));
        kit_true(kr_is_none(kr_build("{~, ~}", 1)));
        kit_not_null(strstr(told, ": 2 arguments wanted, 1 given"));
        kit_true(kr_is_none(kr_build("{~,~,~,~,~,~,~,~,~,~,~,~,~,~,~,~,~,~}", 1)));
        kit_not_null(strstr(told, ": 18 arguments wanted, 1 given"));
        kit_int_eq(n, 7);
        for (int i = 0; i < 2; i++) { /* at each use */
                told[0] = 0;
                kit_true(kr_is_none(kr_build("{")));
                kit_not_null(strstr(told, "column 2"));
        }
        kr_release(t);
}

KIT_TEST(test_values_that_are_no_terms_are_reported)
{
        const char *no_text = NULL;
        int64_t *nowhere = NULL;
        kr_term t = kr_build("{1, [2]}");

        listen();
#define SAYS(reason, ...)                                                                \
        do {                                                                             \
                told[0] = 0;                                                             \
                kit_true(kr_is_none(kr_build(__VA_ARGS__)));                             \
                kit_not_null(strstr(told, ": argument " reason));                        \
        } while (0)
        SAYS("1 is no finite number", "~", (double)NAN);
        SAYS("2 is no finite number", "{~, ~}", 1, (double)INFINITY);
        SAYS("1 is no finite number", "~", -INFINITY);
        SAYS("1 is NULL", "[~]", no_text);
        SAYS("1 is no pid", "[~]", kr_pid_none());
        SAYS("1 is no port", "[~]", ((kr_port){ 0, 0, 0 }));
        SAYS("1 is no reference", "[~]", kr_ref_none());
        SAYS("1 is no atom", "[~]", (kr_atom){ 0 });
        SAYS("2 is no term", "[~, ~]", 1, kr_none());
        SAYS("1 has a length, and NULL data", "[~]", ((kr_bytes){ NULL, 1 }));
        SAYS("1 is too long", "[~]", ((kr_bytes){ "", SIZE_MAX }));
#undef SAYS
        kit_false(kr_match(t, "{~, _}", nowhere));
        kit_not_null(strstr(told, ": argument 1 is NULL"));
        told[0] = 0;
        kit_false(kr_match(t, "{_, [~]}", nowhere));
        kit_not_null(strstr(told, ": argument 1 is NULL"));
        kr_release(t);
}

/* -- no memory -- */

/* All that a build takes but atoms; the code of the site goes, for this test alone. */
KIT_TEST(test_a_build_without_memory_gives_no_term_and_keeps_nothing)
{
        static char data[1000];
        struct kri_site *site = KRI_SITE("{a, ~, #{~ => b}, ~, ~}", data, 1, 2.5, data);
        const union kri_arg *args = KRI_ARGS("", (const char *)data, 1, 2.5, data);

        memset(data, 'x', sizeof(data) - 1);
        kr_release(kr_build("[a, b]"));
        listen();
        KIT_EACH_ALLOC_FAILS (n) {
                kr_term t = kri_build(site, args);

                kit_int_eq(kr_is_none(t), kit_heap_has_refused());
                kr_release(t);
                kri_shared_free(site->code);
                site->code = NULL;
        }
        kit_not_null(strstr(told, "no memory to compile it"));
}

KIT_TEST(test_a_match_without_memory_is_false)
{
        kr_term t = kr_build("{a, {b, 1}}");
        int64_t x = 0;
        struct kri_site *site = KRI_MATCH_SITE("{a, {b, ~}}", &x);

        listen();
        KIT_EACH_ALLOC_FAILS (n) {
                bool fits = kri_match(t, site, KRI_ARGS("", &x));

                kit_int_eq(fits, !kit_heap_has_refused());
                kri_shared_free(site->code);
                site->code = NULL;
        }
        kit_int_eq(x, 1);
        kr_release(t);
}

/* -- threads -- */

enum { THREADS = 4, ROUNDS = 300 };

static struct kri_site shared_sites[ROUNDS];
static pthread_barrier_t barrier;

static void *hit_sites(void *arg)
{
        kr_term t = *(kr_term *)arg;

        for (int i = 0; i < ROUNDS; i++) {
                int64_t n = 0;

                pthread_barrier_wait(&barrier);
                if (!kri_match(t, &shared_sites[i], KRI_ARGS("", &n)) || n != 5)
                        return "did not match";
        }
        return NULL;
}

/* Several threads are the first at a site: all match, and one code stays. */
KIT_TEST(test_threads_may_meet_at_the_first_use_of_a_site)
{
        kr_term t = kr_build("{tick, [5 | x], \"str\"}");
        pthread_t threads[THREADS];
        int64_t before;

        for (int i = 0; i < ROUNDS; i++)
                shared_sites[i] =
                        (struct kri_site){ .pattern = "{tick, [~ | x], \"str\"}",
                                           .file = "x.c",
                                           .matches = 1,
                                           .count = 1,
                                           .types = { KRI_ARG_OUT_I64 } };
        before = kit_heap_blocks();
        kit_int_eq(pthread_barrier_init(&barrier, NULL, THREADS), 0);
        for (int i = 0; i < THREADS; i++)
                kit_int_eq(pthread_create(&threads[i], NULL, hit_sites, &t), 0);
        for (int i = 0; i < THREADS; i++) {
                void *complaint;

                kit_int_eq(pthread_join(threads[i], &complaint), 0);
                kit_null(complaint);
        }
        kit_int_eq(kit_heap_blocks(), before + ROUNDS);
        kr_release(t);
}

KIT_MAIN(KIT_CASE(test_a_wrong_pattern_is_reported_with_its_place),
         KIT_CASE(test_limits_of_a_pattern_are_reported),
         KIT_CASE(test_arguments_that_do_not_go_with_the_pattern_are_reported),
         KIT_CASE(test_values_that_are_no_terms_are_reported),
         KIT_CASE(test_a_build_without_memory_gives_no_term_and_keeps_nothing),
         KIT_CASE(test_a_match_without_memory_is_false),
         KIT_CASE(test_threads_may_meet_at_the_first_use_of_a_site))
