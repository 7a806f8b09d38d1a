/* SPDX-License-Identifier: Apache-2.0 */
/* kit.h: how a test of this house is written: cases, a main, assertions.
 *
 *      KIT_TEST(test_kill_cannot_be_trapped)   // covers: directives stand above, see below
 *      {
 *              kit_ok(kr_something(&n));
 *              kit_int_eq(n, 3);
 *      }
 *
 *      KIT_MAIN(KIT_CASE(test_kill_cannot_be_trapped),
 *               KIT_SLOW(test_a_million_ticks, 60))
 *
 * Model    Every case runs in an OS process of its own with a time limit (10 s unless it
 *          says otherwise), so it starts from nothing and may crash alone. Processes that
 *          a case forks end with it. See process.h for cases that are Krarup's processes.
 * Threads  An assertion may fail on any thread and on any stack: it ends the case at once.
 * Names    `program` runs all cases, `program name...` those, `program -l` lists them. With
 *          CK_FORK=no a case runs in the program itself, for a debugger.
 *          KIT_SEED=n repeats a run that depends on kit_random; a failure prints its seed.
 *          KIT_LOG_DIR=dir leaves one line per case there, for tools/conformance.
 * Covers   A comment directly above a case names the statements and the OTP cases that it
 *          shows, with ids as in tests/conformance/expected.tsv:
 *              covers: A6 A7 process_SUITE:exit_twice
 */
#ifndef KR_TESTS_KIT_H
#define KR_TESTS_KIT_H

#include <krarup/base.h>

#include <string.h>

struct kit_case {
        const char *name;
        void (*run)(void);
        int limit_s; /* 0: 10 seconds */
};

#define KIT_TEST(name) static void name(void)
#define KIT_CASE(name) KIT_SLOW(name, 0)
#define KIT_SLOW(name, limit_s) ((struct kit_case){ #name, name, limit_s })

#define KIT_MAIN(...)                                                                    \
        int main(int argc, char **argv)                                                  \
        {                                                                                \
                const struct kit_case cases[] = { __VA_ARGS__ };                         \
                                                                                         \
                return kit_main(__FILE__, cases, sizeof(cases) / sizeof(cases[0]), argc, \
                                argv);                                                   \
        }

int kit_main(const char *file, const struct kit_case *cases, size_t count, int argc,
             char **argv);

/* Pseudo-random numbers, the same ones whenever the seed is the same. One thread at a time. */
uint64_t kit_seed(void);
uint64_t kit_random(void);
uint64_t kit_random_below(uint64_t limit);

/* How much longer than on a plain build things may take: 1, or more under sanitizers. */
int kit_slowness(void);

/* ThreadSanitizer delivers a signal when the thread next calls something that it knows, and has
 * locks of its own where a stack may overflow. */
#if defined(__SANITIZE_THREAD__)
#define KIT_SIGNALS_WAIT true
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KIT_SIGNALS_WAIT true
#endif
#endif
#ifndef KIT_SIGNALS_WAIT
#define KIT_SIGNALS_WAIT false
#endif

/* -- assertions: each prints place, expression and both values, then ends the case -- */

#define kit_true(x) kit_check((x) ? NULL : "is false", #x, __FILE__, __LINE__)
#define kit_false(x) kit_check((x) ? "is true" : NULL, #x, __FILE__, __LINE__)
#define kit_null(x) kit_check((x) ? "is not NULL" : NULL, #x, __FILE__, __LINE__)
#define kit_not_null(x) kit_check((x) ? NULL : "is NULL", #x, __FILE__, __LINE__)

#define kit_ok(x) kit_check_err((x), KR_OK, #x, __FILE__, __LINE__)
#define kit_err(x, want) kit_check_err((x), (want), #x, __FILE__, __LINE__)

#define kit_int_eq(a, b) kit_check_int((a), KIT_EQ, (b), #a, #b, __FILE__, __LINE__)
#define kit_int_ne(a, b) kit_check_int((a), KIT_NE, (b), #a, #b, __FILE__, __LINE__)
#define kit_int_lt(a, b) kit_check_int((a), KIT_LT, (b), #a, #b, __FILE__, __LINE__)
#define kit_int_le(a, b) kit_check_int((a), KIT_LE, (b), #a, #b, __FILE__, __LINE__)
#define kit_int_gt(a, b) kit_check_int((b), KIT_LT, (a), #b, #a, __FILE__, __LINE__)
#define kit_int_ge(a, b) kit_check_int((b), KIT_LE, (a), #b, #a, __FILE__, __LINE__)
#define kit_uint_eq(a, b) kit_check_uint((a), KIT_EQ, (b), #a, #b, __FILE__, __LINE__)
#define kit_uint_ne(a, b) kit_check_uint((a), KIT_NE, (b), #a, #b, __FILE__, __LINE__)
#define kit_double_eq(a, b) kit_check_double((a), (b), #a, #b, __FILE__, __LINE__)
#define kit_str_eq(a, b) kit_check_str((a), (b), #a, #b, __FILE__, __LINE__)
#define kit_ptr_eq(a, b) kit_check_ptr((a), (b), #a, #b, __FILE__, __LINE__)
#define kit_mem_eq(a, b, len) kit_check_mem((a), (b), (len), #a, #b, __FILE__, __LINE__)

/* Any other reason, in the manner of printf. */
#define kit_fail(...) kit_fail_at(__FILE__, __LINE__, __VA_ARGS__)

/* Wait for what another thread brings about; fails after 5 s (more under sanitizers). */
#define kit_eventually(x)                                                                \
        do {                                                                             \
                uint64_t kit_began_ms = kit_now_ms();                                    \
                                                                                         \
                while (!(x))                                                             \
                        kit_wait_or_fail(kit_began_ms, #x, __FILE__, __LINE__);          \
        } while (0)

/* -- what the macros above stand on -- */

enum kit_relation { KIT_EQ, KIT_NE, KIT_LT, KIT_LE };

void kit_fail_at(const char *file, int line, const char *format, ...)
        __attribute__((noreturn, format(printf, 3, 4)));
uint64_t kit_now_ms(void);
void kit_wait_or_fail(uint64_t began_ms, const char *text, const char *file, int line);

void kit_check_err(kr_err got, kr_err want, const char *text, const char *file, int line);
void kit_check_int(int64_t a, enum kit_relation relation, int64_t b, const char *a_text,
                   const char *b_text, const char *file, int line);
void kit_check_uint(uint64_t a, enum kit_relation relation, uint64_t b,
                    const char *a_text, const char *b_text, const char *file, int line);
void kit_check_double(double a, double b, const char *a_text, const char *b_text,
                      const char *file, int line);
void kit_check_str(const char *a, const char *b, const char *a_text, const char *b_text,
                   const char *file, int line);
void kit_check_ptr(const void *a, const void *b, const char *a_text, const char *b_text,
                   const char *file, int line);
void kit_check_mem(const void *a, const void *b, size_t len, const char *a_text,
                   const char *b_text, const char *file, int line);

static inline void kit_check(const char *complaint, const char *text, const char *file,
                             int line)
{
        if (complaint)
                kit_fail_at(file, line, "%s %s", text, complaint);
}

#endif
