/* SPDX-License-Identifier: Apache-2.0 */
/* shell_parse.c: operators by precedence climbing, the rest by one function a construct.
 *
 * Errors    the first one stays in `err`; from then on every function gives NULL, and whoever
 *           gets NULL gives NULL. Nodes hang on a chain from the moment they are made, so
 *           nobody frees anything on the way.
 */
#include "shell_parse.h"

#include "shell_lex.h"

#include <krarup/memory.h>

#include <stdarg.h>
#include <string.h>

struct parser {
        struct kri_lex lex;
        struct kri_word word; /* the next one, not yet taken */
        struct kri_expr *made;
        kr_err err;
        kr_text_error *error;
        unsigned depth;
        const void *frame; /* from here on the stack is counted */
        unsigned atoms_left;
};

static struct kri_expr *parse_expr(struct parser *p, int rank_min);

/* -- what can go wrong -- */

static struct kri_expr *fail(struct parser *p, kr_err err, const struct kri_word *at,
                             const char *format, ...)
        __attribute__((format(printf, 4, 5)));

static struct kri_expr *fail(struct parser *p, kr_err err, const struct kri_word *at,
                             const char *format, ...)
{
        va_list args;

        if (p->err != KR_OK)
                return NULL;
        p->err = err;
        p->error->line = at->line;
        p->error->column = at->column;
        va_start(args, format);
        (void)vsnprintf(p->error->message, sizeof(p->error->message), format, args);
        va_end(args);
        return NULL;
}

/* In Erlang's own words. */
static struct kri_expr *fail_here(struct parser *p)
{
        const struct kri_word *w = &p->word;
        size_t len = w->end - w->start;

        switch (w->kind) {
        case KRI_WORD_END:
                return fail(p, KR_ESYNTAX, w, "the expression is not complete");
        case KRI_WORD_PARTIAL:
                return fail(p, KR_ESYNTAX, w, "unterminated string, atom or binary");
        case KRI_WORD_BAD:
                return fail(p, KR_ESYNTAX, w, "illegal character");
        default:
                break;
        }
        return fail(p, KR_ESYNTAX, w,
                    w->kind == KRI_WORD_MARK || w->kind == KRI_WORD_DOT
                            ? "syntax error before: '%.*s'"
                            : "syntax error before: %.*s",
                    len > 60 ? 60 : (int)len, p->lex.text + w->start);
}

static struct kri_expr *fail_unknown(struct parser *p)
{
        size_t len = p->word.end - p->word.start;

        return fail(p, KR_ESYNTAX, &p->word,
                    "the shell has no '%.*s': write it in a module and call that",
                    (int)len, p->lex.text + p->word.start);
}

/* -- words -- */

static void take(struct parser *p)
{
        p->word = kri_lex_next(&p->lex);
}

static bool at(const struct parser *p, const char *text)
{
        return kri_word_is(&p->lex, &p->word, text);
}

static bool take_if(struct parser *p, const char *text)
{
        if (p->err != KR_OK || !at(p, text))
                return false;
        take(p);
        return true;
}

static bool expect(struct parser *p, const char *text)
{
        if (take_if(p, text))
                return true;
        (void)fail_here(p);
        return false;
}

static bool make_atom(struct parser *p, const struct kri_word *w, kr_atom *ret)
{
        const char *text = p->lex.text + w->start;
        size_t len = w->end - w->start;
        kr_err err;

        if (kr_atom_existing(text, len, ret))
                return true;
        if (p->atoms_left == 0) {
                (void)fail(p, KR_EATOMS, w, "more than %d new atoms", KRI_FORM_ATOMS);
                return false;
        }
        p->atoms_left--;
        err = kr_atom_from(text, len, ret);
        if (err != KR_OK)
                (void)fail(p, err == KR_EBADARG ? KR_ESYNTAX : err, w,
                           "not UTF-8, or longer than an atom can be");
        return err == KR_OK;
}

/* -- nodes -- */

static struct kri_expr *make(struct parser *p, enum kri_expr_kind kind,
                             const struct kri_word *w)
{
        struct kri_expr *e;

        if (p->err != KR_OK)
                return NULL;
        e = kr_calloc(1, sizeof(*e));
        if (e == NULL)
                return fail(p, KR_ENOMEM, w, "no memory");
        e->kind = kind;
        e->line = w->line;
        e->column = w->column;
        e->value = kr_none();
        e->made = p->made;
        p->made = e;
        return e;
}

