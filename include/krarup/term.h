/* SPDX-License-Identifier: Apache-2.0 */
/* term.h: Erlang's data, in hand.
 *
 * A kr_term is one word that may point into memory that somebody else owns: a message
 * slot (see message.h) or memory of the process (kr_keep, kr_build, the makers below). It
 * is valid as long as that memory. What is taken out by value (integers, floats, atoms,
 * pids, references, ports) stays valid for ever.
 *
 * A term never changes; "changing" a map gives a new one. Everything that Erlang can send
 * has a representation, so what arrives can be kept, compared, printed and sent on.
 *
 * All functions here may be called by any thread, never block and keep nothing, unless
 * they say otherwise. Those that ask for one type ("is misuse") end the calling process
 * when given another; those named kr_get_... test and take out in one step.
 */
#ifndef KRARUP_TERM_H
#define KRARUP_TERM_H

#include <krarup/base.h>

/* Plain values. Two that are equal in all fields are the same (kr_pid_eq, kr_ref_eq);
 * all zero is "none" and equal to no term. Fields are Krarup's: do not take them apart.
 * (The kr_term that is none is kr_none(): all zero is the integer 0.) */
/* clang-format off */
typedef struct { uint64_t w; } kr_term;
typedef struct { uint32_t index; } kr_atom;
typedef struct { uint64_t num; uint32_t node; uint32_t zero; } kr_pid;
typedef struct { uint64_t num; uint32_t node; uint32_t zero; } kr_port;
typedef struct { uint64_t id[2]; uint32_t id2; uint32_t node; } kr_ref;

/* Bytes of somebody else. A binary in a term is always followed by a zero byte. */
typedef struct { const void *data; size_t len; } kr_bytes;
/* clang-format on */

KR_BEGIN_DECLS

/* -- what it is -- */

typedef enum kr_type {
        KR_TYPE_NONE,    /* no term */
        KR_TYPE_INTEGER, /* of any size */
        KR_TYPE_FLOAT,
        KR_TYPE_ATOM,
        KR_TYPE_REF,
        KR_TYPE_FUN, /* fun M:F/A, or one that another node made */
        KR_TYPE_PORT,
        KR_TYPE_PID,
        KR_TYPE_TUPLE,
        KR_TYPE_MAP,
        KR_TYPE_NIL,      /* [] */
        KR_TYPE_LIST,     /* a list that is not empty, improper ones included */
        KR_TYPE_BINARY,   /* whole bytes */
        KR_TYPE_BITSTRING /* bytes and some bits */
} kr_type;

KR_API kr_type kr_type_of(kr_term t);

static inline kr_term kr_none(void)
{
        kr_term t = { 13 };

        return t;
}

static inline kr_term kr_nil(void)
{
        kr_term t = { 5 };

        return t;
}

static inline bool kr_is_none(kr_term t)
{
        return t.w == kr_none().w;
}

static inline bool kr_is_nil(kr_term t)
{
        return t.w == kr_nil().w;
}

static inline bool kr_is_atom(kr_term t)
{
        return (t.w & 7) == 3;
}

static inline bool kr_is_list(kr_term t)
{
        return kr_is_nil(t) || (t.w & 7) == 2;
}

KR_API bool kr_is_integer(kr_term t);
KR_API bool kr_is_float(kr_term t);
KR_API bool kr_is_number(kr_term t);
KR_API bool kr_is_pid(kr_term t);
KR_API bool kr_is_port(kr_term t);
KR_API bool kr_is_reference(kr_term t);
KR_API bool kr_is_function(kr_term t);
KR_API bool kr_is_tuple(kr_term t);
KR_API bool kr_is_map(kr_term t);
KR_API bool kr_is_binary(kr_term t);
KR_API bool kr_is_bitstring(kr_term t); /* binaries too */

/* -- atoms: names as small numbers, for the whole OS process and for ever -- */

/* KR_ATOM("name"): looked up once per call site. More than 255 characters, or a full atom
 * table (1,048,576), is misuse. */
#define KR_ATOM(literal)                                                                 \
        (__extension__({                                                                 \
                static uint32_t kri_atom_cache;                                          \
                kri_atom_cached(&kri_atom_cache, "" literal "", sizeof(literal) - 1);    \
        }))

/* The atom with this text (UTF-8), made if there is none. Atoms are never freed: make none
 * from text that others control.
 * KR_EBADARG      not UTF-8, or more than 255 characters
 * KR_ESYSTEMLIMIT the atom table is full */
KR_API KR_MUST_CHECK kr_err kr_atom_from(const char *text, size_t len, kr_atom *ret);

/* The atom with this text, only if there is one already. */
KR_API bool kr_atom_existing(const char *text, size_t len, kr_atom *ret);

