/* SPDX-License-Identifier: Apache-2.0 */
/* pattern.h: take terms apart and build them, in Erlang's own notation, type-safe.
 *
 *      int64_t n;
 *      kr_pid from;
 *      if (kr_match(msg, "{tick, ~, ~}", &n, &from)) ...
 *      kr_term t = kr_build("{tick, ~, ~}", n, kr_self());
 *
 * Notation  Erlang's literals: atoms, integers of any size, floats, "lists of characters",
 *           <<"binaries">>, {tuples}, [lists, with | tails], #{maps => of} and what nests
 *           from them; and
 *             ~   the next argument: when matching a pointer, where what stands here
 *                 goes if its type fits; when building the value itself
 *             =   when matching: the next argument is a value, and what stands here must
 *                 be the same (=:=). May be the key of a map.
 *             _   when matching: anything
 *           A map matches if the keys are there and their values fit; others may be there.
 *           When building, a map has just these keys. A variable (Upper case) is an error.
 *
 * Types     An argument's C type decides; an argument of any other type does not compile.
 *             C type                 as a value (~ in build, = in match)   as result (~ in match)
 *             integers, char         integer; uint64_t becomes a big where     intN_t *: integers that fit
 *                                    it must. An enum is its integer.
 *             bool                   true or false                             bool *: true or false
 *             double, float          float; NaN or infinite is misuse          double *: floats only;
 *                                                                              float *: within its range, rounded
 *             const char *, char *   binary of the bytes before the zero       const char **: binary
 *                                                                              without a zero byte
 *             kr_bytes               binary (shared if 512 bytes or more)      kr_bytes *: whole bytes
 *             kr_atom, kr_pid, kr_port, kr_ref                                 pointers to them
 *             kr_term                the term, copied deeply                   kr_term *: any term
 *           Mind: the literals `true` and 'x' are ints in C, and build integers; a variable
 *           of type bool is a bool. `char *` is always a string: take a small integer out
 *           with int8_t *. A float does not match an integer, nor the reverse, as in Erlang.
 *
 * Results   are written only if all of the pattern matches. kr_term, kr_bytes and
 *           const char * borrow: they live as long as the term they were taken from. The
 *           others are plain values.
 *
 * Misuse    A pattern that is wrong, or does not go with its arguments, is reported when
 *           the call is first used, and at each use: it ends the calling process with a reason
 *           such as
 *             loop.c:31: pattern "{tick, ~, ~}": 2 arguments wanted, 1 given
 *             loop.c:40: pattern "{tick, ~": column 9: expected , or }
 *           Where there is no process to end, a match is false and a build gives no term.
 *
 * Cost      Each call site compiles its pattern once, so the pattern must be a literal. It
 *           takes up to 16 arguments.
 *
 * Threads   Any.
 */
#ifndef KRARUP_PATTERN_H
#define KRARUP_PATTERN_H

#include <krarup/pattern_args.h>

KR_BEGIN_DECLS

struct kri_code;

/* One call site: constant but for `code`, which is compiled at the first use. */
struct kri_site {
        const char *pattern;
        const char *file;
        int line;
        uint8_t matches;                 /* 1: takes terms apart; 0: builds them */
        uint8_t count;                   /* arguments at this call site */
        uint8_t types[KRI_ARGS_MAX + 1]; /* enum kri_arg_type of each; KRI_ARG_NONE */
        struct kri_code *code;           /* atomic; NULL until first used */
};

/* One alternative of a kr_receive: borrows the arguments during that call. */
struct kr_clause {
        int id; /* what kr_receive returns; the program's own */
        struct kri_site *site;
        const union kri_arg *args;
};

/* bool kr_match(kr_term term, "pattern", ...): does `term` fit? Then all results are written. */
#define kr_match(term, ...)                                                              \
        kri_match((term), KRI_MATCH_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* kr_term kr_build("pattern", ...): gives a new term of the calling process's own memory,
 * which kr_release frees. No memory: a term that is none (kr_is_none). */
#define kr_build(...) kri_build(KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* struct kr_clause kr_on(int id, "pattern", ...): an argument of kr_receive. */
#define kr_on(id, ...)                                                                   \
        kri_clause((id), KRI_MATCH_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))

/* -- for other macros that take patterns. All want the pattern first, then its arguments:
 *      #define kr_send(to, ...) kri_send((to), KRI_SITE(__VA_ARGS__), KRI_ARGS(__VA_ARGS__))
 * A named parameter for the pattern would need `, ##__VA_ARGS__`, and a pattern call could
 * then not stand in the argument of another. -- */

/* struct kri_site *: the static site of this call, for building or for matching */
#define KRI_SITE(...) KRI_SITE_(0, __COUNTER__, __VA_ARGS__)
#define KRI_MATCH_SITE(...) KRI_SITE_(1, __COUNTER__, __VA_ARGS__)

/* const union kri_arg *: the arguments. In C they live as long as the block around the
 * call, in C++ as long as the full expression. Each argument is evaluated once. */
#ifdef __cplusplus
/* clang-format off */
#define KRI_ARGS(...)                                                                    \
        (kri_list<union kri_arg, KRI_COUNT(__VA_ARGS__) - 1>{                            \
                KRI_EACH(KRI_ARG, __VA_ARGS__)                                           \
        }.get())
/* clang-format on */
#else
#define KRI_ARGS(...)                                                                    \
        (__extension__(const union kri_arg[]){ KRI_EACH(KRI_ARG, __VA_ARGS__) })
#endif

/* const struct kr_clause *, and how many: up to 40 of them */
#ifdef __cplusplus
#define KRI_CLAUSES(...)                                                                 \
        (kri_list<struct kr_clause, KRI_COUNT(__VA_ARGS__)>{ { __VA_ARGS__ } }.get())
#else
#define KRI_CLAUSES(...) ((const struct kr_clause[]){ __VA_ARGS__ })
#endif
#define KRI_CLAUSE_COUNT(...) KRI_COUNT(__VA_ARGS__)

/* The name comes from __COUNTER__ so that nested calls do not shadow each other. */
#define KRI_SITE_(matches, n, ...) KRI_SITE__(matches, n, __VA_ARGS__)
#define KRI_SITE__(matches, n, ...)                                                      \
        (__extension__({                                                                 \
                KRI_STATIC_ASSERT(KRI_COUNT(__VA_ARGS__) - 1 <= KRI_ARGS_MAX,            \
                                  "a pattern takes up to 16 arguments");                 \
                static struct kri_site kri_site_##n = {                                  \
                        "" KRI_FIRST(__VA_ARGS__) "",                                    \
                        __FILE__,                                                        \
                        __LINE__,                                                        \
                        matches,                                                         \
                        KRI_COUNT(__VA_ARGS__) - 1,                                      \
                        { KRI_EACH(KRI_ARG_TYPE, __VA_ARGS__) KRI_ARG_NONE },            \
                        0                                                                \
                };                                                                       \
                &kri_site_##n;                                                           \
        }))

KR_API bool kri_match(kr_term term, struct kri_site *site, const union kri_arg *args);
KR_API kr_term kri_build(struct kri_site *site, const union kri_arg *args);

static inline struct kr_clause kri_clause(int id, struct kri_site *site,
                                          const union kri_arg *args)
{
        struct kr_clause clause = { id, site, args };

        return clause;
}

KR_END_DECLS
#endif
