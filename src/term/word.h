/* SPDX-License-Identifier: Apache-2.0 */
/* word.h: how a term looks, in hand and in memory.
 *
 * Model    A term is one 64-bit word. Its low three bits say what it is: an immediate
 *          (small integer, atom, near pid, nil) or the place of a box or list cell.
 *            in hand    (kr_term)   the place is an absolute address
 *            in memory  (kri_word)  the place is an offset from the address of the word
 *                                   itself, so a block of words that points only into
 *                                   itself can be moved by one memcpy
 *          kri_load and kri_store are the only ways from one form to the other.
 * Boxes    start with a header word (type, extra, number of words that follow) and are
 *          8-aligned. A list cell is two words, head and tail, without header.
 * Law      Every block of terms points only into itself, except blobs (shared binaries),
 *          whose boxes are chained so that they can be released without a walk.
 *          Integers that fit the immediate are never boxed; bigs have no leading zero
 *          limb; maps are sorted and without duplicates: equality relies on all three.
 */
#ifndef KR_TERM_WORD_H
#define KR_TERM_WORD_H

#include <krarup/term.h>

#include <stdatomic.h>

typedef uint64_t kri_word;

enum kri_tag {
        KRI_INT = 0,  /* 61-bit signed integer */
        KRI_BOX = 1,  /* place of a box */
        KRI_CONS = 2, /* place of a list cell */
        KRI_ATOM = 3, /* index into the atom table */
        KRI_PID = 4,  /* near pid: slot 6 bits, index 27 bits, serial 28 bits */
        KRI_SPEC = 5, /* KRI_NIL, KRI_NONE */
};

#define KRI_NIL ((kri_word)KRI_SPEC)             /* [] */
#define KRI_NONE ((kri_word)(1 << 3 | KRI_SPEC)) /* no term at all; never inside a term */

#define KRI_INT_MAX (((int64_t)1 << 60) - 1)
#define KRI_INT_MIN (-((int64_t)1 << 60))

enum kri_box {
        KRI_TUPLE,  /* words = arity; the elements */
        KRI_FLOAT,  /* 1: the double, always finite */
        KRI_BIGPOS, /* words = limbs; magnitude, least limb first, top limb not zero */
        KRI_BIGNEG,
        KRI_BIN,  /* size in bits; the bytes, unused bits 0, then at least one 0 byte */
        KRI_BLOB, /* 3: size in bits; struct kri_blob *; next in chain (see kri_blob) */
        KRI_MAP,  /* words = 2n: n keys in map-key order, then their n values */
        KRI_XPID, /* 2: num; node (a peer) -- pids that are not near */
        KRI_PORT, /* 2: num; node */
        KRI_REF, /* 3: id[0]; id[1]; id[2] | node << 32.  extra = 32-bit words in use, 1..5 */
        KRI_EXPORT, /* 3: module, function, arity (terms): fun M:F/A */
        KRI_FUN,    /* length in bytes; the external format's bytes, tag included */
        KRI_BOX_TYPES
};

/* -- immediates -- */

static inline enum kri_tag kri_tag(kri_word w)
{
        return (enum kri_tag)(w & 7);
}

static inline bool kri_is_place(kri_word w)
{
        return ((w & 7) - 1) < 2;
}

static inline kri_word kri_int(int64_t n)
{
        return (kri_word)n << 3;
}

static inline bool kri_int_fits(int64_t n)
{
        return n >= KRI_INT_MIN && n <= KRI_INT_MAX;
}

static inline int64_t kri_int_value(kri_word w)
{
        return (int64_t)w >> 3;
}

static inline kri_word kri_atom(uint32_t index)
{
        return (kri_word)index << 3 | KRI_ATOM;
}

static inline uint32_t kri_atom_index(kri_word w)
{
        return (uint32_t)(w >> 3);
}

/* A near pid: one of a node in this OS process. */
#define KRI_NEAR_SLOTS 64u
#define KRI_PID_INDEX_BITS 27
#define KRI_PID_SERIAL_BITS 28

static inline kri_word kri_near_pid(uint32_t slot, uint32_t index, uint32_t serial)
{
        return (kri_word)serial << 36 | (kri_word)index << 9 | slot << 3 | KRI_PID;
}

static inline uint32_t kri_pid_slot(kri_word w)
{
        return (uint32_t)(w >> 3) & (KRI_NEAR_SLOTS - 1);
}

static inline uint32_t kri_pid_index(kri_word w)
{
        return (uint32_t)(w >> 9) & ((1u << KRI_PID_INDEX_BITS) - 1);
}

static inline uint32_t kri_pid_serial(kri_word w)
{
        return (uint32_t)(w >> 36);
}

static inline bool kri_pid_is_near(kr_pid pid)
{
        return pid.node < KRI_NEAR_SLOTS;
}

/* A near kr_pid holds its word as it is, so that pids come and go by a move; one of a peer
 * holds id | serial << 32. kri_pid_num: that, of either. */
static inline kri_word kri_pid_word(kr_pid near)
{
        return near.num;
}

static inline kr_pid kri_word_pid(kri_word near)
{
        return (kr_pid){ .num = near, .node = kri_pid_slot(near) };
}

static inline uint64_t kri_pid_num(kr_pid pid)
{
        if (!kri_pid_is_near(pid))
                return pid.num;
        return (uint64_t)kri_pid_serial(pid.num) << 32 | kri_pid_index(pid.num);
}

/* -- places -- */

static inline kri_word *kri_ptr(kri_word in_hand)
{
        return (kri_word *)(uintptr_t)(in_hand & ~(kri_word)7);
}

static inline kri_word kri_boxed(const kri_word *header)
{
        return (kri_word)(uintptr_t)header | KRI_BOX;
}