/* All its children are there: is it not too deep? NULL is passed on. */
static struct kri_expr *finish(struct parser *p, struct kri_expr *e)
{
        uint32_t deepest = 0;

        if (e == NULL)
                return NULL;
        for (const struct kri_expr *c = e->first; c != NULL; c = c->next)
                deepest = c->depth > deepest ? c->depth : deepest;
        e->depth = deepest + 1;
        if (e->depth < KRI_EVAL_DEPTH)
                return e;
        return fail(p, KR_ETOODEEP, &p->word, "more than %d operations on one another",
                    KRI_EVAL_DEPTH);
}

void kri_form_free(struct kri_expr *form)
{
        while (form != NULL) {
                struct kri_expr *made = form->made;

                kr_release(form->value);
                kr_free(form);
                form = made;
        }
}

/* A term that the library reads: from `start` to `end`. */
static struct kri_expr *make_literal(struct parser *p, const struct kri_word *w,
                                     size_t end)
{
        const kr_parse_opts opts = { .depth_max = KRI_FORM_DEPTH,
                                     .atoms_max = p->atoms_left,
                                     .memory_max = 64 * KRI_FORM_BYTES,
                                     .pids = true };
        struct kri_expr *e = make(p, KRI_EXPR_LITERAL, w);
        kr_text_error error = { .line = 0 };
        kr_err err;

        if (e == NULL)
                return NULL;
        err = kr_parse(p->lex.text + w->start, end - w->start, &opts, &e->value, &error);
        if (err == KR_OK)
                return e;
        if (err == KR_ESYNTAX && w->kind == KRI_WORD_BINARY)
                return fail(p, err, w, "a binary here has no variables in it: %.60s",
                            error.message);
        return fail(p, err, w, "%s",
                    error.message[0] != 0 ? error.message : kr_strerror(err));
}

/* Expressions up to `close`, put into *tail and so on; nothing may stand there at all. */
static struct kri_expr **parse_elements(struct parser *p, const char *close,
                                        struct kri_expr **tail)
{
        if (at(p, close))
                return tail;
        do {
                *tail = parse_expr(p, 0);
                if (*tail == NULL)
                        return NULL;
                tail = &(*tail)->next;
        } while (take_if(p, ","));
        return tail;
}

static struct kri_expr *parse_tuple(struct parser *p)
{
        struct kri_expr *e = make(p, KRI_EXPR_TUPLE, &p->word);

        take(p);
        if (e == NULL || parse_elements(p, "}", &e->first) == NULL || !expect(p, "}"))
                return NULL;
        return e;
}

static struct kri_expr *parse_list(struct parser *p)
{
        struct kri_expr *e = make(p, KRI_EXPR_LIST, &p->word), **tail;

        take(p);
        if (e == NULL)
                return NULL;
        tail = parse_elements(p, "]", &e->first);
        if (tail == NULL)
                return NULL;
        if (at(p, "||"))
                return fail_unknown(p);
        if (e->first != NULL && take_if(p, "|")) {
                e->improper = true;
                *tail = parse_expr(p, 0);
        }
        return p->err == KR_OK && expect(p, "]") ? e : NULL;
}

/* #{...} behind a map (`of`) or by itself. */
static struct kri_expr *parse_map(struct parser *p, struct kri_expr *of)
{
        struct kri_expr *e =
                make(p, of != NULL ? KRI_EXPR_UPDATE : KRI_EXPR_MAP, &p->word);
        struct kri_expr **tail;

        take(p);
        if (e == NULL || !expect(p, "{"))
                return NULL;
        tail = &e->first;
        if (of != NULL) {
                e->first = of;
                tail = &of->next;
        }
        if (take_if(p, "}"))
                return e;
        do {
                struct kri_expr *key = parse_expr(p, 0);

                if (key == NULL)
                        return NULL;
                key->exact = at(p, ":=");
                if (!take_if(p, "=>") && !take_if(p, ":="))
                        return fail_here(p);
                key->next = parse_expr(p, 0);
                if (key->next == NULL)
                        return NULL;
                *tail = key;
                tail = &key->next->next;
        } while (take_if(p, ","));
        return expect(p, "}") ? e : NULL;
}

