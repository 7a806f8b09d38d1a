/* SPDX-License-Identifier: Apache-2.0 */
/* The shell's expressions as trees. Each tree is written down with its operators in front, so
 * that a case is one line. */
#include "../../../src/cli/shell_lex.h"
#include "../../../src/cli/shell_parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "kit.h"

static void write_tree(const struct kri_expr *e, char *buf, size_t size);

static void add(char *buf, size_t size, const char *text)
{
        size_t len = strlen(buf);

        (void)snprintf(buf + len, size - len, "%s", text);
}

static void write_children(const struct kri_expr *e, const char *name, char *buf,
                           size_t size)
{
        add(buf, size, "(");
        add(buf, size, name);
        for (const struct kri_expr *c = e->first; c != NULL; c = c->next) {
                add(buf, size, e->improper && c->next == NULL ? " | " : " ");
                if (c->exact)
                        add(buf, size, ":");
                write_tree(c, buf, size);
        }
        add(buf, size, ")");
}

static void write_tree(const struct kri_expr *e, char *buf, size_t size)
{
        static const char *const names[] = { "",      "",       "tuple", "list",
                                             "map",   "update", "call",  "remote",
                                             "unary", "binary", "match", "catch",
                                             "block" };
        char text[200];

        if (e->kind == KRI_EXPR_LITERAL) {
                (void)kr_format(text, sizeof(text), e->value);
                add(buf, size, text);
        } else if (e->kind == KRI_EXPR_VAR) {
                add(buf, size, kr_atom_text(e->name, NULL));
        } else if (e->kind == KRI_EXPR_UNARY || e->kind == KRI_EXPR_BINARY) {
                write_children(e, kr_atom_text(e->name, NULL), buf, size);
        } else {
                write_children(e, names[e->kind], buf, size);
        }
}

static void check(const char *text, const char *want)
{
        char got[1000] = "";
        kr_text_error error;
        struct kri_expr *form;

        kit_ok(kri_form_parse(text, strlen(text), &form, &error));
        for (const struct kri_expr *c = form->first; c != NULL; c = c->next) {
                write_tree(c, got, sizeof(got));
                if (c->next != NULL)
                        add(got, sizeof(got), ", ");
        }
        kri_form_free(form);
        kit_str_eq(got, want);
}

static void check_error(const char *text, kr_err want, const char *message)
{
        char got[300];
        kr_text_error error = { .line = 0 };
        struct kri_expr *form;

        kit_err(kri_form_parse(text, strlen(text), &form, &error), want);
        (void)snprintf(got, sizeof(got), "%u:%u: %s", error.line, error.column,
                       error.message);
        kit_str_eq(got, message);
}

KIT_TEST(test_terms)
{
        check("1.", "1");
        check("-1.", "-1");
        check("16#ff.", "255");
        check("1_000.", "1000");
        check("1.5e-3.", "0.0015");
        check("$a.", "97");
        check("$\\n.", "10");
        check("foo.", "foo");
        check("'a b'.", "'a b'");
        check("\"abc\" \"def\".", "\"abcdef\"");
        check("<<\"a\", 1, 2:16>>.", "<<97,1,0,2>>");
        check("fun lists:sum/1.", "fun lists:sum/1");
        check("{1, {}, [], [a | b]}.", "(tuple 1 (tuple) (list) (list a | b))");
        check("#{a => 1, 2 => b}.", "(map a 1 2 b)");
        check("M#{a := 1}#{b => 2}.", "(update (update M :a 1) b 2)");
}

/* Erlang reference manual, "Operator Precedence". */
KIT_TEST(test_operators_by_precedence)
{
        check("1 + 2 * 3.", "(+ 1 (* 2 3))");
        check("1 - 2 - 3.", "(- (- 1 2) 3)");
        check("\"a\" ++ \"b\" ++ \"c\".", "(++ \"a\" (++ \"b\" \"c\"))");
        check("X = Y = 1.", "(match X (match Y 1))");
        check("A ! B ! c.", "(! A (! B c))");
        check("not true orelse 1 == 2 andalso X.",
              "(orelse (not true) (andalso (== 1 2) X))");
        check("- X + 1.", "(+ (- X) 1)");
        check("1 bsl 2 band 3.", "(bsl 1 (band 2 3))");
        check("(1 + 2) * 3.", "(* (+ 1 2) 3)");
        check("catch 1 + 2.", "(catch (+ 1 2))");
        check("1 =< 2.", "(=< 1 2)");
        check("a =/= b.", "(=/= a b)");
}

KIT_TEST(test_calls)
{
        check("f().", "(call f)");
        check("f(X).", "(call f X)");
        check("counter:tick(3).", "(remote counter tick 3)");
        check("M:F(1, {2}).", "(remote M F 1 (tuple 2))");
        check("(fun lists:sum/1)([1]).", "(call fun lists:sum/1 (list 1))");
        check("X = 1, Y = 2, X + Y.", "(match X 1), (match Y 2), (+ X Y)");
        check("begin 1, 2 end.", "(block 1 2)");
        check("1 % the rest is\n + 1.", "(+ 1 1)");
}

