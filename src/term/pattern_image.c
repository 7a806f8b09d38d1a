/* SPDX-License-Identifier: Apache-2.0 */
/* pattern_image.c: the tree of a pattern as the image of a building site. */
#include "pattern_priv.h"

#include <string.h>

static uint32_t count_maps(const struct kri_parse *parse)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < parse->node_count; i++)
                count += parse->nodes[i].kind == KRI_AST_MAP;
        return count;
}

static enum kri_shape build_shape(const struct kri_ast *root)
{
        if (root->kind == KRI_AST_WORD)
                return KRI_SHAPE_WORD;
        return root->kind == KRI_AST_HOLE ? KRI_SHAPE_HOLE : KRI_SHAPE_IMAGE;
}

static bool has_binaries(const struct kri_site *site)
{
        for (unsigned i = 0; i < site->count; i++) {
                if (site->types[i] == KRI_ARG_BYTES || site->types[i] == KRI_ARG_STR)
                        return true;
        }
        return false;
}

/* The word of the term when it lies at offset 0. */
static bool lay_root(struct kri_build_code *build, struct kri_layout *layout,
                     const struct kri_ast *root)
{
        kri_word t;

        if (build->code.shape == KRI_SHAPE_HOLE) {
                layout->holes[0] =
                        (struct kri_hole){ .type = layout->parse->site->types[0] };
                build->hole_count = 1;
                return true;
        }
        t = kri_ast_lay(layout, root);
        if (t == KRI_NONE)
                return false;
        build->word = kri_is_place(t) ? (kri_word)kri_tag(t) : t;
        build->hole_count = layout->hole_count;
        build->map_count = layout->map_count;
        return true;
}

/* False: values of this type are never immediates, or it takes a look to tell. */
static bool quick_of(enum kri_arg_type type, struct kri_quick *ret)
{
        const uint64_t below = (uint64_t)KRI_INT_MAX + 1;

        switch (type) {
        case KRI_ARG_INT:
                *ret = (struct kri_quick){ .add = below, .limit = 2 * below, .shift = 3 };
                break;
        case KRI_ARG_UINT:
                *ret = (struct kri_quick){ .limit = below, .shift = 3 };
                break;
        case KRI_ARG_ATOM:
                *ret = (struct kri_quick){ .add = ~(uint64_t)0,
                                           .limit = UINT32_MAX,
                                           .shift = 3,
                                           .tag = KRI_ATOM };
                break;
        case KRI_ARG_TERM: /* all ones is no term */
                *ret = (struct kri_quick){ .limit = ~(uint64_t)0, .is_term = true };
                break;
        case KRI_ARG_PID:
                *ret = (struct kri_quick){ .add = ~(uint64_t)0,
                                           .limit = KRI_NEAR_SLOTS - 1,
                                           .from = offsetof(kr_pid, node),
                                           .is_pid = true };
                break;
        default:
                return false;
        }
        return true;
}

static void make_quick(struct kri_build_code *build, struct kri_quick *quick)
{
        build->quick = quick;
        build->is_quick = build->map_count == 0;
        for (uint32_t i = 0; i < build->hole_count && build->is_quick; i++) {
                struct kri_hole hole = build->holes[i];

                build->is_quick = quick_of((enum kri_arg_type)hole.type, &quick[i]);
                quick[i].from += (uint16_t)(hole.arg * sizeof(union kri_arg));
                quick[i].at = build->code.shape == KRI_SHAPE_HOLE ? -1 : (int32_t)hole.at;
        }
}

static struct kri_fast_hole fast_hole(const struct kri_quick *quick)
{
        bool is_pid = quick->is_pid;

        return (struct kri_fast_hole){
                .add = quick->add,
                .limit = quick->limit,
                .factor = is_pid ? 1 : (uint64_t)1 << quick->shift,
                .tag = quick->tag,
                .from = (uint16_t)(quick->from - (is_pid ? sizeof(uint64_t) : 0)),
                .test = quick->from,
                .to = (int16_t)(quick->at * (int)sizeof(kri_word)),
                .is_term = quick->is_term,
        };
}

static void make_fast(struct kri_build_code *build)
{
        bool has_terms = false;

        if (!build->is_quick || build->hole_count > KRI_FAST_HOLES)
                return;
        switch ((enum kri_shape)build->code.shape) {
        case KRI_SHAPE_WORD:
                build->root = build->word;
                build->fast = 1;
                break;
        case KRI_SHAPE_HOLE: /* goes where the root does, in front of the words */
                build->fast = 1;
                break;
        default:
                if (build->word != KRI_BOX || build->words > KRI_FAST_WORDS)
                        return;
                build->root = sizeof(kri_word) | KRI_BOX; /* the word behind it */
                build->fast = (uint8_t)build->words;
                memcpy(build->fast_image, build->image, build->words * sizeof(kri_word));
        }
        build->fast_any = build->fast;
        build->fast_steps = build->fast > KRI_FAST_STEP;
        build->fast_sizes = (uint64_t)build->fast << 32 | (uint64_t)build->fast_steps
                                                                  << 8;
        build->fast_holes = (uint8_t)build->hole_count;
        build->fast_is_one = build->fast_steps == 0 && build->fast_holes == 1;
        for (uint32_t i = 0; i < build->hole_count; i++) {
                build->fast_hole[i] = fast_hole(&build->quick[i]);
                has_terms |= build->quick[i].is_term;
        }
        if (has_terms)
                build->fast = 0;
}