/* fun M:F/A; one with a body is a program. */
static struct kri_expr *parse_fun(struct parser *p)
{
        struct kri_lex ahead = p->lex;
        struct kri_word first = p->word, w = kri_lex_next(&ahead);

        if (w.kind != KRI_WORD_ATOM)
                return fail_unknown(p);
        for (int i = 0; i < 4; i++)
                w = kri_lex_next(&ahead);
        p->lex = ahead;
        take(p);
        return make_literal(p, &first, w.end);
}

static struct kri_expr *parse_block(struct parser *p)
{
        struct kri_expr *e = make(p, KRI_EXPR_BLOCK, &p->word);

        take(p);
        if (e == NULL || parse_elements(p, "end", &e->first) == NULL)
                return NULL;
        return e->first != NULL && take_if(p, "end") ? e : fail_here(p);
}

/* Strings that stand side by side are one. */
static struct kri_expr *parse_string(struct parser *p)
{
        struct kri_word first = p->word;
        size_t end = first.end;

        for (take(p); p->word.kind == KRI_WORD_STRING; take(p))
                end = p->word.end;
        return make_literal(p, &first, end);
}

static struct kri_expr *parse_var(struct parser *p)
{
        struct kri_expr *e = make(p, KRI_EXPR_VAR, &p->word);

        if (e == NULL || !make_atom(p, &p->word, &e->name))
                return NULL;
        take(p);
        return e;
}

static struct kri_expr *parse_parentheses(struct parser *p)
{
        struct kri_expr *e;

        take(p);
        e = parse_expr(p, 0);
        return e != NULL && expect(p, ")") ? e : NULL;
}

static struct kri_expr *parse_mark(struct parser *p)
{
        if (at(p, "("))
                return parse_parentheses(p);
        if (at(p, "{"))
                return parse_tuple(p);
        if (at(p, "["))
                return parse_list(p);
        if (at(p, "#"))
                return parse_map(p, NULL);
        return fail_here(p);
}

static struct kri_expr *parse_reserved(struct parser *p)
{
        static const char *const unknown[] = { "case", "if",  "receive", "try",
                                               "cond", "let", "when",    NULL };

        if (at(p, "begin"))
                return parse_block(p);
        if (at(p, "fun"))
                return parse_fun(p);
        for (size_t i = 0; unknown[i] != NULL; i++) {
                if (at(p, unknown[i]))
                        return fail_unknown(p);
        }
        return fail_here(p);
}

static struct kri_expr *parse_primary(struct parser *p)
{
        struct kri_word w = p->word;

        switch (w.kind) {
        case KRI_WORD_NUMBER:
        case KRI_WORD_PID:
        case KRI_WORD_BINARY:
                take(p);
                return make_literal(p, &w, w.end);
        case KRI_WORD_STRING:
                return parse_string(p);
        case KRI_WORD_VAR:
                return parse_var(p);
        case KRI_WORD_ATOM:
                if (kri_word_is_reserved(&p->lex, &w))
                        return parse_reserved(p);
                take(p);
                return make_literal(p, &w, w.end);
        case KRI_WORD_MARK:
                return parse_mark(p);
        default:
                return fail_here(p);
        }
}

/* -- what stands behind: calls, map updates -- */

/* (Arguments) behind `e`, or behind M:F. */
static struct kri_expr *parse_call(struct parser *p, struct kri_expr *e,
                                   struct kri_expr *function)
{
        struct kri_expr *call =
                make(p, function != NULL ? KRI_EXPR_REMOTE : KRI_EXPR_CALL, &p->word);

        if (call == NULL)
                return NULL;
        call->line = e->line;
        call->column = e->column;
        call->first = e;
        if (function != NULL)
                e->next = function;
        else
                function = e;
        take(p);
        if (parse_elements(p, ")", &function->next) == NULL || !expect(p, ")"))
                return NULL;
        return call;
}

static struct kri_expr *parse_postfix(struct parser *p)
{
        struct kri_expr *e = finish(p, parse_primary(p)), *function;

