/* SPDX-License-Identifier: Apache-2.0 */
/* compare.c: the order of terms, sameness, and hashes.
 *
 * Law      number < atom < reference < fun < port < pid < tuple < map < nil < list <
 *          bitstring (Erlang reference manual, "Term Comparisons").
 */
#include "atom.h"
#include "ident.h"
#include "number.h"
#include "term.h"
#include "walk.h"

enum rank {
        RANK_NUMBER,
        RANK_ATOM,
        RANK_REF,
        RANK_FUN,
        RANK_PORT,
        RANK_PID,
        RANK_TUPLE,
        RANK_MAP,
        RANK_NIL,
        RANK_LIST,
        RANK_BITS,
};

static enum rank rank_of(kri_word t)
{
        static const uint8_t of_box[KRI_BOX_TYPES] = {
                [KRI_TUPLE] = RANK_TUPLE,   [KRI_FLOAT] = RANK_NUMBER,
                [KRI_BIGPOS] = RANK_NUMBER, [KRI_BIGNEG] = RANK_NUMBER,
                [KRI_BIN] = RANK_BITS,      [KRI_BLOB] = RANK_BITS,
                [KRI_MAP] = RANK_MAP,       [KRI_XPID] = RANK_PID,
                [KRI_PORT] = RANK_PORT,     [KRI_REF] = RANK_REF,
                [KRI_EXPORT] = RANK_FUN,    [KRI_FUN] = RANK_FUN,
        };

        switch (kri_tag(t)) {
        case KRI_INT:
                return RANK_NUMBER;
        case KRI_ATOM:
                return RANK_ATOM;
        case KRI_PID:
                return RANK_PID;
        case KRI_CONS:
                return RANK_LIST;
        case KRI_BOX:
                return (enum rank)of_box[kri_box_type(*kri_ptr(t))];
        case KRI_SPEC:
                break;
        }
        return RANK_NIL;
}

static int order(uint64_t a, uint64_t b)
{
        return (a > b) - (a < b);
}

static kr_pid pid_of(kri_word t)
{
        const kri_word *box = kri_ptr(t);

        return kri_tag(t) == KRI_PID
                       ? kri_word_pid(t)
                       : (kr_pid){ .num = box[1], .node = (uint32_t)box[2] };
}

/* Serial first, then id, then the node: as OTP 25 does. */
static int compare_pids(kri_word a, kri_word b)
{
        kr_pid x = pid_of(a), y = pid_of(b);
        int sign = order(kri_pid_num(x), kri_pid_num(y));

        return sign ? sign : kri_node_compare(x.node, y.node);
}

static int compare_ports(const kri_word *a, const kri_word *b)
{
        int sign = kri_node_compare((uint32_t)a[2], (uint32_t)b[2]);

        return sign ? sign : order(a[1], b[1]);
}

/* The node first; then the words, highest first, as if the shorter had zeros there. */
static int compare_refs(const kri_word *a, const kri_word *b)
{
        int sign = kri_node_compare((uint32_t)(a[3] >> 32), (uint32_t)(b[3] >> 32));

        if (!sign)
                sign = order((uint32_t)a[3], (uint32_t)b[3]);
        if (!sign)
                sign = order(a[2], b[2]);
        return sign ? sign : order(a[1], b[1]);
}

static int compare_bytes(const uint8_t *a, uint64_t a_len, const uint8_t *b,
                         uint64_t b_len)
{
        uint64_t len = a_len < b_len ? a_len : b_len;
        int sign = len ? memcmp(a, b, len) : 0;

        return sign ? sign : order(a_len, b_len);
}

/* Funs from elsewhere are opaque: their bytes order them. They come before fun M:F/A. */
static int compare_funs(const kri_word *a, const kri_word *b)
{
        int sign = (kri_box_type(*a) == KRI_EXPORT) - (kri_box_type(*b) == KRI_EXPORT);

        if (sign)
                return sign;
        if (kri_box_type(*a) == KRI_FUN)
                return compare_bytes((const uint8_t *)(a + 2), a[1],
                                     (const uint8_t *)(b + 2), b[1]);
        sign = kri_atom_compare(kri_atom_index(a[1]), kri_atom_index(b[1]));
        if (!sign)
                sign = kri_atom_compare(kri_atom_index(a[2]), kri_atom_index(b[2]));
        return sign ? sign : order(a[3], b[3]);
}

/* Unused bits are zero, so whole bytes compare first and the length decides the rest. */
static int compare_bits(kri_word a, kri_word b)
{
        uint64_t a_bits, b_bits;
        const uint8_t *x = kri_bits(a, &a_bits);
        const uint8_t *y = kri_bits(b, &b_bits);
        uint64_t bits = a_bits < b_bits ? a_bits : b_bits;
        uint64_t len = bits / 8;
        int sign = len ? memcmp(x, y, len) : 0;
        unsigned rest = bits % 8;

        if (!sign && rest)
                sign = order(x[len] >> (8 - rest), y[len] >> (8 - rest));
        return sign ? sign : order(a_bits, b_bits);
}