KIT_TEST(test_errors_say_where)
{
        check_error("foo(.", KR_ESYNTAX, "1:5: syntax error before: '.'");
        check_error("foo bar.", KR_ESYNTAX, "1:5: syntax error before: bar");
        check_error("1 +\n +", KR_ESYNTAX, "2:3: the expression is not complete");
        check_error("{1, 2.", KR_ESYNTAX, "1:6: syntax error before: '.'");
        check_error("\"abc.", KR_ESYNTAX, "1:1: unterminated string, atom or binary");
        check_error("1 == 2 == 3.", KR_ESYNTAX, "1:8: syntax error before: '=='");
        check_error("f() = 1.", KR_ESYNTAX, "1:5: illegal pattern");
        check_error("#{a => X} = M.", KR_ESYNTAX, "1:1: illegal pattern");
        check_error(
                "#{a := 1}.", KR_ESYNTAX,
                "1:1: only association operators '=>' are allowed in map construction");
        check_error("case X of 1 -> 2 end.", KR_ESYNTAX,
                    "1:1: the shell has no 'case': write it in a module and call that");
        check_error("fun (X) -> X end.", KR_ESYNTAX,
                    "1:1: the shell has no 'fun': write it in a module and call that");
        check_error("[X || X <- L].", KR_ESYNTAX,
                    "1:4: the shell has no '||': write it in a module and call that");
        check_error("\x01.", KR_ESYNTAX, "1:1: illegal character");
        check_error(".", KR_ESYNTAX, "1:1: syntax error before: '.'");
        check_error("1. 2.", KR_ESYNTAX, "1:4: syntax error before: 2");
}

static void check_deep(char what, size_t count, kr_err want)
{
        char *text = malloc(count + 2);
        kr_text_error error;
        struct kri_expr *form = NULL;

        kit_not_null(text);
        memset(text, what, count);
        text[count] = 0;
        kit_err(kri_form_parse(text, count, &form, &error), want);
        free(text);
}

/* Brackets, signs and operators one on another have a limit, so that no text overflows a stack. */
KIT_TEST(test_depth_is_bounded)
{
        char *chain = malloc(20002);
        kr_text_error error;
        struct kri_expr *form;

        check_deep('[', 100000, KR_ETOODEEP);
        check_deep('{', 100000, KR_ETOODEEP);
        check_deep('(', 100000, KR_ETOODEEP);
        check_deep('+', 100000, KR_ESYNTAX); /* ++ ++ ... */
        kit_not_null(chain);
        for (size_t i = 0; i < 20000; i += 2)
                memcpy(chain + i, "1-", 2);
        memcpy(chain + 20000, "1", 2);
        kit_err(kri_form_parse(chain, 20001, &form, &error), KR_ETOODEEP);
        free(chain);
}

KIT_TEST(test_length_is_bounded)
{
        char *text = calloc(1, KRI_FORM_BYTES + 1);
        kr_text_error error;
        struct kri_expr *form;

        kit_not_null(text);
        memset(text, ' ', KRI_FORM_BYTES + 1);
        kit_err(kri_form_parse(text, KRI_FORM_BYTES + 1, &form, &error), KR_ETOOBIG);
        free(text);
}

KIT_TEST(test_atoms_are_bounded)
{
        char *text = malloc(40 * (KRI_FORM_ATOMS + 2));
        kr_text_error error;
        struct kri_expr *form;
        size_t len = 1;

        kit_not_null(text);
        text[0] = '[';
        for (int i = 0; i <= KRI_FORM_ATOMS; i++)
                len += (size_t)sprintf(text + len, "%sVar_of_this_test_%d",
                                       i > 0 ? "," : "", i);
        text[len++] = ']';
        kit_err(kri_form_parse(text, len, &form, &error), KR_EATOMS);
        free(text);
}

/* A person types line after line: the expression is there when its full stop is. */
KIT_TEST(test_a_form_ends_with_its_full_stop)
{
        static const struct {
                const char *text;
                size_t end;
        } cases[] = { { "1", 0 },         { "1.", 2 },
                      { "1.5", 0 },       { "1. 2.", 2 },
                      { "\"a.\n\".", 6 }, { "\"a. ", 0 },
                      { "$. .", 4 },      { "'a. '. ", 6 },
                      { "% a.\n1.", 7 },  { "<<\". \">>. ", 9 },
                      { "a.b.", 4 },      { "1 +\n", 0 },
                      { "<0.1.0>.", 8 },  { "1.%x", 2 } };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                kit_uint_eq(kri_lex_form_end(cases[i].text, strlen(cases[i].text)),
                            cases[i].end);
        kit_true(kri_lex_is_blank(" \n% x\n", 6));
        kit_false(kri_lex_is_blank(" x", 2));
}

KIT_TEST(test_each_allocation_may_fail)
{
        static const char text[] =
                "X = {counter:tick(1, \"abc\"), #{a => [1 | Y]}} ! -Z.";

        check(text,
              "(match X (! (tuple (remote counter tick 1 \"abc\") (map a (list 1 | Y))) "
              "(- Z)))"); /* and its atoms are there */
        KIT_EACH_ALLOC_FAILS (n) {
                kr_text_error error;
                struct kri_expr *form;
                kr_err err = kri_form_parse(text, sizeof(text) - 1, &form, &error);

                /* what is only faster with memory may do without */
                if (err != KR_OK)
                        kit_err(err, KR_ENOMEM);
                else
                        kri_form_free(form);
        }
}

KIT_MAIN(KIT_CASE(test_terms), KIT_CASE(test_operators_by_precedence),
         KIT_CASE(test_calls), KIT_CASE(test_errors_say_where),
         KIT_CASE(test_depth_is_bounded), KIT_CASE(test_length_is_bounded),
         KIT_CASE(test_atoms_are_bounded), KIT_CASE(test_a_form_ends_with_its_full_stop),
         KIT_CASE(test_each_allocation_may_fail));
