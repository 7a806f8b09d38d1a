/* SPDX-License-Identifier: Apache-2.0 */
/* text.h: terms as text, in Erlang's syntax: printed as ~p does, and read back.
 *
 * Text is UTF-8. What is printed is what OTP 25's io_lib:format("~tp") gives on a node that
 * counts all of Unicode as printable (erl +pc unicode), on one line of any width; with
 * .latin1 it is ~p. Maps of more than 32 keys are printed in the order of the keys,
 * integers of more than 131,072 bits in base 16.
 *
 * What is read is what file:consult/1 and erl_parse:parse_term/1 take: integers in any base
 * with underscores, characters ($a), floats, atoms, strings that are joined when they stand
 * side by side, <<binaries>> with sizes and types, tuples, lists, maps with =>, fun M:F/A,
 * a sign before a number, parentheses, comments.
 */
#ifndef KRARUP_TEXT_H
#define KRARUP_TEXT_H

#include <krarup/term.h>

#include <stdio.h>

KR_BEGIN_DECLS

/* -- printing -- */

typedef struct kr_print_opts {
        uint32_t depth_max;  /* what is nested deeper is "..."; 0: print all */
        uint32_t length_max; /* so many elements, or characters, of each; 0: all */
        bool latin1;         /* characters above 255 are escaped, or numbers in a list */
} kr_print_opts;

/* Append the text of `t`. `opts` may be NULL. KR_ENOMEM: `buf` is as it was. */
KR_API KR_MUST_CHECK kr_err kr_print_to(kr_buf *buf, kr_term t,
                                        const kr_print_opts *opts);

/* As snprintf: at most `size` bytes, terminated, cut between characters; returns the length
 * of the whole text. Takes no memory unless the term is nested deeply or holds integers of
 * hundreds of digits; if there is none for these, they are "...". */
KR_API size_t kr_format(char *buf, size_t size, kr_term t);

/* To a stream. KR_EOS: writing failed, see errno. */
KR_API KR_MUST_CHECK kr_err kr_print(FILE *to, kr_term t, const kr_print_opts *opts);

/* -- reading -- */

/* What is wrong, and where: "expected ',' or '}'". Lines and columns (characters) from 1. */
typedef struct kr_text_error {
        uint32_t line, column;
        char message[120];
} kr_text_error;

typedef struct kr_parse_opts {
        uint32_t depth_max; /* nested brackets [1000] */
        uint32_t atoms_max; /* atoms that did not exist before [1,000,000] */
        size_t memory_max;  /* bytes of the term [256 MiB] */
        bool pids;          /* read <0.1.2> as a pid of a node in this OS process */
} kr_parse_opts;

/* Gives a new term (kr_release) from text that is one term; a full stop may end it. `opts`
 * and `ret_error` may be NULL; *ret_error is written on every failure but KR_ENOMEM.
 * KR_ESYNTAX, KR_ETOODEEP, KR_ETOOBIG, KR_EATOMS, KR_ESYSTEMLIMIT, KR_ENOMEM. */
KR_API KR_MUST_CHECK kr_err kr_parse(const char *text, size_t len,
                                     const kr_parse_opts *opts, kr_term *ret,
                                     kr_text_error *ret_error);

/* The same for any number of terms, each ended by a full stop: gives the list of them. */
KR_API KR_MUST_CHECK kr_err kr_consult(const char *text, size_t len,
                                       const kr_parse_opts *opts, kr_term *ret,
                                       kr_text_error *ret_error);

/* The same from a file, as file:consult/1. KR_EOS: the file cannot be read, see errno. */
KR_API KR_MUST_CHECK kr_err kr_consult_file(const char *path, const kr_parse_opts *opts,
                                            kr_term *ret, kr_text_error *ret_error);

KR_END_DECLS
#endif
