/* SPDX-License-Identifier: Apache-2.0 */
/* pattern_quick.h: the usual cases of match and build, in line.
 *
 * A message is built and matched in a few nanoseconds, of which calls from one file to the
 * next would be half. What everybody writes (a tuple of atoms, small integers, near pids)
 * is done here, inside its caller (core/send.c, core/receive.c); all else by the files of
 * patterns. Who is not in such a path uses pattern.h.
 */
#ifndef KR_TERM_PATTERN_QUICK_H
#define KR_TERM_PATTERN_QUICK_H

#include <string.h>

#include "pattern.h"

/* Where holes of a laid out tree are. */
struct kri_hole {
        uint32_t at; /* word of the image */
        uint8_t arg;
        uint8_t type; /* enum kri_arg_type */
};

enum kri_shape {
        KRI_SHAPE_WORD,  /* build, match: an immediate */
        KRI_SHAPE_HOLE,  /* build: an argument alone */
        KRI_SHAPE_IMAGE, /* build: anything else */
        KRI_SHAPE_FLAT,  /* match: a tuple of immediates and arguments */
        KRI_SHAPE_TREE,  /* match: anything else */
};

/* -- building -- */

/* How an argument that may be an immediate becomes one: with `value` the word at `from`
 * bytes into the arguments, it is one if value + add < limit. A near pid's number is its
 * word; of all others the word is value << shift | tag. A term is looked at instead. */
struct kri_quick {
        uint64_t add;
        uint64_t limit;
        int32_t at; /* word of the image; -1: HOLE, in front of the words */
        uint16_t from;
        bool is_pid; /* value is the second word of the pid: its node */
        bool is_term;
        uint8_t shift;
        uint8_t tag;
};

/* The same in one go, for who has a place already: the word at `from` bytes into the arguments,
 * times `factor`, plus `tag` goes `to` bytes into the term; if the word at `test` bytes into
 * the arguments, plus `add`, is below `limit`. All are such sums: a near pid's number is its
 * word, and its node is what is tested. A term is its word, and is looked at afterwards. */
struct kri_fast_hole {
        uint64_t add;
        uint64_t limit;
        uint64_t factor;
        uint64_t tag;
        uint16_t from;
        uint16_t test;
        int16_t to;
        bool is_term;
};

/* Images of few words, in steps that are copied whole. */
#define KRI_FAST_WORDS 8u
#define KRI_FAST_STEP 4u
#define KRI_FAST_HOLES 3u

/* A hole of a whole image: a word as in struct kri_quick, or the words of a box behind its
 * header, which is there already: of a float, or of a reference of the usual three words. */
struct kri_whole_hole {
        struct kri_quick quick; /* FLOAT, REF: at and from alone */
        enum { KRI_WHOLE_WORD, KRI_WHOLE_FLOAT, KRI_WHOLE_REF } kind;
};

/* Images with the boxes of their arguments (of one alone: its box), which need no walk to count
 * their words. */
#define KRI_WHOLE_WORDS 32u
#define KRI_WHOLE_HOLES 8u

struct kri_build_code {
        struct kri_code code;

        /* -- what kri_build_fast needs, in one place; see there -- */
        uint8_t fast; /* words of what it builds (at least 1); 0: not that, or a term is
                         among its arguments, which is to be looked at before */
        uint8_t fast_holes;
        uint8_t fast_steps; /* more than the first: 0 or 1 */
        uint8_t fast_any;   /* as fast, with terms among them */
        bool fast_is_one;   /* one step and one hole, as most are */
        uint64_t
                fast_sizes; /* fast_any << 32 | fast_steps << 8, for the head of a block */
        kri_word root;      /* the term as stored in the word in front of its words */
        kri_word fast_image[KRI_FAST_WORDS]; /* padded with zeros */
        struct kri_fast_hole fast_hole[KRI_FAST_HOLES];