static inline kri_word kri_cons(const kri_word *cell)
{
        return (kri_word)(uintptr_t)cell | KRI_CONS;
}

/* The term stored at *p, in hand. */
static inline kri_word kri_load(const kri_word *p)
{
        kri_word w = *p;

        return kri_is_place(w) ? w + (kri_word)(uintptr_t)p : w;
}

/* The same where it is known to be a place. */
static inline kri_word kri_load_place(const kri_word *p)
{
        return *p + (kri_word)(uintptr_t)p;
}

/* Where it is known to be that of a box: the box. */
static inline const kri_word *kri_load_box(const kri_word *p)
{
        return (const kri_word *)(uintptr_t)(kri_load_place(p) - KRI_BOX);
}

/* Store `in_hand` at *p; a place must lie in the same block as p. */
static inline void kri_store(kri_word *p, kri_word in_hand)
{
        *p = kri_is_place(in_hand) ? in_hand - (kri_word)(uintptr_t)p : in_hand;
}

/* -- references --
 *
 * A kr_ref has no room for the number of 32-bit words in use beside its fields, but its
 * node has bits to spare: bits 28..30 hold that number, with 0 for 3, the usual one. A
 * reference made here is therefore just { id, node = slot }. */
#define KRI_REF_WORDS 3u
#define KRI_REF_NODE_BITS 28

static inline uint32_t kri_ref_node(kr_ref ref)
{
        return ref.node & ((1u << KRI_REF_NODE_BITS) - 1);
}

static inline uint32_t kri_ref_words(kr_ref ref)
{
        uint32_t words = ref.node >> KRI_REF_NODE_BITS;

        return words ? words : KRI_REF_WORDS;
}

static inline uint32_t kri_ref_pack_node(uint32_t node, uint32_t words)
{
        return words == KRI_REF_WORDS ? node : node | words << KRI_REF_NODE_BITS;
}

/* -- boxes -- */

static inline kri_word kri_header(enum kri_box type, uint32_t extra, uint64_t words)
{
        return words << 16 | extra << 8 | (kri_word)type;
}

static inline enum kri_box kri_box_type(kri_word header)
{
        return (enum kri_box)(header & 0xff);
}

static inline uint32_t kri_box_extra(kri_word header)
{
        return (uint32_t)(header >> 8) & 0xff;
}

static inline uint64_t kri_box_words(kri_word header)
{
        return header >> 16;
}

static inline bool kri_is_box(kri_word w, enum kri_box type)
{
        return kri_tag(w) == KRI_BOX && kri_box_type(*kri_ptr(w)) == type;
}

/* Words that a binary of `bytes` bytes takes after its header: the size, the bytes and
 * the terminating zero. */
static inline uint64_t kri_bin_words(uint64_t bytes)
{
        return 1 + bytes / 8 + 1;
}

/* -- blobs: binaries too large to copy, shared and counted -- */

/* Binaries from this size on are blobs (bytes). */
#define KRI_BLOB_MIN 512u

/* The third word of a BLOB box links the blob boxes of one block: the offset, in words,
 * from the start of the block (not from the box), 0 at the end. The owner of the block
 * keeps the first offset. Offset 0 is never a box: blocks start with their owner's
 * header, so that a chain survives memcpy. */
struct kri_blob {
        _Atomic uint64_t refs;
        uint64_t len; /* bytes, without the terminating zero */
        void (*free)(struct kri_blob *blob);
        uint8_t bytes[];
};

static inline uint64_t kri_tuple_arity(kri_word tuple)
{
        return kri_box_words(*kri_ptr(tuple));
}

static inline kri_word kri_tuple_at(kri_word tuple, uint64_t i)
{
        return kri_load(kri_ptr(tuple) + 1 + i);
}

static inline kri_word kri_head(kri_word cons)
{
        return kri_load(kri_ptr(cons));
}

static inline kri_word kri_tail(kri_word cons)
{
        return kri_load(kri_ptr(cons) + 1);
}

static inline uint64_t kri_map_len(kri_word map)
{
        return kri_box_words(*kri_ptr(map)) / 2;
}

static inline kri_word kri_map_key(kri_word map, uint64_t i)
{
        return kri_load(kri_ptr(map) + 1 + i);
}

static inline kri_word kri_map_value(kri_word map, uint64_t i)
{
        return kri_load(kri_ptr(map) + 1 + kri_map_len(map) + i);
}

static inline bool kri_is_bits(kri_word w)
{
        return kri_is_box(w, KRI_BIN) || kri_is_box(w, KRI_BLOB);
}

/* The bytes of a binary or blob and its size in bits. */
static inline const uint8_t *kri_bits(kri_word w, uint64_t *ret_bits)
{
        const kri_word *box = kri_ptr(w);

        *ret_bits = box[1];
        if (kri_box_type(box[0]) == KRI_BIN)
                return (const uint8_t *)(box + 2);
        return ((const struct kri_blob *)(uintptr_t)box[2])->bytes;
}

static inline kr_ref kri_word_ref(kri_word w)
{
        const kri_word *box = kri_ptr(w);

        return (kr_ref){ .id = { box[1], box[2] },
                         .id2 = (uint32_t)box[3],
                         .node = kri_ref_pack_node((uint32_t)(box[3] >> 32),
                                                   kri_box_extra(box[0])) };
}

#define KRI_REF_BOX_WORDS 4 /* words of a REF box, header included */

/* Write the box of `ref` at `at`. */
static inline void kri_ref_box(kri_word *at, kr_ref ref)
{
        at[0] = kri_header(KRI_REF, kri_ref_words(ref), 3);
        at[1] = ref.id[0];
        at[2] = ref.id[1];
        at[3] = ref.id2 | (uint64_t)kri_ref_node(ref) << 32;
}

#endif