/* Its text in UTF-8, terminated; valid for ever. `ret_len` may be NULL. */
KR_API const char *kr_atom_text(kr_atom atom, size_t *ret_len);

static inline bool kr_atom_eq(kr_atom a, kr_atom b)
{
        return a.index == b.index;
}

static inline kr_term kr_atom_term(kr_atom atom)
{
        kr_term t = { (uint64_t)atom.index << 3 | 3 };

        return t;
}

static inline bool kr_is_that_atom(kr_term t, kr_atom atom)
{
        return t.w == kr_atom_term(atom).w;
}

/* -- small integers, which need no memory; others: kr_build("~", n) -- */

static inline kr_term kr_int(int32_t n)
{
        kr_term t = { (uint64_t)(int64_t)n << 3 };

        return t;
}

/* -- taking out by value: true and *ret written, or false and *ret untouched -- */

KR_API bool kr_get_int64(kr_term t, int64_t *ret);
KR_API bool kr_get_uint64(kr_term t, uint64_t *ret);
KR_API bool kr_get_double(kr_term t, double *ret); /* floats only, as in Erlang */
KR_API bool kr_get_number(kr_term t, double *ret); /* integers too, rounded; in range */
KR_API bool kr_get_atom(kr_term t, kr_atom *ret);
KR_API bool kr_get_bool(kr_term t, bool *ret); /* the atoms true and false */
KR_API bool kr_get_pid(kr_term t, kr_pid *ret);
KR_API bool kr_get_port(kr_term t, kr_port *ret);
KR_API bool kr_get_ref(kr_term t, kr_ref *ret);

/* Borrows from the term. get_bits: the unused low bits of the last byte are zero. */
KR_API bool kr_get_bytes(kr_term t, kr_bytes *ret); /* binaries */
KR_API bool kr_get_bits(kr_term t, const void **ret_data, uint64_t *ret_bits);

/* A list of code points (a string) as UTF-8 into `buf`, terminated. False: not a proper list
 * of code points, or it does not fit `size`. */
KR_API bool kr_get_string(kr_term t, char *buf, size_t size, size_t *ret_len);

static inline kr_pid kr_pid_none(void)
{
        kr_pid pid = { 0, 0, 0 };

        return pid;
}

static inline kr_ref kr_ref_none(void)
{
        kr_ref ref = { { 0, 0 }, 0, 0 };

        return ref;
}

static inline bool kr_pid_eq(kr_pid a, kr_pid b)
{
        return a.num == b.num && a.node == b.node;
}

static inline bool kr_port_eq(kr_port a, kr_port b)
{
        return a.num == b.num && a.node == b.node;
}

static inline bool kr_ref_eq(kr_ref a, kr_ref b)
{
        return a.id[0] == b.id[0] && a.id[1] == b.id[1] && a.id2 == b.id2 &&
               a.node == b.node;
}

static inline bool kr_pid_is_none(kr_pid pid)
{
        return pid.node == 0;
}

static inline bool kr_ref_is_none(kr_ref ref)
{
        return ref.node == 0;
}

/* The name of the node that a pid or reference belongs to. */
KR_API kr_atom kr_pid_node(kr_pid pid);
KR_API kr_atom kr_ref_node(kr_ref ref);

/* -- looking inside: what is handed out borrows from the term -- */

/* Tuples. kr_element counts from 1, as Erlang's element/2; out of range is misuse. */
KR_API size_t kr_tuple_size(kr_term tuple);
KR_API kr_term kr_element(size_t n, kr_term tuple);

/* Lists that are not empty: the first element; the rest. Walk one with
 *      for (kr_term l = list; kr_is_cons(l); l = kr_tl(l)) ... kr_hd(l) ... */
KR_API kr_term kr_hd(kr_term list);
KR_API kr_term kr_tl(kr_term list);

static inline bool kr_is_cons(kr_term t)
{
        return (t.w & 7) == 2;
}

/* The length of a proper list; false for anything else. Takes time in proportion. */
KR_API bool kr_length(kr_term list, size_t *ret);

/* Maps: find by key (=:=), and by position 0 .. size-1, in the order of the keys. */
KR_API size_t kr_map_size(kr_term map);
KR_API bool kr_map_get(kr_term map, kr_term key, kr_term *ret);
KR_API bool kr_map_at(kr_term map, size_t i, kr_term *ret_key, kr_term *ret_value);

/* fun M:F/A; false for funs that another node made. */
KR_API bool kr_get_fun(kr_term t, kr_atom *ret_module, kr_atom *ret_function,
                       int *ret_arity);

/* -- comparing (Erlang reference manual, "Term Comparisons") -- */