        /* -- what all need -- */
        kri_word word;  /* SHAPE_WORD: the term.  IMAGE: tag of the term */
        uint64_t words; /* of the image */
        uint32_t hole_count;
        uint32_t map_count;
        bool is_quick;       /* all holes may be immediates, no map is to be sorted */
        bool has_binaries;   /* an argument may become a blob */
        uint8_t whole_words; /* of the whole image; 0: there is none */
        uint8_t whole_holes;
        const kri_word *whole_image;
        const struct kri_whole_hole *whole;
        const struct kri_hole *holes;
        const struct kri_quick *quick; /* is_quick: of each hole */
        const uint32_t *maps;
        const kri_word *image;
};

static inline uint64_t kri_quick_value(const struct kri_quick *quick,
                                       const union kri_arg *args)
{
        uint64_t value;

        memcpy(&value, (const char *)args + quick->from, sizeof(value));
        return value;
}

/* A term that takes memory, or is none. */
static inline bool kri_takes_words(kri_word t)
{
        return kri_is_place(t) || t == KRI_NONE;
}

/* Is every argument an immediate? `count` is a constant for the usual few. */
static inline __attribute__((always_inline)) bool kri_are_quick(
        const struct kri_quick *quick, const union kri_arg *args, uint32_t count)
{
        bool is_boxed = false;

#pragma GCC unroll 4
        for (uint32_t i = 0; i < count; i++) {
                uint64_t value = kri_quick_value(&quick[i], args);

                is_boxed |= (value + quick[i].add >= quick[i].limit) |
                            (quick[i].is_term & kri_takes_words(value));
        }
        return !is_boxed;
}

static inline bool kri_is_quick(const struct kri_build_code *build,
                                const union kri_arg *args)
{
        if (__builtin_expect(!build->is_quick, 0))
                return false;
        switch (build->hole_count) {
        case 0:
                return true;
        case 1:
                return kri_are_quick(build->quick, args, 1);
        case 2:
                return kri_are_quick(build->quick, args, 2);
        case 3:
                return kri_are_quick(build->quick, args, 3);
        default:
                return kri_are_quick(build->quick, args, build->hole_count);
        }
}

/* Small images, which nearly all are, take a few moves and no call. */
static inline void kri_copy_image(const struct kri_build_code *build, kri_word *to)
{
        const kri_word *from = build->image;

        switch (build->words) {
        case 2:
                memcpy(to, from, 2 * sizeof(*to));
                break;
        case 3:
                memcpy(to, from, 3 * sizeof(*to));
                break;
        case 4:
                memcpy(to, from, 4 * sizeof(*to));
                break;
        case 5:
                memcpy(to, from, 5 * sizeof(*to));
                break;
        case 6:
                memcpy(to, from, 6 * sizeof(*to));
                break;
        default:
                memcpy(to, from, build->words * sizeof(*to));
                break;
        }
}

static inline kri_word kri_quick_word(const struct kri_quick *quick,
                                      const union kri_arg *args)
{
        uint64_t value = kri_quick_value(quick, args);
        uint64_t num;

        if (!quick->is_pid)
                return value << quick->shift | quick->tag;
        memcpy(&num, (const char *)args + quick->from - sizeof(num), sizeof(num));
        return num; /* a near pid is its word */
}

static inline __attribute__((always_inline)) void kri_fill_quick(
        const struct kri_quick *quick, const union kri_arg *args, kri_word *image,
        uint32_t count)
{
#pragma GCC unroll 4
        for (uint32_t i = 0; i < count; i++)
                image[quick[i].at] = kri_quick_word(&quick[i], args);
}

static inline kri_word kri_put_quick(const struct kri_build_code *build,
                                     const union kri_arg *args, kri_word *heap)
{
        if (build->code.shape == KRI_SHAPE_HOLE)
                return kri_quick_word(build->quick, args);
        kri_copy_image(build, heap);
        switch (build->hole_count) {
        case 0:
                break;
        case 1:
                kri_fill_quick(build->quick, args, heap, 1);
                break;
        case 2:
                kri_fill_quick(build->quick, args, heap, 2);
                break;
        case 3:
                kri_fill_quick(build->quick, args, heap, 3);
                break;
        default:
                kri_fill_quick(build->quick, args, heap, build->hole_count);
                break;
        }
        return (kri_word)(uintptr_t)heap | build->word;
}