        while (e != NULL) {
                if (at(p, "(")) {
                        e = finish(p, parse_call(p, e, NULL));
                } else if (at(p, ":")) {
                        take(p);
                        function = parse_primary(p);
                        if (function == NULL)
                                return NULL;
                        if (!at(p, "("))
                                return fail_here(p);
                        e = finish(p, parse_call(p, e, function));
                } else if (at(p, "#")) {
                        e = finish(p, parse_map(p, e));
                } else {
                        return e;
                }
        }
        return NULL;
}

/* -- operators -- */

/* Erlang reference manual, "Operator Precedence"; higher binds more tightly. */
static const struct operator
{
        const char *text;
        int rank;
        enum { LEFT, RIGHT, NEITHER } side;
}
operators[] = {
        { "=", 1, RIGHT },       { "!", 1, RIGHT },     { "orelse", 2, RIGHT },
        { "andalso", 3, RIGHT }, { "==", 4, NEITHER },  { "/=", 4, NEITHER },
        { "=<", 4, NEITHER },    { "<", 4, NEITHER },   { ">=", 4, NEITHER },
        { ">", 4, NEITHER },     { "=:=", 4, NEITHER }, { "=/=", 4, NEITHER },
        { "++", 5, RIGHT },      { "--", 5, RIGHT },    { "+", 6, LEFT },
        { "-", 6, LEFT },        { "bor", 6, LEFT },    { "bxor", 6, LEFT },
        { "bsl", 6, LEFT },      { "bsr", 6, LEFT },    { "or", 6, LEFT },
        { "xor", 6, LEFT },      { "*", 7, LEFT },      { "/", 7, LEFT },
        { "div", 7, LEFT },      { "rem", 7, LEFT },    { "band", 7, LEFT },
        { "and", 7, LEFT },
};

static const struct operator* operator_at(const struct parser *p)
{
        for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
                if (at(p, operators[i].text))
                        return &operators[i];
        }
        return NULL;
}

/* May it stand left of `=`? Numbers with a sign are literals by now. */
static bool is_pattern(const struct kri_expr *e)
{
        switch (e->kind) {
        case KRI_EXPR_LITERAL:
        case KRI_EXPR_VAR:
                return true;
        case KRI_EXPR_TUPLE:
        case KRI_EXPR_LIST:
        case KRI_EXPR_MATCH:
        case KRI_EXPR_MAP:
                for (const struct kri_expr *c = e->first; c != NULL; c = c->next) {
                        if (!is_pattern(c))
                                return false;
                }
                return true;
        default:
                return false;
        }
}

static struct kri_expr *make_binary(struct parser *p, const struct kri_word *w,
                                    struct kri_expr *left, struct kri_expr *right)
{
        bool matches = kri_word_is(&p->lex, w, "=");
        struct kri_expr *e;

        if (right == NULL)
                return NULL;
        e = make(p, matches ? KRI_EXPR_MATCH : KRI_EXPR_BINARY, w);
        if (e == NULL || !make_atom(p, w, &e->name))
                return NULL;
        if (matches && !is_pattern(left))
                return fail(p, KR_ESYNTAX, w, "illegal pattern");
        e->first = left;
        left->next = right;
        return e;
}

/* A sign before a number makes another number; before anything else it is an operator. */
static struct kri_expr *parse_signed(struct parser *p)
{
        struct kri_word sign = p->word;
        struct kri_expr *e;

        take(p);
        if (p->word.kind == KRI_WORD_NUMBER && p->word.start == sign.end &&
            p->lex.text[p->word.start] != '$' && p->lex.text[sign.start] == '-') {
                size_t end = p->word.end;

                take(p);
                return make_literal(p, &sign, end);
        }
        e = make(p, KRI_EXPR_UNARY, &sign);
        if (e == NULL || !make_atom(p, &sign, &e->name))
                return NULL;
        e->first = parse_expr(p, 8);
        return e->first != NULL ? e : NULL;
}

static struct kri_expr *parse_prefixed(struct parser *p, int rank_min)
{
        if (at(p, "-") || at(p, "+") || at(p, "not") || at(p, "bnot"))
                return parse_signed(p);
        if (at(p, "catch")) {
                struct kri_expr *e = make(p, KRI_EXPR_CATCH, &p->word);

                if (rank_min > 0)
                        return fail_here(p);
                take(p);
                if (e == NULL)
                        return NULL;
                e->first = parse_expr(p, 0);
                return e->first != NULL ? e : NULL;
        }
        return parse_postfix(p);
}