/* Two terms of one rank. Those with children: push them and call it equal so far. */
static int compare_ranked(enum rank rank, kri_word a, kri_word b, bool exact,
                          struct kri_range *ret_children)
{
        const kri_word *x = kri_ptr(a), *y = kri_ptr(b);
        uint64_t count;
        int sign;

        switch (rank) {
        case RANK_NUMBER:
                return kri_number_compare(a, b, exact);
        case RANK_ATOM:
                return kri_atom_compare(kri_atom_index(a), kri_atom_index(b));
        case RANK_REF:
                return compare_refs(x, y);
        case RANK_FUN:
                return compare_funs(x, y);
        case RANK_PORT:
                return compare_ports(x, y);
        case RANK_PID:
                return compare_pids(a, b);
        case RANK_BITS:
                return compare_bits(a, b);
        case RANK_NIL:
                return order(a, b);
        case RANK_LIST:
                *ret_children = (struct kri_range){ x, y, 2, exact };
                return 0;
        case RANK_TUPLE:
        case RANK_MAP:
                break;
        }
        count = kri_box_words(*x);
        sign = order(count, kri_box_words(*y));
        if (!sign)
                *ret_children = (struct kri_range){ x + 1, y + 1, count, exact };
        return sign;
}

/* Terms of which one at least is a place or they differ; 0 with children to look at. */
static int compare_one(kri_word a, kri_word b, bool exact, struct kri_range *ret_children)
{
        enum rank x, y;

        if (a == b)
                return 0;
        if (kri_tag(a) == KRI_INT && kri_tag(b) == KRI_INT)
                return kri_int_value(a) < kri_int_value(b) ? -1 : 1;
        x = rank_of(a);
        y = rank_of(b);
        return x == y ? compare_ranked(x, a, b, exact, ret_children) : x < y ? -1 : 1;
}

/* A map's keys compare exactly, whatever its values do: two ranges. */
static bool push_children(struct kri_walk *walk, kri_word a, struct kri_range children)
{
        if (kri_is_box(a, KRI_MAP) && !children.exact) {
                uint64_t keys = children.count / 2;
                struct kri_range values = { children.a + keys, children.b + keys, keys,
                                            false };

                children.count = keys;
                children.exact = true;
                if (!kri_walk_push(walk, values))
                        return false;
        }
        return kri_walk_push(walk, children);
}

/* Push what is left of the present range, and the children of `a` and its counterpart. */
static bool descend(struct kri_walk *walk, kri_word a, const struct kri_range *rest,
                    const struct kri_range *children)
{
        if (rest->count > 0 && !kri_walk_push(walk, *rest))
                return false;
        return push_children(walk, a, *children);
}

static int compare_nested(kri_word a, const struct kri_range *children)
{
        struct kri_walk walk;
        struct kri_range at = { 0 };
        int sign = 0;
        bool is_memory = true;

        kri_walk_init(&walk);
        is_memory = push_children(&walk, a, *children);
        while (!sign && is_memory && kri_walk_pop(&walk, &at)) {
                while (at.count > 0 && !sign) {
                        struct kri_range inner = { .count = 0 };

                        a = kri_load(at.a);
                        sign = compare_one(a, kri_load(at.b), at.exact, &inner);
                        at.a++, at.b++, at.count--;
                        if (!sign && inner.count > 0) {
                                is_memory = descend(&walk, a, &at, &inner);
                                break;
                        }
                }
        }
        kri_walk_fini(&walk);
        if (!is_memory)
                kri_misuse("system_limit: no memory to compare terms nested so deeply");
        return sign;
}

int kri_term_compare(kri_word a, kri_word b, bool exact)
{
        struct kri_range children = { .count = 0 };
        int sign = compare_one(a, b, exact, &children);

        return sign || children.count == 0 ? sign : compare_nested(a, &children);
}

/* -- sameness: as the exact order's 0, but for most terms a comparison of words -- */

/* Two boxes without children. */
static bool same_leaf(kri_word a, kri_word b)
{
        const kri_word *x = kri_ptr(a), *y = kri_ptr(b);

        switch (kri_box_type(*x)) {
        case KRI_FLOAT:
                return *x == *y && kri_float_value(a) == kri_float_value(b);
        case KRI_BIN:
        case KRI_BLOB:
                return kri_is_bits(b) && compare_bits(a, b) == 0;
        case KRI_REF:
                return kri_is_box(b, KRI_REF) && compare_refs(x, y) == 0;
        default:
                return *x == *y &&
                       memcmp(x, y, (1 + kri_box_words(*x)) * sizeof(*x)) == 0;
        }
}