/* kri_code_words and kri_code_build, if the term is one word, or a copy of the image with
 * immediates in its holes. False: ask those. */
static inline bool kri_builds_quickly(const struct kri_code *code,
                                      const union kri_arg *args, uint64_t *ret_words)
{
        const struct kri_build_code *build = (const struct kri_build_code *)code;

        *ret_words = 0;
        if (code->shape == KRI_SHAPE_WORD)
                return true;
        if (!kri_is_quick(build, args))
                return false;
        *ret_words = build->words;
        return true;
}

static inline kri_word kri_build_quickly(const struct kri_code *code,
                                         const union kri_arg *args, kri_word *heap)
{
        const struct kri_build_code *build = (const struct kri_build_code *)code;

        return code->shape == KRI_SHAPE_WORD ? build->word
                                             : kri_put_quick(build, args, heap);
}

/* -- with the boxes of the arguments: all that depends on these is the words of the boxes -- */

static inline const union kri_arg *kri_whole_arg(const struct kri_whole_hole *hole,
                                                 const union kri_arg *args)
{
        return (const union kri_arg *)((const char *)args + hole->quick.from);
}

static inline bool kri_fits_whole(const struct kri_whole_hole *hole,
                                  const union kri_arg *args)
{
        switch (hole->kind) {
        case KRI_WHOLE_FLOAT:
                return __builtin_isfinite(kri_whole_arg(hole, args)->d);
        case KRI_WHOLE_REF: /* neither none, nor of other than the usual words */
                return kri_whole_arg(hole, args)->ref.node - 1 <
                       (1u << KRI_REF_NODE_BITS) - 1;
        default:
                return kri_are_quick(&hole->quick, args, 1);
        }
}

/* Can the term be built by kri_put_whole? Then it takes build->whole_words. */
static inline bool kri_is_whole(const struct kri_build_code *build,
                                const union kri_arg *args)
{
        if (build->whole_words == 0)
                return false;
        for (unsigned i = 0; i < build->whole_holes; i++)
                if (!kri_fits_whole(&build->whole[i], args))
                        return false;
        return true;
}

static inline void kri_put_whole_hole(const struct kri_whole_hole *hole,
                                      const union kri_arg *args, kri_word *at)
{
        const kr_ref *ref = &kri_whole_arg(hole, args)->ref;

        switch (hole->kind) {
        case KRI_WHOLE_FLOAT:
                memcpy(at, &kri_whole_arg(hole, args)->d, sizeof(double));
                break;
        case KRI_WHOLE_REF:
                memcpy(at, ref->id, sizeof(ref->id));
                at[2] = ref->id2 | (kri_word)ref->node << 32;
                break;
        default:
                *at = kri_quick_word(&hole->quick, args);
        }
}

static inline kri_word kri_put_whole(const struct kri_build_code *build,
                                     const union kri_arg *args, kri_word *heap)
{
        unsigned pairs = build->whole_words / 2;

        for (unsigned i = 0; i < pairs; i++)
                memcpy(heap + 2 * i, build->whole_image + 2 * i, 2 * sizeof(*heap));
        if (build->whole_words % 2 != 0)
                heap[2 * pairs] = build->whole_image[2 * pairs];
        for (unsigned i = 0; i < build->whole_holes; i++)
                kri_put_whole_hole(&build->whole[i], args,
                                   heap + build->whole[i].quick.at);
        return (kri_word)(uintptr_t)heap | build->word;
}

/* -- in one go -- */

static inline uint64_t kri_arg_word(const union kri_arg *args, uint16_t from)
{
        uint64_t value;

        memcpy(&value, (const char *)args + from, sizeof(value));
        return value;
}

