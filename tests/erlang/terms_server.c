/* SPDX-License-Identifier: Apache-2.0 */
/* terms_server.c: answers what terms_test.escript asks about terms, as a port program.
 *
 * A request is a 32-bit length, a letter and data; an answer is a length and data, which
 * begins with `+`, or with `-` and the name of an error.
 *      d term       decode, keep, encode
 *      e, l term    its text, as ~tp and as ~p
 *      s list       the list sorted (stable)
 *      t, c text    the term, or the terms of a file, that the text means
 *      g seed       a term made up here
 *      h list       true if the hashes of the list's elements are all the same
 */
#include <krarup/etf.h>
#include <krarup/text.h>

#include <err.h>
#include <stdlib.h>
#include <string.h>

static kr_buf answer;

static void must(kr_err error)
{
        if (error != KR_OK)
                errx(1, "%s", kr_strerror(error));
}

static uint64_t next_random(uint64_t *seed)
{
        uint64_t z = *seed += 0x9e3779b97f4a7c15u;

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return z ^ z >> 31;
}

/* -- a term made up from a seed -- */

static kr_term made_up(uint64_t *seed, int depth);

static kr_term made_up_number(uint64_t *seed)
{
        kr_builder b = KR_BUILDER_INIT;
        uint64_t bits = next_random(seed), shift = next_random(seed) % 64;
        kr_term list, n;
        double d;

        switch (next_random(seed) % 4) {
        case 0:
                kr_add_int64(&b, (int64_t)bits >> shift);
                break;
        case 1:
                kr_add_uint64(&b, bits >> shift);
                break;
        case 2:
                memcpy(&d, &bits, sizeof(d));
                kr_add_double(&b, __builtin_isfinite(d) ? d : 0.5);
                break;
        default:
                kr_add_double(&b, (double)(bits >> shift) / 1000);
        }
        list = kr_build_list(&b);
        n = kr_keep(kr_hd(list));
        kr_release(list);
        return n;
}

static kr_term made_up_bytes(uint64_t *seed)
{
        char bytes[600];
        size_t len = next_random(seed) % 8 == 0 ? next_random(seed) % sizeof(bytes)
                                                : next_random(seed) % 20;

        for (size_t i = 0; i < len; i++)
                bytes[i] = (char)(next_random(seed) % (seed[0] % 3 ? 96 : 256) + 32);
        return kr_binary(bytes, len);
}

static kr_term made_up_atom(uint64_t *seed)
{
        static const char *const texts[] = { "a",
                                             "ok",
                                             "Upper",
                                             "hello world",
                                             "fun",
                                             "",
                                             "it's",
                                             "\xc3\xa9t\xc3\xa9",
                                             "\xd0\x96",
                                             "a@b_9",
                                             "line\n",
                                             "true",
                                             "\xe2\x82\xac",
                                             "_x",
                                             "9a" };
        const char *text = texts[next_random(seed) % (sizeof(texts) / sizeof(texts[0]))];
        kr_atom atom;

        must(kr_atom_from(text, strlen(text), &atom));
        return kr_atom_term(atom);
}

static kr_term made_up_container(uint64_t *seed, int depth)
{
        kr_builder b = KR_BUILDER_INIT;
        uint64_t kind = next_random(seed) % 4, count = next_random(seed) % 6;
        kr_term element, result;

        if (kind == 2)
                count *= 2;
        for (uint64_t i = 0; i < count; i++) {
                element = made_up(seed, depth - 1);
                kr_add_term(&b, element);
                kr_release(element);
        }
        if (kind == 1)
                return kr_build_tuple(&b);
        if (kind == 2)
                return kr_build_map(&b);
        if (kind == 0)
                return kr_build_list(&b);
        element = made_up(seed, depth - 1);
        result = kr_build_improper(&b, element);
        kr_release(element);
        return result;
}

static kr_term made_up(uint64_t *seed, int depth)
{
        switch (next_random(seed) % (depth > 0 ? 8 : 4)) {
        case 0:
                return made_up_number(seed);
        case 1:
                return made_up_atom(seed);
        case 2:
                return made_up_bytes(seed);
        case 3:
                return next_random(seed) % 2 ? kr_nil() : kr_string("h\xc3\xa9llo", 6);
        }
        return made_up_container(seed, depth);
}