KR_API int kr_compare(kr_term a, kr_term b); /* <0, 0, >0; 1 and 1.0 are 0 */
KR_API bool kr_equal(kr_term a, kr_term b);  /* == */
KR_API bool kr_same(kr_term a, kr_term b);   /* =:= */
KR_API uint64_t kr_hash(kr_term t); /* the same for same terms, on this node's run */

/* -- keeping: memory that the calling process owns until it ends or releases it --
 *
 * What "gives a new term" below is to be released by kr_release. No memory: kr_none(). */

/* Gives a new term: a copy of `t`. Large binaries are shared, not copied. */
KR_API kr_term kr_keep(kr_term t);

/* Releases a term that was given; never a part of one, nor a message's. Anything that
 * needs no memory (kr_none included) is ignored. */
KR_API void kr_release(kr_term t);

/* Put a kept copy of `t` in *place, then release what was there. `t` may be part of that.
 * KR_ENOMEM: *place is as it was. */
KR_API KR_MUST_CHECK kr_err kr_replace(kr_term *place, kr_term t);

/* Give a new term: a binary of these bytes; a string, the list of the code points of UTF-8
 * text (kr_none() also if it is not UTF-8). */
KR_API kr_term kr_binary(const void *data, size_t len);
KR_API kr_term kr_string(const char *text, size_t len);

/* Give a new term: the map with `key` set to `value`; the map without `key`. The old map
 * stays what it is. Something that is no map is misuse. */
KR_API kr_term kr_map_put(kr_term map, kr_term key, kr_term value);
KR_API kr_term kr_map_remove(kr_term map, kr_term key);

/* -- building what is not known when the program is written --
 *
 *      kr_builder b = KR_BUILDER_INIT;
 *      for (...) kr_add_int64(&b, n);
 *      kr_term list = kr_build_list(&b);
 *
 * A builder collects copies of what is added; the kr_build_... give a new term of them and
 * leave the builder empty. If there was no memory for any of it, the result is kr_none()
 * and nothing is kept. kr_builder_clear gives up what was collected. */
typedef struct kr_builder {
        uint64_t *block; /* Krarup's, all of it */
        uint64_t len, cap, count, last;
        bool failed;
} kr_builder;
/* clang-format off */
#ifdef __cplusplus
#define KR_BUILDER_INIT kr_builder{}
#else
#define KR_BUILDER_INIT { .block = NULL }
#endif
/* clang-format on */

KR_API void kr_add_term(kr_builder *b, kr_term t);
KR_API void kr_add_int64(kr_builder *b, int64_t n);
KR_API void kr_add_uint64(kr_builder *b, uint64_t n);
KR_API void kr_add_double(kr_builder *b, double d); /* not finite: misuse */
KR_API void kr_add_atom(kr_builder *b, kr_atom atom);
KR_API void kr_add_pid(kr_builder *b, kr_pid pid);
KR_API void kr_add_ref(kr_builder *b, kr_ref ref);
KR_API void kr_add_binary(kr_builder *b, const void *data, size_t len);
KR_API void kr_add_string(kr_builder *b, const char *text,
                          size_t len); /* not UTF-8: misuse */

KR_API kr_term kr_build_list(kr_builder *b);
KR_API kr_term kr_build_improper(kr_builder *b, kr_term tail);
KR_API kr_term kr_build_tuple(kr_builder *b);
/* What was added is key, value, key, value...; the last value of a key stays. An odd number
 * is misuse. */
KR_API kr_term kr_build_map(kr_builder *b);
KR_API void kr_builder_clear(kr_builder *b);

/* -- bytes that grow: what text and the external format are written to -- */

typedef struct kr_buf {
        char *data; /* len bytes and a zero byte; NULL while empty */
        size_t len;
        size_t cap;
} kr_buf;
/* clang-format off */
#ifdef __cplusplus
#define KR_BUF_INIT kr_buf{}
#else
#define KR_BUF_INIT { .data = NULL }
#endif
/* clang-format on */

KR_API KR_MUST_CHECK kr_err kr_buf_append(kr_buf *buf, const void *data, size_t len);
KR_API void kr_buf_free(kr_buf *buf); /* leaves it empty; so is one that is all zero */

/* -- what stands behind the macros -- */

KR_API kr_atom kri_atom_literal(uint32_t *cache, const char *text, size_t len);

static inline kr_atom kri_atom_cached(uint32_t *cache, const char *text, size_t len)
{
        /* acquire: pairs with kri_atom_literal; what its number stands for is in the table */
        kr_atom atom = { __atomic_load_n(cache, __ATOMIC_ACQUIRE) };

        return __builtin_expect(atom.index != 0, 1) ? atom
                                                    : kri_atom_literal(cache, text, len);
}

KR_END_DECLS
#endif
