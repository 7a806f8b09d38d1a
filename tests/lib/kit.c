/* SPDX-License-Identifier: Apache-2.0 */
/* kit.c: the cases of a test program on top of Check, one Check test case each. */
#include "kit.h"

#include "heap.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#define LIMIT_S_DEFAULT 10
#define EVENTUALLY_MS 5000

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOWNESS 6
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||               \
        __has_feature(memory_sanitizer)
#define SLOWNESS 6
#endif
#endif
#ifndef SLOWNESS
#define SLOWNESS 1
#endif

static const struct kit_case *all_cases; /* constant once kit_main has begun */
static bool *has_returned; /* by case; shared with the cases' OS processes */
static uint64_t seed;      /* constant once kit_main has begun */
static uint64_t random_state;

/* -- assertions -- */

void kit_fail_at(const char *file, int line, const char *format, ...)
{
        char text[1024];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args); /* a cut message will do */
        va_end(args);
        kit_heap_refuse(0); /* Check needs memory to report */
        _ck_assert_failed(file, line, "Failed", "%s (KIT_SEED=%" PRIu64 ")", text, seed);
        abort(); /* Check has left already; the compiler does not know */
}

void kit_check_err(kr_err got, kr_err want, const char *text, const char *file, int line)
{
        if (got != want)
                kit_fail_at(file, line, "%s is %s (%d, %s), not %s (%d)", text,
                            kr_err_name(got), (int)got, kr_strerror(got),
                            kr_err_name(want), (int)want);
}

static const char *relation_text(enum kit_relation relation)
{
        static const char *const texts[] = { "==", "!=", "<", "<=" };

        return texts[relation];
}

/* `order` is <0, 0 or >0, as the left side is less, equal or greater. */
static bool holds(int order, enum kit_relation relation)
{
        switch (relation) {
        case KIT_EQ:
                return order == 0;
        case KIT_NE:
                return order != 0;
        case KIT_LT:
                return order < 0;
        case KIT_LE:
                return order <= 0;
        }
        return false;
}

void kit_check_int(int64_t a, enum kit_relation relation, int64_t b, const char *a_text,
                   const char *b_text, const char *file, int line)
{
        if (!holds((a > b) - (a < b), relation))
                kit_fail_at(file, line, "not %s %s %s: %" PRId64 ", %" PRId64, a_text,
                            relation_text(relation), b_text, a, b);
}

void kit_check_uint(uint64_t a, enum kit_relation relation, uint64_t b,
                    const char *a_text, const char *b_text, const char *file, int line)
{
        if (!holds((a > b) - (a < b), relation))
                kit_fail_at(file, line,
                            "not %s %s %s: %" PRIu64 " (%#" PRIx64 "), %" PRIu64
                            " (%#" PRIx64 ")",
                            a_text, relation_text(relation), b_text, a, a, b, b);
}

void kit_check_double(double a, double b, const char *a_text, const char *b_text,
                      const char *file, int line)
{
        if (!(a == b))
                kit_fail_at(file, line, "not %s == %s: %.17g, %.17g", a_text, b_text, a,
                            b);
}

void kit_check_str(const char *a, const char *b, const char *a_text, const char *b_text,
                   const char *file, int line)
{
        bool same = a && b ? strcmp(a, b) == 0 : a == b;

        if (!same)
                kit_fail_at(file, line, "not %s == %s: \"%s\", \"%s\"", a_text, b_text,
                            a ? a : "(NULL)", b ? b : "(NULL)");
}

void kit_check_ptr(const void *a, const void *b, const char *a_text, const char *b_text,
                   const char *file, int line)
{
        if (a != b)
                kit_fail_at(file, line, "not %s == %s: %p, %p", a_text, b_text, a, b);
}

void kit_check_mem(const void *a, const void *b, size_t len, const char *a_text,
                   const char *b_text, const char *file, int line)
{
        const uint8_t *left = a;
        const uint8_t *right = b;

        for (size_t i = 0; i < len; i++)
                if (left[i] != right[i])
                        kit_fail_at(file, line,
                                    "not %s == %s: byte %zu of %zu is %#x, %#x", a_text,
                                    b_text, i, len, left[i], right[i]);
}

/* -- time and chance -- */

int kit_slowness(void)
{
        return SLOWNESS;
}

uint64_t kit_now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void kit_wait_or_fail(uint64_t began_ms, const char *text, const char *file, int line)
{
        const struct timespec nap = { .tv_nsec = 200000 };

        if (kit_now_ms() - began_ms > EVENTUALLY_MS * SLOWNESS)
                kit_fail_at(file, line, "%s has not become true", text);
        (void)nanosleep(&nap, NULL); /* waking early is no harm */
}

uint64_t kit_seed(void)
{
        return seed;
}

/* splitmix64 */
uint64_t kit_random(void)
{
        uint64_t z = random_state += 0x9e3779b97f4a7c15u;

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return z ^ z >> 31;
}