static inline __attribute__((always_inline)) bool kri_put_fast(
        const struct kri_fast_hole *hole, const union kri_arg *args, kri_word *heap)
{
        kri_word word = kri_arg_word(args, hole->from) * hole->factor + hole->tag;

        memcpy((char *)heap + hole->to, &word, sizeof(word));
        return kri_arg_word(args, hole->test) + hole->add < hole->limit;
}

/* Can kri_build_fast build it, terms among the arguments or not? */
static inline bool kri_is_fast(const struct kri_build_code *build,
                               const union kri_arg *args)
{
        if (__builtin_expect(build->fast != 0, 1))
                return true;
        for (unsigned i = 0; i < build->fast_holes; i++)
                if (build->fast_hole[i].is_term &&
                    kri_takes_words(kri_arg_word(args, build->fast_hole[i].from)))
                        return false;
        return build->fast_any != 0;
}

/* Build at `heap`, which has room for whole steps, the term that kri_code_build would build
 * there, and its stored form in the word before, heap[-1]; for a code with fast != 0, or for which
 * kri_is_fast. False: an argument is no immediate after all; what was written means nothing. */
static inline __attribute__((always_inline)) bool kri_build_fast(
        const struct kri_build_code *build, const union kri_arg *args, kri_word *heap)
{
        heap[-1] = build->root;
        memcpy(heap, build->fast_image, KRI_FAST_STEP * sizeof(*heap));
        if (build->fast_is_one)
                return kri_put_fast(&build->fast_hole[0], args, heap);
        if (build->fast_steps != 0)
                memcpy(heap + KRI_FAST_STEP, build->fast_image + KRI_FAST_STEP,
                       KRI_FAST_STEP * sizeof(*heap));
        for (unsigned i = 0; i < build->fast_holes; i++)
                if (!kri_put_fast(&build->fast_hole[i], args, heap))
                        return false;
        return true;
}

/* -- matching -- */

/* One element of a flat tuple. A result fits if (element + add) & mask is want; if not, its
 * type decides: a big may still be an int64_t, and some types always take a closer look. */
struct kri_flat {
        kri_word add; /* moves a range of integers to begin at 0 */
        kri_word mask;
        kri_word want; /* of what the pattern writes out: the element */
        uint32_t at;   /* word of the box */
        uint8_t arg;
        uint8_t type; /* enum kri_arg_type */
};

/* A result of a FLAT tuple, for kri_match_fast: as struct kri_flat, but places in bytes. */
struct kri_fast_out {
        kri_word add;
        kri_word mask;
        kri_word want;
        uint16_t from; /* in the box */
        uint16_t arg;  /* in the arguments */
        uint8_t type;  /* OUT_I64, OUT_PID or OUT_TERM */
};

#define KRI_FAST_OUTS 3u

/* An element of a tuple, or of a tuple or list cell in it, for kri_match_more. The word there fits if
 * (word + add) & mask is want; a box must then begin with `header`. */
struct kri_more {
        kri_word add;
        kri_word mask;
        kri_word want;
        kri_word header;
        uint16_t at;   /* word of its box */
        uint16_t arg;  /* of what is compared, or where the result goes */
        bool is_inner; /* its box is the tuple, or the cell, in the tuple */
        uint8_t type;  /* enum kri_arg_type: REF, PID to compare with; OUT_I64, OUT_PID,
                          OUT_TERM, OUT_DOUBLE, OUT_REF; NONE: only the word counts */
};

/* The elements of a FLAT tuple: first those that the pattern writes out, but for the first
 * element, which the key has checked; then what is compared with arguments; then the
 * results. */
struct kri_match_code {
        struct kri_code code;
        uint32_t fast_outs; /* code.fast, of a box: how many */
        struct kri_fast_out fast_out[KRI_FAST_OUTS];
        uint16_t inner_at; /* code.fast_more: word where the inner one is, or 0 ... */
        uint16_t more_count;
        kri_word inner_tag;    /* ... BOX or CONS ... */
        kri_word inner_header; /* ... and the header of a box */
        const struct kri_more *more;
        const struct kri_flat *flat;
        const struct kri_flat *flat_equals;
        const struct kri_flat *flat_outs;
        const struct kri_node *nodes; /* TREE */
        const struct kri_hole *outs;  /* all results, of any shape; at is not used */
        uint32_t out_count;
};

