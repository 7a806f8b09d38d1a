/* SPDX-License-Identifier: Apache-2.0 */
/* builtin_lists.c: of module lists what needs no funs. */
#include "builtin.h"

#include <stdlib.h>

#include <krarup/arith.h>
#include <krarup/memory.h>

#define SEQ_MAX 10000000

static kr_term do_seq(kr_term args)
{
        kr_builder b = KR_BUILDER_INIT;
        int64_t from, to;

        if (!kr_match(args, "{~, ~}", &from, &to) || to < kr_sub(from, 1) ||
            kr_sub(to, from) >= SEQ_MAX)
                return kr_no_clause();
        for (int64_t n = from; n <= to; n++)
                kr_add_int64(&b, n);
        return kr_build_list(&b);
}

/* The elements of a proper list, in memory of the process; false: it is none. */
static bool elements_of(kr_term list, kr_term **ret, size_t *ret_count)
{
        size_t count, i = 0;

        if (!kr_length(list, &count))
                return false;
        *ret = kr_calloc(count + 1, sizeof(**ret));
        if (*ret == NULL)
                kr_error("system_limit");
        for (; kr_is_cons(list); list = kr_tl(list))
                (*ret)[i++] = kr_hd(list);
        *ret_count = count;
        return true;
}

static kr_term list_of(kr_term *elements, size_t count, bool backwards)
{
        kr_builder b = KR_BUILDER_INIT;

        for (size_t i = 0; i < count; i++)
                kr_add_term(&b, elements[backwards ? count - 1 - i : i]);
        kr_free(elements);
        return kr_build_list(&b);
}

static kr_term do_reverse(kr_term args)
{
        kr_term *elements;
        size_t count;

        if (!elements_of(kr_element(1, args), &elements, &count))
                return kr_no_clause();
        return list_of(elements, count, true);
}

static int by_order(const void *a, const void *b)
{
        return kr_compare(*(const kr_term *)a, *(const kr_term *)b);
}

static kr_term do_sort(kr_term args)
{
        kr_term *elements;
        size_t count;

        if (!elements_of(kr_element(1, args), &elements, &count))
                return kr_no_clause();
        qsort(elements, count, sizeof(*elements), by_order);
        return list_of(elements, count, false);
}

static kr_term do_nth(kr_term args)
{
        kr_term list;
        int64_t n;

        if (!kr_match(args, "{~, ~}", &n, &list) || n < 1)
                return kr_no_clause();
        for (; kr_is_cons(list); list = kr_tl(list)) {
                if (--n == 0)
                        return kr_keep(kr_hd(list));
        }
        return kr_no_clause();
}

static kr_term do_last(kr_term args)
{
        kr_term list = kr_element(1, args);
        size_t len;

        if (!kr_length(list, &len) || len == 0)
                return kr_no_clause();
        while (kr_is_cons(kr_tl(list)))
                list = kr_tl(list);
        return kr_keep(kr_hd(list));
}

static kr_term do_member(kr_term args)
{
        kr_term list = kr_element(2, args);
        size_t len;

        if (!kr_length(list, &len))
                return kr_no_clause();
        for (; kr_is_cons(list); list = kr_tl(list)) {
                if (kr_same(kr_hd(list), kr_element(1, args)))
                        return kri_bool(true);
        }
        return kri_bool(false);
}

static kr_term do_keyfind(kr_term args)
{
        kr_term key, list;
        uint32_t n;

        if (!kr_match(args, "{~, ~, ~}", &key, &n, &list) || n < 1)
                return kr_no_clause();
        for (; kr_is_cons(list); list = kr_tl(list)) {
                kr_term t = kr_hd(list);

                if (kr_is_tuple(t) && kr_tuple_size(t) >= n &&
                    kr_equal(kr_element(n, t), key))
                        return kr_keep(t);
        }
        return kri_bool(false);
}

static kr_term do_sum(kr_term args)
{
        kr_term list = kr_element(1, args);
        int64_t sum = 0, n;

        for (; kr_is_cons(list); list = kr_tl(list)) {
                if (!kr_get_int64(kr_hd(list), &n))
                        return kr_no_clause();
                sum = kr_add(sum, n);
        }
        return kr_is_nil(list) ? kr_build("~", sum) : kr_no_clause();
}

static const kr_export exports[] = {
        { "seq", 2, do_seq, "(From, To)" },
        { "reverse", 1, do_reverse, "(List)" },
        { "sort", 1, do_sort, "(List)" },
        { "nth", 2, do_nth, "(N, List)" },
        { "last", 1, do_last, "(List)" },
        { "member", 2, do_member, "(Term, List)" },
        { "keyfind", 3, do_keyfind, "(Key, N, List)" },
        { "sum", 1, do_sum, "(Integers)" },
};

KR_MODULE(lists, .version = KR_VERSION, KR_EXPORTS(exports));