uint64_t kit_random_below(uint64_t limit)
{
        return (uint64_t)((unsigned __int128)kit_random() * limit >> 64);
}

static void choose_seed(void)
{
        const char *given = getenv("KIT_SEED");
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        seed = given ? strtoull(given, NULL, 0)
                     : (uint64_t)now.tv_sec * 1000003u ^ (uint64_t)now.tv_nsec;
        random_state = seed;
}

/* -- running -- */

static void run_case(int index)
{
        all_cases[index].run();
        has_returned[index] = true;
}

static bool is_wanted(const struct kit_case *one, int argc, char **argv)
{
        for (int i = 1; i < argc; i++)
                if (strcmp(argv[i], one->name) == 0)
                        return true;
        return argc < 2;
}

static void add_case(Suite *suite, const char *file, TTest *test, int index)
{
        const struct kit_case *one = &all_cases[index];
        int limit_s = one->limit_s ? one->limit_s : LIMIT_S_DEFAULT;
        TCase *tcase = tcase_create(one->name);

        test->name = one->name;
        test->fn = run_case;
        test->file = file;
        tcase_set_timeout(tcase, limit_s * SLOWNESS);
        _tcase_add_test(tcase, test, 0, 0, index, index + 1);
        suite_add_tcase(suite, tcase);
}

/* From the last "tests/" on: the same whatever directory the compiler was started in. */
static const char *file_in_project(const char *file)
{
        const char *found = file;

        for (const char *at = file; (at = strstr(at, "tests/")) != NULL; at++)
                found = at;
        return found;
}

/* Check calls it a pass when a case leaves by exit(0); it has shown nothing then. */
static bool has_passed(TestResult *result)
{
        size_t index = 0;

        if (tr_rtype(result) != CK_PASS)
                return false;
        while (strcmp(all_cases[index].name, tr_tcname(result)) != 0)
                index++;
        if (!has_returned[index])
                fprintf(stderr, "kit: %s has not come back\n", tr_tcname(result));
        return has_returned[index];
}

/* Where the cases' ends are noted; NULL when nobody wants to know. */
static FILE *open_log(void)
{
        const char *dir = getenv("KIT_LOG_DIR");
        FILE *log = NULL;
        char path[4096];

        if (!dir)
                return NULL;
        if ((mkdir(dir, 0777) == 0 || errno == EEXIST) &&
            snprintf(path, sizeof(path), "%s/%s.tsv", dir,
                     program_invocation_short_name) < (int)sizeof(path))
                log = fopen(path, "w");
        if (!log) {
                fprintf(stderr, "kit: cannot write in %s: %s\n", dir, strerror(errno));
                exit(2);
        }
        return log;
}

/* How many have failed. One line per case goes to the log: pass or fail, file, case. */
static int judge(const char *file, TestResult **results, int count)
{
        FILE *log = open_log();
        int failed = 0;

        for (int i = 0; i < count; i++) {
                bool passed = has_passed(results[i]);

                failed += !passed;
                if (log)
                        fprintf(log, "%s\t%s\t%s\n", passed ? "pass" : "fail",
                                file_in_project(file), tr_tcname(results[i]));
        }
        if (log && fclose(log) != 0) {
                perror("kit: cannot write the log");
                exit(2);
        }
        return failed;
}

static int run_all(const char *file, Suite *suite, int wanted)
{
        SRunner *runner = srunner_create(suite);
        TestResult **results;
        int failed;

        srunner_run_all(runner, CK_ENV);
        results = srunner_results(runner);
        failed = results && srunner_ntests_run(runner) == wanted
                         ? judge(file, results, wanted)
                         : wanted;
        free(results);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int list_cases(size_t count)
{
        for (size_t i = 0; i < count; i++)
                puts(all_cases[i].name);
        return EXIT_SUCCESS;
}

int kit_main(const char *file, const struct kit_case *cases, size_t count, int argc,
             char **argv)
{
        Suite *suite = suite_create(program_invocation_short_name);
        TTest *tests = calloc(count, sizeof(*tests));
        int wanted = 0;
        int status;

        all_cases = cases;
        choose_seed();
        if (argc == 2 && strcmp(argv[1], "-l") == 0)
                return list_cases(count);
        has_returned = mmap(NULL, count * sizeof(*has_returned), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (!tests || has_returned == MAP_FAILED)
                return 2;
        for (size_t i = 0; i < count; i++)
                if (is_wanted(&cases[i], argc, argv)) {
                        add_case(suite, file, &tests[i], (int)i);
                        wanted++;
                }
        if (wanted == 0 || wanted < argc - 1) {
                fprintf(stderr, "%s: no such case; -l lists them\n", argv[0]);
                return 2;
        }
        status = run_all(file, suite, wanted);
        munmap(has_returned, count * sizeof(*has_returned));
        free(tests);
        return status;
}