static struct kri_expr *parse_operators(struct parser *p, int rank_min)
{
        struct kri_expr *left = parse_prefixed(p, rank_min);
        const struct operator* op;

        while (left != NULL && (op = operator_at(p)) != NULL && op->rank >= rank_min) {
                struct kri_word w = p->word;

                take(p);
                left = finish(p,
                              make_binary(p, &w, left,
                                          parse_expr(p, op->rank + (op->side != RIGHT))));
                if (left != NULL && op->side == NEITHER) {
                        op = operator_at(p);
                        if (op != NULL && op->side == NEITHER)
                                return fail_here(p);
                }
        }
        return left;
}

static struct kri_expr *parse_expr(struct parser *p, int rank_min)
{
        struct kri_expr *e;

        if (p->depth == KRI_FORM_DEPTH)
                return fail(p, KR_ETOODEEP, &p->word, "nested more than %d deep",
                            KRI_FORM_DEPTH);
        if (kri_form_stack_is_taken(p->frame))
                return fail(p, KR_ETOODEEP, &p->word,
                            "nested deeper than %u bytes of stack hold", KRI_FORM_STACK);
        p->depth++;
        e = finish(p, parse_operators(p, rank_min));
        p->depth--;
        return p->err == KR_OK ? e : NULL;
}

/* -- a form -- */

/* What the grammar cannot know before it has seen the `=` behind: := stands in patterns and
 * updates only, => anywhere but in patterns. */
static void check_maps(struct parser *p, const struct kri_expr *e, bool in_pattern)
{
        struct kri_word w = { .line = e->line, .column = e->column };
        bool is_key = e->kind == KRI_EXPR_MAP;

        for (const struct kri_expr *c = e->first; c != NULL; c = c->next) {
                if (is_key && in_pattern && !c->exact)
                        (void)fail(p, KR_ESYNTAX, &w, "illegal pattern");
                if (is_key && !in_pattern && c->exact)
                        (void)fail(p, KR_ESYNTAX, &w,
                                   "only association operators '=>' are allowed in map "
                                   "construction");
                check_maps(p, c,
                           in_pattern || (e->kind == KRI_EXPR_MATCH && c == e->first));
                is_key = e->kind == KRI_EXPR_MAP && !is_key;
        }
}

static struct kri_expr *parse_form(struct parser *p)
{
        struct kri_expr *e = make(p, KRI_EXPR_BLOCK, &p->word);

        if (e == NULL || parse_elements(p, "", &e->first) == NULL)
                return NULL;
        if (p->word.kind == KRI_WORD_DOT)
                take(p);
        return p->word.kind == KRI_WORD_END ? e : fail_here(p);
}

/* The block was made first, so it is the last of the chain: put it in front, where
 * kri_form_free begins. */
static void put_first(struct parser *p, struct kri_expr *form)
{
        struct kri_expr **place = &p->made;

        while (*place != form)
                place = &(*place)->made;
        *place = form->made;
        form->made = p->made;
        p->made = form;
}

kr_err kri_form_parse_within(const void *frame, const char *text, size_t len,
                             struct kri_expr **ret, kr_text_error *ret_error)
{
        struct parser p = { .lex = { text, len, 0, 1, 0 },
                            .frame = frame,
                            .error = ret_error,
                            .atoms_left = KRI_FORM_ATOMS };
        struct kri_expr *form = NULL;

        take(&p);
        if (len > KRI_FORM_BYTES)
                (void)fail(&p, KR_ETOOBIG, &p.word, "longer than %zu bytes",
                           KRI_FORM_BYTES);
        else
                form = parse_form(&p);
        if (form != NULL)
                check_maps(&p, form, false);
        if (p.err != KR_OK) {
                kri_form_free(p.made);
                return p.err;
        }
        put_first(&p, form);
        *ret = form;
        return KR_OK;
}

kr_err kri_form_parse(const char *text, size_t len, struct kri_expr **ret,
                      kr_text_error *ret_error)
{
        return kri_form_parse_within(__builtin_frame_address(0), text, len, ret,
                                     ret_error);
}
