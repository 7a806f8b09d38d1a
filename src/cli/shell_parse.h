/* SPDX-License-Identifier: Apache-2.0 */
/* shell_parse.h: Erlang's expressions as a tree: what one types into the shell.
 *
 * Known     terms (numbers, atoms, strings, <<binaries>> without variables, tuples, lists, maps,
 *           pids, fun M:F/A), variables, calls (local, M:F(...), (Expr):F(...)), Pattern =
 *           Expr, Pid ! Message, all operators, map updates, catch, begin ... end, and
 *           expressions one after another with commas between.
 * Unknown   what makes a program: funs with a body, case, if, receive, try, comprehensions. The
 *           error says so.
 * Bounded   text to KRI_FORM_BYTES, brackets in brackets to KRI_FORM_DEPTH and the tree to
 *           KRI_EVAL_DEPTH (it is evaluated on the stack of a process), new atoms to
 *           KRI_FORM_ATOMS: bytes may come from anybody. Where frames are large, as under
 *           sanitizers, KRI_FORM_STACK is less than those depths: it is measured.
 * Threads   any; a tree belongs to who made it.
 */
#ifndef KR_CLI_SHELL_PARSE_H
#define KR_CLI_SHELL_PARSE_H

#include <krarup/text.h>

#define KRI_FORM_BYTES ((size_t)1 << 20)
#define KRI_FORM_DEPTH 64
#define KRI_EVAL_DEPTH 100 /* of the tree, which a - b - c - ... makes deep as well */
#define KRI_FORM_ATOMS 1000

/* Bytes of stack that reading or evaluating may take. Of a process's 64 KiB the rest is for what is
 * called. */
#define KRI_FORM_STACK 40960u

/* Has it been taken, from a frame on this stack on? */
static inline bool kri_form_stack_is_taken(const void *from)
{
        return (uintptr_t)from - (uintptr_t)__builtin_frame_address(0) > KRI_FORM_STACK;
}

enum kri_expr_kind {
        KRI_EXPR_LITERAL, /* value */
        KRI_EXPR_VAR,     /* name */
        KRI_EXPR_TUPLE,   /* its elements */
        KRI_EXPR_LIST,    /* its elements; with `improper` the last one is the tail */
        KRI_EXPR_MAP,     /* key, value, key, value ...; `exact` on the key: := */
        KRI_EXPR_UPDATE,  /* the map, then as MAP */
        KRI_EXPR_CALL,    /* the function, then the arguments */
        KRI_EXPR_REMOTE,  /* the module, the function, then the arguments */
        KRI_EXPR_UNARY,   /* name is the operator; one operand */
        KRI_EXPR_BINARY,  /* name is the operator; two operands */
        KRI_EXPR_MATCH,   /* a pattern and an expression */
        KRI_EXPR_CATCH,
        KRI_EXPR_BLOCK, /* expressions, one after the other */
};

struct kri_expr {
        enum kri_expr_kind kind;
        uint32_t line, column;
        uint32_t depth; /* 1 for a leaf */
        kr_term value;  /* LITERAL: owned by the tree */
        kr_atom name;   /* VAR, UNARY, BINARY */
        bool improper, exact;
        struct kri_expr *first; /* children, in order ... */
        struct kri_expr *next;  /* ... each with its sibling */
        struct kri_expr *made;  /* all nodes of a form, the newest first */
};

/* What was typed: a block. NULL is allowed. */
void kri_form_free(struct kri_expr *form);

/* Read one form; a full stop may end it, and nothing but blanks may follow. Gives a tree.
 * KR_ESYNTAX, KR_ETOODEEP, KR_ETOOBIG, KR_EATOMS: *ret_error says what and where. KR_ENOMEM,
 * KR_ESYSTEMLIMIT (no room for an atom): it does not. */
KR_MUST_CHECK kr_err kri_form_parse(const char *text, size_t len, struct kri_expr **ret,
                                    kr_text_error *ret_error);
/* The same in the middle of something: the stack is measured from that frame on. */
KR_MUST_CHECK kr_err kri_form_parse_within(const void *frame, const char *text,
                                           size_t len, struct kri_expr **ret,
                                           kr_text_error *ret_error);

#endif