/* memcpy, for `out` may point to a long or a long long. */
static inline void kri_set_int64(int64_t value, void *out)
{
        memcpy(out, &value, sizeof(value));
}

/* -- in one go, for immediates: a written one, or ~ for an int64_t -- */

/* `t` has passed the key of the code. False: ask kri_code_match. args: where they are found, for
 * they are needed last. */
static inline __attribute__((always_inline)) bool kri_match_word_fast(
        const struct kri_code *code, kri_word t, const union kri_arg *const *args)
{
        if (code->fast_word != 2)
                return code->fast_word == 1;
        if (kri_tag(t) != KRI_INT || (*args)->out == NULL)
                return false;
        kri_set_int64(kri_int_value(t), (*args)->out);
        return true;
}

/* The same for ~ alone for a double, and a float. */
static inline __attribute__((always_inline)) bool kri_match_float(
        const struct kri_code *code, kri_word t, const union kri_arg *args)
{
        const kri_word *box = kri_ptr(t);

        if (code->fast_word != 3 || kri_tag(t) != KRI_BOX ||
            box[0] != kri_header(KRI_FLOAT, 0, 1) || args->out == NULL)
                return false;
        memcpy(args->out, &box[1], sizeof(double));
        return true;
}

/* -- in one go, for tuples of which all but the first element are ~ of the usual types -- */

/* kri_load with one register less. volatile, here and below: the word is read again, which is
 * cheaper than to keep it where registers are few. */
static inline kri_word kri_load_sparing(const volatile kri_word *p)
{
        return kri_is_place(*p) ? *p + (kri_word)(uintptr_t)p : *p;
}

static inline bool kri_fits_word(const struct kri_fast_out *out, const kri_word *box)
{
        const volatile uint16_t *from = &out->from;
        const volatile kri_word *p = (const kri_word *)((const char *)box + *from);

        return ((*p + out->add) & out->mask) == out->want;
}

static inline __attribute__((always_inline)) bool kri_fits_fast(
        const struct kri_fast_out *out, const kri_word *box, const union kri_arg *args)
{
        return kri_fits_word(out, box) && kri_arg_word(args, out->arg) != 0;
}

static inline __attribute__((always_inline)) void kri_set_fast(
        const struct kri_fast_out *out, const kri_word *box, const union kri_arg *args)
{
        const kri_word *p = (const kri_word *)((const char *)box + out->from);
        void *to = (void *)(uintptr_t)kri_arg_word(args, out->arg);

        if (out->type == KRI_ARG_OUT_I64)
                kri_set_int64(kri_int_value(*p), to);
        else if (out->type == KRI_ARG_OUT_PID)
                *(kr_pid *)to = kri_word_pid(*p);
        else
                ((kr_term *)to)->w = kri_load_sparing(p);
}

/* `box` has passed the key of a code with `fast`. False: ask kri_code_match. */
static inline __attribute__((always_inline)) bool kri_match_fast(
        const struct kri_match_code *match, const kri_word *box,
        const union kri_arg *args)
{
        const struct kri_fast_out *out = match->fast_out;
        uint32_t count = match->fast_outs;

        if (count == 0)
                return true;
        if (__builtin_expect(!kri_fits_fast(out, box, args), 0))
                return false;
        if (count > 1) {
                for (uint32_t i = 1; i < count; i++)
                        if (__builtin_expect(!kri_fits_fast(&out[i], box, args), 0))
                                return false;
                for (uint32_t i = 1; i < count; i++)
                        kri_set_fast(&out[i], box, args);
        }
        kri_set_fast(out, box, args);
        return true;
}

/* The same for any code that has passed its key, of one result at most: with so little to keep,
 * it takes few registers. */