/* The words of two places that are terms; false: they differ, whatever those are. */
static inline bool same_place(kri_word x, kri_word y, const kri_word **ret_a,
                              const kri_word **ret_b, uint64_t *ret_count)
{
        const kri_word *a = kri_ptr(x), *b = kri_ptr(y);
        enum kri_box type;

        if (kri_tag(x) != kri_tag(y))
                return false;
        *ret_a = a;
        *ret_b = b;
        *ret_count = 2;
        if (kri_tag(x) == KRI_CONS)
                return true;
        type = kri_box_type(*a);
        *ret_a = a + 1;
        *ret_b = b + 1;
        *ret_count = type == KRI_TUPLE || type == KRI_MAP ? kri_box_words(*a) : 0;
        return *ret_count > 0 ? *a == *b : same_leaf(x, y);
}

static bool same_nested(const kri_word *a, const kri_word *b, uint64_t count)
{
        struct kri_walk walk;
        struct kri_range rest = { .exact = true };
        bool same = true;

        kri_walk_init(&walk);
        for (;;) {
                /* an immediate has one form only, in memory as in hand */
                while (count > 0 && *a == *b && !kri_is_place(*a))
                        a++, b++, count--;
                if (count == 0) {
                        if (!kri_walk_pop(&walk, &rest))
                                break;
                        a = rest.a, b = rest.b, count = rest.count;
                        continue;
                }
                rest.a = a + 1, rest.b = b + 1, rest.count = count - 1;
                same = kri_is_place(*a) && kri_is_place(*b) &&
                       same_place(kri_load(a), kri_load(b), &a, &b, &count);
                if (!same)
                        break;
                if (rest.count > 0 && !kri_walk_push(&walk, rest)) {
                        kri_misuse(
                                "system_limit: no memory to compare terms nested so deeply");
                        break;
                }
        }
        kri_walk_fini(&walk);
        return same;
}

bool kri_term_same(kri_word x, kri_word y)
{
        const kri_word *a, *b;
        uint64_t count;

        if (x == y)
                return true;
        if (!kri_is_place(x) || !kri_is_place(y) || !same_place(x, y, &a, &b, &count))
                return false;
        while (count > 0 && *a == *b && !kri_is_place(*a))
                a++, b++, count--;
        return count == 0 || same_nested(a, b, count);
}

/* -- hashes -- */

static uint64_t mix(uint64_t hash, uint64_t word)
{
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        return hash ^ hash >> 29;
}

static uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, uint64_t len)
{
        uint64_t word;

        for (; len >= 8; len -= 8, bytes += 8) {
                memcpy(&word, bytes, 8);
                hash = mix(hash, word);
        }
        word = 0;
        if (len)
                memcpy(&word, bytes, len);
        return mix(hash, word);
}

static uint64_t hash_words(uint64_t hash, const kri_word *words, uint64_t count)
{
        for (uint64_t i = 0; i < count; i++)
                hash = mix(hash, words[i]);
        return hash;
}

/* One box without its children. */
static uint64_t hash_box(uint64_t hash, kri_word t)
{
        const kri_word *box = kri_ptr(t);
        enum kri_box type = kri_box_type(*box);
        const uint8_t *bytes;
        uint64_t bits;

        switch (type) {
        case KRI_TUPLE:
        case KRI_MAP:
                return mix(hash, kri_box_words(*box) << 8 | type);
        case KRI_FLOAT:
                return mix(mix(hash, KRI_FLOAT),
                           box[1] << 1 ? box[1] : 0); /* -0.0 =:= 0.0 */
        case KRI_BIN:
        case KRI_BLOB:
                bytes = kri_bits(t, &bits);
                return hash_bytes(mix(hash, bits << 8 | KRI_BIN), bytes, (bits + 7) / 8);
        case KRI_FUN:
                return hash_bytes(mix(hash, KRI_FUN), (const uint8_t *)(box + 2), box[1]);
        case KRI_BIGPOS:
        case KRI_BIGNEG:
        case KRI_XPID:
        case KRI_PORT:
        case KRI_REF:
        case KRI_EXPORT:
        case KRI_BOX_TYPES:
                break;
        }
        return hash_words(mix(hash, type), box + 1, kri_box_words(*box));
}

static uint64_t hash_one(uint64_t hash, kri_word t, struct kri_range *ret_children)
{
        ret_children->count = 0;
        if (!kri_is_place(t))
                return mix(hash, t);
        ret_children->a = kri_children(t, &ret_children->count);
        return kri_tag(t) == KRI_CONS ? mix(hash, KRI_CONS) : hash_box(hash, t);
}

uint64_t kri_term_hash(kri_word t)
{
        struct kri_walk walk;
        struct kri_range at = { 0 }, inner = { 0 };
        uint64_t hash = hash_one(0, t, &at);

        kri_walk_init(&walk);
        do {
                while (at.count > 0) {
                        hash = hash_one(hash, kri_load(at.a), &inner);
                        at.a++, at.count--;
                        if (inner.count == 0)
                                continue;
                        if (at.count > 0 && !kri_walk_push(&walk, at)) {
                                kri_walk_fini(&walk);
                                kri_misuse(
                                        "system_limit: no memory to hash a term nested so deeply");
                                return hash;
                        }
                        at = inner;
                }
        } while (kri_walk_pop(&walk, &at));
        kri_walk_fini(&walk);
        return hash;
}
