// SPDX-License-Identifier: Apache-2.0
// Patterns from C++ 11 on: the same macros, the same types. Ends with 1 at what is wrong.
#include <krarup/pattern.h>

#include <cstdio>
#include <cstring>
#include <string>

#define MUST(x)                                                                          \
        do {                                                                             \
                if (!(x)) {                                                              \
                        std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);     \
                        return 1;                                                        \
                }                                                                        \
        } while (0)

namespace {

enum colour { RED, GREEN = 7 };

int values_and_results()
{
        bool yes = true, is_yes = false;
        std::string name("Agner");
        char buffer[] = "Krarup";
        kr_bytes raw = { "a\0b", 3 }, bytes;
        kr_pid pid = { (uint64_t(7) << 32) | 12, 100, 0 }, from;
        kr_ref ref = { { 1, 2 }, 3, 1 }, tag;
        kr_term t = kr_build("{~, ~, ~, ~, ~, ~, ~, ~}", yes, name.c_str(), buffer, raw,
                             2.5f, GREEN, pid, ref);
        const char *text;
        double d;
        int n;

        MUST(kr_match(t, "{~, ~, <<\"Krarup\">>, ~, ~, ~, ~, ~}", &is_yes, &text, &bytes,
                      &d, &n, &from, &tag));
        MUST(is_yes && name == text && bytes.len == 3 && d == 2.5 && n == GREEN);
        MUST(kr_pid_eq(from, pid) && kr_ref_eq(tag, ref));
        MUST(kr_match(t, "{true, =, =, =, =, =, =, =}", name.c_str(), buffer, raw, 2.5,
                      GREEN, pid, ref));
        MUST(!kr_match(t, "{false, _, _, _, _, _, _, _}"));
        kr_release(t);
        return 0;
}

template <typename T> bool comes_back(T value)
{
        kr_term t = kr_build("[x, ~]", value);
        T result = T();
        bool is_same = kr_match(t, "[x, ~]", &result) && result == value &&
                       kr_match(t, "[x, =]", value);

        kr_release(t);
        return is_same;
}

/* Each instance of a template has call sites of its own. */
int integers()
{
        MUST(comes_back<signed char>(-128) && comes_back<unsigned char>(255));
        MUST(comes_back<short>(-32768) && comes_back<unsigned short>(65535));
        MUST(comes_back<int>(-1) && comes_back<unsigned>(~0u));
        MUST(comes_back<long>(-1) && comes_back<unsigned long>(~0ul));
        MUST(comes_back<long long>(INT64_MIN) && comes_back<unsigned long long>(~0ull));
        MUST(comes_back<bool>(true) && comes_back<double>(-1.5) &&
             comes_back<float>(0.5f));
        return 0;
}

int clause_of(kr_term t, const kr_clause *clauses, int count)
{
        for (int i = 0; i < count; i++) {
                if (kri_match(t, clauses[i].site, clauses[i].args))
                        return clauses[i].id;
        }
        return -1;
}

#define CLAUSE_OF(t, ...)                                                                \
        clause_of((t), KRI_CLAUSES(__VA_ARGS__), KRI_CLAUSE_COUNT(__VA_ARGS__))

int clauses_and_nesting()
{
        auto build = [](int n) { return kr_build("{tick, ~}", n); };
        kr_term t = build(5);
        kr_term outer;
        int64_t n = 0;

        MUST(CLAUSE_OF(t, kr_on(1, "stop"), kr_on(2, "{tick, ~}", &n)) == 2 && n == 5);
        outer = kr_build("{~, ~}", kr_match(t, "{tick, _}") ? 1 : 2, t);
        MUST(kr_match(outer, "{1, {tick, ~}}", &n));
        kr_release(outer);
        kr_release(t);
        return 0;
}

} // namespace

int main()
{
        return values_and_results() || integers() || clauses_and_nesting();
}