static inline __attribute__((always_inline)) bool kri_match_one(
        const struct kri_code *code, const kri_word *box,
        const union kri_arg *const *args)
{
        const struct kri_fast_out *out = ((const struct kri_match_code *)code)->fast_out;

        if (code->fast_box != 2)
                return code->fast_box == 1;
        if (!kri_fits_word(out, box) || kri_arg_word(*args, out->arg) == 0)
                return false;
        kri_set_fast(out, box, *args);
        return true;
}

/* -- in one go, for tuples (in them a tuple or a list cell) of constants, references, floats and
 * the usual types -- */

static inline bool kri_is_ref_box(const kri_word *box, kr_ref ref)
{
        return box[1] == ref.id[0] && box[2] == ref.id[1] &&
               box[3] == (ref.id2 | (kri_word)ref.node << 32);
}

static inline __attribute__((always_inline)) bool kri_fits_more(
        const struct kri_more *more, const kri_word *p, const union kri_arg *args)
{
        const union kri_arg *arg = &args[more->arg];
        const kri_word *box;

        if (((*p + more->add) & more->mask) != more->want)
                return false;
        if (more->header == 0) {
                if (more->type == KRI_ARG_PID)
                        return arg->pid.node - 1 < KRI_NEAR_SLOTS - 1 &&
                               *p == arg->pid.num;
                return more->type == KRI_ARG_NONE || arg->out != NULL;
        }
        box = kri_ptr(kri_load_place(p)); /* that it is a box has been wanted */
        if (box[0] != more->header)
                return false;
        return more->type == KRI_ARG_REF ? kri_is_ref_box(box, arg->ref)
                                         : arg->out != NULL;
}

static inline __attribute__((always_inline)) void kri_set_more(
        const struct kri_more *more, const kri_word *p, const union kri_arg *args)
{
        const kri_word *box;
        void *to;

        if (more->type < KRI_ARG_OUT)
                return; /* where nothing is written there may be no argument */
        to = args[more->arg].out;
        switch ((enum kri_arg_type)more->type) {
        case KRI_ARG_OUT_I64:
                kri_set_int64(kri_int_value(*p), to);
                break;
        case KRI_ARG_OUT_PID:
                *(kr_pid *)to = kri_word_pid(*p);
                break;
        case KRI_ARG_OUT_TERM:
                *(kr_term *)to = (kr_term){ kri_load(p) };
                break;
        case KRI_ARG_OUT_DOUBLE:
                memcpy(to, kri_ptr(kri_load_place(p)) + 1, sizeof(double));
                break;
        case KRI_ARG_OUT_REF:
                box = kri_ptr(kri_load_place(p));
                /* both at once: whoever copies it in one piece need not wait for two stores */
                memcpy(((kr_ref *)to)->id, &box[1], sizeof(((kr_ref *)to)->id));
                ((kr_ref *)to)->id2 = (uint32_t)box[3];
                ((kr_ref *)to)->node = (uint32_t)(box[3] >> 32);
                break;
        default:
                break;
        }
}

/* `box` has passed the key of a code with `fast_more`. False: ask kri_code_match. */
static inline __attribute__((always_inline)) bool kri_match_more(
        const struct kri_match_code *match, const kri_word *box,
        const union kri_arg *args)
{
        const struct kri_more *end = match->more + match->more_count, *more;
        const kri_word *inner = box;

        if (match->inner_at != 0) {
                if (kri_tag(box[match->inner_at]) != match->inner_tag)
                        return false;
                inner = kri_ptr(kri_load_place(&box[match->inner_at]));
                if (match->inner_tag == KRI_BOX && inner[0] != match->inner_header)
                        return false;
        }
        for (more = match->more; more < end; more++)
                if (!kri_fits_more(more, (more->is_inner ? inner : box) + more->at, args))
                        return false;
        for (more = match->more; more < end; more++)
                kri_set_more(more, (more->is_inner ? inner : box) + more->at, args);
        return true;
}