/* -- requests -- */

static int by_order(const void *a, const void *b)
{
        const kr_term *const *x = a, *const *y = b;
        int order = kr_compare(**x, **y);

        return order ? order : (*x > *y) - (*x < *y);
}

static kr_term sorted(kr_term list)
{
        kr_builder b = KR_BUILDER_INIT;
        kr_term *terms, **order;
        size_t count, i = 0;

        if (!kr_length(list, &count))
                errx(1, "not a list");
        terms = calloc(count + 1, sizeof(*terms));
        order = calloc(count + 1, sizeof(*order));
        for (kr_term l = list; kr_is_cons(l); l = kr_tl(l), i++) {
                terms[i] = kr_hd(l);
                order[i] = &terms[i];
        }
        qsort(order, count, sizeof(*order), by_order);
        for (i = 0; i < count; i++)
                kr_add_term(&b, *order[i]);
        free(order);
        free(terms);
        return kr_build_list(&b);
}

static kr_term one_hash(kr_term list)
{
        bool same = true;

        for (kr_term l = list; kr_is_cons(l); l = kr_tl(l))
                same = same && kr_hash(kr_hd(l)) == kr_hash(kr_hd(list));
        return kr_atom_term(same ? KR_ATOM("true") : KR_ATOM("false"));
}

static kr_err decode(const char *data, size_t len, kr_term *ret)
{
        kr_decode_opts opts = { .atoms_max = 100000 };

        return kr_decode(data, len, &opts, ret, NULL);
}

static kr_err take_text(char letter, const char *data, size_t len, kr_term *ret)
{
        kr_text_error where;

        return letter == 't' ? kr_parse(data, len, NULL, ret, &where)
                             : kr_consult(data, len, NULL, ret, &where);
}

static kr_err put_term(char letter, kr_term t)
{
        kr_print_opts latin1 = { .latin1 = true };

        if (letter == 'e')
                return kr_print_to(&answer, t, NULL);
        if (letter == 'l')
                return kr_print_to(&answer, t, &latin1);
        return kr_encode(t, &answer);
}

static kr_err handle(char letter, const char *data, size_t len)
{
        kr_term t, result;
        uint64_t seed = 0;
        kr_err error;

        if (letter == 'g') {
                memcpy(&seed, data, len < 8 ? len : 8);
                t = made_up(&seed, 6);
                error = kr_is_none(t) ? KR_ENOMEM : KR_OK;
        } else if (letter == 't' || letter == 'c') {
                error = take_text(letter, data, len, &t);
        } else {
                error = decode(data, len, &t);
        }
        if (error != KR_OK)
                return error;
        result = letter == 's' ? sorted(t) : letter == 'h' ? one_hash(t) : kr_keep(t);
        kr_release(t);
        if (kr_is_none(result))
                return KR_ENOMEM;
        must(kr_buf_append(&answer, "+", 1));
        error = put_term(letter, result);
        kr_release(result);
        return error;
}

static void reply(kr_err error)
{
        unsigned char head[4];

        if (error != KR_OK) {
                answer.len = 0;
                must(kr_buf_append(&answer, "-", 1));
                must(kr_buf_append(&answer, kr_err_name(error),
                                   strlen(kr_err_name(error))));
        }
        for (int i = 0; i < 4; i++)
                head[i] = (unsigned char)(answer.len >> (24 - 8 * i));
        fwrite(head, 1, 4, stdout);
        fwrite(answer.data, 1, answer.len, stdout);
        fflush(stdout);
        kr_buf_free(&answer);
}

int main(void)
{
        unsigned char head[4];

        while (fread(head, 1, 4, stdin) == 4) {
                size_t len = (size_t)head[0] << 24 | (size_t)head[1] << 16 |
                             (size_t)head[2] << 8 | head[3];
                char *data = malloc(len);

                if (!data || fread(data, 1, len, stdin) != len)
                        errx(1, "a request was cut short");
                reply(handle(data[0], data + 1, len - 1));
                free(data);
        }
        return 0;
}