/* -- with the boxes of the arguments -- */

/* Words of the box that a value of this type always takes; 0: none, or it depends. */
static uint64_t box_words(uint8_t type)
{
        return type == KRI_ARG_DOUBLE ? 2 : type == KRI_ARG_REF ? 4 : 0;
}

/* Words of the whole image; 0: there can be none. An argument alone is just its box. */
static uint64_t whole_words(const struct kri_build_code *build)
{
        uint64_t words = build->words;
        struct kri_quick quick;

        if (build->code.shape == KRI_SHAPE_HOLE)
                return box_words(build->holes[0].type);
        if (build->is_quick || build->code.shape != KRI_SHAPE_IMAGE ||
            build->map_count != 0 || build->hole_count > KRI_WHOLE_HOLES)
                return 0;
        for (uint32_t i = 0; i < build->hole_count; i++) {
                uint8_t type = build->holes[i].type;

                if (box_words(type) == 0 && !quick_of((enum kri_arg_type)type, &quick))
                        return 0;
                words += box_words(type);
        }
        return words <= KRI_WHOLE_WORDS ? words : 0;
}

/* Its header at `box`. */
static struct kri_whole_hole lay_box(const kri_word *image, kri_word *box,
                                     struct kri_hole hole)
{
        bool is_ref = hole.type == KRI_ARG_REF;

        box[0] = is_ref ? kri_header(KRI_REF, KRI_REF_WORDS, 3)
                        : kri_header(KRI_FLOAT, 0, 1);
        return (struct kri_whole_hole){
                .quick = { .at = (int32_t)(box + 1 - image) },
                .kind = is_ref ? KRI_WHOLE_REF : KRI_WHOLE_FLOAT,
        };
}

static void make_whole(struct kri_build_code *build, kri_word *image,
                       struct kri_whole_hole *whole)
{
        kri_word *next = image + build->words;

        build->whole_words = (uint8_t)whole_words(build);
        if (build->whole_words == 0)
                return;
        build->whole_image = image;
        build->whole = whole;
        build->whole_holes = (uint8_t)build->hole_count;
        if (build->code.shape == KRI_SHAPE_HOLE) {
                build->word = KRI_BOX;
                whole[0] = lay_box(image, image, build->holes[0]);
                return;
        }
        memcpy(image, build->image, build->words * sizeof(*image));
        for (uint32_t i = 0; i < build->hole_count; i++) {
                struct kri_hole hole = build->holes[i];

                if (box_words(hole.type) != 0) {
                        kri_store(&image[hole.at], kri_boxed(next));
                        whole[i] = lay_box(image, next, hole);
                        next += box_words(hole.type);
                } else {
                        whole[i].kind = KRI_WHOLE_WORD;
                        (void)quick_of((enum kri_arg_type)hole.type, &whole[i].quick);
                        whole[i].quick.at = (int32_t)hole.at;
                }
                whole[i].quick.from += (uint16_t)(hole.arg * sizeof(union kri_arg));
        }
}

struct kri_code *kri_compile_build(struct kri_parse *parse)
{
        const struct kri_ast *root = parse->root;
        uint64_t words = kri_ast_words(root);
        uint32_t holes = parse->arg_count;
        uint32_t maps = count_maps(parse);
        struct kri_build_code *build = kri_shared_alloc(
                sizeof(*build) + (words + KRI_WHOLE_WORDS) * sizeof(kri_word) +
                holes * (sizeof(struct kri_quick) + sizeof(struct kri_whole_hole) +
                         sizeof(struct kri_hole)) +
                maps * sizeof(uint32_t));
        struct kri_whole_hole *whole;
        struct kri_quick *quick;
        struct kri_layout layout = { .parse = parse };

        if (!build) {
                kri_parse_error(parse, 1, 1, "no memory to compile it");
                return NULL;
        }
        layout.image = (kri_word *)(build + 1);
        memset(layout.image, 0, words * sizeof(kri_word));
        quick = (struct kri_quick *)(layout.image + words + KRI_WHOLE_WORDS);
        whole = (struct kri_whole_hole *)(quick + holes);
        layout.holes = (struct kri_hole *)(whole + holes);
        layout.maps = (uint32_t *)(layout.holes + holes);
        *build = (struct kri_build_code){
                .code = { .ref_arg = -1, .shape = build_shape(root) },
                .words = words,
                .has_binaries = has_binaries(parse->site),
                .image = layout.image,
                .holes = layout.holes,
                .maps = layout.maps,
        };
        if (!lay_root(build, &layout, root)) {
                kri_shared_free(build);
                return NULL;
        }
        make_quick(build, quick);
        make_fast(build);
        make_whole(build, layout.image + words, whole);
        return &build->code;
}