void kri_set_result(enum kri_arg_type type, kri_word t, void *out);
bool kri_match_tree(const struct kri_match_code *match, kri_word t,
                    const union kri_arg *args);

/* For FLAT: is an element the same as an argument; and the results, when some do not fit at
 * first sight. */
bool kri_match_equal(const struct kri_flat *flat, const kri_word *box,
                     const union kri_arg *args);
bool kri_match_closely(const struct kri_match_code *match, const kri_word *box,
                       const union kri_arg *args);

/* The usual ones in line: comparing types one by one is cheaper than a jump through a table. */
static inline void kri_set_found(enum kri_arg_type type, kri_word t, void *out)
{
        if (type == KRI_ARG_OUT_TERM)
                *(kr_term *)out = (kr_term){ t };
        else if (type == KRI_ARG_OUT_I64 && kri_tag(t) == KRI_INT)
                kri_set_int64(kri_int_value(t), out);
        else if (type == KRI_ARG_OUT_PID && kri_tag(t) == KRI_PID)
                *(kr_pid *)out = kri_word_pid(t);
        else
                kri_set_result(type, t, out);
}

/* An immediate (a kr_term: anything) that fits. */
static inline void kri_set_flat(enum kri_arg_type type, const kri_word *p, void *out)
{
        if (type == KRI_ARG_OUT_I64)
                kri_set_int64(kri_int_value(*p), out);
        else if (type == KRI_ARG_OUT_PID)
                *(kr_pid *)out = kri_word_pid(*p);
        else if (type == KRI_ARG_OUT_TERM)
                *(kr_term *)out = (kr_term){ kri_load(p) };
        else
                kri_set_result(type, *p, out);
}

/* The results, `count` of them; a constant for the usual few, so that no loop is left. */
static inline __attribute__((always_inline)) bool kri_match_outs(
        const struct kri_match_code *match, const kri_word *box,
        const union kri_arg *args, uint32_t count)
{
        const struct kri_flat *flat = match->flat_outs;
        kri_word is_bad = 0;

#pragma GCC unroll 4
        for (uint32_t i = 0; i < count; i++) {
                is_bad |= ((box[flat[i].at] + flat[i].add) & flat[i].mask) ^ flat[i].want;
                is_bad |= !args[flat[i].arg].out;
        }
        if (__builtin_expect(is_bad != 0, 0))
                return kri_match_closely(match, box, args);
#pragma GCC unroll 4
        for (uint32_t i = 0; i < count; i++)
                kri_set_flat((enum kri_arg_type)flat[i].type, &box[flat[i].at],
                             args[flat[i].arg].out);
        return true;
}

static inline __attribute__((always_inline)) bool kri_match_flat(
        const struct kri_match_code *match, kri_word t, const union kri_arg *args)
{
        const kri_word *box = kri_ptr(t);
        const struct kri_flat *flat = match->flat;

        for (; flat < match->flat_equals; flat++) {
                if (box[flat->at] != flat->want)
                        return false;
        }
        for (; flat < match->flat_outs; flat++) {
                if (!kri_match_equal(flat, box, args))
                        return false;
        }
        switch (match->out_count) {
        case 0:
                return true;
        case 1:
                return kri_match_outs(match, box, args, 1);
        case 2:
                return kri_match_outs(match, box, args, 2);
        case 3:
                return kri_match_outs(match, box, args, 3);
        default:
                return kri_match_outs(match, box, args, match->out_count);
        }
}

static inline __attribute__((always_inline)) bool kri_code_match_inline(
        const struct kri_code *code, kri_word t, const union kri_arg *args)
{
        const struct kri_match_code *match = (const struct kri_match_code *)code;

        if (!kri_code_may_match(code, t))
                return false;
        if (kri_match_word_fast(code, t, &args))
                return true;
        return __builtin_expect(code->shape == KRI_SHAPE_FLAT, 1)
                       ? kri_match_flat(match, t, args)
                       : kri_match_tree(match, t, args);
}

#endif
