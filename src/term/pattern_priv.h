/* SPDX-License-Identifier: Apache-2.0 */
/* pattern_priv.h: what the files of patterns share: the parsed pattern and its two codes.
 *
 * Flow     pattern_parse.c   text -> tree of kri_ast
 *          pattern_lay.c     tree -> words of a term, holes noted
 *          pattern_compile.c the site: first use, arguments that do not go with the pattern
 *          pattern_image.c   to build: an image of words, and where the arguments go in it
 *          pattern_build.c   the image and its arguments copied to where the term goes
 *          pattern_checks.c  to match: checks, in the order that refuses soonest
 *          pattern_match.c   the checks applied to a term
 */
#ifndef KR_TERM_PATTERN_PRIV_H
#define KR_TERM_PATTERN_PRIV_H

#include "pattern_quick.h"

#define KRI_PATTERN_LEN_MAX 16384u /* bytes of a pattern's text */
#define KRI_PATTERN_DEPTH_MAX                                                            \
        64u /* nested tuples, lists, maps: it is walked by recursion */

/* -- the parsed pattern -- */

enum kri_ast_kind {
        KRI_AST_WORD,   /* word: an immediate */
        KRI_AST_FLOAT,  /* word: the double's bits */
        KRI_AST_BIG,    /* count limbs at data; negative */
        KRI_AST_BIN,    /* count bits at data */
        KRI_AST_STRING, /* count uint32_t characters at data, at least one */
        KRI_AST_TUPLE,  /* count children */
        KRI_AST_LIST,   /* count children, at least one, and then the tail */
        KRI_AST_MAP,    /* 2 * count children: key, value, key, value ... */
        KRI_AST_HOLE,   /* ~: argument arg */
        KRI_AST_EQUAL,  /* =: argument arg */
        KRI_AST_ANY,    /* _ */
};

struct kri_ast {
        uint8_t kind;  /* enum kri_ast_kind */
        uint8_t arg;   /* HOLE, EQUAL: index of the argument */
        bool negative; /* BIG */
        bool is_fixed; /* no HOLE, EQUAL or ANY in it */
        bool has_map;  /* a MAP is in it: as a pattern it fits more than one term */
        uint32_t line; /* where it begins, in the pattern */
        uint32_t column;
        uint32_t count;
        struct kri_ast *child;
        struct kri_ast *next; /* of the same parent */
        union {
                kri_word word;
                const void *data;
        };
};

struct kri_parse {
        struct kri_site *site;
        struct kri_ast *root;
        uint32_t arg_count;          /* ~ and = in the pattern */
        uint8_t roles[KRI_ARGS_MAX]; /* of each: KRI_AST_HOLE or KRI_AST_EQUAL */
        struct kri_ast *nodes;       /* one block with pool; free with kri_parse_fini */
        uint32_t node_count;
        uint8_t *pool; /* bytes that the nodes point to, 8-aligned */
        size_t pool_used;
        char reason[160]; /* what is wrong, for the report */
};

/* False: wrong, or no memory; see parse->reason. Either way kri_parse_fini must follow. */
bool kri_parse_pattern(struct kri_parse *parse, struct kri_site *site);
void kri_parse_fini(struct kri_parse *parse);

/* Room in the pool: a pattern's text bounds what its tree can need. */
void *kri_parse_pool(struct kri_parse *parse, size_t size);

/* Note what is wrong at a place of the pattern; always false. */
bool kri_parse_error(struct kri_parse *parse, uint32_t line, uint32_t column,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The two kinds of code. NULL: wrong, or no memory; see parse->reason. */
struct kri_code *kri_compile_build(struct kri_parse *parse);
struct kri_code *kri_compile_match(struct kri_parse *parse);

/* Tell the host: place and text of the pattern, and what is wrong. */
void kri_site_misuse(const struct kri_site *site, const char *reason);

/* The same for an argument, counted from 0: "argument 1 is NULL". */
void kri_arg_misuse(const struct kri_code *code, unsigned arg, const char *what);

/* -- terms of a tree without arguments, or with holes left at 0 -- */

struct kri_layout {
        struct kri_parse *parse;
        kri_word *image;
        uint64_t next;          /* free word of the image */
        struct kri_hole *holes; /* room for all arguments */
        uint32_t hole_count;
        uint32_t *maps; /* boxes of maps whose keys have holes, inner ones first;
                                  * room for all maps of the tree */
        uint32_t map_count;
};

uint64_t kri_ast_words(const struct kri_ast *ast);

/* In hand; its own box first. KRI_NONE: wrong, see parse->reason. */
kri_word kri_ast_lay(struct kri_layout *layout, const struct kri_ast *ast);

/* -- the code of a matching site -- */

enum kri_op {
        KRI_OP_WORD,  /* the term is word */
        KRI_OP_EQUAL, /* it is the same as argument arg */
        KRI_OP_OUT,   /* its type fits; it goes to argument arg */
        KRI_OP_CONST, /* it is the same as word, in hand */
        KRI_OP_TUPLE, /* its header is word; the children's at say which elements */
        KRI_OP_LIST,  /* count heads, then the tail */
        KRI_OP_MAP,   /* count pairs: the key (CONST, WORD or EQUAL), then the value */
        KRI_OP_ANY,
};

/* Nodes are in preorder: the first child follows its parent. */
struct kri_node {
        uint8_t op;   /* enum kri_op */
        uint8_t type; /* OUT, EQUAL: enum kri_arg_type */
        uint8_t arg;
        uint32_t at;    /* which element of the tuple above */
        uint32_t count; /* children (a map: pairs) that are nodes */
        uint32_t size;  /* nodes of this subtree, itself included */
        kri_word word;  /* see enum kri_op. OUT: want, of a struct kri_flat */
        kri_word add;   /* OUT: a term that fits so needs no closer look */
        kri_word mask;
};

#endif
